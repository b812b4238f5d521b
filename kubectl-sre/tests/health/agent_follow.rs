//! `--wait` with an agent: the same codes as without one, and what happens if the agent goes away. `follow` has the tests of
//! both ways.

use super::agent::{Agent, HEALTH, TOKEN, json_body};
use super::follow::{clock, rolling, server, stderr};
use super::plugin::{run, spawn};
use serde_json::json;
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, Fault, Match};

/// The arguments about the Deployment `web`, for the agent at that URL.
fn args<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let common = [
        "health",
        "deploy",
        "web",
        "-n",
        "shop",
        "--color=never",
        "--agent-url",
        url,
    ];
    [&common, more].concat()
}

#[test]
fn a_wait_with_an_agent_has_the_codes_of_a_wait_without_one() {
    let failed = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"namespace": "shop", "name": "web", "uid": "u-1", "creationTimestamp": clock().at(-60)},
        "spec": {"completions": 1, "parallelism": 1},
        "status": {
            "failed": 1,
            "conditions": [{
                "type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "gave up",
                "lastTransitionTime": clock().at(-20),
            }],
        },
    });
    let server = ApiServer::builder()
        .token(TOKEN)
        .objects([failed])
        .deployments([rolling("api")])
        .start_blocking();
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let kubeconfig = server.kubeconfig().display().to_string();
    for (target, code) in [
        (["job", "web"], 2),
        (["deploy", "api"], 1),
        (["deploy", "nix"], 3),
    ] {
        let common = [
            "health",
            target[0],
            target[1],
            "-n",
            "shop",
            "--wait",
            "--timeout=2s",
        ];
        let url = agent.url();
        for source in [["--agent-url", &url], ["--kubeconfig", &kubeconfig]] {
            let ran = run(&[&common[..], &source[..]].concat());
            assert_eq!(ran.code, Some(code), "{target:?} {source:?}: {ran:?}");
        }
    }
}

#[test]
fn an_agent_that_goes_away_and_returns_is_waited_for() {
    let server = server(rolling("web"));
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let url = agent.url();
    let port = url.rsplit(':').next().expect("a port").to_owned();
    let mut running = spawn(&args(&url, &["--wait"]));
    let mut lines = stderr(&mut running);
    lines.with("Deployment/shop/web: progressing");
    drop(agent);
    lines.with("nothing can be read: ");
    server.apply(Deployment::new("shop", "web"));
    let address = format!("127.0.0.1:{port}");
    let _agent = Agent::start_with(server.kubeconfig(), &["--address", &address]);
    lines.with("the objects can be read again after ");
    lines.with("Deployment shop/web is healthy, after ");
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn an_agent_that_stays_away_is_69_at_the_deadline() {
    let server = server(rolling("web"));
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let url = agent.url();
    drop(agent);
    let ran = run(&args(&url, &["--wait", "--timeout=2s", "-o", "json"]));
    assert_eq!(ran.code, Some(69), "{ran:?}");
    assert_eq!(ran.json()["status"], "unknown");
    assert!(
        ran.err
            .contains("timed out after 2 s: nothing could be read for "),
        "{}",
        ran.err
    );
}

#[test]
fn an_older_agent_is_asked_again_and_again() {
    let server = server(Deployment::new("shop", "web"));
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let old = br#"{"error":"unknownKind","message":"nothing called \"changes\" is watched"}"#;
    server.fail(Match::path(&format!("{HEALTH}/changes")), json_body(404, old));
    server.fail(
        Match::path(HEALTH),
        json_body(200, agent.answer("?namespace=shop")),
    );
    let kubeconfig = server.kubeconfig().display().to_string();
    let common = [
        "health",
        "deploy",
        "web",
        "-n",
        "shop",
        "--agent",
        "--kubeconfig",
        &kubeconfig,
    ];
    let ran = run(&[&common[..], &["--wait"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let warnings: Vec<&str> = ran
        .err
        .lines()
        .filter(|line| line.starts_with("warning: "))
        .collect();
    assert_eq!(
        warnings,
        [
            "warning: agent sre-tools/sre-agent sends no events about this (it is older than this plugin), so it is asked \
             every 5 s"
        ]
    );
}

#[test]
fn through_the_service_proxy_the_stream_is_read_and_other_answers_are_told_apart() {
    let server = server(rolling("web"));
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let changes = format!("{HEALTH}/changes");
    let kubeconfig = server.kubeconfig().display().to_string();
    let common = [
        "health",
        "deploy",
        "web",
        "-n",
        "shop",
        "--agent",
        "--wait",
        "--kubeconfig",
        &kubeconfig,
    ];
    // A stream that ends after its first event: the rollout goes on, and the plugin comes back for more.
    let report = String::from_utf8(agent.answer("?kinds=deployments&namespace=shop")).expect("JSON");
    let stream = |report: &str| Fault::WrongBody {
        status: 200,
        content_type: "text/event-stream".into(),
        body: format!("id: 0-1\nevent: report\ndata: {report}\n\n").into_bytes(),
    };
    server.fail_times(1, Match::path(&changes), stream(&report));
    let healthy = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start_blocking();
    let later = Agent::start_with(healthy.kubeconfig(), &[]);
    let report = String::from_utf8(later.answer("?kinds=deployments&namespace=shop")).expect("JSON");
    server.fail(Match::path(&changes), stream(&report));
    let ran = run(&[&common[..], &["--timeout=20s"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let asked = server.requests_for(&Match::path(&changes));
    assert_eq!(asked[1].header("last-event-id"), Some("0-1"));
    // A page of something else is no agent, and a busy one is waited for.
    server.clear_faults();
    let page = Fault::WrongBody {
        status: 200,
        content_type: "text/html".into(),
        body: b"<html>".to_vec(),
    };
    server.fail(Match::path(&changes), page);
    let ran = run(&[&common[..], &["--timeout=20s"]].concat());
    assert_eq!(ran.code, Some(69), "{ran:?}");
    assert!(ran.err.contains("what answers is no agent"), "{}", ran.err);
    server.clear_faults();
    let busy = br#"{"error":"tooManyRequests","message":"too many changes are followed"}"#;
    server.fail(Match::path(&changes), json_body(429, busy));
    let ran = run(&[&common[..], &["--timeout=2s"]].concat());
    assert_eq!(ran.code, Some(69), "{ran:?}");
    assert!(
        ran.err.contains("more requests than it can answer"),
        "{}",
        ran.err
    );
}
