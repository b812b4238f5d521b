//! Owns the tasks that bring events of the API server into the caches, and what they log.
//! Must not know how anything is answered.

use crate::cache::{Cache, Objects};
use crate::history::failures::Trouble;
use crate::history::log::Change;
use crate::rights;
use crate::state::AgentState;
use sre_shared::check::Check;
use sre_shared::cluster::{self, Client, Event, ListOptions, Watch};
use sre_shared::failure::{Class, Failure};
use sre_shared::resource::Time;
use sre_shared::run::{Kind, PAGE_SIZE};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// After so many failed attempts in a row the configuration is read again: certificates are rotated and addresses
/// moved on disk. A credential that is refused is read again at once: nothing but another one will do.
const REBUILD_AFTER: u32 = 6;
/// No single step of a watch takes so long: it has deadlines of its own. One that does is begun anew.
const WEDGED: Duration = Duration::from_mins(5);
/// How long to wait before asking again for a kind that the API server does not serve.
const UNSERVED_PAUSE: Duration = Duration::from_secs(30);

/// One watch that feeds a cache.
pub struct Watcher<T> {
    kind: Kind,
    cache: Arc<Cache<T>>,
    /// Its number among the watches of the cache.
    source: u16,
    /// Its name in the log.
    who: String,
    options: ListOptions,
    state: Arc<AgentState>,
}

impl<T: Check> Watcher<T> {
    /// The watch of that number, in a namespace or in all.
    pub fn new(cache: Arc<Cache<T>>, source: u16, namespace: Option<String>, state: Arc<AgentState>) -> Self {
        let kind = cache.kind();
        let who = match &namespace {
            Some(namespace) => format!("{} in namespace {namespace}", kind.plural()),
            None => kind.plural().to_owned(),
        };
        Self {
            kind,
            cache,
            source,
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
        let keep = self.cache.keep(self.state.clock);
        let mut watch = Watch::<T>::new(&client, self.options.clone()).keeping(Arc::clone(&keep));
        let mut since = Instant::now();
        let mut listed_before = false;
        loop {
            match tokio::time::timeout(WEDGED, watch.next()).await {
                Ok(Ok(event)) => {
                    self.state.outages.recovered(&self.who);
                    if let Event::Listed(items) = &event {
                        self.log_list(items.len(), since, listed_before);
                        listed_before = true;
                    }
                    self.take(event, client.server_time().unwrap_or_else(self.state.clock));
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
                    self.cache.failed(self.source, failure, failures);
                    let (newest, newer) = self.state.client.numbered();
                    if newest != generation {
                        (generation, client) = (newest, newer);
                        watch.use_client(&client);
                    }
                }
                Err(_) => {
                    tracing::warn!(watch = self.who, "made no progress and is begun anew");
                    (generation, client) = self.state.client.numbered();
                    watch = Watch::new(&client, self.options.clone()).keeping(Arc::clone(&keep));
                }
            }
        }
    }

    /// Whether the list failed because no custom resource definition serves the kind: then there is no object, and nothing to
    /// be told of but that.
    async fn is_unserved(&self, client: &Client, failure: &Failure) -> bool {
        if T::BUILT_IN || failure.class != Class::NotFound || !cluster::is_not_served::<T>(client).await {
            return false;
        }
        tracing::debug!(watch = self.who, "the API server does not serve it");
        let now = client.server_time().unwrap_or_else(self.state.clock);
        self.tell(&self.cache.unserved(self.source, now));
        self.state.outages.recovered(&self.who);
        true
    }

    fn take(&self, event: Event<T>, now: Time) {
        match event {
            Event::Listed(items) => {
                self.tell(&self.cache.listed(self.source, items, now));
            }
            Event::Applied(object) => {
                if let Err(undecodable) = &object {
                    tracing::debug!(
                        namespace = undecodable.namespace,
                        name = undecodable.name,
                        error = undecodable.error,
                        "does not decode"
                    );
                }
                self.tell(self.cache.applied(self.source, object, now).as_slice());
            }
            Event::Deleted { namespace, name } => self.cache.deleted(self.source, &namespace, &name, now),
            Event::Bookmark => self.cache.bookmark(self.source, now),
        }
    }

    fn tell(&self, changes: &[Change]) {
        for change in changes {
            self.state.changes.tell(change);
        }
    }

    fn log_failure(&self, failure: &Failure) {
        let missing = rights::of_kind(self.kind, failure);
        let mut trouble = Trouble::from(failure);
        if let Some(missing) = &missing {
            trouble.missing = Some(&missing.rule);
            trouble.next = &missing.hint;
        }
        self.state.outages.failed(&self.who, &trouble);
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
            Err(failure) => self.state.outages.failed(
                "configuration",
                &Trouble {
                    own: true,
                    ..Trouble::from(&failure)
                },
            ),
        }
    }
}

/// Whether the credential, or after a while the address, may be what is wrong.
fn rebuilding_may_help(failure: &Failure, failures: u32) -> bool {
    match failure.class {
        Class::Unauthenticated => true,
        class => class.is_unreached() && failures.is_multiple_of(REBUILD_AFTER),
    }
}
