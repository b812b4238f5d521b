//! What was asked for and could not be seen: the same failure is one line, of however many kinds and namespaces.

use super::{Mark, Screen};
use crate::output::escape;
use anstyle::Style as Paint;
use sre_shared::report::{KindCheck, NotSeen, Scope, State};
use std::borrow::Cow;

/// Entries that are shown.
const SHOWN: usize = 4;
/// Names in an entry that stands for many.
const SHOWN_NAMES: usize = 4;

/// Entries that failed alike.
pub(super) struct Group<'a> {
    pub(super) first: &'a NotSeen,
    /// What was not seen, without the namespace.
    things: Vec<Cow<'a, str>>,
    /// The rules that are missing.
    rules: Vec<&'a str>,
    /// The resources of these rules.
    resources: Vec<&'a str>,
    /// The namespaces, where it was not seen in some of them.
    namespaces: Vec<&'a str>,
    /// Where it was not seen, if that is no list of namespaces.
    scope: &'a Scope,
}

/// The thing and the namespace in which it was not seen, if it is only one. Objects of other kinds stand with the kind that
/// needs them.
fn parts(entry: &NotSeen) -> (Cow<'_, str>, Option<&str>) {
    match entry.needed_by {
        Some(_) => (entry.what().into(), None),
        None => (entry.thing.as_str().into(), entry.scope.namespace()),
    }
}

impl<'a> Group<'a> {
    fn new(first: &'a NotSeen) -> Self {
        Self {
            first,
            things: Vec::new(),
            rules: Vec::new(),
            resources: Vec::new(),
            namespaces: Vec::new(),
            scope: match first.scope {
                Scope::Namespaces(_) if first.needed_by.is_none() => &first.scope,
                _ => &Scope::Everywhere,
            },
        }
    }

    /// Whether the entry is about the same thing in another namespace.
    fn takes(&self, entry: &NotSeen) -> bool {
        let (thing, namespace) = parts(entry);
        self.things == [thing]
            && self.first.class == entry.class
            && self.first.missing == entry.missing
            && namespace.is_some()
            && !self.namespaces.is_empty()
    }

    /// Whether the other is about other kinds in the same places, for the same reason. Kinds are one word; other things
    /// have a hint of their own.
    fn merges(&self, other: &Self) -> bool {
        let is_kind = |things: &[Cow<'_, str>]| things.iter().all(|thing| !thing.contains(' '));
        is_kind(&self.things)
            && is_kind(&other.things)
            && self.first.class == other.first.class
            && self.namespaces == other.namespaces
            && self.scope == other.scope
            && match (&self.first.missing, &other.first.missing) {
                (Some(_), Some(_)) => true,
                (None, None) => self.first.error == other.first.error,
                _ => false,
            }
    }

    fn add(&mut self, entry: &'a NotSeen) {
        let (thing, namespace) = parts(entry);
        push_once(&mut self.things, Some(thing));
        if let Some(rule) = &entry.missing
            && !self.rules.contains(&rule.as_str())
        {
            self.rules.push(rule);
            self.resources.extend(entry.resource.as_deref());
        }
        push_once(&mut self.namespaces, namespace);
    }

    /// Whether a headline has room for it: no list of namespaces.
    pub(super) fn is_short(&self) -> bool {
        self.namespaces.len() < 2
    }

    pub(super) fn what(&self) -> String {
        let things = escape(&self.things.join(", "));
        match self.namespaces.as_slice() {
            [] => format!("{things}{}", escape(&self.scope.to_string())),
            [one] => format!("{things} in namespace {}", escape(one)),
            many => {
                let some: Vec<String> = many.iter().take(SHOWN_NAMES).map(|n| escape(n)).collect();
                let rest = if many.len() > SHOWN_NAMES { ", ..." } else { "" };
                format!(
                    "{things} in {} namespaces ({}{rest})",
                    many.len(),
                    some.join(", ")
                )
            }
        }
    }

    fn why(&self) -> String {
        match self.rules.as_slice() {
            [] => escape(self.first.error.as_deref().unwrap_or_default()),
            [one] => format!("missing rule {}", escape(one)),
            many => format!("missing rules {}", escape(&many.join(", "))),
        }
    }

    /// The first entry's, which names its own kind: where there are several, all of them.
    fn hint(&self) -> Option<String> {
        let hint = self.first.hint.clone()?;
        let flag = |resources: &str| format!("--resource={resources}");
        Some(match self.resources.as_slice() {
            all @ [first, _, ..] => hint.replace(&flag(first), &flag(&all.join(","))),
            _ => hint,
        })
    }
}

fn push_once<T: PartialEq>(words: &mut Vec<T>, word: Option<T>) {
    if let Some(word) = word.filter(|word| !words.contains(word)) {
        words.push(word);
    }
}

pub(super) fn groups(entries: &[NotSeen]) -> Vec<Group<'_>> {
    let mut things: Vec<Group<'_>> = Vec::new();
    for entry in entries {
        match things.iter_mut().find(|group| group.takes(entry)) {
            Some(group) => group.add(entry),
            None => {
                let mut group = Group::new(entry);
                group.add(entry);
                things.push(group);
            }
        }
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    for group in things {
        match groups.iter_mut().find(|other| other.merges(&group)) {
            Some(other) => {
                other.things.extend(group.things);
                other.rules.extend(group.rules);
                other.resources.extend(group.resources);
            }
            None => groups.push(group),
        }
    }
    groups
}

impl Screen<'_> {
    pub(super) fn not_seen(&self) -> Vec<String> {
        let groups = groups(&self.report.coverage.not_seen);
        let mut lines = Vec::new();
        for group in groups.iter().take(SHOWN) {
            lines.push(format!(
                "{} not seen: {}  {}: {}",
                self.paint(Mark::Unknown.paint(), Mark::Unknown.symbol()),
                self.paint(Paint::new().bold(), &group.what()),
                escape(&group.first.class),
                group.why()
            ));
            // The API server's own line has said it.
            let said = self.report.api_server();
            let said = said.is_some_and(|check| check.hint == group.first.hint);
            let hint = group.hint().filter(|_| !said);
            lines.extend(hint.map(|hint| format!("    {}", self.dim(&escape(&hint)))));
        }
        if groups.len() > SHOWN {
            let left = groups.len() - SHOWN;
            lines.push(self.dim(&format!("  and {left} more; -o json lists every one")));
        }
        lines.extend(self.causes_not_seen());
        lines
    }

    /// What the causes lack: said once, since no verdict depends on it.
    fn causes_not_seen(&self) -> Option<String> {
        let entries = &self.report.coverage.causes_not_seen;
        if let Some(off) = entries.iter().find(|entry| entry.class == "turnedOff") {
            let open = |kind: &KindCheck| {
                let states = State::ALL.into_iter().filter(|state| !state.is_fine());
                states.map(|state| kind.summary.in_state(state)).sum::<u64>() > 0
            };
            // Where all is well, nobody misses a cause.
            let missed = self.report.kinds().any(open);
            let (why, how) = (off.error.as_deref(), off.hint.as_deref());
            let line = format!(
                "  no causes: {}; {}",
                escape(why.unwrap_or("they are not looked for")),
                escape(how.unwrap_or_default())
            );
            return missed.then(|| self.dim(line.trim_end_matches([';', ' '])));
        }
        let groups = groups(entries);
        let told: Vec<String> = groups
            .iter()
            .take(SHOWN)
            .map(|group| {
                format!(
                    "{} ({}: {})",
                    group.what(),
                    escape(&group.first.class),
                    group.why()
                )
            })
            .collect();
        (!told.is_empty()).then(|| self.dim(&format!("  causes are missing, not seen: {}", told.join("; "))))
    }
}
