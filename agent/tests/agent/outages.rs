//! Owns the answers while the API server is away, silent or wrong, and that the agent recovers by itself.

use crate::harness::{listed_agent, settings, start};
use serde_json::json;
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, Fault, Match};
use std::time::Duration;

async fn shop() -> ApiServer {
    ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await
}

#[tokio::test]
async fn it_starts_and_answers_while_the_api_server_is_away() {
    let server = shop().await;
    server.stop();
    let agent = start(settings(server.kubeconfig())).await;
    agent.until("/readyz", |a| a.status == 200).await;
    assert_eq!(agent.get("/healthz").await.status, 200);
    let answer = agent.get("/health/apiserver").await;
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["status"], &body["class"]),
        (500, &json!("error"), &json!("refused"))
    );
    assert!(body["error"].is_string() && body["hint"].is_string(), "{body}");
    let answer = agent
        .until("/health/deployments", |a| {
            a.json()["notSeen"][0]["class"] == "refused"
        })
        .await;
    assert_eq!(
        (answer.status, &answer.json()["status"]),
        (500, &json!("unknown"))
    );
    let report = agent.get("/health").await;
    assert_eq!(
        (report.status, &report.json()["status"]),
        (200, &json!("unknown"))
    );
    assert_eq!(agent.get("/health?fail=unknown").await.status, 500);
    server.start_again();
    agent
        .until("/health/deployments", |a| {
            a.status == 200 && a.json()["status"] == "ok"
        })
        .await;
    agent.until("/health/apiserver", |a| a.status == 200).await;
}

#[tokio::test]
async fn an_outage_makes_data_stale_and_its_end_makes_it_fresh() {
    let server = shop().await;
    let agent = listed_agent(&server).await;
    server.stop();
    agent.until("/health/apiserver", |a| a.status == 500).await;
    let answer = agent
        .until("/health/deployments", |a| a.json()["stale"] == true)
        .await;
    assert_eq!(
        (&answer.json()["status"], answer.names().len()),
        (&json!("ok"), 1),
        "two failed checks are no judgement"
    );
    server.start_again();
    server.apply(Deployment::new("shop", "web").replicas(3).counts(3, 3, 1, 1));
    agent
        .until("/health/deployments", |a| {
            a.json()["stale"] == false && a.json()["status"] == "degraded"
        })
        .await;
}

#[tokio::test]
async fn data_that_is_too_old_is_unknown_and_shown_as_last_seen() {
    let server = shop().await;
    let mut settings = settings(server.kubeconfig());
    settings.stale_after = Duration::from_secs(1);
    let agent = start(settings).await;
    agent
        .until("/health/deployments", |a| a.json()["status"] == "ok")
        .await;
    server.stop();
    let answer = agent
        .until("/health/deployments", |a| a.json()["status"] == "unknown")
        .await;
    let body = answer.json();
    assert_eq!(
        (answer.status, answer.names().len(), &body["summary"]["healthy"]),
        (200, 1, &json!(1))
    );
    assert_eq!(body["notSeen"][0]["class"], "stale");
    assert_eq!(agent.get("/health/deployments?fail=unknown").await.status, 500);
    server.start_again();
    agent
        .until("/health/deployments", |a| a.json()["status"] == "ok")
        .await;
}

#[tokio::test]
async fn an_api_server_that_hangs_is_a_timeout_and_never_a_hang() {
    let server = shop().await;
    let agent = listed_agent(&server).await;
    server.fail(Match::any(), Fault::Hang);
    let answer = agent.until("/health/apiserver", |a| a.status == 500).await;
    let body = answer.json();
    assert_eq!(
        (&body["status"], &body["class"]),
        (&json!("error"), &json!("timeout"))
    );
    assert_eq!(
        agent.get("/health/deployments").await.names(),
        ["web"],
        "the cache answers meanwhile"
    );
    server.clear_faults();
    server.drop_connections();
    agent.until("/health/apiserver", |a| a.status == 200).await;
}

#[tokio::test]
async fn a_server_that_is_no_api_server_has_its_own_class() {
    let server = shop().await;
    let agent = listed_agent(&server).await;
    server.fail(Match::path("/version"), Fault::captive_portal());
    let answer = agent.until("/health/apiserver", |a| a.status == 500).await;
    assert_eq!(
        (&answer.json()["status"], &answer.json()["class"]),
        (&json!("error"), &json!("notAnApiServer"))
    );
}

#[tokio::test]
async fn an_overloaded_api_server_is_asked_again_later() {
    let server = shop().await;
    server.fail_times(4, Match::path("/apis/apps/v1/deployments"), Fault::Status(503));
    let agent = start(settings(server.kubeconfig())).await;
    agent
        .until("/health/deployments", |a| a.json()["status"] == "ok")
        .await;
}

#[tokio::test]
async fn a_credential_that_was_changed_on_disk_is_found() {
    let server = ApiServer::builder()
        .token("first")
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let directory = tempfile::tempdir().unwrap();
    let kubeconfig = directory.path().join("kubeconfig");
    std::fs::copy(server.kubeconfig_with_token("wrong"), &kubeconfig).unwrap();
    let agent = start(settings(&kubeconfig)).await;
    let refused = agent
        .until("/health/deployments", |a| {
            a.json()["notSeen"][0]["class"] == "unauthenticated"
        })
        .await;
    assert_eq!(refused.status, 500);
    std::fs::copy(server.kubeconfig(), &kubeconfig).unwrap();
    agent
        .until("/health/deployments", |a| a.json()["status"] == "ok")
        .await;
}
