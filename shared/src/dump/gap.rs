//! The parts of a dump that were not understood, and those that the dump itself reports as not read: each once, with its
//! place.

use std::collections::HashMap;

/// The most gaps of a dump that are kept one by one. Further ones are counted by file.
const MOST: usize = 500;

/// A part of a dump that was not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpGap {
    /// The file.
    pub file: String,
    /// The first line of the first such place, from 1; `None` for the whole file.
    pub line: Option<usize>,
    /// How many such places the file has.
    pub count: usize,
    /// The unit that is counted, such as `object` or `line`.
    pub unit: &'static str,
    /// Why it was not understood, or what the dump reports about it.
    pub why: String,
    /// The objects that it is about, if they are known.
    pub about: Option<UnseenObjects>,
    /// Whether the dump itself reports that something was not read.
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

impl DumpGap {
    /// The place in words.
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
    all: Vec<DumpGap>,
    known: HashMap<(String, &'static str, String), usize>,
}

impl Gaps {
    pub fn add(&mut self, gap: DumpGap) {
        let mut key = (gap.file.clone(), gap.unit, format!("{:?}{}", gap.about, gap.why));
        if let Some(at) = self.known.get(&key) {
            self.all[*at].count += gap.count;
            return;
        }
        let gap = if self.all.len() < MOST {
            gap
        } else {
            let rest = DumpGap {
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

    pub fn all(&self) -> &[DumpGap] {
        &self.all
    }
}
