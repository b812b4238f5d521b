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
            node(&[ready(), detector, network], &[]),
            HEALTHY,
            "Ready",
            "ready",
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
