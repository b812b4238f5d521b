//! Markdown for comments and incident pages: a table of the changes in UTC, and what was not seen.

use super::{gap, message, place};
use crate::output::markdown::{MOST_BYTES, in_cell, inline};
use sre_shared::report::Timeline;
use std::io::{Result, Write};

/// Bytes that are kept for what was not seen and for the reach of the sources.
const FOR_THE_REST: usize = 10_000;

/// Writes the Markdown. If there are more changes than there is room for, the oldest are left out.
pub(super) fn write(timeline: &Timeline, out: &mut dyn Write) -> Result<()> {
    let mut room = MOST_BYTES.saturating_sub(FOR_THE_REST);
    let mut rows = Vec::new();
    for entry in timeline.entries.iter().rev() {
        let words = message(entry, str::to_owned);
        let cells = [entry.at.clone(), inline(&entry.subject), inline(&words)];
        let row = format!("| {} |\n", cells.map(|cell| in_cell(&cell)).join(" | "));
        let Some(rest) = room.checked_sub(row.len()) else {
            break;
        };
        room = rest;
        rows.push(row);
    }
    let left = timeline.left_out + (timeline.entries.len() - rows.len()) as u64;
    let place = place(timeline);
    let place = if place.is_empty() {
        String::new()
    } else {
        format!(" {}", inline(&place))
    };
    let until = timeline.until.as_ref().map(|until| format!(" until {until}"));
    writeln!(
        out,
        "**Changes**{place} since {}{}",
        timeline.since,
        until.unwrap_or_default()
    )?;
    if rows.is_empty() {
        writeln!(out, "\nNo change was seen.")?;
    } else {
        writeln!(out, "\n| Time | Object | Change |\n|---|---|---|")?;
    }
    for row in rows.iter().rev() {
        out.write_all(row.as_bytes())?;
    }
    if left > 0 {
        writeln!(out, "\nThe table leaves out {left} older changes.")?;
    }
    let gaps = timeline.not_seen.iter().map(gap);
    let reach = timeline.reach.iter().map(|reach| {
        let since = reach.since.as_ref().map(|since| format!("since {since}, "));
        format!("{}: {}{}", reach.source, since.unwrap_or_default(), reach.message)
    });
    let lines: Vec<String> = gaps
        .chain(reach)
        .map(|text| format!("- {}\n", inline(&text)))
        .collect();
    if !lines.is_empty() {
        writeln!(out)?;
    }
    let mut room = FOR_THE_REST.saturating_sub(1_000);
    for line in lines {
        let Some(rest) = room.checked_sub(line.len()) else {
            break;
        };
        room = rest;
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}
