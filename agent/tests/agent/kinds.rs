//! Owns what the agent makes of kinds that are in no namespace, and of objects that something else answers for.

use crate::harness::{settings, start};
use serde_json::json;
use sre_shared::run::Kind;
use sre_testkit::object::{Pod, remove};
use sre_testkit::{ApiServer, Match, at};

#[tokio::test]
async fn nodes_are_watched_as_a_whole_and_shown_from_each_namespace() {
    let mut node = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "n7", "uid": "n7", "creationTimestamp": at(-86_400)},
        "status": {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]},
    });
    remove(&mut node, "/metadata/namespace");
    let server = ApiServer::builder().objects([node]).start().await;
    let mut wish = settings(server.kubeconfig());
    wish.kinds = vec![Kind::Nodes];
    wish.namespaces = vec!["shop".into()];
    let agent = start(wish).await;
    let listed = |path: &'static str| agent.until(path, |a| a.json()["summary"]["total"] == 1);
    let answer = listed("/health/nodes").await.json();
    assert_eq!(
        (&answer["status"], &answer["nodes"][0]["reason"]),
        (&json!("degraded"), &json!("NodeNotReady"))
    );
    for path in ["/health/nodes?namespace=shop", "/health/nodes?namespace=bank"] {
        let answer = agent.get(path).await.json();
        assert_eq!(
            (&answer["status"], &answer["nodes"][0]["name"]),
            (&json!("degraded"), &json!("n7")),
            "{path}"
        );
    }
    assert_eq!(
        server.requests_for(&Match::path("/api/v1/nodes").lists()).len(),
        1
    );
}

#[tokio::test]
async fn a_pod_is_shown_while_nothing_controls_it() {
    let pod = |name: &str| Pod::new("shop", name).ready(true, at(-300));
    let owned = |name: &str| pod(name).owner("apps/v1", "ReplicaSet", "web", "uid-of-web");
    let server = ApiServer::builder()
        .objects([owned("a").build(), pod("debug").build()])
        .start()
        .await;
    let mut wish = settings(server.kubeconfig());
    wish.kinds = vec![Kind::Pods];
    let agent = start(wish).await;
    agent
        .until("/health/pods", |a| a.json()["pods"][0]["name"] == "debug")
        .await;
    server.wait_for_watches(1).await;
    server.apply(owned("b").build());
    server.apply(pod("shell").build());
    let answer = agent
        .until("/health/pods", |a| a.json()["summary"]["total"] == 2)
        .await
        .json();
    assert_eq!(answer["pods"][1]["name"], "shell");
    server.apply(owned("shell").build());
    agent
        .until("/health/pods", |a| a.json()["summary"]["total"] == 1)
        .await;
}
