//! Verdicts that depend on time: every "not yet" has an end, a problem has its beginning, and a recovery has its age.

use super::judge::{screen, verdict};

#[test]
fn pods_that_are_ready_and_never_available_are_degraded_once_their_time_is_over() {
    assert_eq!(
        verdict("r27b-dep-available.json", &[]),
        "exit 2\n\
         Deployment shop/alpine degraded AvailableBelowDesired: 2 of 2 ready, 1 available: too few for longer than minReadySeconds (30)"
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
fn a_ready_condition_that_the_kubelet_has_not_written_again_is_named() {
    assert_eq!(
        verdict("r37-ready-false-containers-ready.json", &[]),
        "exit 2\n\
         StatefulSet shop/alertmanager unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         ReadyNotWritten: only its Ready condition is False: all its containers are ready (ContainersReady is True), and \
         the kubelet of node node-a has not written Ready again"
    );
}

#[test]
fn settling_ends_when_the_pods_had_their_time_to_become_available() {
    // Degraded: pods that have been ready for three minutes with minReadySeconds 7, pods that became ready again ten seconds
    // ago after often failing within 20 minutes, and pods of other kinds like them. Still settling: a pod that took long to
    // start, and one that has just become ready.
    assert_eq!(
        verdict("time-available.json", &[]),
        "exit 2\n\
         Deployment shop/fresh progressing Settling: 2 of 2 ready, 1 available: inside minReadySeconds\n\
         Deployment shop/late degraded AvailableBelowDesired: 2 of 2 ready, 0 available: too few for longer than minReadySeconds (7)\n\
         Deployment shop/slow progressing Settling: 1 of 1 ready, 0 available: inside minReadySeconds\n\
         Deployment shop/unsteady degraded AvailableBelowDesired: 1 of 1 ready, 0 available: too few for longer than minReadySeconds (60)\n\
         StatefulSet shop/cache degraded AvailableBelowDesired: 2 of 2 ready, 1 available: too few for longer than minReadySeconds (30)\n\
         DaemonSet shop/shipper degraded AvailableBelowDesired: 2 of 2 ready, 1 available: too few for longer than minReadySeconds (5)"
    );
}

#[test]
fn a_pod_that_crashes_repeatedly_is_not_ok_while_it_happens_to_run() {
    // These are healthy: scaled up from 0, rolled out, back for a minute, and restarted hours ago.
    assert_eq!(
        verdict("time-flapping.json", &[]),
        "exit 1\n\
         Deployment shop/flapper progressing JustRecovered: 1 of 1 ready, back for 20 s\n  \
         CrashLoop: container app exited 1 (3 restarts): lost lease\n\
         Deployment shop/often healthy Ready: 1 of 1 ready\n  \
         warning: restarted within the last 10 min: container app exited 2 (6 restarts): cannot bind\n\
         StatefulSet shop/queue progressing JustRecovered: 1 of 1 ready, back for 15 s\n  \
         OutOfMemory: container app ran out of memory: it has no limit of its own, so its node had none left (4 restarts)"
    );
    assert_eq!(
        verdict("time-flapping.json", &["pods/worker"]),
        "exit 1\n\
         Pod shop/worker progressing JustRecovered: ready, back for 30 s\n  \
         CrashLoop: container app exited 7 (2 restarts): no license"
    );
    let screen = screen("time-flapping.json", &["deploy"]);
    assert!(
        screen.contains(
            "\n~ shop/flapper  1/1 ready  back for 20 s\n    \
             CrashLoop: container app exited 1 (3 restarts): lost lease, last 30 s ago\n"
        ),
        "{screen}"
    );
}

#[test]
fn since_is_the_first_moment_and_a_crash_also_has_its_last() {
    let screen = screen("time-since.json", &[]);
    for line in [
        "\n✗ shop/front   0/2 ready  ImagePull: container app: registry.example/app:1: not found, for 11 min\n",
        "\n✗ shop/looper  0/1 ready  CrashLoop: container app exited 1 (10 restarts), for 28 min, last 40 s ago\n",
    ] {
        assert!(screen.contains(line), "{line} in {screen}");
    }
}

#[test]
fn a_container_that_its_probe_ends_has_that_cause_however_old_the_event_is() {
    // The probe did not end a container that has no probe or that ended with an exit code of its own.
    assert_eq!(
        verdict("time-probes.json", &[]),
        "exit 2\n\
         Deployment shop/boot unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         StartupProbe: container app: the kubelet ended it for its startup probe (9 restarts)\n\
         Deployment shop/fails unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         CrashLoop: container app exited 1 (9 restarts)\n\
         Deployment shop/plain unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         CrashLoop: container app was killed by signal 9 (9 restarts)\n\
         Deployment shop/silent unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         LivenessProbe: container app: the kubelet ended it for its liveness probe (9 restarts)\n\
         Deployment shop/web unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         LivenessProbe: container app: HTTP probe failed with statuscode: 503 (9 restarts)"
    );
}

#[test]
fn only_a_broken_pod_that_the_controller_waits_for_is_to_be_deleted() {
    // Only the rolled-back StatefulSet needs a pod deleted. The others have pods that are replaced in parallel, are below the
    // partition, or have the newest revision.
    assert_eq!(
        verdict("time-rollback.json", &[]),
        "exit 2\n\
         StatefulSet shop/back degraded ReadyBelowDesired: 2 of 3 ready\n  \
         ForcedRollback: pod back-2 of the old revision back-2 is not ready, and the controller waits for it before it \
         rolls out back-1: delete the pod (forced rollback)\n  \
         ImagePull: container app: x: not found\n\
         StatefulSet shop/below degraded ReadyBelowDesired: 1 of 2 ready\n  \
         ImagePull: container app: x: not found\n  \
         note: 1 of 2 updated, the others are below the partition 1\n\
         StatefulSet shop/newest degraded ReadyBelowDesired: 1 of 2 ready\n  \
         ImagePull: container app: x: not found\n\
         StatefulSet shop/parallel degraded ReadyBelowDesired: 1 of 2 ready\n  \
         ImagePull: container app: x: not found"
    );
}

#[test]
fn a_node_that_came_back_is_not_called_lost() {
    // The dump holds no node. A container that started after Ready became False shows that the kubelet works.
    assert_eq!(
        verdict("time-ready.json", &[]),
        "exit 2\n\
         Deployment shop/gated unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         ReadinessGate: readiness gate lb.example/ready: Draining\n\
         Deployment shop/lost unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         NodeNotReady: node node-a is not ready: its containers were ready when it was last heard of\n\
         Deployment shop/portal unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         ReadyNotWritten: only its Ready condition is False: all its containers are ready (ContainersReady is True), and the \
         kubelet of node node-a has not written Ready again"
    );
}

#[test]
fn counts_without_a_generation_are_not_ok_if_they_fall_short_or_are_absent() {
    let note = |generation| {
        format!(
            "note: its control plane writes no observedGeneration, so whether its counts are of generation {generation} is not known"
        )
    };
    assert_eq!(
        verdict("time-counts.json", &[]),
        format!(
            "exit 2\n\
             Deployment shop/few healthy Ready: 3 of 3 ready\n  {}\n\
             Deployment shop/nothing unavailable ControllerNotObserving: its controller does not act: generation 1 is not \
             observed (observed: none yet)\n\
             Deployment shop/spread unavailable ReadyBelowDesired: 0 of 2 ready\n  {}\n\
             DaemonSet shop/edge healthy Ready: 3 of 3 ready\n  {}",
            note(1),
            note(1),
            note(2)
        )
    );
}

#[test]
fn a_rollout_stops_being_progressing_if_no_new_pod_moves() {
    assert_eq!(
        verdict("time-rollouts.json", &[]),
        "exit 2\n\
         Deployment shop/endless degraded RolloutStalled: rollout stalled, old revision still serving: 3 of 3 ready, 2 of 3 updated\n\
         Deployment shop/rejected unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         PodFailed: UnexpectedAdmissionError: Pod was rejected: Allocate failed due to no healthy devices present\n\
         Deployment shop/renewed degraded ReadyBelowDesired: 91 of 92 ready\n\
         Deployment shop/turning progressing RolloutInProgress: 3 of 3 ready, rolling out: 2 of 3 updated\n\
         StatefulSet shop/db healthy Ready: 3 of 3 ready\n  \
         note: 0 of 3 updated, the others are below the partition 5\n\
         DaemonSet shop/proxy degraded RolloutStalled: rollout stalled, old revision still serving: 3 of 3 ready, 1 of 3 updated\n  \
         StuckDeleting: its deletion does not end: the kubelet of node node-a has not ended it"
    );
}

#[test]
fn an_old_autoscaler_has_a_minute_for_the_metrics_of_new_pods() {
    assert_eq!(
        verdict("time-metrics.json", &["hpa"]),
        "exit 2\n\
         HorizontalPodAutoscaler shop/blind degraded NoMetrics: FailedGetResourceMetric: did not receive metrics for any ready pods\n\
         HorizontalPodAutoscaler shop/warming progressing MetricsStarting: FailedGetResourceMetric: did not receive metrics for any ready pods"
    );
}

#[test]
fn crashes_of_seven_workloads_are_separate_findings_if_their_messages_differ() {
    let screen = screen("time-crashes.json", &[]);
    for (name, words) in [
        ("wa", ": cannot reach db-1"),
        ("wb", ": cannot reach db-2"),
        ("wc", ": no such topic"),
        ("wd", ""),
        ("we", ""),
        ("wf", ""),
        ("wg", ""),
    ] {
        let line = format!(
            "\n✗ shop/{name}  0/1 ready  CrashLoop: container app exited 1 (9 restarts){words}, for 5 min, last 30 s ago\n"
        );
        assert!(screen.contains(&line), "{line} in {screen}");
    }
}
