//! Candidates, and the form in which shells read them.

use crate::output::escape;
use std::fmt;

/// The most candidates that are printed. A shell asks a person before it shows so many.
const MOST: usize = 1000;
/// Characters of a description. A terminal is seldom wider than two of them.
const DESCRIPTION: usize = 80;

/// A word that the last word can become.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    word: String,
    description: String,
}

impl Candidate {
    /// A word without a description.
    pub fn new(word: impl Into<String>) -> Self {
        Self::described(word, "")
    }

    /// A word with its description, which is cut to one short line.
    pub fn described(word: impl Into<String>, description: &str) -> Self {
        let line = escape(description.lines().next().unwrap_or_default().trim());
        let mut short: String = line.chars().take(DESCRIPTION).collect();
        if short.len() < line.len() {
            let cut = short.rfind(' ').unwrap_or(short.len());
            short.truncate(cut);
            short.push_str("...");
        }
        Self {
            word: word.into(),
            description: short,
        }
    }

    /// The same with text in front of the word.
    #[must_use]
    pub fn after(self, lead: &str) -> Self {
        Self {
            word: format!("{lead}{}", self.word),
            ..self
        }
    }

    /// The word.
    #[must_use]
    pub fn word(&self) -> &str {
        &self.word
    }

    /// Whether a shell takes the word as it is. A name of a kubeconfig can hold anything: spaces, quotes, or a command that
    /// some shells would run. Such a name is left out.
    /// The part that was typed is the person's own.
    fn is_plain_after(&self, typed: &str) -> bool {
        let plain = |c: char| c.is_alphanumeric() || "-._:/@+=,%".contains(c);
        let rest = self.word.strip_prefix(typed);
        !self.word.is_empty() && rest.is_some_and(|rest| rest.chars().all(plain))
    }
}

/// The answer about a word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    candidates: Vec<Candidate>,
    files: bool,
    open: bool,
}

impl Completion {
    /// No candidate, and no file either.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The files of the shell.
    #[must_use]
    pub fn files() -> Self {
        Self {
            files: true,
            ..Self::default()
        }
    }

    /// The candidates that begin as the word does, sorted and each once. Words that a shell would change are left out.
    #[must_use]
    pub fn matching(candidates: impl IntoIterator<Item = Candidate>, typed: &str) -> Self {
        let mut candidates: Vec<Candidate> = candidates
            .into_iter()
            .filter(|candidate| candidate.is_plain_after(typed))
            .collect();
        candidates.sort();
        candidates.dedup_by(|next, kept| next.word == kept.word);
        candidates.truncate(MOST);
        Self {
            candidates,
            ..Self::default()
        }
    }

    /// The same for words that are not finished: the shell writes no space behind them.
    #[must_use]
    pub fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// The candidates.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The directive for the shell, in cobra's bits: 2 for no space, 4 for no files.
    fn directive(&self) -> u8 {
        u8::from(self.open) * 2 + u8::from(!self.files) * 4
    }
}

/// A line for each candidate, `word<TAB>description`, and a last line with the directive.
impl fmt::Display for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Candidate { word, description } in &self.candidates {
            match description.as_str() {
                "" => writeln!(f, "{word}")?,
                description => writeln!(f, "{word}\t{description}")?,
            }
        }
        writeln!(f, ":{}", self.directive())
    }
}
