//! Groups the things that were not seen: one entry for each failure, with all of its kinds and namespaces.

use super::words::{count, listed};
use crate::kind::RbacRule;
use crate::report::{KindCheck, NotSeen, Report, Scope, State};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Number of namespaces that an entry names if it has more.
const SHOWN_NAMES: usize = 4;

/// Entries of [`NotSeen`] with one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSeenGroup<'a> {
    first: &'a NotSeen,
    /// The things that were not seen, without their namespace.
    things: Vec<Cow<'a, str>>,
    /// The missing rules.
    rules: Vec<RbacRule>,
    /// The namespaces in which they were not seen, if only some.
    namespaces: Vec<&'a str>,
    /// The place where they were not seen, if it is not a list of namespaces.
    scope: &'a Scope,
}

/// The thing that was not seen, and its namespace if it is exactly one. If another kind needs the thing, it is the whole
/// sentence, without a namespace.
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
            namespaces: Vec::new(),
            scope: match first.scope {
                Scope::Namespaces(_) if first.needed_by.is_none() => &first.scope,
                _ => &Scope::Everywhere,
            },
        }
    }

    /// Whether the entry is about the same thing in another namespace.
    fn is_same_thing(&self, entry: &NotSeen) -> bool {
        let (thing, namespace) = parts(entry);
        self.things == [thing]
            && self.first.class == entry.class
            && self.first.missing == entry.missing
            && namespace.is_some()
            && !self.namespaces.is_empty()
    }

    /// Whether the other group has the same reason, and is about other kinds or other places in a dump.
    fn has_same_reason(&self, other: &Self) -> bool {
        let are_kinds = self.first.is_kind() && other.first.is_kind();
        let are_places = self.first.resource.is_none() && other.first.resource.is_none();
        (are_kinds || (are_places && self.first.hint == other.first.hint))
            && self.first.needed_by.is_none()
            && other.first.needed_by.is_none()
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
        push_once(&mut self.rules, entry.missing.clone());
        push_once(&mut self.namespaces, namespace);
    }

    /// The things that were not seen, if the headline has room for them. A list of namespaces is too long for it, and only
    /// their number is given.
    pub(super) fn short(&self) -> Option<String> {
        match (self.things.as_slice(), self.namespaces.len()) {
            (_, 0 | 1) => Some(self.what()),
            ([one], many) => Some(format!("{one} in {many} namespaces")),
            _ => None,
        }
    }

    /// The things that were not seen, with their place.
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

    /// The missing rules, else the error.
    #[must_use]
    pub fn why(&self) -> String {
        match self.rules.as_slice() {
            [] => self.first.error.clone().unwrap_or_default(),
            [one] => format!("missing rule {one}"),
            many => {
                let rules: Vec<String> = many.iter().map(RbacRule::to_string).collect();
                format!("missing rules {}", rules.join(", "))
            }
        }
    }

    /// The hint of all entries, besides the grant of missing rules.
    #[must_use]
    pub fn hint(&self) -> Option<&'a str> {
        self.first.hint.as_deref()
    }

    /// How to leave the things out on purpose.
    #[must_use]
    pub fn leave_out(&self) -> Option<String> {
        self.first.leave_out()
    }

    /// Whether the reason is a missing rule.
    #[must_use]
    pub fn lacks_rights(&self) -> bool {
        !self.rules.is_empty()
    }
}

fn push_once<T: PartialEq>(words: &mut Vec<T>, word: Option<T>) {
    if let Some(word) = word.filter(|word| !words.contains(word)) {
        words.push(word);
    }
}

/// Groups entries: first one thing in several namespaces, then several kinds with one reason.
pub(super) fn group(entries: &[NotSeen]) -> Vec<NotSeenGroup<'_>> {
    let mut things: Vec<NotSeenGroup<'_>> = Vec::new();
    for entry in entries {
        match things.iter_mut().find(|group| group.is_same_thing(entry)) {
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
        match groups.iter_mut().find(|other| other.has_same_reason(&group)) {
            Some(other) => {
                other.things.extend(group.things);
                other.rules.extend(group.rules);
            }
            None => groups.push(group),
        }
    }
    groups
}

/// The number of things that were not seen: `5 kinds in 42 namespaces`, `2 kinds and 1 other thing`.
pub(super) fn counted(entries: &[NotSeen]) -> String {
    let (mut kinds, mut namespaces, mut others) = (BTreeSet::new(), BTreeSet::new(), 0_u64);
    let mut is_everywhere = false;
    for entry in entries {
        if entry.is_kind() {
            kinds.insert(entry.resource.as_deref());
            match entry.scope.namespace() {
                Some(namespace) => _ = namespaces.insert(namespace),
                None => is_everywhere = true,
            }
        } else {
            others = others.saturating_add(1);
        }
    }
    let mut words = Vec::new();
    if !kinds.is_empty() {
        let place = match namespaces.len() {
            0 => String::new(),
            _ if is_everywhere => String::new(),
            n => format!(" in {}", count(n as u64, "namespace")),
        };
        words.push(format!("{}{place}", count(kinds.len() as u64, "kind")));
    }
    if others > 0 {
        let other = if kinds.is_empty() { "thing" } else { "other thing" };
        words.push(count(others, other));
    }
    listed(&words, "and")
}

/// Things that the search for causes did not see. No verdict depends on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CausesNotSeen<'a> {
    /// The search for causes is off, although something is not healthy.
    TurnedOff {
        /// Why.
        why: Option<&'a str>,
        /// How to turn it on.
        hint: Option<&'a str>,
    },
    /// The search did not see these things. Empty if the search is off and all is well.
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
