//! What a wait shows on stderr: a bar and the worst objects on a terminal, a line for each change elsewhere, or JSON.

use crate::Shell;
use crate::cli::{HealthSettings, ProgressFormat};
use crate::output::{escape, json};
use crate::shell::Charset;
use crate::terminal_block::TerminalBlock;
use serde::Serialize;
use sre_shared::follow::{Change, ChangeEvent, End, OpenLine, Wait, WaitStatus};
use sre_shared::report::State;
use sre_shared::resource::Time;
use sre_shared::span::span;

/// The most objects under the bar.
const WORST: usize = 5;
/// The columns of the bar.
const BAR: u64 = 20;
/// Seconds of silence after which a line shows that the wait goes on, so that CI does not look hung.
const HEARTBEAT: i64 = 30;

/// What a wait shows.
pub struct WaitView {
    kind: ViewKind,
    /// What is asked.
    asked: String,
    charset: Charset,
    block: TerminalBlock,
    /// Whether the line before the wait was shown.
    is_open: bool,
    /// When something was last written.
    last: Option<Time>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ViewKind {
    Block,
    Lines,
    Json,
    Nothing,
}

/// A remark about the wait itself, for machines.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Remark<'a> {
    event: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
}

impl WaitView {
    /// The view that the flags and the streams ask for.
    pub fn new(settings: &HealthSettings, shell: &Shell, asked: String) -> Self {
        let kind = match settings.progress {
            ProgressFormat::Json => ViewKind::Json,
            ProgressFormat::Auto if settings.quiet => ViewKind::Nothing,
            // Requests are lines too.
            ProgressFormat::Auto if settings.verbose => ViewKind::Lines,
            ProgressFormat::Auto if shell.progress_size().is_some() => ViewKind::Block,
            ProgressFormat::Auto => ViewKind::Lines,
        };
        Self {
            kind,
            asked,
            charset: shell.charset(),
            block: TerminalBlock::default(),
            is_open: false,
            last: None,
        }
    }

    /// Shows remarks about the connection.
    pub fn warn(&mut self, warnings: &[String], shell: &mut Shell) {
        for warning in warnings {
            match self.kind {
                ViewKind::Json => remark("warning", warning, None, shell),
                _ => self.line(&format!("warning: {warning}"), shell),
            }
        }
    }

    /// Says something about the command whose changes are waited for.
    pub fn say(&mut self, words: &str, shell: &mut Shell) {
        match self.kind {
            ViewKind::Json => remark("command", words, None, shell),
            _ => self.line(words, shell),
        }
    }

    /// Shows what has changed.
    pub fn show(&mut self, changes: &[Change], wait: &Wait, now: Time, shell: &mut Shell) {
        let is_first = !std::mem::replace(&mut self.is_open, true);
        if is_first {
            let opening = wait.opening(now);
            match self.kind {
                ViewKind::Json => remark("begin", &opening, None, shell),
                ViewKind::Nothing => {}
                ViewKind::Block | ViewKind::Lines => self.line(&opening, shell),
            }
            self.last = Some(now);
        }
        match self.kind {
            ViewKind::Lines => {
                for change in changes {
                    shell.complain(&format!("{} {}", change.at, change.words()));
                    self.last = Some(now);
                }
            }
            ViewKind::Json => {
                for change in changes {
                    json_line(change, shell);
                }
            }
            // The block shows states. It has no place for an outage, or for an object that is gone.
            ViewKind::Block => {
                for change in changes.iter().filter(|change| change.event != ChangeEvent::State) {
                    self.line(&format!("{} {}", change.at, change.words()), shell);
                }
            }
            ViewKind::Nothing => {}
        }
        self.tick(wait, now, shell);
    }

    /// Shows how long the wait has lasted.
    pub fn tick(&mut self, wait: &Wait, now: Time, shell: &mut Shell) {
        match self.kind {
            ViewKind::Block => {
                let Some(size) = shell.progress_size() else { return };
                let lines = if self.is_open {
                    block(&wait.status(now), self.charset)
                } else {
                    vec![format!(
                        "asking {}, {}",
                        escape(&self.asked),
                        span(wait.status(now).elapsed)
                    )]
                };
                let bytes = self.block.draw(&lines, size);
                shell.draw(&bytes);
            }
            ViewKind::Lines => {
                if self.last.is_some_and(|last| now.seconds_since(last) >= HEARTBEAT) {
                    shell.complain(&format!("{now} {}", wait.status(now).heartbeat()));
                    self.last = Some(now);
                }
            }
            ViewKind::Json | ViewKind::Nothing => {}
        }
    }

    /// Erases what was drawn.
    pub fn close(&mut self, shell: &mut Shell) {
        let columns = shell.progress_size().map_or(80, |(columns, _)| columns);
        let bytes = self.block.erase(columns);
        shell.draw(&bytes);
    }

    /// Says why the wait ended.
    pub fn end(&mut self, end: &End, shell: &mut Shell) {
        if self.kind == ViewKind::Json {
            remark("end", &end.words, Some(end), shell);
            return;
        }
        if self.kind == ViewKind::Nothing && end.code == 0 {
            return;
        }
        shell.complain(&end.words);
        for note in &end.notes {
            shell.complain(&format!("note: {note}"));
        }
    }

    /// Writes a line above the block.
    fn line(&mut self, line: &str, shell: &mut Shell) {
        self.close(shell);
        shell.complain(line);
    }
}

fn remark(event: &'static str, message: &str, end: Option<&End>, shell: &mut Shell) {
    let remark = Remark {
        event,
        message,
        reason: end.map(|end| end.reason.as_str()),
        exit_code: end.map(|end| end.code),
    };
    json_line(&remark, shell);
}

fn json_line(value: &impl Serialize, shell: &mut Shell) {
    let mut line = Vec::new();
    if json::write_line(value, &mut line).is_ok() {
        shell.draw(&String::from_utf8_lossy(&line));
    }
}

/// The bar, and a line for each of the worst objects.
fn block(status: &WaitStatus, charset: Charset) -> Vec<String> {
    let mut lines = vec![bar(status)];
    let worst = status.open.iter().take(WORST);
    lines.extend(worst.map(|open| open_line(open, charset)));
    let more = status.open.len().saturating_sub(WORST);
    if more > 0 {
        lines.push(format!("  {more} more"));
    }
    lines
}

/// `3 of 14 done, 3 min of 12 min [####                ]`: a narrow terminal cuts the bar first.
fn bar(status: &WaitStatus) -> String {
    let filled = BAR
        .saturating_mul(status.settled)
        .checked_div(status.total)
        .unwrap_or(0)
        .min(BAR);
    let cells = |count: u64, cell: &str| cell.repeat(usize::try_from(count).unwrap_or(0));
    let time = match status.timeout {
        Some(limit) => format!("{} of {}", span(status.elapsed), span(limit)),
        None => span(status.elapsed),
    };
    format!(
        "{} of {} done, {time} [{}{}]",
        status.settled,
        status.total,
        cells(filled, "#"),
        cells(BAR.saturating_sub(filled), " "),
    )
}

fn open_line(open: &OpenLine, charset: Charset) -> String {
    let mark = match (open.state, charset) {
        (Some(State::Unavailable | State::Degraded), Charset::Utf8) => "✗",
        (Some(State::Unavailable | State::Degraded), Charset::Ascii) => "x",
        (Some(State::Progressing | State::Terminating), _) => "~",
        _ => "?",
    };
    format!("{mark} {} ({})", escape(&open.words), span(open.seconds))
}

#[cfg(test)]
mod tests {
    use super::{block, span};
    use crate::shell::Charset;
    use sre_shared::follow::{OpenLine, WaitStatus};
    use sre_shared::report::State;

    fn open(words: &str, state: Option<State>, seconds: i64) -> OpenLine {
        OpenLine {
            object: None,
            state,
            words: words.to_owned(),
            seconds,
        }
    }

    #[test]
    fn the_block_has_the_bar_and_the_worst_objects() {
        let mut status = WaitStatus {
            total: 14,
            settled: 3,
            elapsed: 200,
            timeout: Some(720),
            open: vec![
                open("shop/api 1/3 ready: exited 1", Some(State::Degraded), 40),
                open("shop/web 0/1 ready\u{1b}[2J", Some(State::Progressing), 130),
                open("deployment shop/db is not there", None, 200),
            ],
        };
        assert_eq!(
            block(&status, Charset::Utf8),
            [
                "3 of 14 done, 3 min of 12 min [####                ]",
                "✗ shop/api 1/3 ready: exited 1 (40 s)",
                "~ shop/web 0/1 ready\\u{1b}[2J (2 min)",
                "? deployment shop/db is not there (3 min)",
            ]
        );
        status.open = (0..7)
            .map(|_| open("shop/api", Some(State::Degraded), 0))
            .collect();
        let lines = block(&status, Charset::Ascii);
        assert_eq!(
            (lines.len(), lines[1].as_str(), lines[6].as_str()),
            (7, "x shop/api (0 s)", "  2 more")
        );
        (status.total, status.settled, status.timeout) = (0, 0, None);
        assert_eq!(
            block(&status, Charset::Ascii)[0],
            format!("0 of 0 done, {} [{}]", span(200), " ".repeat(20))
        );
    }
}
