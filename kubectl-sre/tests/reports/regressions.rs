//! Verdicts that have always been right and must stay so.

use super::judge::verdict;

#[test]
fn layouts_of_must_gather_and_of_inspect_are_read() {
    for name in ["r07-must-gather", "r08-inspect-no-podlist"] {
        assert_eq!(
            verdict(name, &[]),
            "exit 2\n\
             Deployment shop/pay unavailable ReadyBelowDesired: 0 of 2 ready\n  \
             CrashLoop: container app exited 1 (9 restarts)"
        );
    }
}

#[test]
fn a_warning_is_no_failure_and_neither_is_a_starting_pod() {
    assert_eq!(
        verdict("r28-ds-noschedule.json", &[]),
        "exit 0\n\
         DaemonSet shop/agent healthy Ready: 3 of 3 ready\n  \
         warning: 2 nodes run a pod they should not"
    );
    assert_eq!(
        verdict("r33-node-shutdown.json", &[]),
        "exit 1\n\
         Deployment shop/late progressing PodsStarting: 2 of 3 ready, 1 starting\n  \
         PodFailed: Terminated: Pod was terminated in response to imminent node shutdown."
    );
}

#[test]
fn a_quota_that_keeps_a_statefulset_short_is_its_cause() {
    assert_eq!(
        verdict("r52-sts-quota.json", &[]),
        "exit 2\n\
         StatefulSet shop/busybox degraded ReadyBelowDesired: 1 of 3 ready\n  \
         Quota: quota pods-two: pods 2 of 2 used, 1 more asked"
    );
}

#[test]
fn objects_that_are_as_their_spec_asks_are_ok() {
    for (name, args) in [
        ("r16-keda.json", &["--kinds", "all"][..]),
        ("r54-hpa-floor.json", &["hpa"]),
        ("r61-service-two-workloads.json", &["svc"]),
        ("r62-publish-not-ready.json", &["svc"]),
    ] {
        assert_eq!(verdict(name, args), "exit 0", "{name}");
    }
}
