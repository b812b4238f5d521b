//! Owns the places of streams, and a feed for each question. Must not know what an event is.

use super::feed::ChangeFeed;
use crate::http::answers::{self, Answers};
use crate::http::query::Query;
use crate::http::response::Answer;
use crate::settings::StreamPace;
use crate::state::AgentState;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::AbortHandle;
use tokio::time::sleep;

/// Streams have one of so many connections. The others are for probes and for requests that end.
const SHARE: usize = 4;
/// Questions that are followed at the same time. Each takes a share of the time of the one thread.
const FEEDS: usize = 8;

/// The streams of this process.
pub struct ChangeHub {
    places: Arc<Semaphore>,
    /// The turn to make a report. One at a time: the items of several would take too much memory.
    turn: Arc<Semaphore>,
    feeds: Mutex<HashMap<String, OpenFeed>>,
}

/// How many clients a feed has.
type ClientCount = watch::Sender<usize>;

/// A feed with the number of its clients.
struct OpenFeed {
    feed: Arc<ChangeFeed>,
    clients: Arc<ClientCount>,
    task: AbortHandle,
}

/// The place of one stream. Dropping it makes room for another one.
pub struct StreamPlace {
    /// The events of the stream.
    pub feed: Arc<ChangeFeed>,
    state: Arc<AgentState>,
    clients: Arc<ClientCount>,
    task: AbortHandle,
    _place: OwnedSemaphorePermit,
}

impl StreamPlace {
    /// Whether events are still made.
    pub fn is_fed(&self) -> bool {
        !self.task.is_finished()
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        self.state.streams.fetch_sub(1, Ordering::Relaxed);
        self.clients
            .send_modify(|clients| *clients = clients.saturating_sub(1));
    }
}

impl ChangeHub {
    /// The streams of a process with so many connections.
    pub fn new(connections: usize) -> Arc<Self> {
        let places = connections.checked_div(SHARE).unwrap_or_default().max(1);
        Arc::new(Self {
            places: Arc::new(Semaphore::new(places)),
            turn: Arc::new(Semaphore::new(1)),
            feeds: Mutex::default(),
        })
    }

    /// A place for a stream of the changes that a query asks for; `question` is the query as it was sent.
    ///
    /// # Errors
    /// The refusal, if there are too many streams, or too many questions.
    pub fn join(
        self: &Arc<Self>,
        state: &Arc<AgentState>,
        answers: &Arc<Answers>,
        pace: StreamPace,
        question: &str,
        query: Query,
    ) -> Result<StreamPlace, Answer> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| answers::refusal("too many changes are followed"))?;
        let mut feeds = self.lock();
        // None of these is left but after a bug: a feed forgets itself before its task ends.
        feeds.retain(|_, open| !open.task.is_finished());
        if !feeds.contains_key(question) && feeds.len() >= FEEDS {
            let idle = feeds
                .iter()
                .find(|(_, open)| open.is_idle())
                .map(|(key, _)| key.clone());
            let Some(idle) = idle else {
                return Err(answers::refusal("too many different questions are followed"));
            };
            if let Some(open) = feeds.remove(&idle) {
                open.task.abort();
            }
        }
        let open = feeds
            .entry(question.to_owned())
            .or_insert_with(|| self.open(state, answers, pace, question, query));
        open.clients
            .send_modify(|clients| *clients = clients.saturating_add(1));
        state.streams.fetch_add(1, Ordering::Relaxed);
        Ok(StreamPlace {
            feed: Arc::clone(&open.feed),
            state: Arc::clone(state),
            clients: Arc::clone(&open.clients),
            task: open.task.clone(),
            _place: place,
        })
    }

    fn open(
        self: &Arc<Self>,
        state: &Arc<AgentState>,
        answers: &Arc<Answers>,
        pace: StreamPace,
        question: &str,
        query: Query,
    ) -> OpenFeed {
        let feed = ChangeFeed::new(query, state, answers, &self.turn, pace);
        let clients = Arc::new(watch::Sender::new(0));
        let (hub, running, counted) = (Arc::clone(self), Arc::clone(&feed), Arc::clone(&clients));
        let (question, state) = (question.to_owned(), Arc::clone(state));
        let task = tokio::spawn(async move {
            let left = async {
                while !hub.close_idle(&question, &counted) {
                    wait_until_idle(&counted, &state, pace).await;
                }
            };
            running.run(left).await;
        });
        OpenFeed {
            feed,
            clients,
            task: task.abort_handle(),
        }
    }

    /// Forgets that feed, unless it has a client. Returns whether it is forgotten.
    fn close_idle(&self, question: &str, clients: &Arc<ClientCount>) -> bool {
        let mut feeds = self.lock();
        match feeds
            .get(question)
            .filter(|open| Arc::ptr_eq(&open.clients, clients))
        {
            Some(open) if !open.is_idle() => false,
            Some(_) => feeds.remove(question).is_some(),
            None => true,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, OpenFeed>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenFeed {
    fn is_idle(&self) -> bool {
        *self.clients.borrow() == 0
    }
}

/// Waits until a feed has had no client for a while, or has none while the process ends.
async fn wait_until_idle(clients: &ClientCount, state: &AgentState, pace: StreamPace) {
    let mut clients = clients.subscribe();
    // An error would mean that the sender is gone, which the caller has.
    let _ = clients.wait_for(|clients| *clients == 0).await;
    tokio::select! {
        _ = clients.wait_for(|clients| *clients > 0) => {}
        () = state.signal.stopped() => {}
        () = sleep(pace.linger) => {}
    }
}
