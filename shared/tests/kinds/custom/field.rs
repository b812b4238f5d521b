//! Custom resources from the field.

use super::{annotated, conditions, of, says};
use crate::*;
use sre_shared::resource::CustomObject;

#[test]
fn custom_resources_from_the_field_are_judged_as_a_person_would() {
    let cluster = |more: Value| {
        let mut status = json!({"phase": "Cluster in healthy state", "instances": 3});
        for (key, value) in more.as_object().into_iter().flatten() {
            status[key] = value.clone();
        }
        of(json!({"instances": 3}), status)
    };
    let hibernation = |status: &str, reason: &str| {
        let conditions = json!([condition("cnpg.io/hibernation", status, reason, "")]);
        annotated(
            cluster(json!({ "conditions": conditions })),
            "cnpg.io/hibernation",
            "on",
        )
    };
    let state = |word: &str, ago: i64| {
        let mut object = of(json!({}), json!({ "state": word }));
        object["metadata"]["managedFields"] =
            json!([{"subresource": "status", "time": at(-ago), "manager": "x"}]);
        object
    };
    assert_rows::<CustomObject>(&[
        // A certificate that is issued for the first time is not broken, in any order of its conditions.
        row(
            "the first certificate",
            conditions(&["Ready=False DoesNotExist@300", "Issuing=True DoesNotExist@300"]),
            PROGRESSING,
            "Reconciling",
            "Issuing: DoesNotExist",
        ),
        // A renewal that does not end is not a rollout: the certificate is valid.
        row(
            "a renewal that takes two days",
            conditions(&["Ready=True Ready@172800", "Issuing=True Renewing@172800"]),
            HEALTHY,
            "Ready",
            "Ready: Ready",
        )
        .warns(&["Issuing: Renewing, for 2880 min"]),
        // KEDA has a condition about the autoscaler.
        row(
            "an autoscaler without metrics",
            conditions(&["Ready=True ScaledObjectReady", "HPAActive=False HPAMetricsUnavailable"]),
            DEGRADED,
            "ConditionNotMet",
            "HPAActive: HPAMetricsUnavailable",
        ),
        row(
            "an autoscaler at zero",
            conditions(&["Ready=True ScaledObjectReady", "HPAActive=False ScalingDisabled"]),
            HEALTHY,
            "Ready",
            "Ready: ScaledObjectReady",
        ),
        row(
            "metrics that are away for half a minute of a rollout",
            conditions(&["Ready=False HPAMetricsUnavailable@30", "Active=True"]),
            PROGRESSING,
            "NotReadyYet",
            "Ready: HPAMetricsUnavailable",
        ),
        // A Subscription whose only condition is about its catalogs is not installed yet.
        row(
            "a subscription that is being installed",
            conditions(&["CatalogSourcesUnhealthy=False AllCatalogSourcesHealthy"]),
            UNKNOWN,
            "NoConditions",
            "none of its conditions says whether it is well: CatalogSourcesUnhealthy",
        ),
        row(
            "a subscription that waits for an approval",
            of(
                json!({}),
                json!({"state": "UpgradePending", "conditions": says(&["InstallPlanPending=True RequiresApproval", "CatalogSourcesUnhealthy=False"])}),
            ),
            HEALTHY,
            "Ready",
            "state: UpgradePending",
        ),
        // A count of 0 is omitted, and the phase is old.
        row("a fenced database", cluster(json!({})), UNAVAILABLE, "ReadyBelowDesired", "0 of 3 ready"),
        row("a database with a replica too few", cluster(json!({"readyInstances": 2})), DEGRADED, "ReadyBelowDesired", "2 of 3 ready"),
        row("a hibernated database", hibernation("True", "Hibernated"), SUSPENDED, "Suspended", "held on purpose: annotation cnpg.io/hibernation"),
        row("one that cannot be hibernated", hibernation("False", "WaitingForHealthy"), UNAVAILABLE, "ReadyBelowDesired", "0 of 3 ready"),
        // One broker at a time is restarted.
        row("a rolling upgrade of Kafka", state("ClusterRollingUpgrading", 300), PROGRESSING, "NotReadyYet", "state: ClusterRollingUpgrading"),
        row("the same for an hour", state("ClusterRollingUpgrading", 3600), DEGRADED, "ConditionNotMet", "state: ClusterRollingUpgrading"),
        // A proxy has one condition, whose type is in no list of words about readiness.
        row("a proxy of Contour", conditions(&["Valid=False ErrorPresent"]), DEGRADED, "ConditionNotMet", "Valid: ErrorPresent"),
        row("a bundle of trust", conditions(&["Synced=False SourceNotFound"]), DEGRADED, "ConditionNotMet", "Synced: SourceNotFound"),
        row(
            "a paused ScaledObject whose annotation is gone",
            conditions(&["Ready=True", "Active=True", "Paused=True ScaledObjectPaused"]),
            SUSPENDED,
            "Suspended",
            "held on purpose: Paused: ScaledObjectPaused",
        ),
        // Machines whose controllers omit zeros.
        row(
            "a set of machines without any that is ready",
            of(json!({"replicas": 2}), json!({"replicas": 2, "fullyLabeledReplicas": 2, "observedGeneration": 1})),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 2 ready",
        ),
        row(
            "a set of a control plane that writes no generation",
            of(json!({"replicas": 2}), json!({"replicas": 2, "readyReplicas": 2, "updatedReplicas": 2})),
            HEALTHY,
            "Ready",
            "2 of 2 ready",
        )
        .notes(&["its control plane writes no observedGeneration, so whether its counts are of generation 1 is not known"]),
    ]);
}
