//! A timeline in each form: for people, as a table, as Markdown, and whole.

mod human;
mod markdown;
mod table;

use super::{Format, json, yaml};
use jiff::tz::TimeZone;
use sre_shared::report::{NotSeen, Timeline, TimelineEntry};
use sre_shared::resource::Time;
use std::io::{Result, Write};

/// What a timeline looks like.
#[derive(Debug, Clone)]
pub struct TimelineStyle {
    /// Whether to colour.
    pub color: bool,
    /// Columns of the terminal; `None` for a pipe, whose lines are never broken.
    pub width: Option<usize>,
    /// Whether a table has no names of columns.
    pub no_headers: bool,
    /// The time zone in which a person reads the times of day.
    pub zone: TimeZone,
}

/// Writes a timeline in that format.
///
/// # Errors
/// Those of the writer.
pub fn write(format: Format, timeline: &Timeline, style: &TimelineStyle, out: &mut dyn Write) -> Result<()> {
    match format {
        Format::Json => json::write(timeline, out),
        Format::Yaml => yaml::write(timeline, out),
        Format::Wide => table::write(timeline, style, out),
        Format::Markdown => markdown::write(timeline, out),
        // The grammar takes no other format.
        _ => human::write(timeline, style, out),
    }
}

/// Seconds from a time to that of the timeline, if both are times.
fn age(timeline: &Timeline, at: &str) -> Option<i64> {
    let now = Time::parse(&timeline.observed_at).ok()?;
    Some(now.seconds_since(Time::parse(at).ok()?))
}

/// The words of an entry, with how often it happened. `clock` writes the time of the last one.
fn message(entry: &TimelineEntry, clock: impl Fn(&str) -> String) -> String {
    let times = entry.times.map(|times| format!("{times} times"));
    let last = entry.last.as_deref().map(|last| format!("until {}", clock(last)));
    let parts = [Some(entry.message.clone()), times, last];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What was not seen, and why.
fn gap(entry: &NotSeen) -> String {
    let missing = entry.missing.as_ref().map(|rule| format!("missing rule {rule}"));
    let why = missing.or_else(|| entry.error.clone()).unwrap_or_default();
    let text = format!("not seen: {}: {}: {why}", entry.what(), entry.class);
    text.trim_end_matches([':', ' ']).to_owned()
}

/// The place that was asked, and the version of its API server.
fn place(timeline: &Timeline) -> String {
    let source = &timeline.source;
    let place = source
        .file
        .as_ref()
        .or(source.context.as_ref())
        .or(source.server.as_ref())
        .or(source.agent.as_ref());
    let words: Vec<&str> = place
        .into_iter()
        .chain(&source.version)
        .map(String::as_str)
        .collect();
    words.join(" ")
}
