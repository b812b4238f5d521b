//! The meaning of each word of a report: docs/checks.md, cut into its sections. `explain` and the web page have this one
//! source, so they cannot differ.

/// The text of docs/checks.md.
pub const DOCS: &str = include_str!("../../docs/checks.md");

/// The role of a word in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A kind of object.
    Kind,
    /// Says why an object is in its state.
    Reason,
    /// Says what led to that state.
    Cause,
    /// Says why something was not seen.
    Class,
}

impl Role {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Kind, Self::Reason, Self::Cause, Self::Class];

    /// The word, and the heading of the list.
    pub fn words(self) -> (&'static str, &'static str) {
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
pub struct Section {
    /// The role of the word.
    pub role: Role,
    /// The word.
    pub word: &'static str,
    /// Its text, in Markdown.
    pub text: String,
}

impl Section {
    /// The beginning of its first sentence.
    pub fn summary(&self) -> String {
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

/// Cuts the page into the words that it explains.
pub fn sections(docs: &'static str) -> Vec<Section> {
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

/// A page with a section of each role.
#[cfg(test)]
pub const PAGE: &str = "# What is checked\n\n## How a Thing is judged\n\nBy looking.\n\n# Reasons\n\n## Broken\n\nIt is \
                        broken. Very\nmuch so, of a truth that is long enough to be broken.\n\n    kubectl mend\n\n# The \
                        rest\n\n## The path\n\nNo word.\n\n# Classes of failure\n\n| class | means | do |\n|---|---|---|\n\
                        | `gone` | it is gone | look for `it` |\n";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

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
    fn no_word_has_two_sections() {
        let sections = sections(DOCS);
        let words: BTreeSet<&str> = sections.iter().map(|s| s.word).collect();
        assert_eq!(words.len(), sections.len());
    }
}
