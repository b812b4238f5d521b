//! A program that keeps metrics and answers queries in `PromQL`, as a process.

use crate::deadline::until;
use crate::environment;
use crate::http;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const WITHIN: Duration = Duration::from_mins(1);
/// Limit of an answer.
const ANSWERS: Duration = Duration::from_secs(15);

/// A store of metrics. It ends when this value is dropped, and its data with it.
#[derive(Debug)]
pub struct MetricStore {
    child: Child,
    address: SocketAddr,
    directory: PathBuf,
    receives: &'static str,
}

/// How a store is started.
pub(crate) struct StoreProgram<'a> {
    /// The command, which is also the name of its Debian package.
    pub name: &'a str,
    /// The path that answers 200 once it is ready.
    pub ready: &'a str,
    /// The path that takes remote writes.
    pub receives: &'static str,
    /// Its arguments, by its directory and the address at which it listens.
    pub arguments: &'a dyn Fn(&Path, SocketAddr) -> Vec<String>,
}

impl MetricStore {
    /// Starts it on a free port, and waits until it is ready.
    #[must_use]
    #[track_caller]
    pub(crate) fn start(program: &StoreProgram<'_>) -> Self {
        let name = program.name;
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("a port has an address");
        drop(free);
        let directory = environment::home().join(format!("{name}-{}", address.port()));
        std::fs::create_dir_all(&directory).expect("the directory of the tests can be written");
        let log = directory.join("log");
        let output = File::create(&log).expect("the directory of the tests can be written");
        let child = Command::new(name)
            .args((program.arguments)(&directory, address))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}; install it with: apt-get install {name}"));
        let store = Self {
            child,
            address,
            directory,
            receives: program.receives,
        };
        until(&format!("{name} is ready"), WITHIN, || {
            match http::ask(address, "GET", program.ready, ANSWERS) {
                Ok(answer) if answer.code == 200 => Ok(()),
                other => Err(format!(
                    "{other:?}\n{}",
                    std::fs::read_to_string(&log).unwrap_or_default()
                )),
            }
        });
        store
    }

    /// Its URL, in front of `/api/v1/query`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL that takes remote writes.
    #[must_use]
    pub fn write_url(&self) -> String {
        format!("http://{}{}", self.address, self.receives)
    }

    /// The single value of a query.
    ///
    /// # Errors
    /// The answer, if it is not a single value.
    pub fn query(&self, query: &str) -> Result<f64, String> {
        let samples = self.samples(query)?;
        match samples.as_slice() {
            [one] => one["value"][1]
                .as_str()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| one.to_string()),
            _ => Err(format!("{query}: {samples:?}")),
        }
    }

    /// The samples of a query, each with `metric` and `value`.
    ///
    /// # Errors
    /// The answer, if it is none of a successful query, or has a warning.
    pub fn samples(&self, query: &str) -> Result<Vec<Value>, String> {
        let mut encoded = String::new();
        for byte in query.bytes() {
            // Writing to a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        let answer = self.get(&format!("/api/v1/query?query={encoded}"))?;
        if answer["status"] != "success" || !answer["warnings"].is_null() {
            return Err(format!("{query}: {answer}"));
        }
        match answer["data"]["result"].as_array() {
            Some(samples) => Ok(samples.clone()),
            None => Err(format!("{query}: {answer}")),
        }
    }

    /// The JSON at a path.
    ///
    /// # Errors
    /// The answer, if it is no JSON.
    pub fn get(&self, path: &str) -> Result<Value, String> {
        let answer = http::ask(self.address, "GET", path, ANSWERS)?;
        serde_json::from_str(&answer.body).map_err(|error| format!("{error}: {answer:?}"))
    }
}

impl Drop for MetricStore {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
