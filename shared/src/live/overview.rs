//! What can be said of many objects at once.

use super::{AnswerTime, Gap, Selection};
use crate::kind::Kind;
use crate::report::{NotSeen, Outcome, Status, Summary};
use crate::resource::Time;
use std::collections::BTreeMap;

/// What can be said of a selection as a whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Overview {
    /// The overall answer.
    pub status: Status,
    /// The same in the three words that exit codes are made of.
    pub verdict: Outcome,
    /// How many objects are in each state.
    pub summary: Summary,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
    /// When the oldest part of it was true; `None` if nothing was ever read.
    pub observed: Option<Time>,
    /// Seconds since then.
    pub age_seconds: u64,
    /// Whether it may no longer be true.
    pub stale: bool,
    /// False if the API server does not serve the kind.
    pub served: Option<bool>,
}

/// What can be said of a kind without looking at its objects: the cost does not depend on the size of the cluster.
#[derive(Debug, PartialEq, Eq)]
pub struct Totals {
    /// The overview of all objects, each as it was last judged: when it changed, or in the last review.
    pub overview: Overview,
    /// Its summary without the objects that are acknowledged.
    pub unacknowledged: Summary,
    /// Whether every watch has listed at least once.
    pub synced: bool,
    /// Lists after the first one of each watch.
    pub relists: u64,
    /// Failures of lists and watches, by class.
    pub errors: BTreeMap<&'static str, u64>,
}

impl Overview {
    /// The overview of nothing yet.
    pub(super) fn begin(time: &AnswerTime) -> Self {
        Self {
            status: Status::Ok,
            verdict: Outcome::default(),
            summary: Summary::default(),
            gaps: Vec::new(),
            observed: None,
            age_seconds: 0,
            stale: time.silent.is_some(),
            served: None,
        }
    }

    /// Adds something else that was not seen, which makes it unknown.
    pub fn add_gap(&mut self, entry: NotSeen) {
        self.gaps.push(Gap::Described(entry));
        self.status = self.status.worst(Status::Unknown);
        self.verdict.unknown = true;
    }

    /// The overview of all that was added; `fresh` counts the objects that are not too old.
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

/// The kinds if all of their objects could be seen and the selector matches none of them. `None` otherwise, or if there is
/// no selector.
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
