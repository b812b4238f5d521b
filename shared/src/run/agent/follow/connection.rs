//! The way to an agent, which a follower does not know: through the API server's proxy, or by a URL.

use crate::cluster::{ServiceName, ServiceResponse};
use crate::failure::Failure;
use crate::report::{ApiServerCheck, NotSeen, Source};
use crate::run::agent::refusal::AgentRefusal;
use bytes::Bytes;

/// The way to an agent.
pub trait AgentConnection {
    /// The body of a stream.
    type Body: StreamBody;

    /// Gets a path. A response with any status code is an `Ok`.
    ///
    /// # Errors
    /// If there is no response of the agent.
    fn get(&self, path: String) -> impl Future<Output = Result<ServiceResponse, AgentRefusal>>;

    /// Gets a path that is a stream of events, after the event of that id.
    ///
    /// # Errors
    /// If there is no response of the agent.
    fn open(
        &self,
        path: String,
        last_event_id: Option<String>,
    ) -> impl Future<Output = Result<OpenedStream<Self::Body>, AgentRefusal>>;

    /// The API server as it is seen from here; `None` if it is not checked from here.
    fn own_view(&self) -> impl Future<Output = Option<ApiServerCheck>>;

    /// The entry for a namespace in which there is nothing; `None` if it exists.
    fn namespace_not_seen(&self, namespace: String) -> impl Future<Output = Option<NotSeen>>;

    /// Where the reports come from.
    fn source(&self) -> Source;

    /// The Service of the agent, if it is asked through one.
    fn service(&self) -> Option<&ServiceName>;
}

/// The response to a request for a stream.
#[derive(Debug)]
pub enum OpenedStream<B> {
    /// The stream.
    Events(B),
    /// Anything else, such as a refusal.
    Other(ServiceResponse),
}

/// The body of a stream, piece by piece.
pub trait StreamBody {
    /// The next piece, `None` at the end. It may be cancelled, and loses nothing then.
    ///
    /// # Errors
    /// If the body breaks off.
    fn chunk(&mut self) -> impl Future<Output = Result<Option<Bytes>, Failure>>;
}
