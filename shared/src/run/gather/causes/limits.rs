//! The limits of a search, and the words for a list that was too long.

use crate::cluster::Client;
use crate::failure::{Class, Failure};
use std::time::Duration;
use tokio::time::Instant;

/// The most requests of one search.
pub const REQUESTS: usize = 15;
/// The requests among these for the last lines of containers.
pub const LOGS: usize = 3;
/// The requests among these for events and nodes, which follow once the pods are known.
pub const LATER: usize = 5;
/// The most requests for changes, besides those for causes and for ConfigMaps.
pub const CHANGES: usize = 8;
/// The most namespaces whose ConfigMaps are read if somebody asks for it, and if nobody does.
pub const CONFIG_NAMESPACES: (usize, usize) = (16, 3);
/// If workloads are in more namespaces than this, their pods are listed across all namespaces.
pub const NAMESPACES: usize = 3;
/// Bytes of one answer, unpacked.
pub const BYTES: usize = 16 << 20;
/// The longest that a search takes, even if the run has more time left.
const TIME: Duration = Duration::from_secs(10);

/// The class of a list that was too long.
pub const TOO_MANY: &str = "tooMany";
/// The hint for a list that was too long.
pub const NARROW: &str = "narrow with -n, -l or a TARGET";

/// When a search ends. Half of the time that the run has left is kept for its report.
pub fn search_deadline(client: &Client) -> Instant {
    let now = Instant::now();
    let share = client
        .run_deadline()
        .map(|end| end.saturating_duration_since(now) / 2);
    now + share.map_or(TIME, |share| share.min(TIME))
}

/// The failure of a request that was not answered by the deadline.
pub fn deadline_failure() -> Failure {
    Failure::new(Class::Timeout, "not finished in the time that causes may take")
        .with_hint("ask again, with a longer --timeout; or leave causes out with --cause none")
}
