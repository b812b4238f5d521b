//! The settings of a source.

use super::{AgentUrl, ManifestFiles};
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

/// A source that is asked anew for each report.
#[derive(Debug, Clone)]
pub enum LiveSettings {
    /// A cluster, asked directly.
    Cluster(Settings),
    /// The agent behind a Service of a cluster.
    Agent(Settings, ServiceName),
    /// The agent at a URL, and the cluster if its API server is also checked from here, or has objects that the agent does not
    /// keep.
    Url(AgentSettings, Option<Settings>),
}

/// The source of reports.
#[derive(Debug, Clone)]
pub enum SourceSettings {
    /// A cluster or an agent.
    Live(LiveSettings),
    /// A cluster or an agent, asked about the objects that manifests name.
    Manifests {
        /// The source that is asked.
        live: LiveSettings,
        /// The manifests.
        manifests: ManifestFiles,
    },
    /// A dump.
    Files {
        /// A file, a directory, or `-` for standard input.
        path: PathBuf,
        /// When it was taken, if the user says so.
        at: Option<Time>,
    },
}

impl SourceSettings {
    /// Reads manifests, if the source has some. The time that it takes is not a part of the run: they may come from a command.
    ///
    /// # Errors
    /// One line that says which of them is wrong, and why.
    pub async fn read_manifests(&mut self) -> Result<(), String> {
        match self {
            Self::Manifests { manifests, .. } => manifests.load().await,
            Self::Live(_) | Self::Files { .. } => Ok(()),
        }
    }
}
