//! The task that brings the events of one watch into its cache. If a kind may be listed and not watched, it is listed again
//! and again.

use super::state::FollowState;
use crate::check::Check;
use crate::cluster::{self, ItemMap, ListOptions, Watch, WatchEvent, list_mapped};
use crate::failure::{Class, Failure};
use crate::judge::Kept;
use crate::kind::RbacRule;
use crate::live::{Cache, LiveObjects as _};
use crate::resource::Decoded;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// A watch whose next step takes this long is started again. Each step has shorter deadlines of its own.
const STUCK_AFTER: Duration = Duration::from_mins(5);
/// How long to wait before asking again for a kind that the API server does not serve.
const UNSERVED_PAUSE: Duration = Duration::from_secs(30);
/// A whole cluster is listed so many times less often than a namespace or an object.
const WHOLE_CLUSTER: u32 = 6;
/// After so many lists of a kind that may not be watched, the watch is tried again.
const MOST_POLLS: u32 = 12;

/// One watch that feeds a cache.
pub(super) struct Feed<T> {
    pub cache: Arc<Cache<T>>,
    /// Its number among the watches of the cache.
    pub number: u16,
    /// Its number among all watches.
    pub watch: usize,
    pub options: ListOptions,
    /// The names of the requested objects; empty for all.
    pub names: BTreeSet<String>,
    pub state: Arc<FollowState>,
    /// Starts the watch again from a list.
    pub restart: Notify,
    /// How many lists and events of objects came.
    pub events: AtomicU64,
}

impl<T: Check> Feed<T> {
    pub fn new(
        cache: &Arc<Cache<T>>,
        number: u16,
        watch: usize,
        options: ListOptions,
        names: &[String],
        state: &Arc<FollowState>,
    ) -> Self {
        Self {
            cache: Arc::clone(cache),
            number,
            watch,
            options,
            names: names.iter().cloned().collect(),
            state: Arc::clone(state),
            restart: Notify::new(),
            events: AtomicU64::new(0),
        }
    }

    /// Brings events into the cache. Does not end.
    pub async fn run(self: Arc<Self>) {
        let map = self.item_map();
        let begin = || Watch::mapped(&self.state.client, self.options.clone(), Arc::clone(&map));
        let mut watch = begin();
        let (mut listed, mut polls) = (false, 1);
        loop {
            let step = tokio::select! {
                step = timeout(STUCK_AFTER, watch.next()) => step,
                () = self.restart.notified() => {
                    watch = begin();
                    continue;
                }
            };
            match step {
                Ok(Ok(event)) => {
                    let is_list = matches!(event, WatchEvent::Listed(_));
                    // A list may be allowed where a watch is not.
                    if !is_list {
                        polls = 1;
                    }
                    listed |= is_list;
                    self.take(event);
                }
                Ok(Err(failure)) if self.is_unserved(&failure).await => sleep(UNSERVED_PAUSE).await,
                Ok(Err(failure)) if failure.class == Class::Forbidden && listed => {
                    self.poll(&map, polls).await;
                    polls = polls.saturating_mul(2).min(MOST_POLLS);
                }
                Ok(Err(failure)) => self.note_failure(&failure, watch.failures()),
                Err(_) => watch = begin(),
            }
        }
    }

    fn take(&self, event: WatchEvent<T, Kept<T>>) {
        // A bookmark may only say that the watch was quiet at its beginning.
        if !matches!(event, WatchEvent::Bookmark) {
            self.events.fetch_add(1, Ordering::Relaxed);
        }
        let event = match event {
            WatchEvent::Applied(object) if !self.is_requested(&object) => WatchEvent::Bookmark,
            WatchEvent::Deleted { name, .. } if !self.takes_name(&name) => WatchEvent::Bookmark,
            event => event,
        };
        self.cache.take(self.number, event, self.state.event_time());
        self.state.note_heard(self.watch);
    }

    fn note_failure(&self, failure: &Failure, failures: u32) {
        self.cache.note_failure(self.number, failure.clone(), failures);
        self.state.note_failed(self.watch, failure, failures);
    }

    /// Keeps the requested objects of a list.
    fn item_map(&self) -> ItemMap<T, Kept<T>> {
        let keep = self.cache.keep(self.state.clock);
        if self.names.is_empty() {
            return keep;
        }
        let names = self.names.clone();
        Arc::new(move |item: Decoded<T>| {
            let is_requested = names.contains(name_of(&item));
            if is_requested { keep(item) } else { None }
        })
    }

    fn is_requested(&self, object: &Decoded<T>) -> bool {
        self.takes_name(name_of(object))
    }

    fn takes_name(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.contains(name)
    }

    /// Whether the list failed because no custom resource definition serves the kind, and every kind was asked for. Then the
    /// kind has no objects, and there is no failure to report.
    async fn is_unserved(&self, failure: &Failure) -> bool {
        let may_be = !T::BUILT_IN && self.state.request.all_kinds && failure.class == Class::NotFound;
        if !may_be || !cluster::is_not_served::<T>(&self.state.client).await {
            return false;
        }
        self.cache.note_unserved(self.number, self.state.event_time());
        self.state.note_heard(self.watch);
        true
    }

    /// Lists the kind again and again, since it may not be watched. Returns after so many lists, so that the watch is tried
    /// again: the right may have been given meanwhile, and a server that starts refuses for a moment.
    async fn poll(&self, map: &ItemMap<T, Kept<T>>, lists: u32) {
        for list in 0..lists {
            match list_mapped(&self.state.client, &self.options, map).await {
                Ok(listed) => {
                    self.take(WatchEvent::Listed(listed.items));
                    if list > 0 || lists > 1 {
                        self.warn_about_polling();
                    }
                }
                // The right to list was taken away too. Two refusals in a row are a decision.
                Err(failure) => self.note_failure(&failure, lists.saturating_add(list)),
            }
            sleep(self.poll_pause()).await;
        }
    }

    /// The pause between two lists. A list of a whole cluster costs the API server too much to be made every few seconds.
    fn poll_pause(&self) -> Duration {
        let is_narrow = !self.options.field_selector.is_empty() || self.options.namespace.is_some();
        let pause = self.state.pace.poll;
        if is_narrow {
            pause
        } else {
            pause.saturating_mul(WHOLE_CLUSTER)
        }
    }

    fn warn_about_polling(&self) {
        let resource_type = self.cache.resource_type();
        let rule = RbacRule::on_resource(&resource_type.group, &resource_type.plural, "watch");
        let place = self.options.namespace.as_deref();
        let place = place.map_or(String::new(), |namespace| format!(" in namespace {namespace}"));
        self.state.warn(format!(
            "{} may not be watched{place}, so they are listed every {} s: grant {rule} to see changes at once",
            resource_type.name(),
            self.poll_pause().as_secs(),
        ));
    }
}

/// The name of an object.
fn name_of<T: Check>(object: &Decoded<T>) -> &str {
    match object {
        Ok(object) => &object.meta().name,
        Err(undecodable) => &undecodable.name,
    }
}
