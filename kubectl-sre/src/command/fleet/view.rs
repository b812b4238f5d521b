//! What a person sees while clusters are asked: the rows so far on a terminal, or a line of progress.

use crate::Shell;
use crate::cli::HealthSettings;
use crate::command::health::style;
use crate::output::{Format, Style, escape, fleet};
use crate::progress::ProgressLine;
use crate::terminal_block::TerminalBlock;
use sre_shared::fleet::{FleetCluster, FleetReport, FleetSource};
use tokio::time::Instant;

/// Names of clusters that have not answered, in the last line.
const NAMED: usize = 4;

/// The view.
pub enum FleetView {
    /// The rows of the clusters that have answered.
    Rows(TerminalBlock, Style),
    /// A line on stderr.
    Line(Option<ProgressLine>),
    /// Nothing.
    None,
}

impl FleetView {
    /// The view that the streams allow.
    pub fn new(settings: &HealthSettings, shell: &Shell) -> Self {
        if settings.quiet || settings.verbose {
            return Self::None;
        }
        if settings.format == Format::Human && shell.redraws() {
            return Self::Rows(TerminalBlock::default(), style(None, settings, shell));
        }
        if shell.shows_progress() {
            Self::Line(None)
        } else {
            Self::None
        }
    }

    /// No view.
    pub fn silent() -> Self {
        Self::None
    }

    /// Shows the rows so far. While a plugin may ask on the terminal, nothing is drawn.
    pub fn show(
        &mut self,
        rows: &[Option<FleetCluster>],
        names: &[&str],
        askers: usize,
        started: Instant,
        shell: &mut Shell,
    ) {
        let waiting: Vec<&str> = rows
            .iter()
            .zip(names)
            .filter(|(row, _)| row.is_none())
            .map(|(_, name)| *name)
            .collect();
        match self {
            _ if askers > 0 => {}
            Self::None => {}
            Self::Line(line) => {
                let asked = asked(&waiting, names.len());
                match line {
                    Some(line) => line.ask(&asked),
                    None => *line = Some(ProgressLine::new(&asked, started)),
                }
            }
            Self::Rows(block, style) => {
                let Some((columns, height)) = shell.size() else {
                    return;
                };
                let known: Vec<FleetCluster> = rows.iter().flatten().cloned().collect();
                // The verdict is not known yet.
                let so_far = FleetReport::new(FleetSource::default(), String::new(), known);
                let mut lines = fleet::rows(&so_far, style);
                if !waiting.is_empty() {
                    lines.push(format!("asking {}", asked(&waiting, names.len())));
                }
                cut(&mut lines, height);
                let bytes = block.draw(&lines, (columns, height));
                shell.print(&bytes);
            }
        }
    }

    /// Keeps what was drawn, and goes to the next line.
    pub fn leave(&mut self, shell: &mut Shell) {
        if let Self::Rows(block, _) = self
            && block.leave()
        {
            shell.print("\r\n");
        }
    }

    /// Erases what was drawn.
    pub fn erase(&mut self, shell: &mut Shell) {
        match self {
            Self::Rows(block, _) => {
                if let Some((columns, _)) = shell.size() {
                    let bytes = block.erase(columns);
                    shell.print(&bytes);
                }
            }
            Self::Line(line) => *line = None,
            Self::None => {}
        }
    }
}

/// `3 of 14 clusters: lab-3, lab-4, lab-5`
fn asked(waiting: &[&str], all: usize) -> String {
    let named: Vec<String> = waiting.iter().take(NAMED).map(|name| escape(name)).collect();
    let more = if waiting.len() > NAMED { ", ..." } else { "" };
    format!("{} of {all} clusters: {}{more}", waiting.len(), named.join(", "))
}

/// Cuts lines that the terminal has no room for, and says how many.
pub fn cut(lines: &mut Vec<String>, rows: usize) {
    let room = rows.saturating_sub(2).max(1);
    if lines.len() > room {
        let left = lines.len().saturating_sub(room).saturating_add(1);
        lines.truncate(room.saturating_sub(1));
        lines.push(format!("{left} more lines"));
    }
}
