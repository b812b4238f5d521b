//! Owns what the test and the serving thread share: store, faults, users, health, requests, open watches.
//! Must not know sockets or HTTP framing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::access::Users;
use super::changed::Changed;
use super::fault::{Faults, WatchFault};
use super::health::Checks;
use super::recorded::Recorded;
use super::store::{Change, Store};
use super::watch::Watcher;
use crate::object::Order;

/// How a watch from a version that is no longer kept is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gone {
    /// 200 with an ERROR event of code 410, as an API server with its watch cache does.
    #[default]
    Event,
    /// HTTP 410, as seen from aggregated API servers and proxies.
    Answer,
}

/// Everything that changes while the server runs.
#[derive(Debug)]
pub(crate) struct State {
    pub store: Store,
    pub faults: Faults,
    pub users: Users,
    pub checks: Checks,
    pub git_version: String,
    pub gone: Gone,
    pub order: Order,
    /// Whether kube-controller-manager and kube-scheduler hold their Leases, as of each request.
    pub leaders: bool,
    pub requests: Vec<Recorded>,
    pub watchers: Vec<Watcher>,
    pub open_connections: usize,
    pub accepted_connections: usize,
    /// Numbers the answers' Audit-Id.
    pub answered: u64,
}

impl State {
    pub fn send(&mut self, changes: &[Change]) {
        self.watchers.retain(Watcher::is_open);
        for change in changes {
            self.watchers
                .iter()
                .for_each(|watcher| watcher.send_change(change));
        }
    }

    pub fn bookmark(&mut self) {
        self.watchers.retain(Watcher::is_open);
        let version = self.store.version();
        self.watchers
            .iter()
            .for_each(|watcher| watcher.send_bookmark(version, false));
    }

    pub fn befall_watches(&mut self, fault: &WatchFault) {
        self.watchers.retain(Watcher::is_open);
        self.watchers.iter_mut().for_each(|watcher| watcher.befall(fault));
    }

    pub fn open_watches(&self) -> usize {
        self.watchers.iter().filter(|watcher| watcher.is_open()).count()
    }

    /// How often each path was asked for, for the message of a wait that failed.
    pub fn seen(&self) -> BTreeMap<String, usize> {
        let mut seen = BTreeMap::new();
        for request in &self.requests {
            *seen
                .entry(format!("{} {}", request.method, request.path))
                .or_insert(0) += 1;
        }
        seen
    }
}

/// The state behind a lock, and a signal that it has changed.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    pub changed: Changed,
}

impl Shared {
    pub fn new(state: State) -> Self {
        Self {
            state: Mutex::new(state),
            changed: Changed::new(),
        }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere must not hide its own message behind a poisoned lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a change and tells those who wait for one.
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.signal();
        result
    }
}
