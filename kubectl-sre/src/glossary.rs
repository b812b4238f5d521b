//! The meaning of each word of a report: docs/checks.md, cut into its sections and the rows of its tables. `explain` has
//! this one source, so it cannot differ from the page.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use sre_shared::kind::Kind;
use sre_shared::report::{Code, PassesByItself};

/// The text of docs/checks.md.
pub const DOCS: &str = include_str!("../../docs/checks.md");

/// The role of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A kind of object.
    Kind,
    /// The state of an object, or of the whole.
    State,
    /// Says why an object is in its state.
    Reason,
    /// Says what led to that state.
    Cause,
    /// Says why something was not seen.
    Class,
    /// A step of the path to the API server.
    Rung,
    /// Who has to look at a failure first.
    Side,
    /// Another word of the screen.
    Screen,
    /// A word of Kubernetes that messages quote.
    Kubernetes,
}

impl Role {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 9] = [
        Self::Kind,
        Self::State,
        Self::Reason,
        Self::Cause,
        Self::Class,
        Self::Rung,
        Self::Side,
        Self::Screen,
        Self::Kubernetes,
    ];

    /// The word, and the heading of the list.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Kind => ("kind", "Kinds: how they are judged"),
            Self::State => ("state", "States: how an object, or all of them, are"),
            Self::Reason => ("reason", "Reasons: the state of an object"),
            Self::Cause => ("cause", "Causes: why an object is in it"),
            Self::Class => ("class", "Classes: why something was not seen"),
            Self::Rung => ("rung", "Rungs: the steps of the path to the API server"),
            Self::Side => ("side", "Sides: who has to look at a failure first"),
            Self::Screen => ("word of the screen", "Other words of the screen"),
            Self::Kubernetes => (
                "word of Kubernetes",
                "Words of Kubernetes, by the word that explains them",
            ),
        }
    }
}

/// Words and their text, in Markdown.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// The role of the words.
    pub role: Role,
    /// The words; most sections have one.
    pub words: Vec<&'static str>,
    /// Their text, in Markdown. Empty for words of Kubernetes.
    pub text: String,
    /// The words that explain a word of Kubernetes.
    pub explained_by: Vec<&'static str>,
}

impl Section {
    fn new(role: Role, words: Vec<&'static str>, text: String) -> Self {
        Self {
            role,
            words,
            text,
            explained_by: Vec::new(),
        }
    }

    /// Whether the problem passes although nobody acts; `None` if the words are neither a reason nor a cause.
    pub fn passes(&self) -> Option<PassesByItself> {
        let code = || Some(Code::from(*self.words.first()?).passes_by_itself());
        matches!(self.role, Role::Reason | Role::Cause)
            .then(code)
            .flatten()
    }

    /// Its first sentence, without the period.
    pub fn summary(&self) -> String {
        let lines = self.text.lines().skip_while(|line| line.is_empty());
        let first: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
        let first = first.join(" ");
        let sentence = first.split(". ").next().unwrap_or(&first);
        sentence.trim_end_matches(['.', ':']).to_owned()
    }

    /// Whether this is one of its words. Kinds have all names that kubectl takes.
    fn is_called(&self, word: &str) -> bool {
        let is_kind = |known: &str| {
            self.role == Role::Kind && Kind::from_word(word).is_some_and(|kind| kind.kind() == known)
        };
        let mut words = self.words.iter();
        words.any(|known| *known == word || is_kind(known))
    }

    /// Whether this is one of its words, in any case.
    fn is_alike(&self, word: &str) -> bool {
        let mut words = self.words.iter();
        words.any(|known| known.eq_ignore_ascii_case(word))
    }
}

/// As `explain -o json` writes it.
impl Serialize for Section {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("words", &self.words)?;
        map.serialize_entry("role", self.role.words().0)?;
        if let Some(passes) = self.passes() {
            map.serialize_entry("passes", &passes)?;
        }
        if !self.text.is_empty() {
            map.serialize_entry("text", self.text.trim_end())?;
        }
        if !self.explained_by.is_empty() {
            map.serialize_entry("explainedBy", &self.explained_by)?;
        }
        map.end()
    }
}

/// Every word that a report can show.
#[derive(Debug)]
pub struct Glossary {
    /// Its sections, by their roles.
    pub sections: Vec<Section>,
}

impl Glossary {
    /// Cuts the page into the words that it explains.
    pub fn new(docs: &'static str) -> Self {
        let mut sections = Vec::new();
        for part in docs.split("\n# ") {
            let role = match part.lines().next() {
                Some("Reasons") => Role::Reason,
                Some("Causes") => Role::Cause,
                _ => Role::Kind,
            };
            for section in part.split("\n## ").skip(1) {
                let (title, text) = section.split_once('\n').unwrap_or((section, ""));
                let words = match role {
                    Role::Kind => kinds_of_heading(title.trim()),
                    _ => vec![title.trim()],
                };
                if !words.is_empty() {
                    sections.push(Section::new(
                        role,
                        words,
                        format!("{}\n", text.trim_matches('\n')),
                    ));
                }
            }
        }
        for (role, header) in [
            (Role::State, "| state | means |"),
            (Role::Class, "| class | means |"),
            (Role::Rung, "| rung | what is checked |"),
            (Role::Side, "| side | classes |"),
            (Role::Screen, "| word of the screen | means |"),
            (Role::Kubernetes, "| word of Kubernetes | explained by |"),
        ] {
            sections.extend(rows(docs, header).filter_map(|cells| row(role, &cells)));
        }
        sections.sort_by_key(|section| section.role);
        Self { sections }
    }

    /// The sections of a word as it is written, else in any case: `OutOfMemory` is a cause, `OutOfmemory` a word of the
    /// kubelet, and `outofmemory` may be either.
    pub fn find(&self, word: &str) -> Vec<&Section> {
        // A word is often copied with the punctuation of the screen.
        let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
        let sections = || self.sections.iter();
        let exact: Vec<&Section> = sections().filter(|section| section.is_called(word)).collect();
        if exact.is_empty() {
            return sections().filter(|section| section.is_alike(word)).collect();
        }
        exact
    }

    /// The words that a section can be found by.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        self.sections
            .iter()
            .flat_map(|section| section.words.iter().copied())
    }
}

/// The kinds that the heading of a section names: `How a Deployment is judged`.
fn kinds_of_heading(heading: &'static str) -> Vec<&'static str> {
    let kind = heading
        .strip_prefix("How ")
        .and_then(|rest| {
            rest.strip_suffix(" is judged")
                .or_else(|| rest.strip_suffix(" are judged"))
        })
        .unwrap_or_default();
    let kind = kind.trim_start_matches("a ").trim_start_matches("an ");
    match kind {
        "the other workloads" => vec!["Pod", "ReplicaSet", "ReplicationController"],
        "webhook configuration" => vec!["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"],
        "object that has a controller" => vec!["Controllers", "not judged itself"],
        "custom resource" => vec!["custom resource"],
        "" => Vec::new(),
        kind => vec![Kind::from_word(kind).map_or(kind, Kind::kind)],
    }
}

/// The rows of the table with that header, as cells.
fn rows(docs: &'static str, header: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let from = docs
        .find(header)
        .and_then(|start| docs.get(start..))
        .unwrap_or_default();
    let lines = from.lines().skip(2).take_while(|line| line.starts_with('|'));
    lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

/// The section of a row. The cells are the words and what is said about them.
fn row(role: Role, cells: &[&'static str]) -> Option<Section> {
    let words = |cell: &'static str| {
        cell.split(", ")
            .map(|word| word.trim_matches('`'))
            .collect::<Vec<_>>()
    };
    let (first, means) = (cells.first()?, cells.get(1)?);
    let third = cells.get(2).copied().unwrap_or_default();
    let means_sentence = format!("{}.", capital(means));
    let text = match role {
        Role::State => format!("{means_sentence} In JSON `healthy` is {third}.\n"),
        Role::Class => format!("{means_sentence}\n\nWhat to do: {third}.\n"),
        Role::Rung if third.is_empty() => format!("{means_sentence}\n"),
        Role::Rung => format!("{means_sentence}\n\nA warning: {third}.\n"),
        Role::Side => format!("It has to look first at failures of the classes {means}.\n"),
        Role::Kubernetes => {
            return Some(Section {
                explained_by: words(means),
                ..Section::new(role, words(first), String::new())
            });
        }
        _ => format!("{means_sentence}\n"),
    };
    Some(Section::new(role, words(first), text))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A page with sections and tables.
#[cfg(test)]
pub const PAGE: &str = "\
# What is checked

## How a Deployment is judged

By looking. See [the rest](#the-rest).

| state | means | `healthy` |
|---|---|---|
| healthy | it has what it asks for | true |

# Reasons

## Broken

It is broken: very
much `so`, of a truth that is long enough to be broken. **Nobody** knows.

- one thing
- another thing, which is longer

    kubectl mend

# The rest

## The path

No word.

# Classes of failure

| class | means | do |
|---|---|---|
| `gone` | it is gone | look for `it` |

| word of Kubernetes | explained by |
|---|---|
| `Snapped`, `Cracked` | Broken |
";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_page_is_cut_into_the_words_that_it_explains() {
        let glossary = Glossary::new(PAGE);
        let sections = glossary.sections.iter();
        let words: Vec<(Role, String, String)> = sections
            .map(|s| (s.role, s.words.join(" "), s.summary()))
            .collect();
        let expected = [
            (Role::Kind, "Deployment", "By looking"),
            (Role::State, "healthy", "It has what it asks for"),
            (
                Role::Reason,
                "Broken",
                "It is broken: very much `so`, of a truth that is long enough to be broken",
            ),
            (Role::Class, "gone", "It is gone"),
            (Role::Kubernetes, "Snapped Cracked", ""),
        ];
        let expected = expected.map(|(role, word, text)| (role, word.to_owned(), text.to_owned()));
        assert_eq!(words, expected);
    }

    #[test]
    fn a_word_is_found_in_any_case_with_punctuation_and_by_the_names_of_its_kind() {
        let glossary = Glossary::new(PAGE);
        for (word, found) in [
            ("broken:", "Broken"),
            ("(gone)", "gone"),
            ("cracked", "Snapped"),
            ("deploy", "Deployment"),
            ("Deployments", "Deployment"),
        ] {
            let words: Vec<&str> = glossary.find(word).iter().map(|s| s.words[0]).collect();
            assert_eq!(words, [found], "{word}");
        }
        assert_eq!(glossary.find("sts"), Vec::<&Section>::new());
    }

    #[test]
    fn no_word_has_two_sections_in_one_role_and_every_lead_has_an_end() {
        let glossary = Glossary::new(DOCS);
        let mut seen = BTreeSet::new();
        for section in &glossary.sections {
            for word in &section.words {
                assert!(seen.insert((section.role, word.to_lowercase())), "{word}");
            }
            for word in &section.explained_by {
                let found = glossary.find(word);
                assert!(
                    found.iter().any(|s| s.role != Role::Kubernetes),
                    "{:?} leads to {word}",
                    section.words
                );
            }
        }
    }
}
