//! Whether every node that should run a pod of a DaemonSet has a ready one.

use super::workload::{
    DEGRADED, HEALTHY, Object, PROGRESSING, SETTLING, TERMINATING, UNAVAILABLE, UNKNOWN, assert_verdicts,
    starting, state,
};
use serde_json::json;
use sre_shared::resource::DaemonSet;

/// A DaemonSet on four nodes: this many have a ready pod, and this many have a pod of the newest revision.
fn d(ready: i32, updated: i32) -> Object {
    Object::new(
        json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}}),
        json!({"observedGeneration": 1, "desiredNumberScheduled": 4, "currentNumberScheduled": 4,
               "numberReady": ready, "numberAvailable": ready, "updatedNumberScheduled": updated}),
    )
}

fn on_delete(object: Object) -> Object {
    object.set("/spec/updateStrategy", json!({"type": "OnDelete"}))
}

fn no_node() -> Object {
    Object::new(
        json!({}),
        json!({"observedGeneration": 1, "desiredNumberScheduled": 0, "currentNumberScheduled": 0,
               "numberReady": 0, "numberMisscheduled": 0}),
    )
}

#[test]
fn every_daemonset_gets_its_state_reason_message_and_notes() {
    assert_verdicts::<DaemonSet>([
        ("complete", d(4, 4), HEALTHY, "Ready", "4 of 4 ready", &[][..]),
        (
            "a node without a ready pod",
            d(3, 4),
            DEGRADED,
            "ReadyBelowDesired",
            "3 of 4 ready",
            &[],
        ),
        (
            "no node has one",
            d(0, 4).without("/status", "numberAvailable"),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 4 ready",
            &[],
        ),
        (
            "a node has joined",
            d(3, 4).moved(59),
            PROGRESSING,
            "PodsStarting",
            "3 of 4 ready, 1 starting",
            &["podsNotSeen"],
        ),
        (
            "a node has joined a minute ago",
            d(3, 4).moved(60),
            DEGRADED,
            "ReadyBelowDesired",
            "3 of 4 ready",
            &[],
        ),
        (
            "new",
            d(0, 4).created(59),
            PROGRESSING,
            "PodsStarting",
            "0 of 4 ready, 4 starting",
            &["podsNotSeen"],
        ),
        (
            "new for too long",
            d(0, 4).created(60),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 4 ready",
            &[],
        ),
        (
            "no matching node",
            no_node(),
            HEALTHY,
            "NoMatchingNodes",
            "no node is meant to run it",
            &[],
        ),
        (
            "rolling out with a surge",
            d(4, 2).moved(599),
            SETTLING,
            "RolloutInProgress",
            "4 of 4 ready, rolling out: 2 of 4 updated",
            &[],
        ),
        (
            "rolling out with a surge that stands still",
            d(4, 2).moved(600),
            DEGRADED,
            "RolloutStalled",
            "rollout stalled, old revision still serving: 4 of 4 ready, 2 of 4 updated",
            &[],
        ),
        (
            "a control plane that writes no observedGeneration",
            d(4, 4).without("/status", "observedGeneration"),
            HEALTHY,
            "Ready",
            "4 of 4 ready",
            &[
                "its control plane writes no observedGeneration, so whether its counts are of generation 1 is not known",
            ],
        ),
        (
            "rolling out, one node at a time",
            d(3, 2).moved(300),
            PROGRESSING,
            "RolloutInProgress",
            "3 of 4 ready, rolling out: 2 of 4 updated",
            &[],
        ),
        (
            "the last pod of a rollout starts",
            d(3, 4)
                .set("/metadata/generation", 2)
                .set("/status/observedGeneration", 2)
                .changed(400)
                .moved(90),
            PROGRESSING,
            "RolloutInProgress",
            "3 of 4 ready, rolling out: 4 of 4 updated",
            &[],
        ),
        (
            "a rollout that stands still",
            d(3, 1).changed(3600).moved(600),
            DEGRADED,
            "ReadyBelowDesired",
            "3 of 4 ready",
            &[],
        ),
        (
            "OnDelete waits for nobody",
            on_delete(d(4, 1)),
            HEALTHY,
            "Ready",
            "4 of 4 ready",
            &["1 of 4 updated, the others once they are deleted (OnDelete)"],
        ),
        (
            "OnDelete and short",
            on_delete(d(3, 1)).moved(300),
            DEGRADED,
            "ReadyBelowDesired",
            "3 of 4 ready",
            &["1 of 4 updated, the others once they are deleted (OnDelete)"],
        ),
        (
            "ready and not yet available",
            d(4, 4)
                .set("/spec/minReadySeconds", 60)
                .set("/status/numberAvailable", 3)
                .moved(119),
            SETTLING,
            "Settling",
            "4 of 4 ready, 3 available: inside minReadySeconds",
            &[],
        ),
        (
            "ready and not available for too long",
            d(4, 4)
                .set("/spec/minReadySeconds", 60)
                .set("/status/numberAvailable", 3)
                .moved(120),
            DEGRADED,
            "AvailableBelowDesired",
            "4 of 4 ready, 3 available: too few for longer than minReadySeconds (60)",
            &[],
        ),
        (
            "not observed yet",
            d(4, 4).unseen(30),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 2 yet (observed: 1)",
            &[],
        ),
        (
            "not observed for long",
            d(4, 4).unseen(90),
            DEGRADED,
            "ControllerNotObserving",
            "its controller does not act: generation 2 is not observed (observed: 1)",
            &[],
        ),
        (
            "never observed is not one without nodes",
            Object::new(json!({}), json!({"desiredNumberScheduled": 0, "numberReady": 0})),
            UNAVAILABLE,
            "ControllerNotObserving",
            "its controller does not act: generation 1 is not observed (observed: none yet)",
            &[],
        ),
        (
            "being deleted",
            d(4, 4).deleting(5, &[]),
            TERMINATING,
            "Deleting",
            "being deleted",
            &[],
        ),
        (
            "a negative count",
            d(-1, 4),
            UNKNOWN,
            "Malformed",
            "malformed: status.numberReady is -1",
            &[],
        ),
        (
            "more ready than nodes",
            d(5, 4),
            UNKNOWN,
            "Malformed",
            "malformed: numberReady 5 is more than desiredNumberScheduled 4",
            &[],
        ),
        (
            "more updated than nodes",
            d(4, 6),
            UNKNOWN,
            "Malformed",
            "malformed: updatedNumberScheduled 6 is more than desiredNumberScheduled 4",
            &[],
        ),
        (
            "a manifest",
            d(4, 4).manifest(),
            UNKNOWN,
            "Manifest",
            "has neither status nor generation: a manifest, not an object of a cluster",
            &[],
        ),
    ]);
}

#[test]
fn pods_on_wrong_nodes_are_a_warning_and_no_verdict() {
    let of = |object: Object| {
        let item = object.judge::<DaemonSet>();
        (state(&item), item.warnings)
    };
    assert_eq!(
        of(d(4, 4).set("/status/numberMisscheduled", 1)),
        (HEALTHY, vec!["1 node runs a pod it should not".to_owned()])
    );
    assert_eq!(
        of(no_node().set("/status/numberMisscheduled", 3)),
        (HEALTHY, vec!["3 nodes run a pod they should not".to_owned()])
    );
    assert_eq!(
        of(d(4, 4).set("/status/numberMisscheduled", 3).deleting(5, &[])).1,
        [""; 0]
    );
}

#[test]
fn every_node_without_a_ready_pod_has_to_have_a_young_one() {
    let two_short = d(2, 4);
    let of = |pods: Vec<_>| state(&two_short.judge_with::<DaemonSet>(pods));
    assert_eq!(of(vec![starting("a", 59), starting("b", 10)]), PROGRESSING);
    assert_eq!(of(vec![starting("a", 60), starting("b", 10)]), DEGRADED);
    assert_eq!(of(vec![starting("a", 10)]), DEGRADED);
    let crashing = starting("b", 10).waiting("CrashLoopBackOff", "back-off 40s");
    assert_eq!(of(vec![starting("a", 10), crashing]), DEGRADED);
}
