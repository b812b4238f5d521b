//! Owners that are judged by nobody else: what is told of their pods, ReplicaSets and Jobs, and who knows of them.

use super::judged::{screen, verdict};

#[test]
fn a_service_of_a_deployment_config_at_zero_is_scaled_to_zero() {
    assert_eq!(verdict("r25-deploymentconfig.json", &["svc"]), "exit 0");
}

#[test]
fn the_replica_sets_of_a_rollout_that_is_not_there_are_told_under_its_name() {
    let told = "exit 2\n\
                Rollout shop/api unavailable ReadyBelowDesired: 0 of 3 pods ready\n  \
                CrashLoop: container app exited 1 (12 restarts): no license";
    assert_eq!(verdict("own-rollout.yaml", &[]), told);
    assert_eq!(verdict("own-rollout.yaml", &["--kinds", "all"]), told);
    assert_eq!(verdict("own-rollout.yaml", &["-l", "app=api"]), told);
    assert_eq!(verdict("own-rollout.yaml", &["-l", "app=web"]), "exit 0");
    assert!(
        screen("own-rollout.yaml", &[])
            .contains("✗ Rollout shop/api (not judged itself)  0/3 ready  CrashLoop: "),
        "{}",
        screen("own-rollout.yaml", &[])
    );
}

#[test]
fn pods_tell_whose_they_are_where_their_replica_set_is_not_there() {
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
fn a_deployment_that_is_not_there_is_told_by_what_it_made() {
    let told = "Deployment shop/shop degraded ReadyBelowDesired: 1 of 2 pods ready\n  \
                CrashLoop: container app exited 1 (12 restarts): no license";
    assert_eq!(
        verdict("own-deployment-not-there.yaml", &[]),
        format!("exit 2\n{told}")
    );
    // Of a dump of pods alone nobody knows how many there should be.
    assert_eq!(
        verdict("own-pods-alone.yaml", &[]),
        format!(
            "exit 2\n{told}\n\
             not seen: Deployments, StatefulSets, DaemonSets, Jobs, CronJobs, notFound: own-pods-alone.yaml holds none"
        )
    );
}

#[test]
fn an_owner_that_is_there_tells_how_many_pods_it_asks_for() {
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
fn pods_of_kinds_that_nobody_knows_are_told_by_owner() {
    assert_eq!(
        verdict("own-kinds.yaml", &[]),
        "exit 2\n\
         TaskRun shop/build unavailable PodFailed: 0 of 1 pods ready, Pod build-pod failed\n  \
         CrashLoop: container step-compile exited 2\n\
         Engine shop/edge degraded ReadyBelowDesired: 1 of 2 pods ready\n  \
         NotReady: container app runs and is not ready"
    );
}

#[test]
fn jobs_of_kinds_that_nobody_knows_are_told_by_owner_and_past_failures_are_past() {
    assert_eq!(
        verdict("own-jobs.yaml", &[]),
        "exit 2\n\
         JobSet shop/train degraded JobFailed: 1 of 3 Jobs not well, Job train-workers-0: BackoffLimitExceeded: Job has \
         reached the specified backoff limit\n  \
         JobBackoffLimit: Job has reached the specified backoff limit"
    );
}

#[test]
fn where_a_kind_is_named_every_object_of_it_is_judged() {
    assert_eq!(
        verdict("own-named.yaml", &["pods"]),
        "exit 2\n\
         Pod kube-system/kube-proxy-node-a unavailable PodNotReady: running, its container is not ready\n  \
         CrashLoop: container app exited 1 (12 restarts): no license\n\
         Pod shop/mail-1-a terminating LeftBehind: failed, and Job mail-1 replaces it\n\
         Pod shop/mail-2-a degraded PodFailed: failed\n  \
         CrashLoop: container app exited 2\n\
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
fn by_default_and_with_all_kinds_what_is_owned_is_left_to_its_owner() {
    let told = "Deployment shop/web degraded ReadyBelowDesired: 2 of 4 ready\n  \
                CrashLoop: container app exited 1 (12 restarts): no license\n  \
                ImagePull: container app: Back-off pulling image \"registry.example/engine:9\"\n\
                Job shop/mail-2 degraded JobFailed: BackoffLimitExceeded: Job has reached the specified backoff limit\n  \
                CrashLoop: container app exited 2\n  \
                JobBackoffLimit: Job has reached the specified backoff limit";
    assert_eq!(verdict("own-named.yaml", &[]), format!("exit 2\n{told}"));
    // The pod of a static manifest is its node's, which says nothing of it.
    assert_eq!(
        verdict("own-named.yaml", &["--kinds", "all"]),
        format!(
            "exit 2\n{told}\n\
             Pod kube-system/kube-proxy-node-a unavailable PodNotReady: running, its container is not ready\n  \
             CrashLoop: container app exited 1 (12 restarts): no license"
        )
    );
}

#[test]
fn a_service_knows_owners_of_every_kind_that_ask_for_no_pod() {
    assert_eq!(
        verdict("own-service-idle.yaml", &["svc"]),
        "exit 2\n\
         Service shop/lost degraded NoReadyEndpoints: no endpoint, CloneSet lost has no pod with an address\n  \
         NoReadyEndpoints: no endpoint, CloneSet lost has no pod with an address"
    );
}

/// An executor that Spark has replaced, a retry of a TaskRun, a step of a workflow that succeeded in the end, a machine that
/// moved, a Job that a later one made up for and Jobs that wait in a queue are as they should be.
#[test]
fn what_failed_on_the_way_is_past_and_what_still_fails_is_told() {
    assert_eq!(
        verdict("own-field.yaml", &[]),
        "exit 2\n\
         Ledger shop/books unavailable ReadyBelowDesired: 0 of 1 pods ready\n  \
         CrashLoop: container app exited 1 (12 restarts): no license\n\
         Workflow shop/export unavailable PodFailed: 0 of 1 pods ready, 1 pod succeeded, Pod export-1 failed\n  \
         CrashLoop: container app exited 2\n\
         SparkApplication shop/nightly degraded ReadyBelowDesired: 1 of 2 pods ready\n  \
         ImagePull: container app: Back-off pulling image \"registry.example/engine:9\""
    );
    // A pod that is owned and that nothing controls is left to nobody.
    let pods = verdict("own-field.yaml", &["pod/session-s1"]);
    assert_eq!(
        pods,
        "exit 2\n\
         Pod shop/session-s1 unavailable PodNotReady: running, its container is not ready\n  \
         CrashLoop: container app exited 1 (12 restarts): no license"
    );
}
