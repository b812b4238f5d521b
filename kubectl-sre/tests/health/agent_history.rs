//! `--at` with an agent: the verdicts of a moment, as far as its history reaches.

use super::agent::{Agent, HEALTH, TOKEN, ask, json_body};
use super::plugin::run;
use serde_json::{Value, json};
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, Match};

const MOMENT: &str = "2026-11-23T18:40:12Z";

fn server() -> ApiServer {
    ApiServer::builder()
        .token(TOKEN)
        .deployments([Deployment::new("shop", "web")])
        .start_blocking()
}

#[test]
fn a_moment_before_the_history_is_unknown_and_the_api_server_is_not_asked_about_it() {
    let server = server();
    let agent = Agent::start(&server);
    let at = |more: &[&str]| {
        let line = [
            "health",
            "--agent-url",
            &agent.url(),
            "--at",
            "2020-01-01T00:00:00Z",
        ];
        run(&[&line[..], more].concat())
    };
    let ran = at(&["-o", "json"]);
    let report = ran.json();
    assert_eq!((ran.code, &report["status"]), (Some(3), &json!("unknown")));
    assert_eq!(report["observedAt"], "2020-01-01T00:00:00Z");
    let parts = report["checks"].as_array().expect("parts");
    assert!(parts.iter().all(|part| part["check"] != "apiserver"));
    let classes = report["coverage"]["notSeen"].as_array().expect("gaps").iter();
    assert!(
        classes
            .map(|gap| &gap["class"])
            .all(|class| class == "notInHistory")
    );
    let screen = at(&[]);
    assert_eq!(screen.code, Some(3));
    for part in ["as of 2020-01-01T00:00:00Z", "the agent's history begins at"] {
        assert!(screen.out.contains(part), "{part}: {}", screen.out);
    }
}

#[test]
fn an_answer_about_another_moment_is_not_believed() {
    let server = server();
    let report = json!({
        "apiVersion": "sre/v1", "kind": "HealthReport", "status": "ok", "observedAt": MOMENT,
        "source": {"mode": "agent"},
        "coverage": {"kinds": ["deployments"], "namespaces": "all", "notSeen": []},
        "checks": [{"check": "deployments", "status": "ok", "summary": {"total": 1, "healthy": 1}, "items": []}],
    });
    server.fail(Match::path(HEALTH), json_body(200, report.to_string()));
    let at = |moment| {
        let line = [
            "health",
            "--agent",
            "--kinds",
            "deployments",
            "-o",
            "json",
            "--at",
            moment,
        ];
        let ran = ask(&server, &line);
        let error: Value = ran.json()["coverage"]["notSeen"][0]["error"].clone();
        (ran.code, error)
    };
    assert_eq!(at(MOMENT), (Some(0), Value::Null));
    // The same moment, with another offset.
    assert_eq!(at("2026-11-23T19:40:12+01:00"), (Some(0), Value::Null));
    let (code, error) = at("2026-11-23T18:00:00Z");
    assert_eq!(
        (code, error.as_str()),
        (
            Some(3),
            Some("the agent's answer is about another moment, 2026-11-23T18:40:12Z")
        )
    );
}

#[test]
fn an_agent_that_keeps_no_history_is_said_to_be_older() {
    let server = server();
    let refusal =
        json!({"error": "invalidQuery", "message": "there is no parameter \"at\"; this path takes kinds"});
    server.fail(Match::path(HEALTH), json_body(400, refusal.to_string()));
    let ran = ask(&server, &["health", "--agent", "--at", MOMENT, "-o", "json"]);
    let gap = &ran.json()["coverage"]["notSeen"][0];
    assert_eq!((ran.code, &gap["class"]), (Some(3), &json!("agentVersion")));
}

#[test]
fn a_cluster_without_an_agent_has_no_past() {
    let server = server();
    let ran = ask(&server, &["health", "--at", MOMENT]);
    assert_eq!(ran.code, Some(64));
    assert!(
        ran.err.contains("--at asks the history of an agent"),
        "{}",
        ran.err
    );
}
