//! The overview of many objects.

use super::{AnswerTime, Gap, Selection};
use crate::kind::Kind;
use crate::report::{NotSeen, Outcome, Status, Summary};
use crate::resource::Time;
use std::collections::BTreeMap;

/// The overview of the selected objects of a kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Overview {
    /// The worst status of its parts.
    pub status: Status,
    /// The verdict from which exit codes are made.
    pub verdict: Outcome,
    /// The number of objects in each state.
    pub summary: Summary,
    /// The number of objects that are left out because their namespace is being deleted, by namespace.
    pub left_out: BTreeMap<String, u64>,
    /// The reasons why objects could not be seen.
    pub gaps: Vec<Gap>,
    /// The time of its oldest data; `None` if nothing was ever read.
    pub observed: Option<Time>,
    /// Seconds since then.
    pub age_seconds: u64,
    /// Whether its data is stale.
    pub stale: bool,
    /// False if the API server does not serve the kind.
    pub served: Option<bool>,
}

/// The totals of a kind. They are made without a look at its objects, so that the cost does not depend on the size of
/// the cluster.
#[derive(Debug, PartialEq, Eq)]
pub struct Totals {
    /// The overview of all objects, each as it was last judged: when it changed, or in the last review.
    pub overview: Overview,
    /// Its summary without the objects that are acknowledged.
    pub unacknowledged: Summary,
    /// Whether every watch has listed at least once.
    pub synced: bool,
    /// The number of lists after the first one of each watch.
    pub relists: u64,
    /// The number of lists and streams that the API server answered.
    pub answered: u64,
    /// The number of failures of lists and watches, by class.
    pub errors: BTreeMap<&'static str, u64>,
}

impl Overview {
    /// The overview before anything is added.
    pub(super) fn begin(time: &AnswerTime) -> Self {
        Self {
            status: Status::Ok,
            verdict: Outcome::default(),
            summary: Summary::default(),
            left_out: BTreeMap::new(),
            gaps: Vec::new(),
            observed: None,
            age_seconds: 0,
            stale: time.silent.is_some(),
            served: None,
        }
    }

    /// Adds another entry for objects that could not be seen, which makes the overview unknown.
    pub fn add_gap(&mut self, entry: NotSeen) {
        self.gaps.push(Gap::Described(entry));
        self.status = self.status.worst(Status::Unknown);
        self.verdict.unknown = true;
    }

    /// The overview once everything was added. `fresh` counts the objects whose data is not too old.
    pub(super) fn end(mut self, fresh: &Summary) -> Self {
        if !self.gaps.is_empty() {
            self.status = self.status.worst(Status::Unknown);
        }
        self.verdict = Outcome {
            unknown: self.status == Status::Unknown || !self.gaps.is_empty(),
            ..Outcome::default()
        }
        .with(fresh);
        self
    }
}

/// The kinds if all of their objects could be seen and the selector matches none of them. `None` otherwise, or if there
/// is no selector.
pub fn unmatched_kinds<'a>(
    parts: impl Iterator<Item = (Kind, &'a Overview)>,
    selection: &Selection,
) -> Option<Vec<Kind>> {
    let mut kinds = Vec::new();
    for (kind, overview) in parts {
        if overview.summary.total > 0 || !overview.gaps.is_empty() {
            return None;
        }
        kinds.push(kind);
    }
    (!selection.selector.is_empty() && !kinds.is_empty()).then_some(kinds)
}
