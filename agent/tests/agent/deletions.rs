//! Owns how the agent leaves out the objects of a namespace that is being deleted.

use crate::harness::{settings, start};
use serde_json::{Value, json};
use sre_testkit::object::{Deployment, Namespace};
use sre_testkit::{Access, ApiServer, Match, at};

const USER: &str = "system:serviceaccount:sre-tools:sre-agent";

fn broken(namespace: &str, name: &str) -> Deployment {
    Deployment::new(namespace, name).counts(1, 1, 0, 0)
}

fn deleted(name: &str) -> Value {
    let namespace = Namespace::new(name).terminating();
    namespace.deleting(at(-60), &[]).build()
}

async fn server(access: Access) -> ApiServer {
    ApiServer::builder()
        .objects([deleted("gone")])
        .deployments([
            Deployment::new("shop", "web"),
            Deployment::new("gone", "api"),
            broken("gone", "web"),
        ])
        .user("s3cret", USER, access)
        .start()
        .await
}

#[tokio::test]
async fn the_objects_of_a_namespace_that_is_being_deleted_are_left_out() {
    let server = server(Access::admin()).await;
    let agent = start(settings(server.kubeconfig())).await;
    let left_out = json!([{"namespace": "gone", "since": at(-60), "leftOut": {"deployments": 2}}]);
    let answer = agent
        .until("/health?fail=degraded,unknown", |a| {
            a.json()["coverage"]["terminatingNamespaces"] == left_out && a.status == 200
        })
        .await;
    let report = answer.json();
    let deployments = &report["checks"][1];
    assert_eq!(
        (&report["status"], &deployments["status"]),
        (&json!("ok"), &json!("ok"))
    );
    assert_eq!(
        (
            &deployments["summary"]["healthy"],
            &deployments["summary"]["terminating"]
        ),
        (&json!(1), &json!(2)),
        "{report:#}"
    );
    for item in deployments["items"].as_array().unwrap().iter().take(2) {
        assert_eq!(
            (&item["state"], &item["reason"], &item["healthy"]),
            (
                &json!("terminating"),
                &json!("NamespaceTerminating"),
                &Value::Null
            )
        );
    }
    // The metrics, and an answer about one kind, say the same.
    let answer = agent.get("/health/deployments?namespace=gone").await.json();
    assert_eq!(
        (&answer["status"], &answer["coverage"]["terminatingNamespaces"]),
        (&json!("ok"), &left_out)
    );
    let answer = agent.get("/health/deployments?namespace=shop").await.json();
    assert_eq!(answer["coverage"].get("terminatingNamespaces"), None);
    let metrics = agent.get("/metrics").await;
    let unavailable =
        |line: &&str| line.contains("unavailable") && line.contains("gone") && line.ends_with(" 1");
    assert_eq!(metrics.text().lines().find(unavailable), None);
}

#[tokio::test]
async fn a_namespace_that_stays_or_may_not_be_read_excuses_nothing() {
    let server = server(Access::admin().without("*", "namespaces")).await;
    let agent = start(settings(server.kubeconfig())).await;
    let degraded = |a: &crate::harness::Answer| a.json()["status"] == "degraded";
    let namespace = Match::path("/api/v1/namespaces/gone");
    agent
        .until("/health/deployments", |a| {
            degraded(a) && !server.requests_for(&namespace).is_empty()
        })
        .await;
    let report = agent.get("/health").await.json();
    assert_eq!(
        report["coverage"]["notSeen"],
        json!([]),
        "no verdict depends on it"
    );
    server.set_access(USER, Access::admin());
    agent
        .until("/health/deployments", |a| a.json()["status"] == "ok")
        .await;
    // It was deleted and created again.
    server.apply(Namespace::new("gone").build());
    agent.until("/health/deployments", degraded).await;
}

#[tokio::test]
async fn a_deletion_that_is_not_seen_any_more_excuses_nothing() {
    let server = server(Access::admin()).await;
    let agent = start(settings(server.kubeconfig())).await;
    agent
        .until("/health/deployments", |a| {
            a.json()["summary"]["terminating"] == json!(2)
        })
        .await;
    server.set_access(USER, Access::admin().without("*", "namespaces"));
    agent
        .until("/health/deployments", |a| a.json()["status"] == "degraded")
        .await;
}

#[tokio::test]
async fn one_of_many_namespaces_that_is_there_again_excuses_nothing() {
    let names: Vec<String> = (0..9).map(|number| format!("gone-{number}")).collect();
    let server = ApiServer::builder()
        .objects(names.iter().map(|name| deleted(name)))
        .deployments(names.iter().map(|name| broken(name, "web")))
        .start()
        .await;
    let agent = start(settings(server.kubeconfig())).await;
    let degraded = |count: u64| {
        move |a: &crate::harness::Answer| {
            let summary = &a.json()["summary"];
            (summary["unavailable"].as_u64(), summary["terminating"].as_u64())
                == (Some(count), Some(9 - count))
        }
    };
    agent.until("/health/deployments", degraded(0)).await;
    server.apply(Namespace::new("gone-3").build());
    agent.until("/health/deployments", degraded(1)).await;
}

#[tokio::test]
async fn a_healthy_cluster_costs_no_request_for_namespaces() {
    let server = ApiServer::builder()
        .objects([deleted("gone")])
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let agent = start(settings(server.kubeconfig())).await;
    agent
        .until("/health/deployments", |a| a.json()["status"] == "ok")
        .await;
    assert_eq!(server.requests_for(&Match::under("/api/v1/namespaces")).len(), 0);
}
