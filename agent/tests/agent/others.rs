//! Owns the answers about kinds in no namespace, about objects with a controller, and about kinds whose verdicts need
//! related objects.

use crate::harness::{RunningAgent, settings, start};
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_testkit::object::{Pod, remove};
use sre_testkit::{Access, ApiServer, Match, at};

#[tokio::test]
async fn nodes_are_watched_as_a_whole_and_shown_from_each_namespace() {
    let mut node = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "n7", "uid": "n7", "creationTimestamp": at(-86_400)},
        "status": {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]},
    });
    remove(&mut node, "/metadata/namespace");
    let server = ApiServer::builder().objects([node]).start().await;
    let mut settings = settings(server.kubeconfig());
    settings.kinds = vec![Kind::Node];
    settings.namespaces = vec!["shop".into()];
    let agent = start(settings).await;
    let one_object = |path: &'static str| agent.until(path, |a| a.json()["summary"]["total"] == 1);
    let answer = one_object("/health/nodes").await.json();
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
async fn a_namespace_that_does_not_go_is_shown_from_each_namespace() {
    let stuck = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "old", "uid": "old", "creationTimestamp": at(-86_400), "deletionTimestamp": at(-2400)},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Terminating", "conditions": [
            {"type": "NamespaceFinalizersRemaining", "status": "True", "reason": "SomeFinalizersRemain",
             "message": "Some content in the namespace has finalizers remaining: x.example/hold in 1 resource instances"},
        ]},
    });
    let server = ApiServer::builder().objects([stuck]).start().await;
    let mut wish = settings(server.kubeconfig());
    wish.kinds = vec![Kind::Namespace];
    let agent = start(wish).await;
    let path = "/health/namespaces?namespace=shop";
    let answer = agent
        .until(path, |a| a.json()["status"] == "degraded")
        .await
        .json();
    let items = answer["namespaces"].as_array().expect("a list");
    let old = items.iter().find(|item| item["name"] == "old");
    let old = old.expect("the namespace that does not go");
    assert_eq!(
        (&old["reason"], &old["causes"][0]["code"]),
        (&json!("NamespaceStuck"), &json!("NamespaceFinalizersRemaining"))
    );
    let lists = server.requests_for(&Match::path("/api/v1/namespaces").lists());
    assert_eq!(lists.len(), 1);
}

#[tokio::test]
async fn a_pod_is_shown_while_nothing_controls_it() {
    let pod = |name: &str| Pod::new("shop", name).ready(true, at(-300));
    let owned = |name: &str| pod(name).owner("apps/v1", "ReplicaSet", "web", "uid-of-web");
    let server = ApiServer::builder()
        .objects([owned("a").build(), pod("debug").build()])
        .start()
        .await;
    let mut settings = settings(server.kubeconfig());
    settings.kinds = vec![Kind::Pod];
    let agent = start(settings).await;
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

fn object(api_version: &str, kind: &str, name: &str, rest: &Value) -> Value {
    let mut object = json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": at(-86_400)},
    });
    for (key, value) in rest.as_object().unwrap() {
        object[key] = value.clone();
    }
    object
}

fn web() -> Value {
    object(
        "v1",
        "Service",
        "web",
        &json!({"spec": {"selector": {"app": "web"}, "ports": [{"port": 443, "targetPort": 8443}]}}),
    )
}

/// The endpoint of the Service `web`.
fn endpoint(ready: bool) -> Value {
    let endpoints = json!([{"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}]);
    let rest = json!({"addressType": "IPv4", "endpoints": endpoints});
    let mut slice = object("discovery.k8s.io/v1", "EndpointSlice", "web-1", &rest);
    slice["metadata"]["labels"] = json!({"kubernetes.io/service-name": "web"});
    slice
}

fn claim(name: &str, phase: &str) -> Value {
    let rest = json!({"spec": {"volumeName": "v"}, "status": {"phase": phase}});
    object("v1", "PersistentVolumeClaim", name, &rest)
}

async fn watching_agent(server: &ApiServer, kind: Kind) -> RunningAgent {
    let mut settings = settings(server.kubeconfig());
    settings.kinds = vec![kind];
    start(settings).await
}

/// The reasons of the answer's objects.
fn reasons(answer: &Value, kind: &str) -> Vec<String> {
    let objects = answer[kind].as_array().cloned().unwrap_or_default();
    let reason = |o: &Value| o["reason"].as_str().unwrap_or_default().to_owned();
    objects.iter().map(reason).collect()
}

const SLICES: &str = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices";
const PODS: &str = "/api/v1/namespaces/shop/pods";

#[tokio::test]
async fn a_service_is_judged_again_when_it_loses_its_endpoints_or_gets_them_back() {
    let server = ApiServer::builder()
        .objects([web(), endpoint(true)])
        .start()
        .await;
    let agent = watching_agent(&server, Kind::Service).await;
    let answer = agent
        .until("/health/services", |a| a.json()["status"] == "ok")
        .await
        .json();
    assert_eq!(answer["summary"]["healthy"], 1);
    assert_eq!(reasons(&answer, "services"), ["Ready"]);
    assert_eq!(answer.get("notSeen"), None);
    server.apply(endpoint(false));
    let answer = agent
        .until("/health/services", |a| a.json()["status"] == "degraded")
        .await
        .json();
    assert_eq!(reasons(&answer, "services"), ["NoReadyEndpoints"]);
    let metrics = agent.get("/metrics").await.text();
    let line = "sre_objects{kind=\"services\",state=\"degraded\"} 1";
    assert!(metrics.lines().any(|l| l == line), "{metrics}");
    server.apply(endpoint(true));
    agent
        .until("/health", |a| a.json()["checks"][1]["status"] == "ok")
        .await;
    assert!(
        server
            .requests_for(&Match::path(SLICES))
            .iter()
            .all(|r| !r.is_watch())
    );
    assert!(
        !server.requests().iter().any(|r| r.path.ends_with("/pods")),
        "it has endpoints or some that are not ready"
    );
}

#[tokio::test]
async fn a_service_whose_endpoints_may_not_be_read_is_unknown_and_the_rule_is_named() {
    let server = ApiServer::builder()
        .objects([web(), endpoint(true)])
        .user(
            "s3cret",
            "agent",
            Access::admin().without("list", "endpointslices"),
        )
        .start()
        .await;
    let agent = watching_agent(&server, Kind::Service).await;
    let rule = "discovery.k8s.io/endpointslices list";
    let answer = agent
        .until("/health/services", |a| a.json()["notSeen"][0]["missing"] == rule)
        .await
        .json();
    assert_eq!(
        (&answer["status"], &answer["summary"]["unknown"]),
        (&json!("unknown"), &json!(1))
    );
    assert_eq!(reasons(&answer, "services"), ["EndpointsNotSeen"]);
    assert_eq!(
        (&answer["notSeen"][0]["what"], &answer["notSeen"][0]["hint"]),
        (
            &json!("services (by endpointslices in namespace shop)"),
            &json!("let the agent's identity list endpointslices.discovery.k8s.io (the chart's roles do)")
        )
    );
    let report = agent.get("/health").await.json();
    assert_eq!(report["coverage"]["notSeen"][0]["missing"], rule);
    assert_eq!(agent.get("/health/services?fail=unknown").await.status, 500);
    server.set_access("agent", Access::admin());
    let answer = agent
        .until("/health/services", |a| a.json()["status"] == "ok")
        .await;
    assert_eq!(answer.json().get("notSeen"), None);
    // A right that is taken away does not come back by itself, so the last answer does not count.
    server.set_access("agent", Access::admin().without("list", "endpointslices"));
    agent
        .until("/health/services", |a| a.json()["notSeen"][0]["missing"] == rule)
        .await;
}

#[tokio::test]
async fn related_objects_are_read_only_once_a_verdict_needs_them() {
    let objects = || [web(), endpoint(true), claim("data", "Bound")];
    let server = ApiServer::builder().objects(objects()).start().await;
    let agent = watching_agent(&server, Kind::Deployment).await;
    agent
        .until("/health/deployments", |a| a.json()["observedAt"].is_string())
        .await;
    assert_eq!(server.requests_for(&Match::path(SLICES)).len(), 0);

    let server = ApiServer::builder().objects(objects()).start().await;
    let agent = watching_agent(&server, Kind::PersistentVolumeClaim).await;
    agent
        .until("/health/persistentvolumeclaims", |a| {
            a.json()["summary"]["healthy"] == 1
        })
        .await;
    assert_eq!(server.requests_for(&Match::path(PODS)).len(), 0);
    server.wait_for_watches(1).await;
    server.apply(claim("logs", "Pending"));
    let answer = agent
        .until("/health/persistentvolumeclaims", |a| {
            a.json()["summary"]["healthy"] == 2
        })
        .await
        .json();
    assert_eq!(
        reasons(&answer, "persistentvolumeclaims"),
        ["Bound", "NotWantedYet"]
    );
    assert!(!server.requests_for(&Match::path(PODS).lists()).is_empty());
}

#[tokio::test]
async fn the_service_of_a_webhook_is_read_in_any_namespace() {
    let mut policy = object(
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
        "policy",
        &json!({"webhooks": [{
            "name": "pods.policy.io", "failurePolicy": "Fail",
            "clientConfig": {"service": {"namespace": "shop", "name": "web"}},
            "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
        }]}),
    );
    remove(&mut policy, "/metadata/namespace");
    let server = ApiServer::builder()
        .objects([web(), endpoint(true), policy])
        .start()
        .await;
    let mut settings = settings(server.kubeconfig());
    settings.kinds = vec![Kind::ValidatingWebhookConfiguration];
    settings.namespaces = vec!["bank".into()];
    let agent = start(settings).await;
    let path = "/health/validatingwebhookconfigurations";
    agent.until(path, |a| a.json()["status"] == "ok").await;
    server.delete_object("v1", "Service", "shop", "web");
    let answer = agent
        .until(path, |a| a.json()["status"] == "degraded")
        .await
        .json();
    assert_eq!(
        reasons(&answer, "validatingwebhookconfigurations"),
        ["WebhookBlocks"]
    );
}
