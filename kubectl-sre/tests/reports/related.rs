//! Kinds that workloads depend on: Services, budgets, nodes, claims, webhooks.

use super::judge::{screen, verdict};

#[test]
fn a_load_balancer_without_an_address_is_warned_of_with_its_reason() {
    assert_eq!(
        verdict("r26-lb-pending.json", &["svc"]),
        "exit 0\n\
         Service shop/edge healthy Ready: 1 of 1 endpoints ready\n  \
         warning: its load balancer has no address, 3 days after the Service was made: SyncLoadBalancerFailed: \
         failed to ensure load balancer: quota exceeded"
    );
}

#[test]
fn a_budget_that_lets_unready_pods_go_does_not_say_that_none_may_be_evicted() {
    assert_eq!(
        verdict("r36-pdb-alwaysallow.json", &["pdb"]),
        "exit 0\n\
         PodDisruptionBudget shop/etcd healthy BelowDesiredHealthy: 1 healthy, 2 wanted, those that are not ready may be \
         evicted\n  \
         warning: 1 of 2 wanted pods are healthy: only those that are not ready may be evicted, a drain of the others waits\n\
         PodDisruptionBudget shop/guard healthy NoDisruptionAllowed: 2 healthy, 2 wanted, those that are not ready may be \
         evicted\n  \
         note: no pod that is ready may be evicted, a drain waits"
    );
}

#[test]
fn two_budgets_over_the_same_pods_are_warned_of_by_name() {
    assert_eq!(
        verdict("r59-two-budgets.json", &["pdb"]),
        "exit 0\n\
         PodDisruptionBudget shop/a healthy BudgetsOverlap: 3 healthy, 2 wanted\n  \
         warning: PodDisruptionBudget b selects the same pods: each eviction of them fails, a drain waits for ever\n\
         PodDisruptionBudget shop/b healthy BudgetsOverlap: 3 healthy, 1 wanted\n  \
         warning: PodDisruptionBudget a selects the same pods: each eviction of them fails, a drain waits for ever"
    );
}

#[test]
fn a_message_that_ends_in_a_period_goes_on_with_one_mark() {
    assert_eq!(
        screen("r41-node-dead-kubelet.json", &["nodes"]).lines().nth(3),
        Some(
            "✗ Node node-d  its kubelet does not answer: NodeStatusUnknown: Kubelet stopped posting node status, \
             for 60 min"
        )
    );
}

#[test]
fn a_pod_that_cannot_end_on_a_lost_node_folds_under_the_node() {
    assert_eq!(
        verdict("r58-sts-lost-node.json", &[]),
        "exit 2\n\
         StatefulSet shop/store degraded ReadyBelowDesired: 2 of 3 ready\n  \
         NodeNotReady: node node-x is not ready: Kubelet stopped posting node status."
    );
    let seen = screen("r58-sts-lost-node.json", &["--kinds", "statefulsets,nodes"]);
    let lines: Vec<&str> = seen.lines().filter(|line| line.contains("node-x")).collect();
    assert_eq!(
        lines,
        [
            "✗ StatefulSet shop/store  2/3 ready  NodeNotReady: node node-x is not ready: Kubelet stopped posting node status, \
             for 50 min",
            "    kubectl describe node node-x",
        ],
        "{seen}"
    );
}

#[test]
fn pods_of_a_node_that_was_powered_off_were_ready_when_last_heard_of() {
    assert_eq!(
        verdict("related-powered-off.json", &[]),
        "exit 2\n\
         StatefulSet data/minio degraded ReadyBelowDesired: 1 of 2 ready\n  \
         NodeNotReady: node n2 is not ready: Kubelet stopped posting node status."
    );
}

#[test]
fn pods_of_a_node_that_was_deleted_name_it() {
    assert_eq!(
        verdict("related-node-deleted.json", &[]),
        "exit 2\n\
         StatefulSet data/queue degraded ReadyBelowDesired: 1 of 2 ready\n  \
         NodeGone: node n9 does not exist any more, finalizers: volumes.example/detach"
    );
}

#[test]
fn a_pending_claim_has_the_message_of_its_provisioner() {
    assert_eq!(
        verdict(
            "related-provisioner-fails.json",
            &["--kinds", "statefulsets,persistentvolumeclaims"]
        ),
        "exit 2\n\
         StatefulSet ci/runner unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         VolumeClaim: claim work-runner-0: helper process did not end within 120 s\n\
         PersistentVolumeClaim ci/work-runner-0 degraded ClaimPending: pending, Pod runner-0 waits for it, storage class \
         \"local\"\n  \
         VolumeClaim: claim work-runner-0: helper process did not end within 120 s"
    );
    let seen = screen(
        "related-provisioner-fails.json",
        &["--kinds", "statefulsets,persistentvolumeclaims"],
    );
    assert_eq!(seen.matches("helper process").count(), 1, "{seen}");
}

#[test]
fn a_volume_that_is_not_provisioned_in_time_is_the_cause_of_a_pending_pod() {
    assert_eq!(
        verdict("related-volume-not-in-time.json", &[]),
        "exit 2\n\
         StatefulSet ci/cache unavailable ReadyBelowDesired: 0 of 1 ready\n  \
         VolumeClaim: claim data-cache-0: failed to provision volume with StorageClass \"block\": context deadline exceeded"
    );
}

#[test]
fn a_load_balancer_that_is_not_created_is_a_warning_with_the_reason_if_known() {
    assert_eq!(
        verdict("related-load-balancers.json", &["svc"]),
        "exit 0\n\
         Service edge/bare-metal healthy Ready: 1 of 1 endpoints ready\n  \
         warning: its load balancer has no address, 39 min after the Service was made: no event says that a controller for \
         it runs\n\
         Service edge/empty-entry healthy Ready: 1 of 1 endpoints ready\n  \
         warning: its load balancer has no address, 3 h after the Service was made: no event says that a controller for it \
         runs\n\
         Service edge/model healthy Ready: 1 of 1 endpoints ready\n  \
         warning: its load balancer of class service.example/nlb has no address, 2 days after the Service was made: \
         FailedBuildModel: Failed build model due to unable to resolve at least one subnet\n\
         Service edge/no-pool healthy Ready: 1 of 1 endpoints ready\n  \
         warning: its load balancer has no address, 2 min after the Service was made: AllocationFailed: Failed to allocate \
         IP for \"edge/no-pool\": no available IPs"
    );
}

#[test]
fn an_autoscaler_may_lack_metrics_for_a_moment_and_not_for_a_day() {
    assert_eq!(
        verdict("related-autoscalers.json", &["hpa"]),
        "exit 2\n\
         HorizontalPodAutoscaler shop/blind degraded NoMetrics: FailedGetObjectMetric: the HPA was unable to compute the \
         replica count: no metric\n\
         HorizontalPodAutoscaler shop/gone degraded CannotScale: FailedGetScale: deployments.apps \"gone\" not found\n\
         HorizontalPodAutoscaler shop/rolling progressing MetricsStarting: FailedGetResourceMetric: did not receive metrics \
         for targeted pods (pods might be unready)"
    );
}

#[test]
fn a_node_without_its_network_is_degraded_and_one_without_its_cloud_has_a_warning() {
    assert_eq!(
        verdict("related-nodes.json", &["nodes"]),
        "exit 2\n\
         Node calico degraded NetworkUnavailable: its network is not available: CalicoIsDown: Calico is shutting down on \
         this node\n\
         Node cloudless healthy Ready: ready\n  \
         warning: ready, and the taint node.cloudprovider.kubernetes.io/uninitialized still keeps pods away\n\
         Node stopping unavailable NodeNotReady: not ready: KubeletNotReady: node is shutting down"
    );
}

#[test]
fn a_webhook_calls_port_443_even_if_its_service_has_only_another_port() {
    assert_eq!(
        verdict("related-webhook-port.json", &["validatingwebhookconfigurations"]),
        "exit 2\n\
         ValidatingWebhookConfiguration rules degraded WebhookBlocks: rules.example.com refuses CREATE of \
         rules.example.com: Service ops/rules has no port 443, it has 8443\n  \
         AdmissionWebhook: rules.example.com refuses CREATE of rules.example.com: Service ops/rules has no port 443, it has \
         8443"
    );
}

#[test]
fn a_budget_of_a_chart_and_one_of_an_operator_select_the_same_pods() {
    assert_eq!(
        verdict("related-budgets.json", &["pdb"]),
        "exit 0\n\
         PodDisruptionBudget db/chart healthy BudgetsOverlap: 2 healthy, 1 wanted\n  \
         warning: PodDisruptionBudget operator selects the same pods, such as Pod pg-0: each eviction of them fails, a drain \
         waits for ever\n\
         PodDisruptionBudget db/operator healthy BudgetsOverlap: 2 healthy, 1 wanted\n  \
         warning: PodDisruptionBudget chart selects the same pods, such as Pod pg-0: each eviction of them fails, a drain \
         waits for ever\n\
         PodDisruptionBudget db/single healthy NoDisruptionAllowed: 1 healthy, 1 wanted, 0 may be evicted\n  \
         note: no pod that is ready may be evicted, all of them are wanted, so a drain waits until the budget or their number is \
         changed\n\
         PodDisruptionBudget db/unmanaged healthy UnmanagedPods: 3 healthy, 0 expected\n  \
         warning: its 3 pods are of no controller that can be asked how many there should be: none may be evicted, a drain \
         waits"
    );
}

#[test]
fn a_claim_that_waits_for_a_mount_is_not_stuck_and_one_that_cannot_grow_is_a_warning() {
    assert_eq!(
        verdict("related-claims.json", &["pvc"]),
        "exit 0\n\
         PersistentVolumeClaim db/grows healthy Bound: bound to pv-grows\n  \
         note: its volume is larger, its file system will be once a pod mounts it again\n\
         PersistentVolumeClaim db/held terminating Deleting: being deleted\n  \
         note: being deleted for 60 min, finalizers: kubernetes.io/pvc-protection\n  \
         note: Pod pg-0 uses it\n\
         PersistentVolumeClaim db/stuck healthy Bound: bound to pv-stuck\n  \
         warning: its volume is being made larger for 240 min and is not yet\n\
         PersistentVolumeClaim db/too-large healthy Bound: bound to pv-too-large\n  \
         warning: its volume cannot be made as large as asked: ControllerResizeInfeasible"
    );
    assert!(
        screen("related-claims.json", &["pvc"]).contains(
            "being deleted for 60 min, finalizers: kubernetes.io/pvc-protection (Pod pg-0 uses it)"
        )
    );
}

#[test]
fn a_namespace_that_does_not_go_names_what_holds_it_and_one_that_just_began_to_go_is_terminating() {
    assert_eq!(
        verdict("namespaces-stuck.json", &["ns"]),
        "exit 2\n\
         Namespace knative degraded NamespaceStuck: being deleted for 2 h: Some content in the namespace has finalizers \
         remaining: ksvc.serving.example.dev in 1 resource instances; Some resources are remaining: \
         kservices.serving.example.dev has 1 resource instances\n  \
         NamespaceFinalizersRemaining: Some content in the namespace has finalizers remaining: ksvc.serving.example.dev in 1 \
         resource instances\n\
         Namespace preview terminating Deleting: being deleted"
    );
}
