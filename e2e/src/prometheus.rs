//! A real Prometheus as a process.

use crate::metric_store::{MetricStore, StoreProgram};
use crate::process;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

const WITHIN: Duration = Duration::from_mins(1);

/// A Prometheus. It ends when this value is dropped.
#[derive(Debug)]
pub struct Prometheus(MetricStore);

impl Prometheus {
    /// Starts a Prometheus that scrapes that target each second.
    #[must_use]
    #[track_caller]
    pub fn start(target: SocketAddr) -> Self {
        Self::start_with(target, json!({}))
    }

    /// Starts a Prometheus that scrapes that target each second, with further fields of its scrape configuration.
    #[must_use]
    #[track_caller]
    pub fn start_with(target: SocketAddr, fields: Value) -> Self {
        Self::configured(&json!({"scrape_configs": [scrape(target, fields)]}))
    }

    /// Starts the Prometheus of a cluster of that name. It scrapes that target each second, and writes to these URLs.
    #[must_use]
    #[track_caller]
    pub fn writing(target: SocketAddr, cluster: &str, urls: &[String]) -> Self {
        Self::configured(&json!({
            "global": {"external_labels": {"cluster": cluster}},
            "scrape_configs": [scrape(target, json!({"honor_labels": true}))],
            "remote_write": remote_write(urls),
        }))
    }

    /// Starts a Prometheus that takes remote writes, for many clusters.
    #[must_use]
    #[track_caller]
    pub fn receiving() -> Self {
        Self::configured(&json!({}))
    }

    /// Starts a Prometheus with a configuration, to which intervals of a second are added. It takes remote writes too.
    #[must_use]
    #[track_caller]
    pub fn configured(config: &Value) -> Self {
        let mut config = config.clone();
        for interval in ["scrape_interval", "scrape_timeout", "evaluation_interval"] {
            config["global"][interval] = json!("1s");
        }
        Self(MetricStore::start(&StoreProgram {
            name: "prometheus",
            ready: "/-/ready",
            receives: "/api/v1/write",
            arguments: &|directory, address| {
                let file = directory.join("prometheus.yml");
                // JSON is YAML too.
                std::fs::write(&file, config.to_string()).expect("the directory of the tests can be written");
                vec![
                    format!("--config.file={}", file.display()),
                    format!("--storage.tsdb.path={}", directory.join("data").display()),
                    format!("--web.listen-address={address}"),
                    "--web.enable-remote-write-receiver".to_owned(),
                ]
            },
        }))
    }
}

impl std::ops::Deref for Prometheus {
    type Target = MetricStore;

    fn deref(&self) -> &MetricStore {
        &self.0
    }
}

/// The scrape configuration of an agent, with these fields.
#[must_use]
pub fn scrape(target: SocketAddr, mut fields: Value) -> Value {
    fields["job_name"] = json!("sre-agent");
    if fields["static_configs"].is_null() {
        fields["static_configs"] = json!([{}]);
    }
    fields["static_configs"][0]["targets"] = json!([target.to_string()]);
    fields
}

/// The remote writes to these URLs. Samples are sent within a second, and not within 5 s.
#[must_use]
pub fn remote_write(urls: &[String]) -> Value {
    let write = |url: &String| json!({"url": url, "queue_config": {"batch_send_deadline": "1s"}});
    urls.iter().map(write).collect()
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
