//! Owns the agent's process: its start, its end, and what the kernel says about it.

use crate::memory_limit::MemoryLimit;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// An agent that ends with its test.
pub struct AgentProcess {
    pub address: SocketAddr,
    child: Child,
    /// Dropped after the process has ended.
    _limit: Option<MemoryLimit>,
}

impl AgentProcess {
    /// Starts one that may use so many kB of memory, if the machine lets this user limit it.
    pub fn start(kubeconfig: &Path, limit: u64) -> Self {
        let program = env!("CARGO_BIN_EXE_sre-agent");
        let limit = MemoryLimit::new(limit);
        if limit.is_none() {
            println!("no control group can be made here; only the peak is compared with the limit");
        }
        let command = limit.as_ref().map(|limit| limit.command(program));
        let mut child = command
            .unwrap_or_else(|| Command::new(program))
            .args([
                "--address=127.0.0.1:0",
                "--log-format=json",
                "--kinds=deployments",
            ])
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .env_clear()
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(&line).ok())
            .find_map(|line| line["address"].as_str()?.parse().ok())
            .expect("a line that says where it listens");
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                println!("{line}");
            }
        });
        Self {
            address,
            child,
            _limit: limit,
        }
    }

    /// A field of `/proc/PID/status`, in kB.
    pub fn memory(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        let number = line.trim_start_matches(':').trim_end_matches("kB").trim();
        number.parse().unwrap()
    }

    /// How many file descriptors it has.
    pub fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        std::fs::read_dir(folder).unwrap().count()
    }
}

impl Drop for AgentProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
