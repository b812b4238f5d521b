//! A context that means something else in its own file than in all kubeconfig files together: an earlier file has a context, a cluster
//! or a user of the same name, and the first value wins. kubectl says nothing about it.

use super::entry::Cluster;
use std::path::PathBuf;

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
    /// Whether its cluster is none that the context reaches.
    #[must_use]
    pub fn hides_a_cluster(&self) -> bool {
        self.cluster.is_some()
    }
}
