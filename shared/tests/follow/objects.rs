//! Objects that are deleted, replaced or not there yet, and kinds without a rollout.

use crate::story::{Story, object, report, web};
use serde_json::{Value, json};
use sre_shared::follow::{EndReason, WaitRules, WaitTarget};
use sre_shared::kind::Kind;

fn named(kind: Kind, name: &str) -> WaitRules {
    WaitRules {
        targets: vec![WaitTarget::named(kind, Some("shop"), name)],
        ..WaitRules::default()
    }
}

fn moving(uid: &str) -> Value {
    web(json!({"state": "progressing", "uid": uid}))
}

#[test]
fn a_named_object_that_is_deleted_ends_the_wait_unless_another_one_takes_its_place_within_10_s() {
    let mut story = Story::new(named(Kind::Deployment, "web"));
    story.items(0, &[moving("a")]).items(60, &[]);
    assert_eq!(
        story.runs_out(60),
        (70, 2, "Deployment shop/web was deleted".to_owned())
    );

    let mut story = Story::new(named(Kind::Deployment, "web"));
    story
        .items(0, &[moving("a")])
        .items(60, &[])
        .items(69, &[moving("b")]);
    assert_eq!(story.end(75), None);
    assert_eq!(
        story.changes[1..],
        [
            "60 Deployment/shop/web: is gone",
            "69 Deployment/shop/web: replaced; the new object is followed"
        ]
    );
    story.items(80, &[web(json!({"uid": "b"}))]);
    assert_eq!(story.end(80).map(|end| end.code), Some(0));
}

#[test]
fn an_object_of_a_manifest_is_waited_for_by_its_identity_and_its_generation() {
    let rules = |uid: Option<&str>, generation: Option<i64>| WaitRules {
        targets: vec![WaitTarget {
            uid: uid.map(str::to_owned),
            generation,
            ..WaitTarget::named(Kind::Deployment, Some("shop"), "web")
        }],
        ..WaitRules::default()
    };
    let mut story = Story::new(rules(Some("a"), None));
    story
        .items(0, &[moving("a")])
        .items(5, &[web(json!({"uid": "b"}))]);
    let end = story.end(5).expect("an end");
    assert_eq!(
        (end.reason, end.code, end.words.as_str()),
        (
            EndReason::Replaced,
            2,
            "Deployment shop/web was replaced by another object of that name"
        )
    );
    // A cache that is behind shows the object as it was before.
    let mut story = Story::new(rules(None, Some(5)));
    story.items(0, &[web(json!({"generation": 4}))]);
    assert_eq!(story.end(0), None);
    story.items(2, &[web(json!({"generation": 6}))]);
    assert_eq!(story.end(2).map(|end| end.code), Some(0));
}

#[test]
fn an_object_that_only_its_kind_matched_is_dropped_when_it_is_deleted() {
    let api = || object("Deployment", "deployments", "api", json!({}));
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[moving("a"), api()]).items(5, &[api()]);
    assert_eq!(story.end(5).map(|end| end.code), Some(0));
    // If nothing is left, nothing was seen to be well.
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[moving("a")]).items(5, &[]);
    assert_eq!(
        story.end(5).map(|end| (end.code, end.words)),
        Some((
            3,
            "nothing is left to wait for: every object was deleted".to_owned()
        ))
    );
    // An object that is being deleted is not waited for.
    let mut story = Story::new(WaitRules::default());
    let leaving = json!({"state": "terminating", "healthy": null, "reason": "Deleting"});
    let mut leaving = object("Deployment", "deployments", "old", leaving);
    leaving.as_object_mut().expect("an object").remove("healthy");
    story.items(0, &[leaving, api()]);
    assert_eq!(story.end(0).map(|end| end.code), Some(0));
}

#[test]
fn a_list_that_was_never_there_is_nothing_to_wait_for() {
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[]);
    assert_eq!(
        story.end(0).map(|end| (end.code, end.words)),
        Some((0, "there is nothing to wait for, after 0 s".to_owned()))
    );
}

#[test]
fn a_report_that_only_counts_healthy_objects_drops_none() {
    let mut story = Story::new(WaitRules::default());
    let counted = |items: &[Value]| {
        let mut report = report(items);
        let sre_shared::report::CheckResult::Kind(check) = &mut report.checks[0] else {
            panic!("a kind");
        };
        check.summary.total = 10;
        report
    };
    story.see(0, counted(&[moving("a")]));
    assert_eq!(story.wait.status(crate::story::at(0)).total, 10);
    assert_eq!(story.end(0), None);
    story.see(5, counted(&[]));
    let end = story.end(5).expect("an end");
    assert_eq!(
        (end.code, end.words.as_str()),
        (0, "all 10 objects are as they should be, after 5 s")
    );
}

fn job(fields: Value) -> Value {
    object("Job", "jobs", "migrate", fields)
}

#[test]
fn a_job_is_waited_for_until_it_has_succeeded_or_failed() {
    let running = || job(json!({"reason": "Running", "message": "1 running"}));
    let ends = |fields: Value| {
        let mut story = Story::new(named(Kind::Job, "migrate"));
        story.items(0, &[running()]);
        assert_eq!(story.end(0), None);
        story.items(9, &[job(fields)]);
        story.runs_out(9)
    };
    let succeeded = json!({"state": "succeeded", "reason": "Complete"});
    assert_eq!(
        ends(succeeded),
        (9, 0, "Job shop/migrate has succeeded, after 9 s".to_owned())
    );
    let failed = json!({"state": "degraded", "healthy": false, "reason": "JobFailed", "message": "BackoffLimitExceeded",
                        "causes": [{"code": "JobBackoffLimit", "message": "it has failed 7 times", "count": 1}]});
    assert_eq!(
        ends(failed),
        (9, 2, "Job shop/migrate: it has failed 7 times".to_owned())
    );
    // Its pods crash, and it tries again. Only its own end counts.
    let retries = json!({"state": "progressing", "healthy": true, "reason": "Retrying",
                         "causes": [{"code": "CrashLoop", "message": "exited 1", "count": 3}]});
    assert_eq!(ends(retries).0, 720);
    let image = json!({"state": "progressing", "healthy": false, "reason": "Retrying",
                       "causes": [{"code": "ImagePull", "message": "not found", "count": 1, "passes": "no"}]});
    assert_eq!(ends(image), (19, 2, "Job shop/migrate: not found".to_owned()));
    let suspended = json!({"state": "suspended", "reason": "Suspended", "message": "suspended"});
    assert_eq!(
        ends(suspended),
        (
            9,
            1,
            "Job shop/migrate: suspended; kubectl -n shop patch job migrate -p '{\"spec\":{\"suspend\":false}}'".to_owned()
        )
    );
}

#[test]
fn a_job_that_was_complete_before_its_ttl_took_it_has_succeeded() {
    let done = || job(json!({"state": "succeeded", "reason": "Complete"}));
    let mut story = Story::new(WaitRules {
        targets: vec![
            WaitTarget::named(Kind::Job, Some("shop"), "migrate"),
            WaitTarget::named(Kind::Deployment, Some("shop"), "web"),
        ],
        ..WaitRules::default()
    });
    story
        .items(0, &[done(), moving("a")])
        .items(30, &[moving("a")])
        .items(60, &[web(json!({}))]);
    assert_eq!(story.end(60).map(|end| end.code), Some(0));
}

#[test]
fn jobs_that_only_their_kind_matched_may_end_well_and_go() {
    let done = || job(json!({"state": "succeeded", "reason": "Complete"}));
    let mut story = Story::new(WaitRules {
        settle: std::time::Duration::from_secs(30),
        ..WaitRules::default()
    });
    story.items(0, &[done()]).items(10, &[]);
    assert_eq!(
        story.runs_out(10),
        (30, 0, "there is nothing to wait for, after 30 s".to_owned())
    );
}

#[test]
fn a_cron_job_is_waited_for_while_a_run_is_active_and_never_for_the_next_one() {
    let cron = |fields: Value| object("CronJob", "cronjobs", "nightly", fields);
    let ends = |fields: Value| {
        let mut story = Story::new(WaitRules::default());
        story.items(0, &[cron(fields)]);
        story.end(0).map(|end| end.code)
    };
    assert_eq!(ends(json!({"reason": "NotScheduledYet"})), Some(0));
    assert_eq!(ends(json!({"reason": "LastRunSucceeded"})), Some(0));
    assert_eq!(
        ends(json!({"state": "suspended", "reason": "Suspended"})),
        Some(0)
    );
    assert_eq!(
        ends(json!({"reason": "Running", "rollout": {"activeRuns": 1}})),
        None
    );
    assert_eq!(
        ends(json!({"state": "degraded", "healthy": false, "reason": "LastRunFailed"})),
        Some(2)
    );
}

#[test]
fn an_object_without_a_rollout_is_waited_for_until_it_is_healthy_or_does_not_change_for_the_grace() {
    let node = |message: &str| {
        object(
            "Node",
            "nodes",
            "n7",
            json!({
                "namespace": "", "state": "degraded", "healthy": false, "reason": "NodeNotReady", "message": message,
            }),
        )
    };
    let mut story = Story::new(WaitRules::default());
    story
        .items(0, &[node("the kubelet stopped posting")])
        .items(100, &[node("the network is not ready")]);
    assert_eq!(
        story.runs_out(100),
        (220, 2, "Node n7: the network is not ready".to_owned())
    );
    let claim = object(
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        "data",
        json!({
            "state": "progressing", "healthy": false, "reason": "ClaimBinding",
        }),
    );
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[claim]);
    assert_eq!(story.runs_out(0).0, 720, "its check says when it is late");
}

#[test]
fn a_bare_pod_that_failed_and_a_custom_resource_that_gave_up_end_the_wait() {
    let pod = |state: Value| object("Pod", "pods", "once", state);
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[pod(json!({"state": "degraded", "healthy": false, "reason": "PodFailed", "message": "failed: Evicted"}))]);
    assert_eq!(
        story.runs_out(0),
        (0, 2, "Pod shop/once: failed: Evicted".to_owned())
    );

    let release = |state: &str, reason: &str| {
        object(
            "HelmRelease",
            "helmreleases.helm.toolkit.fluxcd.io",
            "app",
            json!({
                "state": state, "healthy": false, "reason": reason, "message": "retries exhausted",
            }),
        )
    };
    let words = || "HelmRelease shop/app: retries exhausted".to_owned();
    for reason in ["Stalled", "Failed"] {
        let mut story = Story::new(WaitRules::default());
        story
            .items(0, &[release("progressing", "Reconciling")])
            .items(30, &[release("degraded", reason)]);
        assert_eq!(story.runs_out(30), (30, 2, words()), "{reason}");
        // Found in that state: its controller may not have seen the newest spec yet.
        let mut story = Story::new(WaitRules::default());
        story.items(0, &[release("degraded", reason)]);
        assert_eq!(story.runs_out(0), (10, 2, words()), "{reason}");
    }
}

#[test]
fn an_object_that_is_not_understood_ends_the_wait_with_3_after_the_grace() {
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[web(json!({"state": "unknown", "healthy": false, "reason": "Malformed", "message": "readyReplicas is -1"}))]);
    assert_eq!(
        story.runs_out(0),
        (120, 3, "Deployment shop/web: readyReplicas is -1".to_owned())
    );
}

#[test]
fn an_acknowledged_object_is_not_waited_for() {
    let mut story = Story::new(WaitRules::default());
    story.items(
        0,
        &[web(json!({
            "state": "degraded", "healthy": false, "reason": "ReadyBelowDesired",
            "acknowledged": {"code": "ReadyBelowDesired", "until": "2126-01-01", "reason": "known"},
        }))],
    );
    assert_eq!(story.end(0).map(|end| end.code), Some(0));
}

#[test]
fn a_certain_failure_comes_before_what_was_not_seen_and_before_a_pause() {
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[
        web(json!({"desired": 3, "ready": 3, "updated": 1, "rollout": {"paused": true}})),
        job(json!({"state": "degraded", "healthy": false, "reason": "JobFailed", "message": "DeadlineExceeded"})),
    ]);
    assert_eq!(story.end(0).map(|end| end.code), Some(2));
}
