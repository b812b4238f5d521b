//! Causes: which end a wait, and after how long.

use crate::story::{Story, failing, stamp};
use serde_json::{Value, json};
use sre_shared::follow::WaitRules;
use std::time::Duration;

fn cause(code: &str, fields: Value) -> Value {
    let mut cause = json!({"code": code, "message": format!("the words of {code}"), "count": 1});
    for (key, value) in fields.as_object().expect("fields") {
        cause[key] = value.clone();
    }
    cause
}

/// When the wait ends if nothing changes any more, and with which code.
fn ends(grace: u64, cause: Value) -> (i64, u8) {
    let mut story = Story::new(WaitRules {
        grace: Duration::from_secs(grace),
        ..WaitRules::default()
    });
    story.items(0, &[failing(cause)]);
    let (seconds, code, _) = story.runs_out(0);
    (seconds, code)
}

#[test]
fn a_cause_that_does_not_pass_ends_the_wait_after_a_confirmation_and_another_after_the_grace() {
    let rows = [
        // Somebody has to change the template, the namespace or the image.
        ("PodSecurity", json!({}), (10, 2)),
        ("LimitRange", json!({}), (10, 2)),
        ("ImagePull", json!({"passes": "no"}), (10, 2)),
        ("ContainerCreate", json!({"passes": "no"}), (10, 2)),
        // Somebody may create it, make room, or repair it.
        ("ServiceAccount", json!({}), (120, 2)),
        ("ContainerConfig", json!({}), (120, 2)),
        ("Quota", json!({}), (120, 2)),
        ("ImagePull", json!({}), (120, 2)),
        ("AdmissionWebhook", json!({}), (120, 2)),
        ("Sandbox", json!({}), (120, 2)),
        ("VolumeMount", json!({}), (120, 2)),
        ("VolumeClaim", json!({}), (120, 2)),
        ("Unschedulable", json!({}), (120, 2)),
        ("FailedCreate", json!({}), (120, 2)),
        ("ReplicaSetCreateError", json!({}), (120, 2)),
        // A node is on its way.
        ("Unschedulable", json!({"nodeOrdered": stamp(-60)}), (540, 2)),
        // The pods run: the workload's own deadline counts, and the controller of a Deployment reports it itself.
        ("ReadinessProbe", json!({}), (630, 2)),
        ("NotReady", json!({}), (630, 2)),
        // In some pods: the wait goes on.
        ("CrashLoop", json!({}), (630, 2)),
        ("OutOfMemory", json!({}), (630, 2)),
        // The pods of the old revision are replaced.
        ("ImagePull", json!({"passes": "no", "newest": 0}), (630, 2)),
    ];
    for (code, fields, expected) in rows {
        assert_eq!(
            ends(120, cause(code, fields.clone())),
            expected,
            "{code} {fields}"
        );
    }
    assert_eq!(
        ends(0, cause("Quota", json!({}))),
        (0, 2),
        "a grace of 0 is strict"
    );
    assert_eq!(ends(0, cause("PodSecurity", json!({}))), (10, 2));
}
