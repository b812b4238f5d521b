//! The way to an agent through the API server's proxy.

use super::connection::{AgentConnection, OpenedStream, StreamBody};
use crate::cluster::{Client, Response, ServiceAnswer, ServiceName, ServiceResponse};
use crate::failure::Failure;
use crate::report::{ApiServerCheck, NotSeen, Source};
use crate::run::agent::gap::namespace_entry;
use crate::run::agent::refusal::AgentRefusal;
use crate::run::agent::service::{ask_service, open_service};
use crate::run::apiserver;
use crate::run::clock::Clock;
use bytes::Bytes;
use std::time::Duration;

/// The way to the agent behind a Service.
pub struct ServiceConnection {
    client: Client,
    service: ServiceName,
    clock: Clock,
    /// The longest silence of a stream.
    silence: Duration,
}

impl ServiceConnection {
    /// The way through that client's API server.
    #[must_use]
    pub fn new(client: &Client, service: ServiceName, clock: Clock, silence: Duration) -> Self {
        Self {
            client: client.without_run(),
            service,
            clock,
            silence,
        }
    }
}

impl StreamBody for Response {
    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        Self::chunk(self).await
    }
}

impl AgentConnection for ServiceConnection {
    type Body = Response;

    async fn get(&self, path: String) -> Result<ServiceResponse, AgentRefusal> {
        ask_service(&self.client, &self.service, &path).await
    }

    async fn open(
        &self,
        path: String,
        last_event_id: Option<String>,
    ) -> Result<OpenedStream<Response>, AgentRefusal> {
        let opened = open_service(
            &self.client,
            &self.service,
            &path,
            last_event_id.as_deref(),
            self.silence,
        );
        Ok(match opened.await? {
            ServiceAnswer::Stream(response) => OpenedStream::Events(*response),
            ServiceAnswer::Whole(served) => OpenedStream::Other(served),
        })
    }

    async fn own_view(&self) -> Option<ApiServerCheck> {
        Some(apiserver::check(&self.client, self.clock).await)
    }

    async fn namespace_not_seen(&self, namespace: String) -> Option<NotSeen> {
        namespace_entry(&self.client, &namespace).await
    }

    fn source(&self) -> Source {
        Source {
            mode: "agent".into(),
            context: self.client.context().map(str::to_owned),
            namespace: Some(self.client.default_namespace().to_owned()),
            server: Some(self.client.server().to_owned()),
            agent: Some(self.service.to_string()),
            ..Source::default()
        }
    }

    fn service(&self) -> Option<&ServiceName> {
        Some(&self.service)
    }
}
