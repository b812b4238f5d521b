//! `gate` with an agent: its report before the command, its stream after it.

use super::agent::{Agent, TOKEN};
use super::follow::{Lines, rolling, stderr, stdout};
use super::plugin::{PluginProcess, PluginRun, run, spawn};
use serde_json::{Value, json};
use sre_testkit::ApiServer;
use sre_testkit::object::Deployment;
use std::process::ChildStderr;

fn server(deployments: impl IntoIterator<Item = Deployment>) -> ApiServer {
    ApiServer::builder()
        .token(TOKEN)
        .deployments(deployments)
        .start_blocking()
}

/// One of three pods is ready.
fn short(name: &str) -> Deployment {
    Deployment::new("shop", name).replicas(3).counts(3, 3, 1, 1)
}

/// The arguments of a gate about Deployments in the namespace `shop`.
fn args<'a>(url: &'a str, more: &[&'a str], command: &[&'a str]) -> Vec<&'a str> {
    let common = [
        "gate",
        "deploy",
        "-n",
        "shop",
        "--color=never",
        "--agent-url",
        url,
    ];
    [&common, more, &["--"], command].concat()
}

fn gate(agent: &Agent, more: &[&str], command: &[&str]) -> PluginRun {
    run(&args(&agent.url(), more, command))
}

/// A gate whose command has begun, and ends once its standard input does.
fn begin(agent: &Agent, more: &[&str]) -> (PluginProcess, Lines<ChildStderr>) {
    let script = ["/bin/sh", "-c", "echo begun >&2; cat"];
    let mut running = spawn(&args(&agent.url(), more, &script));
    let mut lines = stderr(&mut running);
    lines.with("begun");
    (running, lines)
}

/// Lets the command end.
fn go_on(running: &mut PluginProcess) {
    drop(running.child.stdin.take());
}

#[test]
fn a_command_that_changes_nothing_passes_and_what_was_broken_before_is_counted() {
    let server = server([Deployment::new("shop", "web"), short("old")]);
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let ran = gate(&agent, &[], &["echo", "done"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.starts_with("done\nOK"), "{}", ran.out);
    assert!(ran.out.contains("1 not healthy as before"), "{}", ran.out);
    assert!(
        ran.err
            .starts_with("waiting for changes that are still to come, at most 12 min, until "),
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .ends_with("\nnothing changed, and nothing is worse\nnote: 1 object is not healthy, as before\n"),
        "{}",
        ran.err
    );
}

#[test]
fn a_rollout_is_followed_through_the_agent_although_it_is_heard_of_after_the_end_of_the_command() {
    let server = server([Deployment::new("shop", "web")]);
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let mut running = spawn(&args(
        &agent.url(),
        &["-o", "json"],
        &["/bin/sh", "-c", "echo ended >&2"],
    ));
    let mut lines = stderr(&mut running);
    lines.with("ended");
    server.apply(Deployment::new("shop", "web").generation(2).observed(1));
    lines.with("Deployment/shop/web: progressing");
    server.apply(rolling("web").generation(2));
    server.apply(Deployment::new("shop", "web").generation(2));
    lines.with("Deployment/shop/web: healthy");
    lines.with("Deployment shop/web is healthy, after ");
    let report: Value = serde_json::from_str(&stdout(&mut running).rest()).expect("one report");
    assert_eq!(report["source"]["mode"], "agent");
    assert_eq!(report["command"], json!({"exitCode": 0}));
    assert_eq!(report["checks"][0]["items"][0]["baseline"], "same");
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn among_many_objects_only_those_that_change_are_sent_and_all_are_compared_at_the_end() {
    let many = (0..150).map(|number| Deployment::new("shop", &format!("web-{number:03}")));
    let server = server(many);
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let (mut running, mut lines) = begin(&agent, &["-o", "json", "--timeout=10s"]);
    server.delete("shop", "web-000");
    server.apply(Deployment::new("shop", "new"));
    server.apply(short("web-001"));
    server.apply(rolling("web-002").generation(2));
    go_on(&mut running);
    lines.with("Deployment/shop/web-002: progressing");
    server.apply(Deployment::new("shop", "web-002").generation(2));
    lines.with("Deployment/shop/web-002: healthy");
    let report: Value = serde_json::from_str(&stdout(&mut running).rest()).expect("one report");
    lines.with("timed out after 10 s: 1 of 2: shop/web-001 1/3 ready");
    let rest = lines.rest();
    assert!(
        rest.contains("note: 1 object is gone: Deployment/shop/web-000"),
        "{rest}"
    );
    assert_eq!(running.wait().code(), Some(2));
    let baseline = &report["baseline"];
    let count = |word: &str| baseline[word].as_u64();
    assert_eq!(
        (count("new"), count("worse"), count("same"), count("gone")),
        (Some(1), Some(1), Some(148), Some(1)),
        "{baseline:#}"
    );
}

#[test]
fn the_command_is_not_run_if_the_agent_cannot_be_asked_or_does_not_watch_the_kind() {
    let server = server([Deployment::new("shop", "web")]);
    let agent = Agent::start_with(server.kubeconfig(), &["--kinds", "deployments"]);
    let url = agent.url();
    let run_with = |target: &str| {
        let mut args = args(&url, &[], &["echo", "begun"]);
        args[1] = target;
        run(&args)
    };
    let ran = run_with("deploy,services");
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(!ran.out.contains("begun"), "{}", ran.out);
    assert!(
        ran.err.contains("services") && ran.err.ends_with("could not be read: echo was not run\n"),
        "{}",
        ran.err
    );
    drop(agent);
    let ran = run_with("deploy");
    assert_eq!(
        (ran.code, ran.out.contains("begun")),
        (Some(69), false),
        "{ran:?}"
    );
    assert_eq!(ran.err, "error: nothing could be read: echo was not run\n");
}

#[test]
fn a_command_that_fails_gives_its_code_and_the_report_of_the_agent() {
    let server = server([Deployment::new("shop", "web")]);
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let ran = gate(&agent, &["-o", "json"], &["/bin/sh", "-c", "exit 7"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(7), "sh exited 7\n"));
    let report = ran.json();
    assert_eq!(report["command"], json!({"exitCode": 7}));
    assert_eq!(report["source"]["mode"], "agent");
}

#[test]
fn an_agent_that_goes_away_during_the_command_is_waited_for() {
    let server = server([Deployment::new("shop", "web")]);
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let address = agent.url().trim_start_matches("http://").to_owned();
    let (mut running, mut lines) = begin(&agent, &["--timeout=25s"]);
    drop(agent);
    go_on(&mut running);
    lines.with("nothing can be read: ");
    server.apply(Deployment::new("shop", "web").generation(2));
    let _agent = Agent::start_with(server.kubeconfig(), &["--address", &address]);
    lines.with("the objects can be read again after ");
    lines.with("Deployment shop/web is healthy, after ");
    assert_eq!(running.wait().code(), Some(0));
}
