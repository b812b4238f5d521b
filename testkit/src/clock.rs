//! Owns the fixed time that tests use as now, and times counted from it.
//! Must not know the system clock, so that a test gives the same bytes on every day.

use jiff::{SignedDuration, Timestamp};

/// The time from which builders count, unless they are given another [`Clock`].
pub const NOW: &str = "2026-03-02T12:00:00Z";

/// Seconds in a day, the default age of every built object.
pub(crate) const DAY: i64 = 86_400;

/// A clock that stands still. Times are read from it at an offset. A test of a process that reads the real time makes
/// one from a timestamp of its own and gives it to the builders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    now: Timestamp,
}

impl Clock {
    /// The clock that stands at [`NOW`].
    pub fn fixed() -> Self {
        Self::standing_at(NOW)
    }

    /// A clock that stands at the given RFC 3339 time.
    ///
    /// # Panics
    /// If the text is not an RFC 3339 time.
    pub fn standing_at(time: &str) -> Self {
        Self {
            now: time.parse().expect("a clock is given an RFC 3339 time"),
        }
    }

    /// The time at which this clock stands.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The time `seconds` after now; a negative number is before it.
    ///
    /// # Panics
    /// If a timestamp cannot hold that time.
    pub fn timestamp(&self, seconds: i64) -> Timestamp {
        self.now
            .checked_add(SignedDuration::from_secs(seconds))
            .expect("a test's offset stays within representable time")
    }

    /// [`Clock::timestamp`] as RFC 3339 text, as objects have it.
    pub fn at(&self, seconds: i64) -> String {
        self.timestamp(seconds).to_string()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::fixed()
    }
}

impl From<Timestamp> for Clock {
    fn from(now: Timestamp) -> Self {
        Self { now }
    }
}

/// The time `seconds` after [`NOW`] as RFC 3339 text; a negative number is before it.
pub fn at(seconds: i64) -> String {
    Clock::fixed().at(seconds)
}

/// [`NOW`] as a timestamp, to be given to the code under test.
pub fn now() -> Timestamp {
    Clock::fixed().now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_in_seconds_gives_an_rfc_3339_time_without_fraction() {
        assert_eq!(at(0), "2026-03-02T12:00:00Z");
        assert_eq!(at(-600), "2026-03-02T11:50:00Z");
        assert_eq!(at(-DAY), "2026-03-01T12:00:00Z");
        assert_eq!(
            Clock::standing_at("2024-02-28T23:59:59Z").at(1),
            "2024-02-29T00:00:00Z"
        );
    }
}
