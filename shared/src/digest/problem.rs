//! The problems of the objects, the worst first. Of equal severity, causes that several objects share come before single
//! objects.

use super::Digest;
use super::words::{cause_sentence, count, object_name, with_notes};
use crate::check::trim_end_mark;
use crate::kind::Kind;
use crate::report::{Cause, Code, Finding, Fold, Item, NoteCode, ObjectRef, State, fold};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Causes with the same words and different subjects are listed one by one up to this number.
const SAME_WORDS: usize = 3;

/// The severity of a problem, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It falls short.
    Broken,
    /// It still serves, or takes suspiciously long.
    Warning,
    /// It was not understood.
    Unknown,
    /// It is under way.
    Progressing,
}

impl Severity {
    /// The severity of an item; `None` if nobody has to look at it.
    #[must_use]
    pub fn from_item(item: &Item) -> Option<Self> {
        if item.acknowledged.is_some() {
            return None;
        }
        match (item.state, item.healthy) {
            (State::Unavailable, _) | (State::Terminating, Some(false)) => Some(Self::Broken),
            (State::Degraded, _) if item.ready >= item.desired && item.desired.is_some() => {
                Some(Self::Warning)
            }
            (State::Degraded, _) => Some(Self::Broken),
            (State::Unknown, _) => Some(Self::Unknown),
            (State::Progressing, _) => Some(Self::Progressing),
            // Notes other than `paused` are warnings: something takes longer than it should.
            (State::Terminating, _) => (!item.notes.is_empty()).then_some(Self::Warning),
            _ if !item.warnings.is_empty() => Some(Self::Warning),
            (State::Suspended | State::Succeeded, _) => None,
            (State::Healthy, _) => item.notes.has(NoteCode::PodsLinger).then_some(Self::Warning),
        }
    }
}

/// One entry of the list of problems.
#[derive(Debug)]
pub enum Problem<'a> {
    /// A cause that several objects share.
    Shared(Box<SharedCause<'a>>),
    /// One object with its causes.
    Object(ObjectProblem<'a>),
    /// Objects that fall short alike for an unknown cause. Objects without a ready pod come first.
    Alike(Vec<&'a Item>),
}

/// A cause with its reach.
#[derive(Debug)]
pub struct SharedCause<'a> {
    /// The cause with its counts, its beginning and the next step.
    pub finding: Finding,
    /// All affected objects.
    pub items: Vec<&'a Item>,
}

/// One object with causes of its own.
#[derive(Debug)]
pub struct ObjectProblem<'a> {
    /// The object.
    pub item: &'a Item,
    /// Services without a ready endpoint because of it.
    pub services: u64,
}

impl<'a> Problem<'a> {
    /// The objects of the entry.
    #[must_use]
    pub fn items(&self) -> Vec<&'a Item> {
        match self {
            Self::Shared(cause) => cause.items.clone(),
            Self::Object(problem) => vec![problem.item],
            Self::Alike(items) => items.clone(),
        }
    }

    /// The worst of its objects.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let all = self.items().into_iter().filter_map(Severity::from_item);
        all.min().unwrap_or(Severity::Progressing)
    }

    /// The order of entries: first by severity, then shared causes by their reach, then objects without a ready pod.
    fn rank(&self) -> impl Ord + use<> {
        let (kind, size) = match self {
            Self::Shared(cause) => (0, cause.items.len()),
            Self::Object(_) | Self::Alike(_) => (1, 0),
        };
        let serves = self.items().iter().all(|item| item.ready.unwrap_or(0) > 0);
        (self.severity(), kind, Reverse(size), serves)
    }
}

impl SharedCause<'_> {
    /// Names of the affected objects, without the subject itself and without Services.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let subject = self.finding.subject.as_ref();
        let mut names: Vec<String> = Vec::new();
        for item in &self.items {
            let name = object_name(item);
            if subject != Some(&item.identity())
                && item.kind != Kind::Service.kind()
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        names
    }

    /// Its reach and age: `37 pods of 12 workloads in 3 namespaces, for 19 min`.
    #[must_use]
    pub fn reach(&self, digest: &Digest<'_>) -> String {
        let finding = &self.finding;
        let mut text = match (finding.pods, finding.workloads) {
            (0, 0) => count(self.names().len() as u64, "object"),
            (0, workloads) => count(workloads, "workload"),
            (pods, 0) => count(pods, "pod"),
            (pods, workloads) => format!("{} of {}", count(pods, "pod"), count(workloads, "workload")),
        };
        let namespaces: BTreeSet<&str> = self.items.iter().map(|item| item.namespace.as_str()).collect();
        let namespaces = namespaces.iter().filter(|name| !name.is_empty()).count();
        if namespaces > 1 {
            text = format!("{text} in {namespaces} namespaces");
        }
        if let Some(services) = services_without_endpoints(finding.services) {
            text = format!("{text}, {services}");
        }
        if let Some(age) = digest.age(finding.since.as_deref()) {
            text = format!("{text}, for {age}");
        }
        if let Some(age) = digest.age(finding.last.as_deref()) {
            text = format!("{text}, last {age} ago");
        }
        text
    }
}

impl<'a> ObjectProblem<'a> {
    /// The cause that replaces the object's message. The message would only repeat the counts.
    fn inline_cause(&self) -> Option<&'a Cause> {
        let mut causes = self.item.roots();
        let first = causes.next().filter(|_| self.item.reason == "ReadyBelowDesired");
        first.filter(|_| causes.next().is_none())
    }

    /// The text of the object's line beside its counts.
    #[must_use]
    pub fn text(&self, digest: &Digest<'_>) -> String {
        let item = self.item;
        let text = match self.inline_cause() {
            Some(cause) => {
                let mut text = cause_sentence(cause);
                if cause.count > 1 {
                    text = format!("{text}, {} pods", cause.count);
                }
                if let Some(age) = digest.age(item.since.as_deref()) {
                    text = format!("{text}, for {age}");
                }
                if let Some(age) = digest.age(cause.last.as_deref()) {
                    text = format!("{text}, last {age} ago");
                }
                with_notes(item, text)
            }
            None => digest.explain(item),
        };
        match services_without_endpoints(self.services) {
            Some(services) => format!("{text}, {services}"),
            None => text,
        }
    }

    /// The object's causes, each with its sentence. A cause has none if the object's line says it already.
    #[must_use]
    pub fn causes(&self, digest: &Digest<'_>) -> Vec<(&'a Cause, Option<String>)> {
        let is_inline = self.inline_cause().is_some();
        let sentence = |cause: &'a Cause| {
            // If an object is itself the subject of a cause, its message ends with that cause.
            if is_inline || self.item.message.ends_with(&cause.message) {
                return None;
            }
            let count = match cause.count {
                0 | 1 => String::new(),
                n => format!("{n}x "),
            };
            let last = digest.age(cause.last.as_deref());
            let last = last.map_or_else(String::new, |age| format!(", last {age} ago"));
            Some(format!("{count}{}{last}", cause_sentence(cause)))
        };
        let causes = self.item.roots();
        causes.map(|cause| (cause, sentence(cause))).collect()
    }
}

impl Digest<'_> {
    /// The text about an item beside its counts: its message, its age and its notes.
    #[must_use]
    pub fn explain(&self, item: &Item) -> String {
        let rest = item.detail.as_deref().unwrap_or(&item.message);
        let lingers = item.notes.with_code(NoteCode::DeletionLingers);
        if let Some(note) = lingers.filter(|_| item.state == State::Terminating) {
            // The note says the same, and how long the deletion has lasted.
            let others = item.notes.iter().filter(|other| *other != note);
            let others: Vec<&str> = others.map(|n| trim_end_mark(&n.text)).collect();
            return match others.as_slice() {
                [] => note.text.clone(),
                some => format!("{} ({})", note.text, some.join("; ")),
            };
        }
        let mut text = match (rest, item.reason.as_str()) {
            ("", "ReadyBelowDesired") if item.ready == Some(0) => "no pod is ready".to_owned(),
            ("", "ReadyBelowDesired") => "too few pods are ready".to_owned(),
            ("", _) if item.state.is_fine() => item.state.as_str().to_owned(),
            ("", reason) => reason.to_owned(),
            (rest, _) => trim_end_mark(rest).to_owned(),
        };
        if let Some(age) = self.age(item.since.as_deref()).map(|age| format!("for {age}")) {
            // If the object is judged itself, the message of this code has the age.
            if item.reason != Code::JustRecovered || !item.judged_by.is_empty() {
                text = format!("{text}, {age}");
            }
        }
        with_notes(item, text)
    }
}

fn services_without_endpoints(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 Service without endpoints".to_owned()),
        n => Some(format!("{n} Services without endpoints")),
    }
}

/// Groups the problems of items, the worst first.
pub(super) fn group<'a>(items: &[&'a Item]) -> Vec<Problem<'a>> {
    let mut problems = Vec::new();
    let mut objects: HashMap<ObjectRef, usize> = HashMap::new();
    for fold in merge_same_words(fold(items.iter().copied())) {
        let Some(item) = only_object(&fold) else {
            problems.push(Problem::Shared(Box::new(SharedCause {
                items: fold.members.iter().map(|(item, _)| *item).collect(),
                finding: fold.finding,
            })));
            continue;
        };
        let at = *objects.entry(item.identity()).or_insert_with(|| {
            problems.push(Problem::Object(ObjectProblem { item, services: 0 }));
            problems.len() - 1
        });
        if let Some(Problem::Object(problem)) = problems.get_mut(at)
            && item.kind != Kind::Service.kind()
        {
            problem.services += fold.finding.services;
        }
    }
    problems.extend(group_alike(items));
    problems.sort_by_key(Problem::rank);
    problems
}

/// Groups objects without a known cause by severity, state, kind and reason.
fn group_alike<'a>(items: &[&'a Item]) -> Vec<Problem<'a>> {
    let mut groups: Vec<Vec<&'a Item>> = Vec::new();
    let mut places: HashMap<_, usize> = HashMap::new();
    for item in items.iter().copied().filter(|item| !item.is_found()) {
        let Some(severity) = Severity::from_item(item) else {
            continue;
        };
        let key = (severity, item.state, &item.kind, &item.reason);
        let at = *places.entry(key).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            group.push(item);
        }
    }
    for group in &mut groups {
        group.sort_by_key(|item| item.ready.unwrap_or(0) > 0);
    }
    groups.into_iter().map(Problem::Alike).collect()
}

/// The one object that a cause is listed with, such as a workload with its Services and its claim. `None` if there are
/// several.
fn only_object<'a>(fold: &Fold<'a>) -> Option<&'a Item> {
    let is_itself = |item: &Item| fold.finding.subject.as_ref() == Some(&item.identity());
    let under: HashSet<ObjectRef> = fold
        .members
        .iter()
        .filter(|(item, _)| !is_itself(item) && item.kind != Kind::Service.kind())
        .map(|(item, _)| item.identity())
        .collect();
    let mut members = fold.members.iter().map(|(item, _)| *item);
    match under.len() {
        0 => members.next(),
        1 => members.find(|item| under.contains(&item.identity())),
        _ => None,
    }
}

/// Merges causes with the same words and many different subjects, such as a quota in each of thirty namespaces.
fn merge_same_words(folds: Vec<Fold<'_>>) -> Vec<Fold<'_>> {
    let words = |fold: &Fold<'_>| Some((fold.finding.code.clone(), fold.words.clone()?));
    let mut counts: HashMap<_, usize> = HashMap::new();
    for words in folds.iter().filter_map(words) {
        *counts.entry(words).or_default() += 1;
    }
    let mut places = HashMap::new();
    let mut merged: Vec<Fold<'_>> = Vec::new();
    for fold in folds {
        let words = words(&fold).filter(|words| counts.get(words).is_some_and(|n| *n > SAME_WORDS));
        let Some(words) = words else {
            merged.push(fold);
            continue;
        };
        match places.get(&words).and_then(|at: &usize| merged.get_mut(*at)) {
            Some(first) => absorb(first, fold),
            None => {
                places.insert(words, merged.len());
                merged.push(fold);
            }
        }
    }
    merged
}

/// Adds a cause to another one with the same words.
fn absorb<'a>(into: &mut Fold<'a>, from: Fold<'a>) {
    let (finding, other) = (&mut into.finding, from.finding);
    finding.pods += other.pods;
    finding.workloads += other.workloads;
    finding.services += other.services;
    finding.subject = None;
    if other.since.is_some() && (finding.since.is_none() || other.since < finding.since) {
        finding.since = other.since;
    }
    if other.last > finding.last {
        finding.last = other.last;
    }
    into.members.extend(from.members);
}
