//! Which source is opened, and what that takes.

use super::AgentUrl;
use sre_shared::cluster::{ServiceName, Settings};
use sre_shared::resource::Time;
use std::path::PathBuf;

/// The source of reports.
#[derive(Debug)]
pub enum SourceSettings {
    /// A cluster, asked directly.
    Cluster(Settings),
    /// The agent behind a Service of a cluster.
    Agent(Settings, ServiceName),
    /// The agent at a URL, and the cluster if the view of its API server from here is wanted too.
    Url(AgentUrl, Option<Settings>),
    /// A dump, and when it was taken if the user says so.
    Files {
        /// A file, a directory, or `-` for standard input.
        path: PathBuf,
        /// When it was taken.
        at: Option<Time>,
    },
}
