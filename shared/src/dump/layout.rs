//! The kind of objects that the path of a file implies: the layouts of the tools that write dumps into directories.
//!
//! - Support bundles of troubleshoot.sh: `cluster-resources/KIND/NAMESPACE.json` or `cluster-resources/KIND.json`, in older
//!   ones arrays of items without a kind; `cluster-resources/KIND-errors.json` lists what could not be read; beside
//!   them are the files of other collectors (`pkg/constants/constants.go` in replicatedhq/troubleshoot).
//! - `oc adm must-gather` and `oc adm inspect`: `namespaces/NAMESPACE/GROUP/RESOURCE.yaml` and
//!   `cluster-scoped-resources/GROUP/RESOURCE/NAME.yaml`; beside them what else was gathered.

use super::file::File;
use std::collections::HashSet;

const BUNDLE: &str = "cluster-resources";
/// The directories that hold objects, by their layouts.
const OBJECTS: [&str; 3] = [BUNDLE, "namespaces", "cluster-scoped-resources"];
/// The end of the name of a file that lists what could not be read.
const ERRORS: &str = "-errors.json";

/// Folders with the version and kind of their objects. A CronJob is read as
/// `batch/v1beta1`: today's version says more than older tools wrote.
const FOLDERS: [(&str, &str, &str); 21] = [
    ("deployments", "apps/v1", "Deployment"),
    ("statefulsets", "apps/v1", "StatefulSet"),
    ("daemonsets", "apps/v1", "DaemonSet"),
    ("replicasets", "apps/v1", "ReplicaSet"),
    ("replicationcontrollers", "v1", "ReplicationController"),
    ("jobs", "batch/v1", "Job"),
    ("cronjobs", "batch/v1beta1", "CronJob"),
    ("pods", "v1", "Pod"),
    ("nodes", "v1", "Node"),
    ("namespaces", "v1", "Namespace"),
    ("services", "v1", "Service"),
    ("events", "v1", "Event"),
    ("pvcs", "v1", "PersistentVolumeClaim"),
    ("persistentvolumeclaims", "v1", "PersistentVolumeClaim"),
    ("endpointslices", "discovery.k8s.io/v1", "EndpointSlice"),
    (
        "horizontalpodautoscalers",
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
    ),
    ("pod-disruption-budgets", "policy/v1", "PodDisruptionBudget"),
    ("poddisruptionbudgets", "policy/v1", "PodDisruptionBudget"),
    ("apiservices", "apiregistration.k8s.io/v1", "APIService"),
    (
        "validatingwebhookconfigurations",
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
    ),
    (
        "mutatingwebhookconfigurations",
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration",
    ),
];

/// The directories of a dump that hold objects, by the paths of all of its files.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Directories that contain one of [`OBJECTS`].
    roots: HashSet<String>,
}

/// The meaning of the path of one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PathMeaning<'a> {
    /// `apiVersion` and kind of items that have none.
    pub kind: Option<(&'static str, &'static str)>,
    /// Whether an object without a kind belongs to another tool here, or has a kind that is not judged.
    pub foreign: bool,
    /// The name of the folder whose objects the file reports as not read.
    pub errors_of: Option<&'a str>,
    /// Whether the file is a log, with any name.
    pub is_log: bool,
}

fn parts(name: &str) -> Vec<&str> {
    name.split(['/', '\\']).collect()
}

impl Layout {
    pub fn from_files(files: &[File]) -> Self {
        let mut roots = HashSet::new();
        for file in files {
            let parts = parts(&file.name);
            let directories = parts.len().saturating_sub(1);
            let root = parts[..directories]
                .iter()
                .position(|part| OBJECTS.contains(part));
            roots.extend(root.map(|at| parts[..at].join("/")));
        }
        Self { roots }
    }

    pub fn meaning<'a>(&self, name: &'a str) -> PathMeaning<'a> {
        let parts = parts(name);
        let (file, directories) = parts.split_last().unwrap_or((&"", &[]));
        let stem = file.split('.').next().unwrap_or_default();
        let named = |word: &str| {
            let found = FOLDERS.iter().find(|(folder, _, _)| *folder == word);
            found.map(|(_, version, kind)| (*version, *kind))
        };
        let parent = directories.last().copied().unwrap_or_default();
        let in_bundle = directories.contains(&BUNDLE);
        let beneath_a_root = || {
            (0..=directories.len()).any(|n| self.roots.contains(&directories[..n].join("/")))
                && !directories.iter().any(|d| OBJECTS.contains(d))
        };
        PathMeaning {
            kind: named(parent).or_else(|| named(stem)),
            foreign: in_bundle || beneath_a_root(),
            errors_of: file.strip_suffix(ERRORS),
            is_log: directories.windows(3).any(|d| d == [BUNDLE, "pods", "logs"]),
        }
    }
}

/// The resource that a folder of a bundle is named after.
pub(super) fn resource_of(folder: &str) -> &str {
    match folder {
        "pvcs" => "persistentvolumeclaims",
        "pod-disruption-budgets" => "poddisruptionbudgets",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_implies_the_kind_of_items_and_which_files_hold_no_objects() {
        let file = |name: &str| File::new(name, Vec::new());
        let layout = Layout::from_files(&[
            file("b/cluster-resources/nodes.json"),
            file("g/q/namespaces/shop/core/pods.yaml"),
        ]);
        let kind = |name: &str| layout.meaning(name).kind.map(|(_, kind)| kind);
        assert_eq!(
            kind("b/cluster-resources/deployments/shop.json"),
            Some("Deployment")
        );
        assert_eq!(kind("b\\cluster-resources\\nodes.json"), Some("Node"));
        assert_eq!(
            kind("b/cluster-resources/deployments/nodes.json"),
            Some("Deployment")
        );
        assert_eq!(kind("b/cluster-resources/ingress/shop.json"), None);
        for (name, foreign) in [
            ("b/cluster-resources/groups.json", true),
            ("b/analysis.json", true),
            ("b/host-collectors/system/memory.json", true),
            ("other.json", false),
            ("g/q/monitoring/alerts.json", true),
            ("g/q/namespaces/shop/apps/x.yaml", false),
        ] {
            assert_eq!(layout.meaning(name).foreign, foreign, "{name}");
        }
        assert_eq!(
            layout.meaning("b/cluster-resources/pvcs-errors.json").errors_of,
            Some("pvcs")
        );
        assert!(
            layout
                .meaning("b/cluster-resources/pods/logs/shop/web/app.json")
                .is_log
        );
    }
}
