//! `kubectl sre explain CODE`: what a word of a report means, how it was decided, and what to do.
//!
//! The one source is docs/checks.md, cut into its sections: what is printed and what is read on the web cannot differ.

use crate::cli::Explain;
use crate::shell::Color;
use crate::{Shell, exit, output};
use sre_shared::nearest::nearest;
use unicode_width::UnicodeWidthStr as _;

const DOCS: &str = include_str!("../../../docs/checks.md");

/// Longer lines are hard to read, however wide the terminal is.
const WIDEST: usize = 100;

/// Appended to every reason and cause.
const SILENCE: &str = "Known, and not to be told for a while? Annotate the object that it is shown on. It keeps its state, \
                       and stays out of status and exit code until the end of that day. (What is unknown cannot be \
                       acknowledged.)";

/// What the word of a section is in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Kind,
    Reason,
    Cause,
    Class,
}

impl Role {
    const ALL: [Self; 4] = [Self::Kind, Self::Reason, Self::Cause, Self::Class];

    /// The word, and the heading of the list.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Kind => ("kind", "Kinds: how they are judged"),
            Self::Reason => ("reason", "Reasons: the state of an object"),
            Self::Cause => ("cause", "Causes: why an object is in it"),
            Self::Class => ("class", "Classes: why something was not seen"),
        }
    }
}

/// One word and its text, in Markdown.
#[derive(Debug)]
struct Section {
    role: Role,
    word: &'static str,
    text: String,
}

impl Section {
    /// The beginning of its first sentence.
    fn summary(&self) -> String {
        let first: Vec<&str> = self
            .text
            .lines()
            .skip_while(|line| line.is_empty())
            .take_while(|line| !line.is_empty())
            .collect();
        let first = first.join(" ");
        let end = [". ", ": ", "; ", " ("]
            .iter()
            .filter_map(|end| first.find(end))
            .min();
        let sentence = end.and_then(|end| first.get(..end)).unwrap_or(&first);
        sentence.trim_end_matches(['.', ':']).to_owned()
    }
}

/// Runs it.
pub fn run(args: &Explain, shell: &mut Shell) -> u8 {
    let sections = sections(DOCS);
    let width = shell.width().unwrap_or(WIDEST).clamp(20, WIDEST);
    let Some(word) = &args.code else {
        let cut = shell.width();
        shell.print(&list(&sections, cut));
        return 0;
    };
    let found: Vec<&Section> = sections
        .iter()
        .filter(|s| s.word.eq_ignore_ascii_case(word))
        .collect();
    if found.is_empty() {
        let near = nearest(word, sections.iter().map(|s| s.word));
        let word = output::escape(word);
        shell.complain(&match near {
            Some(near) => format!("error: unknown code {word:?}, did you mean {near:?}?"),
            None => format!("error: unknown code {word:?}: kubectl sre explain lists every one"),
        });
        return exit::USAGE;
    }
    let bold = if shell.colors(Color::Auto) {
        anstyle::Style::new().bold()
    } else {
        anstyle::Style::new()
    };
    let texts: Vec<String> = found
        .iter()
        .map(|section| {
            let word = section.word;
            let text = page(section, width);
            format!("{bold}{word}{bold:#}  ({})\n\n{text}", section.role.words().0)
        })
        .collect();
    shell.print(&texts.join("\n"));
    0
}

/// One line a word.
fn list(sections: &[Section], cut: Option<usize>) -> String {
    let longest = sections.iter().map(|s| s.word.len()).max().unwrap_or(0);
    let mut blocks = Vec::new();
    for role in Role::ALL {
        let lines = sections.iter().filter(|s| s.role == role).map(|section| {
            let line = format!("  {:<longest$}  {}", section.word, section.summary());
            match cut {
                Some(cut) if line.width() > cut => {
                    let short: String = line.chars().take(cut.saturating_sub(3)).collect();
                    format!("{}...\n", short.trim_end())
                }
                _ => format!("{line}\n"),
            }
        });
        let lines: String = lines.collect();
        blocks.push(format!("{}\n{lines}", role.words().1));
    }
    blocks.join("\n")
}

fn page(section: &Section, width: usize) -> String {
    let mut text = flow(&section.text, width);
    if matches!(section.role, Role::Reason | Role::Cause) {
        let annotation = format!("sre/ignore={} until YYYY-MM-DD, why", section.word);
        let silence = flow(SILENCE, width);
        text = format!("{text}\n{silence}\n    kubectl -n NAMESPACE annotate KIND NAME '{annotation}'\n");
    }
    text
}

/// Cuts the page into the words that it explains.
fn sections(docs: &'static str) -> Vec<Section> {
    let mut sections = Vec::new();
    for part in docs.split("\n# ") {
        let role = match part.lines().next() {
            Some("Reasons") => Role::Reason,
            Some("Causes") => Role::Cause,
            Some("Classes of failure") => {
                sections.extend(part.lines().filter_map(row));
                continue;
            }
            _ => Role::Kind,
        };
        for section in part.split("\n## ").skip(1) {
            let (title, text) = section.split_once('\n').unwrap_or((section, ""));
            let kind = ["How a ", "How an "]
                .iter()
                .find_map(|how| title.strip_prefix(how)?.strip_suffix(" is judged"));
            let (role, word) = match kind {
                Some(kind) => (Role::Kind, kind),
                None if role == Role::Kind => continue,
                None => (role, title.trim()),
            };
            if !word.contains(' ') {
                let text = format!("{}\n", text.trim_matches('\n'));
                sections.push(Section { role, word, text });
            }
        }
    }
    sections
}

/// A row of the table of classes.
fn row(line: &'static str) -> Option<Section> {
    let mut cells = line
        .strip_prefix("| `")?
        .trim_end_matches([' ', '|'])
        .split(" | ");
    let word = cells.next()?.trim_end_matches('`');
    let means = cells.next()?;
    let todo = cells.next()?;
    Some(Section {
        role: Role::Class,
        word,
        text: format!("{}.\n\nWhat to do: {todo}.\n", capital(means)),
    })
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Markdown for a terminal: paragraphs are broken anew, what is laid out by hand stays.
fn flow(text: &str, width: usize) -> String {
    let mut out = String::new();
    for (number, block) in text.trim_matches('\n').split("\n\n").enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let laid_out =
            |line: &str| line.starts_with("    ") || line.starts_with('|') || line.starts_with("- ");
        if block.lines().any(laid_out) {
            out.push_str(block);
            out.push('\n');
            continue;
        }
        let mut line = String::new();
        for word in block.split_whitespace() {
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                out.push_str(&line);
                out.push('\n');
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const PAGE: &str = "# What is checked\n\n## How a Thing is judged\n\nBy looking.\n\n# Reasons\n\n## Broken\n\nIt is \
                        broken. Very\nmuch so, of a truth that is long enough to be broken.\n\n    kubectl mend\n\n# The \
                        rest\n\n## The path\n\nNo word.\n\n# Classes of failure\n\n| class | means | do |\n|---|---|---|\n\
                        | `gone` | it is gone | look for `it` |\n";

    #[test]
    fn the_page_is_cut_into_the_words_that_it_explains() {
        let sections = sections(PAGE);
        let words: Vec<(Role, &str, String)> =
            sections.iter().map(|s| (s.role, s.word, s.summary())).collect();
        assert_eq!(
            words,
            [
                (Role::Kind, "Thing", "By looking".to_owned()),
                (Role::Reason, "Broken", "It is broken".to_owned()),
                (Role::Class, "gone", "It is gone".to_owned()),
            ]
        );
    }

    #[test]
    fn a_section_is_broken_for_the_terminal_and_its_commands_are_not() {
        let sections = sections(PAGE);
        insta::assert_snapshot!(page(&sections[1], 40), @r#"
        It is broken. Very much so, of a truth
        that is long enough to be broken.

            kubectl mend

        Known, and not to be told for a while?
        Annotate the object that it is shown on.
        It keeps its state, and stays out of
        status and exit code until the end of
        that day. (What is unknown cannot be
        acknowledged.)

            kubectl -n NAMESPACE annotate KIND NAME 'sre/ignore=Broken until YYYY-MM-DD, why'
        "#);
        insta::assert_snapshot!(page(&sections[2], 40), @r#"
        It is gone.

        What to do: look for `it`.
        "#);
        insta::assert_snapshot!(list(&sections, Some(24)), @r#"
        Kinds: how they are judged
          Thing   By looking

        Reasons: the state of an object
          Broken  It is broken

        Causes: why an object is in it

        Classes: why something was not seen
          gone    It is gone
        "#);
    }

    #[test]
    fn no_word_has_two_sections() {
        let sections = sections(DOCS);
        let words: BTreeSet<&str> = sections.iter().map(|s| s.word).collect();
        assert_eq!(words.len(), sections.len());
    }
}
