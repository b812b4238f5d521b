//! How often a follower looks, and how long it waits.

use std::time::Duration;

/// How often a follower looks, and how long it waits. Tests have a shorter one.
#[derive(Debug, Clone, Copy)]
pub struct FollowPace {
    /// How long further changes are awaited after the first, so that one report has all of them.
    pub coalesce: Duration,
    /// The longest silence: a report comes at least this often.
    pub heartbeat: Duration,
    /// How long the first report waits for the first lists.
    pub patience: Duration,
    /// How often verdicts are judged again that time alone can change.
    pub tick: Duration,
    /// The least time between two searches for causes.
    pub search_pause: Duration,
    /// The most time between two searches for causes while an object is not settled.
    pub search_again: Duration,
    /// How long a first search waits for the watches of pods, which report the present pods as they begin.
    pub search_delay: Duration,
    /// How often the objects that are waited for are read again, in case their watch died silently.
    pub recheck: Duration,
    /// How long a watch may take to report a change that was read already. If it does not, it is dead.
    pub late_event: Duration,
    /// The pause between two lists of a kind that may be listed and not watched.
    pub poll: Duration,
    /// How often related objects are read.
    pub related: Duration,
    /// How often namespaces are looked up that may be in deletion.
    pub deletions: Duration,
    /// How often the API server is checked.
    pub api_server: Duration,
}

impl FollowPace {
    /// The usual pace.
    pub const DEFAULT: Self = Self {
        coalesce: Duration::from_millis(50),
        heartbeat: Duration::from_secs(30),
        patience: Duration::from_secs(10),
        tick: Duration::from_secs(1),
        search_pause: Duration::from_secs(2),
        search_again: Duration::from_secs(30),
        search_delay: Duration::from_millis(150),
        recheck: Duration::from_secs(30),
        late_event: Duration::from_secs(2),
        poll: Duration::from_secs(5),
        related: Duration::from_secs(10),
        deletions: Duration::from_secs(30),
        api_server: Duration::from_secs(15),
    };
}

impl Default for FollowPace {
    fn default() -> Self {
        Self::DEFAULT
    }
}
