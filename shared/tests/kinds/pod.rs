//! Whether a pod without a controller runs, and which pods are left to their controller.

use crate::*;
use sre_shared::check::replaced_uids;
use sre_shared::resource::Pod;

fn pod(phase: &str, more: &[(&str, Value)]) -> Value {
    let mut fields = vec![("/status/phase", json!(phase))];
    fields.extend_from_slice(more);
    object("shop", "migrate", &fields)
}

fn conditions(list: &[Value]) -> (&'static str, Value) {
    ("/status/conditions", json!(list))
}

fn ready(status: &str) -> (&'static str, Value) {
    conditions(&[condition("Ready", status, "ContainersNotReady", "")])
}

fn containers(list: &[Value]) -> (&'static str, Value) {
    ("/status/containerStatuses", json!(list))
}

fn unscheduled(reason: &str) -> (&'static str, Value) {
    conditions(&[condition(
        "PodScheduled",
        "False",
        reason,
        "0/3 nodes are available",
    )])
}

#[test]
fn every_pod_without_a_controller_gets_its_state() {
    let running = json!({"name": "api", "ready": false, "state": {"running": {}}});
    let crashing = json!({"name": "api", "ready": false, "restartCount": 4,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1, "finishedAt": at(-20)}}});
    assert_rows::<Pod>(&[
        row(
            "ready",
            pod("Running", &[ready("True")]),
            HEALTHY,
            "Ready",
            "ready",
        ),
        row(
            "done",
            pod("Succeeded", &[ready("False")]),
            SUCCEEDED,
            "Complete",
            "succeeded",
        ),
        row(
            "failed",
            pod("Failed", &[ready("False")]),
            DEGRADED,
            "PodFailed",
            "failed, and nothing replaces it",
        ),
        row(
            "evicted",
            pod(
                "Failed",
                &[
                    ("/status/reason", json!("Evicted")),
                    ("/status/message", json!("The node was low on resource: memory.")),
                ],
            ),
            DEGRADED,
            "PodFailed",
            "failed: Evicted: The node was low on resource: memory.",
        ),
        row(
            "not ready",
            pod("Running", &[ready("False"), containers(&[running.clone()])]),
            UNAVAILABLE,
            "PodNotReady",
            "running, its container is not ready",
        ),
        row(
            "one of two ready",
            pod(
                "Running",
                &[
                    ready("False"),
                    containers(&[running.clone(), json!({"name": "b", "ready": true})]),
                ],
            ),
            UNAVAILABLE,
            "PodNotReady",
            "running, 1 of 2 containers ready",
        ),
        row(
            "young",
            pod("Running", &[ready("False"), containers(&[running]), aged(59)]),
            PROGRESSING,
            "PodsStarting",
            "running, its container is not ready",
        ),
        row(
            "young and crashing",
            pod("Running", &[ready("False"), containers(&[crashing]), aged(59)]),
            UNAVAILABLE,
            "PodNotReady",
            "running, its container is not ready",
        ),
        row(
            "not scheduled",
            pod("Pending", &[unscheduled("Unschedulable")]),
            UNAVAILABLE,
            "PodNotReady",
            "not scheduled",
        ),
        row(
            "young and not scheduled",
            pod(
                "Pending",
                &[
                    unscheduled("Unschedulable"),
                    ("/status/conditions/0/lastTransitionTime", json!(at(-5))),
                    aged(5),
                ],
            ),
            PROGRESSING,
            "PodsStarting",
            "not scheduled",
        ),
        row(
            "gated",
            pod("Pending", &[unscheduled("SchedulingGated")]),
            SUSPENDED,
            "SchedulingGated",
            "held by a scheduling gate",
        ),
        row(
            "pending without a word",
            pod("Pending", &[]),
            UNAVAILABLE,
            "PodNotReady",
            "pending, not ready",
        ),
        row(
            "of a lost node",
            pod("Unknown", &[ready("Unknown")]),
            UNAVAILABLE,
            "PodNotReady",
            "unknown, not ready",
        ),
        row(
            "being deleted",
            pod("Running", &[ready("True"), deleting()]),
            TERMINATING,
            "Deleting",
            "being deleted",
        ),
        row(
            "a manifest",
            json!({"metadata": {"name": "migrate", "creationTimestamp": null}, "spec": {}, "status": {}}),
            UNKNOWN,
            "Manifest",
            "has neither uid nor creation time: a manifest, not an object of a cluster",
        ),
    ]);
}

#[test]
fn a_done_container_is_not_a_failure_of_a_pod_that_is_meant_to_end() {
    let done = |ago: i64| json!({"name": "clone", "ready": false, "state": {"terminated": {"exitCode": 0, "finishedAt": at(-ago)}}});
    let runs = |name: &str, ready: bool| json!({"name": name, "ready": ready, "state": {"running": {}}});
    let failed = json!({"name": "clone", "ready": false, "state": {"terminated": {"exitCode": 2}}});
    let policy = |policy: &str| ("/spec/restartPolicy", json!(policy));
    let of = |name, more: &[(&str, Value)]| {
        let item = judge::<Pod>(&pod("Running", &[&[ready("False")][..], more].concat()));
        (
            (item.state, item.healthy),
            item.reason.to_string(),
            item.message,
            name,
        )
    };
    let told =
        |state, reason: &str, message: &str, name| (state, reason.to_owned(), message.to_owned(), name);
    for restarts in ["Never", "OnFailure"] {
        assert_eq!(
            of(
                restarts,
                &[policy(restarts), containers(&[done(3000), runs("maven", true)])]
            ),
            told(
                HEALTHY,
                "Running",
                "running, 1 of 2 containers are done",
                restarts
            )
        );
    }
    for (name, more) in [
        (
            "started again",
            [policy("Always"), containers(&[done(3000), runs("maven", true)])],
        ),
        (
            "a step failed",
            [policy("Never"), containers(&[failed, runs("maven", true)])],
        ),
        (
            "not ready",
            [policy("Never"), containers(&[done(3000), runs("maven", false)])],
        ),
    ] {
        assert_eq!(of(name, &more).0, UNAVAILABLE, "{name}");
    }
    let kept = "container linkerd-proxy keeps the pod from ending: clone ended with 0";
    let with_proxy = |ago| {
        [
            policy("Never"),
            containers(&[done(ago), runs("linkerd-proxy", true)]),
        ]
    };
    assert_eq!(
        of("kept", &with_proxy(600)),
        told(DEGRADED, "KeptFromEnding", kept, "kept")
    );
    assert_eq!(of("soon", &with_proxy(599)).0, HEALTHY);
    // It may be on a lost node.
    let works = pod(
        "Running",
        &[
            ready("False"),
            policy("Never"),
            containers(&[done(9), runs("maven", true)]),
        ],
    );
    assert!(view::<Pod>(&works).needs_evidence(&judge::<Pod>(&works), now()));
}

#[test]
fn a_pod_counts_as_one_pod_until_it_has_ended() {
    let counts = |value: &Value| {
        let item = judge::<Pod>(value);
        (item.desired, item.ready)
    };
    assert_eq!(counts(&pod("Running", &[ready("True")])), (Some(1), Some(1)));
    assert_eq!(counts(&pod("Running", &[ready("False")])), (Some(1), Some(0)));
    assert_eq!(counts(&pod("Succeeded", &[])), (None, None));
}

#[test]
fn only_a_pod_without_a_controller_is_judged_by_itself() {
    let answers = |more: &[(&str, Value)]| view::<Pod>(&pod("Running", more)).is_judged_by_default();
    assert!(answers(&[]));
    assert!(!answers(&[owned("ReplicaSet")]));
    assert!(answers(&[owned("Node")]), "the mirror of a static pod");
}

#[test]
fn a_pod_that_failed_is_left_behind_once_its_controller_made_another() {
    let evicted = ("/status/reason", json!("Evicted"));
    let made = |name: &str, seconds: i64| [aged(seconds), ("/metadata/uid", json!(name))];
    let failed = |owner: &str, more: &[(&'static str, Value)]| {
        let fields = [&[owned(owner)], &made("failed", 7200)[..], more].concat();
        view::<Pod>(&pod("Failed", &fields))
    };
    let other = |owner: &str, phase: &str, seconds: i64| {
        let fields = [&[owned(owner)], &made("other", seconds)[..]].concat();
        view::<Pod>(&pod(phase, &fields))
    };
    let state = |failed: &Pod, other: &Pod| {
        let item = failed.judge(&Evidence {
            replaced: replaced_uids([failed, other].into_iter()).contains("failed"),
            ..Evidence::new(now())
        });
        ((item.state, item.healthy), item.message)
    };
    let told = |state, message: &str| (state, message.to_owned());
    for kind in ["ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet"] {
        assert_eq!(
            state(&failed(kind, &[evicted.clone()]), &other("Job", "Pending", 60)),
            told(
                TERMINATING,
                &format!("failed: Evicted, and {kind} owner replaces it")
            )
        );
    }
    let last = failed("Job", &[]);
    let replaced_by_job = told(TERMINATING, "failed, and Job owner replaces it");
    assert_eq!(state(&last, &other("Job", "Succeeded", 60)), replaced_by_job);
    assert_eq!(state(&last, &other("Job", "Running", 60)), replaced_by_job);
    assert_eq!(
        state(&last, &other("Job", "Failed", 60)),
        told(DEGRADED, "failed")
    );
    assert_eq!(
        state(&last, &other("Job", "Succeeded", 9000)),
        told(DEGRADED, "failed")
    );
    // A controller with one pod at a time tries again.
    let retried = failed("TaskRun", &[]);
    assert_eq!(
        state(&retried, &other("TaskRun", "Running", 60)),
        told(TERMINATING, "failed, and TaskRun owner replaces it")
    );
    // An unknown controller may make no other pod for one that failed by itself.
    let unknown = failed("Workflow", &[]);
    assert_eq!(
        state(&unknown, &other("Workflow", "Running", 60)),
        told(DEGRADED, "failed")
    );
    let unknown = failed("Workflow", &[evicted]);
    assert_eq!(
        state(&unknown, &other("Workflow", "Running", 60)),
        told(TERMINATING, "failed: Evicted, and Workflow owner replaces it")
    );
}
