//! Owns the record of the API server, as answers and metrics show it, and the writes that belong to it.

use crate::harness::{Answer, RunningAgent, settings, start};
use serde_json::{Value, json};
use sre_agent::Signal;
use sre_testkit::{Access, ApiServer, Fault, Match};
use std::time::Duration;

const CANARY: &str = "/apis/coordination.k8s.io/v1/namespaces/sre-tools/leases/canary";

fn window(answer: &Answer, name: &str) -> Value {
    let body = answer.json();
    let windows = body["record"]["windows"].as_array().cloned().unwrap_or_default();
    windows
        .into_iter()
        .find(|window| window["window"] == name)
        .unwrap_or_default()
}

fn rung(answer: &Answer, name: &str) -> Value {
    let body = answer.json();
    let rungs = body["ladder"].as_array().cloned().unwrap_or_default();
    rungs
        .into_iter()
        .find(|rung| rung["rung"] == name)
        .unwrap_or_default()
}

/// A server with the Lease that the chart makes.
async fn server_with_lease() -> ApiServer {
    let server = ApiServer::builder().token("token").start().await;
    server.apply(json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"namespace": "sre-tools", "name": "canary"}, "spec": {},
    }));
    server
}

async fn writing_agent(server: &ApiServer) -> RunningAgent {
    let mut settings = settings(server.kubeconfig());
    settings.write_canary = Some("sre-tools/canary".parse().unwrap());
    start(settings).await
}

#[tokio::test]
async fn an_answer_has_every_window_the_steps_of_the_way_and_the_pairs_of_burn_rates() {
    let server = ApiServer::builder().start().await;
    let agent = start(settings(server.kubeconfig())).await;
    let answer = agent
        .until("/health/apiserver", |a| {
            window(a, "30d")["checks"].as_u64() >= Some(3)
        })
        .await;
    let body = answer.json();
    let names: Vec<&Value> = body["record"]["windows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| &w["window"])
        .collect();
    assert_eq!(names, ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]);
    let phases = window(&answer, "5m")["phases"].clone();
    let names: Vec<&Value> = phases
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| &phase["phase"])
        .collect();
    assert_eq!(
        names,
        ["connect", "tls", "request"],
        "an address has no name to resolve"
    );
    assert_eq!(
        (&body["record"]["slo"], &window(&answer, "1h")["availability"]),
        (&json!(99.9), &json!(1.0))
    );
    let pairs = &body["record"]["burnRates"];
    assert_eq!(
        pairs[0],
        json!({"long": "1h", "short": "5m", "factor": 14.4}),
        "nothing is said about a window that was not half watched"
    );
    let metrics = agent.get("/metrics").await.text();
    assert!(
        metrics.contains("sre_apiserver_phase_duration_seconds_count{phase=\"tls\"} "),
        "{metrics}"
    );
    assert!(
        metrics.contains("\nsre_apiserver_certificate_expiry_timestamp_seconds "),
        "{metrics}"
    );
    for absent in [
        "sre_apiserver_availability_ratio{",
        "sre_apiserver_burn_rate{",
        "sre_apiserver_write_up",
    ] {
        assert!(!metrics.contains(absent), "{absent}: {metrics}");
    }
}

#[tokio::test]
async fn a_record_outlives_the_process_and_a_damaged_one_does_not_keep_it_from_starting() {
    let server = ApiServer::builder().start().await;
    let directory = tempfile::tempdir().unwrap();
    let mut settings = settings(server.kubeconfig());
    settings.history_directory = Some(directory.path().to_owned());
    let agent = start(settings.clone()).await;
    agent
        .until("/health/apiserver", |a| {
            window(a, "30d")["checks"].as_u64() >= Some(5)
        })
        .await;
    agent.stop.send(Signal::Terminate).await.unwrap();
    agent.wait_for_end().await;
    // A process that has checked once knows of the five checks before.
    settings.pace.probe_every = Duration::from_hours(1);
    let agent = start(settings.clone()).await;
    let answer = agent.get("/health/apiserver").await;
    assert!(
        window(&answer, "30d")["checks"].as_u64() >= Some(6),
        "{}",
        answer.json()
    );
    agent.stop.send(Signal::Terminate).await.unwrap();
    agent.wait_for_end().await;
    let path = directory.path().join("apiserver-record.json");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let agent = start(settings).await;
    let answer = agent.get("/health/apiserver").await;
    assert_eq!(window(&answer, "30d")["checks"], 1, "the torn file is not used");
}

#[tokio::test]
async fn each_write_changes_the_lease_and_has_no_version() {
    let server = server_with_lease().await;
    let agent = writing_agent(&server).await;
    let before = server.resource_version();
    let enough = || server.requests_for(&Match::path(CANARY)).len() >= 3;
    let answer = agent
        .until("/health/apiserver", |a| {
            enough() && rung(a, "write")["status"] == "ok"
        })
        .await;
    assert_eq!(answer.json()["status"], "ok");
    assert!(rung(&answer, "write")["elapsedMs"].is_number());
    let writes = server.requests_for(&Match::path(CANARY));
    assert!(
        writes
            .iter()
            .all(|write| write.method == "PATCH" && write.json["metadata"].is_null())
    );
    let mut times: Vec<String> = writes
        .iter()
        .map(|w| w.json["spec"]["renewTime"].to_string())
        .collect();
    times.dedup();
    assert_eq!(
        times.len(),
        writes.len(),
        "a write that changes nothing does not reach etcd"
    );
    assert!(server.resource_version() >= before + 3);
    let metrics = agent.get("/metrics").await.text();
    assert!(metrics.contains("\nsre_apiserver_write_up 1\n"), "{metrics}");
    assert!(
        metrics.contains("sre_apiserver_phase_duration_seconds_count{phase=\"write\"} "),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_write_that_fails_or_hangs_degrades_while_reads_are_well() {
    for (fault, class) in [(Fault::Status(500), "unhealthy"), (Fault::Hang, "timeout")] {
        let server = server_with_lease().await;
        let agent = writing_agent(&server).await;
        agent
            .until("/health/apiserver", |a| rung(a, "write")["status"] == "ok")
            .await;
        let id = server.fail(Match::path(CANARY).method("PATCH"), fault);
        let answer = agent
            .until("/health/apiserver", |a| a.json()["status"] == "degraded")
            .await;
        let body = answer.json();
        assert_eq!(
            (answer.status, &body["class"], &body["rung"], &body["side"]),
            (500, &json!(class), &json!("write"), &json!("the control plane"))
        );
        assert_eq!(rung(&answer, "readyz")["status"], "ok");
        agent
            .until("/metrics", |a| a.text().contains("\nsre_apiserver_write_up 0\n"))
            .await;
        server.clear_fault(id);
        agent
            .until("/health/apiserver", |a| a.json()["status"] == "ok")
            .await;
    }
}

#[tokio::test]
async fn a_missing_right_or_lease_is_said_and_no_verdict() {
    let server = server_with_lease().await;
    let agent = writing_agent(&server).await;
    agent
        .until("/health/apiserver", |a| rung(a, "write")["status"] == "ok")
        .await;
    let (user, gap) = ("kubernetes-admin", "what=\"writes to the API server\",class=");
    server.set_access(user, Access::admin().without("patch", "leases"));
    let answer = agent
        .until("/health/apiserver", |a| rung(a, "write")["status"] == "unknown")
        .await;
    let body = answer.json();
    assert_eq!((answer.status, &body["status"]), (200, &json!("ok")));
    let rule = "coordination.k8s.io/leases patch for canary in namespace sre-tools";
    assert_eq!(
        (&body["missing"], &rung(&answer, "write")["missing"]),
        (&json!(rule), &json!([rule]))
    );
    assert_eq!(body["noteCodes"], json!(["writesForbidden"]), "{body}");
    agent
        .until("/metrics", |a| a.text().contains(&format!("{gap}\"forbidden\"")))
        .await;
    server.set_access(user, Access::admin());
    server.delete_object("coordination.k8s.io/v1", "Lease", "sre-tools", "canary");
    let answer = agent
        .until("/health/apiserver", |a| {
            rung(a, "write")["message"]
                .to_string()
                .contains("there is no Lease")
        })
        .await;
    assert_eq!(answer.status, 200);
    agent
        .until("/metrics", |a| a.text().contains(&format!("{gap}\"notFound\"")))
        .await;
}
