//! The cluster with a real node, on which pods really run.
//!
//! It may be ours or one of kind. Tests that use it know only its kubeconfig.

use crate::cluster::Cluster;
use crate::deadline::until;
use crate::environment;
use crate::kubectl::{Kubectl, isolated};
use crate::plugin::Plugin;
use crate::process::{self, ProcessResult};
use crate::report::word;
use crate::script;
use crate::user::User;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// The image with a shell and curl, which `e2e/run` has loaded.
pub const TOOLS: &str = "sre-e2e-tools:latest";
/// A pod of a loaded image runs within this time, also on a busy machine.
pub const RUNS: Duration = Duration::from_secs(90);
/// Limit of helm. Its own `--timeout` is shorter.
const HELM: Duration = Duration::from_secs(150);

/// The administrator's kubeconfig.
#[must_use]
pub fn kubeconfig() -> PathBuf {
    match environment::variable("KUBECONFIG") {
        Some(path) => path.into(),
        None => panic!("these tests need a cluster with a node: run make e2e"),
    }
}

/// kubectl as the administrator.
#[must_use]
pub fn kubectl() -> Kubectl {
    Kubectl::new(&kubeconfig())
}

/// The plugin as the administrator.
#[must_use]
pub fn plugin() -> Plugin {
    Plugin::new(&kubeconfig())
}

/// The cluster, if it is ours and so may be broken.
#[must_use]
pub fn cluster() -> Cluster {
    Cluster::from_directory(environment::shared_cluster())
}

/// Runs `stop` or `start` for the node's kubelet.
#[track_caller]
pub fn kubelet(action: &str) {
    let words = environment::variable("SRE_E2E_KUBELET").expect("these tests need a node: run make e2e");
    let words = words.to_string_lossy();
    let (program, directory) = words.split_once(' ').expect("a script and a directory");
    let mut command = Command::new(program);
    let command = command.args([&format!("{action}-kubelet"), directory]);
    let _ = process::run(command, None, Duration::from_mins(1)).expect_code(0);
}

/// The program helm.
#[must_use]
#[track_caller]
pub fn helm_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| script::component("helm"))
}

/// Runs helm and returns its result, also a failure.
#[must_use]
#[track_caller]
pub fn helm(arguments: &[&str]) -> ProcessResult {
    let mut command = Command::new(helm_program());
    process::run(
        isolated(&mut command, &kubeconfig())
            .current_dir(environment::root())
            .args(arguments),
        None,
        HELM,
    )
}

/// A user with a ServiceAccount's token and the rights that are bound to it.
#[must_use]
#[track_caller]
pub fn service_account(namespace: &str, name: &str) -> User {
    let token = kubectl().ok(&["--namespace", namespace, "create", "token", name]);
    let text = kubectl().ok(&[
        "config",
        "view",
        "--raw",
        "--minify",
        "--flatten",
        "--output",
        "json",
    ]);
    let mut config: Value = serde_json::from_str(&text).expect("kubectl writes JSON");
    for user in config["users"].as_array_mut().into_iter().flatten() {
        user["user"] = json!({"token": token.trim()});
    }
    let path = environment::home().join(format!("{namespace}-{name}.kubeconfig"));
    std::fs::create_dir_all(environment::home()).expect("the directory of the tests can be written");
    std::fs::write(&path, config.to_string()).expect("the directory of the tests can be written");
    User::new(path)
}

/// A namespace that admits only pods of the restricted Pod Security level. It is deleted with all its objects when this
/// value is dropped.
#[derive(Debug)]
pub struct RestrictedNamespace(pub String);

impl RestrictedNamespace {
    /// A new namespace that admits only pods of the restricted Pod Security level.
    #[must_use]
    #[track_caller]
    pub fn new(name: &str) -> Self {
        let manifest = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {
            "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"}}});
        // The one of the last test may not be gone yet.
        until("the namespace is free", RUNS, || {
            let created = kubectl().run(&["create", "-f", "-"], Some(manifest.to_string()));
            match created.code {
                Some(0) => Ok(()),
                _ => Err(created),
            }
        });
        Self(name.to_owned())
    }

    /// kubectl in this namespace.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        kubectl().ok(&[&["--namespace", &self.0], arguments].concat())
    }

    /// Creates an object in this namespace.
    #[track_caller]
    pub fn create(&self, mut object: Value) {
        object["metadata"]["namespace"] = self.0.as_str().into();
        kubectl().create(&object);
    }
}

impl Drop for RestrictedNamespace {
    fn drop(&mut self) {
        let _ = kubectl().run(
            &[
                "delete",
                "namespace",
                &self.0,
                "--ignore-not-found",
                "--timeout=90s",
            ],
            None,
        );
    }
}

/// A pod spec that runs `command` of the tools image, and that the restricted level admits.
#[must_use]
pub fn pod_spec(command: &[&str]) -> Value {
    json!({
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{
            "name": "app", "image": TOOLS, "imagePullPolicy": "Never", "command": command,
            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
        }],
    })
}

/// A manifest of a Deployment of such pods.
#[must_use]
pub fn deployment(name: &str, replicas: u32, command: &[&str]) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod_spec(command)},
        },
    })
}

/// A pod with curl, for addresses that can be reached only inside of the cluster.
#[derive(Debug)]
pub struct Curl {
    space: RestrictedNamespace,
}

impl Curl {
    /// Starts it.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        let space = RestrictedNamespace::new("curl");
        space.create(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "curl"},
                            "spec": pod_spec(&["sleep", "3600"])}),
        );
        space.run(&["wait", "pod/curl", "--for=condition=Ready", "--timeout=90s"]);
        Self { space }
    }

    /// Asks a Service by its name, `http://NAME.NAMESPACE:PORT/...`, and returns status code and body. It needs no cluster
    /// DNS, since curl is given the Service's address.
    #[track_caller]
    pub fn ask(&self, namespace: &str, service: &str, path: &str) -> (u16, String) {
        let address = cluster_ip(namespace, service);
        let host = format!("{service}.{namespace}");
        let text = self.space.run(&[
            "exec",
            "curl",
            "--",
            "curl",
            "--silent",
            "--show-error",
            "--max-time",
            "15",
            "--resolve",
            &format!("{host}:8080:{address}"),
            "--write-out",
            "\n%{http_code}",
            &format!("http://{host}:8080{path}"),
        ]);
        let (body, code) = text.rsplit_once('\n').expect("curl writes the code last");
        (code.parse().expect("a code is a number"), body.to_owned())
    }

    /// Runs a line of shell in the pod.
    #[must_use]
    #[track_caller]
    pub fn shell(&self, line: &str) -> ProcessResult {
        let words = [
            "--namespace",
            &self.space.0,
            "exec",
            "curl",
            "--",
            "sh",
            "-c",
            line,
        ];
        kubectl().run(&words, None)
    }
}

/// Address of a Service in the cluster.
#[must_use]
#[track_caller]
pub fn cluster_ip(namespace: &str, service: &str) -> String {
    let service = kubectl().get(&["service", service, "--namespace", namespace]);
    word(&service["spec"]["clusterIP"]).to_owned()
}

/// A file of the repository.
#[must_use]
pub fn file(path: &str) -> PathBuf {
    Path::new(environment::root()).join(path)
}
