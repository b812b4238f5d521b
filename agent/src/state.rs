//! Owns what tasks and answers share: the caches, the probe of the API server, and how old data may be.
//! Must not know HTTP, nor the tasks that write here.

use crate::apiserver::probe::ApiServerProbe;
use crate::client::SharedClient;
use crate::history::failures::FailureLog;
use crate::history::log::TransitionLog;
use crate::requests::RequestCounts;
use crate::settings::{Pace, Settings};
use sre_shared::kind::Kind;
use sre_shared::live::{AnswerTime, EventTime, KindObjects, Selection};
use sre_shared::report::{Namespaces, NotSeen};
use sre_shared::resource::Time;
use sre_shared::run::Clock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The state of the process.
pub struct AgentState {
    /// The client of the API server.
    pub client: Arc<SharedClient>,
    /// The probe of the API server.
    pub probe: Arc<ApiServerProbe>,
    /// One cache for each kind, in the order of the report.
    pub kinds: Vec<Arc<dyn KindObjects>>,
    /// The namespaces that are watched.
    pub namespaces: Namespaces,
    /// The log of outages and missing rights.
    pub failures: Arc<FailureLog>,
    /// The log of objects that fail or recover.
    pub transitions: TransitionLog,
    /// This machine's clock.
    pub clock: Clock,
    /// Name of the pod this runs in.
    pub pod: Option<String>,
    /// The requests that were answered.
    pub requests: RequestCounts,
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
    pub fn new(settings: &Settings, client: SharedClient, kinds: Vec<Arc<dyn KindObjects>>) -> Self {
        let client = Arc::new(client);
        let failures = Arc::new(FailureLog::default());
        let probe = ApiServerProbe::new(
            Arc::clone(&client),
            Arc::clone(&failures),
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
            failures,
            transitions: TransitionLog::default(),
            clock: settings.clock,
            pod: settings.pod.clone(),
            requests: RequestCounts::default(),
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

    /// The present, for one answer.
    pub fn answer_time(&self) -> AnswerTime {
        let EventTime { instant, time } = self.event_time();
        AnswerTime {
            now: time,
            instant,
            silent: self.probe.silent(),
            stale: self.pace.stale,
            stale_after: self.stale_after,
        }
    }

    /// The present, for one event.
    pub fn event_time(&self) -> EventTime {
        EventTime {
            instant: Instant::now().into_std(),
            time: self.client.current().server_time().unwrap_or_else(self.clock),
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

    /// The gaps of the last search for causes. Reports lack causes there; no verdict is less certain.
    pub fn causes_not_seen(&self) -> Vec<NotSeen> {
        self.lock_causes_not_seen().clone()
    }

    /// Replaces the gaps of the last search for causes.
    pub fn set_causes_not_seen(&self, not_seen: Vec<NotSeen>) {
        *self.lock_causes_not_seen() = not_seen;
    }

    fn lock_causes_not_seen(&self) -> MutexGuard<'_, Vec<NotSeen>> {
        self.causes_not_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that this process is about to end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether this process is about to end.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Whether the first lists have had their time. From then on answers say what is missing and do not wait for it.
    pub fn is_patience_over(&self) -> bool {
        self.started.elapsed() >= self.pace.patience
    }
}

/// The entry of reports if causes are turned off.
fn causes_off() -> NotSeen {
    NotSeen {
        thing: "causes".into(),
        class: "turnedOff".into(),
        error: Some("this agent does not look for causes".into()),
        hint: Some("start it without --causes=false (the chart's value causes.enabled)".into()),
        ..NotSeen::default()
    }
}
