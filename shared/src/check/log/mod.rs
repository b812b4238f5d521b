//! The output of a program that ended: its lines, and the one that says why it ended.
//!
//! The output is a container's log, or its termination message, which is the end of the log under
//! `terminationMessagePolicy: FallbackToLogsOnError`.

mod entry;
mod lines;
mod secret;
mod stack_trace;

pub use lines::{log_end, log_lines};
pub use stack_trace::is_frame;

use entry::{LogEntry, LogLevel};
pub(in crate::check) use secret::mask;
use stack_trace::is_trailer;

/// If so many lines follow a stack trace or an error, the program went on after it, and it is not why it ended.
const GOES_ON: usize = 10;

/// The line that says why a program ended, without its time and with its secrets masked: the exception of a stack trace,
/// else what ended the program by its own words, else the last line. If the last line only informs, the last error counts.
#[must_use]
pub fn telling_line(lines: &[String]) -> Option<String> {
    let entries: Vec<LogEntry> = lines.iter().map(|line| LogEntry::parse(line)).collect();
    let trace = stack_trace::last_trace(lines).filter(|trace| {
        let after = entries.get(trace.end..).unwrap_or_default();
        after.iter().filter(|entry| entry.says_something()).count() < GOES_ON
    });
    let after = trace.as_ref().map_or(0, |trace| trace.end);
    let recent = after.max(entries.len().saturating_sub(GOES_ON));
    let recent = entries.get(recent..).unwrap_or_default();
    let with_level = |level: LogLevel| recent.iter().rfind(|entry| entry.level == Some(level));
    let words = match (with_level(LogLevel::Fatal), trace) {
        (Some(fatal), _) => fatal.text.clone(),
        (None, Some(trace)) => trace.text,
        (None, None) => {
            let mut with_lines = entries.iter().zip(lines).rev();
            let is_frame = |line| stack_trace::is_certain(line);
            let last = with_lines.find(|(entry, line)| entry.says_something() && !is_frame(line));
            // Only the launcher of the program said something.
            let first = || entries.iter().find(|entry| is_trailer(&entry.text));
            let last = last.map(|(entry, _)| entry).or_else(first)?;
            let is_minor = last.level == Some(LogLevel::Minor);
            let error = with_level(LogLevel::Error).filter(|_| is_minor);
            stack_trace::exception_words(&error.unwrap_or(last).text)
        }
    };
    Some(mask(&words))
}

/// [`telling_line`] of a text.
pub(in crate::check) fn telling_line_of_text(text: &str) -> Option<String> {
    telling_line(&log_lines(text.as_bytes()))
}

#[cfg(test)]
mod tests;
