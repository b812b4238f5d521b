//! Owns the events about one question: when they are made, and for whom. Must not know the connections of clients.

use super::event::{self, EventId};
use super::log::{EventLog, NextEvent};
use crate::http::answers::Answers;
use crate::http::handler::report::{ReportParts, has_api_server};
use crate::http::query::Query;
use crate::http::response::held_bytes;
use crate::settings::StreamPace;
use crate::state::AgentState;
use bytes::Bytes;
use serde::Serialize;
use sre_shared::report::ListedItems;
use sre_shared::run::follow::{ShownObjects, fingerprint};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use tokio::time::{Instant, sleep_until};

/// The most objects that a report may list because they fall short. Each takes about two kilobytes here.
const MOST: u64 = 5000;
/// A report is made at most so often that making it takes this share of the time of the process.
const SHARE: u32 = 20;

/// An event for a client.
#[derive(Debug, Clone)]
pub struct NumberedEvent {
    /// Its number.
    pub number: u64,
    /// The event.
    pub bytes: Bytes,
    /// Whether the stream ends with it.
    pub is_last: bool,
}

/// Why a question cannot be followed.
#[derive(Serialize)]
struct Refusal {
    error: &'static str,
    message: String,
}

/// The events about one question.
pub struct ChangeFeed {
    id: u64,
    query: Query,
    state: Arc<AgentState>,
    answers: Arc<Answers>,
    /// The turn to make a report.
    turn: Arc<Semaphore>,
    pace: StreamPace,
    events: Mutex<EventLog>,
    /// The number of the newest event.
    newest: watch::Sender<u64>,
    /// Clients that wait for a whole report. There is at most one entry a client.
    waiting: Mutex<Vec<oneshot::Sender<NumberedEvent>>>,
    asked: Notify,
}

fn give(waiting: Vec<oneshot::Sender<NumberedEvent>>, event: &NumberedEvent) {
    for client in waiting {
        // An error means that the client is gone.
        let _ = client.send(event.clone());
    }
}

/// What the task of a feed remembers.
struct FeedMemory {
    listed: ListedItems,
    shown: ShownObjects,
    /// What the last report showed.
    print: Option<u64>,
    /// When the last event was made.
    sent: Instant,
    /// The earliest time of the next report.
    next: Instant,
}

impl ChangeFeed {
    /// A feed without an event.
    pub fn new(
        query: Query,
        state: &Arc<AgentState>,
        answers: &Arc<Answers>,
        turn: &Arc<Semaphore>,
        pace: StreamPace,
    ) -> Arc<Self> {
        Arc::new(Self {
            // The keys of each state are random, which tells feeds and processes apart.
            id: RandomState::new().build_hasher().finish(),
            query,
            state: Arc::clone(state),
            answers: Arc::clone(answers),
            turn: Arc::clone(turn),
            pace,
            events: Mutex::default(),
            newest: watch::Sender::new(0),
            waiting: Mutex::default(),
            asked: Notify::new(),
        })
    }

    /// The number of the event that a client has, if this feed has made it.
    pub fn number_of(&self, last: Option<EventId>) -> Option<u64> {
        last.filter(|id| id.feed == self.id).map(|id| id.number)
    }

    /// Whether a client that has the event of that number needs no whole report.
    pub fn has(&self, number: u64) -> bool {
        self.events().after(number) != NextEvent::Whole
    }

    /// The next event for a client that has the event of that number, or none. `None` if there is no room for a report.
    ///
    /// It may be cancelled, and loses nothing then.
    pub async fn next(&self, number: Option<u64>) -> Option<NumberedEvent> {
        let mut newest = self.newest.subscribe();
        if let Some(number) = number {
            loop {
                match self.events().after(number) {
                    NextEvent::Event(number, bytes) => {
                        return Some(NumberedEvent {
                            number,
                            bytes,
                            is_last: false,
                        });
                    }
                    NextEvent::Whole => break,
                    NextEvent::Nothing => {}
                }
                newest.changed().await.ok()?;
            }
        }
        self.ask_for_whole().await.ok()
    }

    fn ask_for_whole(&self) -> oneshot::Receiver<NumberedEvent> {
        let (sender, whole) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|sender| !sender.is_closed());
        waiting.push(sender);
        self.asked.notify_one();
        whole
    }

    /// Makes events until `ended`, which is when no client is left.
    pub async fn run(&self, ended: impl Future<Output = ()>) {
        let mut ended = std::pin::pin!(ended);
        let mut changes = self.state.signal.subscribe();
        let now = Instant::now();
        let mut memory = FeedMemory {
            listed: ListedItems::default(),
            shown: ShownObjects::default(),
            print: None,
            sent: now,
            next: now,
        };
        let mut due = now + self.pace.tick;
        loop {
            let is_asked = tokio::select! {
                biased;
                () = &mut ended => return,
                () = self.asked.notified() => true,
                changed = changes.changed(), if due > Instant::now() + self.pace.coalesce => {
                    if changed.is_err() {
                        return;
                    }
                    due = (Instant::now() + self.pace.coalesce).max(memory.sent + self.pace.pause).min(due);
                    continue;
                }
                () = sleep_until(due) => false,
            };
            // Reports take no more than their share of the time, and clients that come at once share one.
            sleep_until(memory.next).await;
            changes.mark_unchanged();
            let began = Instant::now();
            self.make(&mut memory, is_asked).await;
            let cost = began.elapsed();
            memory.next = Instant::now() + cost.saturating_mul(SHARE).max(Duration::from_millis(1));
            due = (Instant::now() + self.pace.tick).max(memory.next);
            tokio::task::yield_now().await;
        }
    }

    /// Makes a report. It becomes an event if it shows a change, and a whole one for the clients that wait for that.
    async fn make(&self, memory: &mut FeedMemory, is_asked: bool) {
        let checked = if has_api_server(&self.query) {
            Some(self.state.probe.last_or_ask().await)
        } else {
            None
        };
        // An error would mean that the semaphore is closed, which it never is.
        let Ok(_turn) = self.turn.acquire().await else {
            return;
        };
        let parts = ReportParts::new(&self.state, &self.query, checked.as_deref());
        let falling_short = parts.falling_short();
        if falling_short > MOST {
            drop(parts);
            return self.refuse(memory, falling_short).await;
        }
        let report = parts.report(&mut memory.shown);
        drop(parts);
        let print = fingerprint(&report);
        let is_late = memory.sent.elapsed() >= self.pace.refresh;
        let shows_change = is_late || memory.print != Some(print);
        if !is_asked && !shows_change {
            return;
        }
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let whole = (!waiting.is_empty()).then(|| report.clone());
        let change = memory.listed.change(report);
        let mut number = self.events().newest();
        // A client that comes makes no event for the others, unless it would have other sentences than they have.
        if shows_change || !change.is_empty() {
            number = number.saturating_add(1);
            let event = self.write("change", number, &change).await;
            memory.print = Some(print);
            memory.sent = Instant::now();
            self.events().push(event);
            self.newest.send_replace(number);
        }
        let Some(whole) = whole else { return };
        // Without room for it the senders are dropped, which ends the streams.
        if let Some(bytes) = self.write("report", number, &whole).await {
            let event = NumberedEvent {
                number,
                bytes,
                is_last: false,
            };
            give(waiting, &event);
        }
    }

    /// Ends the streams: so many items would take too much memory.
    async fn refuse(&self, memory: &mut FeedMemory, falling_short: u64) {
        let number = self.events().newest().saturating_add(1);
        if memory.print.take().is_some() {
            memory.listed = ListedItems::default();
            // Every client needs a whole report from now on, and asks for it.
            self.events().push(None);
            self.newest.send_replace(number);
        }
        let refusal = Refusal {
            error: "tooManyObjects",
            message: format!(
                "{falling_short} objects fall short, and at most {MOST} are followed: narrow with kinds, namespace or \
                 selector, or ask /health again and again"
            ),
        };
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(bytes) = self.write("error", number, &refusal).await {
            let event = NumberedEvent {
                number,
                bytes,
                is_last: true,
            };
            give(waiting, &event);
        }
    }

    /// The event in its bytes, which count as those of answers; `None` if there is no room for them.
    async fn write(&self, name: &str, number: u64, data: &impl Serialize) -> Option<Bytes> {
        let id = EventId {
            feed: self.id,
            number,
        };
        let bytes = event::write(name, id, data)?;
        let room = self.answers.room(bytes.len()).await.ok()?;
        Some(held_bytes(bytes, room))
    }

    fn events(&self) -> MutexGuard<'_, EventLog> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
