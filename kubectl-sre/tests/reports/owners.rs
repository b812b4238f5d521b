//! Owners that no kind judges: how their pods, ReplicaSets and Jobs are reported, and which Services and budgets find
//! them.

use super::judge::{screen, verdict};

#[test]
fn a_service_of_a_deployment_config_at_zero_is_scaled_to_zero() {
    assert_eq!(verdict("r25-deploymentconfig.json", &["svc"]), "exit 0");
}

#[test]
fn the_replica_sets_of_an_absent_rollout_are_reported_under_its_name() {
    let lines = "exit 2\n\
                Rollout shop/api unavailable ReadyBelowDesired: 0 of 3 pods ready\n  \
                CrashLoop: container app exited 1 (12 restarts): no license";
    assert_eq!(verdict("own-rollout.yaml", &[]), lines);
    assert_eq!(verdict("own-rollout.yaml", &["--kinds", "all"]), lines);
    assert_eq!(verdict("own-rollout.yaml", &["-l", "app=api"]), lines);
    assert_eq!(verdict("own-rollout.yaml", &["-l", "app=web"]), "exit 0");
    assert!(
        screen("own-rollout.yaml", &[])
            .contains("✗ Rollout shop/api (not judged itself)  0/3 ready  CrashLoop: "),
        "{}",
        screen("own-rollout.yaml", &[])
    );
}

#[test]
fn pods_are_reported_under_their_owner_if_their_replica_set_is_absent() {
    assert_eq!(
        verdict("own-rollout-pods.yaml", &[]),
        "exit 2\n\
         Rollout shop/api degraded ReadyBelowDesired: 1 of 3 pods ready\n  \
         CrashLoop: container app exited 1 (12 restarts): no license"
    );
    assert_eq!(
        verdict("own-dc.yaml", &[]),
        "exit 2\n\
         DeploymentConfig shop/legacy unavailable ReadyBelowDesired: 0 of 2 pods ready\n  \
         ImagePull: container app: Back-off pulling image \"registry.example/engine:9\""
    );
}

#[test]
fn an_absent_deployment_is_judged_by_its_pods_and_replica_sets() {
    let lines = "Deployment shop/shop degraded ReadyBelowDesired: 1 of 2 pods ready\n  \
                CrashLoop: container app exited 1 (12 restarts): no license";
    assert_eq!(
        verdict("own-deployment-not-there.yaml", &[]),
        format!("exit 2\n{lines}")
    );
    // A dump of pods alone does not say how many there should be.
    assert_eq!(
        verdict("own-pods-alone.yaml", &[]),
        format!(
            "exit 2\n{lines}\n\
             not seen: Deployments, StatefulSets, DaemonSets, Jobs, CronJobs, notFound: own-pods-alone.yaml holds none"
        )
    );
}

#[test]
fn an_owner_in_the_dump_says_how_many_pods_it_asks_for() {
    assert_eq!(
        verdict("own-cloneset.yaml", &[]),
        "exit 2\n\
         CloneSet shop/cart degraded ReadyBelowDesired: 2 of 4 pods ready, 1 missing\n  \
         ImagePull: container app: Back-off pulling image \"registry.example/engine:9\""
    );
}

#[test]
fn a_kind_of_the_same_name_in_another_group_is_another_owner() {
    assert_eq!(
        verdict("own-kruise-statefulset.yaml", &[]),
        "exit 2\n\
         StatefulSet shop/queue unavailable ReadyBelowDesired: 0 of 1 pods ready\n  \
         CrashLoop: container app exited 1 (12 restarts): no license"
    );
}

#[test]
fn pods_of_unknown_kinds_are_reported_by_owner() {
    assert_eq!(
        verdict("own-kinds.yaml", &[]),
        "exit 2\n\
         TaskRun shop/build unavailable PodFailed: 0 of 1 pods ready, Pod build-pod failed\n  \
         ContainerFailed: container step-compile exited 2\n\
         Engine shop/edge degraded ReadyBelowDesired: 1 of 2 pods ready\n  \
         NotReady: container app runs and is not ready"
    );
}

#[test]
fn jobs_of_unknown_kinds_are_reported_by_owner_without_past_failures() {
    assert_eq!(
        verdict("own-jobs.yaml", &[]),
        "exit 2\n\
         JobSet shop/train degraded JobFailed: 1 of 3 Jobs not well, Job train-workers-0: BackoffLimitExceeded: Job has \
         reached the specified backoff limit\n  \
         JobBackoffLimit: Job has reached the specified backoff limit"
    );
}

#[test]
fn every_object_of_a_named_kind_is_judged() {
    assert_eq!(
        verdict("own-named.yaml", &["pods"]),
        "exit 2\n\
         Pod kube-system/kube-proxy-node-a unavailable PodNotReady: running, its container is not ready\n  \
         CrashLoop: container app exited 1 (12 restarts): no license\n\
         Pod shop/mail-1-a terminating LeftBehind: failed, and Job mail-1 replaces it\n\
         Pod shop/mail-2-a degraded PodFailed: failed\n  \
         ContainerFailed: container app exited 2\n\
         Pod shop/web-7c4-c unavailable PodNotReady: running, its container is not ready\n  \
         CrashLoop: container app exited 1 (12 restarts): no license\n\
         Pod shop/web-7c4-d unavailable PodNotReady: pending, its container is not ready\n  \
         ImagePull: container app: Back-off pulling image \"registry.example/engine:9\"\n\
         Pod shop/web-7c4-e terminating LeftBehind: failed: Evicted: The node was low on resource: memory., and \
         ReplicaSet web-7c4 replaces it"
    );
    let sets = "exit 2\n\
                ReplicaSet shop/web-7c4 degraded ReadyBelowDesired: 2 of 4 ready\n  \
                CrashLoop: container app exited 1 (12 restarts): no license\n  \
                ImagePull: container app: Back-off pulling image \"registry.example/engine:9\"";
    assert_eq!(verdict("own-named.yaml", &["rs"]), sets);
    assert_eq!(verdict("own-named.yaml", &["--kinds", "replicasets"]), sets);
    assert_eq!(
        verdict("own-jobs.yaml", &["jobs"]),
        "exit 2\n\
         Job shop/train-workers-0 degraded JobFailed: BackoffLimitExceeded: Job has reached the specified backoff limit\n  \
         JobBackoffLimit: Job has reached the specified backoff limit"
    );
}

#[test]
fn by_default_and_with_all_kinds_an_owned_object_is_left_to_its_owner() {
    let lines = "Deployment shop/web degraded ReadyBelowDesired: 2 of 4 ready\n  \
                CrashLoop: container app exited 1 (12 restarts): no license\n  \
                ImagePull: container app: Back-off pulling image \"registry.example/engine:9\"\n\
                Job shop/mail-2 degraded JobFailed: BackoffLimitExceeded: Job has reached the specified backoff limit\n  \
                ContainerFailed: container app exited 2\n  \
                JobBackoffLimit: Job has reached the specified backoff limit";
    assert_eq!(verdict("own-named.yaml", &[]), format!("exit 2\n{lines}"));
    // The pod of a static manifest is owned by its node, whose verdict does not include it.
    assert_eq!(
        verdict("own-named.yaml", &["--kinds", "all"]),
        format!(
            "exit 2\n{lines}\n\
             Pod kube-system/kube-proxy-node-a unavailable PodNotReady: running, its container is not ready\n  \
             CrashLoop: container app exited 1 (12 restarts): no license"
        )
    );
}

#[test]
fn a_service_finds_owners_of_any_kind_that_ask_for_no_pod() {
    assert_eq!(
        verdict("own-service-idle.yaml", &["svc"]),
        "exit 2\n\
         Service shop/lost degraded NoReadyEndpoints: no endpoint, CloneSet lost has no pod with an address\n  \
         NoReadyEndpoints: no endpoint, CloneSet lost has no pod with an address"
    );
}

/// These are healthy: an executor that Spark has replaced, a retry of a TaskRun, a step of a workflow that succeeded in the
/// end, a machine that moved, a Job that a later one made up for, and Jobs that wait in a queue.
#[test]
fn a_failure_that_a_later_pod_made_up_for_is_past_and_one_that_lasts_is_reported() {
    assert_eq!(
        verdict("own-field.yaml", &[]),
        "exit 2\n\
         Ledger shop/books unavailable ReadyBelowDesired: 0 of 1 pods ready\n  \
         CrashLoop: container app exited 1 (12 restarts): no license\n\
         Workflow shop/export unavailable PodFailed: 0 of 1 pods ready, 1 pod succeeded, Pod export-1 failed\n  \
         ContainerFailed: container app exited 2\n\
         SparkApplication shop/nightly degraded ReadyBelowDesired: 1 of 2 pods ready\n  \
         ImagePull: container app: Back-off pulling image \"registry.example/engine:9\""
    );
    // A pod that has an owner and no controller is judged by itself.
    let pods = verdict("own-field.yaml", &["pod/session-s1"]);
    assert_eq!(
        pods,
        "exit 2\n\
         Pod shop/session-s1 unavailable PodNotReady: running, its container is not ready\n  \
         CrashLoop: container app exited 1 (12 restarts): no license"
    );
}
