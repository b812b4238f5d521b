//! Owns how events change the answers, how watches go on, and objects that the agent may not or cannot read.

use crate::harness::{listed_agent, settings, start};
use serde_json::json;
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, Fault, GoneForm, Match, WatchFault};

const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";

fn degraded(name: &str) -> Deployment {
    Deployment::new("shop", name).replicas(3).counts(3, 3, 2, 2)
}

#[tokio::test]
async fn events_change_the_answer() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let agent = listed_agent(&server).await;
    server.wait_for_watches(1).await;
    server.apply(degraded("web"));
    agent
        .until("/health/deployments", |a| a.json()["status"] == "degraded")
        .await;
    server.apply(Deployment::new("bank", "ledger"));
    agent
        .until("/health/deployments", |a| a.names() == ["ledger", "web"])
        .await;
    server.delete("shop", "web");
    agent
        .until("/health/deployments", |a| {
            a.json()["status"] == "ok" && a.names() == ["ledger"]
        })
        .await;
    assert_eq!(
        server.requests_for(&Match::path(DEPLOYMENTS).lists()).len(),
        1,
        "one list is enough"
    );
}

#[tokio::test]
async fn a_bookmark_is_a_sign_of_life() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.pace.stale = std::time::Duration::from_millis(300);
    let agent = start(settings).await;
    agent
        .until("/health/deployments", |a| {
            a.json()["stale"] == true && a.json()["observedAt"].is_string()
        })
        .await;
    server.wait_for_watches(1).await;
    server.bookmark();
    agent
        .until("/health/deployments", |a| a.json()["stale"] == false)
        .await;
}

#[tokio::test]
async fn a_version_that_is_gone_leads_to_a_new_list_in_both_of_its_forms() {
    for gone in [GoneForm::Event, GoneForm::Answer] {
        let server = ApiServer::builder()
            .gone(gone)
            .deployments([Deployment::new("shop", "web")])
            .start()
            .await;
        let agent = listed_agent(&server).await;
        server.wait_for_watches(1).await;
        // The next watch begins too late: the server has forgotten the changes in between.
        server.fail(Match::path(DEPLOYMENTS).watches(), Fault::Close);
        server.disturb_watches(&WatchFault::Cut);
        server.wait_for_watches(0).await;
        server.delete("shop", "web");
        server.apply(degraded("api"));
        server.compact();
        server.clear_faults();
        let answer = agent.until("/health/deployments", |a| a.names() == ["api"]).await;
        assert_eq!(answer.json()["status"], "degraded");
    }
}

#[tokio::test]
async fn a_watch_that_sends_garbage_or_ends_goes_on() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let agent = listed_agent(&server).await;
    for fault in [
        WatchFault::Garbage(b"<html>\n".to_vec()),
        WatchFault::Cut,
        WatchFault::End,
    ] {
        server.wait_for_watches(1).await;
        server.disturb_watches(&fault);
        server.apply(degraded("web"));
        agent
            .until("/health/deployments", |a| a.json()["status"] == "degraded")
            .await;
        server.apply(Deployment::new("shop", "web"));
        agent
            .until("/health/deployments", |a| a.json()["status"] == "ok")
            .await;
    }
}

#[tokio::test]
async fn one_object_that_does_not_decode_spoils_no_other() {
    let broken = json!({"apiVersion": "apps/v1", "kind": "Deployment",
                        "metadata": {"namespace": "shop", "name": "api"}, "spec": {"replicas": "3"}});
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .raw_deployment("shop", "api", &broken.to_string())
        .start()
        .await;
    let agent = listed_agent(&server).await;
    let body = agent.get("/health/deployments").await.json();
    assert_eq!(
        (&body["status"], &body["summary"]["healthy"]),
        (&json!("unknown"), &json!(1))
    );
    assert_eq!(
        (&body["deployments"][0]["name"], &body["deployments"][0]["reason"]),
        (&json!("api"), &json!("Undecodable"))
    );
}

#[tokio::test]
async fn a_forbidden_namespace_is_named_with_the_missing_rule() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web"), Deployment::new("bank", "ledger")])
        .user("secret-of-shop", "shopkeeper", Access::namespaces(["shop"]))
        .start()
        .await;
    let mut settings = settings(&server.kubeconfig_for("shopkeeper"));
    settings.namespaces = vec!["bank".into(), "shop".into()];
    let agent = start(settings).await;
    let answer = agent
        .until("/health/deployments", |a| {
            a.names() == ["web"] && a.json()["notSeen"][0]["class"] == "forbidden"
        })
        .await;
    let body = answer.json();
    assert_eq!((answer.status, &body["status"]), (200, &json!("unknown")));
    assert_eq!(body["notSeen"][0]["what"], "deployments in namespace bank");
    assert_eq!(body["notSeen"][0]["missing"], "apps/deployments list");
    assert_eq!(
        agent.get("/health/deployments?namespace=shop").await.json()["status"],
        "ok"
    );
    let bank = agent.get("/health/deployments?namespace=bank").await;
    assert_eq!((bank.status, &bank.json()["status"]), (500, &json!("unknown")));
    let other = agent.get("/health/deployments?namespace=other").await;
    assert_eq!(
        (other.status, &other.json()["notSeen"][0]["class"]),
        (500, &json!("notWatched"))
    );
    let report = agent.get("/health").await.json();
    assert_eq!(report["coverage"]["notSeen"].as_array().unwrap().len(), 1);
    assert_eq!(report["coverage"]["namespaces"], json!(["bank", "shop"]));
    for answer in [answer, bank, other] {
        assert!(!answer.text().contains("secret-of-shop"));
    }
}

#[tokio::test]
async fn an_agent_that_may_read_nothing_answers_500() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .user("t", "nobody", Access::none())
        .start()
        .await;
    let agent = start(settings(&server.kubeconfig_for("nobody"))).await;
    let answer = agent
        .until("/health/deployments", |a| {
            a.json()["notSeen"][0]["class"] == "forbidden"
        })
        .await;
    assert_eq!((answer.status, answer.names().len()), (500, 0));
    assert_eq!(answer.json()["status"], "unknown");
    assert_eq!(agent.get("/readyz").await.status, 200);
    assert_eq!(agent.get("/health").await.status, 200);
    server.set_access("nobody", Access::admin());
    agent
        .until("/health/deployments", |a| {
            a.status == 200 && a.json()["status"] == "ok"
        })
        .await;
}
