//! Whether a node is ready, and the taints and pressures that it warns about.

use crate::*;
use sre_shared::resource::Node;

fn node(conditions: &[Value], more: &[(&str, Value)]) -> Value {
    let mut fields = vec![("/status/conditions", json!(conditions))];
    fields.extend_from_slice(more);
    object("", "n7", &fields)
}

fn ready() -> Value {
    condition("Ready", "True", "KubeletReady", "kubelet is posting ready status")
}

fn no_network() -> Value {
    condition(
        "Ready",
        "False",
        "KubeletNotReady",
        "container runtime network not ready",
    )
}

fn lost() -> Value {
    condition(
        "Ready",
        "Unknown",
        "NodeStatusUnknown",
        "Kubelet stopped posting node status.",
    )
}

fn cordoned() -> (&'static str, Value) {
    ("/spec/unschedulable", json!(true))
}

#[test]
fn every_node_gets_its_state() {
    let fine = condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "");
    let full = condition(
        "DiskPressure",
        "True",
        "KubeletHasDiskPressure",
        "kubelet has disk pressure",
    );
    let busy = condition("PIDPressure", "True", "KubeletHasInsufficientPID", "");
    let detector = condition("KernelDeadlock", "True", "DockerHung", "task docker:1 blocked");
    let network = condition("NetworkUnavailable", "True", "NoRouteCreated", "");
    let routed = condition("NetworkUnavailable", "False", "RouteCreated", "");
    let no_word = condition("NetworkUnavailable", "Unknown", "NodeStatusUnknown", "");
    let lost_message = "its kubelet does not answer: NodeStatusUnknown: Kubelet stopped posting node status.";
    let no_network_message = "not ready: KubeletNotReady: container runtime network not ready";
    assert_rows::<Node>(&[
        row(
            "ready",
            node(&[fine.clone(), ready()], &[]),
            HEALTHY,
            "Ready",
            "ready",
        ),
        row(
            "cordoned",
            node(&[ready()], &[cordoned()]),
            HEALTHY,
            "Ready",
            "ready",
        )
        .notes(&["cordoned"]),
        row(
            "lost",
            node(&[lost()], &[]),
            UNAVAILABLE,
            "NodeNotReady",
            lost_message,
        ),
        row(
            "new and lost",
            node(&[lost()], &[aged(10)]),
            UNAVAILABLE,
            "NodeNotReady",
            lost_message,
        ),
        row(
            "cordoned and lost",
            node(&[lost()], &[cordoned()]),
            UNAVAILABLE,
            "NodeNotReady",
            lost_message,
        )
        .notes(&["cordoned"]),
        row(
            "not ready",
            node(&[no_network()], &[]),
            UNAVAILABLE,
            "NodeNotReady",
            no_network_message,
        ),
        row(
            "new and without a network",
            node(&[no_network()], &[aged(59)]),
            PROGRESSING,
            "NodeStarting",
            no_network_message,
        ),
        row(
            "disk full",
            node(&[ready(), full.clone()], &[]),
            HEALTHY,
            "Ready",
            "ready",
        )
        .warns(&["runs short of disk space: kubelet has disk pressure"]),
        row(
            "several pressures",
            node(&[ready(), busy, full], &[]),
            HEALTHY,
            "Ready",
            "ready",
        )
        .warns(&[
            "runs short of disk space: kubelet has disk pressure",
            "runs short of process ids",
        ]),
        row(
            "what a detector says",
            node(&[ready(), detector, routed], &[]),
            HEALTHY,
            "Ready",
            "ready",
        ),
        row(
            "no route to its pods",
            node(&[ready(), network.clone()], &[]),
            DEGRADED,
            "NetworkUnavailable",
            "its network is not available: NoRouteCreated",
        ),
        row(
            "no word of a route",
            node(&[ready(), no_word], &[]),
            HEALTHY,
            "Ready",
            "ready",
        ),
        row(
            "new and not routed yet",
            node(&[network.clone(), ready()], &[aged(59)]),
            PROGRESSING,
            "NodeStarting",
            "its network is not available: NoRouteCreated",
        ),
        row(
            "lost and not routed",
            node(&[lost(), network], &[]),
            UNAVAILABLE,
            "NodeNotReady",
            lost_message,
        ),
        row(
            "nothing ever reported",
            node(&[fine], &[]),
            DEGRADED,
            "ControllerNotObserving",
            "its kubelet does not act: it has written no condition yet",
        ),
        row(
            "just registered",
            node(&[], &[aged(5)]),
            PROGRESSING,
            "NotObserved",
            "its kubelet has not seen it yet",
        ),
        row(
            "being deleted",
            node(&[ready()], &[deleting()]),
            TERMINATING,
            "Deleting",
            "being deleted",
        ),
        row(
            "a manifest",
            json!({"metadata": {"name": "n7"}}),
            UNKNOWN,
            "Manifest",
            "has neither uid nor creation time: a manifest, not an object of a cluster",
        ),
    ]);
}

#[test]
fn a_taint_that_contradicts_a_ready_node_is_a_warning_once_it_stays() {
    let taint = |key: &str, effect: &str| ("/spec/taints", json!([{"key": key, "effect": effect}]));
    let since = |condition: Value, seconds: i64| {
        let mut condition = condition;
        set(&mut condition, "/lastTransitionTime", json!(at(-seconds)));
        condition
    };
    let fine = |name: &'static str, object| row(name, object, HEALTHY, "Ready", "ready");
    assert_rows::<Node>(&[
        fine(
            "a cloud that never looked at it",
            node(
                &[ready()],
                &[taint(
                    "node.cloudprovider.kubernetes.io/uninitialized",
                    "NoSchedule",
                )],
            ),
        )
        .warns(&[
            "ready, and the taint node.cloudprovider.kubernetes.io/uninitialized still keeps pods away",
        ]),
        fine(
            "a network whose agent never came",
            node(
                &[ready()],
                &[taint("node.cilium.io/agent-not-ready", "NoExecute")],
            ),
        )
        .warns(&["ready, and the taint node.cilium.io/agent-not-ready still keeps pods away"]),
        fine(
            "the same nine minutes after it became ready",
            node(
                &[since(ready(), 599)],
                &[taint("node.cilium.io/agent-not-ready", "NoExecute")],
            ),
        ),
        fine(
            "a taint that only asks",
            node(
                &[ready()],
                &[taint("node.cilium.io/agent-not-ready", "PreferNoSchedule")],
            ),
        ),
        fine(
            "a taint of somebody's choice",
            node(&[ready()], &[taint("dedicated", "NoSchedule")]),
        ),
        fine(
            "back, and still marked as lost for good",
            node(
                &[ready()],
                &[taint("node.kubernetes.io/out-of-service", "NoExecute")],
            ),
        )
        .notes(&["marked as out of service"])
        .warns(&["ready again, and the taint node.kubernetes.io/out-of-service still ends its pods"]),
        row(
            "lost for good and marked so",
            node(
                &[lost()],
                &[taint("node.kubernetes.io/out-of-service", "NoExecute")],
            ),
            UNAVAILABLE,
            "NodeNotReady",
            "its kubelet does not answer: NodeStatusUnknown: Kubelet stopped posting node status.",
        )
        .notes(&["marked as out of service"]),
        row(
            "lost, with the taint that says so",
            node(&[lost()], &[taint("node.kubernetes.io/unreachable", "NoExecute")]),
            UNAVAILABLE,
            "NodeNotReady",
            "its kubelet does not answer: NodeStatusUnknown: Kubelet stopped posting node status.",
        ),
    ]);
}
