//! Custom resources and Rollouts of Argo. They are judged by all their conditions and counts: a good one hides no bad one.

use super::judge::verdict;

#[test]
fn an_update_that_was_aborted_is_not_ok_though_the_stable_revision_serves() {
    assert_eq!(
        verdict("r23-rollout-aborted.json", &["rollouts.argoproj.io"]),
        "exit 2\n\
         Rollout shop/front degraded RolloutAborted: its update was aborted, the stable revision goes on serving: \
         5 of 5 ready\n  \
         RolloutAborted: Rollout aborted update to revision 16: metric \"success-rate\" assessed Failed due to \
         failed (1) > failureLimit (0)"
    );
}

#[test]
fn rollouts_that_a_dump_holds_are_judged_without_being_named() {
    for args in [&[][..], &["ro"], &["--kinds", "all"], &["rollout/front"]] {
        assert!(
            verdict("r23-rollout-aborted.json", args).starts_with("exit 2\nRollout shop/front"),
            "{args:?}"
        );
    }
    assert_eq!(verdict("rollout-paused.yaml", &[]), "exit 0");
}

#[test]
fn the_pods_of_a_rollout_show_its_causes() {
    assert_eq!(
        verdict("rollout-canary-crash.yaml", &[]),
        "exit 1\n\
         Rollout shop/pay progressing RolloutInProgress: 4 of 4 ready, rolling out: 1 of 4 updated\n  \
         CrashLoop: container app exited 1 (4 restarts)"
    );
}

#[test]
fn a_machine_that_was_halted_on_purpose_is_healthy() {
    assert_eq!(
        verdict("r55-kubevirt-stopped.json", &["virtualmachines.kubevirt.io"]),
        "exit 0"
    );
}

#[test]
fn ready_does_not_hide_that_nothing_is_synced() {
    assert_eq!(
        verdict("custom-crossplane.yaml", &["buckets.s3.aws.upbound.io"]),
        "exit 2\n\
         Bucket frozen suspended Suspended: held on purpose: Synced: ReconcilePaused\n  \
         note: paused: annotation crossplane.io/paused\n\
         Bucket invoices degraded ConditionNotMet: Synced: ReconcileError: observe failed: AccessDenied\n\
         Bucket reports degraded ConditionNotMet: LastAsyncOperation: AsyncUpdateFailure: lifecycle rule is not valid"
    );
}

#[test]
fn a_resource_that_fails_repeatedly_is_not_progressing_and_a_suspended_one_is_not_broken() {
    assert_eq!(
        verdict(
            "custom-flux.yaml",
            &["kustomizations.kustomize.toolkit.fluxcd.io"]
        ),
        "exit 2\n\
         Kustomization flux-system/apps degraded ConditionNotMet: Ready: HealthCheckFailed: timeout waiting for \
         Deployment/shop/pay\n\
         Kustomization flux-system/legacy suspended Suspended: held on purpose: spec.suspend\n  \
         note: when it was suspended: Ready: BuildFailed: no such file kustomization.yaml"
    );
}

#[test]
fn one_broken_listener_makes_a_gateway_degraded() {
    assert_eq!(
        verdict("custom-gateway.yaml", &["gateways.gateway.networking.k8s.io"]),
        "exit 2\n\
         Gateway edge/public degraded ConditionNotMet: listener https: ResolvedRefs: InvalidCertificateRef: Secret \
         edge/tls not found"
    );
}

#[test]
fn a_set_of_pods_is_judged_by_its_counts_and_its_pods_show_the_causes() {
    assert_eq!(
        verdict("custom-cloneset.yaml", &["clonesets.apps.kruise.io"]),
        "exit 2\n\
         CloneSet shop/cart degraded ReadyBelowDesired: 1 of 2 ready\n  \
         CrashLoop: container app exited 3 (12 restarts)"
    );
}
