use crate::*;
use sre_shared::resource::PodDisruptionBudget;

/// `[expected, healthy, wanted, allowed]` of the status.
fn pdb(counts: [i64; 4], more: &[(&str, Value)]) -> Value {
    let mut fields = vec![
        ("/metadata/generation", json!(1)),
        ("/status/observedGeneration", json!(1)),
        ("/status/expectedPods", json!(counts[0])),
        ("/status/currentHealthy", json!(counts[1])),
        ("/status/desiredHealthy", json!(counts[2])),
        ("/status/disruptionsAllowed", json!(counts[3])),
    ];
    fields.extend_from_slice(more);
    object("shop", "web", &fields)
}

#[test]
fn every_budget_gets_its_state() {
    let failed = (
        "/status/conditions",
        json!([condition(
            "DisruptionAllowed",
            "False",
            "SyncFailed",
            "found no controllers for pod \"web-1\""
        )]),
    );
    let enough = (
        "/status/conditions",
        json!([condition("DisruptionAllowed", "False", "InsufficientPods", "")]),
    );
    let stale = ("/metadata/generation", json!(2));
    assert_rows::<PodDisruptionBudget>(&[
        row(
            "room",
            pdb([3, 3, 2, 1], &[]),
            HEALTHY,
            "DisruptionAllowed",
            "3 healthy, 2 wanted, 1 may be evicted",
        ),
        row(
            "at its limit",
            pdb([2, 2, 2, 0], &[enough.clone()]),
            HEALTHY,
            "NoDisruptionAllowed",
            "2 healthy, 2 wanted, 0 may be evicted",
        )
        .notes(&["no pod may be evicted, a drain waits"]),
        row(
            "below it",
            pdb([3, 1, 2, 0], &[enough]),
            HEALTHY,
            "BelowDesiredHealthy",
            "1 healthy, 2 wanted, 0 may be evicted",
        )
        .warns(&["1 of 2 wanted pods are healthy: none may be evicted, a drain waits"]),
        row(
            "none healthy",
            pdb([3, 0, 2, 0], &[]),
            HEALTHY,
            "BelowDesiredHealthy",
            "0 healthy, 2 wanted, 0 may be evicted",
        )
        .warns(&["0 of 2 wanted pods are healthy: none may be evicted, a drain waits"]),
        row(
            "of no pod",
            pdb([0, 0, 0, 0], &[]),
            HEALTHY,
            "NoPods",
            "no pod is meant",
        ),
        row(
            "of a workload scaled to zero",
            pdb([0, 0, 2, 0], &[]),
            HEALTHY,
            "NoPods",
            "no pod is meant",
        ),
        row(
            "not worked out",
            pdb([0, 0, 0, 0], &[failed.clone()]),
            DEGRADED,
            "SyncFailed",
            "SyncFailed: found no controllers for pod \"web-1\"",
        ),
        row(
            "not worked out and never observed",
            pdb(
                [0, 0, 0, 0],
                &[failed, ("/status/observedGeneration", json!(null))],
            ),
            DEGRADED,
            "SyncFailed",
            "SyncFailed: found no controllers for pod \"web-1\"",
        ),
        row(
            "a newer spec",
            pdb([3, 1, 2, 0], &[stale]),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 2 yet (observed: 1)",
        ),
        row(
            "never observed",
            pdb([0, 0, 0, 0], &[("/status", json!({"disruptionsAllowed": 0}))]),
            DEGRADED,
            "ControllerNotObserving",
            "its controller does not act: generation 1 is not observed (observed: none yet)",
        ),
        row(
            "negative",
            pdb([3, -1, 2, 0], &[]),
            UNKNOWN,
            "Malformed",
            "malformed: status.currentHealthy is -1",
        ),
        row(
            "being deleted",
            pdb([3, 1, 2, 0], &[deleting()]),
            TERMINATING,
            "Deleting",
            "being deleted",
        ),
        row(
            "a manifest",
            json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"minAvailable": 2}}),
            UNKNOWN,
            "Manifest",
            "has neither uid nor creation time: a manifest, not an object of a cluster",
        ),
    ]);
}
