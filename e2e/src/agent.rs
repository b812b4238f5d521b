//! The agent as a process.

use crate::deadline::{Deadline, until};
use crate::environment::{self, Build};
use crate::http::{self, Answer};
use crate::kubectl::isolated;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Limit of its start. It listens before it asks the API server.
const LISTENS: Duration = Duration::from_secs(20);
/// Longer than the agent's own bounds for any answer.
const ANSWERS: Duration = Duration::from_secs(15);

/// A running agent.
#[derive(Debug)]
pub struct Agent {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Agent {
    /// Starts one on a free port.
    #[must_use]
    #[track_caller]
    pub fn start(kubeconfig: &Path, flags: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", kubeconfig, flags)
    }

    /// Starts one that listens at that address.
    #[must_use]
    #[track_caller]
    pub fn start_at(address: &str, kubeconfig: &Path, flags: &[&str]) -> Self {
        Self::start_build(Build::Present, address, kubeconfig, flags)
    }

    /// Starts one of a build that listens at that address.
    #[must_use]
    #[track_caller]
    pub fn start_build(build: Build, address: &str, kubeconfig: &Path, flags: &[&str]) -> Self {
        let mut command = Command::new(environment::program("sre-agent", build));
        isolated(&mut command, kubeconfig)
            .env_remove("KUBECONFIG")
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(["--address", address, "--log-format", "json"])
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // Most tests compare its answers with those of runs without causes.
        if !flags.contains(&"--causes=true") {
            command.arg("--causes=false");
        }
        let mut child = command.spawn().expect("the agent is an executable");
        let log = Arc::new(Mutex::new(Vec::new()));
        let (stderr, lines) = (child.stderr.take(), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in stderr
                .into_iter()
                .flat_map(|s| BufReader::new(s).lines())
                .map_while(Result::ok)
            {
                lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        let mut agent = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            log,
        };
        agent.address = until("the agent listens", LISTENS, || {
            let address = agent
                .log()
                .iter()
                .find_map(|line| line["address"].as_str().map(str::to_owned));
            address
                .and_then(|a| a.parse().ok())
                .ok_or_else(|| format!("{:?}", agent.lines()))
        });
        agent
    }

    /// `GET`.
    #[must_use]
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `GET` with a header.
    #[must_use]
    #[track_caller]
    pub fn get_with(&self, path: &str, header: &str) -> Answer {
        match http::ask_with(self.address, path, header, ANSWERS) {
            Ok(answer) => answer,
            Err(error) => panic!("{error}\nlog:\n{}", self.lines().join("\n")),
        }
    }

    /// Sends a request with that method.
    #[must_use]
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str) -> Answer {
        match http::ask(self.address, method, path, ANSWERS) {
            Ok(answer) => answer,
            Err(error) => panic!("{error}\nlog:\n{}", self.lines().join("\n")),
        }
    }

    /// Asks until the answer has that code and `is_right` accepts it.
    #[track_caller]
    pub fn until(&self, path: &str, within: Duration, code: u16, is_right: impl Fn(&Value) -> bool) -> Value {
        until(&format!("{path} answers {code} as it should"), within, || {
            let answer = http::ask(self.address, "GET", path, ANSWERS)?;
            let json: Value = serde_json::from_str(&answer.body).map_err(|e| format!("{e}: {answer:?}"))?;
            if answer.code == code && is_right(&json) {
                Ok(json)
            } else {
                Err(format!("{} {json:#}", answer.code))
            }
        })
    }

    /// The lines of its log that are JSON.
    #[must_use]
    pub fn log(&self) -> Vec<Value> {
        self.lines()
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// The lines of its log.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks it to stop, as Kubernetes does, and returns its exit code.
    #[must_use]
    #[track_caller]
    pub fn terminate(mut self, within: Duration) -> Option<i32> {
        let killed = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(
            killed.is_ok_and(|s| s.success()),
            "the agent ended before it was asked to"
        );
        let deadline = Deadline::within(within);
        loop {
            match self.child.try_wait().expect("a child can be waited for") {
                Some(status) => return status.code(),
                None if deadline.is_over() => {
                    panic!(
                        "not ended within {} s after SIGTERM:\n{}",
                        within.as_secs(),
                        self.lines().join("\n")
                    )
                }
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // An error means that the agent has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
