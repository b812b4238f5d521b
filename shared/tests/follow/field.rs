//! What users of other tools met, each as a story.

use crate::story::{Story, object, stamp, web};
use serde_json::{Value, json};
use sre_shared::follow::{EndReason, WaitRules};

fn pods(created: i64, ready: i64) -> Value {
    json!({"created": created, "scheduled": created, "started": created, "ready": ready, "crashing": 0, "wasReady": false})
}

/// The condition of the rollout before is still there when the new image has just been set.
#[test]
fn an_old_deadline_beside_a_spec_that_nobody_has_seen_yet_ends_nothing() {
    let unseen = web(json!({
        "state": "progressing", "healthy": false, "reason": "NotObserved", "generation": 8,
        "causes": [{"code": "ProgressDeadlineExceeded", "message": "web-1 has timed out progressing", "count": 1}],
        "rollout": {"revision": "7", "deadlineSeconds": 600, "deadlineExceeded": stamp(-30)},
    }));
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[unseen]);
    assert_eq!(story.end(60), None);
}

/// A controller that reports its deadline and gets further a moment later.
#[test]
fn a_deadline_that_is_taken_back_within_10_s_ends_nothing() {
    let rollout = |state: &str, causes: Value| {
        object(
            "Rollout",
            "rollouts",
            "api",
            json!({
                "state": state, "healthy": state == "progressing", "reason": "RolloutStalled", "desired": 3, "ready": 3,
                "updated": 2, "causes": causes,
                "rollout": {"revision": "4", "deadlineSeconds": 600, "pods": pods(2, 2)},
            }),
        )
    };
    let exceeded = json!([{"code": "ProgressDeadlineExceeded", "message": "api-4 has timed out progressing", "count": 1}]);
    let mut story = Story::new(WaitRules::default());
    story
        .items(0, &[rollout("progressing", json!([]))])
        .items(100, &[rollout("degraded", exceeded)])
        .items(107, &[rollout("progressing", json!([]))]);
    assert_eq!(story.end(200), None);
}

/// A step of a canary waits for an hour and goes on by itself; another one waits for a person.
#[test]
fn a_pause_with_a_duration_is_waited_for_and_one_without_is_not() {
    let paused = |forever: bool| {
        object(
            "Rollout",
            "rollouts",
            "api",
            json!({
                "state": "suspended", "reason": "RolloutPaused", "message": "3 of 3 ready, update paused at step 2 of 4",
                "desired": 3, "ready": 3, "updated": 1, "rollout": {"revision": "4", "paused": forever},
            }),
        )
    };
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[paused(false)]);
    assert_eq!(story.end(60), None);
    story.items(61, &[paused(true)]);
    let end = story.end(61).expect("an end");
    assert_eq!(
        (end.reason, end.code, end.words.as_str()),
        (
            EndReason::Held,
            1,
            "Rollout shop/api: held: 3 of 3 ready, update paused at step 2 of 4"
        )
    );
}

/// Nodes are counted only after a moment: until then a DaemonSet asks for no pod.
#[test]
fn a_daemon_set_that_is_not_counted_yet_is_not_settled() {
    let new =
        json!({"state": "progressing", "healthy": false, "reason": "NotObserved", "desired": 0, "ready": 0});
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[object("DaemonSet", "daemonsets", "agent", new)]);
    assert_eq!(story.end(0), None);
}

/// One replica: `maxUnavailable` of 25 % rounds to none that must be ready.
#[test]
fn the_only_pod_of_a_deployment_has_to_be_ready() {
    let mut story = Story::new(WaitRules::default());
    let fields =
        json!({"state": "progressing", "healthy": false, "reason": "PodsStarting", "desired": 1, "ready": 0});
    story.items(0, &[web(fields)]);
    assert_eq!(story.end(30), None);
    story.items(31, &[web(json!({"desired": 1, "ready": 1}))]);
    assert_eq!(story.end(31).map(|end| end.code), Some(0));
}

/// A secret that an operator creates a minute after the workload.
#[test]
fn a_secret_that_comes_within_the_grace_ends_nothing() {
    let waiting = web(json!({
        "state": "unavailable", "healthy": false, "reason": "ReadyBelowDesired", "desired": 1, "ready": 0,
        "causes": [{"code": "ContainerConfig", "message": "secret \"db\" not found", "count": 1}],
        "rollout": {"revision": "1", "pods": pods(1, 0)},
    }));
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[waiting]);
    assert_eq!(story.end(60), None);
    story.items(70, &[web(json!({"desired": 1, "ready": 1}))]);
    assert_eq!(story.end(70).map(|end| end.code), Some(0));
}

/// The broken pods of the version before are still there while the repaired one starts.
#[test]
fn pods_of_the_broken_version_before_do_not_fail_the_one_that_repairs_it() {
    let repairing = web(json!({
        "state": "degraded", "healthy": false, "reason": "ReadyBelowDesired", "desired": 3, "ready": 1, "updated": 1,
        "causes": [
            {"code": "ImagePull", "message": "web:typo: not found", "count": 2, "passes": "no", "newest": 0},
            {"code": "CrashLoop", "message": "container api exited 1", "count": 1, "newest": 0},
        ],
        "rollout": {"revision": "9", "deadlineSeconds": 600, "pods": pods(1, 1)},
    }));
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[repairing]);
    assert_eq!(story.end(300), None);
}

/// Fifty objects are under way and one has given up: the end names that one.
#[test]
fn the_end_names_only_what_decides_it() {
    let mut items: Vec<Value> = (0..50)
        .map(|n| {
            let fields = json!({"state": "progressing", "healthy": true, "reason": "RolloutInProgress"});
            object("Deployment", "deployments", &format!("web-{n}"), fields)
        })
        .collect();
    let failed =
        json!({"state": "degraded", "healthy": false, "reason": "JobFailed", "message": "DeadlineExceeded"});
    items.push(object("Job", "jobs", "migrate", failed));
    let mut story = Story::new(WaitRules::default());
    story.items(0, &items);
    let end = story.end(0).expect("an end");
    let objects: Vec<String> = end.objects.iter().map(ToString::to_string).collect();
    assert_eq!(
        (end.words.as_str(), objects),
        (
            "Job shop/migrate: DeadlineExceeded",
            vec!["Job/shop/migrate".to_owned()]
        )
    );
    let heartbeat = story.wait.status(crate::story::at(0)).heartbeat();
    assert!(
        heartbeat.starts_with("waiting for 51 of 51: shop/migrate degraded, shop/web-0 progressing, "),
        "{heartbeat}"
    );
    assert!(heartbeat.ends_with(", 48 more; 0 s of 12 min"), "{heartbeat}");
}

/// Six weeks of deployments to something that somebody had scaled to 0, each of them a success.
#[test]
fn a_workload_without_pods_is_called_so() {
    let mut story = Story::new(WaitRules::default());
    story.items(
        0,
        &[web(
            json!({"reason": "ScaledToZero", "desired": 0, "ready": 0, "updated": 0}),
        )],
    );
    assert_eq!(
        story.end(0).map(|end| (end.code, end.words)),
        Some((0, "Deployment shop/web is scaled to 0, after 0 s".to_owned()))
    );
}

/// The autoscaler changes the number of pods every few seconds.
#[test]
fn a_number_that_an_autoscaler_keeps_changing_does_not_postpone_a_failure() {
    let scaled = |generation: i64| {
        web(json!({
            "state": "degraded", "healthy": false, "reason": "ReadyBelowDesired", "desired": 3 + generation, "ready": 1,
            "generation": generation, "causes": [{"code": "Quota", "message": "quota compute is used up", "count": 1}],
            "rollout": {"revision": "7", "deadlineSeconds": 600, "pods": pods(2, 1)},
        }))
    };
    let mut story = Story::new(WaitRules::default());
    for generation in 0..8 {
        let seconds = generation * 15;
        story.items(seconds, &[scaled(generation)]);
        assert_eq!(story.end(seconds), None, "{seconds}");
    }
    assert_eq!(story.runs_out(105).0, 120);
}
