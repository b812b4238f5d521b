//! Owns the process: its exit codes and its output on both streams.

use sre_shared::kind::Kind;
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Limit of the wait for a line of the log. No line takes nearly as long; a test that reaches it has failed.
const LIMIT: Duration = Duration::from_secs(30);

fn agent(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sre-agent"));
    command
        .args(words)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(words: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = agent(words).output().unwrap();
    (
        status.code(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

/// A process that ends with its test, and the lines of its log.
struct AgentProcess {
    child: Child,
    lines: Receiver<String>,
    log: String,
}

impl AgentProcess {
    fn start(words: &[&str]) -> Self {
        let mut child = agent(words).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            stderr
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Self {
            child,
            lines,
            log: String::new(),
        }
    }

    /// The next event with that text in its message.
    fn next(&mut self, part: &str) -> serde_json::Value {
        loop {
            let Ok(line) = self.lines.recv_timeout(LIMIT) else {
                panic!("no {part:?} in the log:\n{}", self.log)
            };
            self.log.push_str(&line);
            self.log.push('\n');
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            if event["message"].as_str().unwrap().contains(part) {
                return event;
            }
        }
    }

    fn terminate(&self) {
        self.signal("-TERM");
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
    }
}

impl Drop for AgentProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_version_and_the_help_go_to_stdout() {
    let (code, stdout, _) = run(&["--version"]);
    assert_eq!(
        (code, stdout.as_str()),
        (Some(0), concat!("sre-agent ", env!("CARGO_PKG_VERSION"), "\n"))
    );
    let (code, stdout, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for flag in [
        "--kubeconfig",
        "--stale-after",
        "SRE_AGENT_ADDRESS",
        "[default: 3m]",
    ] {
        assert!(stdout.contains(flag), "{flag}\n{stdout}");
    }
}

#[test]
fn refused_input_ends_with_64_and_one_clear_line() {
    let server = ApiServer::builder().start_blocking();
    let kubeconfig = server.kubeconfig().to_str().unwrap();
    for (words, part) in [
        (&["--address", "8080"][..], "did you mean :8080?"),
        (&["--context", "x"], "give --kubeconfig PATH too"),
        (
            &["--kubeconfig", "/nonexistent/config"],
            "kubeconfig /nonexistent/config does not exist",
        ),
        (
            &["--kubeconfig", kubeconfig, "--context", "testki"],
            "did you mean \"testkit\"?",
        ),
        (&[], "no in-cluster configuration"),
        (&["probe", "ftp://127.0.0.1/"], "only HTTP and HTTPS"),
        (&["probe"], "<URL>..."),
    ] {
        let (code, stdout, stderr) = run(words);
        assert_eq!((code, stdout.as_str()), (Some(64), ""), "{words:?}: {stderr}");
        assert!(stderr.contains(part), "{words:?}: {stderr}");
    }
}

#[test]
fn a_port_that_is_taken_ends_with_1_and_one_clear_line() {
    let server = ApiServer::builder().start_blocking();
    let taken = server.address().to_string();
    let (code, _, stderr) = run(&[
        "--kubeconfig",
        server.kubeconfig().to_str().unwrap(),
        "--address",
        &taken,
    ]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stderr.contains(&format!("cannot listen on {taken}: ")) && stderr.contains("--address"),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn the_log_names_what_changed_without_secrets_and_ends_with_0_on_sigterm() {
    let server = ApiServer::builder()
        .token("s3cret-token")
        .deployments([Deployment::new("shop", "web")])
        .start_blocking();
    let kubeconfig = server.kubeconfig().to_str().unwrap().to_owned();
    let words = [
        "--kubeconfig",
        &kubeconfig,
        "--address",
        "127.0.0.1:0",
        "--log-format",
        "json",
    ];
    let mut agent = AgentProcess::start(&words);
    let started = agent.next("started");
    assert_eq!(
        (started["configuration"].as_str(), started["level"].as_str()),
        (Some(kubeconfig.as_str()), Some("INFO"))
    );
    // One line a kind, in the order in which the lists come.
    let lists: Vec<_> = Kind::by_default().map(|_| agent.next("listed")).collect();
    let deployments = lists.iter().find(|line| line["watch"] == "deployments");
    assert_eq!(deployments.expect("a list of Deployments")["objects"], 1);
    server.apply(Deployment::new("shop", "web").replicas(3).counts(3, 3, 1, 1));
    let change = agent.next("shop/web is not healthy: 1 of 3 ready");
    assert_eq!(
        (change["namespace"].as_str(), change["name"].as_str()),
        (Some("shop"), Some("web"))
    );
    assert_eq!(
        (change["state"].as_str(), change["reason"].as_str()),
        (Some("degraded"), Some("ReadyBelowDesired"))
    );
    server.stop();
    let lost = agent.next("lost: API server");
    assert!(lost["class"].is_string() && lost["next"].is_string(), "{lost}");
    server.start_again();
    agent.next("recovered: API server");
    agent.terminate();
    agent.next("stopped");
    assert_eq!(agent.child.wait().unwrap().code(), Some(0));
    let all = &agent.log;
    assert!(
        !all.contains("s3cret-token") && !all.to_lowercase().contains("authorization"),
        "{all}"
    );
    let outages = all
        .lines()
        .filter(|line| line.contains("lost: API server"))
        .count();
    assert_eq!(outages, 1, "one line an outage:\n{all}");
}

#[test]
fn probe_asks_each_url_and_ends_with_0_if_all_answer_200() {
    let server = ApiServer::builder().start_blocking();
    let kubeconfig = server.kubeconfig().to_str().unwrap().to_owned();
    let words = [
        "--kubeconfig",
        &kubeconfig,
        "--address",
        "127.0.0.1:0",
        "--log-format",
        "json",
    ];
    let mut agent = AgentProcess::start(&words);
    let started = agent.next("started");
    let base = format!("http://{}", started["address"].as_str().unwrap());
    let (healthz, nix) = (format!("{base}/healthz"), format!("{base}/nix"));
    let (code, stdout, stderr) = run(&["probe", &healthz]);
    assert_eq!(
        (code, stdout, stderr),
        (Some(0), format!("200 {healthz}\n"), String::new())
    );
    let (code, stdout, stderr) = run(&["probe", &nix, &healthz, "--timeout", "20s"]);
    let refusal = "{\"error\":\"unknownPath\",\"message\":\"there is no such path; / lists all of them\"}";
    assert_eq!(
        (code, stdout, stderr),
        (
            Some(1),
            format!("404 {nix}: {refusal}\n200 {healthz}\n"),
            String::new()
        )
    );
    // The variables that set the agent's flags do not set those of probe.
    let output = agent_with_variable(&["probe", &healthz]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

fn agent_with_variable(words: &[&str]) -> Output {
    agent(words)
        .env("SRE_AGENT_ADDRESS", ":8080")
        .env("SRE_AGENT_METRICS_ADDRESS", "")
        .output()
        .unwrap()
}

#[test]
fn a_second_signal_ends_the_delay_and_sigint_has_none() {
    let server = ApiServer::builder().start_blocking();
    let kubeconfig = server.kubeconfig().to_str().unwrap().to_owned();
    let words = [
        "--kubeconfig",
        &kubeconfig,
        "--address",
        "127.0.0.1:0",
        "--log-format",
        "json",
        "--shutdown-delay",
        "1h",
    ];
    let mut agent = AgentProcess::start(&words);
    agent.next("started");
    agent.terminate();
    assert_eq!(agent.next("still answering")["seconds"], 3600.0);
    agent.terminate();
    agent.next("stopped at once");
    assert_eq!(agent.child.wait().unwrap().code(), Some(0));
    let mut agent = AgentProcess::start(&words);
    agent.next("started");
    agent.signal("-INT");
    agent.next("stopped");
    assert_eq!(agent.child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_log_names_each_missing_rule_once() {
    let user = "system:serviceaccount:sre-tools:sre-agent";
    let access = Access::admin()
        .without("watch", "deployments")
        .without_path("/readyz")
        .without_path("/livez");
    let server = ApiServer::builder()
        .user("s3cret-token", user, access)
        .start_blocking();
    let kubeconfig = server.kubeconfig().to_str().unwrap().to_owned();
    let words = [
        "--kubeconfig",
        &kubeconfig,
        "--address",
        "127.0.0.1:0",
        "--log-format",
        "json",
    ];
    let mut agent = AgentProcess::start(&words);
    let rules = [
        ("lost: deployments", "apps/deployments watch"),
        ("lost: right to get /readyz", "nonResourceURL /readyz get"),
        ("lost: right to get /livez", "nonResourceURL /livez get"),
    ];
    let mut lost: Vec<_> = rules.iter().map(|_| agent.next("lost: ")).collect();
    lost.sort_by_key(|line| line["message"].as_str().map(str::to_owned));
    let mut wanted = rules;
    wanted.sort_unstable();
    for (line, (message, rule)) in lost.iter().zip(wanted) {
        assert_eq!(
            (
                line["message"].as_str(),
                line["missing"].as_str(),
                line["class"].as_str()
            ),
            (Some(message), Some(rule), Some("forbidden"))
        );
        assert!(line["next"].as_str().unwrap().contains("chart"), "{line}");
    }
    server.set_access(user, Access::admin());
    for _ in rules {
        agent.next("recovered: ");
    }
    agent.terminate();
    agent.next("stopped");
    assert_eq!(
        agent.log.matches("\"lost: ").count(),
        rules.len(),
        "{}",
        agent.log
    );
    assert!(!agent.log.contains("s3cret"), "{}", agent.log);
}
