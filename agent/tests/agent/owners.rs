//! Owns the report about controllers that no kind judges. It is made of their objects that the agent keeps.

use crate::harness::{RunningAgent, settings, start};
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_testkit::object::{Deployment, Pod, ReplicaSet};
use sre_testkit::{ApiServer, at};

/// The part about controllers, one line for each.
fn controllers(report: &Value) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap();
    let part = checks.iter().find(|check| check["check"] == "controllers");
    let items = part.and_then(|check| check["items"].as_array());
    let text = |item: &Value, field: &str| item[field].as_str().unwrap_or_default().to_owned();
    let line = |item: &Value| {
        let fields = ["kind", "name", "state", "message"].map(|field| text(item, field));
        fields.join(" ")
    };
    items.into_iter().flatten().map(line).collect()
}

async fn until(agent: &RunningAgent, path: &str, expected: &[&str]) -> Value {
    let answer = agent.until(path, |a| controllers(&a.json()) == expected);
    answer.await.json()
}

fn job(name: &str, owner: &str, failed: bool) -> Value {
    let mut job = json!({"apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"namespace": "shop", "name": name, "uid": name, "creationTimestamp": at(-7200), "generation": 1,
                     "ownerReferences": [{"apiVersion": "example.com/v1", "kind": owner, "name": "train", "uid": owner,
                                          "controller": true}]},
        "spec": {}, "status": {"startTime": at(-7200), "active": 1, "ready": 1}});
    if failed {
        job["status"] = json!({"startTime": at(-7200), "failed": 1, "conditions": [{"type": "Failed", "status": "True",
            "reason": "BackoffLimitExceeded", "message": "too often", "lastTransitionTime": at(-3600)}]});
    }
    job
}

#[tokio::test]
async fn jobs_of_a_controller_that_no_kind_judges_are_reported_under_its_name() {
    let of_cron = {
        let mut job = job("nightly-1", "CronJob", true);
        job["metadata"]["ownerReferences"][0]["apiVersion"] = json!("batch/v1");
        job
    };
    let server = ApiServer::builder()
        .objects([
            job("train-0", "Engine", false),
            job("train-1", "Engine", false),
            of_cron,
        ])
        .start()
        .await;
    let mut settings = settings(server.kubeconfig());
    settings.kinds = vec![Kind::Job, Kind::CronJob];
    let agent = start(settings).await;
    let report = until(&agent, "/health", &["Engine train healthy 0 of 2 Jobs succeeded"]).await;
    assert_eq!(report["status"], "ok");
    server.wait_for_watches(2).await;
    server.apply(job("train-1", "Engine", true));
    let broken = "Engine train degraded 1 of 2 Jobs not well, Job train-1: BackoffLimitExceeded: too often";
    let report = until(&agent, "/health", &[broken]).await;
    assert_eq!(
        (&report["status"], &report["findings"][0]["items"][0]),
        (&json!("degraded"), &json!("Engine/shop/train"))
    );
    assert_eq!(agent.get("/health?fail=degraded").await.status, 500);
    // They do not count as Jobs of their own.
    assert_eq!(agent.get("/health/jobs").await.json()["summary"]["total"], 0);
    let other = agent.get("/health?namespace=bank").await.json();
    assert_eq!((controllers(&other), &other["status"]), (vec![], &json!("ok")));
    let others = agent.get("/health?kinds=cronjobs").await.json();
    assert_eq!(controllers(&others), [""; 0]);
    server.delete_object("batch/v1", "Job", "shop", "train-1");
    until(
        &agent,
        "/health",
        &["Engine train healthy Job train-0: 0 succeeded, 1 of 1 active ready"],
    )
    .await;
}

#[tokio::test]
async fn pods_are_left_to_a_watched_deployment_and_else_reported_under_its_name() {
    let web = Deployment::new("shop", "web");
    let pod = |name: &str, set: &str, hash: &str| {
        let pod = Pod::new("shop", name).owner("apps/v1", "ReplicaSet", set, set);
        pod.label("pod-template-hash", hash)
            .ready(false, at(-7200))
            .build()
    };
    let rollout = ReplicaSet::new("shop", "api-2")
        .owner("argoproj.io/v1alpha1", "Rollout", "api", "uid-of-api")
        .replicas(2)
        .counts(2, 0, 0);
    let objects = [
        web.build(),
        pod("web-1-a", "web-1", "1"),
        pod("lost-7-a", "lost-7", "7"),
        rollout.build(),
    ];
    let server = ApiServer::builder().objects(objects).start().await;
    let mut settings = settings(server.kubeconfig());
    settings.kinds = vec![Kind::Pod];
    let agent = start(settings.clone()).await;
    let both = [
        "Deployment lost unavailable 0 of 1 pods ready",
        "Deployment web unavailable 0 of 1 pods ready",
    ];
    until(&agent, "/health", &both).await;
    settings.kinds = vec![Kind::Deployment, Kind::Pod, Kind::ReplicaSet];
    let agent = start(settings).await;
    // A watched ReplicaSet answers for its pods, and a watched Deployment for its ReplicaSets.
    until(&agent, "/health", &["Rollout api unavailable 0 of 2 pods ready"]).await;
}

#[tokio::test]
async fn the_path_of_a_kind_reports_controllers_that_no_kind_judges() {
    let server = ApiServer::builder()
        .objects([job("train-1", "Engine", true)])
        .start()
        .await;
    let mut settings = settings(server.kubeconfig());
    settings.kinds = vec![Kind::Job];
    let agent = start(settings).await;
    let answer = agent
        .until("/health/jobs", |a| a.json()["status"] == "degraded")
        .await
        .json();
    let controller = &answer["controllers"][0];
    assert_eq!(
        (
            &answer["summary"]["total"],
            &controller["kind"],
            &controller["name"]
        ),
        (&json!(0), &json!("Engine"), &json!("train"))
    );
    assert_eq!(agent.get("/health/jobs?fail=degraded").await.status, 500);
    server.wait_for_watches(1).await;
    server.delete_object("batch/v1", "Job", "shop", "train-1");
    agent
        .until("/health/jobs", |a| {
            a.json()["status"] == "ok" && a.json().get("controllers").is_none()
        })
        .await;
}

#[tokio::test]
async fn an_unhealthy_object_selected_without_its_controller_is_not_seen() {
    let pod = |ready| {
        Pod::new("shop", "web-7d9c-a")
            .owner("apps/v1", "ReplicaSet", "web-7d9c", "uid-of-web")
            .label("pod-template-hash", "7d9c")
            .label("app", "web")
            .ready(ready, at(-300))
            .build()
    };
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .objects([pod(false)])
        .start()
        .await;
    let mut settings = settings(server.kubeconfig());
    settings.kinds = vec![Kind::Deployment, Kind::ReplicaSet, Kind::Pod];
    let agent = start(settings).await;
    // The Deployment answers for it.
    agent.until("/health", |a| a.json()["status"] == "ok").await;
    let narrow = "/health?selector=pod-template-hash";
    let what = |answer: &Value| answer["coverage"]["notSeen"][0]["what"].clone();
    let answer = agent
        .until(narrow, |a| what(&a.json()) == "pods of ReplicaSet shop/web-7d9c")
        .await
        .json();
    assert_eq!(
        (&answer["status"], &answer["coverage"]["notSeen"][0]["class"]),
        (&json!("unknown"), &json!("notWatched"))
    );
    assert_eq!(
        agent.get("/health/pods?selector=pod-template-hash").await.json()["status"],
        "unknown"
    );
    server.wait_for_watches(3).await;
    server.apply(pod(true));
    agent
        .until(narrow, |a| {
            what(&a.json()) == "objects matching pod-template-hash"
        })
        .await;
}
