//! The way to an agent by its URL.

use super::agent_client::{AgentClient, UrlStream};
use super::cluster::Cluster;
use super::live::{agent_source, api_server};
use sre_shared::cluster::{RunLimit, ServiceName, ServiceResponse};
use sre_shared::report::{self, ApiServerCheck, NotSeen};
use sre_shared::run::{AgentConnection, AgentRefusal, OpenedStream, perhaps_no_namespace};
use std::sync::Arc;
use std::time::Duration;

/// The way to an agent by its URL, and to the API server if it is also checked from here.
pub struct UrlConnection {
    agent: AgentClient,
    cluster: Option<Arc<Cluster>>,
    /// The limit of one request; for a stream that of its head.
    limit: Duration,
}

impl UrlConnection {
    /// The way by that client.
    pub fn new(agent: &AgentClient, cluster: Option<&Arc<Cluster>>, limit: Duration) -> Self {
        Self {
            agent: agent.clone(),
            cluster: cluster.map(Arc::clone),
            limit,
        }
    }
}

impl AgentConnection for UrlConnection {
    type Body = UrlStream;

    async fn get(&self, path: String) -> Result<ServiceResponse, AgentRefusal> {
        let answer = self.agent.get(&path, RunLimit::from_now(self.limit)).await;
        answer.map_err(AgentRefusal::from)
    }

    async fn open(
        &self,
        path: String,
        last_event_id: Option<String>,
    ) -> Result<OpenedStream<UrlStream>, AgentRefusal> {
        let limit = RunLimit::from_now(self.limit);
        let opened = self.agent.open(&path, last_event_id, limit).await;
        opened.map_err(AgentRefusal::from)
    }

    async fn own_view(&self) -> Option<ApiServerCheck> {
        let cluster = self.cluster.as_ref()?;
        Some(api_server(cluster, RunLimit::from_now(self.limit)).await)
    }

    async fn namespace_not_seen(&self, namespace: String) -> Option<NotSeen> {
        Some(perhaps_no_namespace(&namespace))
    }

    fn source(&self) -> report::Source {
        agent_source(&self.agent)
    }

    fn service(&self) -> Option<&ServiceName> {
        None
    }
}
