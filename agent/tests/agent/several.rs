//! Owns the answers about several kinds: each has one watch and one path, and a kind that is not watched has neither.

use crate::harness::{RunningAgent, settings, start};
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, ApiServerBuilder};

fn object(api_version: &str, kind: &str, name: &str, status: &Value) -> Value {
    json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "generation": 1, "labels": {"app": name},
                     "creationTimestamp": "2026-03-01T12:00:00Z"},
        "spec": {}, "status": status,
    })
}

fn job(name: &str, condition: &str) -> Value {
    let condition = json!({"type": condition, "status": "True", "reason": "BackoffLimitExceeded"});
    object(
        "batch/v1",
        "Job",
        name,
        &json!({"conditions": [condition], "succeeded": 1}),
    )
}

fn owned(mut job: Value) -> Value {
    job["metadata"]["ownerReferences"] = json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "1", "controller": true}]);
    job
}

/// One object of each default kind, and a Job of the CronJob.
fn shop() -> ApiServerBuilder {
    let counts = json!({"observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "availableReplicas": 1});
    let nodes = json!({"observedGeneration": 1, "desiredNumberScheduled": 2, "numberReady": 1, "updatedNumberScheduled": 2});
    let never = json!({"lastScheduleTime": "2026-03-01T12:00:00Z"});
    ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .objects([
            object("apps/v1", "StatefulSet", "db", &counts),
            object("apps/v1", "DaemonSet", "logs", &nodes),
            job("import", "Complete"),
            owned(job("nightly-1", "Failed")),
            object("batch/v1", "CronJob", "nightly", &never),
        ])
}

async fn agent(server: &ApiServer, kinds: impl IntoIterator<Item = Kind>) -> RunningAgent {
    let mut settings = settings(server.kubeconfig());
    settings.kinds = kinds.into_iter().collect();
    let agent = start(settings).await;
    agent
        .until("/health", |a| a.json()["coverage"]["notSeen"] == json!([]))
        .await;
    agent
}

#[tokio::test]
async fn each_kind_has_its_watch_its_path_and_its_part() {
    let server = shop().start().await;
    let agent = agent(&server, Kind::by_default()).await;
    server.wait_for_watches(5).await;
    let report = agent.get("/health").await.json();
    assert_eq!(
        report["coverage"]["kinds"],
        json!(["deployments", "statefulsets", "daemonsets", "jobs", "cronjobs"])
    );
    let found: Vec<(Value, Value)> = ["deployments", "statefulsets", "daemonsets", "jobs", "cronjobs"]
        .into_iter()
        .zip(&report["checks"].as_array().unwrap()[1..])
        .map(|(kind, part)| {
            assert_eq!(part["check"], kind);
            (part["status"].clone(), part["items"][0]["reason"].clone())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("ok", "Ready"),
            ("ok", "Ready"),
            ("degraded", "ReadyBelowDesired"),
            ("ok", "Complete"),
            ("degraded", "LastRunFailed"),
        ]
        .map(|(status, reason)| (json!(status), json!(reason)))
    );
    for (kind, name) in [
        ("statefulsets", "db"),
        ("daemonsets", "logs"),
        ("cronjobs", "nightly"),
    ] {
        let answer = agent.get(&format!("/health/{kind}")).await;
        assert_eq!(
            (answer.status, &answer.json()[kind][0]["name"]),
            (200, &json!(name))
        );
    }
    assert_eq!(report["status"], "degraded");
}

#[tokio::test]
async fn a_job_that_is_done_is_counted_by_its_state_and_one_of_a_cronjob_is_not_kept() {
    let server = shop().start().await;
    let agent = agent(&server, [Kind::Job]).await;
    let answer = agent.get("/health/jobs").await.json();
    assert_eq!(answer["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &answer["summary"]["total"],
            &answer["summary"]["succeeded"],
            &answer["summary"]["healthy"]
        ),
        (&json!(1), &json!(1), &json!(0))
    );
    // The controller of the Jobs that are left to one falls short, and is no Job.
    let short = |answer: &Value| answer["summary"]["unhealthy"].as_u64();
    assert_eq!(
        (short(&answer), answer["controllers"].as_array().map(Vec::len)),
        (Some(1), Some(1)),
        "{answer:#}"
    );
    let jobs = |answer: &Value| {
        let mut summary = answer["summary"].clone();
        summary.as_object_mut().unwrap().remove("unhealthy");
        summary
    };
    for (query, unhealthy) in [("namespace=shop", 1), ("selector=app%3Dimport", 0)] {
        let part = agent.get(&format!("/health/jobs?{query}")).await.json();
        assert_eq!(
            (jobs(&part), short(&part)),
            (jobs(&answer), Some(unhealthy)),
            "{query}"
        );
    }
    assert_eq!(
        agent.get("/health/jobs?state=succeeded").await.json()["jobs"],
        answer["jobs"]
    );
    assert_eq!(
        agent.get("/health/jobs?state=healthy").await.json()["jobs"],
        json!([])
    );
    server.wait_for_watches(1).await;
    server.apply(job("import", "Failed"));
    let answer = agent
        .until("/health/jobs", |a| a.json()["summary"]["degraded"] == 1)
        .await
        .json();
    assert_eq!(answer["summary"]["succeeded"], Value::Null);
    assert_eq!(
        (&answer["summary"]["degraded"], &answer["summary"]["total"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn an_answer_covers_what_is_asked_and_not_what_is_watched() {
    let server = shop()
        .deployments([Deployment::new("bank", "ledger").replicas(3).counts(3, 3, 0, 0)])
        .start()
        .await;
    let mut settings = settings(server.kubeconfig());
    settings.kinds = vec![Kind::Deployment, Kind::StatefulSet];
    settings.namespaces = vec!["shop".into()];
    let narrow = start(settings).await;
    let wide = agent(&server, [Kind::Deployment]).await;
    let whole = |path| narrow.until(path, |a| a.json()["coverage"]["notSeen"] == json!([]));
    whole("/health").await;
    for (path, code, status, not_seen) in [
        // A question without kinds and namespaces is about the agent's own part of the cluster, which coverage names.
        ("/health", 200, "ok", json!([])),
        ("/health/deployments", 200, "ok", json!([])),
        ("/health?namespace=shop", 200, "ok", json!([])),
        (
            "/health?namespace=*",
            200,
            "unknown",
            json!([
                "deployments in all namespaces but shop",
                "statefulsets in all namespaces but shop"
            ]),
        ),
        (
            "/health/deployments?namespace=%2A&fail=unknown",
            500,
            "unknown",
            json!(["deployments in all namespaces but shop"]),
        ),
        (
            "/health?namespace=bank&kinds=sts",
            200,
            "unknown",
            json!(["statefulsets in namespace bank"]),
        ),
        ("/health?kinds=apiserver,deploy", 200, "ok", json!([])),
        (
            "/health?kinds=deployments,nodes,jobs&fail=unknown",
            500,
            "unknown",
            json!(["jobs", "nodes"]),
        ),
        (
            "/health?kinds=jobs&selector=app%3Dimport",
            200,
            "unknown",
            json!(["jobs"]),
        ),
        (
            "/health?namespace=*&kinds=deployments&state=healthy&items=notable&selector=app",
            200,
            "unknown",
            json!(["deployments in all namespaces but shop"]),
        ),
    ] {
        let answer = narrow.get(path).await;
        let body = answer.json();
        let entries = body["coverage"]["notSeen"].as_array().unwrap();
        let what: Vec<&Value> = entries.iter().map(|entry| &entry["what"]).collect();
        assert_eq!(
            (answer.status, &body["status"], json!(what)),
            (code, &json!(status), not_seen),
            "{path}: {body:#}"
        );
        assert!(
            entries.iter().all(|entry| entry["class"] == "notWatched"),
            "{path}"
        );
    }
    let namespaces = |answer: crate::harness::Answer| answer.json()["coverage"]["namespaces"].clone();
    for path in [
        "/health",
        "/health/deployments",
        "/health/deployments?namespace=*",
    ] {
        assert_eq!(namespaces(narrow.get(path).await), json!(["shop"]), "{path}");
    }
    // The API server and kinds that the question does not name are left out.
    let checks = |answer: crate::harness::Answer| {
        let body = answer.json();
        let checks = body["checks"].as_array().cloned().unwrap_or_default();
        json!(
            checks
                .iter()
                .map(|check| check["check"].clone())
                .collect::<Vec<_>>()
        )
    };
    for (path, parts) in [
        ("/health?kinds=deploy", json!(["deployments"])),
        ("/health?kinds=apiserver", json!(["apiserver"])),
        (
            "/health?kinds=no,sts,apiserver",
            json!(["apiserver", "statefulsets", "nodes"]),
        ),
    ] {
        assert_eq!(checks(narrow.get(path).await), parts, "{path}");
    }
    assert_eq!(
        checks(narrow.get("/health?kinds=all").await)
            .as_array()
            .unwrap()
            .len(),
        1 + Kind::ALL.len()
    );
    // An agent that watches every namespace has no gap.
    let answer = wide.get("/health/deployments?namespace=*").await.json();
    assert_eq!(
        (&answer["status"], &answer["coverage"]),
        (
            &json!("degraded"),
            &json!({"kinds": ["deployments"], "namespaces": "all", "notSeen": []})
        )
    );
}

#[tokio::test]
async fn the_metrics_are_counted_by_kind() {
    let server = shop().start().await;
    let agent = agent(&server, Kind::by_default()).await;
    let metrics = agent.get("/metrics").await.text();
    for line in [
        "sre_objects{kind=\"statefulsets\",state=\"healthy\"} 1",
        "sre_objects{kind=\"daemonsets\",state=\"degraded\"} 1",
        "sre_objects{kind=\"jobs\",state=\"succeeded\"} 1",
        "sre_check_status{check=\"cronjobs\",status=\"degraded\"} 1",
        "sre_cache_synced{kind=\"cronjobs\"} 1",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line} is not in {metrics}");
    }
}

#[tokio::test]
async fn only_watched_kinds_have_a_path_and_an_entry_in_the_index() {
    let server = shop().start().await;
    let agent = agent(&server, [Kind::CronJob]).await;
    let answer = agent.get("/health/cj").await;
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (404, &json!("unknownKind"))
    );
    assert!(
        answer.text().contains("did you mean /health/cronjobs?"),
        "{}",
        answer.text()
    );
    let answer = agent.get("/health/deployments").await;
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (404, &json!("unknownKind"))
    );
    let index = agent.get("/").await.json();
    let kinds: Vec<&str> = index["paths"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["path"].as_str()?.strip_prefix("/health/"))
        .collect();
    assert_eq!(kinds, ["changes", "apiserver", "cronjobs"]);
}

#[tokio::test]
async fn a_kind_that_may_not_be_read_is_unknown_and_the_others_are_judged() {
    let server = shop()
        .user("s3cret", "agent", Access::admin().without("list", "cronjobs"))
        .start()
        .await;
    let mut settings = settings(server.kubeconfig());
    settings.kinds = vec![Kind::Deployment, Kind::CronJob];
    let agent = start(settings).await;
    let missing = |report: &Value| report["coverage"]["notSeen"][0]["missing"] == "batch/cronjobs list";
    let report = agent
        .until("/health", |a| {
            missing(&a.json()) && a.json()["checks"][1]["status"] == "ok"
        })
        .await
        .json();
    assert_eq!(
        (&report["status"], &report["checks"][2]["status"]),
        (&json!("unknown"), &json!("unknown"))
    );
}

#[tokio::test]
async fn a_selector_has_to_match_something_of_all_kinds_together() {
    let server = shop().start().await;
    let agent = agent(&server, Kind::by_default()).await;
    let health = async |query: &str| agent.get(&format!("/health{query}")).await.json();
    let report = health("?selector=app%3Ddb").await;
    assert_eq!(
        (&report["status"], &report["coverage"]["notSeen"]),
        (&json!("ok"), &json!([]))
    );
    let report = health("?selector=app%3Dnone").await;
    assert_eq!(report["status"], "unknown");
    assert_eq!(
        report["coverage"]["notSeen"][0]["error"],
        "no Deployments, StatefulSets, DaemonSets, Jobs or CronJobs match \"app=none\""
    );
    assert_eq!(report["coverage"]["notSeen"].as_array().unwrap().len(), 1);
    let parts = report["checks"].as_array().unwrap();
    assert!(
        parts[1..].iter().all(|part| part["status"] == "unknown"),
        "{report}"
    );
    // The path of one kind reports it for that kind.
    let answer = health("/cronjobs?selector=app%3Ddb").await;
    assert_eq!(answer["notSeen"][0]["what"], "cronjobs matching app=db");
}

#[tokio::test]
async fn a_kind_that_the_cluster_does_not_have_breaks_nothing() {
    let server = shop().start().await;
    let agent = agent(&server, [Kind::Deployment, Kind::Rollout]).await;
    let report = agent.get("/health").await.json();
    let parts: Vec<_> = report["checks"].as_array().unwrap()[1..]
        .iter()
        .map(|part| {
            (
                part["check"].clone(),
                part["status"].clone(),
                part["served"].clone(),
            )
        })
        .collect();
    assert_eq!(
        (report["status"].clone(), parts),
        (
            json!("ok"),
            vec![
                (json!("deployments"), json!("ok"), Value::Null),
                (json!("rollouts"), json!("ok"), json!(false)),
            ]
        )
    );
    assert_eq!(agent.get("/readyz").await.status, 200);
}
