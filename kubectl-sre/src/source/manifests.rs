//! The objects of manifests, judged in a cluster or by an agent.

use super::follower::SourceFollower;
use super::live::LiveSource;
use super::url_connection::UrlConnection;
use sre_shared::cluster::{Client, RunLimit};
use sre_shared::failure::Failure;
use sre_shared::report::Report;
use sre_shared::run::follow::FollowPace;
use sre_shared::run::manifests::{
    Manifest, ManifestFollower, ManifestPlan, agent_manifests, live_manifests, unreached_manifests,
};
use sre_shared::run::{AgentFollower, AgentPace, Progress, Request, ServiceConnection, clock};

/// The objects of manifests in a cluster.
pub struct Manifests {
    live: LiveSource,
    manifest: Manifest,
    /// The namespace of `-n`.
    namespace: Option<String>,
}

impl Manifests {
    pub fn new(live: LiveSource, manifest: Manifest, namespace: Option<&str>) -> Self {
        Self {
            live,
            manifest,
            namespace: namespace.map(str::to_owned),
        }
    }

    pub fn live(&self) -> &LiveSource {
        &self.live
    }

    /// What is looked at, and where. The namespace of objects that name none is known once the kubeconfig was read.
    pub fn plan(&self, request: &Request) -> ManifestPlan {
        let known = match &self.live {
            LiveSource::Cluster(cluster) | LiveSource::Agent(cluster, _) => Some(cluster.default_namespace()),
            LiveSource::Url(_, cluster) => cluster.as_ref().map(|cluster| cluster.default_namespace()),
        };
        // Without a kubeconfig and without `-n`, each object names its namespace.
        let default = known.or_else(|| self.namespace.clone()).unwrap_or_default();
        ManifestPlan::new(&self.manifest, request, &default)
    }

    pub async fn report(
        &self,
        request: &Request,
        limit: RunLimit,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Report {
        let client = match self.client(limit).await {
            Ok(client) => client,
            Err(failure) => return self.unreached(request, &failure),
        };
        let plan = self.plan(request);
        match (&self.live, &client) {
            (LiveSource::Cluster(_), Some(client)) => {
                live_manifests(client, &plan, clock::system, progress).await
            }
            (live, client) => {
                let ask = async |request: &Request| live.report(request, limit, progress).await;
                let source = self.live.source();
                Box::pin(agent_manifests(
                    &plan,
                    ask,
                    client.as_ref(),
                    source,
                    clock::system,
                    progress,
                ))
                .await
            }
        }
    }

    /// The client of the cluster, in which objects are looked for that an agent does not keep. `None` if only an agent is asked.
    async fn client(&self, limit: RunLimit) -> Result<Option<Client>, Failure> {
        let cluster = match &self.live {
            LiveSource::Cluster(cluster) | LiveSource::Agent(cluster, _) => cluster,
            LiveSource::Url(_, Some(cluster)) => cluster,
            LiveSource::Url(_, None) => return Ok(None),
        };
        cluster.client(limit).await.map(Some)
    }

    pub async fn follow(
        &self,
        request: &Request,
        limit: RunLimit,
        pace: FollowPace,
    ) -> Result<SourceFollower, Failure> {
        let (clock, of_agent) = (clock::system, AgentPace::default());
        let follower = match &self.live {
            LiveSource::Cluster(cluster) => {
                let client = cluster.client(limit).await?;
                ManifestFollower::start(&client, self.plan(request), clock, pace)
            }
            LiveSource::Agent(cluster, service) => {
                let client = cluster.client(limit).await?;
                let follow = |request: &Request| {
                    let connection =
                        ServiceConnection::new(&client, service.clone(), clock, of_agent.silence);
                    AgentFollower::start(connection, request, clock, of_agent)
                };
                let (plan, source) = (self.plan(request), self.live.source());
                ManifestFollower::start_with_agent(follow, Some(&client), source, plan, clock, pace)
            }
            LiveSource::Url(agent, cluster) => {
                let client = self.client(limit).await?;
                let follow = |request: &Request| {
                    let connection = UrlConnection::new(agent, cluster.as_ref(), of_agent.open);
                    AgentFollower::start(connection, request, clock, of_agent)
                };
                let (plan, source) = (self.plan(request), self.live.source());
                ManifestFollower::start_with_agent(follow, client.as_ref(), source, plan, clock, pace)
            }
        };
        Ok(SourceFollower::Manifests(Box::new(follower)))
    }

    pub fn unreached(&self, request: &Request, failure: &Failure) -> Report {
        let source = self.live.unreached_source(failure);
        unreached_manifests(&self.plan(request), failure, source, clock::system)
    }
}
