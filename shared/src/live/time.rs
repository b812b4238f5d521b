//! The times of events and answers. They are given by the caller.

use crate::resource::Time;
use std::time::{Duration, Instant};

/// When an event of a watch arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventTime {
    /// By the clock of this process, which never jumps.
    pub instant: Instant,
    /// By the API server's clock, which wrote the times in the objects.
    pub time: Time,
}

/// The time for which an answer is made, and from what age on data is called old.
#[derive(Debug, Clone, Copy)]
pub struct AnswerTime {
    /// By the API server's clock.
    pub now: Time,
    /// By the clock of this process.
    pub instant: Instant,
    /// When the API server last failed to answer. `None` unless it failed at least twice in a row.
    pub silent: Option<Instant>,
    /// From what age on data is called stale.
    pub stale: Duration,
    /// From what age on data is called unknown.
    pub stale_after: Duration,
}

impl AnswerTime {
    pub(super) fn age(&self, event: EventTime) -> Duration {
        self.instant.saturating_duration_since(event.instant)
    }

    pub(super) fn is_stale(&self, event: EventTime) -> bool {
        // An event that is newer than the last failed check outweighs it.
        self.age(event) >= self.stale || self.silent.is_some_and(|silent| silent >= event.instant)
    }

    pub(super) fn is_too_old(&self, event: EventTime) -> bool {
        self.age(event) >= self.stale_after
    }
}
