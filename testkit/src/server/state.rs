//! Owns the state that the test and the serving thread share: store, faults, users, health, requests, open watches.
//! Must not know sockets or HTTP framing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::access::Users;
use super::change_signal::ChangeSignal;
use super::fault::{Faults, WatchFault};
use super::health::Checks;
use super::request::RecordedRequest;
use super::store::{Change, Store};
use super::watch::Watcher;
use crate::object::Order;

/// The form in which a watch from a version that is no longer kept is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GoneForm {
    /// 200 with an ERROR event of code 410, as an API server with its watch cache does.
    #[default]
    Event,
    /// HTTP 410, as aggregated API servers and proxies answer.
    Answer,
}

/// The state of the server, which changes while it runs.
#[derive(Debug)]
pub(crate) struct ServerState {
    pub store: Store,
    pub faults: Faults,
    pub users: Users,
    pub checks: Checks,
    pub git_version: String,
    pub gone: GoneForm,
    pub order: Order,
    /// Whether kube-controller-manager and kube-scheduler renew their Leases with each request.
    pub leaders: bool,
    pub requests: Vec<RecordedRequest>,
    pub watchers: Vec<Watcher>,
    pub open_connections: usize,
    pub accepted_connections: usize,
    /// How many answers were sent, for their Audit-Id.
    pub answered: u64,
    /// The UIDs of the flow schema and the priority level that responses name; `None` without flow control.
    pub flow_control: Option<[String; 2]>,
}

impl ServerState {
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

    pub fn disturb_watches(&mut self, fault: &WatchFault) {
        self.watchers.retain(Watcher::is_open);
        self.watchers
            .iter_mut()
            .for_each(|watcher| watcher.disturb(fault));
    }

    pub fn open_watches(&self) -> usize {
        self.watchers.iter().filter(|watcher| watcher.is_open()).count()
    }

    /// How often each path was requested, for the message of a failed wait.
    pub fn request_counts(&self) -> BTreeMap<String, usize> {
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
pub(crate) struct SharedState {
    state: Mutex<ServerState>,
    pub changed: ChangeSignal,
}

impl SharedState {
    pub fn new(state: ServerState) -> Self {
        Self {
            state: Mutex::new(state),
            changed: ChangeSignal::new(),
        }
    }

    pub fn lock(&self) -> MutexGuard<'_, ServerState> {
        // If a test has panicked, a poisoned lock must not hide its message.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes the tasks that wait for a change.
    pub fn change<T>(&self, change: impl FnOnce(&mut ServerState) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.signal();
        result
    }
}
