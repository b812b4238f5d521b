//! The contexts of kubeconfig files: which of them reach the same cluster, and which may ask the person something.

use crate::cluster::config::entry::Cluster;
use crate::cluster::config::{self, ConfigSource};
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
    /// Whether both reach the same cluster: the same address, authority and name of the certificate. The name counts, since
    /// a proxy such as Teleport's has one address and one authority for all clusters, and tells them apart by it.
    #[must_use]
    pub fn is_same_cluster(&self, other: &Self) -> bool {
        let (Some(one), Some(other)) = (&self.cluster, &other.cluster) else {
            return false;
        };
        let address = |cluster: &Cluster| cluster.server.trim_end_matches('/').to_ascii_lowercase();
        !one.server.is_empty()
            && address(one) == address(other)
            && one.certificate_authority == other.certificate_authority
            && one.certificate_authority_data == other.certificate_authority_data
            && one.tls_server_name == other.tls_server_name
    }
}

/// The contexts in the kubeconfig files of a source, sorted by name. A file that does not exist has none. A context without a
/// name cannot be chosen and is left out.
///
/// # Errors
/// Class `badConfiguration`, if a file cannot be read until then, or is no kubeconfig.
pub async fn kubeconfig_contexts(
    source: ConfigSource,
    until: Instant,
) -> Result<Vec<KubeconfigContext>, Failure> {
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
    Ok(contexts.collect())
}
