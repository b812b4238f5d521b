//! Durations as Go and kubectl write them: `3m`, `90s`, `1m30s`, `500ms`. This module must not know what they measure.

use std::time::Duration;

/// The units of Go's `time.ParseDuration`, in nanoseconds. If two units begin alike, the longer one comes first.
/// Go accepts the micro sign and the Greek letter that looks like it.
const UNITS: [(&str, f64); 8] = [
    ("ms", 1e6),
    ("ns", 1.0),
    ("us", 1e3),
    ("\u{b5}s", 1e3),
    ("\u{3bc}s", 1e3),
    ("h", 3.6e12),
    ("m", 6e10),
    ("s", 1e9),
];

/// Reads a duration as `time.ParseDuration` does, but without a sign: `0`, or numbers that each have a unit. `None` for other
/// text, and for more nanoseconds than Go counts.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    if text.is_empty() {
        return None;
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(end)?;
        let number: f64 = number.parse().ok()?;
        let (unit, nanoseconds) = UNITS.iter().find(|(unit, _)| tail.starts_with(unit))?;
        let part = Duration::try_from_secs_f64(number * nanoseconds / 1e9).ok()?;
        total = total.checked_add(part)?;
        rest = tail.strip_prefix(unit)?;
    }
    // Go counts nanoseconds in 64 bits.
    (total.as_nanos() <= i64::MAX.unsigned_abs().into()).then_some(total)
}

/// Writes a duration as Go does: `8ms`, `1.5s`, `1m30s`.
#[must_use]
pub fn to_text(length: Duration) -> String {
    let seconds = length.as_secs();
    match (
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        length.subsec_nanos(),
    ) {
        (0, 0, 0, nanos) if nanos < 1_000_000 => format!("{}us", nanos / 1000),
        (0, 0, 0, nanos) => format!("{}ms", f64::from(nanos) / 1e6),
        (0, 0, _, _) => format!("{}s", length.as_secs_f64()),
        (0, minutes, 0, 0) => format!("{minutes}m"),
        (0, minutes, rest, _) => format!("{minutes}m{rest}s"),
        (hours, 0, 0, _) => format!("{hours}h"),
        (hours, minutes, rest, _) => format!("{hours}h{minutes}m{rest}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, to_text};
    use std::time::Duration;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, milliseconds) in [
            ("0", 0),
            ("0s", 0),
            ("3m", 180_000),
            ("90s", 90_000),
            ("1m30s", 90_000),
            ("500ms", 500),
            ("1.5h", 5_400_000),
            (".5s", 500),
            ("5.s", 5_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["250us", "250\u{b5}s", "250\u{3bc}s", "250000ns"] {
            assert_eq!(parse(text), Some(Duration::from_micros(250)), "{text}");
        }
    }

    #[test]
    fn a_duration_is_written_as_it_is_read() {
        for text in ["250us", "8ms", "1.5s", "90ms", "3m", "1m30s", "2h", "1h1m30s"] {
            assert_eq!(parse(text).map(to_text).as_deref(), Some(text));
        }
    }

    #[test]
    fn other_text_is_not_a_duration() {
        for text in [
            "", "s", "90", "00", "-3m", "+3m", "3 m", " 3m", "3x", "1m30", "1.2.3s", ".s", "2562048h", "é",
            "3é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
