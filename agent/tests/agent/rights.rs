//! Owns how the agent reports a right that its identity lacks, and that it recovers once the right is granted.

use crate::harness::{Answer, RunningAgent, settings, start};
use serde_json::{Value, json};
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, Match, WatchFault};

const USER: &str = "system:serviceaccount:sre-tools:sre-agent";
const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";

/// An agent whose identity may do only that.
async fn agent_with(access: Access) -> (ApiServer, RunningAgent) {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .user("s3cret", USER, access)
        .start()
        .await;
    let agent = start(settings(server.kubeconfig())).await;
    (server, agent)
}

fn missing(answer: &Answer) -> Value {
    answer.json()["notSeen"][0]["missing"].clone()
}

fn hint(value: &Value) -> &str {
    value["hint"].as_str().unwrap()
}

#[tokio::test]
async fn without_the_right_to_list_nothing_is_seen_and_the_rule_is_named() {
    let (server, agent) = agent_with(Access::admin().without("list", "deployments")).await;
    let answer = agent
        .until("/health/deployments", |a| missing(a) == "apps/deployments list")
        .await;
    let body = answer.json();
    assert_eq!((answer.status, &body["status"]), (500, &json!("unknown")));
    assert_eq!(
        body["notSeen"][0]["error"],
        format!(
            "deployments.apps is forbidden: User \"{USER}\" cannot list resource \"deployments\" in API group \"apps\" at the cluster scope"
        )
    );
    let report = agent.get("/health").await.json();
    assert_eq!(
        (&report["status"], &report["coverage"]["notSeen"][0]["missing"]),
        (&json!("unknown"), &json!("apps/deployments list"))
    );
    server.set_access(USER, Access::admin());
    agent
        .until("/health/deployments", |a| {
            a.status == 200 && a.json()["status"] == "ok"
        })
        .await;
}

#[tokio::test]
async fn without_the_right_to_watch_the_listed_objects_are_unknown_and_the_rule_is_named() {
    let (server, agent) = agent_with(Access::admin().without("watch", "deployments")).await;
    let answer = agent
        .until("/health/deployments", |a| missing(a) == "apps/deployments watch")
        .await;
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["status"], answer.names()),
        (200, &json!("unknown"), vec!["web".to_owned()]),
        "it is shown as last seen"
    );
    assert_eq!(body["notSeen"][0]["class"], "forbidden");
    assert!(hint(&body["notSeen"][0]).contains("watch deployments.apps too"));
    assert_eq!(agent.get("/health/deployments?fail=unknown").await.status, 500);
    let report = agent.get("/health").await.json();
    assert_eq!(
        report["coverage"]["notSeen"][0]["missing"],
        "apps/deployments watch"
    );
    server.set_access(USER, Access::admin());
    agent
        .until("/health/deployments", |a| a.json()["status"] == "ok")
        .await;
    assert_eq!(
        server.requests_for(&Match::path(DEPLOYMENTS).lists()).len(),
        1,
        "it goes on from what was listed"
    );
}

#[tokio::test]
async fn a_right_that_is_taken_away_and_given_back_is_noticed() {
    let (server, agent) = agent_with(Access::admin()).await;
    agent
        .until("/health/deployments", |a| a.json()["status"] == "ok")
        .await;
    for (verb, rule) in [
        ("watch", "apps/deployments watch"),
        ("*", "apps/deployments watch"),
    ] {
        server.set_access(USER, Access::admin().without(verb, "deployments"));
        // The API server lets an open watch go on. It ends within five minutes.
        server.disturb_watches(&WatchFault::Cut);
        agent.until("/health/deployments", |a| missing(a) == rule).await;
        server.set_access(USER, Access::admin());
        server.apply(Deployment::new("shop", verb.trim_matches('*')).replicas(3));
        agent
            .until("/health/deployments", |a| {
                a.json()["status"] != "unknown" && missing(a).is_null()
            })
            .await;
    }
}

#[tokio::test]
async fn each_path_that_may_not_be_read_is_named() {
    for (path, status, verdict) in [
        ("/version", 500, "error"),
        ("/readyz", 200, "ok"),
        ("/livez", 200, "ok"),
    ] {
        let (server, agent) = agent_with(Access::admin().without_path(path)).await;
        let rule = format!("nonResourceURL {path} get");
        let answer = agent
            .until("/health/apiserver", |a| a.json()["missing"] == rule.as_str())
            .await;
        let body = answer.json();
        assert_eq!(
            (answer.status, body["status"].as_str()),
            (status, Some(verdict)),
            "{path}"
        );
        assert_eq!(
            hint(&body),
            format!("let the agent's identity get the nonResourceURL {path} (the chart's ClusterRole does)")
        );
        let report = agent.get("/health").await.json();
        assert_eq!(report["checks"][0]["missing"], rule.as_str());
        let notes = match path {
            "/version" => Value::Null,
            _ => json!([format!("{} not allowed", path.trim_start_matches('/'))]),
        };
        assert_eq!(body["notes"], notes, "{path}");
        let metrics = agent.get("/metrics").await.text();
        let line = format!("sre_not_seen{{what=\"{path}\",class=\"forbidden\"}} 1\n");
        assert!(metrics.contains(&line), "{metrics}");
        server.set_access(USER, Access::admin());
        agent
            .until("/health/apiserver", |a| {
                a.status == 200 && a.json().get("missing").is_none()
            })
            .await;
    }
}

#[tokio::test]
async fn every_path_that_may_not_be_read_is_named_at_once() {
    let access = Access::admin().without_path("/readyz").without_path("/livez");
    let (_server, agent) = agent_with(access).await;
    agent
        .until("/health/apiserver", |a| {
            a.json()["missing"] == "nonResourceURL /readyz get, nonResourceURL /livez get"
        })
        .await;
}

#[tokio::test]
async fn an_api_server_that_is_alive_and_not_ready_differs_from_one_that_is_neither() {
    let (server, agent) = agent_with(Access::admin()).await;
    server.fail_check("/readyz", "etcd");
    let notes = |a: &Answer| a.json()["notes"].clone();
    agent
        .until("/health/apiserver", |a| {
            a.status == 500 && notes(a) == json!(["livez passes: it is alive and not ready"])
        })
        .await;
    server.fail_check("/livez", "etcd");
    agent
        .until("/health/apiserver", |a| notes(a) == json!(["livez answers 500"]))
        .await;
}
