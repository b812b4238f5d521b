//! The change after which a problem began.
//!
//! Nothing proves that a change caused a problem. A change is named if the problem began after it, and within
//! [`SHORTLY_SECONDS`]; a rollout that never came to its end counts however long ago it began. Of several the last one counts.

mod candidate;
mod change_cause;

pub use candidate::{
    are_together, came_back_at, creation_change, revision_change, revision_name, spec_writes, undo_command,
};

use super::{Check, Evidence, is_open};
use crate::report::{Cause, Item, State};
use crate::resource::Time;
use candidate::Candidate;

/// A problem that began this many seconds after a change may be due to it.
const SHORTLY_SECONDS: i64 = 30 * 60;
/// A change may be dated this many seconds after the beginning of its problem: one clock tick, and the time from a write to the
/// revision that a controller makes of it.
const SLACK_SECONDS: i64 = 5;

/// Adds the change after which the item's problem began, if one is known.
pub(super) fn add<T: Check>(item: &mut Item, object: &T, evidence: &Evidence<'_>) {
    if !is_open(item)
        || item.state == State::Progressing && item.healthy == Some(true) && item.causes.is_empty()
    {
        return;
    }
    let meta = object.meta();
    let history = evidence
        .revisions
        .and_then(|revisions| revisions.revision_history(meta));
    let revision = history
        .as_ref()
        .and_then(|history| candidate::revision(item, meta, history));
    // What happened in the second of the creation came after it.
    let mut candidates = Vec::new();
    candidates.extend(candidate::creation(meta).filter(|_| item.is_workload()));
    candidates.extend(candidate::writes(
        meta,
        revision.as_ref().map(|candidate| candidate.at),
    ));
    candidates.extend(
        history
            .as_ref()
            .and_then(|history| candidate::scaling(meta, history)),
    );
    candidates.extend(candidate::others(item, evidence, history.as_ref()));
    candidates.extend(revision);
    item.change = last_before(candidates, beginning(item)).map(Box::new);
}

/// When the problem began: with the first of the causes that pods of the newest revision show, else with the first of all.
fn beginning(item: &Item) -> Option<Time> {
    let since = |cause: &Cause| Time::parse(cause.since.as_deref()?).ok();
    let of_newest = item
        .roots()
        .filter(|cause| cause.newest.is_some_and(|count| count > 0));
    let first = of_newest.filter_map(since).min();
    let first = first.or_else(|| item.roots().filter_map(since).min());
    first.or_else(|| Time::parse(item.since.as_deref()?).ok())
}

/// The last change before the beginning. Of several at the same time the last in the list counts.
fn last_before(candidates: Vec<Candidate>, began: Option<Time>) -> Option<crate::report::ObjectChange> {
    let age = |candidate: &Candidate| began.map(|began| began.seconds_after(candidate.at));
    let is_before = |candidate: &Candidate| match age(candidate) {
        Some(seconds) => seconds >= -SLACK_SECONDS && (seconds <= SHORTLY_SECONDS || candidate.is_under_way),
        None => candidate.is_under_way,
    };
    let last = candidates
        .into_iter()
        .filter(is_before)
        .max_by_key(|candidate| candidate.at)?;
    let seconds_before = age(&last).map(|seconds| seconds.max(0));
    Some(crate::report::ObjectChange {
        seconds_before,
        ..last.change
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ChangeKind;

    #[test]
    fn a_change_after_the_problem_began_is_not_before_it() {
        let began = Time::from_seconds(10_000);
        let named = |at: i64| {
            let candidate = Candidate::new(Time::from_seconds(at), ChangeKind::Scale);
            last_before(vec![candidate], Some(began)).map(|change| change.seconds_before)
        };
        assert_eq!(named(9_960), Some(Some(40)));
        assert_eq!(named(10_005), Some(Some(0)), "a clock tick later is at once");
        assert_eq!(named(10_006), None);
        assert_eq!(named(13_600), None);
    }

    #[test]
    fn two_times_belong_together_in_either_order() {
        let together = |a, b| are_together(Time::from_seconds(a), Time::from_seconds(b));
        assert!(together(0, 60) && together(60, 0));
        assert!(!together(0, 61) && !together(61, 0));
    }
}
