//! A span of time in words.

/// Writes the span in the largest unit that fits into it twice: `90 s`, `3 min`, `5 h`, `14 days`.
#[must_use]
pub fn span(seconds: i64) -> String {
    match seconds {
        ..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn a_span_of_two_units_or_more_is_written_in_that_unit() {
        let rows = [
            (119, "119 s"),
            (120, "2 min"),
            (7199, "119 min"),
            (7200, "2 h"),
            (172_799, "47 h"),
            (172_800, "2 days"),
        ];
        for (seconds, text) in rows {
            assert_eq!(span(seconds), text);
        }
    }
}
