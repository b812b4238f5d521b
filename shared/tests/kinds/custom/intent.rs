//! Custom resources that somebody stopped, paused or suspended.

use super::{annotated, conditions, of, says};
use crate::*;
use sre_shared::resource::CustomObject;

#[test]
fn an_object_that_somebody_stopped_is_not_broken() {
    let vm = |spec: Value, printable: &str, conditions: &[&str]| {
        of(
            spec,
            json!({"printableStatus": printable, "conditions": says(conditions)}),
        )
    };
    let suspended = |object, message| row("", object, SUSPENDED, "Suspended", message);
    let halted = json!({"runStrategy": "Halted"});
    assert_rows::<CustomObject>(&[
        suspended(
            vm(halted.clone(), "Stopped", &["Ready=False VMINotExists"]),
            "held on purpose: spec.runStrategy is Halted",
        ),
        suspended(
            vm(json!({"running": false}), "Stopped", &["Ready=False"]),
            "held on purpose: spec.running is false",
        ),
        suspended(
            vm(
                json!({"runStrategy": "Manual"}),
                "Stopped",
                &["Ready=False VMINotExists"],
            ),
            "held on purpose: printableStatus: Stopped",
        ),
        suspended(
            vm(
                json!({"runStrategy": "Always"}),
                "Paused",
                &["Ready=False GuestNotRunning", "Paused=True PausedByUser"],
            ),
            "held on purpose: printableStatus: Paused",
        ),
        row(
            "asked to run and stopped",
            vm(
                json!({"runStrategy": "Always"}),
                "Stopped",
                &["Ready=False Stopped"],
            ),
            DEGRADED,
            "ConditionNotMet",
            "Ready: Stopped",
        ),
        row(
            "halted and failing",
            vm(
                halted,
                "Stopped",
                &["Ready=False VMINotExists", "Failure=True FailedDelete"],
            ),
            DEGRADED,
            "Failed",
            "Failure: FailedDelete",
        ),
        suspended(
            of(
                json!({"suspend": true}),
                json!({"conditions": says(&["Ready=True"])}),
            ),
            "held on purpose: spec.suspend",
        ),
        suspended(
            of(
                json!({"suspend": true}),
                json!({"conditions": says(&["Ready=False BuildFailed"])}),
            ),
            "held on purpose: spec.suspend",
        )
        .notes(&["when it was suspended: Ready: BuildFailed"]),
        suspended(
            annotated(
                conditions(&["Ready=True Available", "Synced=False ReconcilePaused"]),
                "crossplane.io/paused",
                "true",
            ),
            "held on purpose: Synced: ReconcilePaused",
        )
        .notes(&["paused: annotation crossplane.io/paused"]),
        row(
            "paused, and broken before",
            annotated(
                conditions(&["Ready=False Unavailable", "Synced=False ReconcilePaused"]),
                "crossplane.io/paused",
                "true",
            ),
            DEGRADED,
            "ConditionNotMet",
            "Ready: Unavailable",
        )
        .notes(&["paused: annotation crossplane.io/paused"]),
        suspended(
            conditions(&["ReconciliationPaused=True"]),
            "held on purpose: ReconciliationPaused",
        ),
        suspended(
            annotated(
                conditions(&["Ready=True", "Paused=True ScaledObjectPaused"]),
                "autoscaling.keda.sh/paused",
                "true",
            ),
            "held on purpose: Paused: ScaledObjectPaused",
        )
        .notes(&["paused: annotation autoscaling.keda.sh/paused"]),
        row(
            "not paused",
            annotated(conditions(&["Ready=True"]), "crossplane.io/paused", "false"),
            HEALTHY,
            "Ready",
            "Ready",
        ),
        suspended(
            of(
                json!({"replicas": 0}),
                json!({"conditions": says(&["Ready=False NoPods"])}),
            ),
            "held on purpose: no replicas are asked for",
        ),
        suspended(
            of(json!({}), json!({"health": {"status": "Suspended"}})),
            "held on purpose: health: Suspended",
        ),
    ]);
}
