//! The moment for which an answer is made, and how old what is known is then.

use sre_shared::resource::Time;
use std::time::Duration;
use tokio::time::Instant;

/// A sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Heard {
    pub instant: Instant,
    pub time: Time,
}

/// The moment for which an answer is made.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The time by the API server's clock.
    pub now: Time,
    /// The same moment by this process's.
    pub instant: Instant,
    /// When the API server last failed to answer, where it failed to more than once in a row.
    pub silent: Option<Instant>,
    /// From what age on data is called stale.
    pub stale: Duration,
    /// From what age on it is called unknown.
    pub stale_after: Duration,
}

impl Moment {
    pub(super) fn age(&self, heard: Heard) -> Duration {
        self.instant.saturating_duration_since(heard.instant)
    }

    pub(super) fn is_stale(&self, heard: Heard) -> bool {
        // A sign of life that is newer than the last failed check outweighs it.
        self.age(heard) >= self.stale || self.silent.is_some_and(|silent| silent >= heard.instant)
    }

    pub(super) fn is_too_old(&self, heard: Heard) -> bool {
        self.age(heard) >= self.stale_after
    }
}
