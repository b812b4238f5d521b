//! Owns causes in the answers: they are searched for in the background, only if an object is not healthy, and only if
//! the agent is set to.

use crate::harness::{RunningAgent, listed_agent, settings, start};
use serde_json::{Value, json};
use sre_agent::Settings;
use sre_shared::kind::Kind;
use sre_testkit::object::{Deployment, Pod, ReplicaSet};
use sre_testkit::{Access, ApiServer, ApiServerBuilder, at};

fn web() -> Deployment {
    Deployment::new("shop", "web").counts(1, 1, 0, 0)
}

/// A Deployment whose only pod crashes, and a healthy one.
fn broken() -> ApiServerBuilder {
    let set = ReplicaSet::new("shop", "web-1").owned_by(&web());
    let pod = Pod::new("shop", "web-1-a")
        .owned_by(&set)
        .waiting("CrashLoopBackOff", "back-off")
        .last_terminated("Error", 3, at(-40))
        .restarts(7);
    ApiServer::builder()
        .objects([web().build(), Deployment::new("shop", "api").build()])
        .objects([set.build(), pod.build()])
}

async fn searching_agent(server: &ApiServer) -> RunningAgent {
    start(Settings {
        causes: true,
        ..settings(server.kubeconfig())
    })
    .await
}

/// The causes of the item `web` of an answer, each `CODE: MESSAGE`.
fn causes(answer: &Value) -> Vec<String> {
    let items = answer["deployments"].as_array().cloned().unwrap_or_default();
    let web = items
        .iter()
        .find(|i| i["name"] == "web")
        .cloned()
        .unwrap_or_default();
    let causes = web["causes"].as_array().cloned().unwrap_or_default();
    let line = |c: &Value| {
        format!(
            "{}: {}",
            c["code"].as_str().unwrap_or(""),
            c["message"].as_str().unwrap_or("")
        )
    };
    causes.iter().map(line).collect()
}

fn asked_for_pods(server: &ApiServer) -> usize {
    let requests = server.requests();
    requests.iter().filter(|r| r.path.ends_with("/pods")).count()
}

const CRASHED: &str = "CrashLoop: container app exited 3 (7 restarts)";

#[tokio::test]
async fn an_answer_has_causes_once_they_are_found() {
    let server = broken().start().await;
    let agent = searching_agent(&server).await;
    let answer = agent
        .until("/health/deployments", |a| !causes(&a.json()).is_empty())
        .await
        .json();
    assert_eq!(causes(&answer), [CRASHED]);
    assert_eq!(answer["summary"]["unavailable"], 1);
    assert_eq!(answer.get("causesNotSeen"), None);
    let report = agent.get("/health").await.json();
    let part = &report["checks"][1];
    assert_eq!(part["check"], "deployments");
    assert_eq!(part["items"][1]["causes"][0]["example"], "Pod/web-1-a");
    let pods = server.requests().into_iter().find(|r| r.path.ends_with("/pods"));
    assert_eq!(
        pods.map(|r| (r.path.clone(), r.parameter("labelSelector"))),
        Some((
            "/api/v1/namespaces/shop/pods".to_owned(),
            Some("app=web".to_owned())
        ))
    );
    assert!(
        !server
            .requests()
            .iter()
            .any(|r| r.is_watch() && r.path.ends_with("/pods"))
    );
}

#[tokio::test]
async fn the_events_of_a_claim_explain_the_workload_that_waits_for_it() {
    let set = ReplicaSet::new("shop", "web-1").owned_by(&web());
    let waiting = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
    let pod = Pod::new("shop", "web-1-a")
        .owned_by(&set)
        .unschedulable(waiting, at(-600))
        .set(
            "/spec/volumes",
            json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]),
        );
    let said = json!({
        "apiVersion": "v1", "kind": "Event", "type": "Normal", "reason": "FailedBinding",
        "message": "no persistent volumes available for this claim and no storage class is set",
        "metadata": {"namespace": "shop", "name": "data.x"},
        "involvedObject": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data", "uid": "c"},
        "lastTimestamp": at(0)
    });
    let server = ApiServer::builder()
        .objects([web().build(), set.build(), pod.build(), said])
        .start()
        .await;
    let agent = searching_agent(&server).await;
    let answer = agent
        .until("/health/deployments", |a| !causes(&a.json()).is_empty())
        .await
        .json();
    assert_eq!(
        causes(&answer),
        [
            "VolumeClaim: claim data: no persistent volumes available for this claim and no storage class is set"
        ]
    );
    assert_eq!(
        answer["deployments"][0]["causes"][0]["hint"],
        "kubectl get storageclasses,persistentvolumes"
    );
}

#[tokio::test]
async fn causes_are_not_searched_for_if_that_is_off_or_all_is_healthy() {
    let server = broken().start().await;
    let agent = listed_agent(&server).await;
    agent
        .until("/health/deployments", |a| a.json()["summary"]["unavailable"] == 1)
        .await;
    assert_eq!(asked_for_pods(&server), 0);

    let server = ApiServer::builder()
        .objects([Deployment::new("shop", "api").build()])
        .start()
        .await;
    let agent = searching_agent(&server).await;
    agent
        .until("/health/deployments", |a| a.json()["summary"]["healthy"] == 1)
        .await;
    // A search has ended by then, and an object that breaks later is searched for too.
    server.apply(web().build());
    agent
        .until("/health/deployments", |a| a.json()["summary"]["unavailable"] == 1)
        .await;
    agent.until("/healthz", |_| asked_for_pods(&server) > 0).await;
}

#[tokio::test]
async fn causes_do_not_count_for_a_newer_generation() {
    let server = broken().start().await;
    let agent = searching_agent(&server).await;
    agent
        .until("/health/deployments", |a| !causes(&a.json()).is_empty())
        .await;
    server.set_access("kubernetes-admin", Access::admin().without("list", "pods"));
    server.apply(web().generation(2).build());
    let answer = agent
        .until("/health/deployments", |a| causes(&a.json()).is_empty())
        .await;
    assert_eq!(answer.json()["summary"]["unavailable"], 1);
}

#[tokio::test]
async fn without_rights_the_verdicts_stay_and_the_missing_rule_is_named() {
    let server = broken()
        .user("t", "agent", Access::admin().without("list", "pods"))
        .start()
        .await;
    let agent = searching_agent(&server).await;
    let answer = agent
        .until("/health/deployments", |a| a.json()["causesNotSeen"].is_array())
        .await
        .json();
    assert_eq!(
        (&answer["status"], answer.get("notSeen")),
        (&json!("degraded"), None)
    );
    assert_eq!(causes(&answer), Vec::<String>::new());
    let missed = &answer["causesNotSeen"][0];
    assert_eq!(
        (&missed["class"], &missed["missing"]),
        (&json!("forbidden"), &json!("pods list"))
    );
    let report = agent.get("/health").await.json();
    assert_eq!(report["coverage"]["notSeen"], json!([]));
    assert_eq!(report["coverage"]["causesNotSeen"][0]["missing"], "pods list");
}

#[tokio::test]
async fn a_stuck_run_is_found_though_its_cron_job_looks_healthy() {
    let cron = json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"namespace": "shop", "name": "nightly", "uid": "c", "creationTimestamp": at(-9000)},
        "spec": {"schedule": "@hourly", "concurrencyPolicy": "Forbid"},
        "status": {"lastScheduleTime": at(-300), "active": [{"kind": "Job", "name": "nightly-2"}]}
    });
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"namespace": "shop", "name": "nightly-2", "uid": "j", "creationTimestamp": at(-300),
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "c",
                "controller": true}]},
        "spec": {"completions": 1, "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "j"}}},
        "status": {"active": 1, "ready": 0, "startTime": at(-300)}
    });
    let pod = Pod::new("shop", "nightly-2-x")
        .owner("batch/v1", "Job", "nightly-2", "j")
        .label("batch.kubernetes.io/controller-uid", "j")
        .waiting("ImagePullBackOff", "x: not found");
    let server = ApiServer::builder()
        .objects([cron, job, pod.build()])
        .start()
        .await;
    let agent = start(Settings {
        causes: true,
        kinds: vec![Kind::CronJob],
        ..settings(server.kubeconfig())
    })
    .await;
    let answer = agent
        .until("/health/cronjobs", |a| a.json()["status"] == "degraded")
        .await
        .json();
    let nightly = &answer["cronjobs"][0];
    assert_eq!(
        (&nightly["reason"], &nightly["causes"][0]["code"]),
        (&json!("PodsNotRunning"), &json!("ImagePull"))
    );
}
