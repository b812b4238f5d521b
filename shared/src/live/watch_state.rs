//! The state of one watch that feeds a cache.

use super::tally::Tally;
use super::{EventTime, Gap};
use crate::failure::{Class, Failure};
use crate::live::AnswerTime;
use std::collections::BTreeMap;

/// One watch that feeds a cache.
#[derive(Debug, Default)]
pub(super) struct WatchState {
    /// Its namespace; `None` for all.
    pub namespace: Option<String>,
    /// Its last event, a bookmark included; `None` before the first list.
    pub last_event: Option<EventTime>,
    /// Its last failure, and the number of failures since its last event.
    pub failure: Option<(Failure, u32)>,
    /// Whether the API server last answered that it serves no such kind.
    pub unserved: bool,
    /// The last verdicts about its objects, counted.
    pub tally: Tally,
    /// The number of lists that it made.
    pub lists: u64,
    /// The number of its lists and streams that the API server answered.
    pub answered: u64,
    /// The number of its failures, by class.
    pub errors: BTreeMap<&'static str, u64>,
}

impl WatchState {
    /// Notes an event. Returns whether it is the first one.
    pub(super) fn note_event(&mut self, at: EventTime) -> bool {
        self.failure = None;
        self.unserved = false;
        self.last_event.replace(at).is_none()
    }

    /// Notes a failure. `failures` counts the failures in a row.
    pub(super) fn note_failure(&mut self, failure: Failure, failures: u32) {
        *self.errors.entry(failure.class.as_str()).or_default() += 1;
        self.failure = Some((failure, failures));
    }

    /// The gap in its view, if there is one.
    pub(super) fn gap(&self, time: &AnswerTime) -> Option<Gap> {
        let namespace = self.namespace.clone();
        let failure = self.failure.as_ref();
        match (self.last_event, failure) {
            (None, Some((failure, _))) => Some(Gap::NotListed {
                namespace,
                failure: failure.clone(),
            }),
            (None, None) => Some(Gap::FirstListPending { namespace }),
            (Some(event), _) if time.is_too_old(event) => Some(Gap::Stale {
                namespace,
                since: event.time,
                failure: failure.map(|(failure, _)| failure.clone()),
            }),
            // A refusal is a decision and no outage: nothing more will be seen. A single refusal may come from a server
            // that is starting.
            (Some(_), Some((failure, 2..))) if failure.class == Class::Forbidden => Some(Gap::NotListed {
                namespace,
                failure: failure.clone(),
            }),
            (Some(_), _) => None,
        }
    }
}
