//! A real Prometheus as a process.

use crate::deadline::until;
use crate::environment;
use crate::http;
use crate::process;
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const WITHIN: Duration = Duration::from_mins(1);

/// A Prometheus that scrapes one target each second. It ends when this value is dropped.
#[derive(Debug)]
pub struct Prometheus {
    child: Child,
    address: SocketAddr,
    directory: PathBuf,
}

impl Prometheus {
    /// Starts a Prometheus for that target.
    #[must_use]
    #[track_caller]
    pub fn start(target: SocketAddr) -> Self {
        Self::start_with(target, "")
    }

    /// Starts a Prometheus for that target, with further fields of its scrape configuration, each followed by a comma.
    #[must_use]
    #[track_caller]
    pub fn start_with(target: SocketAddr, fields: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("a port has an address");
        drop(free);
        let directory = environment::home().join(format!("prometheus-{}", address.port()));
        std::fs::create_dir_all(&directory).expect("the directory of the tests can be written");
        let config = directory.join("prometheus.yml");
        let text = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n\
             scrape_configs: [{{job_name: sre-agent, {fields} static_configs: [{{targets: ['{target}']}}]}}]\n"
        );
        std::fs::write(&config, text).expect("the directory of the tests can be written");
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                directory.join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("prometheus: {error}; install it with: apt-get install prometheus")
            });
        let prometheus = Self {
            child,
            address,
            directory,
        };
        until("Prometheus is ready", WITHIN, || {
            match http::ask(address, "GET", "/-/ready", Duration::from_secs(5)) {
                Ok(answer) if answer.code == 200 => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
        prometheus
    }

    /// The single value of a query.
    ///
    /// # Errors
    /// The answer, if it is not a single value.
    pub fn query(&self, query: &str) -> Result<f64, String> {
        let mut encoded = String::new();
        for byte in query.bytes() {
            // Writing to a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        let answer = http::ask(
            self.address,
            "GET",
            &format!("/api/v1/query?query={encoded}"),
            Duration::from_secs(5),
        )?;
        let json = answer.json();
        match json["data"]["result"].as_array().map(Vec::as_slice) {
            Some([one]) => one["value"][1]
                .as_str()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| json.to_string()),
            _ => Err(json.to_string()),
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Runs promtool with a text on its stdin. It must accept it.
#[track_caller]
pub fn promtool(arguments: &[&str], input: &str) {
    let finished = process::run(
        Command::new("promtool").args(arguments),
        Some(input.to_owned()),
        WITHIN,
    );
    let _ = finished.expect_code(0);
}
