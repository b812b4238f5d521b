//! The names in kubeconfig files, for a person who is typing one.

use crate::cluster::config::{self, ConfigSource};
use crate::failure::Failure;
use tokio::time::{Instant, timeout_at};

/// The names of the entries of kubeconfig files, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KubeconfigNames {
    /// Names of contexts.
    pub contexts: Vec<String>,
    /// Names of clusters.
    pub clusters: Vec<String>,
    /// Names of users.
    pub users: Vec<String>,
}

/// The names in the kubeconfig files of a source. A file that does not exist has none.
///
/// # Errors
/// Class `badConfiguration`, if a file cannot be read until then, or is no kubeconfig.
pub async fn kubeconfig_names(source: ConfigSource, until: Instant) -> Result<KubeconfigNames, Failure> {
    let reading = tokio::task::spawn_blocking(move || config::merged(&source, until));
    let late = || Failure::bad_configuration("the kubeconfig files were not read in time");
    match timeout_at(until, reading).await {
        Ok(Ok(merged)) => merged.map(|merged| KubeconfigNames {
            contexts: merged.contexts.into_keys().collect(),
            clusters: merged.clusters.into_keys().collect(),
            users: merged.users.into_keys().collect(),
        }),
        Ok(Err(_)) | Err(_) => Err(late()),
    }
}
