//! Streams of changes of an agent as the plugin reads them.

use crate::dump::{json, print_all};
use crate::input::Choices;
use crate::memory;
use bytes::Bytes;
use sre_shared::cluster::{ServiceName, ServiceResponse};
use sre_shared::decode::{EventStreamParser, LongEventError, ServerSentEvent};
use sre_shared::failure::{Class, Failure};
use sre_shared::kind::Kind;
use sre_shared::report::{self, ApiServerCheck, NotSeen, Report, Status};
use sre_shared::run::{
    AgentConnection, AgentFollower, AgentPace, AgentRefusal, KindTarget, OpenedStream, Request, StreamBody,
    clock,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// A real answer of an agent that is well.
const HEALTHY: &str = include_str!("healthy.json");
/// Memory that reading needs for its own.
const START: usize = 1 << 20;
/// The most bytes of an event in the tests of the parser alone.
const LIMIT: usize = 300;
/// No reading takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(20);

/// The pieces of a stream that are still to come. Its end is a break.
struct Pieces(VecDeque<Bytes>);

impl StreamBody for Pieces {
    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        Ok(self.0.pop_front())
    }
}

/// An agent that has one stream. It says when it is asked for another one.
struct OneStream {
    pieces: Mutex<Option<VecDeque<Bytes>>>,
    is_over: Arc<Notify>,
}

fn away() -> AgentRefusal {
    AgentRefusal::from(Failure::new(
        Class::Refused,
        "there is one stream and nothing else",
    ))
}

impl AgentConnection for OneStream {
    type Body = Pieces;

    async fn get(&self, _: String) -> Result<ServiceResponse, AgentRefusal> {
        Err(away())
    }

    async fn open(&self, _: String, _: Option<String>) -> Result<OpenedStream<Pieces>, AgentRefusal> {
        let pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(pieces) = pieces {
            return Ok(OpenedStream::Events(Pieces(pieces)));
        }
        self.is_over.notify_one();
        std::future::pending().await
    }

    async fn own_view(&self) -> Option<ApiServerCheck> {
        None
    }

    async fn namespace_not_seen(&self, _: String) -> Option<NotSeen> {
        None
    }

    fn source(&self) -> report::Source {
        report::Source {
            mode: "agent".to_owned(),
            agent: Some("http://agent.example".to_owned()),
            ..report::Source::default()
        }
    }

    fn service(&self) -> Option<&ServiceName> {
        None
    }
}

/// The report of a follower that has read these pieces to their end.
fn read(pieces: &[&[u8]]) -> Report {
    let request = Request {
        kinds: vec![KindTarget::all(Kind::from_word("deployments").expect("a kind"))],
        ..Request::default()
    };
    let pace = AgentPace {
        first_pause: Duration::ZERO,
        longest_pause: Duration::ZERO,
        busy_pause: Duration::ZERO,
        poll: Duration::ZERO,
        polls: 1,
        ..AgentPace::default()
    };
    let is_over = Arc::new(Notify::new());
    let pieces = pieces.iter().map(|piece| Bytes::copy_from_slice(piece)).collect();
    let connection = OneStream {
        pieces: Mutex::new(Some(pieces)),
        is_over: Arc::clone(&is_over),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut follower = AgentFollower::start(connection, &request, clock::system, pace);
        let to_the_end = async {
            loop {
                tokio::select! {
                    biased;
                    () = is_over.notified() => return,
                    _ = follower.next() => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, to_the_end)
            .await
            .expect("every stream is read to its end");
        follower.present_report()
    })
}

/// The events of these pieces, and what ended the reading.
fn parse(pieces: &[&[u8]]) -> (Vec<ServerSentEvent>, u64, Result<(), LongEventError>) {
    let (mut parser, mut events) = (EventStreamParser::new(LIMIT), Vec::new());
    for piece in pieces {
        if let Err(error) = parser.push(piece, &mut events) {
            return (events, parser.signs(), Err(error));
        }
    }
    (events, parser.signs(), Ok(()))
}

/// The stream of an agent that is well: one report.
fn healthy() -> Vec<u8> {
    let report: serde_json::Value = serde_json::from_str(HEALTHY).expect("it is JSON");
    format!(": here\n\nid: a-1\nevent: report\nretry: 1000\ndata: {report}\n\n").into_bytes()
}

/// Holds if any bytes, in any pieces, make the same events and the same report, in bounded memory; if a stream that breaks off
/// before its first event has ended is never ok; and if no report is ok that holds an object which is not.
pub fn holds(input: &[u8]) {
    let mut choices = Choices::new(input);
    let whole = healthy();
    let cut = choices.below(whole.len());
    let (first, second) = (choices.below(usize::MAX), choices.below(usize::MAX));
    let stream = choices.rest();
    let first = first.checked_rem(stream.len()).unwrap_or_default();
    let second = second.checked_rem(stream.len()).unwrap_or_default().max(first);
    let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
    let single: Vec<&[u8]> = stream.chunks(1).collect();

    let events = memory::bounded(stream, 4 * LIMIT, 64, || parse(&[stream]));
    assert_eq!(parse(&pieces), events);
    assert_eq!(parse(&single), events);
    for event in &events.0 {
        assert!(event.data.len() + event.name.len() <= 4 * LIMIT, "{event:?}");
    }

    let seen = memory::bounded(stream, START, 200, || read(&[stream]));
    print_all(&seen);
    assert_eq!(json_without_time(&read(&pieces)), json_without_time(&seen));
    let bad = seen
        .kinds()
        .flat_map(|kind| &kind.items)
        .any(|item| item.healthy == Some(false) && !item.state.is_fine() && item.acknowledged.is_none());
    assert!(
        seen.status != Status::Ok || !bad,
        "ok about an object that is not"
    );

    let report = read(&[&whole]);
    assert_eq!(report.status, Status::Ok, "{}", json(&report));
    assert_ne!(read(&[&whole[..cut]]).status, Status::Ok, "cut after {cut}");
}

/// A report that nothing was read for has the time of this machine.
fn json_without_time(report: &Report) -> String {
    let report = Report {
        observed_at: String::new(),
        ..report.clone()
    };
    json(&report)
}
