//! The words of reports on a terminal: a line for each, or the page of one.

use super::wrap;
use crate::glossary::{Role, Section};
use unicode_width::UnicodeWidthStr as _;

/// Appended to every reason and cause.
const SILENCE: &str = "Known already? Annotate the object that it is shown on. It keeps its state, and stays out of status \
                       and exit code until the end of that day. (An unknown object cannot be acknowledged.)";

/// Width of the column of words at most. The few longer ones push their own text only.
const WORD_COLUMN: usize = 24;

/// The list of words, one line for each.
pub fn list(sections: &[Section], cut: Option<usize>) -> String {
    let longest = sections.iter().map(|s| s.word.len()).max().unwrap_or(0);
    let column = longest.min(WORD_COLUMN);
    let mut blocks = Vec::new();
    for role in Role::ALL {
        let lines = sections.iter().filter(|s| s.role == role).map(|section| {
            let line = format!("  {:<column$}  {}", section.word, section.summary());
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

/// The page of one word, with lines of that width.
pub fn page(section: &Section, width: usize, color: bool) -> String {
    let bold = if color {
        anstyle::Style::new().bold()
    } else {
        anstyle::Style::new()
    };
    let mut text = format!("{bold}{}{bold:#}  ({})\n\n", section.word, section.role.words().0);
    text.push_str(&flow(&section.text, width));
    if matches!(section.role, Role::Reason | Role::Cause) {
        let annotation = format!("sre/ignore={} until YYYY-MM-DD, why", section.word);
        let silence = flow(SILENCE, width);
        text = format!("{text}\n{silence}\n    kubectl -n NAMESPACE annotate KIND NAME '{annotation}'\n");
    }
    text
}

/// Markdown for a terminal: paragraphs are wrapped again; lists, tables and code stay as they are.
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
        let words: Vec<&str> = block.split_whitespace().collect();
        for line in wrap(("", 0), 0, Some(width), &words.join(" ")) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glossary::{PAGE, sections};

    #[test]
    fn a_section_is_wrapped_for_the_terminal_and_its_commands_are_not() {
        let sections = sections(PAGE);
        insta::assert_snapshot!(page(&sections[1], 40, false), @r#"
        Broken  (reason)

        It is broken. Very much so, of a truth
        that is long enough to be broken.

            kubectl mend

        Known already? Annotate the object that
        it is shown on. It keeps its state, and
        stays out of status and exit code until
        the end of that day. (An unknown object
        cannot be acknowledged.)

            kubectl -n NAMESPACE annotate KIND NAME 'sre/ignore=Broken until YYYY-MM-DD, why'
        "#);
        insta::assert_snapshot!(page(&sections[2], 40, false), @r#"
        gone  (class)

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
}
