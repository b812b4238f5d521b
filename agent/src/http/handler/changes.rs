//! `/health/changes`: the report as server-sent events, first whole and then what changes.

use crate::http::access;
use crate::http::answer_body::AnswerBody;
use crate::http::answers::Answers;
use crate::http::changes::event::EventId;
use crate::http::changes::hub::ChangeHub;
use crate::http::changes::stream;
use crate::http::query::Query;
use crate::http::response::{Answer, HttpResponse};
use crate::state::AgentState;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Request, Response};
use std::sync::Arc;
use tokio::sync::mpsc;

/// The path.
pub const PATH: &str = "/health/changes";
/// The id of the last event that a client has.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Parts with at most so many objects have all of them.
const FEW: u64 = 100;

/// The stream.
///
/// # Errors
/// The refusal, if there are too many streams.
pub fn answer<B>(
    state: &Arc<AgentState>,
    answers: &Arc<Answers>,
    hub: &Arc<ChangeHub>,
    request: &Request<B>,
    mut query: Query,
) -> Result<HttpResponse, Answer> {
    if request.method() == Method::HEAD {
        return Ok(response(AnswerBody::whole(Bytes::new())));
    }
    let pace = state.stream_pace();
    query.selection.notable = true;
    query.selection.few = FEW;
    let question = request.uri().query().unwrap_or_default();
    let place = hub.join(state, answers, pace, question, query)?;
    let last = place.feed.number_of(last_event_id(request.headers()));
    // One piece: the client takes the next one when it has room.
    let (sender, pieces) = mpsc::channel(1);
    let (state, headers) = (Arc::clone(state), request.headers().clone());
    tokio::spawn(async move {
        let refused = access::refused_later(&state, PATH, &headers, pace.review);
        Box::pin(stream::run(
            Arc::clone(&state),
            place,
            last,
            pace,
            refused,
            sender,
        ))
        .await;
    });
    Ok(response(AnswerBody::Stream(pieces)))
}

fn last_event_id(headers: &HeaderMap) -> Option<EventId> {
    EventId::parse(headers.get(LAST_EVENT_ID)?.to_str().ok()?)
}

fn response(body: AnswerBody) -> HttpResponse {
    let mut response = Response::new(body);
    for (name, value) in [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The next request of this client is to find another connection.
        (CONNECTION, "close"),
        // nginx holds an answer back otherwise.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
