//! Owns the process: exit codes and what it writes to its streams.

use sre_testkit::ApiServer;
use sre_testkit::object::Deployment;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// No line of the log takes nearly as long; a test that hits it has failed.
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
struct Running {
    child: Child,
    lines: Receiver<String>,
    log: String,
}

impl Running {
    fn start(words: &[&str]) -> Self {
        let mut child = agent(words).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            stderr
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| tell.send(line))
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
        let kill = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
    }
}

impl Drop for Running {
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
fn refused_input_is_64_and_one_clear_line() {
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
    ] {
        let (code, stdout, stderr) = run(words);
        assert_eq!((code, stdout.as_str()), (Some(64), ""), "{words:?}: {stderr}");
        assert!(stderr.contains(part), "{words:?}: {stderr}");
    }
}

#[test]
fn a_port_that_is_taken_is_1_and_one_clear_line() {
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
    let mut agent = Running::start(&words);
    let started = agent.next("started");
    assert_eq!(
        (started["configuration"].as_str(), started["level"].as_str()),
        (Some(kubeconfig.as_str()), Some("INFO"))
    );
    assert_eq!(agent.next("listed")["objects"], 1);
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
