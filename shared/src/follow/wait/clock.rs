//! The clock of a wait. It stands still while nothing can be read, since an outage is neither progress nor failure.

use crate::resource::Time;

/// Counts the seconds of a wait in which its objects could be seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeenClock {
    begun: Time,
    /// Since when nothing can be read.
    pub away: Option<Time>,
    /// Seconds of earlier outages.
    lost: i64,
}

impl SeenClock {
    pub fn new(begun: Time) -> Self {
        Self {
            begun,
            away: None,
            lost: 0,
        }
    }

    /// The seconds at that time.
    pub fn seconds(&self, now: Time) -> i64 {
        let now = self.away.unwrap_or(now);
        now.seconds_since(self.begun).saturating_sub(self.lost).max(0)
    }

    /// Seconds since the wait began, outages included.
    pub fn elapsed(&self, now: Time) -> i64 {
        now.seconds_since(self.begun)
    }

    /// When the clock shows that many seconds, if nothing stops it. `None` while it stands still.
    pub fn time_of(&self, seconds: i64) -> Option<Time> {
        let sum = self
            .begun
            .seconds
            .saturating_add(self.lost)
            .saturating_add(seconds);
        self.away.is_none().then(|| Time::from_seconds(sum))
    }

    /// The time `seconds` after the beginning, outages included.
    pub fn time_after(&self, seconds: i64) -> Time {
        Time::from_seconds(self.begun.seconds.saturating_add(seconds))
    }

    /// Stops it. Returns whether it ran.
    pub fn stop(&mut self, now: Time) -> bool {
        let ran = self.away.is_none();
        self.away.get_or_insert(now);
        ran
    }

    /// Lets it go on. Returns for how many seconds it stood still; `None` if it did not.
    pub fn go_on(&mut self, now: Time) -> Option<i64> {
        let lost = now.seconds_since(self.away.take()?);
        self.lost = self.lost.saturating_add(lost);
        Some(lost)
    }
}
