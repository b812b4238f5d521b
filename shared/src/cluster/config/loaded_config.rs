//! The part of a configuration that one client uses, as files and flags say it.

use crate::cluster::config::entry::{Cluster, User};
use crate::cluster::connection_info::ConnectionInfo;

/// One cluster and one user as they were loaded, before certificates and credentials are read.
#[derive(Default)]
pub(crate) struct LoadedConfig {
    pub cluster: Cluster,
    pub user: User,
    pub namespace: Option<String>,
    /// Where it came from, at the start of every message.
    pub place: String,
    /// Where it came from, for the log.
    pub source: String,
    pub info: ConnectionInfo,
}
