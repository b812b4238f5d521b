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
mod manifest_files;
mod manifests;
mod settings;
mod url_connection;

pub use agent_url::AgentUrl;
pub use follower::SourceFollower;
pub use manifest_files::ManifestFiles;
pub use settings::{AgentSettings, SourceSettings};

use agent_client::AgentClient;
use cluster::Cluster;
use dump::Dump;
use manifests::Manifests;
use sre_shared::apiserver::judge_failure;
use sre_shared::cluster::{Observer, RunLimit, ServiceName};
use sre_shared::failure::{Class, Failure};
use sre_shared::follow::WaitTarget;
use sre_shared::report::{ApiServerCheck, Report};
use sre_shared::run::follow::{FollowPace, Follower};
use sre_shared::run::{self, AgentFollower, AgentPace, Progress, Request, ServiceConnection, clock};
use std::fmt;
use std::sync::Arc;
use url_connection::UrlConnection;

/// An open source of reports.
pub enum Source {
    /// An API server.
    Cluster(Cluster),
    /// The agent behind a Service, asked through the API server.
    Agent(Cluster, ServiceName),
    /// An agent at a URL, and the API server if it is also checked from here.
    Url(AgentClient, Option<Arc<Cluster>>),
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
            SourceSettings::Cluster(cluster) => Self::Cluster(Cluster::new(cluster, observer)),
            SourceSettings::Agent(cluster, service) => Self::Agent(Cluster::new(cluster, observer), service),
            // The first report connects to the cluster, so that a hanging credential plugin does not delay the agent.
            SourceSettings::Url(agent, cluster) => {
                let cluster = cluster.map(|settings| Arc::new(Cluster::new(settings, observer.clone())));
                return Ok(Self::Url(AgentClient::new(agent, observer), cluster));
            }
            SourceSettings::Manifests { cluster, manifests } => {
                let manifest = manifests.read().await.map_err(OpenError::Files)?;
                Self::Manifests(Manifests::new(Cluster::new(cluster, observer), manifest))
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

    /// The cluster whose kubeconfig must be right.
    fn cluster(&self) -> Option<&Cluster> {
        match self {
            Self::Cluster(cluster) | Self::Agent(cluster, _) => Some(cluster),
            Self::Manifests(manifests) => Some(manifests.cluster()),
            Self::Url(..) | Self::Files(_) => None,
        }
    }

    /// What is asked, once it is known: the address of the API server, or the agent and its address.
    #[must_use]
    pub fn asked(&self) -> Option<String> {
        match self {
            Self::Cluster(cluster) => cluster.server(),
            Self::Manifests(manifests) => manifests.cluster().server(),
            Self::Agent(cluster, service) => Some(format!("agent {service} through {}", cluster.server()?)),
            Self::Url(agent, _) => Some(format!("agent {}", agent.url())),
            Self::Files(_) => None,
        }
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
            Self::Cluster(cluster) => match cluster.client(limit).await {
                Ok(client) => run::live(&client, request, clock::system, progress).await,
                Err(failure) => cluster.unreached("direct", request, &failure),
            },
            Self::Agent(cluster, service) => match cluster.client(limit).await {
                Ok(client) => run::agent(&client, service, request, clock::system).await,
                Err(failure) => cluster.unreached("agent", request, &failure),
            },
            Self::Url(agent, cluster) => {
                let get = async |path: String| agent.get(&path, limit).await;
                let view_from_here = async {
                    match cluster {
                        Some(cluster) if request.api_server => Some(api_server(cluster, limit).await),
                        _ => None,
                    }
                };
                let (answer, view) = tokio::join!(run::ask_agent(request, get), view_from_here);
                run::agent_answer(answer, request, &agent.url().to_string(), view, clock::system)
            }
            Self::Manifests(manifests) => manifests.report(request, limit, progress).await,
            Self::Files(dump) => dump.report(request).await,
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
        follow_pace: FollowPace,
    ) -> Result<Option<SourceFollower>, Failure> {
        let (clock, pace) = (clock::system, AgentPace::default());
        Ok(Some(match self {
            Self::Cluster(cluster) => {
                let client = cluster.client(limit).await?;
                let follower = Follower::start(&client, request, clock, follow_pace);
                SourceFollower::Cluster(Box::new(follower))
            }
            Self::Agent(cluster, service) => {
                let client = cluster.client(limit).await?;
                let connection = ServiceConnection::new(&client, service.clone(), clock, pace.silence);
                let follower = AgentFollower::start(connection, request, clock, pace);
                SourceFollower::Agent(Box::new(follower))
            }
            Self::Url(agent, cluster) => {
                let connection = UrlConnection::new(agent, cluster.as_ref(), pace.open);
                let follower = AgentFollower::start(connection, request, clock, pace);
                SourceFollower::Url(Box::new(follower))
            }
            Self::Manifests(manifests) => {
                let follower = manifests.follow(request, limit, follow_pace).await?;
                SourceFollower::Manifests(Box::new(follower))
            }
            Self::Files(_) => return Ok(None),
        }))
    }

    /// The objects that a wait is about, if the source names them and the request does not.
    pub fn wait_targets(&self, request: &Request) -> Option<Vec<WaitTarget>> {
        match self {
            Self::Manifests(manifests) => Some(manifests.plan(request).targets().to_vec()),
            _ => None,
        }
    }

    /// The report of a run that could read nothing, because of that failure.
    #[must_use]
    pub fn unreached(&self, request: &Request, failure: &Failure) -> Option<Report> {
        match self {
            Self::Cluster(cluster) => Some(cluster.unreached("direct", request, failure)),
            Self::Agent(cluster, _) => Some(cluster.unreached("agent", request, failure)),
            Self::Manifests(manifests) => Some(manifests.unreached(request, failure)),
            Self::Url(..) | Self::Files(_) => None,
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
            Self::Agent(cluster, service) => {
                let client = cluster.client(limit).await?;
                let served = run::ask_service(&client, service, "/version").await;
                run::agent_version(&served.map_err(|refusal| refusal.failure)?, Some(service)).map(Some)
            }
            Self::Url(agent, _) => {
                let served = agent.get("/version", limit).await?;
                run::agent_version(&served, None).map(Some)
            }
            Self::Cluster(_) | Self::Manifests(_) | Self::Files(_) => Ok(None),
        }
    }
}

/// The check of the API server from this machine.
async fn api_server(cluster: &Cluster, limit: RunLimit) -> ApiServerCheck {
    match cluster.client(limit).await {
        Ok(client) => run::apiserver::check(&client, clock::system).await,
        Err(failure) => judge_failure(&failure),
    }
}

#[cfg(test)]
mod tests;
