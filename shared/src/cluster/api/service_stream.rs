//! One stream of events of a Service, through the API server's proxy, which flushes each event at once.

use crate::cluster::api::service_proxy::{
    ServiceName, ServiceResponse, ServiceScheme, answer_of_pod, token_header,
};
use crate::cluster::api::token_request::IssuedToken;
use crate::cluster::client::Client;
use crate::cluster::response::Response;
use crate::failure::{Class, Failure};
use http::{HeaderName, HeaderValue};
use std::time::Duration;

/// The type of a stream of events.
const EVENTS: &str = "text/event-stream";
/// The id of the last event that was read.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct StreamRequest<'a> {
    /// The path, with its query.
    pub path: &'a str,
    /// The id of the last event that was read.
    pub last_event_id: Option<&'a str>,
    /// The longest silence.
    pub silence: Duration,
    /// The most bytes of a response that is no stream.
    pub limit: usize,
}

/// The response of the Service's pod.
pub enum ServiceAnswer {
    /// A stream of events, whose head was read.
    Stream(Box<Response>),
    /// Anything else.
    Whole(ServiceResponse),
}

/// Opens a stream of the Service. A response of its pod with any status code is an `Ok`.
///
/// # Errors
/// As [`super::service_proxy::ask_service`].
pub async fn open_service(
    client: &Client,
    service: &ServiceName,
    scheme: ServiceScheme,
    token: Option<&IssuedToken>,
    request: StreamRequest<'_>,
) -> Result<ServiceAnswer, Failure> {
    match open_once(client, service, scheme, token, request).await {
        // The server may have closed an idle connection just then, or the pod may have ended while another one is ready.
        Err(failure) if matches!(failure.class, Class::ConnectionLost | Class::AgentUnreachable) => {
            open_once(client, service, scheme, token, request).await
        }
        result => result,
    }
}

async fn open_once(
    client: &Client,
    service: &ServiceName,
    scheme: ServiceScheme,
    token: Option<&IssuedToken>,
    request: StreamRequest<'_>,
) -> Result<ServiceAnswer, Failure> {
    let path = service.path(scheme, request.path);
    let last = request
        .last_event_id
        .and_then(|id| HeaderValue::from_str(id).ok());
    let last = last.map(|id| (LAST_EVENT_ID, id));
    let headers = token_header(token).into_iter().chain(last);
    let response = client.get_with(&path, EVENTS, headers).await?;
    if response.status == 200 && response.content_type.starts_with(EVENTS) {
        return Ok(ServiceAnswer::Stream(Box::new(
            response.with_idle(request.silence),
        )));
    }
    answer_of_pod(client, &path, response, request.limit)
        .await
        .map(ServiceAnswer::Whole)
}
