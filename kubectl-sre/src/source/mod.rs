//! The sources of reports.
//!
//! A source is opened once and reports any number of times. Opening reads the kubeconfig and obtains the credential, or
//! reads and parses the dump; reports share the connections.

mod agent_client;
mod agent_url;
mod archive;
mod cluster;
mod dump;
mod files;
mod follower;
mod live;
mod manifest_files;
mod manifests;
mod settings;
mod store_client;
mod url_connection;

pub use agent_url::AgentUrl;
pub use follower::SourceFollower;
pub use manifest_files::ManifestFiles;
pub use settings::{AgentSettings, LiveSettings, SourceSettings};
pub use store_client::{StoreAnswer, StoreClient, StoreHeader, StoreSettings};

use cluster::Cluster;
use dump::Dump;
use live::LiveSource;
use manifests::Manifests;
use sre_shared::cluster::{Observer, RunLimit};
use sre_shared::failure::{Class, Failure};
use sre_shared::follow::WaitTarget;
use sre_shared::report::{Report, Timeline};
use sre_shared::run::follow::FollowPace;
use sre_shared::run::{Progress, Request, TimelineRequest};
use std::fmt;

/// An open source of reports.
pub enum Source {
    /// A cluster or an agent.
    Live(LiveSource),
    /// The objects of manifests in a cluster.
    Manifests(Manifests),
    /// The files of a dump.
    Files(Dump),
}

/// An input because of which a source cannot be opened. An unreachable source is no such error: its reports say so.
#[derive(Debug)]
pub enum OpenError {
    /// The kubeconfig, a flag or the environment is wrong.
    Configuration(Failure),
    /// The path of a dump or of manifests is wrong, or they name no object; the line says why.
    Files(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(failure) => write!(f, "{failure}; {}", failure.hint()),
            Self::Files(line) => f.write_str(line),
        }
    }
}

impl Source {
    /// Opens a source within the limit of a run. The first report belongs to the same run.
    ///
    /// # Errors
    /// If an input is wrong.
    pub async fn open(
        settings: SourceSettings,
        limit: RunLimit,
        observer: Option<Observer>,
    ) -> Result<Self, OpenError> {
        let source = match settings {
            SourceSettings::Live(live) => Self::Live(LiveSource::new(live, observer)),
            SourceSettings::Manifests { live, manifests } => {
                let manifest = manifests.read().await.map_err(OpenError::Files)?;
                let namespace = manifests.namespace();
                if namespace.is_none() && matches!(live, LiveSettings::Url(_, None)) {
                    manifest.check_own_namespaces().map_err(OpenError::Files)?;
                }
                Self::Manifests(Manifests::new(
                    LiveSource::new(live, observer),
                    manifest,
                    namespace,
                ))
            }
            SourceSettings::Files { path, at } => {
                return Dump::open(path, at)
                    .await
                    .map(Self::Files)
                    .map_err(OpenError::Files);
            }
        };
        if let Some(cluster) = source.cluster()
            && let Err(failure) = cluster.client(limit).await
            && failure.class == Class::BadConfiguration
        {
            return Err(OpenError::Configuration(failure));
        }
        Ok(source)
    }

    /// A cluster, or its agent, to which nothing was sent and for which no file was read. A wrong kubeconfig is a failure of its
    /// first report, since the other clusters of a fleet do not suffer from it.
    #[must_use]
    pub fn unopened(settings: LiveSettings, observer: Option<Observer>) -> Self {
        Self::Live(LiveSource::new(settings, observer))
    }

    /// Obtains the credential, which may ask the person something.
    ///
    /// # Errors
    /// If there is none. Reports have the same failure.
    pub async fn connect(&self, limit: RunLimit) -> Result<(), Failure> {
        match self.cluster() {
            Some(cluster) => cluster.client(limit).await.map(drop),
            None => Ok(()),
        }
    }

    fn live(&self) -> Option<&LiveSource> {
        match self {
            Self::Live(live) => Some(live),
            Self::Manifests(manifests) => Some(manifests.live()),
            Self::Files(_) => None,
        }
    }

    /// The cluster whose kubeconfig must be right.
    fn cluster(&self) -> Option<&Cluster> {
        self.live()?.cluster()
    }

    /// What is asked, once it is known: the address of the API server, or the agent and its address.
    #[must_use]
    pub fn asked(&self) -> Option<String> {
        self.live()?.asked()
    }

    /// Warnings about the connection, such as an API server's certificate that is not verified.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.cluster().map_or(Vec::new(), Cluster::warnings)
    }

    /// The report that answers the request, within the limit. It names the parts that cannot be seen.
    pub async fn report(
        &self,
        request: &Request,
        limit: RunLimit,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Report {
        match self {
            Self::Live(live) => Box::pin(live.report(request, limit, progress)).await,
            Self::Manifests(manifests) => Box::pin(manifests.report(request, limit, progress)).await,
            Self::Files(dump) => dump.report(request).await,
        }
    }

    /// What changed, within the limit. The timeline names the parts that cannot be seen.
    pub async fn timeline(&self, request: &TimelineRequest, limit: RunLimit) -> Timeline {
        match self {
            Self::Live(live) => live.timeline(request, limit).await,
            Self::Manifests(manifests) => manifests.live().timeline(request, limit).await,
            Self::Files(dump) => dump.timeline(request).await,
        }
    }

    /// Begins to follow the objects of a request; `None` if the source cannot be followed. The limit is that for obtaining
    /// the credential. The pace is that of watches of a cluster.
    ///
    /// # Errors
    /// If there is no credential.
    pub async fn follow(
        &self,
        request: &Request,
        limit: RunLimit,
        pace: FollowPace,
    ) -> Result<Option<SourceFollower>, Failure> {
        match self {
            Self::Live(live) => live.follow(request, limit, pace).await.map(Some),
            Self::Manifests(manifests) => manifests.follow(request, limit, pace).await.map(Some),
            Self::Files(_) => Ok(None),
        }
    }

    /// The objects that a wait is about, if the source names them and the request does not.
    pub fn wait_targets(&self, request: &Request) -> Option<Vec<WaitTarget>> {
        match self {
            Self::Manifests(manifests) => Some(manifests.plan(request).targets().to_vec()),
            Self::Live(_) | Self::Files(_) => None,
        }
    }

    /// The report of a run that could read nothing, because of that failure.
    #[must_use]
    pub fn unreached(&self, request: &Request, failure: &Failure) -> Option<Report> {
        match self {
            Self::Live(live) => live.unreached(request, failure),
            Self::Manifests(manifests) => Some(manifests.unreached(request, failure)),
            Self::Files(_) => None,
        }
    }

    /// The version of the API server, if the source has one.
    ///
    /// # Errors
    /// If the API server cannot be asked.
    pub async fn server_version(&self, limit: RunLimit) -> Result<Option<String>, Failure> {
        let Some(cluster) = self.cluster() else {
            return Ok(None);
        };
        let client = cluster.client(limit).await?;
        sre_shared::cluster::version(&client).await.0.map(Some)
    }

    /// The version of the agent, if the source has one.
    ///
    /// # Errors
    /// If the agent cannot be asked.
    pub async fn agent_version(&self, limit: RunLimit) -> Result<Option<String>, Failure> {
        match self {
            Self::Live(live) => live.agent_version(limit).await,
            Self::Manifests(_) | Self::Files(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
