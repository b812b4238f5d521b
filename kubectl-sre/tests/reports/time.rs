//! What depends on time: that every "not yet" has an end, since when something lasts, and what is said of what comes back.

use super::judged::{screen, verdict};

#[test]
fn pods_that_are_ready_and_never_available_are_degraded_once_their_time_is_over() {
    assert_eq!(
        verdict("r27b-dep-available.json", &[]),
        "exit 2\n\
         Deployment shop/alpine degraded AvailableBelowDesired: 2 of 2 ready, 1 available, and minReadySeconds (30) are over"
    );
}

#[test]
fn a_statefulset_that_waits_for_a_broken_pod_of_an_old_revision_names_the_forced_rollback() {
    assert_eq!(
        verdict("r30-sts-forced-rollback.json", &[]),
        "exit 2\n\
         StatefulSet shop/trino unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         ForcedRollback: pod trino-0 of the old revision trino-5f55 is not ready, and the controller waits for it before \
         it rolls out trino-7877: delete the pod (forced rollback)\n  \
         CrashLoop: container app exited 1 (12 restarts)"
    );
    let screen = screen("r30-sts-forced-rollback.json", &[]);
    assert!(
        screen.contains("\n    kubectl -n shop delete pod trino-0\n"),
        "{screen}"
    );
}

#[test]
fn counts_of_a_control_plane_that_writes_no_generation_are_believed() {
    let note = |generation| {
        format!(
            "note: its control plane writes no observedGeneration, so whether its counts are of generation {generation} is not known"
        )
    };
    assert_eq!(
        verdict("r31-karmada-sts.json", &[]),
        format!(
            "exit 0\nStatefulSet shop/cache healthy Ready: 2 of 2 ready\n  {}",
            note(1)
        )
    );
    assert_eq!(
        verdict("r31b-karmada-deployment.json", &[]),
        format!(
            "exit 0\nDeployment shop/edge healthy Ready: 3 of 3 ready\n  {}",
            note(3)
        )
    );
}

#[test]
fn a_ready_condition_that_nobody_has_written_again_is_named() {
    assert_eq!(
        verdict("r37-ready-false-containers-ready.json", &[]),
        "exit 2\n\
         StatefulSet shop/alertmanager unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         ReadyNotWritten: only its Ready condition is False: all its containers are ready (ContainersReady is True), and \
         the kubelet of node node-a has not written Ready again"
    );
}
