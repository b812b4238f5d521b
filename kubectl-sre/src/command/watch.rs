//! `kubectl sre health -w`: stays, and shows each change of a state once. On a terminal the screen of `health` is drawn again
//! in place, with the last changes under it; elsewhere each change is a line, or a report with `-o json`.

use super::follow::{FollowClock, FollowedSource, stopped};
use super::health::{exit_code, style};
use crate::cli::HealthSettings;
use crate::output::{Format, TableOptions, escape, json};
use crate::report_files::ReportFiles;
use crate::terminal_block::TerminalBlock;
use crate::{Shell, StopSignal, output};
use sre_shared::follow::{Change, Observation, Wait, WaitRules};
use sre_shared::report::Report;
use sre_shared::run::follow::Observed;
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The changes that stay under the screen.
const LAST: usize = 10;
/// The rows that the changes may take at most, as a part of the terminal's rows.
const CHANGES_SHARE: usize = 3;

/// Runs it and returns the exit code.
pub async fn run(
    settings: HealthSettings,
    timeout: Option<Duration>,
    shell: &mut Shell,
    mut stop: Pin<&mut impl Future<Output = StopSignal>>,
) -> u8 {
    let clock = FollowClock::start();
    // The grammar takes no file with a watch.
    let mut files = ReportFiles::default();
    let mut source = match FollowedSource::open(&settings, clock, &mut files, shell, stop.as_mut()).await {
        Ok(source) => source,
        Err(code) => return code,
    };
    // The machine of a wait knows what is a change. Its end is of no interest here.
    let rules = WaitRules {
        timeout: None,
        ..WaitRules::default()
    };
    let mut wait = Wait::new(rules, clock.now());
    let mut view = WatchView::new(&settings, shell);
    let until = timeout.map(|timeout| Instant::now() + timeout);
    loop {
        tokio::select! {
            biased;
            signal = &mut stop => {
                view.leave(shell);
                return stopped(signal, shell);
            }
            // Without a limit this branch is off, whenever it would be.
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {
                view.leave(shell);
                let report = source.report_without_requests(&settings);
                return exit_code(&report, settings.fail_on);
            }
            observed = source.next() => {
                let seen = match &observed {
                    Observed::Report(report) => Observation::Report(report),
                    Observed::Away(failure) => Observation::Away(failure),
                };
                let changes = wait.observe(seen, clock.now());
                for warning in source.follower.warnings() {
                    view.leave(shell);
                    shell.complain(&format!("warning: {warning}"));
                }
                let repeats = source.follower.repeats();
                let report = source.report_of(observed, &settings);
                view.show(&report, &changes, repeats, &settings, shell);
                if shell.reader_is_gone() {
                    return exit_code(&report, settings.fail_on);
                }
            }
        }
    }
}

/// What a watch shows.
enum WatchView {
    /// The screen of `health`, and the last changes.
    Screen(TerminalBlock, VecDeque<String>),
    /// A line for each change.
    Lines,
    /// A report for each change.
    Json,
}

impl WatchView {
    fn new(settings: &HealthSettings, shell: &Shell) -> Self {
        match settings.format {
            Format::Json => Self::Json,
            _ if shell.redraws() => Self::Screen(TerminalBlock::default(), VecDeque::new()),
            _ => Self::Lines,
        }
    }

    /// Shows a report. `repeats` is whether it shows the same as the one before.
    fn show(
        &mut self,
        report: &Report,
        changes: &[Change],
        repeats: bool,
        settings: &HealthSettings,
        shell: &mut Shell,
    ) {
        match self {
            Self::Json if repeats => {}
            Self::Json => shell.write(|out| json::write_line(report, out)),
            Self::Lines => {
                for change in changes {
                    shell.print(&format!("{}\n", change_line(change)));
                }
            }
            Self::Screen(block, last) => {
                last.extend(changes.iter().map(change_line));
                let surplus = last.len().saturating_sub(LAST);
                last.drain(..surplus);
                let Some((columns, rows)) = shell.size() else {
                    return;
                };
                let lines = screen(report, last, (columns, rows), settings, shell);
                let bytes = block.draw(&lines, (columns, rows));
                shell.print(&bytes);
            }
        }
    }

    /// Keeps what was drawn, and goes to the next line.
    fn leave(&mut self, shell: &mut Shell) {
        if let Self::Screen(block, _) = self
            && block.leave()
        {
            shell.print("\r\n");
        }
    }
}

/// `2026-11-29T15:30:01Z Deployment/shop/web: degraded, 1/3 ready: container api exited 1`
fn change_line(change: &Change) -> String {
    format!("{} {}", change.at, escape(&change.words()))
}

/// The lines of the screen: the report, then the last changes, as many as there is room for.
fn screen(
    report: &Report,
    last: &VecDeque<String>,
    (columns, rows): (usize, usize),
    settings: &HealthSettings,
    shell: &Shell,
) -> Vec<String> {
    let room = rows.saturating_sub(1);
    let shown = last.len().min(room.checked_div(CHANGES_SHARE).unwrap_or(0));
    let below = if shown == 0 { 0 } else { shown.saturating_add(1) };
    let height = room.saturating_sub(below);
    let style = output::Style {
        width: Some(columns.saturating_sub(3)),
        height: Some(height.saturating_add(1)),
        ..style(None, settings, shell)
    };
    let mut text = Vec::new();
    // A vector takes everything.
    let _ = output::write(Format::Human, report, &style, &TableOptions::default(), &mut text);
    let text = String::from_utf8_lossy(&text);
    let mut lines: Vec<String> = text.trim_end().lines().map(str::to_owned).collect();
    if lines.len() > height {
        let cut = lines.len().saturating_sub(height).saturating_add(1);
        lines.truncate(height.saturating_sub(1));
        lines.push(format!("{cut} more lines: kubectl sre health"));
    }
    if shown > 0 {
        lines.push(String::new());
        lines.extend(last.iter().skip(last.len().saturating_sub(shown)).cloned());
    }
    lines
}
