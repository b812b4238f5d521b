//! Real kubectl as one identity, with which the plugin's reports are compared.

use crate::environment;
use crate::process::{self, ProcessResult};
use crate::script;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// The longest that a command may take. `wait` and `create` of thousands take most of it.
const WITHIN: Duration = Duration::from_mins(5);
/// Limit of a wait for a controller. While thousands of Deployments are created, its queue is long.
const CONTROLLER: &str = "--timeout=180s";

/// kubectl with a kubeconfig.
#[derive(Debug, Clone)]
pub struct Kubectl {
    kubeconfig: PathBuf,
}

impl Kubectl {
    /// kubectl with that kubeconfig.
    #[must_use]
    pub fn new(kubeconfig: &Path) -> Self {
        Self {
            kubeconfig: kubeconfig.to_owned(),
        }
    }

    /// The program. It is fetched once if it is not there.
    #[must_use]
    pub fn program() -> &'static Path {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        PROGRAM.get_or_init(|| script::component("kubectl"))
    }

    /// Runs it and returns its result, also a failure.
    #[must_use]
    #[track_caller]
    pub fn run(&self, arguments: &[&str], input: Option<String>) -> ProcessResult {
        let mut command = Command::new(Self::program());
        process::run(
            isolated(&mut command, &self.kubeconfig).args(arguments),
            input,
            WITHIN,
        )
    }

    /// Runs a line of bash in which kubectl is this one.
    #[must_use]
    #[track_caller]
    pub fn run_in_shell(&self, line: &str) -> ProcessResult {
        let own = Self::program().parent().map(PathBuf::from).unwrap_or_default();
        let inherited = environment::variable("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&inherited)))
            .expect("a path of directories");
        let mut command = Command::new("bash");
        isolated(&mut command, &self.kubeconfig)
            .env("PATH", path)
            .args(["-c", line]);
        process::run(&mut command, None, WITHIN)
    }

    /// Runs it and returns what it printed.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        self.run(arguments, None).expect_code(0).stdout
    }

    /// `kubectl create` of objects.
    #[track_caller]
    pub fn create(&self, object: &Value) {
        let _ = self
            .run(&["create", "-f", "-"], Some(object.to_string()))
            .expect_code(0);
    }

    /// `kubectl get ... -o json`.
    #[must_use]
    #[track_caller]
    pub fn get(&self, arguments: &[&str]) -> Value {
        let text = self.ok(&[&["get"], arguments, &["--output", "json"]].concat());
        serde_json::from_str(&text).expect("kubectl writes JSON")
    }

    /// `kubectl wait` for each of these jsonpath conditions, `{.path}=value`, one after the other.
    #[track_caller]
    pub fn wait(&self, namespace: &str, object: &str, conditions: &[&str]) {
        for condition in conditions {
            let condition = format!("--for=jsonpath={condition}");
            self.ok(&["wait", "--namespace", namespace, object, &condition, CONTROLLER]);
        }
    }
}

/// Keeps this machine's kubeconfig, caches and aliases from a program.
pub(crate) fn isolated<'a>(command: &'a mut Command, kubeconfig: &Path) -> &'a mut Command {
    let home = environment::home();
    command
        .env_clear()
        .env("PATH", environment::variable("PATH").unwrap_or_default())
        .env("KUBECACHEDIR", home.join("cache"))
        .env("HOME", home)
        .env("KUBERC", "off")
        .env("KUBECONFIG", kubeconfig)
}
