//! Whether a Job is done, gets on, or has given up.

use super::workload::{
    DEGRADED, HEALTHY, Object, PROGRESSING, Row, SETTLING, SUCCEEDED, SUSPENDED, TERMINATING, UNKNOWN, hold,
    starting, state,
};
use serde_json::{Value, json};
use sre_shared::check::Judged as _;
use sre_shared::resource::Job;
use sre_testkit::at;

/// A Job that asks for three successes, was started an hour ago and last moved then.
fn j(status: Value) -> Object {
    let object = Object::new(
        json!({"parallelism": 1, "completions": 3, "backoffLimit": 6}),
        status,
    );
    object.created(3600).set("/status/startTime", at(-3600))
}

fn condition(kind: &str, reason: &str, message: &str) -> Value {
    json!([{"type": kind, "status": "True", "lastProbeTime": at(-50), "lastTransitionTime": at(-50),
            "reason": reason, "message": message}])
}

fn ended(kind: &str, reason: &str, message: &str) -> Object {
    j(json!({"succeeded": 1, "failed": 2, "ready": 0}))
        .set("/status/conditions", condition(kind, reason, message))
}

#[test]
fn every_job_gets_its_state_reason_message_and_notes() {
    let rows: Vec<Row> = vec![
        (
            "complete",
            j(json!({"succeeded": 3, "ready": 0})).set("/status/conditions", condition("Complete", "", "")),
            SUCCEEDED,
            "Complete",
            "3 succeeded",
            &[],
        ),
        (
            "complete after failures",
            j(json!({"succeeded": 3, "failed": 4})).set("/status/conditions", condition("Complete", "", "")),
            SUCCEEDED,
            "Complete",
            "3 succeeded",
            &[],
        ),
        (
            "failed at its backoff limit",
            ended(
                "Failed",
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            ),
            DEGRADED,
            "JobFailed",
            "BackoffLimitExceeded: Job has reached the specified backoff limit",
            &[],
        ),
        (
            "failed at its deadline",
            ended(
                "Failed",
                "DeadlineExceeded",
                "Job was active longer than specified deadline",
            ),
            DEGRADED,
            "JobFailed",
            "DeadlineExceeded: Job was active longer than specified deadline",
            &[],
        ),
        (
            "failed by its policy",
            ended(
                "Failed",
                "PodFailurePolicy",
                "Container app for pod shop/search-x failed with exit code 42",
            ),
            DEGRADED,
            "JobFailed",
            "PodFailurePolicy: Container app for pod shop/search-x failed with exit code 42",
            &[],
        ),
        (
            "failed by its indexes",
            ended("Failed", "FailedIndexes", "Job has failed indexes"),
            DEGRADED,
            "JobFailed",
            "FailedIndexes: Job has failed indexes",
            &[],
        ),
        (
            "given up, its pods are still ending",
            ended(
                "FailureTarget",
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            )
            .set("/status/active", 1),
            DEGRADED,
            "JobFailed",
            "BackoffLimitExceeded: Job has reached the specified backoff limit",
            &[],
        ),
        (
            "done, its pods are still ending",
            ended(
                "SuccessCriteriaMet",
                "CompletionsReached",
                "Reached expected number of succeeded pods",
            ),
            SETTLING,
            "Finishing",
            "done, its pods are ending",
            &[],
        ),
        (
            "a condition that is not so",
            j(json!({"active": 1, "ready": 1, "conditions": [{"type": "Failed", "status": "False"}]})),
            HEALTHY,
            "Running",
            "0 of 3 succeeded, 1 of 1 active ready",
            &[],
        ),
        (
            "running",
            j(json!({"active": 1, "ready": 1, "succeeded": 1})),
            HEALTHY,
            "Running",
            "1 of 3 succeeded, 1 of 1 active ready",
            &[],
        ),
        (
            "running without a number to reach",
            j(json!({"active": 2, "ready": 2})).without("/spec", "completions"),
            HEALTHY,
            "Running",
            "0 succeeded, 2 of 2 active ready",
            &[],
        ),
        (
            "a retry runs",
            j(json!({"active": 1, "ready": 1, "failed": 2})),
            SETTLING,
            "Retrying",
            "0 of 3 succeeded, 1 of 1 active ready, 2 failed",
            &[],
        ),
        (
            "waiting for the next retry",
            j(json!({"ready": 0, "failed": 5})).moved(640),
            PROGRESSING,
            "Retrying",
            "0 of 3 succeeded, none active, 5 failed",
            &[],
        ),
        (
            "a retry that never came",
            j(json!({"ready": 0, "failed": 5})).moved(660),
            DEGRADED,
            "PodsNotRunning",
            "0 of 3 succeeded, none active, 5 failed",
            &[],
        ),
        (
            "its pod is starting",
            j(json!({"active": 1, "ready": 0})).moved(599),
            PROGRESSING,
            "PodsStarting",
            "0 of 3 succeeded, 0 of 1 active ready",
            &["podsNotSeen"],
        ),
        (
            "its pod never runs",
            j(json!({"active": 1, "ready": 0})).moved(600),
            DEGRADED,
            "PodsNotRunning",
            "0 of 3 succeeded, 0 of 1 active ready",
            &[],
        ),
        (
            "between two pods",
            j(json!({"succeeded": 2, "ready": 0})).moved(3),
            PROGRESSING,
            "PodsStarting",
            "2 of 3 succeeded, none active",
            &["podsNotSeen"],
        ),
        (
            "no pod is made",
            j(json!({"ready": 0})).moved(60),
            DEGRADED,
            "PodsNotRunning",
            "0 of 3 succeeded, none active",
            &[],
        ),
        (
            "suspended",
            Object::new(json!({"suspend": true, "completions": 3}), json!({})).set(
                "/status/conditions",
                condition("Suspended", "JobSuspended", "Job suspended"),
            ),
            SUSPENDED,
            "Suspended",
            "suspended",
            &[],
        ),
        (
            "suspended before it was ever seen",
            Object::new(json!({"suspend": true}), json!({})),
            SUSPENDED,
            "Suspended",
            "suspended",
            &[],
        ),
        (
            "held by its parallelism",
            j(json!({"ready": 0})).set("/spec/parallelism", 0),
            SUSPENDED,
            "Suspended",
            "held: its parallelism is 0",
            &[],
        ),
        (
            "suspended after it had failed",
            ended(
                "Failed",
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            )
            .set("/spec/suspend", true),
            DEGRADED,
            "JobFailed",
            "BackoffLimitExceeded: Job has reached the specified backoff limit",
            &[],
        ),
        (
            "created a moment ago",
            Object::new(json!({"completions": 1}), json!({})).created(3),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen it yet",
            &[],
        ),
        (
            "never seen by its controller",
            Object::new(json!({"completions": 1}), json!({})),
            DEGRADED,
            "ControllerNotObserving",
            "its controller does not act: it was never started",
            &[],
        ),
        (
            "being deleted",
            j(json!({"active": 1, "ready": 1})).deleting(5, &["foregroundDeletion"]),
            TERMINATING,
            "Deleting",
            "being deleted",
            &[],
        ),
        (
            "a negative count",
            j(json!({"active": -1})),
            UNKNOWN,
            "Malformed",
            "malformed: status.active is -1",
            &[],
        ),
        (
            "more ready than active",
            j(json!({"active": 1, "ready": 2})),
            UNKNOWN,
            "Malformed",
            "malformed: ready 2 is more than active 1",
            &[],
        ),
        (
            "a manifest",
            Object::new(json!({"completions": 1}), json!({})).manifest(),
            UNKNOWN,
            "Manifest",
            "has neither status nor generation: a manifest, not an object of a cluster",
            &[],
        ),
    ];
    hold::<Job>(rows);
}

#[test]
fn a_job_that_something_else_controls_answers_for_itself_only_where_it_is_named() {
    let owned = |controller: bool| -> Job {
        let owner = json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "1",
                            "controller": controller}]);
        j(json!({"ready": 0}))
            .set("/metadata/ownerReferences", owner)
            .view()
    };
    assert!(!owned(true).answers_for_itself());
    assert!(owned(false).answers_for_itself());
}

#[test]
fn pods_that_cannot_start_end_the_wait_and_pods_that_fail_are_tried_again() {
    let waiting = j(json!({"active": 1, "ready": 0})).moved(5);
    let of = |pod| {
        let item = waiting.judge_with::<Job>([pod]);
        (state(&item), item.reason)
    };
    let pod = || starting("search-x", 5);
    assert_eq!(of(pod()), (PROGRESSING, "PodsStarting".to_owned()));
    assert_eq!(
        of(pod().waiting("ImagePullBackOff", "no such image")),
        (DEGRADED, "PodsNotRunning".to_owned())
    );
    let crashed = pod()
        .last_terminated("Error", 1, at(-3))
        .waiting("CrashLoopBackOff", "back-off 20s");
    assert_eq!(of(crashed).0, PROGRESSING);
    // Others of its pods run: it gets on.
    let running = j(json!({"active": 2, "ready": 1})).moved(5);
    let stuck = pod().waiting("ImagePullBackOff", "no such image");
    assert_eq!(state(&running.judge_with::<Job>([stuck])), HEALTHY);
}
