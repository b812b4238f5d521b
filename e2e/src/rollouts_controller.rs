//! The controller of Argo Rollouts as a process.

use crate::cluster::Cluster;
use crate::environment;
use crate::kubectl::isolated;
use crate::script;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The lines of its log that a failed test shows.
const LOG_LINES: usize = 60;

/// A running controller. It ends when this value is dropped.
#[derive(Debug)]
pub struct RolloutsController {
    child: Child,
    log: PathBuf,
}

impl RolloutsController {
    /// Installs its definitions in a cluster and starts it.
    #[must_use]
    #[track_caller]
    pub fn start(cluster: &Cluster) -> Self {
        let definitions = script::component("rollouts-definitions");
        let kubectl = cluster.kubectl();
        // `kubectl apply` would keep each in an annotation, for which they are too long (argoproj-labs/argocd-agent#788).
        kubectl.ok(&["create", "--filename", &definitions.to_string_lossy()]);
        let established = ["--for=condition=Established", "--timeout=60s"];
        kubectl.ok(&[&["wait", "customresourcedefinitions", "--all"], &established[..]].concat());

        let log = environment::temporary("rollouts-controller").join("log");
        let file = File::create(&log).expect("the directory of the tests can be written");
        let mut command = Command::new(script::component("rollouts-controller"));
        isolated(&mut command, &cluster.kubeconfig())
            .env_remove("KUBECONFIG")
            .arg("--kubeconfig")
            .arg(cluster.kubeconfig())
            // It listens at all addresses. With 0 the system picks ports that are free.
            .args(["--leader-elect=false", "--metricsPort=0", "--healthzPort=0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        Self {
            child: command.spawn().expect("the controller is an executable"),
            log,
        }
    }
}

impl Drop for RolloutsController {
    #[allow(
        clippy::print_stderr,
        reason = "the log belongs to the output of a failed test"
    )]
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let first = lines.len().saturating_sub(LOG_LINES);
            for line in lines.iter().skip(first) {
                eprintln!("rollouts-controller: {line}");
            }
        }
    }
}
