//! What of a dump was not understood, and what a dump itself says that was not read: told once, with its place.

use std::collections::HashMap;

/// Gaps of a dump that are kept apart. What comes behind them is counted by file.
const MOST: usize = 500;

/// A part of a dump that was not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The file.
    pub file: String,
    /// The first line of the first such place, from 1; `None` for the whole file.
    pub line: Option<usize>,
    /// How many such places the file has.
    pub count: usize,
    /// What each of them is, such as `object` or `line`.
    pub unit: &'static str,
    /// Why it was not understood, or what the dump says of it.
    pub why: String,
    /// What it is about, if that is known.
    pub about: Option<UnseenObjects>,
    /// Whether the dump itself says that something was not read, and not we.
    pub refusal: bool,
}

/// The objects that were not seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnseenObjects {
    /// Their API group; `None` if it is not known.
    pub group: Option<String>,
    /// Their resource: the plural in lower case. `None` for every resource of the group.
    pub resource: Option<String>,
    /// Their namespace; `None` for all.
    pub namespace: Option<String>,
}

impl Gap {
    /// Where it is, as a person finds it.
    #[must_use]
    pub fn place(&self) -> String {
        let Self {
            file, count, unit, ..
        } = self;
        match (self.line, count) {
            (None, _) => file.clone(),
            (Some(line), 1) => format!("{file}, line {line}"),
            (Some(line), _) => format!("{count} {unit}s in {file}, from line {line} on"),
        }
    }
}

/// The gaps of a dump, each kind of a file once.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    all: Vec<Gap>,
    known: HashMap<(String, &'static str, String), usize>,
}

impl Gaps {
    pub fn add(&mut self, gap: Gap) {
        let mut key = (gap.file.clone(), gap.unit, format!("{:?}{}", gap.about, gap.why));
        if let Some(at) = self.known.get(&key) {
            self.all[*at].count += gap.count;
            return;
        }
        let gap = if self.all.len() < MOST {
            gap
        } else {
            let rest = Gap {
                unit: "further place",
                why: "not understood for other reasons".into(),
                about: None,
                refusal: false,
                ..gap
            };
            key = (rest.file.clone(), rest.unit, String::new());
            if let Some(at) = self.known.get(&key) {
                self.all[*at].count += rest.count;
                return;
            }
            if self.all.len() >= 2 * MOST {
                return;
            }
            rest
        };
        self.known.insert(key, self.all.len());
        self.all.push(gap);
    }

    pub fn all(&self) -> &[Gap] {
        &self.all
    }
}
