//! Whether a StatefulSet has the ready pods that it asks for.

use super::workload::{
    DEGRADED, HEALTHY, Object, PROGRESSING, SETTLING, TERMINATING, UNAVAILABLE, UNKNOWN, assert_verdicts,
    starting, state,
};
use serde_json::json;
use sre_shared::check::{Check as _, Evidence};
use sre_shared::report::State;
use sre_shared::resource::StatefulSet;
use sre_testkit::at;
use sre_testkit::object::Pod;

/// A StatefulSet that asks for three pods, with these counts and no rollout.
fn s(replicas: i32, ready: i32) -> Object {
    Object::new(
        json!({"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}),
        json!({"observedGeneration": 1, "replicas": replicas, "readyReplicas": ready, "availableReplicas": ready,
               "currentReplicas": replicas, "updatedReplicas": replicas,
               "currentRevision": "search-1", "updateRevision": "search-1"}),
    )
}

/// A rollout of a second revision that has reached this many pods.
fn rolling(replicas: i32, ready: i32, updated: i32) -> Object {
    s(replicas, ready)
        .set("/status/updateRevision", "search-2")
        .set("/status/updatedReplicas", updated)
}

fn partition(object: Object, partition: i32) -> Object {
    object.set("/spec/updateStrategy/rollingUpdate/partition", partition)
}

fn on_delete(object: Object) -> Object {
    object.set("/spec/updateStrategy", json!({"type": "OnDelete"}))
}

fn parallel(object: Object) -> Object {
    object.set("/spec/podManagementPolicy", "Parallel")
}

fn settling(object: Object, available: i32) -> Object {
    object
        .set("/spec/minReadySeconds", 60)
        .set("/status/availableReplicas", available)
}

#[test]
fn every_statefulset_gets_its_state_reason_message_and_notes() {
    assert_verdicts::<StatefulSet>([
        ("complete", s(3, 3), HEALTHY, "Ready", "3 of 3 ready", &[][..]),
        (
            "replicas absent is one",
            s(1, 1).without("/spec", "replicas"),
            HEALTHY,
            "Ready",
            "1 of 1 ready",
            &[],
        ),
        (
            "a spec of null is its defaults",
            s(1, 1).set("/spec", json!(null)),
            HEALTHY,
            "Ready",
            "1 of 1 ready",
            &[],
        ),
        (
            "one pod short for a day",
            s(3, 2),
            DEGRADED,
            "ReadyBelowDesired",
            "2 of 3 ready",
            &[],
        ),
        (
            "none ready for a day",
            s(3, 0),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 3 ready",
            &[],
        ),
        (
            "counts that are zero are left out",
            s(3, 0)
                .without("/status", "readyReplicas")
                .without("/status", "availableReplicas"),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 3 ready",
            &[],
        ),
        (
            "short since a moment ago",
            s(3, 2).moved(59),
            PROGRESSING,
            "PodsStarting",
            "2 of 3 ready, 1 starting",
            &["podsNotSeen"],
        ),
        (
            "short since a minute",
            s(3, 2).moved(60),
            DEGRADED,
            "ReadyBelowDesired",
            "2 of 3 ready",
            &[],
        ),
        (
            "new, the first of three is starting",
            s(1, 0).created(59),
            PROGRESSING,
            "PodsStarting",
            "0 of 3 ready, 3 starting",
            &["podsNotSeen"],
        ),
        (
            "new for too long, blocked at the first",
            s(1, 0).created(60),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 3 ready",
            &[],
        ),
        (
            "ordered start goes from step to step",
            s(2, 1).created(3600).moved(59),
            PROGRESSING,
            "PodsStarting",
            "1 of 3 ready, 2 starting",
            &["podsNotSeen"],
        ),
        (
            "ordered start that stands still",
            s(2, 1).created(3600).moved(60),
            DEGRADED,
            "ReadyBelowDesired",
            "1 of 3 ready",
            &[],
        ),
        (
            "parallel start has no steps",
            parallel(s(2, 1)).created(3600).moved(60),
            DEGRADED,
            "ReadyBelowDesired",
            "1 of 3 ready",
            &[],
        ),
        (
            "scaled up just now",
            parallel(s(3, 1)).changed(59).moved(58),
            PROGRESSING,
            "PodsStarting",
            "1 of 3 ready, 2 starting",
            &["podsNotSeen"],
        ),
        (
            "scaled down, the last pod still ends",
            s(4, 4),
            HEALTHY,
            "Ready",
            "4 of 3 ready",
            &[],
        ),
        (
            "scaled to zero",
            s(0, 0).set("/spec/replicas", 0),
            HEALTHY,
            "ScaledToZero",
            "scaled to zero",
            &[],
        ),
        (
            "scaled to zero, a pod still ends",
            s(1, 1).set("/spec/replicas", 0),
            HEALTHY,
            "ScaledToZero",
            "scaled to zero",
            &["1 pod still going"],
        ),
        (
            "ready and not yet available",
            settling(s(3, 3), 2).moved(119),
            SETTLING,
            "Settling",
            "3 of 3 ready, 2 available: inside minReadySeconds",
            &[],
        ),
        (
            "ready for longer than minReadySeconds and a grace, and not available",
            settling(s(3, 3), 2).moved(120),
            DEGRADED,
            "AvailableBelowDesired",
            "3 of 3 ready, 2 available: too few for longer than minReadySeconds (60)",
            &[],
        ),
        (
            "ready and not available since nobody knows when",
            settling(s(3, 3), 2).set("/metadata/managedFields", json!([])),
            UNKNOWN,
            "NotDated",
            "3 of 3 ready, 2 available; nothing says since when; its pods would, or --show-managed-fields",
            &[],
        ),
        (
            "a server that does not count available pods",
            s(3, 3).without("/status", "availableReplicas"),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
            &[],
        ),
        (
            "rolling out at full capacity",
            rolling(3, 3, 1).changed(900).moved(599),
            SETTLING,
            "RolloutInProgress",
            "3 of 3 ready, rolling out: 1 of 3 updated",
            &[],
        ),
        (
            "rolling out at full capacity, and it stands still",
            rolling(3, 3, 1).changed(900).moved(600),
            DEGRADED,
            "RolloutStalled",
            "rollout stalled, old revision still serving: 3 of 3 ready, 1 of 3 updated",
            &[],
        ),
        (
            "a status that is written all the time is no rollout for ever",
            rolling(3, 3, 1).changed(2 * super::DAY).moved(5),
            DEGRADED,
            "RolloutStalled",
            "rollout stalled, old revision still serving: 3 of 3 ready, 1 of 3 updated",
            &[],
        ),
        (
            "nor is it one that falls short",
            rolling(3, 2, 1).changed(2 * super::DAY).moved(65),
            DEGRADED,
            "ReadyBelowDesired",
            "2 of 3 ready",
            &[],
        ),
        (
            "rolling out at full capacity since nobody knows when",
            rolling(3, 3, 1).set("/metadata/managedFields", json!([])),
            UNKNOWN,
            "NotDated",
            "3 of 3 ready, rolling out: 1 of 3 updated; nothing says since when; its pods would, or --show-managed-fields",
            &[],
        ),
        (
            "a control plane that writes no observedGeneration",
            s(3, 3).without("/status", "observedGeneration"),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
            &[
                "its control plane writes no observedGeneration, so whether its counts are of generation 1 is not known",
            ],
        ),
        (
            "one that writes no revision either, and too few are ready",
            Object::new(json!({"replicas": 3}), json!({"replicas": 3, "readyReplicas": 2})),
            DEGRADED,
            "ReadyBelowDesired",
            "2 of 3 ready",
            &[
                "its control plane writes no observedGeneration, so whether its counts are of generation 1 is not known",
            ],
        ),
        (
            "rolling out, one pod down",
            rolling(3, 2, 1).moved(300),
            PROGRESSING,
            "RolloutInProgress",
            "2 of 3 ready, rolling out: 1 of 3 updated",
            &[],
        ),
        (
            "the last pod of a rollout starts",
            rolling(3, 2, 3).moved(300),
            PROGRESSING,
            "RolloutInProgress",
            "2 of 3 ready, rolling out: 3 of 3 updated",
            &[],
        ),
        (
            "a rollout that stands still",
            rolling(3, 2, 1).moved(600),
            DEGRADED,
            "ReadyBelowDesired",
            "2 of 3 ready",
            &[],
        ),
        (
            "a step takes as long as a pod has to stay ready",
            settling(rolling(2, 1, 1), 1).moved(650),
            PROGRESSING,
            "RolloutInProgress",
            "1 of 3 ready, rolling out: 1 of 3 updated",
            &[],
        ),
        (
            "a partition is reached",
            partition(rolling(3, 3, 1), 2),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
            &["1 of 3 updated, the others are below the partition 2"],
        ),
        (
            "a partition is not reached yet",
            partition(rolling(3, 3, 1), 1).moved(300),
            SETTLING,
            "RolloutInProgress",
            "3 of 3 ready, rolling out: 1 of 2 updated",
            &[],
        ),
        (
            "short behind a partition is no rollout",
            partition(rolling(3, 2, 1), 2).moved(300),
            DEGRADED,
            "ReadyBelowDesired",
            "2 of 3 ready",
            &["1 of 3 updated, the others are below the partition 2"],
        ),
        (
            "a partition above all",
            partition(rolling(3, 3, 0), 5),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
            &["0 of 3 updated, the others are below the partition 5"],
        ),
        (
            "OnDelete waits for nobody",
            on_delete(rolling(3, 3, 1)),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
            &["1 of 3 updated, the others once they are deleted (OnDelete)"],
        ),
        (
            "OnDelete and short",
            on_delete(rolling(3, 2, 1)).moved(300),
            DEGRADED,
            "ReadyBelowDesired",
            "2 of 3 ready",
            &["1 of 3 updated, the others once they are deleted (OnDelete)"],
        ),
        (
            "not observed yet",
            s(3, 3).unseen(30),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 2 yet (observed: 1)",
            &[],
        ),
        (
            "not observed for long",
            s(3, 3).unseen(61),
            DEGRADED,
            "ControllerNotObserving",
            "its controller does not act: generation 2 is not observed (observed: 1)",
            &[],
        ),
        (
            "never observed",
            Object::new(json!({"replicas": 3}), json!({})),
            UNAVAILABLE,
            "ControllerNotObserving",
            "its controller does not act: generation 1 is not observed (observed: none yet)",
            &[],
        ),
        (
            "created a moment ago",
            Object::new(json!({"replicas": 3}), json!({})).created(5),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 1 yet (observed: none yet)",
            &[],
        ),
        (
            "being deleted",
            s(3, 3).deleting(60, &[]),
            TERMINATING,
            "Deleting",
            "being deleted",
            &[],
        ),
        (
            "being deleted for long",
            s(3, 3).deleting(1800, &["example.com/backup"]),
            TERMINATING,
            "Deleting",
            "being deleted",
            &["being deleted for 30 min, finalizers: example.com/backup"],
        ),
        (
            "a negative count",
            s(3, -1),
            UNKNOWN,
            "Malformed",
            "malformed: status.readyReplicas is -1",
            &[],
        ),
        (
            "a negative partition",
            partition(s(3, 3), -2),
            UNKNOWN,
            "Malformed",
            "malformed: spec.updateStrategy.rollingUpdate.partition is -2",
            &[],
        ),
        (
            "more ready than there are",
            s(3, 3)
                .set("/status/replicas", 2)
                .set("/status/updatedReplicas", 2),
            UNKNOWN,
            "Malformed",
            "malformed: readyReplicas 3 is more than replicas 2",
            &[],
        ),
        (
            "more available than ready",
            s(3, 2).set("/status/availableReplicas", 3),
            UNKNOWN,
            "Malformed",
            "malformed: availableReplicas 3 is more than readyReplicas 2",
            &[],
        ),
        (
            "a manifest",
            s(3, 3).manifest(),
            UNKNOWN,
            "Manifest",
            "has neither status nor generation: a manifest, not an object of a cluster",
            &[],
        ),
    ]);
}

#[test]
fn the_item_has_the_counts_and_the_time_of_the_shortage() {
    let item = s(3, 2).moved(720).judge::<StatefulSet>();
    assert_eq!(
        (item.desired, item.ready, item.available, item.updated),
        (Some(3), Some(2), Some(2), Some(3))
    );
    assert_eq!(item.since, Some(at(-720)));
}

#[test]
fn a_named_stateful_set_that_is_being_deleted_is_not_healthy() {
    let set: StatefulSet = s(3, 3).deleting(1, &[]).view();
    let item = set.judge(&Evidence {
        named: true,
        ..Evidence::new(super::workload::now())
    });
    assert_eq!(state(&item), (State::Terminating, Some(false)));
}

#[test]
fn a_young_pod_excuses_the_pods_after_it_and_a_hard_cause_ends_the_grace() {
    let ordered = s(1, 0).created(3600);
    let of = |object: &Object, pod: Pod| state(&object.judge_with::<StatefulSet>([pod]));
    assert_eq!(of(&ordered, starting("search-0", 59)), PROGRESSING);
    assert_eq!(of(&ordered, starting("search-0", 60)), UNAVAILABLE);
    // The first pod has just become ready, and the second one does not exist yet.
    let ready = Pod::new("shop", "search-0").created(at(-90)).ready(true, at(-1));
    assert_eq!(of(&s(1, 1).created(3600).moved(1), ready.clone()), PROGRESSING);
    assert_eq!(of(&s(1, 1).created(3600).moved(60), ready), DEGRADED);
    // A parallel StatefulSet makes all pods at once: two pods are missing.
    assert_eq!(
        of(&parallel(ordered.clone()), starting("search-0", 59)),
        UNAVAILABLE
    );
    let unpullable = starting("search-0", 20).waiting("ImagePullBackOff", "no such image");
    assert_eq!(of(&ordered, unpullable.clone()), UNAVAILABLE);
    assert_eq!(of(&s(1, 0).created(30), unpullable.clone()), UNAVAILABLE);
    assert_eq!(of(&rolling(3, 2, 1).moved(5), unpullable), DEGRADED);
}
