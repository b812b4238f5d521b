//! What the tasks of a follower share: the caches, and everything else that a report is made of.

use super::pace::FollowPace;
use crate::check::NamespaceDeletions;
use crate::cluster::Client;
use crate::failure::{Class, Failure};
use crate::judge::SearchTarget;
use crate::live::{AnswerTime, EventTime, Gap, KindObjects, LiveObjects, Selection};
use crate::report::{ApiServerCheck, NotSeen};
use crate::resource::Time;
use crate::run::clock::Clock;
use crate::run::request::Request;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// From what age on data is called stale. The API server sends a bookmark about once a minute.
const STALE: Duration = Duration::from_secs(90);
/// From what age on data is called unknown.
const STALE_AFTER: Duration = Duration::from_mins(3);

/// What the tasks of a follower share.
pub(super) struct FollowState {
    pub client: Client,
    pub request: Request,
    pub clock: Clock,
    pub pace: FollowPace,
    /// The caches of the kinds of the registry, in the order of the request.
    pub kinds: Vec<Arc<dyn KindObjects>>,
    /// Something changed that a report shows.
    pub changed: Notify,
    /// An object changed.
    pub objects_changed: Notify,
    /// A pod of an object that is not settled changed.
    pub pods_changed: Notify,
    status: Mutex<FollowStatus>,
}

/// The part of the state that changes and is in no cache.
#[derive(Default)]
pub(super) struct FollowStatus {
    /// One entry a watch.
    pub watches: Vec<WatchHealth>,
    /// The kinds of custom resources, in the order of the request.
    pub custom: Vec<CustomKind>,
    pub api_server: Option<ApiServerCheck>,
    pub deletions: NamespaceDeletions,
    /// The entry for the requested namespace, if it does not exist.
    pub namespace_not_seen: Option<NotSeen>,
    pub causes_not_seen: Vec<NotSeen>,
    /// The objects that the last search for causes was about, each with its generation.
    pub explained: BTreeSet<(String, Option<i64>)>,
    /// Remarks for the person who waits that were not read yet.
    pub warnings: Vec<String>,
    /// Every remark so far. None is made twice.
    known_warnings: Vec<String>,
}

/// Whether a watch of the requested objects works.
#[derive(Debug, Clone, Default)]
pub(super) struct WatchHealth {
    /// Whether it ever received anything.
    pub heard: bool,
    /// Its last failure and the number of failures since it last received something.
    pub failure: Option<(Failure, u32)>,
}

/// A kind of custom resources.
pub(super) enum CustomKind {
    /// Discovery has not answered yet.
    Pending,
    /// Discovery failed.
    Failed(Failure),
    /// Its objects.
    Found(Arc<dyn LiveObjects>),
}

impl FollowState {
    pub fn new(
        client: Client,
        request: &Request,
        clock: Clock,
        pace: FollowPace,
        kinds: Vec<Arc<dyn KindObjects>>,
        watches: usize,
    ) -> Self {
        let status = FollowStatus {
            watches: vec![WatchHealth::default(); watches],
            custom: request.custom.iter().map(|_| CustomKind::Pending).collect(),
            ..FollowStatus::default()
        };
        Self {
            client,
            request: request.clone(),
            clock,
            pace,
            kinds,
            changed: Notify::new(),
            objects_changed: Notify::new(),
            pods_changed: Notify::new(),
            status: Mutex::new(status),
        }
    }

    pub fn status(&self) -> MutexGuard<'_, FollowStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The API server's time, or this machine's before the first answer.
    pub fn time(&self) -> Time {
        self.client.server_time().unwrap_or_else(self.clock)
    }

    pub fn event_time(&self) -> EventTime {
        EventTime {
            instant: Instant::now().into_std(),
            time: self.time(),
        }
    }

    pub fn answer_time(&self) -> AnswerTime {
        AnswerTime {
            now: self.time(),
            instant: Instant::now().into_std(),
            silent: None,
            stale: STALE,
            stale_after: STALE_AFTER,
        }
    }

    /// Adds a watch. Returns its number.
    pub fn add_watch(&self) -> usize {
        let mut status = self.status();
        status.watches.push(WatchHealth::default());
        status.watches.len().saturating_sub(1)
    }

    /// Notes that a watch received something.
    pub fn note_heard(&self, watch: usize) {
        if let Some(health) = self.status().watches.get_mut(watch) {
            *health = WatchHealth {
                heard: true,
                failure: None,
            };
        }
        self.changed.notify_one();
        self.objects_changed.notify_one();
    }

    /// Notes that a watch failed. `failures` counts its failures in a row.
    pub fn note_failed(&self, watch: usize, failure: &Failure, failures: u32) {
        if let Some(health) = self.status().watches.get_mut(watch) {
            health.failure = Some((failure.clone(), failures));
        }
        self.changed.notify_one();
    }

    /// Adds a remark for the person who waits, once.
    pub fn warn(&self, warning: String) {
        let mut status = self.status();
        if !status.known_warnings.contains(&warning) {
            status.known_warnings.push(warning.clone());
            status.warnings.push(warning);
        }
        drop(status);
        self.changed.notify_one();
    }

    /// Why nothing can be read at present: every watch fails for a reason that passes by itself or lies on the way to the
    /// API server. `None` if anything can be read. A watch that worked may break once, since the API server ends each.
    pub fn away(&self) -> Option<Failure> {
        let status = self.status();
        let mut first = None;
        for health in &status.watches {
            let (failure, failures) = health.failure.as_ref()?;
            if !is_outage(failure.class) || (health.heard && *failures < 2) {
                return None;
            }
            first = first.or_else(|| Some(failure.clone()));
        }
        for custom in &status.custom {
            match custom {
                // Its watches are among the others.
                CustomKind::Found(_) => {}
                CustomKind::Failed(failure) if is_outage(failure.class) => {
                    first = first.or_else(|| Some(failure.clone()));
                }
                CustomKind::Failed(_) | CustomKind::Pending => return None,
            }
        }
        first
    }

    /// Whether every part that verdicts need was looked at once.
    pub fn is_complete(&self) -> bool {
        let related = self
            .kinds
            .iter()
            .filter(|kind| !kind.kind().related_kinds().is_empty());
        let pending = Gap::RelatedPending;
        let time = self.answer_time();
        let mut overviews = related.map(|kind| kind.judged(&Selection::default(), &time).0);
        self.is_tried() && overviews.all(|overview| !overview.gaps.contains(&pending))
    }

    /// Whether every watch has received something or failed, and the API server was checked.
    pub fn is_tried(&self) -> bool {
        let status = self.status();
        let mut watches = status.watches.iter();
        let mut custom = status.custom.iter();
        (!self.request.api_server || status.api_server.is_some())
            && watches.all(|health| health.heard || health.failure.is_some())
            && custom.all(|kind| !matches!(kind, CustomKind::Pending))
    }

    /// The objects of every type that could be found.
    pub fn objects(&self) -> Vec<Arc<dyn LiveObjects>> {
        let kinds = self
            .kinds
            .iter()
            .map(|kind| Arc::clone(kind) as Arc<dyn LiveObjects>);
        let status = self.status();
        let custom = status.custom.iter().filter_map(|kind| match kind {
            CustomKind::Found(objects) => Some(Arc::clone(objects)),
            CustomKind::Pending | CustomKind::Failed(_) => None,
        });
        kinds.chain(custom).collect()
    }

    /// The objects for which a search may find causes.
    pub fn search_targets(&self) -> Vec<SearchTarget> {
        let time = self.answer_time();
        self.kinds
            .iter()
            .flat_map(|kind| kind.search_targets(&time))
            .collect()
    }
}

/// Whether nothing can be read because of such a failure, while it lasts. A refusal is a decision, and an object that does
/// not exist is an answer.
pub(in crate::run) fn is_outage(class: Class) -> bool {
    class.is_unreached()
        || matches!(
            class,
            Class::Timeout
                | Class::ConnectionLost
                | Class::Unauthenticated
                | Class::Overloaded
                | Class::Unhealthy
                | Class::NotAnApiServer
                | Class::Expired
        )
}
