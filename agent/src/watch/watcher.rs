//! Owns the task that brings the events of one watch into its cache, and what it logs.
//! Must not know how requests are answered.

use crate::history::failures::LoggedFailure;
use crate::not_seen;
use crate::rights;
use crate::state::AgentState;
use sre_shared::check::Check;
use sre_shared::cluster::{self, Client, ListOptions, Watch, WatchEvent};
use sre_shared::failure::{Class, Failure};
use sre_shared::judge::Kept;
use sre_shared::kind::{Kind, RegisteredKind};
use sre_shared::live::{Cache, EventTime, KindObjects as _};
use sre_shared::run::PAGE_SIZE;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// After so many failed attempts in a row the configuration is read again, since certificates and addresses change on
/// disk. If the credential is refused, it is read again at once: only another one can help.
const REBUILD_AFTER: u32 = 6;
/// A watch whose next step takes this long is started again. Each step has shorter deadlines of its own.
const STUCK_AFTER: Duration = Duration::from_mins(5);
/// How long to wait before asking again for a kind that the API server does not serve.
const UNSERVED_PAUSE: Duration = Duration::from_secs(30);

/// One watch that feeds a cache.
pub struct Watcher<T> {
    kind: Kind,
    cache: Arc<Cache<T>>,
    /// Its number among the watches of the cache.
    number: u16,
    /// Its name in the log.
    who: String,
    options: ListOptions,
    state: Arc<AgentState>,
}

impl<T: Check + RegisteredKind> Watcher<T> {
    /// A watch of one namespace, or of all.
    pub fn new(cache: Arc<Cache<T>>, number: u16, namespace: Option<String>, state: Arc<AgentState>) -> Self {
        let kind = cache.kind();
        let who = not_seen::place(kind, namespace.as_deref());
        Self {
            kind,
            cache,
            number,
            who,
            options: ListOptions {
                namespace,
                page_size: PAGE_SIZE,
                ..ListOptions::default()
            },
            state,
        }
    }

    /// Brings events into the cache. Does not end.
    pub async fn run(self) {
        let (mut generation, mut client) = self.state.client.numbered();
        let map = self.cache.keep(self.state.clock);
        let mut watch = Watch::mapped(&client, self.options.clone(), Arc::clone(&map));
        let mut since = Instant::now();
        let mut listed_before = false;
        loop {
            let next = tokio::time::timeout(STUCK_AFTER, watch.next()).await;
            let answered = watch.take_answered();
            if answered > 0 {
                self.cache.note_answered(self.number, answered);
            }
            match next {
                Ok(Ok(event)) => {
                    self.state.failures.recovered(&self.who);
                    if let WatchEvent::Listed(items) = &event {
                        self.log_list(items.len(), since, listed_before);
                        listed_before = true;
                    }
                    self.take(event, self.event_time(&client));
                    since = Instant::now();
                }
                Ok(Err(failure)) if self.is_unserved(&client, &failure).await => {
                    // It may be installed later.
                    tokio::time::sleep(UNSERVED_PAUSE).await;
                }
                Ok(Err(failure)) => {
                    self.log_failure(&failure);
                    let failures = watch.failures();
                    if rebuilding_may_help(&failure, failures) {
                        self.rebuild().await;
                    }
                    self.cache.note_failure(self.number, failure, failures);
                    let (newest, newer) = self.state.client.numbered();
                    if newest != generation {
                        (generation, client) = (newest, newer);
                        watch.use_client(&client);
                    }
                }
                Err(_) => {
                    tracing::warn!(watch = self.who, "made no progress and is started again");
                    (generation, client) = self.state.client.numbered();
                    watch = Watch::mapped(&client, self.options.clone(), Arc::clone(&map));
                }
            }
        }
    }

    /// Whether the list failed because no custom resource definition serves the kind. Then the kind has no objects, and
    /// there is no failure to report.
    async fn is_unserved(&self, client: &Client, failure: &Failure) -> bool {
        if T::BUILT_IN || failure.class != Class::NotFound || !cluster::is_not_served::<T>(client).await {
            return false;
        }
        tracing::debug!(watch = self.who, "the API server does not serve it");
        let transitions = self.cache.note_unserved(self.number, self.event_time(client));
        self.state.note_transitions(&transitions);
        self.state.failures.recovered(&self.who);
        true
    }

    /// The present, by the clock of the API server that this client asks.
    fn event_time(&self, client: &Client) -> EventTime {
        EventTime {
            instant: Instant::now().into_std(),
            time: client.server_time().unwrap_or_else(self.state.clock),
        }
    }

    fn take(&self, event: WatchEvent<T, Kept<T>>, at: EventTime) {
        let is_change = !matches!(event, WatchEvent::Bookmark);
        if let WatchEvent::Applied(Err(undecodable)) = &event {
            tracing::debug!(
                namespace = undecodable.namespace,
                name = undecodable.name,
                error = undecodable.error,
                "does not decode"
            );
        }
        self.state
            .note_transitions(&self.cache.take(self.number, event, at));
        if is_change {
            self.state.signal.note();
        }
    }

    fn log_failure(&self, failure: &Failure) {
        let missing = rights::missing_on_kind(self.kind, failure);
        let rule = missing.as_ref().map(|missing| missing.rule.to_string());
        let mut logged = LoggedFailure::from(failure);
        if let Some(missing) = &missing {
            logged.missing = rule.as_deref();
            logged.next = &missing.hint;
        }
        self.state.failures.failed(&self.who, &logged);
    }

    fn log_list(&self, objects: usize, since: Instant, again: bool) {
        let milliseconds = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        if again {
            tracing::debug!(watch = self.who, objects, "listed again");
        } else {
            tracing::info!(watch = self.who, objects, milliseconds, "listed");
        }
    }

    async fn rebuild(&self) {
        match self.state.client.rebuild().await {
            Ok(()) => tracing::debug!("read the cluster's configuration again"),
            Err(failure) => self.state.failures.failed(
                "configuration",
                &LoggedFailure {
                    own: true,
                    ..LoggedFailure::from(&failure)
                },
            ),
        }
    }
}

/// Whether the failure may be due to the credential, or after a while to the address.
fn rebuilding_may_help(failure: &Failure, failures: u32) -> bool {
    match failure.class {
        Class::Unauthenticated => true,
        class => class.is_unreached() && failures.is_multiple_of(REBUILD_AFTER),
    }
}
