//! What stands around workloads: Services, budgets, nodes, claims, webhooks.

use super::judged::{screen, verdict};

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
fn the_words_of_a_dead_kubelet_have_one_mark_before_they_go_on() {
    assert_eq!(
        screen("r41-node-dead-kubelet.json", &["nodes"]).lines().nth(3),
        Some(
            "✗ Node node-d             its kubelet does not answer: NodeStatusUnknown: Kubelet stopped posting node status, \
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
