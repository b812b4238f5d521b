//! A user of a cluster.

use crate::kubectl::Kubectl;
use crate::plugin::Plugin;
use std::path::{Path, PathBuf};

/// A user with a kubeconfig.
#[derive(Debug, Clone)]
pub struct User {
    kubeconfig: PathBuf,
}

impl User {
    pub(crate) fn new(kubeconfig: PathBuf) -> Self {
        Self { kubeconfig }
    }

    /// The kubeconfig.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Sets the namespace of the current context.
    #[track_caller]
    pub fn set_namespace(&self, namespace: &str) {
        Kubectl::new(&self.kubeconfig).ok(&["config", "set-context", "--current", "--namespace", namespace]);
    }

    /// The plugin as this user.
    #[must_use]
    pub fn plugin(&self) -> Plugin {
        Plugin::new(&self.kubeconfig)
    }
}
