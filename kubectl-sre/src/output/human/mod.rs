//! The screen: verdict first, then problems with evidence and the next command, then a line for each part.
//!
//! It is read at 3 a.m., without colour, in a narrow window, by someone who has to decide what to type next. So similar
//! problems are shown once, and the screen stays short however much is broken; `-o json` lists everything.

mod api_server;
mod entry;
mod explain;
mod headline;
mod not_seen;
mod parts;
mod problems;

use super::{Style, escape, wrap};
use crate::shell::Charset;
use anstyle::{AnsiColor, Style as Paint};
use sre_shared::digest::{Digest, OverallHealth, Severity};
use sre_shared::report::Report;
use std::io::{Result, Write};
use std::iter;

/// Writes the screen. If it does not fit on the terminal, the verdict is its first and its last line.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, style: &Style, out: &mut dyn Write) -> Result<()> {
    let screen = Screen {
        report,
        digest: &Digest::new(report),
        style,
    };
    if style.quiet {
        return writeln!(out, "{}", screen.verdict().trim_end());
    }
    let headline = screen.headline();
    let mut end = screen.parts();
    end.extend(screen.explain());
    let below = [screen.not_seen(), screen.ladder(), end];
    let room = style.height.map(|height| {
        let others = iter::once(&headline).chain(&below);
        let used: usize = others.map(|block| screen.rows_of_block(block)).sum();
        // Below the screen is the prompt, and above the problems an empty line.
        height.saturating_sub(used + 1)
    });
    let problems = screen.problems(room);
    let is_long = room.is_some_and(|room| screen.rows_of_block(&problems) > room);
    let mut blocks = vec![headline.clone(), problems];
    blocks.extend(below);
    blocks.extend(is_long.then_some(headline));
    blocks.retain(|block| !block.is_empty());
    for (number, block) in blocks.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        for line in block {
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(())
}

struct Screen<'a> {
    report: &'a Report,
    digest: &'a Digest<'a>,
    style: &'a Style,
}

/// The marks of what is broken and of what is well, and those for terminals that show only ASCII.
pub(super) const CROSS: [&str; 2] = ["✗", "x"];
pub(super) const TICK: [&str; 2] = ["✓", "+"];

/// The one of two marks that a terminal with that charset shows.
pub(super) fn shown(charset: Charset, [utf8, ascii]: [&'static str; 2]) -> &'static str {
    match charset {
        Charset::Utf8 => utf8,
        Charset::Ascii => ascii,
    }
}

/// The mark of a line of that severity.
fn mark(severity: Severity, charset: Charset) -> &'static str {
    match severity {
        Severity::Broken => shown(charset, CROSS),
        Severity::Warning => "!",
        Severity::Unknown => "?",
        Severity::Progressing => "~",
    }
}

fn mark_paint(severity: Severity) -> Paint {
    let color = match severity {
        Severity::Broken => AnsiColor::Red,
        Severity::Warning | Severity::Unknown => AnsiColor::Yellow,
        Severity::Progressing => AnsiColor::Cyan,
    };
    color.on_default().bold()
}

pub(super) fn health_paint(health: OverallHealth) -> Paint {
    let color = match health {
        OverallHealth::Ok => AnsiColor::Green,
        OverallHealth::Progressing => AnsiColor::Cyan,
        OverallHealth::Degraded => AnsiColor::Red,
        OverallHealth::Unknown => AnsiColor::Yellow,
    };
    color.on_default()
}

impl Screen<'_> {
    fn paint(&self, paint: Paint, text: &str) -> String {
        if self.style.color {
            format!("{paint}{text}{paint:#}")
        } else {
            text.to_owned()
        }
    }

    fn bold(&self, text: &str) -> String {
        self.paint(Paint::new().bold(), text)
    }

    fn dim(&self, text: &str) -> String {
        self.paint(Paint::new().dimmed(), text)
    }

    fn mark(&self, severity: Severity) -> String {
        self.paint(mark_paint(severity), mark(severity, self.style.charset))
    }

    /// The mark of what is well.
    fn tick(&self) -> String {
        self.paint(AnsiColor::Green.on_default(), shown(self.style.charset, TICK))
    }

    /// Breaks a text at the edge of the terminal. The first line begins with `first` and its width, the others with
    /// `indent` spaces.
    fn wrap(&self, first: (&str, usize), indent: usize, text: &str) -> Vec<String> {
        wrap(first, indent, self.style.width, text)
    }

    fn indented(&self, indent: usize, text: &str) -> Vec<String> {
        self.wrap((&" ".repeat(indent), indent), indent, text)
    }

    /// The rows of the terminal that a line takes.
    fn rows(&self, line: &str) -> usize {
        let width = self.style.width.unwrap_or(usize::MAX).max(1);
        console::measure_text_width(line).div_ceil(width).max(1)
    }

    /// The rows that a block takes, with the empty line before or after it.
    fn rows_of_block(&self, block: &[String]) -> usize {
        if block.is_empty() {
            return 0;
        }
        block.iter().map(|line| self.rows(line)).sum::<usize>() + 1
    }

    /// A command is never wrapped, so that it can be pasted.
    fn hint(&self, hint: &str) -> String {
        format!("    {}", self.dim(&escape(hint)))
    }
}

#[cfg(test)]
mod tests;
