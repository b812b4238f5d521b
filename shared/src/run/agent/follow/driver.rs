//! What keeps a follower of an agent up to date: one stream at a time, with pauses that grow while it fails; answers again and
//! again if the agent sends no events; and the views from here.

use super::connection::{AgentConnection, OpenedStream, StreamBody};
use super::mirror::{EventEffect, shown};
use super::pace::AgentPace;
use super::seen::AgentSeen;
use crate::apiserver::judge_failure;
use crate::cluster::ServiceResponse;
use crate::decode::EventStreamParser;
use crate::failure::{Class, Failure};
use crate::run::agent::error_body::ErrorBody;
use crate::run::agent::question::{ask_agent, changes_path};
use crate::run::agent::received::ReceivedReport;
use crate::run::agent::refusal::AgentRefusal;
use crate::run::agent::token_refusal::refused;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Larger than any report, as for answers.
const LARGEST_EVENT: usize = 256 << 20;
/// A stream that has lasted this long works. One that ends sooner makes the next pause longer.
const WORKING: Duration = Duration::from_secs(5);

/// How a stream ended.
enum StreamEnd {
    /// It brought something, and ended or went silent.
    Over,
    /// The agent sends no events about this request, and why; and its answer, if it was asked for one.
    NotFollowed(String, Option<Box<ReceivedReport>>),
    /// It failed.
    Failed(AgentRefusal),
}

/// Keeps what was seen up to date. Does not end.
pub(super) async fn run<C: AgentConnection>(connection: &C, seen: &AgentSeen, pace: AgentPace) {
    tokio::join!(
        follow(connection, seen, pace),
        view_from_here(connection, seen, pace),
        look_up_namespace(connection, seen, pace),
    );
}

async fn follow<C: AgentConnection>(connection: &C, seen: &AgentSeen, pace: AgentPace) {
    let mut setbacks = 0_u32;
    loop {
        let began = Instant::now();
        let end = stream(connection, seen, pace).await;
        if began.elapsed() >= WORKING {
            setbacks = 0;
        }
        let mut least = Duration::ZERO;
        match or_answers(end, connection, seen, pace).await {
            StreamEnd::Over => {}
            StreamEnd::NotFollowed(why, answer) => {
                seen.warn(format!(
                    "{} sends no events about this ({why}), so it is asked every {} s",
                    name(connection),
                    pace.poll.as_secs()
                ));
                poll(connection, seen, pace, answer).await;
                setbacks = 0;
                continue;
            }
            StreamEnd::Failed(refusal) => {
                if refusal.failure.status == Some(429) {
                    least = pace.busy_pause;
                }
                fail(seen, refusal);
            }
        }
        sleep(pause(setbacks, pace).max(least)).await;
        setbacks = setbacks.saturating_add(1);
    }
}

/// A stream can fail where answers come through: a proxy does not forward it, or there are too many. Then the agent is asked
/// again and again.
async fn or_answers<C: AgentConnection>(
    end: StreamEnd,
    connection: &C,
    seen: &AgentSeen,
    pace: AgentPace,
) -> StreamEnd {
    match &end {
        StreamEnd::Failed(refusal) if is_perhaps_of_the_stream(refusal.failure.class) => {
            match ask(connection, seen, pace).await {
                Ok(answer) => StreamEnd::NotFollowed(refusal.failure.message.clone(), Some(Box::new(answer))),
                Err(_) => end,
            }
        }
        _ => end,
    }
}

fn is_perhaps_of_the_stream(class: Class) -> bool {
    matches!(
        class,
        Class::AgentUnreachable | Class::AgentNotReady | Class::Timeout
    )
}

fn name<C: AgentConnection>(connection: &C) -> String {
    format!("agent {}", connection.source().agent.unwrap_or_default())
}

fn fail(seen: &AgentSeen, refusal: AgentRefusal) {
    seen.update(|facts| facts.refusal = Some(refusal));
}

/// The pause after so many failures, with jitter so that many plugins do not come back at the same moment.
fn pause(setbacks: u32, pace: AgentPace) -> Duration {
    let factor = 1_u32.checked_shl(setbacks.min(16)).unwrap_or(u32::MAX);
    let pause = pace.first_pause.saturating_mul(factor).min(pace.longest_pause);
    let random = RandomState::new().build_hasher().finish();
    let percent = u32::try_from(random % 50).unwrap_or_default().saturating_add(75);
    pause.saturating_mul(percent).checked_div(100).unwrap_or(pause)
}

/// Reads one stream to its end.
async fn stream<C: AgentConnection>(connection: &C, seen: &AgentSeen, pace: AgentPace) -> StreamEnd {
    let last = seen.facts().mirror.last_event_id();
    let opened = connection.open(changes_path(&seen.request), last);
    let mut body = match timeout(pace.open, opened).await {
        Ok(Ok(OpenedStream::Events(body))) => body,
        Ok(Ok(OpenedStream::Other(served))) => return not_a_stream(&served, connection),
        Ok(Err(refusal)) => return StreamEnd::Failed(refusal),
        Err(_) => return StreamEnd::Failed(late(pace)),
    };
    let (mut parser, mut events) = (EventStreamParser::new(LARGEST_EVENT), Vec::new());
    let (mut brought, mut until) = (false, deadline(pace));
    loop {
        let chunk = match timeout_at(until, body.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            // It may have broken off within an event, which is not counted then.
            _ if brought => return StreamEnd::Over,
            Ok(Err(failure)) => return StreamEnd::Failed(AgentRefusal::from(failure)),
            Ok(Ok(None)) | Err(_) => return StreamEnd::Failed(empty()),
        };
        let signs = parser.signs();
        if let Err(error) = parser.push(&chunk, &mut events) {
            seen.facts().mirror.start_over();
            let failure = Failure::new(Class::NotAnAgent, format!("{}: {error}", name(connection)));
            return StreamEnd::Failed(AgentRefusal::from(failure));
        }
        for event in events.drain(..) {
            let taken = seen.facts().mirror.take(event);
            match taken {
                Ok(EventEffect::Newer) => {
                    seen.update(|facts| facts.refusal = None);
                    seen.received.notify_one();
                }
                Ok(EventEffect::Ignored) => {}
                Ok(EventEffect::NotFollowed(why)) => return StreamEnd::NotFollowed(why, None),
                Err(failure) => {
                    seen.facts().mirror.start_over();
                    return StreamEnd::Failed(AgentRefusal::from(failure));
                }
            }
        }
        // A comment before the first event says that nothing is newer than the last event of the stream before.
        let has_report = seen.facts().mirror.last_event_id().is_some();
        if has_report && parser.signs() > signs {
            brought = true;
            until = deadline(pace);
            let is_back = seen.facts().refusal.is_some();
            if is_back {
                seen.update(|facts| facts.refusal = None);
            }
        }
    }
}

/// The failure of a stream that ended before its first event.
fn empty() -> AgentRefusal {
    AgentRefusal::from(Failure::new(
        Class::AgentUnreachable,
        "its stream ended, or was silent, before the first event",
    ))
}

fn deadline(pace: AgentPace) -> Instant {
    Instant::now() + pace.silence
}

fn late(pace: AgentPace) -> AgentRefusal {
    let seconds = pace.open.as_secs();
    AgentRefusal::from(Failure::new(
        Class::Timeout,
        format!("no answer of the agent within {seconds} s"),
    ))
}

/// What an answer means that is no stream.
fn not_a_stream<C: AgentConnection>(served: &ServiceResponse, connection: &C) -> StreamEnd {
    if let Some(refusal) = refused(served, connection.service()) {
        return StreamEnd::Failed(refusal);
    }
    match served.status {
        404 => StreamEnd::NotFollowed("it is older than this plugin".to_owned(), None),
        // The names of the objects are in the URL.
        414 | 431 => StreamEnd::NotFollowed("the question has too many names".to_owned(), None),
        400 => match ErrorBody::read(served) {
            Some(refusal) => StreamEnd::NotFollowed(shown(&refusal.message), None),
            None => StreamEnd::Failed(no_stream(served)),
        },
        _ => StreamEnd::Failed(no_stream(served)),
    }
}

/// The failure of an answer that is neither a stream nor a refusal.
fn no_stream(served: &ServiceResponse) -> AgentRefusal {
    let failure = match served.status {
        status @ (429 | 500..) => Failure {
            status: Some(status),
            ..Failure::new(
                Class::AgentUnreachable,
                format!("a server before the agent answers HTTP {status}"),
            )
        },
        _ => match ReceivedReport::read(&served.body, served.status) {
            Err(failure) => failure,
            Ok(_) => Failure::new(
                Class::AgentVersion,
                "the agent answers a request for changes with a report",
            ),
        },
    };
    AgentRefusal::from(failure)
}

/// Asks for the report again and again. Returns after a while, so that the stream is tried again.
async fn poll<C: AgentConnection>(
    connection: &C,
    seen: &AgentSeen,
    pace: AgentPace,
    mut answer: Option<Box<ReceivedReport>>,
) {
    for _ in 0..pace.polls.max(1) {
        let asked = match answer.take() {
            Some(answer) => Ok(*answer),
            None => ask(connection, seen, pace).await,
        };
        match asked {
            Ok(received) => {
                seen.update(|facts| {
                    facts.mirror.replace(received);
                    facts.refusal = None;
                });
                seen.received.notify_one();
            }
            Err(refusal) => fail(seen, refusal),
        }
        sleep(pace.poll).await;
    }
}

/// Asks for the report once.
async fn ask<C: AgentConnection>(
    connection: &C,
    seen: &AgentSeen,
    pace: AgentPace,
) -> Result<ReceivedReport, AgentRefusal> {
    let get = async |path: String| connection.get(path).await;
    match timeout(pace.open, ask_agent(&seen.request, get)).await {
        Ok(answer) => answer.and_then(|served| received(&served, connection)),
        Err(_) => Err(late(pace)),
    }
}

pub(super) fn received<C: AgentConnection>(
    served: &ServiceResponse,
    connection: &C,
) -> Result<ReceivedReport, AgentRefusal> {
    if let Some(refusal) = refused(served, connection.service()) {
        return Err(refusal);
    }
    match ReceivedReport::read(&served.body, served.status) {
        Err(failure) if failure.class == Class::NotAnAgent && served.status >= 500 => Err(no_stream(served)),
        read => read.map_err(AgentRefusal::from),
    }
}

/// Checks the API server from here, if the request is about it. Does not end, unless it is not to be checked.
async fn view_from_here<C: AgentConnection>(connection: &C, seen: &AgentSeen, pace: AgentPace) {
    loop {
        let own = if seen.request.api_server {
            match timeout(pace.open, connection.own_view()).await {
                Ok(own) => own,
                Err(_) => Some(judge_failure(&Failure::new(
                    Class::Timeout,
                    format!("not finished within {} s", pace.open.as_secs()),
                ))),
            }
        } else {
            None
        };
        let is_over = own.is_none();
        seen.update(|facts| {
            facts.own = own;
            facts.has_own = true;
        });
        if is_over {
            return;
        }
        sleep(pace.own_view).await;
    }
}

/// Looks the requested namespace up while nothing is in it. Does not end, unless no namespace is requested.
async fn look_up_namespace<C: AgentConnection>(connection: &C, seen: &AgentSeen, pace: AgentPace) {
    let Some(namespace) = seen.request.namespace.clone() else {
        return;
    };
    loop {
        while !seen.is_namespace_empty() {
            seen.received.notified().await;
        }
        let entry = connection.namespace_not_seen(namespace.clone()).await;
        if seen.facts().namespace != entry {
            seen.update(|facts| facts.namespace = entry);
        }
        sleep(pace.namespace).await;
    }
}
