//! Owns what tasks and answers share: the caches, the probe of the API server, and how old data may be.
//! Must not know HTTP, nor the tasks that write here.

use crate::apiserver::probe::ApiServerProbe;
use crate::apiserver::record_store::RecordStore;
use crate::authentication::authenticator::Authenticator;
use crate::change_signal::ChangeSignal;
use crate::client::SharedClient;
use crate::history::failures::FailureLog;
use crate::history::log::TransitionLog;
use crate::history::past_notes::PastNotes;
use crate::history::transition_history::TransitionHistory;
use crate::requests::RequestCounts;
use crate::settings::{Pace, PageSettings, Settings, StreamPace};
use sre_shared::check::NamespaceDeletions;
use sre_shared::cluster::ServerTls;
use sre_shared::kind::Kind;
use sre_shared::live::{AnswerTime, EventTime, KindObjects, Overview, Selection, Transition};
use sre_shared::report::{Namespaces, NotSeen, TerminatingNamespace};
use sre_shared::resource::Time;
use sre_shared::run::Clock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The state of the process.
pub struct AgentState {
    /// The client of the API server.
    pub client: Arc<SharedClient>,
    /// The probe of the API server.
    pub probe: Arc<ApiServerProbe>,
    /// Decides whether a token may get a path; `None` if no token is needed.
    pub authenticator: Option<Authenticator>,
    /// The certificate to serve with; `None` for plain HTTP.
    pub tls: Option<Arc<ServerTls>>,
    /// The record of the probe on the disk, if there is a directory for it.
    pub record_store: Option<Arc<RecordStore>>,
    /// The page for browsers; `None` if it is off.
    pub page: Option<PageSettings>,
    /// One cache for each kind, in the order of the report.
    pub kinds: Vec<Arc<dyn KindObjects>>,
    /// The namespaces that are watched.
    pub namespaces: Namespaces,
    /// The log of outages and missing rights.
    pub failures: Arc<FailureLog>,
    /// The log of objects that fail or recover.
    pub transitions: TransitionLog,
    /// The transitions that were seen, and when nothing was.
    pub history: Arc<TransitionHistory>,
    /// This machine's clock.
    pub clock: Clock,
    /// Name of the pod this runs in.
    pub pod: Option<String>,
    /// The requests that were answered.
    pub requests: RequestCounts,
    /// Streams of changes that are open.
    pub streams: AtomicUsize,
    /// Wakes those who follow the state.
    pub signal: ChangeSignal,
    /// Whether `/metrics` has an address of its own.
    pub metrics_elsewhere: bool,
    /// When this process started, by its own clock.
    pub started_at: Time,
    causes_not_seen: Mutex<Vec<NotSeen>>,
    deletions: Mutex<NamespaceDeletions>,
    stale_after: Duration,
    pace: Pace,
    started: Instant,
}

impl AgentState {
    /// The state of a process that has read nothing yet; `kinds` are the empty caches.
    pub fn new(
        settings: &Settings,
        client: SharedClient,
        tls: Option<Arc<ServerTls>>,
        kinds: Vec<Arc<dyn KindObjects>>,
        history: Arc<TransitionHistory>,
    ) -> Self {
        let client = Arc::new(client);
        let failures = Arc::new(FailureLog::default());
        let probe = Arc::new(ApiServerProbe::new(
            Arc::clone(&client),
            Arc::clone(&failures),
            settings,
        ));
        let authenticator = settings
            .authenticate
            .then(|| Authenticator::new(Arc::clone(&client), Arc::clone(&failures), settings.review));
        Self {
            client,
            authenticator,
            tls,
            record_store: settings
                .history_directory
                .as_deref()
                .map(|directory| Arc::new(RecordStore::new(directory, Arc::clone(&probe)))),
            probe,
            page: settings.page.clone(),
            kinds,
            namespaces: settings.watched_namespaces(),
            failures,
            transitions: TransitionLog::default(),
            history,
            clock: settings.clock,
            pod: settings.pod.clone(),
            requests: RequestCounts::default(),
            streams: AtomicUsize::new(0),
            signal: ChangeSignal::default(),
            metrics_elsewhere: settings.metrics_address.is_some(),
            started_at: (settings.clock)(),
            causes_not_seen: Mutex::new(if settings.causes {
                Vec::new()
            } else {
                vec![causes_off()]
            }),
            deletions: Mutex::default(),
            stale_after: settings.stale_after,
            pace: settings.pace,
            started: Instant::now(),
        }
    }

    /// Takes transitions into the log and into the history.
    pub fn note_transitions(&self, transitions: &[Transition]) {
        self.transitions.write(transitions);
        self.history.record(transitions);
    }

    /// What the history says of the objects of a kind.
    pub fn past_notes(&self, kind: Kind, time: &AnswerTime) -> PastNotes {
        let known = self.history.lock();
        PastNotes {
            flapping: known.flapping.of_kind(kind.kind(), time.now),
            healthy: known
                .healthy_before
                .of_kind(kind.kind(), known.watched_since(kind, time.now)),
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

    /// The namespaces that are being deleted. Only those are looked up in which an object falls short.
    pub fn deletions(&self) -> NamespaceDeletions {
        self.deletions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Replaces the namespaces that are being deleted.
    pub fn set_deletions(&self, deletions: NamespaceDeletions) {
        *self.deletions.lock().unwrap_or_else(PoisonError::into_inner) = deletions;
    }

    /// The namespaces of an answer that are being deleted, with the number of objects that are left out.
    pub fn terminating_namespaces(
        &self,
        selection: &Selection,
        parts: &[(Kind, &Overview)],
    ) -> Vec<TerminatingNamespace> {
        let deletions = self.deletions();
        let namespaces = deletions.iter().map(|(name, since)| {
            let left_out = parts.iter().filter_map(|(kind, overview)| {
                let count = overview.left_out.get(name)?;
                Some((kind.plural().to_owned(), *count))
            });
            TerminatingNamespace {
                namespace: name.to_owned(),
                since: since.map(|since| since.to_string()),
                left_out: left_out.collect(),
            }
        });
        let is_asked = |one: &TerminatingNamespace| {
            !one.left_out.is_empty() || selection.namespace.as_ref() == Some(&one.namespace)
        };
        namespaces.filter(is_asked).collect()
    }

    /// Notes that this process is about to end.
    pub fn stop(&self) {
        self.signal.stop();
    }

    /// Whether this process is about to end.
    pub fn is_stopping(&self) -> bool {
        self.signal.is_stopping()
    }

    /// How streams of changes behave.
    pub fn stream_pace(&self) -> StreamPace {
        self.pace.streams
    }

    /// Whether anybody follows changes.
    pub fn is_followed(&self) -> bool {
        self.streams.load(Ordering::Relaxed) > 0
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
