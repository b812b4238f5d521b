//! The contexts of kubeconfig files: which of them reach the same cluster, and which may ask the person something.

use crate::cluster::config::entry::Cluster;
use crate::cluster::config::{self, ConfigSource, KubeconfigClash};
use crate::failure::Failure;
use tokio::time::{Instant, timeout_at};

/// A context of a kubeconfig.
#[derive(Debug, Clone)]
pub struct KubeconfigContext {
    /// Its name.
    pub name: String,
    /// Whether kubectl uses it if no flag names another one.
    pub is_current: bool,
    /// Whether its credential comes from a plugin that may ask the person something, if there is a terminal.
    pub may_ask: bool,
    /// Its cluster, if the context names one that exists.
    cluster: Option<Cluster>,
}

impl KubeconfigContext {
    /// Whether both reach the same cluster: the same address, authority and name of the certificate.
    #[must_use]
    pub fn is_same_cluster(&self, other: &Self) -> bool {
        let (Some(one), Some(other)) = (&self.cluster, &other.cluster) else {
            return false;
        };
        one.is_same(other)
    }
}

/// The contexts of several kubeconfig files together.
#[derive(Debug, Default)]
pub struct KubeconfigContexts {
    /// Those that can be chosen, sorted by name.
    pub contexts: Vec<KubeconfigContext>,
    /// Those of a file that mean something else there than in all files together.
    pub clashes: Vec<KubeconfigClash>,
}

/// The contexts in the kubeconfig files of a source. A file that does not exist has none. A context without a name cannot be chosen and
/// is left out.
///
/// # Errors
/// Class `badConfiguration`, if a file cannot be read until then, or is no kubeconfig.
pub async fn kubeconfig_contexts(
    source: ConfigSource,
    until: Instant,
) -> Result<KubeconfigContexts, Failure> {
    let reading = tokio::task::spawn_blocking(move || config::merged(&source, until));
    let merged = match timeout_at(until, reading).await {
        Ok(Ok(merged)) => merged?,
        Ok(Err(_)) | Err(_) => {
            return Err(Failure::bad_configuration(
                "the kubeconfig files were not read in time",
            ));
        }
    };
    let named = merged.contexts.into_iter().filter(|(name, _)| !name.is_empty());
    let contexts = named.map(|(name, context)| {
        let user = merged.users.get(&context.user);
        let plugin = user.and_then(|user| user.exec.as_ref());
        KubeconfigContext {
            is_current: name == merged.current_context,
            may_ask: plugin.is_some_and(|plugin| plugin.interactive_mode != "Never"),
            cluster: merged.clusters.get(&context.cluster).cloned(),
            name,
        }
    });
    let contexts: Vec<KubeconfigContext> = contexts.collect();
    let is_reached_otherwise = |own: &Cluster| {
        let mut clusters = contexts.iter().filter_map(|context| context.cluster.as_ref());
        clusters.any(|cluster| cluster.is_same(own))
    };
    let mut clashes = merged.clashes;
    clashes.retain(|clash| !clash.cluster.as_ref().is_some_and(is_reached_otherwise));
    Ok(KubeconfigContexts { contexts, clashes })
}
