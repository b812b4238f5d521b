//! Owns what every handler reads: the caches, the check of the API server, and how old data may be.
//! Must not know HTTP.

use crate::apiserver::probe::Probe;
use crate::cache::{Moment, Objects, Selection};
use crate::client::SharedClient;
use crate::history::failures::Outages;
use crate::history::log::Changes;
use crate::requests::Requests;
use crate::settings::{Pace, Settings};
use sre_shared::report::{Namespaces, NotSeen};
use sre_shared::resource::Time;
use sre_shared::run::{Clock, Kind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The state of the process.
pub struct AgentState {
    /// The client of the API server.
    pub client: Arc<SharedClient>,
    /// The check of the API server.
    pub probe: Arc<Probe>,
    /// One cache a kind, in the order of the report.
    pub kinds: Vec<Arc<dyn Objects>>,
    /// Which namespaces are watched.
    pub namespaces: Namespaces,
    /// The log of what cannot be reached.
    pub outages: Arc<Outages>,
    /// The log of verdicts.
    pub changes: Arc<Changes>,
    /// This machine's clock.
    pub clock: Clock,
    /// Name of the pod this runs in.
    pub pod: Option<String>,
    /// The requests that were answered.
    pub requests: Requests,
    /// Whether `/metrics` has an address of its own.
    pub metrics_elsewhere: bool,
    /// When this process started, by its own clock.
    pub started_at: Time,
    causes_not_seen: Mutex<Vec<NotSeen>>,
    stopping: AtomicBool,
    stale_after: Duration,
    pace: Pace,
    started: Instant,
}

impl AgentState {
    /// The state of a process that has read nothing yet; `kinds` are the empty caches.
    pub fn new(settings: &Settings, client: SharedClient, kinds: Vec<Arc<dyn Objects>>) -> Self {
        let client = Arc::new(client);
        let outages = Arc::new(Outages::default());
        let probe = Probe::new(
            Arc::clone(&client),
            Arc::clone(&outages),
            settings.clock,
            settings.request_timeout,
            &settings.pace,
        );
        Self {
            client,
            probe: Arc::new(probe),
            kinds,
            namespaces: if settings.namespaces.is_empty() {
                Namespaces::default()
            } else {
                Namespaces::These(settings.namespaces.clone())
            },
            outages,
            changes: Arc::new(Changes::default()),
            clock: settings.clock,
            pod: settings.pod.clone(),
            requests: Requests::default(),
            metrics_elsewhere: settings.metrics_address.is_some(),
            started_at: (settings.clock)(),
            causes_not_seen: Mutex::new(if settings.causes {
                Vec::new()
            } else {
                vec![causes_off()]
            }),
            stopping: AtomicBool::new(false),
            stale_after: settings.stale_after,
            pace: settings.pace,
            started: Instant::now(),
        }
    }

    /// This moment, for one answer.
    pub fn moment(&self) -> Moment {
        Moment {
            now: self.client.current().server_time().unwrap_or_else(self.clock),
            instant: Instant::now(),
            silent: self.probe.silent(),
            stale: self.pace.stale,
            stale_after: self.stale_after,
        }
    }

    /// The namespaces that an answer about such kinds covers.
    pub fn covered(&self, selection: &Selection, kinds: impl IntoIterator<Item = Kind>) -> Namespaces {
        match &selection.namespace {
            Some(namespace) => Namespaces::These(vec![namespace.clone()]),
            None if kinds.into_iter().any(Kind::is_namespaced) => self.namespaces.clone(),
            None => Namespaces::default(),
        }
    }

    /// Whether all namespaces are watched.
    pub fn watches_all(&self) -> bool {
        !matches!(self.namespaces, Namespaces::These(_))
    }

    /// What the last search for causes could not see. Reports lack texts for it; no verdict is less certain.
    pub fn causes_not_seen(&self) -> Vec<NotSeen> {
        self.lock_causes_not_seen().clone()
    }

    /// Replaces what the last search for causes could not see.
    pub fn set_causes_not_seen(&self, not_seen: Vec<NotSeen>) {
        *self.lock_causes_not_seen() = not_seen;
    }

    fn lock_causes_not_seen(&self) -> MutexGuard<'_, Vec<NotSeen>> {
        self.causes_not_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this process is about to end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether this process is about to end.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Whether the first lists had their time: from then on what is missing is said and not waited for.
    pub fn is_patience_over(&self) -> bool {
        self.started.elapsed() >= self.pace.patience
    }
}

/// What reports say if causes are turned off.
fn causes_off() -> NotSeen {
    NotSeen {
        thing: "causes".into(),
        class: "turnedOff".into(),
        error: Some("this agent does not look for causes".into()),
        hint: Some("start it without --causes=false (the chart's value causes.enabled)".into()),
        ..NotSeen::default()
    }
}
