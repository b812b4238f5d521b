//! What was not seen, grouped: one entry a failure, of however many kinds and namespaces.

use crate::report::{KindCheck, NotSeen, Report, Scope, State};
use std::borrow::Cow;

/// Names of namespaces in an entry that stands for many.
const SHOWN_NAMES: usize = 4;

/// Entries of [`NotSeen`] that have one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSeenGroup<'a> {
    first: &'a NotSeen,
    /// What was not seen, without the namespace.
    things: Vec<Cow<'a, str>>,
    /// The rules that are missing.
    rules: Vec<&'a str>,
    /// The resources of these rules.
    resources: Vec<&'a str>,
    /// The namespaces in which it was not seen, if only some.
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

impl<'a> NotSeenGroup<'a> {
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

    /// Whether the headline has room for it, since it lists no namespaces.
    pub(super) fn is_short(&self) -> bool {
        self.namespaces.len() < 2
    }

    /// What was not seen, and where.
    #[must_use]
    pub fn what(&self) -> String {
        let things = self.things.join(", ");
        match self.namespaces.as_slice() {
            [] => format!("{things}{}", self.scope),
            [one] => format!("{things} in namespace {one}"),
            many => {
                let some = many.get(..SHOWN_NAMES).unwrap_or(many);
                let rest = if many.len() > SHOWN_NAMES { ", ..." } else { "" };
                format!(
                    "{things} in {} namespaces ({}{rest})",
                    many.len(),
                    some.join(", ")
                )
            }
        }
    }

    /// The class of the failure, a stable word such as `forbidden`.
    #[must_use]
    pub fn class(&self) -> &'a str {
        &self.first.class
    }

    /// The rules that are missing, else the error.
    #[must_use]
    pub fn why(&self) -> String {
        match self.rules.as_slice() {
            [] => self.first.error.clone().unwrap_or_default(),
            [one] => format!("missing rule {one}"),
            many => format!("missing rules {}", many.join(", ")),
        }
    }

    /// The hint of the first entry, as it is in the report.
    #[must_use]
    pub fn own_hint(&self) -> Option<&'a str> {
        self.first.hint.as_deref()
    }

    /// What to do next. The hint of an entry names its own resource; this one names all of them.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
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

/// Groups entries: first those of one thing in several namespaces, then those of several kinds for one reason.
pub(super) fn group(entries: &[NotSeen]) -> Vec<NotSeenGroup<'_>> {
    let mut things: Vec<NotSeenGroup<'_>> = Vec::new();
    for entry in entries {
        match things.iter_mut().find(|group| group.takes(entry)) {
            Some(group) => group.add(entry),
            None => {
                let mut group = NotSeenGroup::new(entry);
                group.add(entry);
                things.push(group);
            }
        }
    }
    let mut groups: Vec<NotSeenGroup<'_>> = Vec::new();
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

/// What was not seen of the causes. No verdict depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CausesNotSeen<'a> {
    /// The search for causes is off, though something is not healthy.
    TurnedOff {
        /// Why.
        why: Option<&'a str>,
        /// How to turn it on.
        hint: Option<&'a str>,
    },
    /// The search is on; this was not seen. If all is well, nothing is missed.
    Missing(Vec<NotSeenGroup<'a>>),
}

impl<'a> CausesNotSeen<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let entries = &report.coverage.causes_not_seen;
        let Some(off) = entries.iter().find(|entry| entry.class == "turnedOff") else {
            return Self::Missing(group(entries));
        };
        let is_open = |kind: &KindCheck| {
            let states = State::ALL.into_iter().filter(|state| !state.is_fine());
            states.map(|state| kind.summary.in_state(state)).sum::<u64>() > 0
        };
        if !report.kinds().any(is_open) {
            return Self::Missing(Vec::new());
        }
        Self::TurnedOff {
            why: off.error.as_deref(),
            hint: off.hint.as_deref(),
        }
    }
}
