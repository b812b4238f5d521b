//! Pods on a lost node, and pods whose deletion does not end.

use super::{CauseRow, HOUR, a, node, row, with};
use sre_testkit::at;

pub fn rows() -> Vec<CauseRow> {
    let unready = || a().ready(false, at(-500));
    let lost = || unready().condition("ContainersReady", "True", "", at(-HOUR));
    vec![
        row(
            "a lost node that is known",
            with(
                lost().node("n7"),
                [node("n7", "Unknown", "Kubelet stopped posting node status.")],
            ),
            "NodeNotReady",
            "node n7 is not ready: Kubelet stopped posting node status.",
            -400,
            "kubectl describe node n7",
            Some("Node/n7"),
        ),
        row(
            "a lost node that only the pod shows",
            with(lost().node("n7"), []),
            "NodeNotReady",
            "node n7 is not ready: its containers were ready when it was last heard of",
            -500,
            "kubectl describe node n7",
            Some("Node/n7"),
        ),
        row(
            "a pod that cannot end, on a lost node",
            with(
                a().node("n7").ready(true, at(-900)).deleting(at(-300), &[]),
                [node("n7", "Unknown", "Kubelet stopped posting node status.")],
            ),
            "NodeNotReady",
            "node n7 is not ready: Kubelet stopped posting node status.",
            -400,
            "kubectl describe node n7",
            Some("Node/n7"),
        ),
        row(
            "a pod that cannot end, on a node that is ready",
            with(
                a().node("n7").ready(false, at(-500)).deleting(at(-300), &[]),
                [node("n7", "True", "")],
            ),
            "StuckDeleting",
            "its deletion does not end: the kubelet of node n7 has not ended it",
            -300,
            "kubectl describe node n7",
            None,
        ),
        row(
            "a pod of a node that does not exist any more",
            with(
                a().node("n9")
                    .ready(false, at(-500))
                    .deleting(at(-300), &["x.example/y"]),
                [node("n7", "True", "")],
            ),
            "NodeGone",
            "node n9 does not exist any more, finalizers: x.example/y",
            -300,
            "kubectl get nodes",
            Some("Node/n9"),
        ),
        row(
            "a pod whose deletion does not end",
            with(
                a().ready(false, at(-500)).deleting(at(-300), &["x.example/y"]),
                [],
            ),
            "StuckDeleting",
            "its deletion does not end: finalizers: x.example/y",
            -300,
            "kubectl -n shop get pod web-1-a -o 'jsonpath={range .metadata.managedFields[*]}{.manager} {.operation} \
             {.time}, {end}'",
            None,
        ),
    ]
}
