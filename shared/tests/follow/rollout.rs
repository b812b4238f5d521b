//! Rollouts: progress, crashes, deadlines, pauses, newer revisions.

use crate::story::{Story, object, stamp, web};
use serde_json::{Value, json};
use sre_shared::follow::{EndReason, WaitRules};

/// A Deployment that rolls out revision 7, with these pods of it and that cause.
fn rolling(pods: Value, cause: Value) -> Value {
    web(json!({
        "state": "degraded", "healthy": false, "reason": "ReadyBelowDesired", "desired": 3, "ready": 1, "updated": 3,
        "message": "1 of 3 ready", "causes": [cause], "specWritten": stamp(-30),
        "rollout": {"revision": "7", "deadlineSeconds": 600, "pods": pods},
    }))
}

fn pods(created: i64, scheduled: i64, started: i64, ready: i64) -> Value {
    json!({"created": created, "scheduled": scheduled, "started": started, "ready": ready, "crashing": 0, "wasReady": false})
}

fn quota() -> Value {
    json!({"code": "Quota", "message": "quota compute is used up", "count": 1})
}

fn crash(restarts: i64) -> Value {
    json!({"code": "CrashLoop", "message": format!("container api exited 1 ({restarts} restarts)"),
           "gist": "container api exited 1", "count": 2})
}

fn crashing(crashing: i64, restarts: i64, since: i64, was_ready: bool) -> Value {
    json!({"created": 2, "scheduled": 2, "started": 2, "ready": 0, "crashing": crashing, "leastRestarts": restarts,
           "crashingSince": stamp(since), "wasReady": was_ready})
}

#[test]
fn one_more_pod_that_is_created_scheduled_started_or_ready_is_progress_and_begins_the_grace_again() {
    let mut story = Story::new(WaitRules::default());
    for (seconds, newest) in [
        (0, pods(1, 0, 0, 0)),
        (60, pods(2, 0, 0, 0)),
        (120, pods(2, 1, 0, 0)),
        (180, pods(2, 2, 1, 0)),
        (240, pods(2, 2, 1, 1)),
        // No more than before.
        (300, pods(2, 2, 1, 1)),
        (320, pods(1, 1, 1, 1)),
        (340, pods(2, 2, 1, 1)),
    ] {
        story.items(seconds, &[rolling(newest, quota())]);
        assert_eq!(story.end(seconds), None, "{seconds}");
    }
    assert_eq!(
        story.runs_out(340),
        (360, 2, "Deployment shop/web: quota compute is used up".to_owned())
    );
}

#[test]
fn a_cause_that_goes_away_begins_anew_and_one_that_only_pauses_does_not() {
    let mut story = Story::new(WaitRules::default());
    story
        .items(0, &[rolling(pods(1, 1, 1, 0), quota())])
        .items(
            100,
            &[rolling(
                pods(1, 1, 1, 0),
                json!({"code": "NotReady", "message": "", "count": 1}),
            )],
        )
        .items(120, &[rolling(pods(1, 1, 1, 0), quota())]);
    assert_eq!(story.runs_out(120).0, 120, "away for 20 s");

    let mut story = Story::new(WaitRules::default());
    story
        .items(0, &[rolling(pods(1, 1, 1, 0), quota())])
        .items(
            100,
            &[rolling(
                pods(1, 1, 1, 0),
                json!({"code": "NotReady", "message": "", "count": 1}),
            )],
        )
        .items(160, &[rolling(pods(1, 1, 1, 0), quota())]);
    assert_eq!(story.runs_out(160).0, 280, "away for 60 s");
}

#[test]
fn a_problem_that_does_not_pass_is_looked_at_twice() {
    let image = || json!({"code": "ImagePull", "message": "web:v9: not found", "count": 1, "passes": "no"});
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[rolling(pods(1, 1, 0, 0), image())]).items(
        9,
        &[rolling(
            pods(1, 1, 1, 0),
            json!({"code": "NotReady", "message": "", "count": 1}),
        )],
    );
    assert_eq!(story.end(10), None, "somebody pushed the image");
    // Progress does not help: all pods of the revision have the same image.
    let mut story = Story::new(WaitRules::default());
    story
        .items(0, &[rolling(pods(1, 1, 0, 0), image())])
        .items(9, &[rolling(pods(2, 2, 0, 0), image())]);
    assert_eq!(story.runs_out(9).0, 10);
}

#[test]
fn all_pods_that_crash_end_the_wait_after_the_grace_since_the_first_crash() {
    let ends = |newest: Value| {
        let mut story = Story::new(WaitRules::default());
        story.items(0, &[rolling(newest, crash(3))]);
        story.runs_out(0)
    };
    let words = || "Deployment shop/web: container api exited 1 (3 restarts)".to_owned();
    assert_eq!(ends(crashing(2, 2, 0, false)), (120, 2, words()));
    assert_eq!(ends(crashing(2, 2, -100, false)), (20, 2, words()));
    // It crashed before the wait: a second look is all that it gets.
    assert_eq!(ends(crashing(2, 2, -5000, false)), (10, 2, words()));
    // One of two pods, one restart, or a pod that once was ready: only the deadline of the rollout counts.
    for newest in [
        crashing(1, 9, -5000, false),
        crashing(2, 1, -5000, false),
        crashing(2, 9, -5000, true),
    ] {
        assert_eq!(ends(newest.clone()).0, 630, "{newest}");
    }
}

#[test]
fn a_restart_is_no_progress_and_a_pod_that_is_ready_for_a_moment_ends_no_crash() {
    let mut story = Story::new(WaitRules::default());
    story
        .items(0, &[rolling(crashing(2, 2, 0, false), crash(2))])
        .items(50, &[rolling(crashing(2, 3, 0, false), crash(3))])
        // Between two crashes the containers run.
        .items(
            90,
            &[rolling(
                pods(2, 2, 2, 0),
                json!({"code": "NotReady", "message": "", "count": 1}),
            )],
        )
        .items(100, &[rolling(crashing(2, 4, 0, false), crash(4))]);
    assert_eq!(
        story.runs_out(100),
        (
            120,
            2,
            "Deployment shop/web: container api exited 1 (4 restarts)".to_owned()
        )
    );
}

#[test]
fn pods_that_crash_in_part_are_named_while_the_wait_goes_on() {
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[rolling(crashing(1, 3, -60, false), crash(3))]);
    let status = story.wait.status(crate::story::at(30));
    assert_eq!(
        status.heartbeat(),
        "waiting for 1 of 1: shop/web 1/3 ready: container api exited 1 (3 restarts), 1 of 2 new pods crash; 30 s of 12 min"
    );
}

fn exceeded(condition: i64, written: i64) -> Value {
    web(json!({
        "state": "degraded", "healthy": false, "reason": "RolloutStalled", "desired": 3, "ready": 3, "updated": 1,
        "message": "rollout stalled", "specWritten": stamp(written),
        "causes": [{"code": "ProgressDeadlineExceeded", "message": "ReplicaSet web-2 has timed out", "count": 1}],
        "rollout": {"revision": "7", "deadlineSeconds": 300, "deadlineExceeded": stamp(condition),
                    "pods": pods(1, 1, 1, 0)},
    }))
}

#[test]
fn a_deadline_that_the_controller_reports_ends_the_wait_if_it_is_still_so_10_s_later() {
    let mut story = Story::new(WaitRules::default());
    story.items(40, &[exceeded(40, -300)]);
    assert_eq!(
        story.runs_out(40),
        (
            50,
            2,
            "Deployment shop/web: ReplicaSet web-2 has timed out".to_owned()
        )
    );
    // Somebody rolls back before.
    let mut story = Story::new(WaitRules::default());
    story
        .items(40, &[exceeded(40, -300)])
        .items(45, &[exceeded(40, 44)]);
    assert_eq!(story.end(60), None);
}

#[test]
fn a_deadline_that_is_older_than_the_spec_is_that_of_the_rollout_before() {
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[exceeded(-500, -2)]);
    // 300 s from the write, which was 2 s ago; progress was seen now.
    assert_eq!(
        story.runs_out(0),
        (
            300,
            2,
            "Deployment shop/web: ReplicaSet web-2 has timed out".to_owned()
        )
    );
}

#[test]
fn a_stateful_set_and_a_daemon_set_have_600_s_since_a_pod_last_became_ready() {
    for (kind, check) in [("StatefulSet", "statefulsets"), ("DaemonSet", "daemonsets")] {
        let item = |ready: i64, last: i64| {
            object(
                kind,
                check,
                "db",
                json!({
                    "state": "degraded", "healthy": false, "reason": "ReadyBelowDesired", "desired": 3, "ready": ready,
                    "causes": [{"code": "ReadinessProbe", "message": "HTTP probe failed", "count": 1}],
                    "rollout": {"revision": "db-2", "pods": {"created": 3, "scheduled": 3, "started": 3, "ready": ready,
                                "crashing": 0, "wasReady": true, "lastReady": stamp(last)}},
                }),
            )
        };
        let mut story = Story::new(WaitRules {
            timeout: None,
            ..WaitRules::default()
        });
        story.items(0, &[item(1, -400)]).items(300, &[item(2, 300)]);
        assert_eq!(
            story.runs_out(300),
            (
                900,
                2,
                format!("{kind} shop/db: no progress for 10 min: HTTP probe failed")
            )
        );
    }
}

#[test]
fn a_pause_ends_the_wait_at_once_with_1_if_the_newest_revision_is_not_out() {
    let paused = |updated: i64, state: &str| {
        web(json!({
            "state": state, "desired": 3, "ready": 3, "updated": updated, "notes": ["paused"],
            "rollout": {"revision": "13", "paused": true},
        }))
    };
    let ends = |item: Value| {
        let mut story = Story::new(WaitRules::default());
        story.items(0, &[item]);
        story.end(0).map(|end| (end.reason, end.code, end.words))
    };
    let resume = "kubectl -n shop rollout resume deployment/web";
    let words = |what: &str| format!("Deployment shop/web: paused: {what} is not rolled out; {resume}");
    assert_eq!(
        ends(paused(1, "healthy")),
        Some((EndReason::Held, 1, words("revision 13")))
    );
    assert_eq!(
        ends(paused(0, "progressing")),
        Some((EndReason::Held, 1, words("the revision after 13")))
    );
    assert_eq!(ends(paused(3, "healthy")).map(|end| end.1), Some(0), "it is out");
}

#[test]
fn pods_that_get_the_newest_revision_only_when_they_are_deleted_do_not_keep_the_wait() {
    let ends = |rollout: Value| {
        let mut story = Story::new(WaitRules::default());
        let fields = json!({"desired": 3, "ready": 3, "updated": 1, "rollout": rollout});
        story.items(0, &[object("StatefulSet", "statefulsets", "db", fields)]);
        story.end(0).map(|end| (end.code, end.notes))
    };
    let note = |others: &str| format!("shop/db: 1 of 3 pods runs the newest revision, the others {others}");
    assert_eq!(
        ends(json!({"onDelete": true})),
        Some((0, vec![note("when they are deleted")]))
    );
    // A partition above the number of pods rolls out none.
    for wanted in [1, 0] {
        assert_eq!(
            ends(json!({"wanted": wanted})),
            Some((0, vec![note("are below the partition")]))
        );
    }
}

#[test]
fn a_workload_that_is_scaled_to_0_is_settled_once_it_has_no_pods() {
    let zero = |existing: i64, terminating: Option<i64>| {
        let mut fields = json!({
            "reason": "ScaledToZero", "desired": 0, "ready": 0, "updated": 0, "specWritten": stamp(-40),
            "rollout": {"existing": existing},
        });
        if let Some(count) = terminating {
            fields["rollout"]["terminating"] = json!(count);
        }
        web(fields)
    };
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[zero(2, None)]);
    assert_eq!(story.end(0), None);
    story.items(5, &[zero(0, Some(2))]);
    let end = story.end(5).expect("an end");
    assert_eq!(end.words, "Deployment shop/web is scaled to 0, after 5 s");
    assert_eq!(
        (end.code, end.notes),
        (
            0,
            vec!["shop/web: 2 pods still terminate, 45 s after the scale to 0".to_owned()]
        )
    );
}

#[test]
fn a_newer_revision_is_followed_and_named_and_its_graces_begin_anew() {
    let of = |revision: &str, cause: Value| {
        let mut item = rolling(pods(1, 1, 0, 0), cause);
        item["rollout"]["revision"] = json!(revision);
        item
    };
    let mut story = Story::new(WaitRules::default());
    story
        .items(0, &[of("13", quota())])
        .items(100, &[of("14", quota())]);
    assert_eq!(story.end(200), None);
    assert_eq!(
        story.changes[1..],
        ["100 Deployment/shop/web: superseded by revision 14"]
    );
    story.items(210, &[web(json!({"desired": 3, "ready": 3}))]);
    let end = story.end(210).expect("an end");
    assert_eq!(
        (end.code, end.notes),
        (
            0,
            vec!["Deployment shop/web was superseded by revision 14".to_owned()]
        )
    );
}

#[test]
fn a_scale_in_between_changes_the_number_that_is_waited_for_and_no_grace() {
    let scaled = |generation: i64, desired: i64| {
        let mut item = rolling(pods(2, 2, 2, 1), quota());
        item["generation"] = json!(generation);
        item["desired"] = json!(desired);
        item
    };
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[scaled(7, 3)]).items(60, &[scaled(8, 5)]);
    assert_eq!(story.runs_out(60).0, 120);
    let healthy = web(json!({"desired": 5, "ready": 5, "generation": 8}));
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[scaled(7, 3)]).items(60, &[healthy]);
    assert_eq!(story.end(60).map(|end| end.code), Some(0));
}

#[test]
fn what_was_broken_before_is_said_in_the_first_line_and_ends_like_its_cause() {
    let mut story = Story::new(WaitRules::default());
    story.items(
        0,
        &[
            rolling(pods(1, 1, 0, 0), quota()),
            object("Deployment", "deployments", "api", json!({})),
        ],
    );
    assert_eq!(
        story.wait.opening(crate::story::at(0)),
        format!(
            "waiting for 2 objects, at most 12 min, until {}; not healthy already: shop/web 1/3 ready: quota compute is used up",
            stamp(720)
        )
    );
    assert_eq!(story.runs_out(0).0, 120);
}

#[test]
fn a_change_has_its_time_object_state_counts_and_cause_in_json() {
    let mut story = Story::new(WaitRules::default());
    story
        .items(0, &[web(json!({"desired": 3, "ready": 3}))])
        .items(7, &[rolling(pods(1, 1, 1, 0), quota())])
        // Nothing that a person would see.
        .items(8, &[rolling(pods(1, 1, 1, 0), quota())]);
    let changes = serde_json::to_value(&story.raw).expect("JSON");
    assert_eq!(
        changes,
        json!([{
            "time": stamp(7), "event": "state", "kind": "Deployment", "namespace": "shop", "name": "web",
            "from": "healthy", "to": "degraded", "desired": 3, "ready": 1, "reason": "ReadyBelowDesired",
            "message": "1 of 3 ready",
            "cause": {"code": "Quota", "message": "quota compute is used up", "count": 1},
        }])
    );
    assert_eq!(
        story.changes,
        ["7 Deployment/shop/web: degraded, 1/3 ready: quota compute is used up"]
    );
}
