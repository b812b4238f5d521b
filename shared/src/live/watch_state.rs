//! What is known of one watch that feeds a cache.

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
    /// Its last failure, and how many there were since its last event.
    pub failure: Option<(Failure, u32)>,
    /// Whether the API server last answered that it serves no such kind.
    pub unserved: bool,
    /// Its objects, as they were last judged.
    pub tally: Tally,
    /// How many lists it took.
    pub lists: u64,
    /// How many times it failed, by class.
    pub errors: BTreeMap<&'static str, u64>,
}

impl WatchState {
    /// A watch of one namespace.
    pub(super) fn namespaced(namespace: &str) -> Self {
        Self {
            namespace: Some(namespace.to_owned()),
            ..Self::default()
        }
    }

    /// Notes an event; true for the first one.
    pub(super) fn note_event(&mut self, at: EventTime) -> bool {
        self.failure = None;
        self.unserved = false;
        self.last_event.replace(at).is_none()
    }

    /// Notes a failure; `failures` counts those in a row.
    pub(super) fn note_failure(&mut self, failure: Failure, failures: u32) {
        *self.errors.entry(failure.class.as_str()).or_default() += 1;
        self.failure = Some((failure, failures));
    }

    /// What it does not see.
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
            // A refusal is no outage but a decision: nothing more will be seen. One alone may be a start-up.
            (Some(_), Some((failure, 2..))) if failure.class == Class::Forbidden => Some(Gap::NotListed {
                namespace,
                failure: failure.clone(),
            }),
            (Some(_), _) => None,
        }
    }
}
