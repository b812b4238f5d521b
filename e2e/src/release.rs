//! An installed release of the chart.

use crate::deadline::until;
use crate::node::{self, RUNS, RestrictedNamespace, helm};
use crate::process::ProcessResult;
use crate::report::{list, word};
use serde_json::Value;

/// The chart.
const CHART: &str = "./helm/sre-agent";

/// An installed release of the chart. It is removed, with its namespace, when this value is dropped.
#[derive(Debug)]
pub struct Release {
    /// Its name, which is also the name of its Service.
    pub name: String,
    /// Its namespace.
    pub space: RestrictedNamespace,
}

impl Release {
    /// Installs it as the README says, in a namespace of the restricted level, with further flags of helm.
    #[must_use]
    #[track_caller]
    pub fn install(namespace: &str, flags: &[&str]) -> Self {
        let space = RestrictedNamespace::new(namespace);
        let release = Self {
            name: "sre-agent".into(),
            space,
        };
        let installed = release.helm("install", &[&["--create-namespace"], flags].concat());
        let installed = installed.expect_code(0);
        assert!(
            !installed.stderr.to_lowercase().contains("warning"),
            "{installed}"
        );
        release
    }

    /// Upgrades it with these flags.
    #[track_caller]
    pub fn upgrade(&self, flags: &[&str]) {
        let _ = self.helm("upgrade", flags).expect_code(0);
    }

    fn helm(&self, command: &str, flags: &[&str]) -> ProcessResult {
        let words = [command, &self.name, CHART, "--namespace", &self.space.0];
        helm(&[&words[..], &["--wait", "--timeout", "90s"], flags].concat())
    }

    /// Rolls back to the revision before.
    #[track_caller]
    pub fn rollback(&self) {
        self.manage("rollback", &["--wait"]);
    }

    /// `helm test`.
    #[track_caller]
    pub fn test(&self) {
        self.manage("test", &[]);
    }

    /// Uninstalls it. The namespace stays.
    #[track_caller]
    pub fn uninstall(&self) {
        self.manage("uninstall", &["--wait"]);
    }

    fn manage(&self, command: &str, flags: &[&str]) {
        let words = [
            command,
            &self.name,
            "--namespace",
            &self.space.0,
            "--timeout",
            "90s",
        ];
        let _ = helm(&[&words[..], flags].concat()).expect_code(0);
    }

    /// Its pods.
    #[must_use]
    #[track_caller]
    pub fn pods(&self) -> Vec<Value> {
        let pods = node::kubectl().get(&[
            "pods",
            "--namespace",
            &self.space.0,
            "--selector",
            "app.kubernetes.io/name=sre-agent",
        ]);
        list(&pods["items"]).to_vec()
    }

    /// Replaces its pods, and waits until the old ones are gone.
    #[track_caller]
    pub fn restart(&self) {
        let deployment = format!("deployment/{}", self.name);
        self.space.run(&["rollout", "restart", &deployment]);
        self.space
            .run(&["rollout", "status", &deployment, "--timeout=90s"]);
        until("the old pods are gone", RUNS, || {
            let count = self.pods().len();
            if count == 1 {
                Ok(())
            } else {
                Err(format!("{count} pods"))
            }
        });
    }

    /// The logs of its pods.
    #[must_use]
    #[track_caller]
    pub fn log(&self) -> String {
        self.space
            .run(&["logs", &format!("deployment/{}", self.name), "--tail=-1"])
    }

    /// The answer of a path through the API server's proxy, with any code.
    #[must_use]
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        let path = format!(
            "/api/v1/namespaces/{}/services/{}:http/proxy{path}",
            self.space.0, self.name
        );
        let text = node::kubectl().ok(&["get", "--raw", &path]);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: no JSON ({error}): {text}"))
    }

    /// The names of its pods.
    #[must_use]
    #[track_caller]
    pub fn pod_names(&self) -> Vec<String> {
        self.pods()
            .iter()
            .map(|pod| word(&pod["metadata"]["name"]).to_owned())
            .collect()
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        // Cluster-wide objects would outlive the namespace.
        let _ = helm(&[
            "uninstall",
            &self.name,
            "--namespace",
            &self.space.0,
            "--ignore-not-found",
            "--wait",
            "--timeout",
            "60s",
        ]);
    }
}
