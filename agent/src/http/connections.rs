//! Owns the connections: how many there are, which of them wait for their client, and which one is closed if all places are
//! taken. Must not know HTTP.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// A client that is waited for has this long before it is given up: a request that was sent at once is here by then.
pub const GRACE: Duration = Duration::from_millis(100);
/// This share of all clients is given up at once, if so many have waited long enough.
const AT_ONCE: usize = 16;
/// Pause before the next look for a client that can be given up.
const PAUSE: Duration = Duration::from_millis(10);
/// Pause between two lines of the log about clients that were given up.
const LOG_PAUSE: Duration = Duration::from_mins(1);

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// The whole head of the next request.
    Request,
    /// Room for more of the answer, which the client does not read.
    Reader,
}

/// All connections.
pub struct Connections {
    limit: usize,
    places: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
    draining: AtomicBool,
}

/// The connections that wait for their client, in the order in which they began to wait.
#[derive(Default)]
struct Waiting {
    last: u64,
    clients: BTreeMap<u64, WaitingClient>,
    given_up: u64,
    logged: Option<Instant>,
}

struct WaitingClient {
    since: Instant,
    awaited: Awaited,
    poke: Arc<Poke>,
}

/// Wakes the task of a connection.
#[derive(Default)]
struct Poke {
    notify: Notify,
    given_up: AtomicBool,
}

impl Connections {
    /// Room for so many connections.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            places: Arc::new(Semaphore::new(limit)),
            waiting: Mutex::default(),
            draining: AtomicBool::new(false),
        })
    }

    /// A place for one more connection. If there is none, the client that has been waited for longest gives up its own.
    pub async fn place(self: &Arc<Self>) -> Client {
        let began = Instant::now();
        loop {
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                return Client::new(self, place);
            }
            // If all clients are that quick, some of them have to go all the same.
            let grace = GRACE.saturating_sub(began.elapsed());
            // More are coming. One at a time would be one in each turn of the runtime, which is too few for a flood.
            for _ in 0..(self.limit / AT_ONCE).max(1) {
                if !self.give_up(None, grace) {
                    break;
                }
            }
            // Either the place of that client, or of one that is done.
            let freed = tokio::time::timeout(PAUSE, Arc::clone(&self.places).acquire_owned());
            if let Ok(Ok(place)) = freed.await {
                return Client::new(self, place);
            }
        }
    }

    /// Closes the connection that has waited longest for its client to read an answer. Returns whether there was one.
    pub fn give_up_reader(&self) -> bool {
        self.give_up(Some(Awaited::Reader), GRACE)
    }

    /// Closes the connection that has waited longest for its client, if it has waited for so long.
    fn give_up(&self, awaited: Option<Awaited>, grace: Duration) -> bool {
        let mut waiting = self.lock();
        let fits = |client: &WaitingClient| awaited.is_none_or(|awaited| client.awaited == awaited);
        let first = waiting.clients.iter().find(|(_, client)| fits(client));
        let Some(turn) = first
            .filter(|(_, client)| client.since.elapsed() >= grace)
            .map(|(turn, _)| *turn)
        else {
            return false;
        };
        let Some(client) = waiting.clients.remove(&turn) else {
            return false;
        };
        waiting.given_up += 1;
        if waiting.logged.is_none_or(|at| at.elapsed() >= LOG_PAUSE) {
            tracing::warn!(
                connections = self.open(),
                given_up = waiting.given_up,
                "full; clients that send no request or read no answer are given up, the longest waiting first"
            );
            waiting.logged = Some(Instant::now());
        }
        client.poke.given_up.store(true, Ordering::Relaxed);
        client.poke.notify.notify_one();
        true
    }

    /// How many connections there may be.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// How many connections are open.
    pub fn open(&self) -> usize {
        self.limit.saturating_sub(self.places.available_permits())
    }

    /// From now on a connection ends as soon as it has nothing to answer.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        for client in self.lock().clients.values() {
            client.poke.notify.notify_one();
        }
    }

    /// Waits until no connection is open.
    pub async fn all_done(&self) {
        let all = u32::try_from(self.limit).unwrap_or(u32::MAX);
        // An error would mean that the semaphore is closed, which it never is.
        let _ = self.places.acquire_many(all).await;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The client of one connection. Its place is free again if this is dropped.
pub struct Client {
    connections: Arc<Connections>,
    poke: Arc<Poke>,
    stage: Mutex<Stage>,
    _place: OwnedSemaphorePermit,
}

/// How far the exchange is, seen from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The next request has not come; `begun` if a part of its head has.
    Idle { turn: Option<u64>, begun: bool },
    /// An answer is being made.
    Answering,
    /// An answer is being written.
    Writing { turn: Option<u64>, written: bool },
    /// A stream is open. Its client owes nothing while it takes what there is.
    Streaming { turn: Option<u64> },
}

impl Stage {
    fn turn(self) -> Option<u64> {
        match self {
            Self::Idle { turn, .. } | Self::Writing { turn, .. } | Self::Streaming { turn } => turn,
            Self::Answering => None,
        }
    }
}

impl Client {
    fn new(connections: &Arc<Connections>, place: OwnedSemaphorePermit) -> Self {
        let client = Self {
            connections: Arc::clone(connections),
            poke: Arc::default(),
            stage: Mutex::new(Stage::Idle {
                turn: None,
                begun: false,
            }),
            _place: place,
        };
        client.waits();
        client
    }

    /// Completes if this connection must be looked at: it was given up, or all connections end.
    pub async fn poked(&self) {
        self.poke.notify.notified().await;
    }

    /// Whether another connection got this one's place.
    pub fn is_given_up(&self) -> bool {
        self.poke.given_up.load(Ordering::Relaxed)
    }

    /// Notes that the client sent something.
    pub fn sent(&self) {
        if let Stage::Idle { begun, .. } = &mut *self.stage() {
            *begun = true;
        }
    }

    /// Notes that the client took a part of its answer.
    pub fn took(&self) {
        let mut stage = self.stage();
        if let Stage::Writing { written, .. } = &mut *stage {
            *written = true;
        }
        if let Stage::Writing { turn, .. } | Stage::Streaming { turn } = &mut *stage
            && let Some(turn) = turn.take()
        {
            self.connections.lock().clients.remove(&turn);
        }
    }

    /// Notes that the client sends nothing. The connection can only go on if it does, unless a stream is open.
    pub fn waits(&self) {
        let is_streaming = matches!(*self.stage(), Stage::Streaming { .. });
        if !is_streaming {
            self.stalls();
        }
    }

    /// Notes that the connection can only go on if the client does.
    pub fn stalls(&self) {
        let mut stage = self.stage();
        let (turn, awaited) = match &mut *stage {
            Stage::Idle { turn, .. } => (turn, Awaited::Request),
            Stage::Writing { turn, .. } | Stage::Streaming { turn } => (turn, Awaited::Reader),
            Stage::Answering => return,
        };
        if turn.is_some() {
            return;
        }
        let mut waiting = self.connections.lock();
        waiting.last += 1;
        *turn = Some(waiting.last);
        let last = waiting.last;
        waiting.clients.insert(
            last,
            WaitingClient {
                since: Instant::now(),
                awaited,
                poke: Arc::clone(&self.poke),
            },
        );
    }

    /// Notes that the head of a request is here. If the client was given up, that was too early.
    pub fn asked(&self) {
        self.poke.given_up.store(false, Ordering::Relaxed);
        self.enter(Stage::Answering);
    }

    /// Notes that the answer is made.
    pub fn answered(&self) {
        self.enter(Stage::Writing {
            turn: None,
            written: false,
        });
    }

    /// Notes that a stream begins.
    pub fn streams(&self) {
        self.enter(Stage::Streaming { turn: None });
    }

    /// Notes that nothing is left to write.
    pub fn flushed(&self) {
        let is_done = matches!(*self.stage(), Stage::Writing { written: true, .. });
        if is_done {
            self.enter(Stage::Idle {
                turn: None,
                begun: false,
            });
        }
    }

    /// Whether the connection is to end since the client sends nothing. A request whose head has begun is waited for.
    pub fn is_over(&self) -> bool {
        self.connections.draining.load(Ordering::Relaxed)
            && matches!(*self.stage(), Stage::Idle { begun: false, .. })
    }

    fn enter(&self, next: Stage) {
        let former = std::mem::replace(&mut *self.stage(), next);
        if let Some(turn) = former.turn() {
            self.connections.lock().clients.remove(&turn);
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.enter(Stage::Answering);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn grace() {
        tokio::time::sleep(GRACE).await;
    }

    #[tokio::test(start_paused = true)]
    async fn if_all_places_are_taken_the_client_that_was_waited_for_longest_is_given_up() {
        let connections = Connections::new(3);
        let (first, second) = (connections.place().await, connections.place().await);
        let third = connections.place().await;
        // A whole request counts as life, a part of its head does not.
        first.sent();
        second.asked();
        grace().await;
        let waits = tokio::spawn({
            let connections = Arc::clone(&connections);
            async move { connections.place().await }
        });
        first.poked().await;
        assert!(first.is_given_up() && !second.is_given_up() && !third.is_given_up());
        drop(first);
        let fourth = waits.await.unwrap();
        grace().await;
        // Of the two that wait, the other one has waited longer.
        assert!(connections.give_up(None, GRACE));
        assert!(third.is_given_up() && !fourth.is_given_up());
        assert!(connections.give_up(None, GRACE));
        assert!(fourth.is_given_up());
        // Nobody is left but a client whose request is being answered.
        assert!(!connections.give_up(None, GRACE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_has_a_moment_to_send_its_request() {
        let connections = Connections::new(1);
        let only = connections.place().await;
        assert!(!connections.give_up(None, GRACE));
        grace().await;
        assert!(connections.give_up(None, GRACE));
        assert!(only.is_given_up());
        // Its request was on the way.
        only.asked();
        assert!(!only.is_given_up());
    }

    #[tokio::test(start_paused = true)]
    async fn clients_that_ask_without_a_pause_do_not_keep_all_places_for_ever() {
        let connections = Connections::new(2);
        let (asking, quick) = (connections.place().await, connections.place().await);
        asking.asked();
        let waits = tokio::spawn({
            let connections = Arc::clone(&connections);
            async move { connections.place().await }
        });
        let began = Instant::now();
        while !quick.is_given_up() {
            assert!(began.elapsed() < 2 * GRACE);
            quick.asked();
            quick.answered();
            quick.took();
            quick.flushed();
            quick.waits();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(!asking.is_given_up());
        drop(quick);
        waits.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_is_waited_for_anew_after_each_piece() {
        let connections = Connections::new(2);
        let (slow, silent) = (connections.place().await, connections.place().await);
        for client in [&slow, &silent] {
            client.asked();
            client.answered();
            client.waits();
        }
        grace().await;
        slow.took();
        slow.waits();
        grace().await;
        assert!(connections.give_up_reader());
        assert!(silent.is_given_up() && !slow.is_given_up());
        slow.took();
        slow.flushed();
        slow.waits();
        grace().await;
        assert!(!connections.give_up_reader(), "it has read all of it");
    }

    #[tokio::test(start_paused = true)]
    async fn the_client_of_a_stream_is_given_up_only_if_it_does_not_read() {
        let connections = Connections::new(2);
        let (reading, silent) = (connections.place().await, connections.place().await);
        for client in [&reading, &silent] {
            client.asked();
            client.streams();
            client.took();
            client.flushed();
            client.waits();
        }
        silent.stalls();
        grace().await;
        assert!(connections.give_up(None, GRACE));
        assert!(silent.is_given_up());
        assert!(!connections.give_up(None, GRACE), "the other one owes nothing");
        reading.stalls();
        reading.took();
        grace().await;
        assert!(!connections.give_up_reader(), "it has read all of it");
    }

    #[tokio::test(start_paused = true)]
    async fn while_connections_end_one_goes_on_only_if_something_of_a_request_is_here() {
        let connections = Connections::new(3);
        let (idle, begun) = (connections.place().await, connections.place().await);
        let asking = connections.place().await;
        begun.sent();
        asking.asked();
        assert!(!idle.is_over());
        connections.drain();
        idle.poked().await;
        assert!(idle.is_over() && !begun.is_over() && !asking.is_over());
        asking.answered();
        asking.flushed();
        assert!(!asking.is_over(), "nothing of the answer is written yet");
        asking.took();
        asking.flushed();
        assert!(asking.is_over());
        assert_eq!(connections.open(), 3);
        drop((idle, begun, asking));
        connections.all_done().await;
        assert_eq!(connections.open(), 0);
    }
}
