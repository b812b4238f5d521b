//! Owns what every handler reads: the caches, the check of the API server, and how old data may be.
//! Must not know HTTP.

use crate::cache::{Moment, Objects, Selection};
use crate::causes::Causes;
use crate::changes::Changes;
use crate::connection::Connection;
use crate::outage::Outages;
use crate::probe::Probe;
use crate::requests::Requests;
use crate::watcher::{self, Feed};
use crate::{Pace, Settings};
use sre_shared::report::Namespaces;
use sre_shared::resource::Time;
use sre_shared::run::{Clock, Kind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// The state of the process.
pub struct App {
    /// The client of the API server.
    pub connection: Arc<Connection>,
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
    /// What could not be seen of the causes.
    pub causes: Causes,
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
    stopping: AtomicBool,
    stale_after: Duration,
    pace: Pace,
    started: Instant,
}

impl App {
    /// The state of a process that has read nothing yet, and what fills its caches.
    pub fn new(settings: &Settings, connection: Connection) -> (Self, Vec<Feed>) {
        let connection = Arc::new(connection);
        let outages = Arc::new(Outages::default());
        let probe = Probe::new(
            Arc::clone(&connection),
            Arc::clone(&outages),
            settings.clock,
            settings.request_timeout,
            &settings.pace,
        );
        let (kinds, feeds) = settings
            .kinds
            .iter()
            .map(|kind| watcher::cache(*kind, &settings.kinds, &settings.namespaces))
            .unzip();
        let app = Self {
            connection,
            probe: Arc::new(probe),
            kinds,
            namespaces: if settings.namespaces.is_empty() {
                Namespaces::default()
            } else {
                Namespaces::These(settings.namespaces.clone())
            },
            outages,
            changes: Arc::new(Changes::default()),
            causes: Causes::new(settings.causes),
            clock: settings.clock,
            pod: settings.pod.clone(),
            requests: Requests::default(),
            metrics_elsewhere: settings.metrics_address.is_some(),
            started_at: (settings.clock)(),
            stopping: AtomicBool::new(false),
            stale_after: settings.stale_after,
            pace: settings.pace,
            started: Instant::now(),
        };
        (app, feeds)
    }

    /// This moment, for one answer.
    pub fn moment(&self) -> Moment {
        Moment {
            now: self.connection.client().server_time().unwrap_or_else(self.clock),
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
