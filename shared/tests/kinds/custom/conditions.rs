//! The conditions of custom resources, by the systems that write them.

use super::{conditions, of, says};
use crate::*;
use sre_shared::resource::CustomObject;

#[test]
fn a_good_condition_hides_no_bad_one() {
    let bad = |conditions_of: &[&str], reason, message| {
        row("", conditions(conditions_of), DEGRADED, reason, message)
    };
    let good =
        |conditions_of: &[&str], message| row("", conditions(conditions_of), HEALTHY, "Ready", message);
    assert_rows::<CustomObject>(&[
        // Crossplane.
        bad(
            &["Ready=True Available", "Synced=False ReconcileError"],
            "ConditionNotMet",
            "Synced: ReconcileError",
        ),
        bad(
            &[
                "Ready=True Available",
                "Synced=True ReconcileSuccess",
                "LastAsyncOperation=False AsyncUpdateFailure",
            ],
            "ConditionNotMet",
            "LastAsyncOperation: AsyncUpdateFailure",
        ),
        good(
            &[
                "Ready=True Available",
                "Synced=True ReconcileSuccess",
                "AsyncOperation=False Ongoing",
            ],
            "Ready: Available",
        ),
        bad(
            &[
                "Installed=True ActivePackageRevision",
                "Healthy=False UnhealthyPackageRevision",
            ],
            "ConditionNotMet",
            "Healthy: UnhealthyPackageRevision",
        ),
        // Flux.
        bad(
            &[
                "Ready=True ReconciliationSucceeded",
                "Healthy=False HealthCheckFailed",
            ],
            "ConditionNotMet",
            "Healthy: HealthCheckFailed",
        ),
        bad(
            &[
                "Ready=False HealthCheckFailed@3600",
                "Reconciling=True ProgressingWithRetry@20",
            ],
            "ConditionNotMet",
            "Ready: HealthCheckFailed",
        ),
        good(
            &[
                "Ready=True UpgradeSucceeded",
                "Released=True UpgradeSucceeded",
                "Remediated=False",
            ],
            "Ready: UpgradeSucceeded",
        ),
        // cert-manager.
        bad(
            &[
                "Ready=False Denied",
                "Approved=False",
                "Denied=True cert-manager.io",
            ],
            "Failed",
            "Denied: cert-manager.io",
        ),
        bad(
            &[
                "InvalidRequest=True BadSubject",
                "Approved=True cert-manager.io",
                "Ready=False Pending@20",
            ],
            "Failed",
            "InvalidRequest: BadSubject",
        ),
        row(
            "",
            conditions(&["Ready=True Ready", "Issuing=False Failed"]),
            HEALTHY,
            "Ready",
            "Ready: Ready",
        )
        .warns(&["Issuing: Failed"]),
        // Cluster API, both versions of its conditions.
        bad(
            &["Available=True Available", "ControlPlaneReady=False Unreachable"],
            "ConditionNotMet",
            "ControlPlaneReady: Unreachable",
        ),
        good(
            &[
                "Available=True Available",
                "Ready=True Ready",
                "Paused=False NotPaused",
                "RollingOut=False NotRollingOut",
                "ScalingUp=False",
                "Deleting=False NotDeleting",
                "Remediating=False",
                "UpToDate=False NotUpToDate",
            ],
            "Ready: Ready",
        ),
        // KubeVirt.
        good(
            &[
                "Ready=True",
                "LiveMigratable=False DisksNotLiveMigratable",
                "AgentConnected=False",
            ],
            "Ready",
        ),
        bad(
            &["Ready=True", "Failure=True FailedCreate"],
            "Failed",
            "Failure: FailedCreate",
        ),
        bad(
            &["Ready=True", "Paused=True PausedIOError"],
            "ConditionNotMet",
            "Paused: PausedIOError",
        ),
        // Strimzi.
        bad(
            &["NotReady=True FatalProblem"],
            "Failed",
            "NotReady: FatalProblem",
        ),
        row(
            "",
            conditions(&["Ready=True", "Warning=True DeprecatedFields"]),
            HEALTHY,
            "Ready",
            "Ready",
        )
        .warns(&["Warning: DeprecatedFields"]),
        // OLM, OpenShift.
        row(
            "",
            of(
                json!({}),
                json!({"state": "AtLatestKnown", "conditions": says(&["CatalogSourcesUnhealthy=False AllCatalogSourcesHealthy"])}),
            ),
            HEALTHY,
            "Ready",
            "state: AtLatestKnown",
        ),
        bad(
            &[
                "CatalogSourcesUnhealthy=False AllCatalogSourcesHealthy",
                "ResolutionFailed=True ConstraintsNotSatisfiable",
            ],
            "Failed",
            "ResolutionFailed: ConstraintsNotSatisfiable",
        ),
        good(
            &[
                "Available=True AsExpected",
                "Progressing=False AsExpected",
                "Degraded=False",
                "Upgradeable=False AdminAck",
            ],
            "Available: AsExpected",
        ),
        bad(
            &[
                "Available=True AsExpected",
                "Progressing=False",
                "Degraded=True SyncError",
            ],
            "Failed",
            "Degraded: SyncError",
        ),
        // Kinds that are modelled on Deployments.
        bad(
            &["Available=True", "Progressing=False ProgressDeadlineExceeded"],
            "ConditionNotMet",
            "Progressing: ProgressDeadlineExceeded",
        ),
        bad(
            &["Ready=True", "Progressing=False Blocked"],
            "ConditionNotMet",
            "Progressing: Blocked",
        ),
        good(
            &[
                "Available=True",
                "Progressing=True NewReplicationControllerAvailable@5",
            ],
            "Available",
        ),
        // KEDA.
        good(
            &[
                "Ready=True ScaledObjectReady",
                "Active=False ScalerNotActive",
                "Fallback=False NoFallbackFound",
                "Paused=Unknown",
            ],
            "Ready: ScaledObjectReady",
        ),
        bad(
            &[
                "Ready=True ScaledObjectReady",
                "Active=True",
                "Fallback=True FallbackExists",
            ],
            "Failed",
            "Fallback: FallbackExists",
        ),
        // CloudNativePG, Karmada, Tekton, Prometheus.
        bad(
            &[
                "Ready=True ClusterIsReady",
                "ContinuousArchiving=False ContinuousArchivingFailing",
            ],
            "ConditionNotMet",
            "ContinuousArchiving: ContinuousArchivingFailing",
        ),
        bad(
            &["Applied=False AppliedFailed"],
            "ConditionNotMet",
            "Applied: AppliedFailed",
        ),
        bad(
            &["Succeeded=False Failed"],
            "ConditionNotMet",
            "Succeeded: Failed",
        ),
        row(
            "",
            conditions(&["Succeeded=Unknown Running"]),
            HEALTHY,
            "Running",
            "Succeeded: Running",
        ),
        row(
            "",
            conditions(&["Succeeded=False PipelineRunCancelled"]),
            SUSPENDED,
            "Suspended",
            "held on purpose: Succeeded: PipelineRunCancelled",
        ),
        bad(
            &["Reconciled=True", "Available=Degraded SomePodsNotReady"],
            "ConditionNotMet",
            "Available: SomePodsNotReady",
        ),
        // Karpenter, CustomResourceDefinitions.
        good(
            &[
                "Ready=True",
                "Launched=True",
                "Drifted=True",
                "Consolidatable=True",
                "Drained=Unknown",
            ],
            "Ready",
        ),
        good(
            &[
                "NamesAccepted=True NoConflicts",
                "Established=True InitialNamesAccepted",
                "Terminating=False",
            ],
            "Established: InitialNamesAccepted",
        ),
        bad(
            &["NamesAccepted=False PluralConflict", "Established=True"],
            "ConditionNotMet",
            "NamesAccepted: PluralConflict",
        ),
        // An ApplicationSet has conditions for events that have not occurred.
        good(
            &[
                "ErrorOccurred=False ApplicationSetUpToDate",
                "ParametersGenerated=True",
                "ResourcesUpToDate=True",
            ],
            "ParametersGenerated",
        ),
        bad(
            &[
                "ErrorOccurred=True ApplicationGenerationError",
                "ParametersGenerated=False",
            ],
            "Failed",
            "ErrorOccurred: ApplicationGenerationError",
        ),
    ]);
}

#[test]
fn severity_says_which_condition_does_not_matter() {
    let with = |severity: &str, summary: &str| {
        let mut all = says(&[summary, "ServiceReady=False NoTraffic"]);
        all[1]["severity"] = json!(severity);
        of(json!({}), json!({ "conditions": all }))
    };
    assert_rows::<CustomObject>(&[
        row("info", with("Info", "Ready=True"), HEALTHY, "Ready", "Ready"),
        row(
            "warning",
            with("Warning", "Ready=True"),
            HEALTHY,
            "Ready",
            "Ready",
        )
        .warns(&["ServiceReady: NoTraffic"]),
        row(
            "error",
            with("Error", "Ready=True"),
            DEGRADED,
            "ConditionNotMet",
            "ServiceReady: NoTraffic",
        ),
        row(
            "warning and not ready",
            with("Warning", "Ready=False Waiting"),
            DEGRADED,
            "ConditionNotMet",
            "Ready: Waiting",
        ),
    ]);
}

#[test]
fn listeners_parents_and_ancestors_count_for_the_object() {
    let route = |one: &[&str], other: &[&str]| {
        let parents = json!([
            {"parentRef": {"name": "public"}, "conditions": says(one)},
            {"parentRef": {"name": "private"}, "conditions": says(other)},
        ]);
        of(json!({}), json!({ "parents": parents }))
    };
    let well = ["Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs"];
    let gateway = |listener: &[&str]| {
        let listeners = json!([{"name": "http", "conditions": says(&["Programmed=True", "Conflicted=False"])}, {"name": "https", "conditions": says(listener)}]);
        of(
            json!({}),
            json!({"conditions": says(&["Accepted=True", "Programmed=True Programmed"]), "listeners": listeners}),
        )
    };
    let many: Vec<&str> = std::iter::repeat_n("Ready=True", 1030).collect();
    assert_rows::<CustomObject>(&[
        row(
            "a route",
            route(&well, &well),
            HEALTHY,
            "Ready",
            "parent public: Accepted: Accepted",
        ),
        row(
            "one parent does not take it",
            route(&well, &["Accepted=False NotAllowedByListeners"]),
            DEGRADED,
            "ConditionNotMet",
            "parent private: Accepted: NotAllowedByListeners",
        ),
        row(
            "a backend that is not there",
            route(&well, &["Accepted=True", "ResolvedRefs=False BackendNotFound"]),
            DEGRADED,
            "ConditionNotMet",
            "parent private: ResolvedRefs: BackendNotFound",
        ),
        row(
            "nobody has taken it",
            of(json!({}), json!({"parents": []})),
            UNKNOWN,
            "NoConditions",
            "it has no conditions, so nothing says whether it is well",
        ),
        row(
            "a gateway",
            gateway(&["Programmed=True", "Conflicted=False"]),
            HEALTHY,
            "Ready",
            "Programmed: Programmed",
        ),
        row(
            "one listener without a certificate",
            gateway(&[
                "Programmed=False Invalid",
                "ResolvedRefs=False InvalidCertificateRef",
            ]),
            DEGRADED,
            "ConditionNotMet",
            "listener https: Programmed: Invalid",
        ),
        row(
            "a policy",
            of(
                json!({}),
                json!({"ancestors": [{"ancestorRef": {"name": "public"}, "conditions": says(&["Accepted=False Conflicted"])}]}),
            ),
            DEGRADED,
            "ConditionNotMet",
            "ancestor public: Accepted: Conflicted",
        ),
        row(
            "more than are read",
            conditions(&many),
            UNKNOWN,
            "NoConditions",
            "it has more conditions than are read",
        ),
    ]);
}

#[test]
fn a_status_of_an_older_spec_proves_nothing() {
    let of_generations = |status: Option<i64>, ready: (&str, i64), synced: (&str, i64), written: i64| {
        let condition = |kind: &str, (status, generation): (&str, i64)| {
            let mut condition = says(&[&format!("{kind}={status}")])[0].clone();
            condition["observedGeneration"] = json!(generation);
            condition
        };
        let mut object = of(
            json!({}),
            json!({"conditions": [condition("Ready", ready), condition("Synced", synced)]}),
        );
        set(&mut object, "/metadata/generation", json!(3));
        object["metadata"]["managedFields"] = json!([{"time": at(-written), "manager": "kubectl"}]);
        if let Some(status) = status {
            object["status"]["observedGeneration"] = json!(status);
        }
        object
    };
    assert_rows::<CustomObject>(&[
        row(
            "good of the second",
            of_generations(Some(3), ("True", 2), ("True", 3), 20),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 3 yet (observed: 2)",
        ),
        row(
            "good of the second, for an hour",
            of_generations(Some(3), ("True", 2), ("True", 3), 3600),
            DEGRADED,
            "ControllerNotObserving",
            "its controller does not act: generation 3 is not observed (observed: 2)",
        ),
        row(
            "another of the second",
            of_generations(None, ("True", 3), ("False", 2), 20),
            HEALTHY,
            "Ready",
            "Ready",
        ),
        row(
            "another of the second, for an hour",
            of_generations(None, ("True", 3), ("False", 2), 3600),
            DEGRADED,
            "ConditionNotMet",
            "Synced",
        ),
    ]);
}

#[test]
fn a_condition_without_a_time_does_not_excuse_for_ever() {
    let without = |status: &str, kind: &str, age: i64| {
        let mut object = of(
            json!({}),
            json!({"conditions": [{"type": kind, "status": status, "lastHeartbeatTime": at(-1)}]}),
        );
        set(&mut object, "/metadata/creationTimestamp", json!(at(-age)));
        object
    };
    assert_rows::<CustomObject>(&[
        row(
            "new",
            without("False", "Ready", 30),
            PROGRESSING,
            "NotReadyYet",
            "Ready",
        ),
        row(
            "old",
            without("False", "Ready", 90),
            DEGRADED,
            "ConditionNotMet",
            "Ready",
        ),
        row(
            "not known",
            without("Unknown", "Ready", 900),
            DEGRADED,
            "ConditionNotMet",
            "Ready",
        ),
    ]);
}
