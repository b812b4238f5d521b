//! Words such as `status.phase`.

use super::{of, says};
use crate::*;
use sre_shared::resource::CustomObject;

#[test]
fn a_word_about_the_whole_object_counts_if_it_is_well_known() {
    let word = |status| of(json!({}), status);
    let warned = |status, message, warning| row("", word(status), HEALTHY, "Ready", message).warns(warning);
    assert_rows::<CustomObject>(&[
        row("velero", word(json!({"phase": "PartiallyFailed"})), DEGRADED, "Failed", "phase: PartiallyFailed"),
        row("velero, well", word(json!({"phase": "Completed"})), HEALTHY, "Ready", "phase: Completed"),
        row("an order", word(json!({"state": "invalid", "reason": "the name does not resolve"})), DEGRADED, "Failed", "state: invalid: the name does not resolve"),
        row("an order, well", word(json!({"state": "valid"})), HEALTHY, "Ready", "state: valid"),
        row("olm", word(json!({"phase": "Failed", "message": "install timeout", "conditions": [{"phase": "Failed"}]})), DEGRADED, "Failed", "phase: Failed: install timeout"),
        row("olm, well", word(json!({"phase": "Succeeded", "conditions": [{"phase": "Succeeded"}]})), HEALTHY, "Ready", "phase: Succeeded"),
        row("spark", word(json!({"applicationState": {"state": "SUBMISSION_FAILED", "errorMessage": "no such class"}})), DEGRADED, "Failed", "applicationState: SUBMISSION_FAILED: no such class"),
        row("volcano", word(json!({"state": {"phase": "Aborted"}})), DEGRADED, "Failed", "state: Aborted"),
        row("elastic, red", word(json!({"health": "red", "phase": "Ready"})), DEGRADED, "Failed", "health: red"),
        warned(json!({"health": "yellow", "phase": "Ready"}), "phase: Ready", &["health: yellow"]),
        row("elastic, green", word(json!({"health": "green", "phase": "Ready"})), HEALTHY, "Ready", "phase: Ready"),
        row("postgres", word(json!({"phase": "Cluster in healthy state"})), HEALTHY, "Ready", "phase: Cluster in healthy state"),
        row("postgres of Zalando", word(json!({"PostgresClusterStatus": "CreateFailed"})), DEGRADED, "Failed", "PostgresClusterStatus: CreateFailed"),
        row("ceph", word(json!({"phase": "Ready", "ceph": {"health": "HEALTH_ERR"}})), DEGRADED, "Failed", "ceph: HEALTH_ERR"),
        row("pending for a day", word(json!({"phase": "Pending"})), DEGRADED, "ConditionNotMet", "phase: Pending"),
        row("a snapshot", word(json!({"readyToUse": true})), HEALTHY, "Ready", "status.ready is true"),
        row("a snapshot that fails", word(json!({"readyToUse": false, "error": {"message": "no driver"}})), DEGRADED, "Failed", "no driver"),
        row("a machine", word(json!({"phase": "Running", "failureReason": "CreateError", "failureMessage": "no quota"})), DEGRADED, "Failed", "CreateError: no quota"),
        row("bad beside Ready", word(json!({"phase": "Failed", "conditions": says(&["Ready=True"])})), DEGRADED, "Failed", "phase: Failed"),
        row("under way beside Ready", word(json!({"phase": "Updating", "conditions": says(&["Ready=True"])})), HEALTHY, "Ready", "Ready"),
        // Argo CD.
        row("an application", word(json!({"health": {"status": "Healthy"}, "sync": {"status": "Synced"}})), HEALTHY, "Ready", "health: Healthy"),
        warned(json!({"health": {"status": "Healthy"}, "sync": {"status": "OutOfSync"}}), "health: Healthy", &["sync: OutOfSync"]),
        row("an application that is degraded", word(json!({"health": {"status": "Degraded", "message": "web"}, "sync": {"status": "Synced"}})), DEGRADED, "Failed", "health: Degraded: web"),
        row(
            "an application with an error",
            word(json!({"health": {"status": "Healthy"}, "sync": {"status": "Unknown"}, "conditions": [{"type": "ComparisonError", "message": "no such repository"}]})),
            DEGRADED,
            "Failed",
            "ComparisonError: no such repository",
        ),
        row(
            "an application whose last operation failed",
            word(json!({"health": {"status": "Healthy"}, "sync": {"status": "Synced"}, "operationState": {"phase": "Failed", "message": "hook"}})),
            HEALTHY,
            "Ready",
            "health: Healthy",
        )
        .warns(&["operationState: Failed: hook"]),
        row(
            "an application that progresses",
            word(json!({"health": {"status": "Progressing", "lastTransitionTime": at(-300)}})),
            PROGRESSING,
            "NotReadyYet",
            "health: Progressing",
        ),
        row(
            "an application that progresses for ever",
            word(json!({"health": {"status": "Progressing", "lastTransitionTime": at(-700)}})),
            DEGRADED,
            "ConditionNotMet",
            "health: Progressing",
        ),
    ]);
}
