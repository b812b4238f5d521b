//! Real kubectl as one identity: the second opinion on everything the plugin says.

use crate::environment;
use crate::process::{self, Finished};
use crate::script;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// The longest that any command may take; `wait` and `create` of thousands come closest.
const WITHIN: Duration = Duration::from_secs(150);
/// What waits for a controller waits this long: a busy machine needs a part of it.
const CONTROLLER: &str = "--timeout=90s";

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

    /// The program; fetched once if it is not there.
    #[must_use]
    pub fn program() -> &'static Path {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        PROGRAM.get_or_init(|| {
            let listed = script::run("components", &["kubectl"], Duration::from_mins(5));
            let path = listed
                .strip_prefix("kubectl=")
                .unwrap_or_else(|| panic!("components says {listed:?}"));
            PathBuf::from(path)
        })
    }

    /// Runs it, whatever comes of it.
    #[must_use]
    #[track_caller]
    pub fn run(&self, arguments: &[&str], input: Option<String>) -> Finished {
        let mut command = Command::new(Self::program());
        process::run(
            isolated(&mut command, &self.kubeconfig).args(arguments),
            input,
            WITHIN,
        )
    }

    /// Runs it and returns what it printed.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        self.run(arguments, None).expect_code(0).stdout
    }

    /// `kubectl create` of objects as they are.
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

/// Gives a program nothing of this machine's own: neither a kubeconfig, nor caches, nor aliases.
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
