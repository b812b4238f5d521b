//! Custom resources that count pods.

use super::{says, seen};
use crate::*;
use sre_shared::resource::CustomObject;

#[test]
fn counted_pods_count_before_the_conditions() {
    let set = |replicas: Value, status: Value| seen(json!({ "replicas": replicas }), status);
    let available = says(&["Available=True"]);
    assert_rows::<CustomObject>(&[
        row(
            "all",
            set(
                json!(3),
                json!({"replicas": 3, "readyReplicas": 3, "availableReplicas": 3, "updatedReplicas": 3}),
            ),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
        ),
        row(
            "one is missing",
            set(
                json!(3),
                json!({"replicas": 3, "readyReplicas": 2, "updatedReplicas": 3}),
            ),
            DEGRADED,
            "ReadyBelowDesired",
            "2 of 3 ready",
        ),
        row(
            "none, and Available",
            set(
                json!(3),
                json!({"replicas": 3, "updatedReplicas": 3, "unavailableReplicas": 3, "conditions": available}),
            ),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 3 ready",
        ),
        row(
            "both",
            set(
                json!(3),
                json!({"replicas": 3, "readyReplicas": 0, "conditions": says(&["Ready=False PodsFailed"])}),
            ),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 3 ready, Ready: PodsFailed",
        ),
        row(
            "full, and not synced",
            set(
                json!(1),
                json!({"replicas": 1, "readyReplicas": 1, "conditions": says(&["Synced=False SyncError"])}),
            ),
            DEGRADED,
            "ConditionNotMet",
            "Synced: SyncError",
        ),
        row(
            "scaled to zero",
            set(
                json!(0),
                json!({"replicas": 0, "conditions": says(&["Available=False"])}),
            ),
            HEALTHY,
            "ScaledToZero",
            "scaled to zero",
        ),
        row(
            "a count below zero",
            set(json!(3), json!({"readyReplicas": -1})),
            UNKNOWN,
            "Malformed",
            "malformed: the number of pods that are ready is -1",
        ),
        row(
            "not ready for 20 s",
            set(
                json!(2),
                json!({"replicas": 2, "readyReplicas": 1, "conditions": says(&["Ready=False@20"])}),
            ),
            PROGRESSING,
            "PodsStarting",
            "1 of 2 ready, 1 starting",
        )
        .notes(&["podsNotSeen"]),
        row(
            "only how many there are",
            set(json!(3), json!({"replicas": 3})),
            UNKNOWN,
            "NoConditions",
            "it says how many pods there are, and not how many are ready",
        ),
        row(
            "nobody says how many there should be",
            seen(json!({}), json!({"replicas": 3, "readyReplicas": 2})),
            DEGRADED,
            "ReadyBelowDesired",
            "2 of 3 ready",
        ),
        row(
            "instances",
            seen(
                json!({"instances": 3}),
                json!({"instances": 3, "readyInstances": 2, "phase": "Cluster in healthy state"}),
            ),
            DEGRADED,
            "ReadyBelowDesired",
            "2 of 3 ready",
        ),
        row(
            "pods",
            seen(json!({}), json!({"pods": 3, "readyPods": 3, "currentPods": 3})),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
        ),
        row(
            "of nodes",
            seen(json!({}), json!({"desiredNumberScheduled": 4, "numberReady": 3})),
            DEGRADED,
            "ReadyBelowDesired",
            "3 of 4 ready",
        ),
        row(
            "a partition on purpose",
            seen(
                json!({"replicas": 5, "updateStrategy": {"partition": 4}}),
                json!({"replicas": 5, "readyReplicas": 5, "updatedReplicas": 1}),
            ),
            HEALTHY,
            "Ready",
            "5 of 5 ready",
        ),
        row(
            "paused is no excuse",
            seen(
                json!({"replicas": 2, "paused": true}),
                json!({"replicas": 2, "readyReplicas": 0}),
            ),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 2 ready",
        )
        .notes(&["paused: spec.paused"]),
    ]);
}
