//! Owns the check of the API server that clients ask for: what it answers, and what it asks.

use crate::harness::{listed_agent, read_answer, settings, start};
use serde_json::json;
use sre_testkit::{ApiServer, Fault, Match};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler";

/// The requests of a check, by path, without those of watches and walks.
fn asked(server: &ApiServer) -> Vec<String> {
    let mut paths: Vec<String> = server
        .requests()
        .into_iter()
        .map(|request| request.path)
        .filter(|path| ["/version", "/readyz", "/livez"].contains(&&**path) || path.contains("/leases/"))
        .map(|path| path.rsplit('/').next().unwrap_or_default().to_owned())
        .collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn the_api_server_is_asked_live() {
    let server = ApiServer::builder().start().await;
    let agent = listed_agent(&server).await;
    let answer = agent.get("/health/apiserver").await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(
        (&body["status"], &body["version"], &body["check"]),
        (&json!("ok"), &json!("v1.37.2"), &json!("apiserver"))
    );
    assert!(
        body["latencyMs"].is_number() && body["observedAt"].is_string() && body["pod"] == "agent-0",
        "{body}"
    );
    server.fail_check("/readyz", "etcd");
    let answer = agent.until("/health/apiserver", |a| a.status != 200).await;
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["status"], &body["class"]),
        (500, &json!("degraded"), &json!("unhealthy"))
    );
    assert!(
        body["error"].as_str().unwrap().contains("etcd") && body["hint"].is_string(),
        "{body}"
    );
    server.pass_checks();
    agent.until("/health/apiserver", |a| a.status == 200).await;
}

#[tokio::test]
async fn callers_at_the_same_time_share_one_check_and_later_ones_its_result() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.pace.remember = Duration::ZERO;
    settings.pace.probe_every = Duration::from_hours(1);
    let agent = start(settings.clone()).await;
    agent.get("/health/apiserver").await;
    server.clear_requests();
    server.fail(Match::path("/readyz"), Fault::SlowHeaders(Duration::from_secs(1)));
    let mut callers = Vec::new();
    for _ in 0..8 {
        let mut caller = agent.connect().await;
        caller
            .write_all(b"GET /health/apiserver HTTP/1.1\r\nhost: agent\r\n\r\n")
            .await
            .unwrap();
        callers.push(caller);
    }
    for caller in &mut callers {
        assert_eq!(read_answer(caller).await.status, 200);
    }
    assert_eq!(
        asked(&server),
        ["readyz", "version"],
        "a slow one is not the only evidence"
    );
    settings.pace.remember = Duration::from_hours(1);
    let agent = start(settings).await;
    server.clear_requests();
    for _ in 0..3 {
        assert_eq!(agent.get("/health/apiserver").await.status, 200);
    }
    assert!(
        server.requests_for(&Match::path("/readyz")).len() <= 1,
        "it is remembered"
    );
}

#[tokio::test]
async fn while_all_is_well_a_check_asks_only_for_what_decides() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.pace.remember = Duration::ZERO;
    settings.pace.probe_every = Duration::from_hours(1);
    let agent = start(settings).await;
    let first = agent.until("/health/apiserver", |a| a.status == 200).await.json();
    let check = async |status: u16| {
        server.clear_requests();
        let answer = agent.get("/health/apiserver").await;
        assert_eq!(answer.status, status);
        (asked(&server), answer.json())
    };
    let (paths, body) = check(200).await;
    assert_eq!(paths, ["readyz"]);
    assert_eq!(
        (&body["version"], &body["latencyMs"]),
        (&first["version"], &first["latencyMs"])
    );
    let rungs = |body: &serde_json::Value| -> Vec<String> {
        let ladder = body["ladder"].as_array().unwrap();
        ladder.iter().map(|rung| rung["rung"].to_string()).collect()
    };
    assert_eq!(
        rungs(&body),
        rungs(&first),
        "the rungs of remembered answers are there too"
    );
    server.fail_check("/readyz", "etcd");
    let (paths, _) = check(500).await;
    assert_eq!(
        paths,
        ["livez", "readyz", "version"],
        "whether it is alive is asked anew"
    );
    let everything = [
        "kube-controller-manager",
        "kube-scheduler",
        "livez",
        "readyz",
        "version",
    ];
    assert_eq!(check(500).await.0, everything);
    server.pass_checks();
    assert_eq!(check(200).await.0, everything, "the last check was not ok");
    assert_eq!(check(200).await.0, ["readyz"]);
}

#[tokio::test]
async fn the_leases_are_read_again_with_each_check_of_its_own() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.pace.probe_every = Duration::from_millis(50);
    let agent = start(settings).await;
    agent.until("/health/apiserver", |a| a.status == 200).await;
    server.clear_requests();
    server.wait_for_requests(&Match::path(LEASE), 2).await;
}
