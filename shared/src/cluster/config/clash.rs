//! A context that means something else in its own file than in all kubeconfig files together: an earlier file has a context, a cluster
//! or a user of the same name, and the first value wins. kubectl says nothing about it.

use super::entry::Cluster;
use super::file::Kubeconfig;
use std::path::{Path, PathBuf};

/// A context whose own file gives it something else.
#[derive(Debug, Clone, PartialEq)]
pub struct KubeconfigClash {
    /// The name of the context.
    pub context: String,
    /// Its file.
    pub file: PathBuf,
    /// The cluster that its file has for it, if that is another one; `None` if only the user is.
    pub(crate) cluster: Option<Cluster>,
}

impl KubeconfigClash {
    /// The clashes of a file, whose entries are in `merged` by now.
    pub(super) fn of(file: &Kubeconfig, merged: &Kubeconfig, path: &Path) -> Vec<Self> {
        let mut clashes = Vec::new();
        for (name, own) in &file.contexts {
            let Some(used) = merged.contexts.get(name) else {
                continue;
            };
            let cluster = file
                .clusters
                .get(&own.cluster)
                .or_else(|| merged.clusters.get(&own.cluster));
            let used_cluster = merged.clusters.get(&used.cluster);
            let cluster =
                cluster.filter(|own| used_cluster.is_none_or(|used| *own != used && !own.is_same(used)));
            let user = file.users.get(&own.user).or_else(|| merged.users.get(&own.user));
            if cluster.is_some() || user != merged.users.get(&used.user) {
                clashes.push(Self {
                    context: name.clone(),
                    file: path.to_owned(),
                    cluster: cluster.cloned(),
                });
            }
        }
        clashes
    }

    /// Whether its cluster is none that the context reaches.
    #[must_use]
    pub fn hides_a_cluster(&self) -> bool {
        self.cluster.is_some()
    }
}
