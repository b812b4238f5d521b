//! A gate as a story: the objects before a change, reports after it, and how and when the wait ends.

use crate::story::{at, failing, object, report, stamp, unseen, web};
use serde_json::{Value, json};
use sre_shared::failure::{Class, Failure};
use sre_shared::follow::{BeforeImage, End, EndReason, Gate, Observation, WaitRules, WaitTarget};
use sre_shared::kind::Kind;
use sre_shared::report::{CheckResult, FailOn, KindCheck, Report};
use std::time::Duration;

/// A gate and the changes that it reported.
struct GateStory {
    gate: Gate,
    changes: Vec<String>,
    last: Report,
}

impl GateStory {
    fn new(before: &[Value], rules: WaitRules) -> Self {
        Self::from_report(report(before), rules)
    }

    fn from_report(before: Report, rules: WaitRules) -> Self {
        Self {
            gate: Gate::new(BeforeImage::new(before), rules, at(0)),
            changes: Vec::new(),
            last: report(&[]),
        }
    }

    fn see(&mut self, seconds: i64, report: Report) -> &mut Self {
        self.last = Report {
            observed_at: stamp(seconds),
            ..report
        };
        let changes = self.gate.observe(Observation::Report(&self.last), at(seconds));
        let lines = changes
            .iter()
            .map(|change| format!("{seconds} {}", change.words()));
        self.changes.extend(lines);
        self
    }

    fn items(&mut self, seconds: i64, items: &[Value]) -> &mut Self {
        self.see(seconds, report(items))
    }

    fn away(&mut self, seconds: i64, class: Class) -> &mut Self {
        let failure = Failure::new(class, "it does not answer");
        let changes = self.gate.observe(Observation::Away(&failure), at(seconds));
        let lines = changes
            .iter()
            .map(|change| format!("{seconds} {}", change.words()));
        self.changes.extend(lines);
        self
    }

    /// The end at that second, with the exit code by the last report.
    fn end(&mut self, seconds: i64) -> Option<End> {
        let end = self.gate.end(at(seconds))?;
        let mut report = self.last.clone();
        self.gate.compare(&mut report);
        Some(self.gate.conclude(end, &report))
    }

    /// Lets the time pass until the wait ends without a further report. Returns the second, the exit code, the words and the
    /// remarks.
    fn runs_out(&mut self, from: i64) -> (i64, u8, String, Vec<String>) {
        let mut now = from;
        for _ in 0..50 {
            if let Some(end) = self.end(now) {
                return (now, end.code, end.words, end.notes);
            }
            let due = self.gate.due(at(now)).expect("time alone ends the wait");
            assert!(due.seconds > at(now).seconds, "due is not later: {due}");
            now += due.seconds_since(at(now));
        }
        panic!("the wait does not end");
    }
}

fn rolling(generation: i64) -> Value {
    web(json!({
        "state": "progressing", "healthy": false, "reason": "RolloutInProgress", "generation": generation,
        "desired": 3, "ready": 2, "updated": 1, "message": "2 of 3 ready",
    }))
}

/// A Deployment that falls short for a cause that does not pass.
fn broken(name: &str, generation: i64) -> Value {
    object(
        "Deployment",
        "deployments",
        name,
        json!({
            "state": "degraded", "healthy": false, "reason": "ReadyBelowDesired", "generation": generation,
            "desired": 3, "ready": 2, "updated": 1, "message": "2 of 3 ready",
            "causes": [{"code": "ImagePull", "passes": "no", "message": "image app:2 does not exist", "count": 1, "newest": 1}],
        }),
    )
}

fn named(name: &str) -> WaitRules {
    WaitRules {
        targets: vec![WaitTarget::named(Kind::Deployment, Some("shop"), name)],
        ..WaitRules::default()
    }
}

const NONE: [&str; 0] = [];

/// What it is about; the objects before and after; seconds of the wait; exit code, words of the end, and remarks.
type Row<'a> = (&'a str, Vec<Value>, Vec<Value>, i64, u8, &'a str, &'a [&'a str]);

#[test]
fn the_end_by_what_was_before_and_what_is_after() {
    let healthy = || web(json!({}));
    let newer = || web(json!({"generation": 2}));
    let other = || web(json!({"uid": "uid-2"}));
    let old = |fields: Value| object("Deployment", "deployments", "old", fields);
    let gone = "1 object is gone: Deployment/shop/web";
    let known = "1 object is not healthy, as before";
    let idle = "nothing changed, and nothing is worse";
    let well = "Deployment shop/web is healthy, after 0 s";
    let bad = "Deployment shop/web: image app:2 does not exist";
    let late = "timed out after 12 min: 1 of 1: shop/web 2/3 ready";
    let acknowledged = || {
        let mut item = broken("web", 1);
        item["acknowledged"] = json!({"codes": ["ImagePull"], "until": "2099-01-01", "reason": "known"});
        item
    };
    #[rustfmt::skip]
    let rows: &[Row<'_>] = &[
        ("nothing changed", vec![healthy()], vec![healthy()], 0, 0, idle, &[]),
        ("changed and well", vec![healthy()], vec![newer()], 0, 0, well, &[]),
        ("replaced and well", vec![healthy()], vec![other()], 0, 0, well, &[]),
        ("new and well", vec![], vec![healthy()], 0, 0, well, &[]),
        ("removed", vec![healthy()], vec![], 0, 0, idle, &[gone]),
        ("removed, and it was broken", vec![broken("web", 1)], vec![], 0, 0, idle, &[gone]),
        ("broken as before", vec![broken("web", 1)], vec![broken("web", 1)], 0, 0, idle, &[known]),
        ("worse without a new spec", vec![healthy()], vec![broken("web", 1)], 10, 2, bad, &[]),
        ("worse with a new spec", vec![healthy()], vec![broken("web", 2)], 10, 2, bad, &[]),
        ("new and broken", vec![], vec![broken("web", 1)], 10, 2, bad, &[]),
        ("changed, and as broken as before", vec![broken("web", 1)], vec![broken("web", 2)], 10, 0, "nothing is worse", &[known]),
        ("acknowledged", vec![healthy()], vec![acknowledged()], 0, 0, idle, &[]),
        ("under way until the deadline", vec![healthy()], vec![rolling(2)], 720, 1, late, &[]),
        ("under way as before", vec![rolling(1)], vec![rolling(1)], 0, 0, idle, &[known]),
        ("changed, under way as before until the deadline", vec![rolling(1)], vec![rolling(2)], 720, 1, late, &[]),
        ("one is broken as before, another is changed and well", vec![broken("web", 1), old(json!({}))],
            vec![broken("web", 1), old(json!({"generation": 2}))], 0, 0, "Deployment shop/old is healthy, after 0 s", &[known]),
        ("one is broken as before, another is worse", vec![old(json!({"state": "degraded", "healthy": false})), healthy()],
            vec![old(json!({"state": "degraded", "healthy": false})), broken("web", 1)], 10, 2, bad, &[known]),
    ];
    for (what, before, after, second, code, words, notes) in rows {
        let mut story = GateStory::new(before, WaitRules::default());
        let end = story.items(0, after).runs_out(0);
        let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
        assert_eq!(end, (*second, *code, (*words).to_owned(), notes), "{what}");
    }
}

#[test]
fn a_change_is_followed_to_its_end() {
    let mut story = GateStory::new(&[web(json!({}))], WaitRules::default());
    // Its controller has not seen the newer spec: everything else is of the old one.
    let unobserved =
        web(json!({"state": "progressing", "healthy": false, "reason": "NotObserved", "generation": 2}));
    story.items(0, &[unobserved]);
    assert_eq!(story.end(0), None);
    story.items(5, &[rolling(2)]);
    assert_eq!(story.end(5), None);
    story.items(9, &[web(json!({"generation": 2}))]);
    let end = story.end(9).expect("an end");
    assert_eq!((end.reason, end.code), (EndReason::Settled, 0));
    assert_eq!(
        story.changes,
        [
            "0 Deployment/shop/web: progressing",
            "5 Deployment/shop/web: progressing, 2/3 ready: 2 of 3 ready",
            "9 Deployment/shop/web: healthy"
        ]
    );
}

#[test]
fn an_object_that_cannot_become_better_does_not_end_the_wait_for_the_others() {
    let moving = |generation| {
        let mut item = rolling(generation);
        item["name"] = "api".into();
        item
    };
    let api = object("Deployment", "deployments", "api", json!({}));
    let mut story = GateStory::new(&[broken("web", 1), api], WaitRules::default());
    story.items(0, &[broken("web", 2), moving(2)]);
    assert_eq!(story.end(10), None);
    assert_eq!(
        story.gate.wait().status(at(10)).total,
        1,
        "only api is waited for"
    );
    // A newer spec of it is waited for again.
    story.items(20, &[broken("web", 3), moving(2)]);
    assert_eq!(story.gate.wait().status(at(20)).total, 2);
    let end = story.runs_out(20);
    assert_eq!((end.0, end.1), (720, 1), "{end:?}");
}

#[test]
fn an_object_that_got_worse_and_is_as_before_again_is_no_longer_waited_for() {
    let worse = || {
        let mut item = broken("web", 1);
        item["state"] = "unavailable".into();
        item["ready"] = 0.into();
        item
    };
    let mut story = GateStory::new(&[broken("web", 1)], WaitRules::default());
    story.items(0, &[worse()]);
    assert_eq!(story.end(0), None);
    story.items(5, &[broken("web", 1)]);
    let end = story.end(5).expect("an end");
    assert_eq!(
        (end.code, end.words.as_str()),
        (0, "nothing changed, and nothing is worse")
    );
    let states: Vec<&str> = story
        .changes
        .iter()
        .filter_map(|line| line.split(": ").nth(1))
        .collect();
    assert_eq!(states, ["unavailable, 0/3 ready", "degraded, 2/3 ready"]);
}

#[test]
fn an_object_that_gets_worse_during_the_wait_is_waited_for_too() {
    let api = |fields: Value| object("Deployment", "deployments", "api", fields);
    let mut story = GateStory::new(&[web(json!({})), api(json!({}))], WaitRules::default());
    story.items(0, &[rolling(2), api(json!({}))]);
    let mut worse = broken("api", 1);
    worse["uid"] = "uid-api".into();
    story.items(30, &[rolling(2), worse]);
    let end = story.runs_out(30);
    assert_eq!(
        (end.0, end.1, end.2.as_str()),
        (40, 2, "Deployment shop/api: image app:2 does not exist")
    );
}

#[test]
fn pods_of_an_older_revision_do_not_decide_about_a_change() {
    let old_pods = || {
        failing(
            json!({"code": "ImagePull", "passes": "no", "message": "image app:1 does not exist", "count": 2, "newest": 0}),
        )
    };
    let mut changed = old_pods();
    changed["generation"] = 2.into();
    changed["state"] = "progressing".into();
    let mut story = GateStory::new(&[old_pods()], WaitRules::default());
    story.items(0, &[changed]);
    assert_eq!(story.end(300), None);
    story.items(310, &[web(json!({"generation": 2}))]);
    assert_eq!(story.end(310).map(|end| end.code), Some(0));
}

#[test]
fn a_new_job_is_waited_for_until_it_has_succeeded_and_may_be_deleted_then() {
    let job = |state: &str, reason: &str| {
        object(
            "Job",
            "jobs",
            "migrate",
            json!({"state": state, "reason": reason}),
        )
    };
    let mut story = GateStory::new(&[], WaitRules::default());
    story.items(0, &[job("healthy", "Running")]);
    assert_eq!(story.end(0), None);
    story.items(30, &[job("succeeded", "Complete")]);
    assert_eq!(
        story.end(30).map(|end| (end.code, end.words)),
        Some((0, "Job shop/migrate has succeeded, after 30 s".into()))
    );
    // Its TTL took it between two reports.
    let mut story = GateStory::new(&[], WaitRules::default());
    let no_job = report(&[object("Job", "jobs", "other", json!({"state": "succeeded"}))]);
    story.items(0, &[job("healthy", "Running")]).see(30, no_job);
    let end = story.end(30).expect("an end");
    assert_eq!(
        (end.code, end.notes),
        (
            0,
            vec!["Job/shop/migrate was new and is gone: how it ended was not seen".to_owned()]
        )
    );
    assert_eq!(
        story.changes,
        ["0 Job/shop/migrate: healthy", "30 Job/shop/migrate: is gone"]
    );
}

#[test]
fn a_rollout_that_is_paused_and_not_out_ends_with_1() {
    let paused = |generation: i64| {
        web(json!({
            "generation": generation, "desired": 3, "updated": 0, "ready": 3, "rollout": {"revision": "7", "paused": true},
        }))
    };
    let mut story = GateStory::new(&[paused(1)], WaitRules::default());
    let end = story.items(0, &[paused(1)]).end(0).expect("it is as before");
    assert_eq!(end.code, 0);
    let mut story = GateStory::new(&[paused(1)], WaitRules::default());
    let end = story.items(0, &[paused(2)]).end(0).expect("it is held");
    assert_eq!((end.reason, end.code), (EndReason::Held, 1), "{}", end.words);
}

#[test]
fn an_object_that_is_removed_is_a_remark_even_if_it_was_named() {
    let missing = || {
        let entry = json!({"what": "deployment web", "resource": "deployments.apps", "class": "notFound"});
        let mut report = unseen(&[], &[entry]);
        if let Some(CheckResult::Kind(kind)) = report.checks.first_mut() {
            *kind = KindCheck::of("deployments", Vec::new(), false);
        }
        report
    };
    let deleting =
        || web(json!({"state": "terminating", "healthy": false, "reason": "Deleting", "generation": 2}));
    let gone = vec!["1 object is gone: Deployment/shop/web".to_owned()];
    let mut story = GateStory::new(&[web(json!({}))], named("web"));
    assert_eq!(
        story.see(0, missing()).runs_out(0),
        (0, 0, "nothing changed, and nothing is worse".into(), gone)
    );
    let mut story = GateStory::new(&[web(json!({}))], named("web"));
    assert_eq!(story.items(0, &[deleting()]).end(0).map(|end| end.code), Some(0));
    // It was waited for when somebody deleted it.
    let mut story = GateStory::new(&[web(json!({}))], named("web"));
    story.items(0, &[rolling(2)]).items(5, &[deleting()]);
    assert_eq!(story.end(5).map(|end| end.code), Some(0));
    assert_eq!(story.changes[1..], ["5 Deployment/shop/web: is being deleted"]);
    // The command brought another kind of trouble beside it.
    let mut story = GateStory::new(
        &[
            web(json!({})),
            object("Deployment", "deployments", "api", json!({})),
        ],
        named("web"),
    );
    let mut report = missing();
    report.coverage.not_seen[0].class = "forbidden".into();
    assert_eq!(story.see(0, report).runs_out(0).1, 3);
}

#[test]
fn a_named_object_has_to_appear() {
    let missing = |thing: &str, resource: &str| {
        unseen(
            &[],
            &[json!({"what": thing, "resource": resource, "class": "notFound"})],
        )
    };
    for before in [
        missing("deployment web", "deployments.apps"),
        missing("namespace shop", "namespaces"),
    ] {
        let mut story = GateStory::from_report(before.clone(), named("web"));
        let end = story
            .see(0, missing("deployment web", "deployments.apps"))
            .runs_out(0);
        let words = "timed out after 12 min: 1 of 1: deployment shop/web is not there";
        assert_eq!(end, (720, 3, words.to_owned(), Vec::new()));
        let mut story = GateStory::from_report(before, named("web"));
        story.see(0, missing("deployment web", "deployments.apps"));
        assert_eq!(story.end(300), None);
        story.items(300, &[web(json!({}))]);
        assert_eq!(story.end(300).map(|end| end.code), Some(0));
    }
    // One of two names is removed, the other one appears.
    let both = WaitRules {
        targets: ["web", "old"]
            .map(|name| WaitTarget::named(Kind::Deployment, Some("shop"), name))
            .to_vec(),
        ..WaitRules::default()
    };
    let absent = json!({"what": "deployment web", "resource": "deployments.apps", "class": "notFound"});
    let old = object("Deployment", "deployments", "old", json!({}));
    let mut story = GateStory::from_report(unseen(std::slice::from_ref(&old), &[absent]), both);
    let removed = json!({"what": "deployment old", "resource": "deployments.apps", "class": "notFound"});
    story.see(0, unseen(&[web(json!({}))], &[removed]));
    assert_eq!(
        story.end(0).map(|end| (end.code, end.words)),
        Some((0, "Deployment shop/web is healthy, after 0 s".into()))
    );
}

#[test]
fn a_scope_that_is_empty_before_and_after_is_unknown_and_one_that_was_emptied_is_well() {
    let empty = || {
        unseen(
            &[],
            &[json!({"what": "namespace shop", "resource": "namespaces", "class": "notFound"})],
        )
    };
    let mut story = GateStory::from_report(empty(), WaitRules::default());
    let end = story.see(0, empty()).runs_out(0);
    assert_eq!((end.0, end.1), (720, 3), "{end:?}");
    let mut story = GateStory::new(&[web(json!({}))], WaitRules::default());
    assert_eq!(story.see(0, empty()).end(0).map(|end| end.code), Some(0));
}

#[test]
fn a_kind_that_is_no_longer_served_was_removed_and_one_that_never_was_is_unknown() {
    let name = "certificates.cert-manager.io";
    let unserved = || {
        let entry = json!({"what": name, "resource": name, "class": "notFound", "error": "the server does not serve it"});
        let mut report = unseen(&[], &[entry]);
        report.checks = vec![CheckResult::Kind(KindCheck::of(name, Vec::new(), false))];
        report.settle();
        report
    };
    let certificate = object("Certificate", name, "tls", json!({}));
    let mut story = GateStory::new(std::slice::from_ref(&certificate), WaitRules::default());
    let end = story.see(0, unserved()).runs_out(0);
    assert_eq!(
        (end.0, end.1, end.3),
        (0, 0, vec!["1 object is gone: Certificate/shop/tls".to_owned()])
    );
    let mut story = GateStory::from_report(unserved(), WaitRules::default());
    let end = story.see(0, unserved()).runs_out(0);
    // A kind that was installed just now is served a little later.
    assert_eq!((end.0, end.1), (120, 3), "{end:?}");
    let mut story = GateStory::from_report(unserved(), WaitRules::default());
    story.see(0, unserved()).items(3, &[certificate]);
    assert_eq!(story.end(3).map(|end| end.code), Some(0));
}

#[test]
fn an_api_server_that_goes_away_is_waited_for_until_the_deadline() {
    for class in [Class::Refused, Class::Unauthenticated, Class::Dns] {
        let mut story = GateStory::new(&[web(json!({}))], WaitRules::default());
        let end = story.away(0, class).runs_out(0);
        let words = "timed out after 12 min: nothing could be read for 12 min: it does not answer";
        assert_eq!((end.0, end.1, end.2.as_str()), (720, 69, words), "{class:?}");
        let mut story = GateStory::new(&[web(json!({}))], WaitRules::default());
        story.away(0, class).items(60, &[web(json!({"generation": 2}))]);
        assert_eq!(story.end(60).map(|end| end.code), Some(0), "{class:?}");
    }
}

#[test]
fn what_cannot_be_read_any_more_is_3_after_the_grace_and_hides_no_object() {
    let forbidden = || {
        let entry = json!({"what": "deployments", "resource": "deployments.apps", "class": "forbidden"});
        unseen(&[], &[entry])
    };
    let mut story = GateStory::new(&[web(json!({}))], WaitRules::default());
    let end = story.see(0, forbidden()).runs_out(0);
    assert_eq!(
        (end.0, end.1, end.2.as_str()),
        (120, 3, "deployments not seen: forbidden")
    );
    let mut story = GateStory::new(&[web(json!({}))], WaitRules::default());
    let changes = story
        .items(0, &[rolling(2)])
        .see(5, forbidden())
        .items(9, &[web(json!({"generation": 2}))]);
    assert_eq!(
        changes.changes,
        [
            "0 Deployment/shop/web: progressing, 2/3 ready: 2 of 3 ready",
            "9 Deployment/shop/web: healthy"
        ]
    );
}

#[test]
fn an_api_server_that_was_not_well_before_fails_nothing_and_one_that_gets_worse_does() {
    let with = |status: &str, class: Option<&str>| {
        let mut report = report(&[web(json!({}))]);
        let check = json!({"check": "apiserver", "status": status, "version": "v1.37.2", "class": class});
        report
            .checks
            .insert(0, serde_json::from_value(check).expect("a check"));
        report.settle();
        report
    };
    for (before, after, end) in [
        (("ok", None), ("ok", None), (0, 0)),
        (
            ("degraded", Some("unhealthy")),
            ("degraded", Some("unhealthy")),
            (0, 0),
        ),
        (
            ("degraded", Some("unhealthy")),
            ("degraded", Some("timeout")),
            (120, 2),
        ),
        (("ok", None), ("degraded", Some("unhealthy")), (120, 2)),
        (("degraded", Some("unhealthy")), ("ok", None), (0, 0)),
    ] {
        let mut story = GateStory::from_report(with(before.0, before.1), WaitRules::default());
        let found = story.see(0, with(after.0, after.1)).runs_out(0);
        assert_eq!((found.0, found.1), end, "{before:?} {after:?}");
    }
}

#[test]
fn everything_has_to_stay_as_it_is_for_the_time_to_settle() {
    let rules = || WaitRules {
        settle: Duration::from_secs(30),
        ..WaitRules::default()
    };
    let mut story = GateStory::new(&[web(json!({}))], rules());
    story.items(0, &[web(json!({}))]);
    assert_eq!(
        story.gate.wait().opening(at(0)),
        format!(
            "waiting for changes that are still to come, at most 12 min, until {}",
            stamp(720)
        )
    );
    // An operator has made a Deployment of what the command created.
    let made = |fields: Value| object("Deployment", "deployments", "made", fields);
    story.items(
        20,
        &[
            web(json!({})),
            made(json!({"state": "progressing", "healthy": false})),
        ],
    );
    assert_eq!(story.end(30), None);
    story.items(40, &[web(json!({})), made(json!({}))]);
    assert_eq!(story.end(69), None);
    assert_eq!(
        story.end(70).map(|end| (end.code, end.words)),
        Some((0, "Deployment shop/made is healthy, after 70 s".into()))
    );
}

#[test]
fn the_deadline_is_never_0_whatever_counts() {
    let rules = WaitRules {
        fail_on: "unknown".parse::<FailOn>().expect("a state"),
        ..WaitRules::default()
    };
    let mut story = GateStory::new(&[web(json!({}))], rules);
    assert_eq!(story.items(0, &[rolling(2)]).runs_out(0).1, 1);
}

#[test]
fn what_could_not_be_read_before_either_is_waited_for_only_if_unknown_counts() {
    let forbidden = || {
        let entry = json!({"what": "jobs", "resource": "jobs.batch", "class": "forbidden"});
        unseen(&[web(json!({}))], &[entry])
    };
    for (fail_on, second, code) in [("degraded", 0, 0), ("degraded,unknown", 120, 3)] {
        let rules = WaitRules {
            fail_on: fail_on.parse::<FailOn>().expect("states"),
            ..WaitRules::default()
        };
        let mut story = GateStory::from_report(forbidden(), rules);
        let end = story.see(0, forbidden()).runs_out(0);
        assert_eq!((end.0, end.1), (second, code), "{fail_on}: {end:?}");
    }
}

#[test]
fn the_image_before_a_change_has_a_gap_if_something_could_not_be_read() {
    let gaps = |report: Report| BeforeImage::new(report).gaps();
    let entry = |class: &str| {
        let entry = json!({"what": "jobs in namespace shop", "resource": "jobs.batch", "namespace": "shop", "class": class});
        unseen(&[web(json!({}))], &[entry])
    };
    assert_eq!(gaps(report(&[broken("web", 1)])), NONE);
    assert_eq!(gaps(entry("notFound")), NONE);
    assert_eq!(gaps(entry("forbidden")), ["jobs in namespace shop"]);
    assert_eq!(gaps(entry("timeout")), ["jobs in namespace shop"]);
    let unknown = web(json!({"state": "unknown", "healthy": false, "reason": "Undecodable"}));
    assert_eq!(gaps(report(&[unknown])), ["Deployment/shop/web"]);
    let mut old = report(&[web(json!({}))]);
    if let Some(CheckResult::Kind(kind)) = old.checks.first_mut() {
        *kind = KindCheck::of("deployments", kind.items.clone(), false);
    }
    assert_eq!(gaps(old), ["deployments"]);
    let mut report = report(&[web(json!({}))]);
    let check = json!({"check": "apiserver", "status": "unknown", "class": "forbidden"});
    report
        .checks
        .insert(0, serde_json::from_value(check).expect("a check"));
    assert_eq!(gaps(report), ["the API server's health"]);
}

/// A report that counts so many more objects than it lists, as that of an agent.
fn counting(more: u64, items: &[Value]) -> Report {
    let mut report = report(items);
    for check in &mut report.checks {
        if let CheckResult::Kind(kind) = check {
            kind.summary.total += more;
            kind.summary.healthy += more;
        }
    }
    report.settle();
    report
}

#[test]
fn an_object_that_is_counted_and_no_longer_listed_is_as_it_should_be() {
    let lag = WaitRules {
        lag: Duration::from_secs(3),
        ..WaitRules::default()
    };
    let before = || report(&[web(json!({})), broken("old", 1)]);
    // Nothing changes: only what falls short is listed.
    let mut story = GateStory::from_report(before(), lag.clone());
    story.see(0, counting(1, &[broken("old", 1)]));
    let idle = "nothing changed, and nothing is worse".to_owned();
    let known = vec!["1 object is not healthy, as before".to_owned()];
    assert_eq!(story.runs_out(0), (3, 0, idle, known));
    // The change is heard of after the first report, and its object is listed until it has been well for long.
    let mut story = GateStory::from_report(before(), lag);
    story
        .see(0, counting(1, &[broken("old", 1)]))
        .see(2, counting(0, &[broken("old", 1), rolling(2)]))
        .see(700, counting(1, &[broken("old", 1)]));
    assert_eq!(
        story.changes,
        ["2 Deployment/shop/web: progressing, 2/3 ready: 2 of 3 ready"]
    );
    let end = story.end(700).expect("an end");
    assert_eq!((end.reason, end.code), (EndReason::Settled, 0));
}
