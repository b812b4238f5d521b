//! A control plane: the one that all tests share, or one that a test has to itself and may break.

use crate::authority::CertifiedKey;
use crate::environment;
use crate::http;
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

/// Limit of a script. Its own limits are shorter and have better messages.
const UP: Duration = Duration::from_mins(5);

/// A control plane.
#[derive(Debug)]
pub struct Cluster {
    directory: PathBuf,
    /// Whether it ends when this value is dropped.
    own: bool,
}

impl Cluster {
    /// The cluster that `e2e/run` started. No test may stop a part of it.
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

    /// etcd and an API server for one test. Without controllers the test writes every status.
    #[must_use]
    pub fn bare(name: &str) -> Self {
        Self::start_own(name, &["--bare"])
    }

    /// A control plane for one test, with controllers and simulated nodes.
    #[must_use]
    pub fn whole(name: &str) -> Self {
        Self::start_own(name, &[])
    }

    fn start_own(name: &str, flags: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let beside = environment::shared_cluster();
        let parent = beside.parent().unwrap_or(Path::new("/tmp"));
        let directory = parent.join(format!("sre-e2e-{name}-{}-{number}", std::process::id()));
        let cluster = Self { directory, own: true };
        cluster.script("up", flags, UP);
        cluster
    }

    /// A cluster that is started and ended elsewhere.
    pub(crate) fn from_directory(directory: PathBuf) -> Self {
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

    /// A user with a certificate and the rights of every authenticated user.
    #[must_use]
    pub fn user(&self, name: &str) -> User {
        User::new(self.script("kubeconfig", &[name], Duration::from_mins(1)).into())
    }

    /// A user whose kubeconfig is the administrator's after `change`.
    #[must_use]
    pub fn user_with(&self, name: &str, change: impl FnOnce(&str) -> String) -> User {
        let text = std::fs::read_to_string(self.kubeconfig()).expect("the cluster has a kubeconfig");
        let path = self.directory.join(format!("{name}.kubeconfig"));
        std::fs::write(&path, change(&text)).expect("the cluster's directory can be written");
        User::new(path)
    }

    /// The authority that signs the certificates of the API server and of its clients.
    #[must_use]
    pub fn authority(&self) -> CertifiedKey {
        let pki = self.directory.join("pki");
        CertifiedKey::read(&pki.join("ca.crt"), &pki.join("ca.key"))
    }

    /// Ends the API server, so that its port refuses connections.
    pub fn stop(&self) {
        self.script("stop-apiserver", &[], Duration::from_mins(1));
    }

    /// Starts it again with the same port and data. Returns once it is ready.
    pub fn start(&self) {
        self.script("start-apiserver", &[], UP);
    }

    /// Makes it hang: connections are accepted and not answered.
    pub fn pause(&self) {
        self.script("pause-apiserver", &[], Duration::from_mins(1));
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.script("resume-apiserver", &[], Duration::from_mins(1));
    }

    /// Makes etcd hang: the API server answers, and can read no object.
    pub fn pause_etcd(&self) {
        self.signal("etcd", "STOP");
    }

    /// Lets it go on.
    pub fn resume_etcd(&self) {
        self.signal("etcd", "CONT");
    }

    /// Makes etcd refuse writes and answer reads, as it does when its space is used up.
    pub fn fill_etcd(&self) {
        self.set_space_alarm("ACTIVATE");
    }

    /// Lets it take writes again, as after a compaction.
    pub fn free_etcd(&self) {
        self.set_space_alarm("DEACTIVATE");
    }

    /// The alarm that etcd raises by itself at the end of its quota, by its JSON gateway.
    fn set_space_alarm(&self, action: &str) {
        assert!(self.own, "the shared cluster is not to be broken");
        let settings = std::fs::read_to_string(self.directory.join("cluster.conf"));
        let settings = settings.expect("the cluster has settings");
        let port = settings.lines().find_map(|line| line.strip_prefix("etcd_port="));
        let address = format!("127.0.0.1:{}", port.expect("etcd has a port"));
        let alarm = format!("{{\"action\":\"{action}\",\"memberID\":\"0\",\"alarm\":\"NOSPACE\"}}");
        let answer = http::post(
            address.parse().expect("an address"),
            "/v3/maintenance/alarm",
            &alarm,
            Duration::from_secs(10),
        );
        let answer = answer.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(answer.code, 200, "{answer:?}");
    }

    /// Makes the controller manager and the scheduler hang, so that objects do not change.
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
            // `script` would panic, and a second panic would hide the test's own.
            let _ = Command::new(script::path("cluster"))
                .arg("down")
                .arg(&self.directory)
                .status();
        }
    }
}
