//! Texts without the parts that differ between objects with the same trouble, so that they can be compared. No fact is read
//! from a text.

/// A text up to its first bracket, without digits and without names in quotes.
#[must_use]
pub fn gist(text: &str) -> String {
    let mut quoted = false;
    let mut gist = String::new();
    for c in up_to_bracket(text).chars() {
        match c {
            '"' => quoted = !quoted,
            c if quoted || c.is_ascii_digit() => {}
            c => gist.push(c),
        }
    }
    gist
}

/// A text up to its first bracket.
#[must_use]
pub fn up_to_bracket(text: &str) -> &str {
    text.split(" (").next().unwrap_or(text)
}

/// A line of a program's output without its timestamps.
#[must_use]
pub fn without_time(line: &str) -> String {
    let is_time = |word: &&str| {
        let word = word.trim_matches(|c: char| "[](),".contains(c));
        let digits = |text: &str| text.len() >= 2 && text.bytes().all(|b| b.is_ascii_digit());
        let mut date = word.splitn(3, ['-', '/']);
        let is_date = date.next().is_some_and(|year| year.len() == 4 && digits(year))
            && date.next().is_some_and(digits)
            && date.next().is_some_and(|day| day.get(..2).is_some_and(digits));
        let mut clock = word.split(':');
        let is_clock = clock.next().is_some_and(|hour| hour.len() == 2 && digits(hour))
            && clock
                .next()
                .is_some_and(|minute| minute.len() == 2 && digits(minute))
            && clock
                .next()
                .is_some_and(|second| second.get(..2).is_some_and(digits));
        is_date || is_clock
    };
    let words: Vec<&str> = line.split_whitespace().filter(|word| !is_time(word)).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{gist, without_time};

    #[test]
    fn a_gist_has_no_names_and_no_numbers() {
        for (text, alike) in [
            (
                "0/5 nodes are available: 3 Insufficient cpu.",
                "/ nodes are available:  Insufficient cpu.",
            ),
            ("secret \"db\" not found", "secret  not found"),
            (
                "container app exited 1 (7 restarts): lost lease",
                "container app exited ",
            ),
        ] {
            assert_eq!(gist(text), alike);
        }
    }

    #[test]
    fn a_timestamp_in_any_format_is_removed() {
        for line in [
            "no route",
            "2026-03-02T11:00:07Z no route",
            "2026/03/02 11:00:07 no route",
            "[11:00:07.123] no route",
        ] {
            assert_eq!(without_time(line), "no route");
        }
        assert_eq!(without_time("exit 12:5 1999"), "exit 12:5 1999");
    }
}
