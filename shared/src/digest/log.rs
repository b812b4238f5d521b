//! The lines of a log that a screen shows below a cause.

use crate::check::{is_frame, telling_line};
use crate::report::Cause;

/// Characters at the end of a line by which it is recognised in a sentence that was shortened.
const END: usize = 100;

/// The last lines of a cause's log that say more than the cause does: neither the line that its sentence ends with, nor
/// frames of a stack trace, nor lines without words. Of a line in JSON only its message is shown.
#[must_use]
pub fn further_lines(cause: &Cause, count: usize) -> Vec<String> {
    let further = |line: &String| {
        let words = telling_line(&[line.split_whitespace().collect::<Vec<_>>().join(" ")])?;
        let end = words.char_indices().nth_back(END).map_or(0, |(at, _)| at);
        let is_said = words.get(end..).is_none_or(|end| cause.message.ends_with(end));
        let has_words = words.chars().any(char::is_alphanumeric);
        let shown = if line.starts_with('{') {
            words
        } else {
            line.clone()
        };
        (has_words && !is_said && !is_frame(line)).then_some(shown)
    };
    let mut lines: Vec<String> = cause.log.iter().rev().filter_map(further).take(count).collect();
    lines.reverse();
    lines
}

#[cfg(test)]
mod tests {
    use super::further_lines;
    use crate::report::Cause;

    #[test]
    fn no_line_is_shown_that_the_cause_says_or_that_is_a_frame() {
        let long = "no route to the database,".repeat(20);
        let shortened = format!(
            "container app exited 1: no route ...{}",
            &long[long.len() - 120..]
        );
        for (message, log, lines) in [
            (
                "container app exited 1 (7 restarts): lost lease",
                &["starting", "2026-03-02T11:00:07Z lost lease"][..],
                &["starting"][..],
            ),
            (
                "container app exited 1: KeyError: 'x'",
                &[
                    "loading",
                    "Traceback (most recent call last):",
                    "  File \"a.py\", line 1, in <module>",
                    "KeyError: 'x'",
                    "",
                ],
                &["loading"],
            ),
            (
                "container app exited 1: java.net.ConnectException: refused",
                &[
                    "Caused by: java.net.ConnectException: refused",
                    "\tat A.b(A.java:1)",
                    "\t... 4 more",
                ],
                &[],
            ),
            (
                "container app exited 1: cannot start: refused",
                &[r#"{"level":"fatal","msg":"cannot start","error":"refused"}"#],
                &[],
            ),
            (
                "container app exited 1: Error: no route",
                &[
                    r#"{"level":30,"msg":"listening","pid":1}"#,
                    "    ^",
                    "Error: no route",
                    "}",
                ],
                &["listening"],
            ),
            (&shortened, &[&long], &[]),
            ("container app exited 1", &["a", "b", "c", "d"], &["b", "c", "d"]),
        ] {
            let cause = Cause {
                message: message.to_owned(),
                log: log.iter().map(|line| (*line).to_owned()).collect(),
                ..Cause::default()
            };
            assert_eq!(further_lines(&cause, 3), lines, "{message}");
        }
    }
}
