//! `changes` with an agent: its verdicts stand between the changes of the cluster, and its gaps are said.

use super::agent::{Agent, TOKEN, ask, json_body};
use super::changes::objects;
use super::plugin::{PluginRun, run};
use serde_json::{Value, json};
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, Match, at};
use std::time::Duration;

const HISTORY: &str = "/api/v1/namespaces/sre-tools/services/sre-agent:http/proxy/history";
const SINCE: &str = "2026-03-02T11:00:00Z";

fn server() -> ApiServer {
    ApiServer::builder()
        .token(TOKEN)
        .context("prod-eu")
        .objects(objects())
        .start_blocking()
}

fn proxied(server: &ApiServer, args: &[&str]) -> PluginRun {
    ask(
        server,
        &[&["changes", "--agent", "--since", SINCE], args].concat(),
    )
}

/// A page of a history with these transitions and gaps.
fn page(transitions: &Value, gaps: &Value) -> Value {
    json!({
        "apiVersion": "sre/v1", "kind": "HealthHistory", "watchedSince": at(-86_400), "gaps": gaps,
        "transitions": transitions, "coverage": {"kinds": ["deployments"], "namespaces": "all", "notSeen": []},
        "observedAt": at(0), "pod": "sre-agent-7d9c8-x7k2p",
    })
}

/// What each entry is, with its subject and its words.
fn lines(timeline: &Value) -> Vec<String> {
    let entries = timeline["entries"].as_array().cloned().unwrap_or_default();
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    let line = |entry| {
        let fields = ["what", "subject", "message"];
        fields.map(|field| text(entry, field)).join("  ")
    };
    entries.iter().map(line).collect()
}

fn reach(timeline: &Value, source: &str) -> Vec<String> {
    let all = timeline["reach"].as_array().cloned().unwrap_or_default();
    let own = all.iter().filter(|reach| reach["source"] == source);
    own.map(|reach| reach["message"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_verdict_that_a_real_agent_saw_follows_the_rollout() {
    let server = server();
    server.apply(Deployment::new("shop", "cart").replicas(3));
    let agent = Agent::start(&server);
    let seen = || -> Value { serde_json::from_slice(&agent.get("/history")).expect("a history") };
    server.apply(Deployment::new("shop", "cart").replicas(3).counts(3, 3, 1, 1));
    let is_there = (0..1_000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        seen()["transitions"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
    });
    assert!(is_there, "{:#}", seen());
    let kubeconfig = server.kubeconfig().display().to_string();
    let url = agent.url();
    let line = [
        "changes",
        "--agent-url",
        &url,
        "--since",
        SINCE,
        "--kubeconfig",
        &kubeconfig,
        "-o",
        "json",
    ];
    let ran = run(&line);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let timeline = ran.json();
    let shown = lines(&timeline);
    let rollout = shown
        .iter()
        .position(|line| line.starts_with("rollout  Deployment shop/web"));
    let verdict = shown.iter().position(|line| {
        line == "verdict  Deployment shop/cart  became degraded (was healthy): ReadyBelowDesired"
    });
    assert!(rollout.is_some() && rollout < verdict, "{shown:#?}");
    let entry = &timeline["entries"][verdict.unwrap_or_default()];
    assert_eq!(
        (&entry["source"], &entry["verdict"]),
        (
            &json!("agent"),
            &json!({"from": "healthy", "to": "degraded", "reason": "ReadyBelowDesired"})
        )
    );
    let history = seen();
    assert_eq!(
        timeline["reach"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|reach| reach["source"] == "agent")
            .map(|reach| &reach["since"]),
        Some(&history["watchedSince"])
    );
    // Without a flag that reaches the cluster, the agent alone is asked.
    let alone = run(&["changes", "--agent-url", &url, "--since", SINCE, "-o", "json"]);
    assert_eq!((alone.code, alone.err.as_str()), (Some(0), ""), "{alone:?}");
    assert_eq!(
        lines(&alone.json()),
        ["verdict  Deployment shop/cart  became degraded (was healthy): ReadyBelowDesired"]
    );
    assert_eq!(reach(&alone.json(), "cluster").len(), 1, "{alone:?}");
    assert!(reach(&alone.json(), "events").is_empty(), "{alone:?}");
}

#[test]
fn verdicts_stand_in_the_order_of_their_times_with_code_and_change() {
    let server = server();
    let change =
        json!({"at": at(-605), "what": "rollout", "revision": "13", "from": "12", "by": "argocd-controller"});
    let transitions = json!([
        {"at": at(-700), "kind": "Deployment", "namespace": "shop", "name": "pay", "to": "healthy", "reason": "Available"},
        {"at": at(-580), "kind": "Deployment", "namespace": "shop", "name": "web", "from": "healthy", "to": "unavailable",
         "reason": "NoneReady", "code": "CrashLoop", "change": change},
        {"at": at(-100), "kind": "Deployment", "namespace": "shop", "name": "web", "from": "unavailable", "reason": "Deleted"},
        {"at": at(-9_000), "kind": "Deployment", "namespace": "shop", "name": "early", "from": "healthy", "reason": "Deleted"},
    ]);
    server.fail(
        Match::path(HISTORY),
        json_body(200, page(&transitions, &json!([])).to_string()),
    );
    let ran = proxied(&server, &["-o", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let timeline = ran.json();
    let shown = lines(&timeline);
    let begins = [
        "verdict  Deployment shop/pay  is new, and healthy",
        "rollout  Deployment shop/web  revision 13",
        "verdict  Deployment shop/web  became unavailable (was healthy): NoneReady, CrashLoop, after revision 13",
        "eviction  4 Pods of shop/pay-*",
        "verdict  Deployment shop/web  was deleted (was unavailable)",
    ];
    assert_eq!(shown.len(), begins.len(), "{shown:#?}");
    assert!(
        shown
            .iter()
            .zip(begins)
            .all(|(line, begin)| line.starts_with(begin)),
        "{shown:#?}"
    );
    let worse = &timeline["entries"][2];
    assert_eq!(
        (&worse["verdict"]["code"], &worse["change"]["by"]),
        (&json!("CrashLoop"), &json!("argocd-controller"))
    );
    let whose = reach(&timeline, "agent");
    assert!(
        whose[0].contains(
            "sre-agent-7d9c8-x7k2p answered, and each replica of an agent has a history of its own"
        ),
        "{whose:?}"
    );
    // The lists of the cluster are read with the rights of the user, and the history in the same run.
    assert_eq!(server.requests_for(&Match::path(HISTORY)).len(), 1);
    assert!(!server.requests_for(&Match::path("/api/v1/pods")).is_empty());
}

#[test]
fn a_gap_of_the_history_is_said_and_one_outside_of_the_span_is_not() {
    let server = server();
    let gaps = json!([
        {"from": at(-90_000), "to": at(-80_000), "why": "agentDown"},
        {"from": at(-1_200), "to": at(-900), "why": "watchLost", "kind": "deployments", "namespace": "shop"},
        {"from": at(-60), "why": "notWritten"},
    ]);
    server.fail(
        Match::path(HISTORY),
        json_body(200, page(&json!([]), &gaps).to_string()),
    );
    let ran = proxied(&server, &["-o", "json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let said = reach(&ran.json(), "agent");
    let expected = [
        format!(
            "a gap from {} to {}: the watch was lost; transitions of deployments in namespace shop may have a later time than \
             their own",
            at(-1_200),
            at(-900)
        ),
        format!(
            "a gap from {} on: transitions could not be written; transitions may be missing",
            at(-60)
        ),
    ];
    assert_eq!(said[1..], expected, "{said:#?}");
}

#[test]
fn an_agent_without_a_history_is_a_gap_beside_the_changes_of_the_cluster() {
    let server = server();
    let unknown = json!({"error": "unknownPath", "message": "there is no such path; / lists all of them"});
    server.fail(Match::path(HISTORY), json_body(404, unknown.to_string()));
    let ran = proxied(&server, &["-o", "json"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let timeline = ran.json();
    assert!(
        lines(&timeline)[0].starts_with("rollout  Deployment shop/web"),
        "{timeline:#}"
    );
    let gap = &timeline["notSeen"][0];
    assert_eq!(
        (&gap["what"], &gap["class"]),
        (
            &json!("history of agent sre-tools/sre-agent"),
            &json!("agentVersion")
        )
    );
}

#[test]
fn what_an_agent_does_not_watch_is_not_seen_in_its_history() {
    let server = server();
    let mut page = page(&json!([]), &json!([]));
    page["coverage"]["notSeen"] = json!([{"what": "deployments", "scope": "all namespaces", "class": "notWatched",
        "error": "the agent watches namespace shop only"}]);
    server.fail(Match::path(HISTORY), json_body(200, page.to_string()));
    let ran = proxied(&server, &["-o", "json"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(ran.json()["notSeen"][0]["class"], "notWatched", "{ran:?}");
    assert_eq!(
        ran.json()["notSeen"][0]["what"],
        "history of deployments",
        "{ran:?}"
    );
}

#[test]
fn an_agent_that_does_not_answer_at_its_url_ends_with_69_and_leaves_the_cluster_seen() {
    let server = server();
    // Nothing listens on the port of an agent that has ended.
    let url = Agent::start(&server).url();
    let alone = run(&["changes", "--agent-url", &url, "-o", "json"]);
    assert_eq!(alone.code, Some(69), "{alone:?}");
    let kubeconfig = server.kubeconfig().display().to_string();
    let both = run(&[
        "changes",
        "--agent-url",
        &url,
        "--since",
        SINCE,
        "--kubeconfig",
        &kubeconfig,
        "-o",
        "json",
    ]);
    assert_eq!(both.code, Some(3), "{both:?}");
    assert!(lines(&both.json())[0].starts_with("rollout"), "{both:?}");
    server.stop();
    let neither = proxied(&server, &["-o", "json"]);
    assert_eq!(neither.code, Some(69), "{neither:?}");
}
