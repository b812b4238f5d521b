//! Owns the tasks that bring events of the API server into the caches, and what they log.
//! Must not know how anything is answered.

use crate::Settings;
use crate::app::App;
use crate::cache::{Cache, Objects};
use crate::changes::{Change, Changes};
use crate::connection::Connection;
use crate::outage::{Outages, Trouble};
use crate::rights;
use sre_shared::check::Check;
use sre_shared::cluster::{self, Client, Event, ListOptions, Watch};
use sre_shared::failure::{Class, Failure};
use sre_shared::resource::Time;
use sre_shared::run::{Clock, Kind, KindVisitor, PAGE_SIZE};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// After so many failed attempts in a row the configuration is read again: certificates are rotated and addresses
/// moved on disk. A credential that is refused is read again at once: nothing but another one will do.
const REBUILD_AFTER: u32 = 6;
/// No single step of a watch takes so long: it has deadlines of its own. One that does is begun anew.
const WEDGED: Duration = Duration::from_mins(5);
/// How long to wait before asking again for a kind that the API server does not serve.
const UNSERVED_PAUSE: Duration = Duration::from_secs(30);
/// How often verdicts that time can change are judged for the log.
const REVIEW_EVERY: Duration = Duration::from_secs(10);

/// What every watcher needs.
#[derive(Clone)]
struct Needs {
    connection: Arc<Connection>,
    outages: Arc<Outages>,
    changes: Arc<Changes>,
    clock: Clock,
}

/// Begins to fill a cache.
pub type Feed = Box<dyn FnOnce(&App, &mut JoinSet<()>) + Send>;

/// The empty cache of a kind, and what fills it; `kinds` are all that are watched.
pub fn cache(kind: Kind, kinds: &[Kind], namespaces: &[String]) -> (Arc<dyn Objects>, Feed) {
    kind.visit(Prepare {
        kinds: kinds.to_vec(),
        namespaces: namespaces.to_vec(),
    })
}

struct Prepare {
    kinds: Vec<Kind>,
    namespaces: Vec<String>,
}

impl KindVisitor for Prepare {
    type Output = (Arc<dyn Objects>, Feed);

    fn visit<T: Check>(self, kind: Kind) -> Self::Output {
        // What is in no namespace is watched as a whole.
        let namespaces = if kind.is_namespaced() {
            self.namespaces
        } else {
            Vec::new()
        };
        let cache = Arc::new(Cache::<T>::new(kind, &namespaces).leaving_to(&self.kinds));
        let objects: Arc<dyn Objects> = Arc::clone(&cache) as _;
        let namespaces = if namespaces.is_empty() {
            vec![None]
        } else {
            namespaces.into_iter().map(Some).collect()
        };
        let feed: Feed = Box::new(move |app, tasks| {
            for (source, namespace) in (0..=u16::MAX).zip(namespaces) {
                let who = match &namespace {
                    Some(namespace) => format!("{} in namespace {namespace}", kind.plural()),
                    None => kind.plural().to_owned(),
                };
                let needs = Needs {
                    connection: Arc::clone(&app.connection),
                    outages: Arc::clone(&app.outages),
                    changes: Arc::clone(&app.changes),
                    clock: app.clock,
                };
                let options = ListOptions {
                    namespace,
                    page_size: PAGE_SIZE,
                    ..ListOptions::default()
                };
                tasks.spawn(
                    Watcher {
                        kind,
                        cache: Arc::clone(&cache),
                        source,
                        who,
                        options,
                        needs,
                    }
                    .run(),
                );
            }
        });
        (objects, feed)
    }
}

/// Begins every watch, and the review of what time changes. The tasks end when the set is dropped.
pub fn spawn(app: &Arc<App>, feeds: Vec<Feed>, settings: &Settings) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for feed in feeds {
        feed(app, &mut tasks);
    }
    if settings.stale_after < Duration::from_mins(1) {
        tracing::warn!(
            "--stale-after is shorter than the minute between two signs of life of a quiet cluster"
        );
    }
    tasks.spawn(review(Arc::clone(app)));
    tasks
}

async fn review(app: Arc<App>) {
    loop {
        tokio::time::sleep(REVIEW_EVERY).await;
        let moment = app.moment();
        for objects in &app.kinds {
            objects
                .review(&moment)
                .iter()
                .for_each(|change| app.changes.tell(change));
        }
        app.changes.settle();
    }
}

struct Watcher<T> {
    kind: Kind,
    cache: Arc<Cache<T>>,
    source: u16,
    who: String,
    options: ListOptions,
    needs: Needs,
}

impl<T: Check> Watcher<T> {
    async fn run(self) {
        let (mut generation, mut client) = self.needs.connection.numbered();
        let keep = self.cache.keep(self.needs.clock);
        let mut watch = Watch::<T>::new(&client, self.options.clone()).keeping(Arc::clone(&keep));
        let mut since = Instant::now();
        let mut listed_before = false;
        loop {
            match tokio::time::timeout(WEDGED, watch.next()).await {
                Ok(Ok(event)) => {
                    self.needs.outages.recovered(&self.who);
                    if let Event::Listed(items) = &event {
                        self.log_list(items.len(), since, listed_before);
                        listed_before = true;
                    }
                    self.take(event, client.server_time().unwrap_or_else(self.needs.clock));
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
                    let (newest, newer) = self.needs.connection.numbered();
                    if newest != generation {
                        (generation, client) = (newest, newer);
                        watch.use_client(&client);
                    }
                }
                Err(_) => {
                    tracing::warn!(watch = self.who, "made no progress and is begun anew");
                    (generation, client) = self.needs.connection.numbered();
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
        let now = client.server_time().unwrap_or_else(self.needs.clock);
        self.tell(&self.cache.unserved(self.source, now));
        self.needs.outages.recovered(&self.who);
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
            self.needs.changes.tell(change);
        }
    }

    fn log_failure(&self, failure: &Failure) {
        let missing = rights::of_kind(self.kind, failure);
        let mut trouble = Trouble::from(failure);
        if let Some(missing) = &missing {
            trouble.missing = Some(&missing.rule);
            trouble.next = &missing.hint;
        }
        self.needs.outages.failed(&self.who, &trouble);
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
        match self.needs.connection.rebuild().await {
            Ok(()) => tracing::debug!("read the cluster's configuration again"),
            Err(failure) => self.needs.outages.failed(
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
