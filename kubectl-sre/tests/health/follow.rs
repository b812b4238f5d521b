//! `--wait` and `-w` as a process: what is printed where, and how they end.

use super::agent::{Agent, TOKEN};
use super::plugin::{PluginProcess, run, spawn};
use serde_json::Value;
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, Clock, Fault, Match, WatchFault};
use std::io::{BufRead as _, BufReader, Read as _};

const PATH: &str = "/apis/apps/v1/namespaces/shop/deployments";

/// The real time, which the plugin reads.
pub(super) fn clock() -> Clock {
    Clock::standing_at(&sre_shared::run::clock::system().to_string())
}

/// A Deployment whose rollout began some seconds ago.
pub(super) fn rolling(name: &str) -> Deployment {
    let begun = clock().at(-20);
    Deployment::new("shop", name)
        .counts(1, 1, 0, 0)
        .condition("Progressing", "True", "ReplicaSetUpdated", &begun)
        .condition("Available", "False", "MinimumReplicasUnavailable", &begun)
}

pub(super) fn server(deployment: Deployment) -> ApiServer {
    ApiServer::builder()
        .token(TOKEN)
        .deployments([deployment])
        .start_blocking()
}

/// The arguments about the Deployment `web`.
fn args<'a>(kubeconfig: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let common = [
        "health",
        "deploy",
        "web",
        "-n",
        "shop",
        "--color=never",
        "--kubeconfig",
        kubeconfig,
    ];
    [&common, more].concat()
}

pub(super) fn kubeconfig(server: &ApiServer) -> String {
    server.kubeconfig().display().to_string()
}

/// A stream of a running plugin, line by line.
pub struct Lines<R>(BufReader<R>);

impl<R: std::io::Read> Lines<R> {
    /// The next line with these words.
    pub fn with(&mut self, words: &str) -> String {
        let mut seen = Vec::new();
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line).expect("the plugin writes text");
            assert!(read > 0, "no line with {words:?} in {seen:#?}");
            if line.contains(words) {
                return line.trim_end().to_owned();
            }
            seen.push(line);
        }
    }

    /// The rest.
    pub fn rest(mut self) -> String {
        let mut text = String::new();
        self.0.read_to_string(&mut text).expect("the plugin writes text");
        text
    }
}

pub(super) fn stderr(running: &mut PluginProcess) -> Lines<std::process::ChildStderr> {
    Lines(BufReader::new(running.child.stderr.take().expect("a pipe")))
}

pub(super) fn stdout(running: &mut PluginProcess) -> Lines<std::process::ChildStdout> {
    Lines(BufReader::new(running.child.stdout.take().expect("a pipe")))
}

/// The flags of each way to follow: by watches, or by the events of an agent. The agent ends when it is dropped.
fn ways(server: &ApiServer) -> [(String, Option<Agent>); 2] {
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    [
        (format!("--kubeconfig={}", kubeconfig(server)), None),
        (format!("--agent-url={}", agent.url()), Some(agent)),
    ]
}

/// The arguments about the Deployment `web`, for one of the ways.
fn args_of<'a>(way: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let common = ["health", "deploy", "web", "-n", "shop", "--color=never", way];
    [&common, more].concat()
}

#[test]
fn a_wait_for_a_healthy_object_ends_with_its_report_as_soon_as_that_is_certain() {
    let server = server(Deployment::new("shop", "web"));
    let ran = run(&args(&kubeconfig(&server), &["--wait"]));
    assert_eq!(
        ran.err.lines().last(),
        Some("Deployment shop/web is healthy, after 0 s")
    );
    assert_eq!(server.requests_for(&Match::path(PATH).lists()).len(), 1);
    // An agent may hear of a change some time after the API server has answered it.
    for (way, _agent) in &ways(&server) {
        let ran = run(&args_of(way, &["--wait"]));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.starts_with("OK"), "{}", ran.out);
        let lines: Vec<&str> = ran.err.lines().collect();
        let [first, last] = lines[..] else {
            panic!("{lines:#?}")
        };
        assert!(
            first.starts_with("waiting for Deployment shop/web, at most 12 min, until "),
            "{first}"
        );
        assert!(
            last.starts_with("Deployment shop/web is healthy, after "),
            "{last}"
        );
    }
}

#[test]
fn a_rollout_is_followed_to_its_end_and_each_change_is_a_line_with_the_object() {
    let server = server(rolling("web"));
    for (way, agent) in &ways(&server) {
        server.apply(rolling("web"));
        let mut running = spawn(&args_of(way, &["--wait", "-o", "json"]));
        let mut lines = stderr(&mut running);
        lines.with("waiting for Deployment shop/web");
        lines.with("Deployment/shop/web: progressing, 0/1 ready");
        // The watch stays open, and the wait ends all the same.
        server.apply(Deployment::new("shop", "web"));
        lines.with("Deployment/shop/web: healthy, 1/1 ready");
        lines.with("Deployment shop/web is healthy, after ");
        assert_eq!(lines.rest(), "");
        let report: Value = serde_json::from_str(&stdout(&mut running).rest()).expect("one report");
        assert_eq!(report["checks"][0]["items"][0]["state"], "healthy");
        let mode = if agent.is_some() { "agent" } else { "direct" };
        assert_eq!(report["source"]["mode"], mode);
        assert_eq!(running.wait().code(), Some(0));
    }
}

#[test]
fn at_the_deadline_the_last_report_is_printed_and_no_other_error() {
    let server = server(rolling("web"));
    let ran = run(&args(&kubeconfig(&server), &["--wait", "--timeout=2s"]));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.starts_with("PROGRESSING"), "{}", ran.out);
    let last = ran.err.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("timed out after 2 s: 1 of 1: shop/web 0/1 ready"),
        "{last}"
    );
    // One deadline for all objects, not one for each.
    let server = ApiServer::builder()
        .deployments(["web", "api", "db"].map(rolling))
        .start_blocking();
    let kubeconfig = self::kubeconfig(&server);
    let ran = run(&[
        "health",
        "deploy",
        "--kubeconfig",
        &kubeconfig,
        "--wait",
        "--timeout=2s",
    ]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("timed out after 2 s: 3 of 3: "), "{}", ran.err);
}

#[test]
fn a_wait_for_an_object_that_is_not_there_yet_is_over_once_it_is_healthy() {
    let server = ApiServer::builder().namespaces(["shop"]).start_blocking();
    let kubeconfig = kubeconfig(&server);
    let mut running = spawn(&args(&kubeconfig, &["--wait"]));
    let mut lines = stderr(&mut running);
    lines.with("waiting for deployment shop/web");
    server.apply(Deployment::new("shop", "web"));
    lines.with("Deployment shop/web is healthy, after ");
    assert_eq!(running.wait().code(), Some(0));

    let flags = ["--wait", "--timeout=1s", "--kubeconfig", &kubeconfig];
    let ran = run(&[&["health", "deploy", "api", "-n", "shop"][..], &flags].concat());
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(
        ran.err.contains("deployment shop/api is not there"),
        "{}",
        ran.err
    );
}

#[test]
fn ctrl_c_and_termination_print_the_last_report() {
    for (signal, code, word) in [("-INT", 130, "interrupted"), ("-TERM", 143, "terminated")] {
        let server = server(rolling("web"));
        let kubeconfig = kubeconfig(&server);
        let mut running = spawn(&args(&kubeconfig, &["--wait", "-o", "json"]));
        let mut lines = stderr(&mut running);
        lines.with("Deployment/shop/web: progressing");
        running.signal(signal);
        let report: Value = serde_json::from_str(&stdout(&mut running).rest()).expect("one report");
        assert_eq!(report["checks"][0]["items"][0]["state"], "progressing");
        assert_eq!(running.wait().code(), Some(code));
        assert!(lines.rest().ends_with(&format!("{word}\n")));
    }
}

#[test]
fn progress_for_machines_is_one_json_object_a_change() {
    let server = server(rolling("web"));
    let kubeconfig = kubeconfig(&server);
    let mut running = spawn(&args(&kubeconfig, &["--wait", "--progress=json", "-q"]));
    let mut lines = stderr(&mut running);
    let change: Value = serde_json::from_str(&lines.with("\"progressing\"")).expect("an object");
    assert_eq!(change["event"], "state");
    assert_eq!(
        (&change["kind"], &change["name"]),
        (&"Deployment".into(), &"web".into())
    );
    server.apply(Deployment::new("shop", "web"));
    let end: Value = serde_json::from_str(&lines.with("\"end\"")).expect("an object");
    assert_eq!((&end["reason"], &end["exitCode"]), (&"settled".into(), &0.into()));
    assert_eq!(lines.rest(), "");
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn an_outage_during_a_wait_is_said_and_survived() {
    let server = server(rolling("web"));
    let kubeconfig = kubeconfig(&server);
    let mut running = spawn(&args(&kubeconfig, &["--wait"]));
    let mut lines = stderr(&mut running);
    lines.with("Deployment/shop/web: progressing");
    server.stop();
    lines.with("nothing can be read: ");
    server.apply(Deployment::new("shop", "web"));
    server.start_again();
    lines.with("the objects can be read again after ");
    lines.with("Deployment shop/web is healthy, after ");
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn a_deadline_during_an_outage_is_69_and_every_part_is_unknown() {
    let server = server(rolling("web"));
    let kubeconfig = kubeconfig(&server);
    server.stop();
    let ran = run(&args(&kubeconfig, &["--wait", "--timeout=2s", "-o", "json"]));
    assert_eq!(ran.code, Some(69), "{ran:?}");
    assert_eq!(ran.json()["status"], "unknown");
    assert!(
        ran.err.contains("timed out after 2 s: nothing could be read"),
        "{}",
        ran.err
    );
}

#[test]
fn a_credential_that_is_refused_at_the_start_ends_a_wait_at_once() {
    let server = ApiServer::builder()
        .deployments([rolling("web")])
        .without_anonymous()
        .start_blocking();
    let kubeconfig = server.kubeconfig_with_token("unknown").display().to_string();
    let ran = run(&args(&kubeconfig, &["--wait"]));
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.ends_with("\nUnauthorized\n"), "{}", ran.err);
}

#[test]
fn the_right_that_is_missing_to_watch_is_named_and_the_wait_goes_on() {
    let server = server(rolling("web"));
    server.set_access(
        "kubernetes-admin",
        Access::admin().without("watch", "deployments"),
    );
    let kubeconfig = kubeconfig(&server);
    let mut running = spawn(&args(&kubeconfig, &["--wait"]));
    let mut lines = stderr(&mut running);
    let warning = lines.with("warning: ");
    assert!(warning.contains("apps/deployments watch"), "{warning}");
    server.apply(Deployment::new("shop", "web"));
    lines.with("Deployment shop/web is healthy, after ");
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn a_watch_prints_each_change_once_and_ends_with_the_code_of_its_last_report() {
    let server = server(rolling("web"));
    for (way, _agent) in &ways(&server) {
        server.apply(rolling("web"));
        let mut running = spawn(&args_of(way, &["-w"]));
        let mut lines = stdout(&mut running);
        lines.with("Deployment/shop/web: progressing, 0/1 ready");
        server.apply(Deployment::new("shop", "web"));
        let line = lines.with("Deployment/shop/web");
        assert!(
            line.ends_with("Deployment/shop/web: healthy, 1/1 ready"),
            "{line}"
        );
        server.delete("shop", "web");
        lines.with("Deployment/shop/web: is gone");
        running.interrupt();
        assert_eq!(running.wait().code(), Some(130));
        assert_eq!(lines.rest(), "");

        let ran = run(&args_of(way, &["-w", "--timeout=2s"]));
        assert_eq!(ran.code, Some(3), "it was deleted: {ran:?}");
    }
}

#[test]
fn a_watch_writes_one_report_a_line() {
    let server = server(rolling("web"));
    server.fail_times(1, Match::path(PATH), Fault::Watch(WatchFault::End));
    let kubeconfig = kubeconfig(&server);
    let mut running = spawn(&args(&kubeconfig, &["-w", "-o", "json", "--cause=none"]));
    let mut lines = stdout(&mut running);
    let mut state = || {
        let report: Value = serde_json::from_str(&lines.with("{")).expect("a line is a report");
        report["checks"][0]["items"][0]["state"].clone()
    };
    assert_eq!(state(), "progressing");
    server.apply(Deployment::new("shop", "web"));
    assert_eq!(state(), "healthy");
    running.interrupt();
    assert_eq!(running.wait().code(), Some(130));
}

#[test]
fn flags_that_have_no_meaning_together_are_refused() {
    for (flags, line) in [
        (
            &["--wait", "-w"][..],
            "--wait ends by itself and -w stays: give one of the two",
        ),
        (
            &["--grace=1m"],
            "--grace is for a wait: add --wait, or leave it out",
        ),
        (
            &["--settle=1m", "-w"],
            "--settle is for a wait: add --wait, or leave it out",
        ),
        (
            &["--progress=json"],
            "--progress is for a wait: add --wait, or leave it out",
        ),
        (
            &["--wait", "-f", "x"],
            "--wait does not work with -f: a dump does not change",
        ),
        (
            &["-w", "-f", "x"],
            "-w does not work with -f: a dump does not change",
        ),
        (
            &["-w", "-o", "yaml"],
            "-o yaml has no meaning with -w, which shows changes: leave it out, or give -o json for a report a change",
        ),
        (
            &["-w", "-q"],
            "--quiet has no meaning with -w, which shows changes: leave it out, or give -o json for a report a change",
        ),
    ] {
        let ran = run(&[&["health"], flags].concat());
        assert_eq!(
            (ran.code, ran.err.as_str()),
            (Some(64), &*format!("error: {line}\n")),
            "{flags:?}"
        );
    }
}
