//! Whether a watch sees what happens.

use super::EventTime;

/// The status of one watch that feeds a cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchStatus {
    /// Its namespace; `None` for all.
    pub namespace: Option<String>,
    /// Its last event, a bookmark included; `None` before the first list.
    pub last_event: Option<EventTime>,
    /// Whether it has failed since its last event.
    pub failing: bool,
    /// The number of lists that it made.
    pub lists: u64,
}
