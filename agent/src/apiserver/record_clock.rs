//! Owns the time of the record: seconds that never go back, though a clock may.
//! Must not know what is recorded.
//!
//! A machine's wall clock can be set, and its monotonic clock stands still while the machine is suspended. So the monotonic clock
//! counts, and time that only the wall clock has seen is added if it is more than a minute. A clock that is set back, or forward by
//! less, changes nothing. After a clock was set forward the record is older than it should be, which makes it less certain and
//! never better.

use std::time::Duration;

/// A wall clock that is ahead of the monotonic one by more has seen time that the process has not.
const UNSEEN: i64 = 60;

/// The time of the record.
#[derive(Debug, Clone)]
pub struct RecordClock {
    /// Added to the seconds of the monotonic clock.
    offset: u64,
    /// The wall clock and the monotonic clock, when they were last read.
    last: (i64, i64),
}

impl RecordClock {
    /// A clock that starts. `wall` is in seconds since 1970.
    pub fn new(wall: i64, monotonic: Duration) -> Self {
        let begin = u64::try_from(wall).unwrap_or(0);
        Self {
            offset: begin.saturating_sub(monotonic.as_secs()),
            last: (wall, seconds(monotonic)),
        }
    }

    /// Lets so many seconds pass at once.
    pub fn skip(&mut self, seconds: u64) {
        self.offset = self.offset.saturating_add(seconds);
    }

    /// The present second.
    pub fn second(&mut self, wall: i64, monotonic: Duration) -> u64 {
        let now = (wall, seconds(monotonic));
        let passed = |now: i64, last: i64| now.saturating_sub(last);
        let unseen = passed(now.0, self.last.0).saturating_sub(passed(now.1, self.last.1));
        if unseen > UNSEEN {
            self.offset = self.offset.saturating_add(unseen.unsigned_abs());
        }
        self.last = now;
        self.offset.saturating_add(monotonic.as_secs())
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back_and_a_suspended_machine_has_not_stood_still() {
        let mut clock = RecordClock::new(1_000_000, Duration::ZERO);
        let mut before = 0;
        // Wall clock, monotonic clock, and the second of the record.
        for (wall, monotonic, second) in [
            (1_000_000, 0, 1_000_000),
            (1_000_010, 10, 1_000_010),
            // Set back by a day, and then it goes on.
            (913_620, 20, 1_000_020),
            (913_630, 30, 1_000_030),
            // Set forward by a minute is within the error of clocks.
            (913_700, 40, 1_000_040),
            // Suspended for an hour.
            (917_310, 50, 1_003_650),
            (917_320, 60, 1_003_660),
            // Nonsense.
            (i64::MIN, 70, 1_003_670),
            (-5, 80, i64::MAX.unsigned_abs() - 14 + 1_003_680),
        ] {
            let seen = clock.second(wall, Duration::from_secs(monotonic));
            assert!(seen >= before, "{wall} {monotonic}");
            assert_eq!(seen, second, "{wall} {monotonic}");
            before = seen;
        }
    }

    #[test]
    fn a_clock_begins_at_the_wall_clock_and_can_skip() {
        let monotonic = Duration::from_secs(7);
        for (wall, skipped, begin) in [
            (1000, 0, 1000),
            (1000, 4000, 5000),
            (-3, 0, 7),
            (1000, u64::MAX, u64::MAX),
        ] {
            let mut clock = RecordClock::new(wall, monotonic);
            clock.skip(skipped);
            assert_eq!(clock.second(wall, monotonic), begin, "{wall} {skipped}");
        }
    }
}
