//! The screen: verdict first, then problems with evidence and the next command, then a line for each part.
//!
//! It is read at 3 a.m., without colour, in a narrow window, by someone who has to decide what to type next. So similar
//! problems are shown once, and the screen stays short however much is broken; `-o json` lists everything.

mod api_server;
mod not_seen;
mod parts;
mod problems;

use super::{Style, escape, wrap};
use crate::shell::Charset;
use anstyle::{AnsiColor, Style as Paint};
use sre_shared::digest::{Digest, NotSeenGroup, OverallHealth, Problem, Severity};
use sre_shared::report::Report;
use std::io::{Result, Write};
use unicode_width::UnicodeWidthStr as _;

/// Writes the screen.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, style: &Style, out: &mut dyn Write) -> Result<()> {
    let screen = Screen {
        report,
        digest: &Digest::new(report),
        style,
    };
    let mut blocks = vec![screen.headline()];
    if !style.quiet {
        blocks.push(screen.problems());
        blocks.push(screen.not_seen());
        blocks.push(screen.ladder());
        let mut end = screen.parts();
        end.extend(screen.explain());
        blocks.push(end);
    }
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
const CROSS: [&str; 2] = ["✗", "x"];
const TICK: [&str; 2] = ["✓", "+"];

/// The one of two marks that a terminal with that charset shows.
fn shown(charset: Charset, [utf8, ascii]: [&'static str; 2]) -> &'static str {
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

fn health_paint(health: OverallHealth) -> Paint {
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

    /// The verdict. It is one line if nothing else is printed.
    fn headline(&self) -> Vec<String> {
        let headline = &self.digest.headline;
        let word = headline.health.as_str().to_ascii_uppercase();
        let sentences = headline.sentences.join("; ");
        let parts = headline.place.iter().chain(&headline.version).chain([&sentences]);
        let parts: Vec<String> = parts.map(|part| escape(part)).collect();
        let text = parts.join("  ");
        let begin = format!("{}  ", self.paint(health_paint(headline.health).bold(), &word));
        if self.style.quiet {
            // The last line of the screen says whose answer it is, and is not printed here.
            let agent = headline.agent.as_deref();
            let by = agent.map_or(String::new(), |agent| format!(", by agent {}", escape(agent)));
            return vec![format!("{begin}{text}{by}")];
        }
        self.wrap((&begin, word.len() + 2), 2, &text)
    }

    /// The command that explains the first word of the screen that needs it. A person who is new to the words reads on a
    /// terminal; a pipe has no use for it.
    fn explain(&self) -> Option<String> {
        let width = self.style.width?;
        let class = self.digest.api_server.and_then(|check| check.class.as_deref());
        let command = format!(
            "kubectl sre explain {}",
            escape(class.or_else(|| self.first_word())?)
        );
        let said = format!("{command}    # what it means, and what to do");
        let fits = said.width() <= width;
        Some(self.dim(if fits { &said } else { &command }))
    }

    /// The word of the first problem with a known cause, else of the first problem, else of a gap or of a note.
    fn first_word(&self) -> Option<&str> {
        let problems = &self.digest.problems;
        let cause = problems.iter().find_map(|problem| match problem {
            Problem::Shared(cause) => Some(cause.finding.code.as_str()),
            Problem::Object(object) => object.item.causes.first().map(|cause| cause.code.as_str()),
            Problem::Alike(_) => None,
        });
        let reason = || Some(problems.first()?.items().into_iter().next()?.reason.as_str());
        let gap = || self.digest.not_seen.first().map(NotSeenGroup::class);
        let note = || Some(self.report.api_server()?.notes.first()?.text.as_str());
        cause.or_else(reason).or_else(gap).or_else(note)
    }

    /// Breaks a text at the edge of the terminal. The first line begins with `first` and its width, the others with
    /// `indent` spaces.
    fn wrap(&self, first: (&str, usize), indent: usize, text: &str) -> Vec<String> {
        wrap(first, indent, self.style.width, text)
    }

    fn indented(&self, indent: usize, text: &str) -> Vec<String> {
        self.wrap((&" ".repeat(indent), indent), indent, text)
    }

    /// A command is never wrapped, so that it can be pasted.
    fn hint(&self, hint: &str) -> String {
        format!("    {}", self.dim(&escape(hint)))
    }
}

#[cfg(test)]
mod tests;
