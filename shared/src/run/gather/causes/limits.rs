//! How much a search may cost, and the words for what was too much.

use crate::cluster::Client;
use crate::failure::{Class, Failure};
use std::time::Duration;
use tokio::time::Instant;

/// Requests of one search, all together.
pub const REQUESTS: usize = 15;
/// Of these for the last lines of containers.
pub const LOGS: usize = 3;
/// Of these for events and nodes, which are asked for once the pods are known.
pub const LATER: usize = 5;
/// Workloads in more namespaces than this are asked for across all of them.
pub const NAMESPACES: usize = 3;
/// Bytes of one answer, unpacked.
pub const BYTES: usize = 16 << 20;
/// The longest that a search takes, whatever is left of the run.
const TIME: Duration = Duration::from_secs(10);

/// The class of what was left out because it was too much.
pub const TOO_MANY: &str = "tooMany";
/// The hint for what was left out because it was too much.
pub const NARROW: &str = "narrow with -n, -l or a TARGET";

/// When a search ends: half of what is left of the run is kept for reporting what was found.
pub fn search_deadline(client: &Client) -> Instant {
    let now = Instant::now();
    let share = client
        .run_deadline()
        .map(|end| end.saturating_duration_since(now) / 2);
    now + share.map_or(TIME, |share| share.min(TIME))
}

/// The failure of what did not come by the deadline.
pub fn deadline_failure() -> Failure {
    Failure::new(Class::Timeout, "not finished in the time that causes may take")
        .with_hint("ask again, with a longer --timeout; or leave causes out with --cause none")
}
