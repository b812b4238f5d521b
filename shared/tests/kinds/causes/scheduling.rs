//! Pods without a node: no room, no scheduler, or a claim without a volume.

use super::{CauseRow, DESCRIBE, HOUR, a, event, judge, lines, node, row, with};
use crate::DAY;
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_testkit::at;
use sre_testkit::object::Pod;

pub fn rows() -> Vec<CauseRow> {
    let cpu = "0/3 nodes are available: 3 Insufficient cpu.";
    let claims = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
    let pinned = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n7"]}]}]}}});
    let creating = || a().waiting("ContainerCreating", "");
    vec![
        row(
            "no room",
            with(a().unschedulable(cpu, at(-600)), []),
            "Unschedulable",
            cpu,
            -600,
            DESCRIBE,
            None,
        ),
        row(
            "no room, and the autoscaler at work",
            with(
                a().unschedulable(cpu, at(-600)),
                [event(
                    &a().build(),
                    "TriggeredScaleUp",
                    "pod triggered scale-up",
                    -100,
                )],
            ),
            "Unschedulable",
            "the autoscaler is adding a node: 0/3 nodes are available: 3 Insufficient cpu.",
            -600,
            DESCRIBE,
            None,
        ),
        row(
            "no room, and what was tried to make some",
            with(
                a().unschedulable(
                    "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No \
                     preemption victims found for incoming pod.",
                    at(-600),
                ),
                [],
            ),
            "Unschedulable",
            cpu,
            -600,
            DESCRIBE,
            None,
        ),
        row(
            "a scheduler that is not there",
            with(
                creating()
                    .set("/status/containerStatuses", json!([]))
                    .node("")
                    .set("/spec/schedulerName", "volcano"),
                [],
            ),
            "Waiting",
            "no scheduler has looked at it yet, it waits for one named volcano",
            -HOUR,
            DESCRIBE,
            None,
        ),
        row(
            "no room on the node that it was made for",
            with(
                a().unschedulable(cpu, at(-600))
                    .set("/spec/affinity", pinned.clone()),
                [],
            ),
            "Unschedulable",
            "for node n7: 0/3 nodes are available: 3 Insufficient cpu.",
            -600,
            DESCRIBE,
            None,
        ),
        row(
            "made for a node that is lost",
            with(
                a().unschedulable(cpu, at(-600)).set("/spec/affinity", pinned),
                [node("n7", "Unknown", "Kubelet stopped posting node status.")],
            ),
            "NodeNotReady",
            "node n7 is not ready: Kubelet stopped posting node status.",
            -400,
            "kubectl describe node n7",
            Some("Node/n7"),
        ),
        row(
            "a claim that is missing",
            with(
                a().unschedulable("persistentvolumeclaim \"data\" not found", at(-600)),
                [],
            ),
            "VolumeClaim",
            "persistentvolumeclaim \"data\" not found",
            -600,
            "kubectl -n shop describe pvc data",
            Some("PersistentVolumeClaim/shop/data"),
        ),
        row(
            "a claim that is not bound, which the pod alone names",
            with(
                a().unschedulable(claims, at(-600)).set("/spec/volumes", data()),
                [],
            ),
            "VolumeClaim",
            "claim data: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            -600,
            "kubectl -n shop describe pvc data",
            Some("PersistentVolumeClaim/shop/data"),
        ),
        row(
            "a claim whose own events say more",
            with(
                a().unschedulable(claims, at(-600)).set("/spec/volumes", data()),
                [
                    claim_event("ExternalProvisioning", "Normal", "Waiting for a volume", -5),
                    claim_event(
                        "ProvisioningFailed",
                        "Warning",
                        "storageclass.storage.k8s.io \"nfs\" not found",
                        -30,
                    ),
                ],
            ),
            "VolumeClaim",
            "claim data: storageclass.storage.k8s.io \"nfs\" not found",
            -600,
            "kubectl -n shop describe pvc data",
            Some("PersistentVolumeClaim/shop/data"),
        ),
        row(
            "a claim of that name before the pod was created",
            with(
                a().unschedulable(claims, at(-600)).set("/spec/volumes", data()),
                [claim_event(
                    "ProvisioningFailed",
                    "Warning",
                    "storageclass not found",
                    -2 * HOUR,
                )],
            ),
            "VolumeClaim",
            "claim data: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            -600,
            "kubectl -n shop describe pvc data",
            Some("PersistentVolumeClaim/shop/data"),
        ),
        row(
            "a claim that waits for the pod itself",
            with(
                a().unschedulable(claims, at(-600)).set("/spec/volumes", data()),
                [claim_event(
                    "WaitForFirstConsumer",
                    "Normal",
                    "waiting for first consumer",
                    -5,
                )],
            ),
            "VolumeClaim",
            "claim data: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            -600,
            "kubectl -n shop describe pvc data",
            Some("PersistentVolumeClaim/shop/data"),
        ),
        row(
            "a volume that was not made in the time that the scheduler gives",
            with(
                a().not_scheduled(
                    "SchedulerError",
                    "running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded",
                    at(-600),
                )
                .set("/spec/volumes", data()),
                [],
            ),
            "VolumeClaim",
            "claim data: running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded",
            -600,
            "kubectl -n shop describe pvc data",
            Some("PersistentVolumeClaim/shop/data"),
        ),
    ]
}

fn data() -> Value {
    json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])
}

/// An event about the claim `data`, this many seconds from now.
fn claim_event(reason: &str, kind: &str, message: &str, seconds: i64) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"namespace": "shop", "name": format!("data.{reason}")},
        "involvedObject": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data", "uid": "of-the-claim"},
        "type": kind, "reason": reason, "message": message, "lastTimestamp": at(seconds),
    })
}

#[test]
fn a_daemon_set_names_the_node_that_its_pod_was_made_for() {
    let set = json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"namespace": "shop", "name": "agent", "uid": "ds", "generation": 1, "creationTimestamp": at(-DAY)},
        "spec": {},
        "status": {"observedGeneration": 1, "desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberReady": 1,
            "numberAvailable": 1, "updatedNumberScheduled": 2}
    });
    let pinned = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n7"]}]}]}}});
    let pod = Pod::new("shop", "agent-x")
        .owner("apps/v1", "DaemonSet", "agent", "ds")
        .unschedulable("0/2 nodes are available: 1 Too many pods.", at(-500))
        .set("/spec/affinity", pinned);
    let item = judge(Kind::DaemonSet, vec![set, pod.build()]);
    assert_eq!(
        lines(&item),
        ["Unschedulable 1x for node n7: 0/2 nodes are available: 1 Too many pods."]
    );
}
