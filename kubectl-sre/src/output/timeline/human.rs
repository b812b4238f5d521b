//! The screen: a line for each change, the newest last, then what was not seen and how far back each source reaches.

use super::{TimelineStyle, age, gap, message, place};
use crate::output::{escape, wrap};
use anstyle::{AnsiColor, Style as Paint};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sre_shared::report::{Timeline, TimelineKind};
use sre_shared::span::span;
use std::io::{Result, Write};
use unicode_width::UnicodeWidthStr as _;

/// Writes the screen.
pub(super) fn write(timeline: &Timeline, style: &TimelineStyle, out: &mut dyn Write) -> Result<()> {
    let screen = TimelineScreen { timeline, style };
    for line in screen.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

struct TimelineScreen<'a> {
    timeline: &'a Timeline,
    style: &'a TimelineStyle,
}

impl TimelineScreen<'_> {
    fn lines(&self) -> Vec<String> {
        let mut lines = self.wrap(("", 0), 2, &escape(&self.headline()));
        lines.push(String::new());
        lines.extend(self.entries());
        let gaps = &self.timeline.not_seen;
        if !gaps.is_empty() {
            lines.push(String::new());
        }
        for entry in gaps {
            let mark = self.paint(AnsiColor::Yellow.on_default().bold(), "?");
            lines.extend(self.wrap((&format!("{mark} "), 2), 4, &escape(&gap(entry))));
            let hint = entry.next_step();
            lines.extend(hint.map(|hint| format!("    {}", self.dim(&escape(&hint)))));
        }
        if !self.timeline.reach.is_empty() {
            lines.push(String::new());
            lines.push(self.dim("How far back each source reaches:"));
        }
        for reach in &self.timeline.reach {
            let since = reach
                .since
                .as_deref()
                .map(|since| format!("since {}: ", self.clock(since)));
            let text = format!("{}: {}{}", reach.source, since.unwrap_or_default(), reach.message);
            let wrapped = self.wrap(("  ", 2), 4, &escape(&text));
            lines.extend(wrapped.iter().map(|line| self.dim(line)));
        }
        lines
    }

    /// `prod-eu v1.37.2: 14 changes since 11:00:00 (1 h), times in +01:00`
    fn headline(&self) -> String {
        let timeline = self.timeline;
        let place = place(timeline);
        let count = match timeline.entries.len() {
            0 => "no change was seen".to_owned(),
            1 => "1 change".to_owned(),
            n => format!("{n} changes"),
        };
        let about = timeline.targets.join(" ");
        let about = if about.is_empty() {
            String::new()
        } else {
            format!(" of {about}")
        };
        let namespace = timeline
            .namespace
            .as_ref()
            .map(|name| format!(" in namespace {name}"));
        let length = age(timeline, &timeline.since).map(|seconds| format!(" ({} ago)", span(seconds)));
        let until = timeline
            .until
            .as_deref()
            .map(|until| format!(" until {}", self.clock(until)));
        let offset = timestamp(&timeline.observed_at).map(|now| self.style.zone.to_offset(now));
        let zone = offset.map(|offset| format!(", times in {}", offset_words(offset.seconds())));
        let begin = if place.is_empty() {
            String::new()
        } else {
            format!("{place}: ")
        };
        format!(
            "{begin}{count}{about}{} since {}{}{}{}",
            namespace.unwrap_or_default(),
            self.clock(&timeline.since),
            length.unwrap_or_default(),
            until.unwrap_or_default(),
            zone.unwrap_or_default()
        )
    }

    fn entries(&self) -> Vec<String> {
        let timeline = self.timeline;
        let mut lines = Vec::new();
        if timeline.left_out > 0 {
            lines.push(self.dim(&format!(
                "{} older changes are left out: narrow with -n or --since",
                timeline.left_out
            )));
        }
        let columns: Vec<(String, String)> = timeline
            .entries
            .iter()
            .map(|entry| {
                let age = age(timeline, &entry.at).map_or_else(String::new, span);
                (self.clock(&entry.at), age)
            })
            .collect();
        let clock_width = columns.iter().map(|(clock, _)| clock.width()).max().unwrap_or(0);
        let age_width = columns.iter().map(|(_, age)| age.width()).max().unwrap_or(0);
        for (entry, (clock, age)) in timeline.entries.iter().zip(columns) {
            let begin = format!("{clock:<clock_width$}  {age:>age_width$}  ");
            let width = begin.width();
            let words = message(entry, |time| self.clock(time));
            let text = format!("{}  {}", escape(&entry.subject), escape(&words));
            // A narrow terminal has room for the words below the times.
            let indent = if self.style.width.is_some_and(|all| all < width + 24) {
                4
            } else {
                width
            };
            let painted = self.paint(paint(entry.what), &begin);
            lines.extend(self.wrap((&painted, width), indent, &text));
        }
        lines
    }

    /// The time of day, with the date if it is another day than that of the timeline.
    fn clock(&self, time: &str) -> String {
        clock(time, &self.timeline.observed_at, &self.style.zone)
    }

    fn wrap(&self, first: (&str, usize), indent: usize, text: &str) -> Vec<String> {
        wrap(first, indent, self.style.width, text)
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if self.style.color {
            format!("{paint}{text}{paint:#}")
        } else {
            text.to_owned()
        }
    }

    fn dim(&self, text: &str) -> String {
        self.paint(Paint::new().dimmed(), text)
    }
}

fn paint(what: TimelineKind) -> Paint {
    let color = match what {
        TimelineKind::ContainerRestart | TimelineKind::Eviction | TimelineKind::Refused => AnsiColor::Red,
        TimelineKind::Rollout | TimelineKind::Rollback | TimelineKind::Restart => AnsiColor::Cyan,
        TimelineKind::Node | TimelineKind::ApiServer | TimelineKind::Leader => AnsiColor::Yellow,
        _ => return Paint::new(),
    };
    color.on_default()
}

fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// `UTC` or `+01:00`.
fn offset_words(seconds: i32) -> String {
    if seconds == 0 {
        return "UTC".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The time of day in a zone, with the date if that is not the day of `now`. A text that is no time stays as it is.
fn clock(time: &str, now: &str, zone: &TimeZone) -> String {
    let Some(at) = timestamp(time).map(|at| at.to_zoned(zone.clone())) else {
        return time.to_owned();
    };
    let is_same_day = timestamp(now).is_some_and(|now| now.to_zoned(zone.clone()).date() == at.date());
    if is_same_day {
        at.strftime("%H:%M:%S").to_string()
    } else {
        at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}
