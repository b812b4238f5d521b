//! A control plane: the one that all tests share, or one of a test's own that it may break.

use crate::authority::Certified;
use crate::environment;
use crate::kubectl::Kubectl;
use crate::plugin::Plugin;
use crate::process;
use crate::script;
use crate::user::User;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Longer than the scripts' own bounds, which give the better message.
const UP: Duration = Duration::from_mins(5);

/// A control plane.
#[derive(Debug)]
pub struct Cluster {
    directory: PathBuf,
    /// Whether it ends with this value.
    own: bool,
}

impl Cluster {
    /// The cluster that `e2e/run` started. Nobody stops any part of it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| {
            let directory = environment::shared_cluster();
            assert!(
                directory.join("admin.kubeconfig").exists(),
                "{} is not a cluster: run make e2e",
                directory.display()
            );
            Self {
                directory,
                own: false,
            }
        })
    }

    /// etcd and an API server for one test: no controllers, so status is what the test writes.
    #[must_use]
    pub fn bare(name: &str) -> Self {
        Self::of_its_own(name, &["--bare"])
    }

    /// The same with the controllers, and simulated nodes.
    #[must_use]
    pub fn whole(name: &str) -> Self {
        Self::of_its_own(name, &[])
    }

    fn of_its_own(name: &str, flags: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let beside = environment::shared_cluster();
        let parent = beside.parent().unwrap_or(Path::new("/tmp"));
        let directory = parent.join(format!("sre-e2e-{name}-{}-{number}", std::process::id()));
        let cluster = Self { directory, own: true };
        cluster.script("up", flags, UP);
        cluster
    }

    /// A cluster that somebody else started and ends.
    pub(crate) fn at(directory: PathBuf) -> Self {
        Self {
            directory,
            own: false,
        }
    }

    pub(crate) fn is_own(&self) -> bool {
        self.own
    }

    /// The administrator's kubeconfig.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.directory.join("admin.kubeconfig")
    }

    /// kubectl as the administrator.
    #[must_use]
    pub fn kubectl(&self) -> Kubectl {
        Kubectl::new(&self.kubeconfig())
    }

    /// The plugin as the administrator.
    #[must_use]
    pub fn plugin(&self) -> Plugin {
        Plugin::new(&self.kubeconfig())
    }

    /// A user with a certificate and no rights but those that every authenticated user has.
    #[must_use]
    pub fn user(&self, name: &str) -> User {
        User::new(self.script("kubeconfig", &[name], Duration::from_mins(1)).into())
    }

    /// A user by this kubeconfig, which is the administrator's with `change` made to it.
    #[must_use]
    pub fn altered(&self, name: &str, change: impl FnOnce(&str) -> String) -> User {
        let text = std::fs::read_to_string(self.kubeconfig()).expect("the cluster has a kubeconfig");
        let path = self.directory.join(format!("{name}.kubeconfig"));
        std::fs::write(&path, change(&text)).expect("the cluster's directory can be written");
        User::new(path)
    }

    /// What signs the API server's certificate, and those of the clients that it knows.
    #[must_use]
    pub fn authority(&self) -> Certified {
        let pki = self.directory.join("pki");
        Certified::at(&pki.join("ca.crt"), &pki.join("ca.key"))
    }

    /// Ends the API server: its port refuses.
    pub fn stop(&self) {
        self.script("stop-apiserver", &[], Duration::from_mins(1));
    }

    /// Starts it again: same port, same data. Returns once it is ready.
    pub fn start(&self) {
        self.script("start-apiserver", &[], UP);
    }

    /// Lets it hang: connections are taken, nothing answers.
    pub fn pause(&self) {
        self.script("pause-apiserver", &[], Duration::from_mins(1));
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.script("resume-apiserver", &[], Duration::from_mins(1));
    }

    /// Lets etcd hang: the API server answers, and knows nothing.
    pub fn pause_etcd(&self) {
        self.signal("etcd", "STOP");
    }

    /// Lets it go on.
    pub fn resume_etcd(&self) {
        self.signal("etcd", "CONT");
    }

    /// Lets the controller manager and the scheduler hang: objects stay as they are.
    pub fn pause_controllers(&self) {
        self.signal("kube-controller-manager", "STOP");
        self.signal("kube-scheduler", "STOP");
    }

    /// Lets them go on.
    pub fn resume_controllers(&self) {
        self.signal("kube-controller-manager", "CONT");
        self.signal("kube-scheduler", "CONT");
    }

    fn signal(&self, part: &str, signal: &str) {
        assert!(self.own, "the shared cluster is not to be broken");
        let file = self.directory.join(format!("run/{part}.pid"));
        let record = std::fs::read_to_string(file).expect("the cluster runs");
        let pid = record.split_whitespace().next().expect("a pid comes first");
        let _ = process::run(
            Command::new("kill").args(["-s", signal, pid]),
            None,
            Duration::from_secs(5),
        )
        .expect_code(0);
    }

    fn script(&self, command: &str, arguments: &[&str], within: Duration) -> String {
        let directory = self.directory.to_string_lossy();
        script::run("cluster", &[&[command, &directory], arguments].concat(), within)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.own {
            // Not through `script`: a second panic would hide the test's own.
            let _ = Command::new(script::path("cluster"))
                .arg("down")
                .arg(&self.directory)
                .status();
        }
    }
}
