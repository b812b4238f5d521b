//! A point in time as the API server writes it: whole seconds, in UTC.

/// Seconds since 1970-01-01T00:00:00Z.
///
/// On the wire it is `metav1.Time` (RFC 3339 text in JSON, `{seconds, nanos}` in protobuf) or
/// `metav1.MicroTime`; fractions of a second are dropped, since no rule here is that fine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Message)]
pub struct Time {
    /// Seconds since the epoch; negative before it.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
}

/// The words of an error behind the text that is no time. serde passes an error on as text alone.
pub(super) const NOT_A_TIME: &str = " is not an RFC 3339 time";

const EPOCH: jiff::civil::DateTime = jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

impl Time {
    /// The time `seconds` after the epoch.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self { seconds }
    }

    /// Makes `time` none if it is the zero of protobuf.
    pub(super) fn drop_zero(time: &mut Option<Self>) {
        if time.is_some_and(|t| t.seconds == 0) {
            *time = None;
        }
    }

    /// Reads RFC 3339 text such as `2026-11-23T18:40:12Z`, with or without fractions and with any offset.
    ///
    /// # Errors
    /// The text with the reason why it is not such a time.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.parse::<jiff::Timestamp>() {
            Ok(time) => Ok(Self {
                seconds: time.as_second(),
            }),
            Err(error) => Self::last_day(text).ok_or_else(|| format!("{text:?}{NOT_A_TIME}: {error}")),
        }
    }

    /// Reads `9999-12-31T23:59:59Z`, which means never. It is a day later than the last timestamp of jiff.
    fn last_day(text: &str) -> Option<Self> {
        let time: jiff::civil::DateTime = text.strip_suffix('Z')?.parse().ok()?;
        let seconds = time.duration_since(EPOCH).as_secs();
        Some(Self { seconds })
    }

    /// Seconds from `earlier` to `self`; 0 if `earlier` is later: a negative age is only a difference between two
    /// clocks.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.seconds_after(earlier).max(0)
    }

    /// Seconds from `other` to `self`; negative if `other` is later.
    #[must_use]
    pub fn seconds_after(self, other: Self) -> i64 {
        self.seconds.saturating_sub(other.seconds)
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_second(self.seconds) {
            Ok(t) => write!(f, "{t}"),
            Err(_) => match EPOCH.checked_add(jiff::SignedDuration::from_secs(self.seconds)) {
                Ok(time) => write!(f, "{time}Z"),
                Err(_) => write!(f, "@{}", self.seconds),
            },
        }
    }
}

impl<'de> serde::Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TimeVisitor)
    }
}

/// A visitor, so that an error has the place of the text and not of the object around it.
struct TimeVisitor;

impl serde::de::Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Time, E> {
        Time::parse(text).map_err(E::custom)
    }
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn times_of_the_api_server_are_read_and_written_back_the_same() {
        for text in ["2026-11-23T18:40:12Z", "1969-12-31T23:59:59Z"] {
            assert_eq!(Time::parse(text).map(|t| t.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(
            Time::parse("1970-01-01T00:01:00.999999Z"),
            Ok(Time::from_seconds(60))
        );
        assert_eq!(
            Time::parse("1970-01-01T02:01:00+02:00"),
            Ok(Time::from_seconds(60))
        );
        assert_eq!(
            Time::parse("9999-12-31T23:59:59Z").map(|t| (t.seconds, t.to_string())),
            Ok((253_402_300_799, "9999-12-31T23:59:59Z".to_owned()))
        );
        assert_eq!(Time::from_seconds(i64::MAX).to_string(), "@9223372036854775807");
        for wrong in [
            "yesterday",
            "9999-12-31",
            "9999-12-31T23:59:59",
            "10000-01-01T00:00:00Z",
        ] {
            assert!(Time::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_age_is_never_negative() {
        let (early, late) = (Time::from_seconds(10), Time::from_seconds(25));
        assert_eq!(late.seconds_since(early), 15);
        assert_eq!(early.seconds_since(late), 0);
        assert_eq!((late.seconds_after(early), early.seconds_after(late)), (15, -15));
        assert_eq!(
            Time::from_seconds(i64::MAX).seconds_since(Time::from_seconds(i64::MIN)),
            i64::MAX
        );
    }
}
