//! The annotation `sre/ignore`: the codes that it acknowledges, its end, and its effect on the verdict.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot build its object has failed"
)]

use prost::Message as _;
use sre_shared::dump::{File, Objects};
use sre_shared::report::{FailOn, Item, KindCheck, Outcome, Report, Status};
use sre_shared::resource::{Deployment as View, ObjectMeta, Resource as _, Time, from_json, from_proto};
use sre_shared::run::{self, Request};
use sre_testkit::at;
use sre_testkit::object::{Deployment, List};

fn time(text: &str) -> Time {
    Time::parse(text).expect("a time")
}

fn judged(objects: impl IntoIterator<Item = Deployment>, now: &str, ask: &Request) -> Report {
    let body = List::new("DeploymentList", "apps/v1").items(objects).to_json();
    let objects = Objects::read(vec![File::new("cluster", body.into_bytes())]);
    run::dump(&objects, "cluster", ask, Some(time(now)), || {
        time("1970-01-01T00:00:00Z")
    })
}

fn kind(report: &Report) -> &KindCheck {
    report.kinds().next().expect("Deployments were judged")
}

/// A Deployment that falls short because of a quota.
fn refused(annotation: &str) -> Deployment {
    Deployment::new("shop", "checkout")
        .replicas(3)
        .counts(1, 1, 1, 1)
        .condition("ReplicaFailure", "True", "FailedCreate", at(-3600))
        .condition_message(
            "ReplicaFailure",
            "pods \"x\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2",
        )
        .annotation("sre/ignore", annotation)
}

/// A Deployment that a quota holds up until its rollout has run out of time too.
fn stalled(annotation: &str) -> Deployment {
    refused(annotation).condition("Progressing", "False", "ProgressDeadlineExceeded", at(-3600))
}

fn item(deployment: Deployment, now: &str) -> Item {
    let mut report = judged([deployment], now, &Request::everything());
    match report.checks.remove(0) {
        sre_shared::report::CheckResult::Kind(mut kind) => kind.items.remove(0),
        sre_shared::report::CheckResult::ApiServer(_) => unreachable!("a dump has no API server"),
    }
}

/// The acknowledgement, as `CODE until DATE, reason`, and the warnings.
fn outcome(deployment: Deployment, now: &str) -> (String, Vec<String>) {
    let item = item(deployment, now);
    let acknowledged = item.acknowledged.map_or(String::new(), |a| {
        format!("{} until {}, {}", a.code, a.until, a.reason)
    });
    (acknowledged, item.warnings)
}

const NOON: &str = "2026-11-24T12:00:00Z";

#[test]
fn a_reason_or_all_causes_can_be_acknowledged() {
    for (annotation, expected) in [
        (
            "Quota until 2026-12-01, budget is decided on Monday",
            "Quota until 2026-12-01, budget is decided on Monday",
        ),
        (
            "ReadyBelowDesired until 2026-12-01, known",
            "ReadyBelowDesired until 2026-12-01, known",
        ),
        (
            "  quota   until   2026-12-01 ,  a, b and c  ;",
            "Quota until 2026-12-01, a, b and c",
        ),
        (
            "Quota until 2026-11-24T12:00:01Z, known",
            "Quota until 2026-11-24T12:00:01Z, known",
        ),
        (
            "Quota until 2026-11-24T14:00:01+02:00, known",
            "Quota until 2026-11-24T14:00:01+02:00, known",
        ),
        (
            "CrashLoop until 2026-12-01, x; Quota until 2026-12-02, y",
            "Quota until 2026-12-02, y",
        ),
        ("CrashLoop until 2026-12-01, another", ""),
    ] {
        assert_eq!(
            outcome(refused(annotation), NOON),
            (expected.to_owned(), vec![]),
            "{annotation}"
        );
        // The rollout ran out of time because of the same quota.
        assert_eq!(
            outcome(stalled(annotation), NOON),
            (expected.to_owned(), vec![]),
            "{annotation}"
        );
    }
    let alone = Deployment::new("shop", "checkout")
        .counts(2, 1, 1, 1)
        .condition("Progressing", "False", "ProgressDeadlineExceeded", at(-3600))
        .annotation("sre/ignore", "ProgressDeadlineExceeded until 2026-12-01, known");
    assert_eq!(
        outcome(alone, NOON).0,
        "ProgressDeadlineExceeded until 2026-12-01, known"
    );
}

#[test]
fn an_acknowledgement_ends_with_its_day_and_is_a_warning_afterwards() {
    let at_time = |now| outcome(refused("Quota until 2026-11-24, known"), now);
    let known = "Quota until 2026-11-24, known".to_owned();
    let over = "annotation sre/ignore: Quota was acknowledged until 2026-11-24, which is over".to_owned();
    assert_eq!(at_time("2026-11-24T23:59:59Z"), (known, vec![]));
    assert_eq!(
        at_time("2026-11-25T00:00:00Z"),
        (String::new(), vec![over.clone()])
    );
    let time = |now| outcome(refused("Quota until 2026-11-24T12:00:00Z, known"), now).0;
    assert_eq!(
        (
            time("2026-11-24T11:59:59Z").as_str(),
            time("2026-11-24T12:00:00Z").as_str()
        ),
        ("Quota until 2026-11-24T12:00:00Z, known", "")
    );
    // An acknowledgement that is over does not affect another one.
    let both = outcome(
        refused("Quota until 2026-11-24, old; Quota until 2026-12-24, new"),
        "2026-11-25T00:00:00Z",
    );
    assert_eq!(both, ("Quota until 2026-12-24, new".to_owned(), vec![over]));
}

#[test]
fn a_malformed_annotation_has_no_effect_and_is_a_warning() {
    for annotation in [
        "Quota",
        "true",
        "Quota until 2026-12-01",
        "Quota until 2026-12-01,",
        "Quota until tomorrow, known",
        "Quota until 2026-13-01, known",
        "Quota until 2026-02-30, known",
        "Quota until 26-12-0001, known",
        "Quota until , known",
        "Quota for 2026-12-01, known",
        "until 2026-12-01, known",
        "Quota: until 2026-12-01 known",
    ] {
        let (acknowledged, warnings) = outcome(refused(annotation), NOON);
        let warning =
            format!("annotation sre/ignore has no effect: {annotation:?} is not CODE until DATE, reason");
        assert_eq!(
            (acknowledged.as_str(), warnings),
            ("", vec![warning]),
            "{annotation}"
        );
    }
    for annotation in ["", " ; "] {
        let empty = "annotation sre/ignore has no effect: it is empty".to_owned();
        assert_eq!(outcome(refused(annotation), NOON), (String::new(), vec![empty]));
    }
    // A healthy object shows the warning too, before the annotation matters.
    let healthy = Deployment::new("shop", "web").annotation("sre/ignore", "Quota");
    assert_eq!(outcome(healthy, NOON).1.len(), 1);
}

#[test]
fn an_acknowledged_object_keeps_its_state_and_is_left_out_of_the_verdict() {
    let known = "Quota until 2026-12-01, known";
    let report = judged(
        [refused(known), Deployment::new("shop", "web")],
        NOON,
        &Request::everything(),
    );
    let check = kind(&report);
    assert_eq!((report.status, check.status), (Status::Ok, Status::Ok));
    assert_eq!(
        (
            check.summary.total,
            check.summary.degraded,
            check.summary.acknowledged,
            check.summary.healthy
        ),
        (2, 1, 1, 1)
    );
    assert_eq!(check.items[0].healthy, Some(false));
    assert_eq!(FailOn::default().exit_code(Outcome::of(&report)), 0);
    // An object without the annotation still counts.
    let other = Deployment::new("shop", "search").replicas(2).counts(2, 2, 0, 0);
    let report = judged([refused(known), other], NOON, &Request::everything());
    assert_eq!(
        (report.status, FailOn::default().exit_code(Outcome::of(&report))),
        (Status::Degraded, 2)
    );
}

#[test]
fn with_no_ignore_the_annotation_has_no_effect() {
    let ask = Request {
        no_ignore: true,
        ..Request::everything()
    };
    for annotation in [
        "Quota until 2026-12-01, known",
        "Quota until 2026-11-01, over",
        "nonsense",
    ] {
        let report = judged([refused(annotation)], NOON, &ask);
        let check = kind(&report);
        assert_eq!((report.status, check.summary.acknowledged), (Status::Degraded, 0));
        assert_eq!(check.items[0].warnings, [""; 0]);
        assert_eq!(FailOn::default().exit_code(Outcome::of(&report)), 2);
    }
}

#[test]
fn an_unknown_object_cannot_be_acknowledged() {
    let odd = Deployment::new("shop", "odd")
        .counts(1, 1, -1, 1)
        .annotation("sre/ignore", "Malformed until 2026-12-01, known");
    let report = judged([odd], NOON, &Request::everything());
    assert_eq!(
        (report.status, kind(&report).summary.acknowledged),
        (Status::Unknown, 0)
    );
}

#[test]
fn an_item_has_its_acknowledgement_or_none() {
    let json = |annotation| {
        serde_json::to_value(item(refused(annotation), NOON)).expect("an item is JSON")["acknowledged"]
            .clone()
    };
    assert_eq!(
        json("Quota until 2026-12-01, known"),
        serde_json::json!({"code": "Quota", "until": "2026-12-01", "reason": "known"})
    );
    assert_eq!(json("Quota"), serde_json::Value::Null);
}

#[test]
fn only_annotations_that_are_read_are_kept() {
    let deployment = Deployment::new("shop", "web")
        .annotation("kubectl.kubernetes.io/last-applied-configuration", "{}")
        .annotation("sre/ignore", "x");
    let view: View = from_json(deployment.build().to_string().as_bytes()).expect("a Deployment");
    let kept: Vec<(&str, &str)> = view
        .meta()
        .annotations
        .iter()
        .map(|(k, v)| (&**k, &**v))
        .collect();
    assert_eq!(
        kept,
        [("deployment.kubernetes.io/revision", "1"), ("sre/ignore", "x")]
    );
    let all = [("a", "b"), ("sre/ignore", "x")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let written = View {
        metadata: Some(ObjectMeta {
            annotations: all.into(),
            ..ObjectMeta::default()
        }),
        ..View::default()
    };
    let view: View = from_proto(&written.encode_to_vec()).expect("our own bytes");
    let kept: Vec<(&str, &str)> = view
        .meta()
        .annotations
        .iter()
        .map(|(k, v)| (&**k, &**v))
        .collect();
    assert_eq!(kept, [("sre/ignore", "x")]);
    let nothing: View =
        from_json(br#"{"metadata": {"name": "x", "annotations": null}}"#).expect("a Deployment");
    assert!(nothing.meta().annotations.is_empty());
}
