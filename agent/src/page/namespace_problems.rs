//! Owns the problems of the objects by namespace, the worst namespace first.

use super::entry::ProblemEntry;
use super::entry_list::{EntryList, Room};
use super::links::Links;
use sre_shared::digest::{Digest, Problem, Severity};
use std::collections::HashMap;

/// Problems of one namespace that are shown if there are other namespaces.
const EACH: usize = 20;
/// Namespaces are open from the start until so many problems are shown.
const OPEN: usize = 40;
/// Namespaces that are shown. The others are one number.
const NAMESPACES: usize = 200;

/// The problems of one namespace.
#[derive(Debug)]
pub struct NamespaceProblems {
    /// Its name; `None` for objects in no namespace.
    pub namespace: Option<String>,
    /// Its number on the page.
    pub number: usize,
    /// How many are in each state, such as `3 broken, 1 warning`.
    pub counts: String,
    /// The problems.
    pub list: EntryList,
    /// The overview of the namespace; `None` if that is the present page.
    pub link: Option<String>,
    /// Whether its problems are to be seen from the start.
    pub is_open: bool,
}

/// The problems of all namespaces.
#[derive(Debug)]
pub struct AllNamespaces {
    /// The namespaces that are shown.
    pub shown: Vec<NamespaceProblems>,
    /// Namespaces that are not.
    pub left: usize,
    /// The problems of these.
    pub left_problems: usize,
}

impl AllNamespaces {
    /// Groups the problems that single objects have. The order of the digest stays.
    pub fn new(digest: &Digest<'_>, links: &Links, selected: Option<&str>, room: &mut Room) -> Self {
        let mut groups: Vec<(&str, Vec<&Problem<'_>>)> = Vec::new();
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        for problem in &digest.problems {
            let Problem::Object(object) = problem else {
                continue;
            };
            let namespace = object.item.namespace.as_str();
            let number = *numbers.entry(namespace).or_insert_with(|| {
                groups.push((namespace, Vec::new()));
                groups.len().saturating_sub(1)
            });
            if let Some((_, problems)) = groups.get_mut(number) {
                problems.push(problem);
            }
        }
        let most = if groups.len() > 1 { EACH } else { usize::MAX };
        let rest = groups.split_off(groups.len().min(NAMESPACES));
        let mut seen = 0_usize;
        let shown = groups.iter().enumerate().map(|(number, (namespace, problems))| {
            let entries = problems
                .iter()
                .map(|problem| ProblemEntry::new(problem, digest, links));
            let list = room.write(entries, most);
            let is_open = number == 0 || seen.saturating_add(list.entries.len()) <= OPEN;
            seen = seen.saturating_add(list.entries.len());
            NamespaceProblems {
                namespace: Some((*namespace).to_owned()).filter(|name| !name.is_empty()),
                number,
                counts: counts(problems),
                link: (!namespace.is_empty() && selected != Some(*namespace))
                    .then(|| links.namespace(namespace)),
                is_open,
                list,
            }
        });
        Self {
            shown: shown.collect(),
            left: rest.len(),
            left_problems: rest.iter().map(|(_, problems)| problems.len()).sum(),
        }
    }
}

fn counts(problems: &[&Problem<'_>]) -> String {
    let words = [
        (Severity::Broken, "broken"),
        (Severity::Warning, "with a warning"),
        (Severity::Unknown, "unknown"),
        (Severity::Progressing, "progressing"),
    ];
    let counted = words.iter().filter_map(|(severity, word)| {
        let count = problems
            .iter()
            .filter(|problem| problem.severity() == *severity)
            .count();
        (count > 0).then(|| format!("{count} {word}"))
    });
    counted.collect::<Vec<_>>().join(", ")
}
