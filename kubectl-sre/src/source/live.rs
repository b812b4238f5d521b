//! The sources that are asked anew for each report: a cluster, its agent, or an agent at a URL.

use super::SourceFollower;
use super::agent_client::AgentClient;
use super::cluster::Cluster;
use super::settings::LiveSettings;
use super::url_connection::UrlConnection;
use sre_shared::apiserver::judge_failure;
use sre_shared::cluster::{Observer, RunLimit, ServiceName};
use sre_shared::failure::Failure;
use sre_shared::report::{self, ApiServerCheck, Report, Timeline};
use sre_shared::run::follow::{FollowPace, Follower};
use sre_shared::run::{
    self, AgentFollower, AgentHistory, AgentPace, AgentRefusal, Progress, Request, ServiceConnection,
    TimelineRequest, clock,
};
use std::sync::Arc;

/// A source that is asked anew for each report.
pub enum LiveSource {
    /// An API server.
    Cluster(Cluster),
    /// The agent behind a Service, asked through the API server.
    Agent(Cluster, ServiceName),
    /// An agent at a URL, and the cluster if it is asked too.
    Url(AgentClient, Option<Arc<Cluster>>),
}

impl LiveSource {
    /// A source to which nothing was sent yet.
    pub fn new(settings: LiveSettings, observer: Option<Observer>) -> Self {
        match settings {
            LiveSettings::Cluster(cluster) => Self::Cluster(Cluster::new(cluster, observer)),
            LiveSettings::Agent(cluster, service) => Self::Agent(Cluster::new(cluster, observer), service),
            LiveSettings::Url(agent, cluster) => {
                let cluster = cluster.map(|settings| Arc::new(Cluster::new(settings, observer.clone())));
                Self::Url(AgentClient::new(agent, observer), cluster)
            }
        }
    }

    /// The cluster whose kubeconfig must be right before anything is asked.
    pub fn cluster(&self) -> Option<&Cluster> {
        match self {
            Self::Cluster(cluster) | Self::Agent(cluster, _) => Some(cluster),
            // The first report connects to the cluster, so that a hanging credential plugin does not delay the agent.
            Self::Url(..) => None,
        }
    }

    /// As [`super::Source::asked`].
    pub fn asked(&self) -> Option<String> {
        match self {
            Self::Cluster(cluster) => cluster.server(),
            Self::Agent(cluster, service) => Some(format!("agent {service} through {}", cluster.server()?)),
            Self::Url(agent, _) => Some(format!("agent {}", agent.url())),
        }
    }

    /// As [`super::Source::report`].
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
        }
    }

    /// As [`super::Source::timeline`]. With an agent, the cluster is asked too, with the user's own rights.
    pub async fn timeline(&self, request: &TimelineRequest, limit: RunLimit) -> Timeline {
        let clock = clock::system;
        match self {
            Self::Cluster(cluster) => match cluster.client(limit).await {
                Ok(client) => run::live_timeline(&client, request, async { None }, clock).await,
                Err(failure) => {
                    let source = self.unreached_source(&failure);
                    run::unreached_timeline(request, &failure, source, None, clock)
                }
            },
            Self::Agent(cluster, service) => match cluster.client(limit).await {
                Ok(client) => {
                    let get = async |path: String| run::ask_service(&client, service, &path).await;
                    let history = AgentHistory::ask(request, service.to_string(), Some(service), get);
                    let history = async { Some(history.await) };
                    Box::pin(run::live_timeline(&client, request, history, clock)).await
                }
                Err(failure) => {
                    let source = self.unreached_source(&failure);
                    run::unreached_timeline(request, &failure, source, None, clock)
                }
            },
            Self::Url(agent, cluster) => {
                let get = async |path: String| agent.get(&path, limit).await.map_err(AgentRefusal::from);
                let history = AgentHistory::ask(request, agent.url().to_string(), None, get);
                let Some(cluster) = cluster else {
                    return run::history_timeline(request, &history.await, clock);
                };
                match cluster.client(limit).await {
                    Ok(client) => {
                        let history = async { Some(history.await) };
                        Box::pin(run::live_timeline(&client, request, history, clock)).await
                    }
                    Err(failure) => {
                        let source = cluster.unreached_source("direct", &failure);
                        run::unreached_timeline(request, &failure, source, Some(&history.await), clock)
                    }
                }
            }
        }
    }

    /// As [`super::Source::follow`].
    pub async fn follow(
        &self,
        request: &Request,
        limit: RunLimit,
        of_cluster: FollowPace,
    ) -> Result<SourceFollower, Failure> {
        let (clock, pace) = (clock::system, AgentPace::default());
        Ok(match self {
            Self::Cluster(cluster) => {
                let client = cluster.client(limit).await?;
                let follower = Follower::start(&client, request, clock, of_cluster);
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
        })
    }

    /// As [`super::Source::unreached`].
    pub fn unreached(&self, request: &Request, failure: &Failure) -> Option<Report> {
        match self {
            Self::Cluster(cluster) => Some(cluster.unreached("direct", request, failure)),
            Self::Agent(cluster, _) => Some(cluster.unreached("agent", request, failure)),
            Self::Url(..) => None,
        }
    }

    /// The source of a report without a client.
    pub fn unreached_source(&self, failure: &Failure) -> report::Source {
        match self {
            Self::Cluster(cluster) => cluster.unreached_source("direct", failure),
            Self::Agent(cluster, _) => cluster.unreached_source("agent", failure),
            Self::Url(agent, _) => agent_source(agent),
        }
    }

    /// What is asked, for a report to which nobody has answered.
    pub fn source(&self) -> report::Source {
        match self {
            Self::Url(agent, _) => agent_source(agent),
            Self::Cluster(_) | Self::Agent(..) => report::Source::default(),
        }
    }

    /// As [`super::Source::agent_version`].
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
            Self::Cluster(_) => Ok(None),
        }
    }
}

/// The source of a report of an agent at a URL.
pub fn agent_source(agent: &AgentClient) -> report::Source {
    report::Source {
        mode: "agent".to_owned(),
        agent: Some(agent.url().to_string()),
        ..report::Source::default()
    }
}

/// The check of the API server from this machine.
pub async fn api_server(cluster: &Cluster, limit: RunLimit) -> ApiServerCheck {
    match cluster.client(limit).await {
        Ok(client) => run::apiserver::check(&client, clock::system).await,
        Err(failure) => judge_failure(&failure),
    }
}
