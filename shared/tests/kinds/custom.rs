use crate::*;
use sre_shared::resource::CustomObject;

fn cr(conditions: &[Value], more: &[(&str, Value)]) -> Value {
    let mut fields = vec![
        ("/metadata/generation", json!(2)),
        ("/status/observedGeneration", json!(2)),
        ("/status/conditions", json!(conditions)),
    ];
    fields.extend_from_slice(more);
    object("shop", "tls", &fields)
}

fn since(mut condition: Value, seconds: i64) -> Value {
    set(&mut condition, "/lastTransitionTime", json!(at(-seconds)));
    condition
}

fn ready(status: &str) -> Value {
    condition("Ready", status, "DoesNotExist", "Secret \"tls\" does not exist")
}

#[test]
fn every_custom_object_gets_its_state() {
    let told = "Ready: DoesNotExist: Secret \"tls\" does not exist";
    let good = condition("Ready", "True", "Issued", "");
    let reconciling = || condition("Reconciling", "True", "ProgressingWithRetry", "");
    let stalled = condition("Stalled", "True", "BuildFailed", "no such path");
    let of_generation = |generation: i64| {
        let mut condition = good.clone();
        set(&mut condition, "/observedGeneration", json!(generation));
        condition
    };
    let without = ("/status/observedGeneration", json!(null));
    let nothing = "it has no conditions, so nothing tells whether it is well";
    assert_rows::<CustomObject>(&[
        row(
            "ready",
            cr(&[good.clone()], &[]),
            HEALTHY,
            "Ready",
            "Ready: Issued",
        ),
        row(
            "not ready",
            cr(&[ready("False")], &[]),
            DEGRADED,
            "ConditionNotMet",
            told,
        ),
        row(
            "not ready for a moment",
            cr(&[since(ready("False"), 59)], &[]),
            PROGRESSING,
            "NotReadyYet",
            told,
        ),
        row(
            "not known whether ready",
            cr(&[since(ready("Unknown"), 599)], &[]),
            PROGRESSING,
            "NotReadyYet",
            told,
        ),
        row(
            "not known for long",
            cr(&[since(ready("Unknown"), 600)], &[]),
            DEGRADED,
            "ConditionNotMet",
            told,
        ),
        row(
            "stalled",
            cr(&[good.clone(), stalled], &[]),
            DEGRADED,
            "Stalled",
            "Stalled: BuildFailed: no such path",
        ),
        row(
            "available and degraded",
            cr(
                &[
                    condition("Available", "True", "", ""),
                    condition("Degraded", "True", "OperandFailed", ""),
                ],
                &[],
            ),
            DEGRADED,
            "Failed",
            "Degraded: OperandFailed",
        ),
        row(
            "not stalled",
            cr(&[good.clone(), condition("Stalled", "False", "", "")], &[]),
            HEALTHY,
            "Ready",
            "Ready: Issued",
        ),
        row(
            "reconciling",
            cr(&[since(ready("False"), 500), since(reconciling(), 500)], &[]),
            PROGRESSING,
            "Reconciling",
            "Reconciling: ProgressingWithRetry",
        ),
        row(
            "reconciling and ready",
            cr(&[good.clone(), since(reconciling(), 500)], &[]),
            SETTLING,
            "Reconciling",
            "Reconciling: ProgressingWithRetry",
        ),
        row(
            "reconciling again and again, and not ready for an hour",
            cr(&[ready("False"), since(reconciling(), 30)], &[]),
            DEGRADED,
            "ConditionNotMet",
            told,
        ),
        row(
            "reconciling in vain",
            cr(&[ready("False"), reconciling()], &[]),
            DEGRADED,
            "ConditionNotMet",
            told,
        ),
        row(
            "available",
            cr(&[condition("Available", "True", "MinimumReplicas", "")], &[]),
            HEALTHY,
            "Ready",
            "Available: MinimumReplicas",
        ),
        row(
            "not available",
            cr(&[condition("Available", "False", "", "")], &[]),
            DEGRADED,
            "ConditionNotMet",
            "Available",
        ),
        row(
            "Ready hides no other",
            cr(&[condition("Available", "False", "", ""), good.clone()], &[]),
            DEGRADED,
            "ConditionNotMet",
            "Available",
        ),
        row(
            "a newer spec",
            cr(&[good.clone()], &[("/metadata/generation", json!(3))]),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 3 yet (observed: 2)",
        ),
        row(
            "a generation written as text",
            cr(&[good.clone()], &[("/status/observedGeneration", json!("2"))]),
            HEALTHY,
            "Ready",
            "Ready: Issued",
        ),
        row(
            "only the condition tells its generation",
            cr(&[of_generation(1)], &[without.clone()]),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 2 yet (observed: 1)",
        ),
        row(
            "nothing tells its generation",
            cr(&[good.clone()], &[without]),
            HEALTHY,
            "Ready",
            "Ready: Issued",
        ),
        row("no conditions", cr(&[], &[]), UNKNOWN, "NoConditions", nothing),
        row(
            "new and no conditions",
            cr(&[], &[aged(20)]),
            PROGRESSING,
            "NotObserved",
            "its controller has not written a condition yet",
        ),
        row(
            "no status",
            object("shop", "tls", &[]),
            UNKNOWN,
            "NoConditions",
            nothing,
        ),
        row(
            "a phase alone",
            object("shop", "tls", &[("/status/phase", json!("Running"))]),
            HEALTHY,
            "Ready",
            "phase: Running",
        ),
        row(
            "a phase of its own",
            object("shop", "tls", &[("/status/phase", json!("Blue"))]),
            UNKNOWN,
            "NoConditions",
            "it has no conditions, and what it says is not known: phase is Blue",
        ),
        row(
            "a status that is a word",
            object("shop", "tls", &[("/status", json!("fine"))]),
            UNKNOWN,
            "NoConditions",
            nothing,
        ),
        row(
            "conditions of its own",
            cr(&[condition("Whatever", "True", "", ""), json!(7)], &[]),
            UNKNOWN,
            "NoConditions",
            "none of its conditions is one that tells whether it is well: Whatever",
        ),
        row(
            "a time that is none",
            cr(
                &[json!({"type": "Ready", "status": "False", "lastTransitionTime": "soon"})],
                &[],
            ),
            DEGRADED,
            "ConditionNotMet",
            "Ready",
        ),
        row(
            "being deleted",
            cr(&[ready("False")], &[deleting()]),
            TERMINATING,
            "Deleting",
            "being deleted",
        ),
        row(
            "a manifest",
            json!({"metadata": {"name": "tls"}, "spec": {}}),
            UNKNOWN,
            "Manifest",
            "has neither uid nor creation time: a manifest, not an object of a cluster",
        ),
    ]);
}

/// An object of a system with this spec and status, at its first generation.
fn of(spec: Value, status: Value) -> Value {
    object(
        "shop",
        "x",
        &[
            ("/metadata/generation", json!(1)),
            ("/spec", spec),
            ("/status", status),
        ],
    )
}

/// `Type=Status Reason`, changed an hour ago; with `@SECONDS` at the end so long ago.
fn says(conditions: &[&str]) -> Value {
    let one = |text: &&str| {
        let (text, ago) = match text.split_once('@') {
            Some((text, ago)) => (text, ago.parse().expect("seconds")),
            None => (*text, 3600),
        };
        let (kind, rest) = text.split_once('=').expect("a type and a status");
        let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        since(condition(kind, status, reason.trim(), ""), ago)
    };
    conditions.iter().map(one).collect()
}

/// The same of a controller that has acted upon it.
fn seen(spec: Value, mut status: Value) -> Value {
    status["observedGeneration"] = json!(1);
    of(spec, status)
}

fn conditions(conditions: &[&str]) -> Value {
    of(json!({}), json!({ "conditions": says(conditions) }))
}

fn annotated(mut object: Value, key: &str, value: &str) -> Value {
    object["metadata"]["annotations"] = json!({ key: value });
    object
}

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
        // What is made after Deployments.
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
        // An ApplicationSet says what has not occurred.
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
fn severity_tells_what_does_not_matter() {
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
fn what_was_stopped_because_somebody_asked_is_not_broken() {
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

#[test]
fn a_word_about_the_whole_counts_where_it_is_well_known() {
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

#[test]
fn listeners_parents_and_ancestors_speak_for_the_object() {
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
            "it has no conditions, so nothing tells whether it is well",
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
fn pods_that_are_counted_count_whatever_the_conditions_say() {
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

#[test]
fn what_is_of_an_older_spec_proves_nothing() {
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
fn a_condition_without_a_time_excuses_nothing_for_ever() {
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

#[test]
fn what_people_met_of_custom_resources_is_judged_as_a_person_would() {
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
        // A certificate that is issued for the first time is not broken, in whichever order its conditions stand.
        row(
            "the first certificate",
            conditions(&["Ready=False DoesNotExist@300", "Issuing=True DoesNotExist@300"]),
            PROGRESSING,
            "Reconciling",
            "Issuing: DoesNotExist",
        ),
        // A renewal that does not come to an end is no rollout: the certificate is valid.
        row(
            "a renewal that takes two days",
            conditions(&["Ready=True Ready@172800", "Issuing=True Renewing@172800"]),
            HEALTHY,
            "Ready",
            "Ready: Ready",
        )
        .warns(&["Issuing: Renewing, for 2880 min"]),
        // KEDA tells of the autoscaler by a condition of its own.
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
        // A Subscription that only says that its catalogs are well is not installed yet.
        row(
            "a subscription that is being installed",
            conditions(&["CatalogSourcesUnhealthy=False AllCatalogSourcesHealthy"]),
            UNKNOWN,
            "NoConditions",
            "none of its conditions is one that tells whether it is well: CatalogSourcesUnhealthy",
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
        // A count of 0 is left out, and the phase is of before.
        row("a fenced database", cluster(json!({})), UNAVAILABLE, "ReadyBelowDesired", "0 of 3 ready"),
        row("a database with a replica too few", cluster(json!({"readyInstances": 2})), DEGRADED, "ReadyBelowDesired", "2 of 3 ready"),
        row("a hibernated database", hibernation("True", "Hibernated"), SUSPENDED, "Suspended", "held on purpose: annotation cnpg.io/hibernation"),
        row("one that cannot be hibernated", hibernation("False", "WaitingForHealthy"), UNAVAILABLE, "ReadyBelowDesired", "0 of 3 ready"),
        // A broker at a time.
        row("a rolling upgrade of Kafka", state("ClusterRollingUpgrading", 300), PROGRESSING, "NotReadyYet", "state: ClusterRollingUpgrading"),
        row("the same for an hour", state("ClusterRollingUpgrading", 3600), DEGRADED, "ConditionNotMet", "state: ClusterRollingUpgrading"),
        // A proxy has one condition, and its type is in no list of readiness.
        row("a proxy of Contour", conditions(&["Valid=False ErrorPresent"]), DEGRADED, "ConditionNotMet", "Valid: ErrorPresent"),
        row("a bundle of trust", conditions(&["Synced=False SourceNotFound"]), DEGRADED, "ConditionNotMet", "Synced: SourceNotFound"),
        row(
            "a paused ScaledObject whose annotation is gone",
            conditions(&["Ready=True", "Active=True", "Paused=True ScaledObjectPaused"]),
            SUSPENDED,
            "Suspended",
            "held on purpose: Paused: ScaledObjectPaused",
        ),
        // Machines whose controllers leave zeros out.
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
