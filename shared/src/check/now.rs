//! The time of a verdict, and how far an age measured against it can be believed.

use crate::resource::Time;

/// The time against which ages are measured.
///
/// In a live cluster it is the clock's. In a dump it is the newest time in the dump, which is only a lower bound of the
/// time of the dump. An age measured against the object's own times would make every shortage look young, so it excuses
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    time: Time,
    /// Ages of times after this one prove nothing.
    witnessed: Time,
}

impl Now {
    /// The present, or a time that the user gave as such.
    #[must_use]
    pub fn known(time: Time) -> Self {
        Self {
            time,
            witnessed: Time::from_seconds(i64::MAX),
        }
    }

    /// A time taken from the data itself: `newest` of all objects, `others` the newest of all objects except the judged
    /// one.
    #[must_use]
    pub fn inferred(newest: Time, others: Option<Time>) -> Self {
        Self {
            time: newest,
            witnessed: others.unwrap_or(Time::from_seconds(i64::MIN)),
        }
    }

    /// Whether it is the present, not only a lower bound of it.
    #[must_use]
    pub fn is_known(self) -> bool {
        self.witnessed > self.time
    }

    /// The time itself.
    #[must_use]
    pub fn time(self) -> Time {
        self.time
    }

    /// Seconds since `then`; 0 if `then` lies in the future.
    #[must_use]
    pub fn age(self, then: Time) -> i64 {
        self.time.seconds_since(then)
    }

    /// Whether `then` is certainly less than `limit` seconds ago.
    #[must_use]
    pub fn is_within(self, limit: i64, then: Time) -> bool {
        then <= self.witnessed && self.age(then) < limit
    }

    /// Like [`Now::is_within`], for a time of another object than the judged one. If the time is inferred, that
    /// object's time may be the newest of all, and then it proves nothing.
    #[must_use]
    pub fn is_other_within(self, limit: i64, then: Time) -> bool {
        (self.is_known() || then < self.time) && self.age(then) < limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_measured_against_the_objects_own_time_excuses_nothing() {
        let t = Time::from_seconds;
        assert!(Now::known(t(100)).is_within(60, t(41)));
        assert!(!Now::known(t(100)).is_within(60, t(40)));
        assert!(
            Now::known(t(100)).is_within(60, t(200)),
            "a clock that is ahead is not an age"
        );
        assert!(!Now::inferred(t(100), None).is_within(60, t(100)));
        assert!(!Now::inferred(t(100), Some(t(99))).is_within(60, t(100)));
        assert!(Now::inferred(t(100), Some(t(99))).is_within(60, t(99)));
        assert!(Now::known(t(100)).is_other_within(60, t(100)));
        assert!(!Now::known(t(100)).is_other_within(60, t(40)));
        assert!(!Now::inferred(t(100), Some(t(100))).is_other_within(60, t(100)));
        assert!(Now::inferred(t(100), Some(t(100))).is_other_within(60, t(99)));
    }
}
