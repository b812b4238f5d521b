//! Owns the times of a query, as kubectl takes them: a time, or a duration before now. Must not know what they limit.

use sre_shared::duration;
use sre_shared::resource::Time;
use std::time::Duration;

/// A moment that a query names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// That time.
    At(Time),
    /// So long before the answer.
    Ago(Duration),
}

impl Moment {
    /// Reads RFC 3339 text, or a duration such as `1h` or `90m`.
    ///
    /// # Errors
    /// One line that says what is right.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(ago) = duration::parse(text) {
            return Ok(Self::Ago(ago));
        }
        Time::parse(text).map(Self::At).map_err(|_| {
            format!("{text:?} is neither a time such as 2026-11-23T18:40:12Z nor a duration such as 1h")
        })
    }

    /// The moment, for an answer at that time.
    pub fn time(self, now: Time) -> Time {
        match self {
            Self::At(time) => time,
            Self::Ago(ago) => {
                let seconds = i64::try_from(ago.as_secs()).unwrap_or(i64::MAX);
                Time::from_seconds(now.seconds.saturating_sub(seconds))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_a_duration() {
        let now = Time::from_seconds(1_800_000_000);
        for (text, expected) in [
            ("1h", Ok(1_799_996_400)),
            ("1m30s", Ok(1_799_999_910)),
            ("0", Ok(1_800_000_000)),
            ("1970-01-01T00:01:00Z", Ok(60)),
            ("1970-01-01T01:01:00+01:00", Ok(60)),
            ("noon", Err(())),
            ("", Err(())),
            ("-1h", Err(())),
            ("90", Err(())),
            ("1d", Err(())),
        ] {
            let read = Moment::parse(text).map(|moment| moment.time(now).seconds);
            assert_eq!(read.map_err(|_| ()), expected, "{text}");
        }
        assert!(Moment::Ago(Duration::MAX).time(now).seconds < 0);
    }
}
