//! The settings of a source.

use super::AgentUrl;
use sre_shared::cluster::{ServiceName, Settings};
use sre_shared::resource::Time;
use std::path::PathBuf;

/// An agent at a URL.
#[derive(Debug, Clone)]
pub struct AgentSettings {
    /// Its URL.
    pub url: AgentUrl,
    /// The file with the token that it wants, if it wants one.
    pub token_file: Option<PathBuf>,
}

/// The source of reports.
#[derive(Debug, Clone)]
pub enum SourceSettings {
    /// A cluster, asked directly.
    Cluster(Settings),
    /// The agent behind a Service of a cluster.
    Agent(Settings, ServiceName),
    /// The agent at a URL, and the cluster if its API server is also checked from here.
    Url(AgentSettings, Option<Settings>),
    /// A dump.
    Files {
        /// A file, a directory, or `-` for standard input.
        path: PathBuf,
        /// When it was taken, if the user says so.
        at: Option<Time>,
    },
}
