//! The screen: the verdict, and one row a cluster, the worst first.

use crate::output::human::{CROSS, TICK, health_paint, shown};
use crate::output::{Style, escape, wrap};
use crate::shell::Charset;
use anstyle::{AnsiColor, Style as Paint};
use sre_shared::digest::milliseconds;
use sre_shared::fleet::{FleetCluster, FleetReport, FleetState, fleet_sentence, fleet_word};
use std::io::{Result, Write};
use unicode_width::UnicodeWidthStr as _;

/// The widest column of names. A longer name moves the rest of its row.
const WIDEST: usize = 40;
/// The least width of the column of messages. On a narrower screen they go below.
const NARROWEST: usize = 24;
/// The width of a column of states, which are `progressing` and `not reached` at most.
const STATE: usize = 11;
/// What stands for a version that is not known.
const NONE: &str = "-";

/// Writes the screen.
///
/// # Errors
/// Those of the writer.
pub fn write(fleet: &FleetReport, style: &Style, out: &mut dyn Write) -> Result<()> {
    for line in lines(fleet, style) {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// The lines of the screen.
#[must_use]
pub fn lines(fleet: &FleetReport, style: &Style) -> Vec<String> {
    let (word, health) = fleet_word(fleet);
    let begin = format!("{}  ", paint(style, health_paint(health).bold(), word));
    let width = word.len().saturating_add(2);
    let sentence = match style.elapsed {
        Some(elapsed) => {
            let elapsed = milliseconds(elapsed.as_secs_f64() * 1e3);
            format!("{}, in {elapsed}", fleet_sentence(fleet))
        }
        None => fleet_sentence(fleet),
    };
    let mut lines = wrap((&begin, width), 2, style.width, &sentence);
    if style.quiet {
        return lines;
    }
    let warnings = fleet.source.warnings.iter();
    lines.extend(warnings.flat_map(|text| wrap(("? ", 2), 2, style.width, &escape(text))));
    if !fleet.clusters.is_empty() {
        lines.push(String::new());
    }
    lines.extend(rows(fleet, style));
    lines
}

/// The rows of the clusters.
#[must_use]
pub fn rows(fleet: &FleetReport, style: &Style) -> Vec<String> {
    let widths = Widths::new(&fleet.clusters, style.width);
    let is_stored = fleet.source.store.is_some();
    let rows = fleet.clusters.iter();
    rows.flat_map(|cluster| row(cluster, widths, is_stored, style))
        .collect()
}

/// A row by itself, without columns.
#[must_use]
pub fn row_line(cluster: &FleetCluster) -> String {
    let text = format!("{}: {}, {}", cluster.name, cluster.state.words(), cluster.message);
    escape(&text)
}

/// The widths of the columns.
#[derive(Clone, Copy)]
struct Widths {
    name: usize,
    version: usize,
}

impl Widths {
    /// `room` is the width of the screen, of which names take a third at most.
    fn new(clusters: &[FleetCluster], room: Option<usize>) -> Self {
        let widest = |most: usize, text: &dyn Fn(&FleetCluster) -> usize| {
            let widths = clusters.iter().map(text).filter(|width| *width <= most);
            widths.max().unwrap_or(0)
        };
        let names = room.map_or(WIDEST, |room| WIDEST.min(room / 3));
        Self {
            name: widest(names, &|cluster| escape(&cluster.name).width()),
            version: widest(WIDEST, &|cluster| version(cluster).width()).max(NONE.len()),
        }
    }
}

fn version(cluster: &FleetCluster) -> String {
    cluster
        .version
        .as_ref()
        .map_or_else(|| NONE.to_owned(), |version| escape(version))
}

fn row(cluster: &FleetCluster, widths: Widths, is_stored: bool, style: &Style) -> Vec<String> {
    let name = escape(&cluster.name);
    let pad = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()));
    let version = version(cluster);
    let state = cluster.state.words();
    let begin = format!(
        "{} {}{}  {version}{}  {}{}  ",
        mark(cluster.state, style),
        paint(style, Paint::new().bold(), &name),
        pad(&name, widths.name),
        pad(&version, widths.version),
        paint(style, state_paint(cluster.state), state),
        pad(state, STATE),
    );
    let at = 2_usize
        .saturating_add(name.width().max(widths.name))
        .saturating_add(2)
        .saturating_add(version.width().max(widths.version))
        .saturating_add(2)
        .saturating_add(STATE)
        .saturating_add(2);
    let mut text = escape(&message(cluster));
    let command = cluster
        .hint
        .as_ref()
        .filter(|_| is_stored)
        .map(|hint| escape(hint));
    // A command is never wrapped, so that it can be pasted.
    let below = command.as_ref().is_some_and(|command| {
        let all = at
            .saturating_add(text.width())
            .saturating_add(2)
            .saturating_add(command.width());
        style.width.is_some_and(|width| all > width)
    });
    if let Some(command) = command.as_ref().filter(|_| !below) {
        text = format!("{text}  {command}");
    }
    let mut lines = if style
        .width
        .is_some_and(|width| width < at.saturating_add(NARROWEST))
    {
        let mut lines = vec![begin.trim_end().to_owned()];
        lines.extend(wrap(("    ", 4), 4, style.width, &text));
        lines
    } else {
        wrap((&begin, at), at, style.width, &text)
    };
    if let Some(command) = command.filter(|_| below) {
        lines.push(format!("    {}", paint(style, Paint::new().dimmed(), &command)));
    }
    lines
}

/// What the row says behind its columns.
pub(super) fn message(cluster: &FleetCluster) -> String {
    let mut text = cluster.message.clone();
    if let Some(latency) = cluster.latency_ms.filter(|_| cluster.state == FleetState::Ok) {
        text = format!("{text}, {}", milliseconds(latency));
    }
    if let Some(seen) = cluster.last_seen.as_ref().filter(|_| cluster.state.is_unseen()) {
        text = format!("{text}, last seen {seen}");
    }
    if !cluster.also.is_empty() {
        text = format!("{text} (also {})", cluster.also.join(", "));
    }
    text
}

fn mark(state: FleetState, style: &Style) -> String {
    let charset: Charset = style.charset;
    let mark = match state {
        FleetState::Ok => shown(charset, TICK),
        FleetState::Progressing => "~",
        FleetState::Degraded => shown(charset, CROSS),
        FleetState::Unknown | FleetState::NotReached | FleetState::Silent | FleetState::NeverSeen => "?",
    };
    paint(style, state_paint(state).bold(), mark)
}

fn state_paint(state: FleetState) -> Paint {
    let color = match state {
        FleetState::Ok => AnsiColor::Green,
        FleetState::Progressing => AnsiColor::Cyan,
        FleetState::Degraded => AnsiColor::Red,
        FleetState::Unknown | FleetState::NotReached | FleetState::Silent | FleetState::NeverSeen => {
            AnsiColor::Yellow
        }
    };
    color.on_default()
}

fn paint(style: &Style, paint: Paint, text: &str) -> String {
    if style.color {
        format!("{paint}{text}{paint:#}")
    } else {
        text.to_owned()
    }
}
