//! Pods without a node: no room, no scheduler, or a claim without a volume.

use super::{CauseRow, HOUR, NODES, a, event, judge, lines, node, row, with};
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
            "0/3 nodes are available: 3 Insufficient cpu",
            -600,
            NODES,
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
            "the autoscaler is adding a node: 0/3 nodes are available: 3 Insufficient cpu",
            -600,
            NODES,
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
            "0/3 nodes are available: 3 Insufficient cpu",
            -600,
            NODES,
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
            "kubectl get pods -A -o wide --field-selector spec.schedulerName=volcano",
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
            "for node n7: 0/3 nodes are available: 3 Insufficient cpu",
            -600,
            "kubectl describe node n7",
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
                a().unschedulable(
                    "0/2 nodes are available: persistentvolumeclaim \"data\" not found. not found",
                    at(-600),
                ),
                [],
            ),
            "VolumeClaim",
            "persistentvolumeclaim \"data\" not found",
            -600,
            "kubectl get persistentvolumeclaims -A --field-selector metadata.name=data",
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
            "kubectl get storageclasses",
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
            "a claim without a volume on the nodes that the pod is meant for",
            with(
                a().unschedulable(
                    "0/3 nodes are available: 1 node(s) had untolerated taint \
                     {node-role.kubernetes.io/control-plane: }, 2 node(s) didn't find available persistent volumes to \
                     bind. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
                    at(-600),
                )
                .set("/spec/volumes", data()),
                [],
            ),
            "VolumeClaim",
            "claim data: 0/3 nodes are available: 2 node(s) didn't find available persistent volumes to bind; the other \
             nodes: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }",
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
        ["Unschedulable 1x for node n7: 0/2 nodes are available: 1 Too many pods"]
    );
}

/// The message and the command of a pod that the scheduler has no node for.
fn unschedulable(pod: Pod, reasons: &str) -> (String, String) {
    let text = format!("0/6 nodes are available: {reasons}.");
    let item = judge(Kind::Deployment, with(pod.unschedulable(&text, at(-600)), []));
    let cause = item.causes.into_iter().next().expect("a cause");
    assert_eq!(cause.code.as_str(), "Unschedulable");
    let message = cause.message.strip_prefix("0/6 nodes are available: ");
    (
        message.expect("the scheduler's words").to_owned(),
        cause.hint.unwrap_or_default(),
    )
}

#[test]
fn the_reason_that_matters_stands_beside_what_the_pod_asks_for() {
    let asks = |requests: Value| a().set("/spec/containers/0/resources", json!({"requests": requests}));
    let control_plane = "node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }";
    let labels = "node(s) didn't match Pod's node affinity/selector";
    assert_eq!(
        unschedulable(
            asks(json!({"cpu": "8", "memory": "1Gi"})),
            &format!("1 {control_plane}, 2 {labels}, 3 Insufficient cpu")
        ),
        (
            format!(
                "3 Insufficient cpu (pod web-1-a asks for cpu 8); the other nodes: 2 {labels}, 1 {control_plane}"
            ),
            NODES.to_owned()
        )
    );
    // A bare number is a quantity too.
    let both = unschedulable(
        asks(json!({"cpu": 8, "memory": "16Gi"})),
        "6 Insufficient cpu, 6 Insufficient memory",
    );
    assert_eq!(
        both.0,
        "6 Insufficient cpu, 6 Insufficient memory (pod web-1-a asks for cpu 8 and memory 16Gi)"
    );
    let gpu = unschedulable(
        asks(json!({"nvidia.com/gpu": "2"})),
        &format!("1 {control_plane}, 5 Insufficient nvidia.com/gpu"),
    );
    assert_eq!(
        gpu,
        (
            format!(
                "5 Insufficient nvidia.com/gpu (pod web-1-a asks for nvidia.com/gpu 2); the other nodes: 1 \
                 {control_plane}"
            ),
            NODES.replace(",TAINTS", ",GPU:.status.allocatable.nvidia\\.com/gpu,TAINTS")
        )
    );
    let selected = a().set("/spec/nodeSelector", json!({"disk": "ssd"})).set(
        "/spec/affinity",
        json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]}]}}}),
    );
    assert_eq!(
        unschedulable(selected, &format!("6 {labels}")),
        (
            format!("6 {labels} (pod web-1-a asks for nodes with disk=ssd, zone In a|b)"),
            "kubectl get nodes --show-labels".to_owned()
        )
    );
}

#[test]
fn an_ask_adds_the_containers_up_and_names_an_init_container_that_asks_for_more() {
    let cpu = |name: &str, amount: &str| json!({"name": name, "resources": {"requests": {"cpu": amount}}});
    let of = |containers: Value, init: Value| {
        let pod = a()
            .set("/spec/containers", containers)
            .set("/spec/initContainers", init);
        let (message, _) = unschedulable(pod, "6 Insufficient cpu");
        message.trim_start_matches("6 Insufficient cpu").to_owned()
    };
    let mut sidecar = cpu("proxy", "250m");
    sidecar["restartPolicy"] = "Always".into();
    assert_eq!(
        of(json!([cpu("app", "4")]), json!([sidecar, cpu("wait", "4")])),
        " (pod web-1-a asks for cpu 4 + 250m)"
    );
    assert_eq!(
        of(json!([cpu("app", "1")]), json!([cpu("migrate", "8")])),
        " (pod web-1-a asks for cpu 1, 8 for init container migrate)"
    );
    let many: Vec<Value> = (0..4).map(|n| cpu(&format!("c{n}"), "1")).collect();
    assert_eq!(of(json!(many), json!([])), "");
    let whole = a().set("/spec/resources", json!({"requests": {"cpu": "6"}}));
    assert_eq!(
        unschedulable(whole, "6 Insufficient cpu").0,
        "6 Insufficient cpu (pod web-1-a asks for cpu 6)"
    );
}

#[test]
fn each_reason_of_the_scheduler_has_a_command_that_shows_what_it_is_about() {
    let hint = |reason: &str| unschedulable(a(), &format!("6 {reason}")).1;
    for (reason, command) in [
        (
            "node(s) didn't match pod topology spread constraints",
            "kubectl get nodes --show-labels",
        ),
        (
            "node(s) didn't match pod anti-affinity rules",
            "kubectl -n shop get pods -o wide --show-labels",
        ),
        (
            "node(s) didn't have free ports for the requested pod ports",
            "kubectl get pods -A -o 'custom-columns=NAMESPACE:.metadata.namespace,POD:.metadata.name,\
             NODE:.spec.nodeName,PORTS:.spec.containers[*].ports[*].hostPort'",
        ),
        (
            "node(s) had volume node affinity conflict",
            "kubectl get persistentvolumes -o 'custom-columns=VOLUME:.metadata.name,CLAIM:.spec.claimRef.name,\
             ONLYON:.spec.nodeAffinity.required.nodeSelectorTerms[*].matchExpressions[*].values'",
        ),
        (
            "node(s) exceed max volume count",
            "kubectl get csinodes -o 'custom-columns=NODE:.metadata.name,DRIVERS:.spec.drivers[*].name,\
             MOST:.spec.drivers[*].allocatable.count'",
        ),
    ] {
        assert_eq!(hint(reason), command, "{reason}");
    }
    let labels = "node(s) didn't match Pod's node affinity/selector";
    let taint = "node(s) had untolerated taint(s)";
    assert_eq!(
        unschedulable(a(), &format!("3 {labels}, 3 {taint}")).1,
        "kubectl get nodes -o 'custom-columns=NAME:.metadata.name,TAINTS:.spec.taints[*].key,LABELS:.metadata.labels'"
    );
    let taints = [
        "node(s) were unschedulable",
        "node(s) had untolerated taint {dedicated: gpu}",
    ];
    assert_eq!(taints.map(hint), [NODES, NODES]);
    let pods = NODES.replace(",TAINTS", ",PODS:.status.allocatable.pods,TAINTS");
    assert_eq!(hint("Too many pods"), pods);
}
