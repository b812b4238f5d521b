//! Whether a ReplicaSet without a controller has its ready pods.

use crate::*;
use sre_shared::resource::ReplicaSet;

/// `[replicas, ready, available]` of the status.
fn rs(desired: i64, counts: [i64; 3], more: &[(&str, Value)]) -> Value {
    let mut fields = vec![
        ("/metadata/generation", json!(1)),
        ("/spec/replicas", json!(desired)),
        ("/status/observedGeneration", json!(1)),
        ("/status/replicas", json!(counts[0])),
        ("/status/readyReplicas", json!(counts[1])),
        ("/status/availableReplicas", json!(counts[2])),
    ];
    fields.extend_from_slice(more);
    object("shop", "web", &fields)
}

fn status_written(ago: i64) -> (&'static str, Value) {
    (
        "/metadata/managedFields",
        json!([{"manager": "kube-controller-manager", "operation": "Update", "subresource": "status", "time": at(-ago)}]),
    )
}

fn refused() -> (&'static str, Value) {
    let message = "pods \"web-\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=3, limited: pods=3";
    (
        "/status/conditions",
        json!([condition("ReplicaFailure", "True", "FailedCreate", message)]),
    )
}

#[test]
fn every_replica_set_gets_its_state() {
    assert_rows::<ReplicaSet>(&[
        row("full", rs(3, [3, 3, 3], &[]), HEALTHY, "Ready", "3 of 3 ready"),
        row(
            "more than full",
            rs(2, [3, 3, 3], &[]),
            HEALTHY,
            "Ready",
            "3 of 2 ready",
        ),
        row(
            "replicas absent",
            rs(1, [1, 1, 1], &[("/spec", json!(null))]),
            HEALTHY,
            "Ready",
            "1 of 1 ready",
        ),
        row(
            "short",
            rs(3, [3, 2, 2], &[]),
            DEGRADED,
            "ReadyBelowDesired",
            "2 of 3 ready",
        ),
        row(
            "none",
            rs(3, [3, 0, 0], &[]),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 3 ready",
        ),
        row(
            "scaled to zero",
            rs(0, [0, 0, 0], &[]),
            HEALTHY,
            "ScaledToZero",
            "scaled to zero",
        ),
        row(
            "on its way to zero",
            rs(0, [1, 0, 0], &[]),
            HEALTHY,
            "ScaledToZero",
            "scaled to zero",
        )
        .notes(&["1 pod still going"]),
        row(
            "settling",
            rs(3, [3, 3, 1], &[("/spec/minReadySeconds", json!(30)), status_written(89)]),
            SETTLING,
            "Settling",
            "3 of 3 ready, 1 available: inside minReadySeconds",
        ),
        row(
            "settling for too long",
            rs(3, [3, 3, 1], &[("/spec/minReadySeconds", json!(30)), status_written(90)]),
            DEGRADED,
            "AvailableBelowDesired",
            "3 of 3 ready, 1 available: too few for longer than minReadySeconds (30)",
        ),
        row(
            "no observedGeneration",
            rs(3, [3, 3, 3], &[("/status/observedGeneration", json!(null))]),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
        )
        .notes(&["its control plane writes no observedGeneration, so whether its counts are of generation 1 is not known"]),
        row(
            "new",
            rs(3, [3, 1, 1], &[aged(10)]),
            PROGRESSING,
            "PodsStarting",
            "1 of 3 ready, 2 starting",
        )
        .notes(&["podsNotSeen"]),
        row(
            "new and refused",
            rs(3, [1, 1, 1], &[aged(10), refused()]),
            DEGRADED,
            "ReadyBelowDesired",
            "1 of 3 ready",
        ),
        row(
            "not observed yet",
            rs(3, [2, 2, 2], &[("/metadata/generation", json!(2))]),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 2 yet (observed: 1)",
        ),
        row(
            "never observed",
            rs(3, [0, 0, 0], &[("/status", json!({"replicas": 0}))]),
            UNAVAILABLE,
            "ControllerNotObserving",
            "its controller does not act: generation 1 is not observed (observed: none yet)",
        ),
        row(
            "more ready than there are",
            rs(3, [2, 3, 3], &[]),
            UNKNOWN,
            "Malformed",
            "malformed: readyReplicas 3 is more than replicas 2",
        ),
        row(
            "negative",
            rs(-1, [0, 0, 0], &[]),
            UNKNOWN,
            "Malformed",
            "malformed: spec.replicas is -1",
        ),
        row(
            "being deleted",
            rs(3, [3, 3, 3], &[deleting()]),
            TERMINATING,
            "Deleting",
            "being deleted",
        ),
        row(
            "a manifest",
            json!({"metadata": {"name": "web"}, "spec": {"replicas": 3}}),
            UNKNOWN,
            "Manifest",
            "has neither status nor generation: a manifest, not an object of a cluster",
        ),
    ]);
}

#[test]
fn a_refusal_of_the_api_server_is_the_cause_of_a_shortage() {
    let item = judge::<ReplicaSet>(&rs(4, [3, 3, 3], &[refused()]));
    let causes: Vec<_> = item
        .causes
        .iter()
        .map(|c| (c.code.as_str(), c.subject.clone()))
        .collect();
    assert_eq!(causes, [("Quota", Some("ResourceQuota/shop/compute".into()))]);
    assert_eq!(judge::<ReplicaSet>(&rs(3, [3, 3, 3], &[refused()])).causes, []);
}

#[test]
fn a_replica_set_is_judged_by_itself_unless_it_has_a_controller() {
    let answers = |value: &Value| view::<ReplicaSet>(value).is_judged_by_default();
    assert!(answers(&rs(1, [1, 1, 1], &[])));
    assert!(!answers(&rs(1, [1, 1, 1], &[owned("Deployment")])));
}
