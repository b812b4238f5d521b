//! Nodes of pods that are lost or cannot end.

use super::{BrokenDeployment, broken_deployment, deployments, item, lines, other_requests, server};
use crate::client::ask;
use serde_json::json;
use sre_testkit::at;
use sre_testkit::object::{Pod, ReplicaSet};

#[tokio::test]
async fn a_lost_node_is_read_by_its_name() {
    let lost = broken_deployment("shop", "web").change_pod(|p| {
        p.node("n7")
            .ready(false, at(-500))
            .condition("ContainersReady", "True", "", at(-900))
            .set(
                "/status/containerStatuses/0",
                json!({"name": "app", "ready": true, "state": {"running": {}}}),
            )
    });
    let node = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "n7"},
        "status": {"conditions": [{"type": "Ready", "status": "Unknown",
            "message": "Kubelet stopped posting node status."}]}
    });
    let server = server(&[lost]).objects([node]).start().await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        lines(item(&report, "web")),
        ["NodeNotReady 1x node n7 is not ready: Kubelet stopped posting node status."]
    );
    assert_eq!(
        other_requests(&server)[1],
        "/api/v1/nodes?fieldSelector=metadata.name=n7&resourceVersion=0"
    );
}

#[tokio::test]
async fn the_node_of_a_pod_that_cannot_end_is_read_and_may_be_gone() {
    let leaving = |name: &str| {
        let broken = broken_deployment("shop", name);
        let set = ReplicaSet::new("shop", &format!("{name}-1")).owned_by(&broken.deployment);
        let pod = Pod::new("shop", &format!("{name}-1-a"))
            .owned_by(&set)
            .node(&format!("of-{name}"))
            .ready(true, at(-9000))
            .deleting(at(-300), &[]);
        BrokenDeployment { pod, ..broken }
    };
    let lost = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "of-web"},
        "status": {"conditions": [{"type": "Ready", "status": "Unknown",
            "message": "Kubelet stopped posting node status."}]}
    });
    let server = server(&[leaving("web"), leaving("api")])
        .objects([lost])
        .start()
        .await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        lines(item(&report, "web")),
        ["NodeNotReady 1x node of-web is not ready: Kubelet stopped posting node status."]
    );
    assert_eq!(
        lines(item(&report, "api")),
        ["NodeGone 1x node of-api does not exist any more"]
    );
    let nodes: Vec<String> = other_requests(&server)
        .into_iter()
        .filter(|path| path.starts_with("/api/v1/nodes"))
        .collect();
    assert_eq!(
        nodes,
        [
            "/api/v1/nodes?fieldSelector=metadata.name=of-api&resourceVersion=0",
            "/api/v1/nodes?fieldSelector=metadata.name=of-web&resourceVersion=0",
        ]
    );
}
