//! Markdown for comments of GitHub, GitLab and Gitea, job summaries and incident pages: the verdict, a table of the problems, and
//! the rest folded away.
//!
//! A comment is read by bots too. So no text of the cluster is markup, mentions somebody, refers to an issue or begins a line: what
//! is not plain words is code, which GitHub, GitLab and Gitea show as it is. A backslash does not help: GitHub looks for `@name` and
//! `#1` in the finished text (github/markup#1168).

use super::escape;
use super::problem_text::{ProblemText, problem_texts};
use sre_shared::digest::{Digest, Severity, abridge};
use sre_shared::report::Report;
use std::fmt::Write as _;
use std::io::{Result, Write};

/// Bytes of the whole text. GitHub takes 65,536 characters.
pub(super) const MOST_BYTES: usize = 60_000;
/// Bytes that are kept for the evidence, the parts and the sentence about what is left out.
const FOR_THE_REST: usize = 12_000;
/// Bytes for the line about lines that are left out.
const LEFT_OUT: usize = 100;
/// What ends lines that are folded away.
const DETAILS_END: &str = "\n</details>\n";
/// Characters of one text of the cluster.
const MOST_CHARACTERS: usize = 400;
/// Characters of a command. A longer one is left out, since a part of it cannot be pasted.
const LONGEST_COMMAND: usize = 1000;
const HEADERS: &str = "| Problem | Where | Since | Next |\n|---|---|---|---|\n";

/// Writes the Markdown.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, out: &mut dyn Write) -> Result<()> {
    let digest = Digest::new(report);
    let problems = problem_texts(report, &digest);
    let mut comment = Comment::default();
    comment.text.push_str(&headline(&digest));
    let shown = comment.table(&problems);
    let left = problems.len().saturating_sub(shown);
    if left > 0 {
        let gaps = problems
            .iter()
            .skip(shown)
            .filter(|problem| problem.is_gap)
            .count();
        let of_them = if gaps > 0 {
            format!(", {gaps} of them about what was not seen")
        } else {
            String::new()
        };
        // Writing to a text does not fail.
        let _ = writeln!(
            comment.text,
            "\nThe table leaves out {left} problems{of_them}: `kubectl sre health --all` shows every one."
        );
    }
    let acknowledged = digest.acknowledged.len();
    if acknowledged > 0 {
        let _ = writeln!(comment.text, "\n{acknowledged} acknowledged.");
    }
    comment.evidence(problems.get(..shown).unwrap_or_default());
    comment.parts(&digest);
    out.write_all(comment.text.as_bytes())
}

/// `**DEGRADED** prod-eu v1.37.2: 3 of 214 Deployments are not healthy`
fn headline(digest: &Digest<'_>) -> String {
    let headline = &digest.headline;
    let word = headline.health.as_str().to_ascii_uppercase();
    let words = headline.place.iter().chain(&headline.version);
    let mut place = String::new();
    for text in words {
        place.push(' ');
        place.push_str(&inline(text));
    }
    let sentences: Vec<String> = headline.sentences.iter().map(|text| inline(text)).collect();
    format!("**{word}**{place}: {}\n", sentences.join("; "))
}

/// The text while it is written.
#[derive(Default)]
struct Comment {
    text: String,
}

impl Comment {
    /// Adds the table of the problems, as many rows as there is room for. Returns their number.
    fn table(&mut self, problems: &[ProblemText]) -> usize {
        if problems.is_empty() {
            return 0;
        }
        self.text.push('\n');
        self.text.push_str(HEADERS);
        for (number, problem) in problems.iter().enumerate() {
            let row = row(problem);
            if self.text.len().saturating_add(row.len()) > MOST_BYTES.saturating_sub(FOR_THE_REST) {
                return number;
            }
            self.text.push_str(&row);
        }
        problems.len()
    }

    /// Adds what shows the problems, folded away.
    fn evidence(&mut self, problems: &[ProblemText]) {
        let mut lines = Vec::new();
        for problem in problems.iter().filter(|problem| !problem.evidence.is_empty()) {
            lines.push(format!("- {}\n", inline(&problem.what)));
            lines.extend(
                problem
                    .evidence
                    .iter()
                    .map(|text| format!("  - {}\n", code(text))),
            );
        }
        self.details("Evidence", &lines);
    }

    /// Adds a line for each part, folded away.
    fn parts(&mut self, digest: &Digest<'_>) {
        let part = |part: &sre_shared::digest::PartLine| {
            let health = part.health.map_or("", |health| health.as_str());
            let text = format!("- {} {health} {}", inline(&part.title), inline(&part.text));
            format!("{}\n", text.replace("  ", " "))
        };
        let sentences = digest.left_out.iter().chain(&digest.manifest).cloned();
        let extent = &digest.extent;
        let place = extent
            .namespaces
            .as_ref()
            .map_or(String::new(), |words| format!(", {words}"));
        let looked_at = format!("looked at {}{place}", extent.looked_at);
        let agent = extent.agent.as_ref().map(|agent| format!("by agent {agent}"));
        let sentences = sentences
            .chain(extent.nothing_found())
            .chain([looked_at])
            .chain(agent);
        let lines: Vec<String> = digest
            .parts
            .iter()
            .map(part)
            .chain(sentences.map(|text| format!("- {}\n", inline(&text))))
            .collect();
        self.details("Parts", &lines);
    }

    /// Adds lines that are folded away, as many as there is room for.
    fn details(&mut self, title: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let _ = write!(self.text, "\n<details><summary>{title}</summary>\n\n");
        // The parts come last and are short.
        let room = MOST_BYTES.saturating_sub(if title == "Parts" { 0 } else { FOR_THE_REST / 3 });
        for (number, line) in lines.iter().enumerate() {
            let needed = line
                .len()
                .saturating_add(DETAILS_END.len())
                .saturating_add(LEFT_OUT);
            if self.text.len().saturating_add(needed) > room {
                let left = lines.len().saturating_sub(number);
                let _ = writeln!(self.text, "- and {left} more lines");
                break;
            }
            self.text.push_str(line);
        }
        self.text.push_str(DETAILS_END);
    }
}

/// A row of the table.
fn row(problem: &ProblemText) -> String {
    let word = match problem.severity {
        Severity::Broken => "✗",
        Severity::Warning => "△",
        Severity::Unknown => "?",
        Severity::Progressing => "…",
    };
    let extent = problem.extent.as_ref().map(|text| format!(" {}", inline(text)));
    let command = problem
        .command
        .as_ref()
        .filter(|text| text.chars().count() <= LONGEST_COMMAND);
    let cells = [
        format!("{word} {}", inline(&problem.why)),
        format!("{}{}", name(&problem.what), extent.unwrap_or_default()),
        problem
            .since
            .as_ref()
            .map_or(String::new(), |since| inline(since)),
        command.map_or(String::new(), |command| span(&escape(command))),
    ];
    let cells = cells.map(|cell| in_cell(&cell));
    format!("| {} |\n", cells.join(" | "))
}

/// A cell of a table: a pipe would end it, in code too. If a backslash stood before it, some renderers would read the two as an
/// escaped backslash and the end of the cell.
pub(super) fn in_cell(text: &str) -> String {
    text.replace("\\|", "\\ |").replace('|', "\\|")
}

/// A name is code, so that it can be copied.
fn name(text: &str) -> String {
    if text.contains(' ') {
        inline(text)
    } else {
        code(text)
    }
}

/// A text of the cluster within a line: as it is if it is plain words, else as code.
pub(super) fn inline(text: &str) -> String {
    let text = shortened(text);
    if is_plain(&text) { text } else { span(&text) }
}

/// A text of the cluster as code.
pub(super) fn code(text: &str) -> String {
    span(&shortened(text))
}

/// A text in one line without characters that a terminal acts upon, and not too long.
fn shortened(text: &str) -> String {
    let text = escape(abridge(text).trim());
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// A span of code with a fence that is longer than each of the text.
pub(super) fn span(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.saturating_add(1));
    // A fence that touches another backtick would be longer.
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Whether no renderer and no bot can read more than words into a text: it has no markup, link, mention, reference to an issue, a
/// merge request, a milestone or a commit, no emoji code, and no key of an issue of Jira.
fn is_plain(text: &str) -> bool {
    let is_known = |c: char| c.is_alphanumeric() || " ,;:.()'\"=+?-/%".contains(c);
    let mut before = ' ';
    let mut pairs = text.chars().map(|c| (std::mem::replace(&mut before, c), c));
    let is_mark =
        |(before, c): (char, char)| (before == ':' && c != ' ') || (c == '%' && !before.is_ascii_digit());
    !text.is_empty()
        && text.chars().all(is_known)
        && !pairs.any(is_mark)
        && text
            .split(|c: char| !c.is_alphanumeric() && c != '-')
            .all(is_plain_word)
}

/// Whether a word is neither the begin of a link, nor the hash of a commit, nor the key of an issue, such as `GH-1`.
fn is_plain_word(word: &str) -> bool {
    if word.eq_ignore_ascii_case("www") {
        return false;
    }
    let is_hash = |part: &str| part.len() >= 7 && part.chars().all(|c| c.is_ascii_hexdigit());
    let mut parts = word.split('-').peekable();
    while let Some(part) = parts.next() {
        let is_key = part.starts_with(|c: char| c.is_ascii_uppercase())
            && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let is_number = |next: &&str| next.starts_with(|c: char| c.is_ascii_digit());
        if is_hash(part) || (is_key && parts.peek().is_some_and(is_number)) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests;
