//! Owns durations as Go and kubectl write them: `3m`, `90s`, `1m30s`, `500ms`.
//! Must not know what they are durations of.

use std::time::Duration;

/// The units of Go's `time.ParseDuration`, in nanoseconds; of two with the same beginning the longer comes first.
const UNITS: [(&str, u64); 8] = [
    ("ms", 1_000_000),
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];

/// Reads a duration that may be nothing.
///
/// # Errors
/// As [`parse`].
pub fn parse_or_zero(text: &str) -> Result<Duration, String> {
    match text.trim() {
        "0" | "0s" | "0m" | "0ms" => Ok(Duration::ZERO),
        text => parse(text),
    }
}

/// Reads a duration that is longer than nothing.
///
/// # Errors
/// A sentence that says why it is none.
pub fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a duration is expected, such as 90s or 1m30s".into());
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("the unit is missing, did you mean {text}s?"));
    }
    let none = || "no duration, which looks like 3m, 90s, 1m30s or 500ms".to_owned();
    let mut nanoseconds: f64 = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest
            .bytes()
            .take_while(|b| b.is_ascii_digit() || *b == b'.')
            .count();
        let (number, tail) = rest.split_at_checked(number).ok_or_else(none)?;
        let number: f64 = number.parse().map_err(|_| none())?;
        let (unit, size) = UNITS
            .iter()
            .find(|(unit, _)| tail.starts_with(unit))
            .ok_or_else(none)?;
        #[allow(clippy::cast_precision_loss, reason = "every unit is far below 2^53")]
        let size = *size as f64;
        nanoseconds += number * size;
        rest = tail.strip_prefix(unit).unwrap_or_default();
    }
    match Duration::try_from_secs_f64(nanoseconds / 1e9) {
        Ok(Duration::ZERO) => Err("the duration has to be longer than 0".into()),
        // Far beyond any use, and near enough for sums with the clock to overflow.
        Ok(duration) if duration > Duration::from_hours(365 * 24) => Err("longer than a year".into()),
        Ok(duration) => Ok(duration),
        Err(_) => Err(none()),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_or_zero};
    use std::time::Duration;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, milliseconds) in [
            ("3m", 180_000),
            ("90s", 90_000),
            ("1m30s", 90_000),
            ("500ms", 500),
            ("1.5h", 5_400_000),
            (" 2s ", 2_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        assert_eq!(parse("250µs"), Ok(Duration::from_micros(250)));
    }

    #[test]
    fn a_delay_may_be_none() {
        assert_eq!(parse_or_zero("0"), Ok(Duration::ZERO));
        assert_eq!(parse_or_zero(" 0s "), Ok(Duration::ZERO));
        assert_eq!(parse_or_zero("5s"), Ok(Duration::from_secs(5)));
        assert!(parse_or_zero("5").is_err());
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_nearest_right_one() {
        assert_eq!(parse("90"), Err("the unit is missing, did you mean 90s?".into()));
        for text in [
            "",
            "s",
            "-3m",
            "3 m",
            "3x",
            "1m30",
            "1.2.3s",
            "0s",
            "0ms",
            "99999999999h",
            "é",
            "3é",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
