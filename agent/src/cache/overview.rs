//! What can be said of many objects at once.

use super::Moment;
use sre_shared::report::{NotSeen, Outcome, Status, Summary};
use sre_shared::resource::Time;
use std::collections::BTreeMap;

/// What can be said of a selection as a whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Overview {
    /// The overall answer.
    pub status: Status,
    /// The three words that `?fail=` knows.
    pub verdict: Outcome,
    /// How many objects are in each state.
    pub summary: Summary,
    /// What could not be seen.
    pub not_seen: Vec<NotSeen>,
    /// When the oldest part of it was true; `None` where nothing was ever read.
    pub observed: Option<Time>,
    /// Seconds since then.
    pub age_seconds: u64,
    /// Whether it may no longer be true.
    pub stale: bool,
    /// False where the API server does not serve the kind.
    pub served: Option<bool>,
}

/// What metrics say of a kind. It is kept at hand: however large the cluster is, asking for it walks no objects.
#[derive(Debug, PartialEq, Eq)]
pub struct Pulse {
    /// What can be said of all objects, each as it was last judged: when it changed, or in the last review.
    pub overview: Overview,
    /// Its summary without what is acknowledged.
    pub news: Summary,
    /// Whether every watch has listed at least once.
    pub synced: bool,
    /// Lists after the first one of each watch.
    pub relists: u64,
    /// Failures of lists and watches, by class.
    pub errors: BTreeMap<&'static str, u64>,
}

impl Overview {
    /// Of nothing yet.
    pub(super) fn begin(moment: &Moment) -> Self {
        Self {
            status: Status::Ok,
            verdict: Outcome::default(),
            summary: Summary::default(),
            not_seen: Vec::new(),
            observed: None,
            age_seconds: 0,
            stale: moment.silent.is_some(),
            served: None,
        }
    }

    /// The same where something more was not seen.
    pub fn unseen(&mut self, entry: Option<NotSeen>) {
        if entry.is_some() {
            self.not_seen.extend(entry);
            self.status = self.status.worst(Status::Unknown);
            self.verdict.unknown = true;
        }
    }

    /// Of all that was added; `fresh` counts the objects that are not too old.
    pub(super) fn end(mut self, fresh: &Summary) -> Self {
        if !self.not_seen.is_empty() {
            self.status = self.status.worst(Status::Unknown);
        }
        self.verdict = Outcome {
            unknown: self.status == Status::Unknown || !self.not_seen.is_empty(),
            ..Outcome::default()
        }
        .with(fresh);
        self
    }
}
