//! The words of reports on a terminal: the list of all, or the page of one.

use super::terminal_markdown::{render, wrapped};
use crate::glossary::{Glossary, Role, Section};

/// Appended to every reason and cause.
const SILENCE: &str = "Known already? Annotate the object that it is shown on. It keeps its state, and stays out of status \
                       and exit code until the end of that day. (An unknown object cannot be acknowledged.)";

/// Width of the column of words at most. Longer words have a line of their own.
const WORD_COLUMN: usize = 24;

/// The list of words with their first sentences, in lines of that width.
pub fn list(glossary: &Glossary, width: usize) -> String {
    let column = WORD_COLUMN.min(width / 3);
    let indent = " ".repeat(column + 4);
    let mut blocks = Vec::new();
    for role in Role::ALL {
        let mut lines_of_role = vec![role.words().1.to_owned()];
        for section in glossary.sections.iter().filter(|section| section.role == role) {
            let (words, text) = match role {
                Role::Kubernetes => (section.explained_by.join(", "), section.words.join(", ")),
                _ => (section.words.join(", "), section.summary()),
            };
            let lines = wrapped(&text, width.saturating_sub(column + 4), false);
            let mut lines = lines.iter();
            if words.len() > column {
                lines_of_role.push(format!("  {words}"));
            } else {
                let first = lines.next().map_or("", String::as_str);
                lines_of_role.push(format!("  {words:<column$}  {first}"));
            }
            lines_of_role.extend(lines.map(|line| format!("{indent}{line}")));
        }
        blocks.push(lines_of_role.join("\n") + "\n");
    }
    blocks.join("\n")
}

/// The page of one section, in lines of that width.
pub fn page(section: &Section, width: usize, color: bool) -> String {
    let heading = heading(&section.words.join(", "), section.role, color);
    let mut text = format!("{heading}\n{}", render(&section.text, width, color));
    if matches!(section.role, Role::Reason | Role::Cause) {
        let word = section.words.first().copied().unwrap_or_default();
        let annotation = format!("sre/ignore={word} until YYYY-MM-DD, why");
        let silence = format!("{SILENCE}\n\n    kubectl -n NAMESPACE annotate KIND NAME '{annotation}'\n");
        text = format!("{text}\n{}", render(&silence, width, color));
    }
    text
}

/// The page of a word of Kubernetes: the words that explain it, whose pages follow.
pub fn lead(word: &str, section: &Section, width: usize, color: bool) -> String {
    let text = format!("See {}.", section.explained_by.join(" and "));
    let heading = heading(word, section.role, color);
    format!("{heading}\n{}", render(&text, width, color))
}

fn heading(words: &str, role: Role, color: bool) -> String {
    let bold = if color {
        anstyle::Style::new().bold()
    } else {
        anstyle::Style::new()
    };
    format!("{bold}{words}{bold:#}  ({})\n", role.words().0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glossary::{DOCS, PAGE};
    use unicode_width::UnicodeWidthStr as _;

    #[test]
    fn a_section_is_laid_out_for_the_terminal_and_its_commands_are_not() {
        let glossary = Glossary::new(PAGE);
        insta::assert_snapshot!(page(&glossary.sections[2], 40, false), @r#"
        Broken  (reason)

        It is broken: very much so, of a truth
        that is long enough to be broken. Nobody
        knows.

        - one thing
        - another thing, which is longer

            kubectl mend

        Known already? Annotate the object that
        it is shown on. It keeps its state, and
        stays out of status and exit code until
        the end of that day. (An unknown object
        cannot be acknowledged.)

            kubectl -n NAMESPACE annotate KIND NAME 'sre/ignore=Broken until YYYY-MM-DD, why'
        "#);
        insta::assert_snapshot!(page(&glossary.sections[3], 40, false), @r#"
        gone  (class)

        It is gone.

        What to do: look for it.
        "#);
        insta::assert_snapshot!(page(&glossary.sections[0], 40, false), @r#"
        Deployment  (kind)

        By looking. See the rest.

        state    means                   healthy
        healthy  it has what it asks     true
                 for
        "#);
    }

    #[test]
    fn every_page_fits_every_terminal_but_for_commands_and_long_words() {
        let glossary = Glossary::new(DOCS);
        for width in [20, 40, 60, 80, 100] {
            for section in &glossary.sections {
                let text = render(&section.text, width, false);
                let is_too_wide = |line: &&str| {
                    line.width() > width
                        && !line.starts_with("    ")
                        && line.trim_start_matches("- ").trim().contains(' ')
                };
                assert_eq!(
                    text.lines().find(is_too_wide),
                    None,
                    "{width}: {:?}",
                    section.words
                );
            }
        }
    }

    #[test]
    fn a_word_of_kubernetes_names_the_words_that_explain_it() {
        let glossary = Glossary::new(PAGE);
        insta::assert_snapshot!(lead("Snapped", &glossary.sections[4], 40, false), @r#"
        Snapped  (word of Kubernetes)

        See Broken.
        "#);
    }

    #[test]
    fn the_list_has_whole_sentences_that_are_wrapped_between_words() {
        let glossary = Glossary::new(PAGE);
        let shown = list(&glossary, 40);
        assert!(
            shown.starts_with("Kinds: how they are judged\n  Deployment     By looking\n\n"),
            "{shown}"
        );
        insta::assert_snapshot!(shown[shown.find("Reasons").unwrap_or(0)..], @r#"
        Reasons: the state of an object
          Broken         It is broken: very much
                         so, of a truth that is
                         long enough to be
                         broken

        Causes: why an object is in it

        Classes: why something was not seen
          gone           It is gone

        Rungs: the steps of the path to the API server

        Sides: who has to look at a failure first

        Other words of the screen

        Words of Kubernetes, by the word that explains them
          Broken         Snapped, Cracked
        "#);
    }
}
