//! A namespace that one test has to itself.

use crate::cluster::Cluster;
use crate::deployment::{Deployment, NEVER_READY};
use crate::kubectl::Kubectl;
use crate::report::{Report, list, word};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};

/// A report can differ from its objects if a controller writes in between. Then both are read again, this many times.
const READS: u32 = 20;

/// A namespace. It is deleted when this value is dropped.
#[derive(Debug)]
pub struct Namespace<'c> {
    name: String,
    cluster: &'c Cluster,
    /// Objects with a finalizer of ours, which would keep the namespace.
    held: RefCell<Vec<String>>,
    /// Objects outside of the namespace that were made for it.
    beside: RefCell<Vec<String>>,
}

impl<'c> Namespace<'c> {
    /// A new namespace in the shared cluster. Its name begins with `prefix`.
    #[must_use]
    #[track_caller]
    pub fn new(prefix: &str) -> Namespace<'static> {
        Namespace::new_in(Cluster::shared(), prefix)
    }

    /// A new namespace in a cluster.
    #[must_use]
    #[track_caller]
    pub fn new_in(cluster: &'c Cluster, prefix: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "{prefix}-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let namespace = Self {
            name,
            cluster,
            held: RefCell::default(),
            beside: RefCell::default(),
        };
        namespace.kubectl().ok(&["create", "namespace", &namespace.name]);
        namespace
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// kubectl as the administrator. It still needs `-n`.
    #[must_use]
    pub fn kubectl(&self) -> Kubectl {
        self.cluster.kubectl()
    }

    /// kubectl as the administrator, in this namespace.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        self.kubectl()
            .ok(&[&["--namespace", &self.name], arguments].concat())
    }

    /// Writes a status, as the object's controller would.
    #[track_caller]
    pub fn set_status(&self, object: &str, status: &Value) {
        let patch = json!({ "status": status }).to_string();
        let how = ["--subresource=status", "--type=merge", "--patch", &patch];
        self.run(&[&["patch", object], &how[..]].concat());
    }

    /// Creates Deployments.
    #[track_caller]
    pub fn create(&self, deployments: impl IntoIterator<Item = Deployment>) {
        let mut items: Vec<Value> = deployments.into_iter().map(Deployment::manifest).collect();
        for item in &mut items {
            if !item["metadata"]["finalizers"].is_null() {
                self.held
                    .borrow_mut()
                    .push(format!("deployment/{}", word(&item["metadata"]["name"])));
            }
            item["metadata"]["namespace"] = self.name.as_str().into();
        }
        self.kubectl()
            .create(&json!({"apiVersion": "v1", "kind": "List", "items": items}));
    }

    /// Creates a quota of that many pods, and waits until it is in force.
    #[track_caller]
    pub fn limit_pods(&self, pods: &str) {
        self.run(&["create", "quota", "pods", &format!("--hard=pods={pods}")]);
        self.kubectl().wait(
            &self.name,
            "resourcequota/pods",
            &[&format!("{{.status.hard.pods}}={pods}")],
        );
    }

    /// Waits for these conditions of a Deployment, `{.path}=value`.
    #[track_caller]
    pub fn wait(&self, deployment: &str, conditions: &[&str]) {
        self.kubectl()
            .wait(&self.name, &format!("deployment/{deployment}"), conditions);
    }

    /// Waits until the condition of a Deployment has that reason.
    #[track_caller]
    pub fn wait_for_reason(&self, deployment: &str, condition: &str, reason: &str) {
        let path = format!("{{.status.conditions[?(@.type==\"{condition}\")].reason}}={reason}");
        self.wait(deployment, &[&path]);
    }

    /// Waits until that many pods are ready and the rollout is over.
    #[track_caller]
    pub fn wait_ready(&self, deployment: &str, ready: u32) {
        if ready > 0 {
            self.wait(deployment, &[&format!("{{.status.availableReplicas}}={ready}")]);
        }
        self.wait_for_reason(deployment, "Progressing", "NewReplicaSetAvailable");
    }

    /// Makes that many of a Deployment's ready pods fail.
    #[track_caller]
    pub fn break_pods(&self, deployment: &str, count: usize) {
        self.label_pods(deployment, count, &format!("{NEVER_READY}=true"));
    }

    /// Makes that many of a Deployment's pods ready, although its template keeps them from it.
    #[track_caller]
    pub fn mend_pods(&self, deployment: &str, count: usize) {
        self.label_pods(deployment, count, &format!("{NEVER_READY}-"));
    }

    #[track_caller]
    fn label_pods(&self, deployment: &str, count: usize, label: &str) {
        let pods = self.run(&[
            "get",
            "pods",
            "--selector",
            &format!("app={deployment}"),
            "--output",
            "name",
        ]);
        let pods: Vec<&str> = pods.lines().take(count).collect();
        assert_eq!(pods.len(), count, "pods of {deployment}");
        self.run(&[&["label", "--overwrite"], pods.as_slice(), &[label]].concat());
    }

    /// Gives a user rights in this namespace.
    #[track_caller]
    pub fn allow(&self, user: &str, verbs: &str, resource: &str) {
        let name = format!("{user}-{resource}");
        self.run(&[
            "create",
            "role",
            &name,
            &format!("--verb={verbs}"),
            &format!("--resource={resource}"),
        ]);
        self.run(&[
            "create",
            "rolebinding",
            &name,
            &format!("--role={name}"),
            &format!("--user={user}"),
        ]);
    }

    /// Gives a user rights in the whole cluster, until this namespace ends.
    #[track_caller]
    pub fn allow_everywhere(&self, user: &str, verbs: &str, resource: &str) {
        let (kubectl, name) = (self.kubectl(), format!("{}-{user}-{resource}", self.name));
        let (verbs, resource) = (format!("--verb={verbs}"), format!("--resource={resource}"));
        self.beside.borrow_mut().extend([
            format!("clusterrole/{name}"),
            format!("clusterrolebinding/{name}"),
        ]);
        kubectl.ok(&["create", "clusterrole", &name, &verbs, &resource]);
        let (role, user) = (format!("--clusterrole={name}"), format!("--user={user}"));
        kubectl.ok(&["create", "clusterrolebinding", &name, &role, &user]);
    }

    /// The Deployments, as kubectl lists them.
    #[must_use]
    #[track_caller]
    pub fn deployments(&self) -> Vec<Value> {
        list(&self.kubectl().get(&["deployments", "--namespace", &self.name])["items"]).to_vec()
    }

    /// Runs the plugin on this namespace, and compares its counts with kubectl's list before and after, which must be equal.
    /// Returns the exit code and the report. The run looks at no pods: whether pods that simulated nodes break are younger
    /// than the grace of a pod depends on the speed of the machine.
    #[must_use]
    #[track_caller]
    pub fn judge(&self) -> (i32, Report) {
        let plugin = self.cluster.plugin();
        let mut before = self.deployments();
        for _ in 0..READS {
            let (code, report) = plugin.health(&format!("--cause none --namespace {}", self.name));
            let after = self.deployments();
            if before == after {
                report.assert_counts_of(&after);
                return (code, report);
            }
            before = after;
        }
        panic!("the Deployments of {} do not come to rest", self.name)
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        if self.cluster.is_own() {
            // The whole cluster ends, and its API server may be stopped already.
            return;
        }
        // A panic here would hide the test's own.
        let _ = std::panic::catch_unwind(AssertUnwindSafe(|| self.delete()));
    }
}

impl Namespace<'_> {
    /// Ignores failures, since the cluster ends soon.
    fn delete(&self) {
        let kubectl = self.kubectl();
        let release = "--patch={\"metadata\":{\"finalizers\":null}}";
        for object in self.held.borrow().iter() {
            let _ = kubectl.run(
                &[
                    "--namespace",
                    &self.name,
                    "patch",
                    object,
                    "--type=merge",
                    release,
                ],
                None,
            );
        }
        for object in self.beside.borrow().iter() {
            let _ = kubectl.run(&["delete", object, "--wait=false"], None);
        }
        let _ = kubectl.run(&["delete", "namespace", &self.name, "--wait=false"], None);
    }
}
