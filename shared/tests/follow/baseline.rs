//! A report beside an earlier one.

use crate::story::{object, report, unseen, web};
use serde_json::{Value, json};
use sre_shared::follow::{compare, mismatch};
use sre_shared::report::{FailOn, Namespaces, Outcome, Report, State};

fn state(name: &str, state: &str) -> Value {
    let healthy = state == "healthy" || state == "succeeded";
    object(
        "Deployment",
        "deployments",
        name,
        json!({"state": state, "healthy": healthy, "reason": "ReadyBelowDesired"}),
    )
}

/// The exit code, and the marks of the objects.
fn compared(before: &[Value], now: Report) -> (u8, Vec<String>, Report) {
    let mut now = now;
    compare(&report(before), &mut now);
    let marks = now.kinds().flat_map(|kind| &kind.items).map(|item| {
        let mark = item.baseline.expect("a mark");
        format!("{} {}", item.name, mark.as_str())
    });
    let marks = marks.collect();
    (FailOn::default().exit_code(Outcome::of(&now)), marks, now)
}

#[test]
fn an_object_is_compared_by_its_state() {
    let states = ["healthy", "progressing", "degraded", "unavailable"];
    for (a, before) in states.iter().enumerate() {
        for (b, now) in states.iter().enumerate() {
            let (code, marks, _) = compared(&[state("web", before)], report(&[state("web", now)]));
            let (mark, expected) = match b.cmp(&a) {
                std::cmp::Ordering::Less => ("better", 0),
                std::cmp::Ordering::Equal => ("same", 0),
                std::cmp::Ordering::Greater if *now == "progressing" => ("worse", 1),
                std::cmp::Ordering::Greater => ("worse", 2),
            };
            assert_eq!(
                (code, marks),
                (expected, vec![format!("web {mark}")]),
                "{before} to {now}"
            );
        }
    }
}

#[test]
fn counts_and_causes_do_not_make_an_object_worse() {
    let short = |ready: i64, code: &str| {
        web(json!({
            "state": "degraded", "healthy": false, "reason": "ReadyBelowDesired", "desired": 3, "ready": ready,
            "causes": [{"code": code, "message": "", "count": 1}],
        }))
    };
    let (code, marks, now) = compared(&[short(2, "Quota")], report(&[short(1, "CrashLoop")]));
    assert_eq!((code, marks.as_slice()), (0, ["web same".to_owned()].as_slice()));
    let summary = now.baseline.expect("a summary");
    assert_eq!((summary.known, summary.failing), (1, 0));
    assert!(now.findings.is_empty());
}

#[test]
fn new_worse_same_better_and_gone_objects_are_counted() {
    let before = [
        state("a", "healthy"),
        state("b", "degraded"),
        state("c", "unavailable"),
        state("d", "healthy"),
        state("e", "degraded"),
    ];
    let now = [
        state("a", "degraded"),
        state("b", "degraded"),
        state("c", "degraded"),
        state("f", "unavailable"),
        state("g", "healthy"),
    ];
    let (code, marks, report) = compared(&before, report(&now));
    assert_eq!(marks, ["a worse", "b same", "c better", "f new", "g new"]);
    assert_eq!(code, 2);
    let summary = serde_json::to_value(report.baseline.expect("a summary")).expect("JSON");
    assert_eq!(
        summary,
        json!({
            "observedAt": crate::story::stamp(0), "new": 2, "worse": 1, "same": 1, "better": 1, "gone": 2,
            "failing": 2, "known": 2, "goneObjects": ["Deployment/shop/d", "Deployment/shop/e"],
        })
    );
    let item = &report.checks[0];
    let sre_shared::report::CheckResult::Kind(kind) = item else {
        panic!("a kind");
    };
    let states: Vec<_> = kind
        .items
        .iter()
        .map(|item| item.baseline_state.map(State::as_str))
        .collect();
    assert_eq!(
        states,
        [Some("healthy"), Some("degraded"), Some("unavailable"), None, None]
    );
}

#[test]
fn what_is_not_seen_or_not_understood_now_is_never_excused() {
    let unknown = || state("web", "unknown");
    assert_eq!(compared(&[unknown()], report(&[unknown()])).0, 3);
    let forbidden = json!({"what": "deployments in namespace bank", "resource": "deployments.apps", "namespace": "bank",
                           "class": "forbidden"});
    let before = [state("web", "healthy"), state("api", "healthy")];
    let (code, _, now) = compared(&before, unseen(&[state("web", "healthy")], &[forbidden]));
    assert_eq!(
        (code, now.baseline.map(|summary| summary.gone)),
        (3, Some(0)),
        "it may exist"
    );
}

#[test]
fn an_acknowledged_object_is_as_good_as_a_healthy_one() {
    let known = |acknowledged: bool| {
        let mut item = state("web", "degraded");
        if acknowledged {
            item["acknowledged"] =
                json!({"code": "ReadyBelowDesired", "until": "2126-01-01", "reason": "known"});
        }
        item
    };
    assert_eq!(compared(&[known(true)], report(&[known(false)])).0, 2);
    assert_eq!(compared(&[known(false)], report(&[known(true)])).0, 0);
}

#[test]
fn a_baseline_of_something_else_is_a_mismatch_in_words() {
    let with = |change: &dyn Fn(&mut Report)| {
        let mut report = report(&[state("web", "healthy")]);
        report.source.mode = "direct".into();
        report.source.server = Some("https://10.0.0.1:6443".into());
        change(&mut report);
        report
    };
    let before = with(&|_| {});
    let words = |change: &dyn Fn(&mut Report)| mismatch(&before, &with(change));
    assert_eq!(words(&|_| {}), None);
    assert_eq!(
        words(&|r| r.source.context = Some("other".into())),
        None,
        "the name of a context says nothing"
    );
    assert_eq!(
        words(&|r| r.source.server = None),
        None,
        "an agent at a URL does not say"
    );
    assert_eq!(
        words(&|r| r.source.server = Some("https://10.0.0.2:6443".into())).as_deref(),
        Some(
            "the baseline is of another cluster: https://10.0.0.1:6443, and this report of https://10.0.0.2:6443"
        )
    );
    assert_eq!(
        words(&|r| r.source.mode = "file".into()).as_deref(),
        Some("the baseline is of a cluster, and this report of a dump")
    );
    assert_eq!(
        words(&|r| r.coverage.kinds = vec!["jobs".into()]).as_deref(),
        Some("the baseline is about deployments, and this report about jobs")
    );
    assert_eq!(
        words(&|r| r.coverage.namespaces = Namespaces::These(vec!["shop".into()])).as_deref(),
        Some("the baseline is about all namespaces, and this report about namespace shop")
    );
    assert_eq!(
        words(&|r| r.coverage.selector = Some("app=web".into())).as_deref(),
        Some("the baseline is about all objects, and this report about objects with app=web")
    );
    assert_eq!(
        words(&|r| r.coverage.objects = vec!["deployments/web".into()]).as_deref(),
        Some("the baseline is about all objects, and this report about deployments/web")
    );
}
