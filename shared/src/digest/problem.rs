//! The problems of the objects, in the order of what they mean for users.

use super::Digest;
use super::change::{change_words, undo_words};
use super::impact::{Rank, serves_all};
use super::words::{baseline_words, cause_sentence, count, with_notes};
use crate::check::trim_end_mark;
use crate::kind::Kind;
use crate::report::{
    Cause, ChangeKind, Code, Finding, Fold, Item, NoteCode, ObjectChange, ObjectRef, State, fold,
};
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
        if item.is_excused() {
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
    /// One object with its causes, if any is known.
    Object(ObjectProblem<'a>),
}

/// A cause with its reach.
#[derive(Debug)]
pub struct SharedCause<'a> {
    /// The cause with its counts, its beginning and the next step.
    pub finding: Finding,
    /// All affected objects.
    pub items: Vec<&'a Item>,
}

/// One object, with causes of its own or without a known cause.
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
        }
    }

    /// Why that item is part of the entry; `None` if it is not.
    pub(super) fn text(&self, item: &Item, digest: &Digest<'_>) -> Option<String> {
        match self {
            Self::Shared(cause) => {
                let is_part = cause.items.iter().any(|other| std::ptr::eq(*other, item));
                is_part.then(|| {
                    format!(
                        "{}: {}",
                        cause.finding.code,
                        trim_end_mark(&cause.finding.message)
                    )
                })
            }
            Self::Object(object) => std::ptr::eq(object.item, item).then(|| object.text(digest)),
        }
    }

    /// The worst of its objects.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let all = self.items().into_iter().filter_map(Severity::from_item);
        all.min().unwrap_or(Severity::Progressing)
    }
}

/// The objects with a shared cause, without the subject itself and without Services.
#[derive(Debug, PartialEq, Eq)]
pub struct Affected<'a> {
    /// Those that fall short, the worst first.
    pub short: Vec<&'a Item>,
    /// Those that still serve with all of their pods.
    pub serving: Vec<&'a Item>,
}

impl<'a> SharedCause<'a> {
    /// The affected objects.
    #[must_use]
    pub fn affected(&self) -> Affected<'a> {
        let subject = self.finding.subject.as_ref();
        let mut seen = HashSet::new();
        let is_affected = |item: &&&Item| {
            let identity = item.identity();
            subject != Some(&identity) && item.kind != Kind::Service.kind() && seen.insert(identity)
        };
        let affected = self.items.iter().filter(is_affected).copied();
        let (serving, mut short): (Vec<_>, Vec<_>) = affected.partition(|item| serves_all(item));
        short.sort_by_key(|item| Rank::from_items(&[item]));
        Affected { short, serving }
    }

    /// The change before the problem, if it is one change that concerns all affected objects.
    #[must_use]
    pub fn change(&self) -> Option<String> {
        let mut changes = self.items.iter().map(|item| item.change.as_deref());
        let first = changes.next()??;
        let is_same = |other: Option<&ObjectChange>| {
            other.is_some_and(|other| other.at == first.at && other.subject == first.subject)
        };
        let is_shared = first.subject.is_some() && changes.all(is_same);
        is_shared.then(|| change_words(first))
    }

    /// Its reach: `37 pods of 12 workloads in 3 namespaces`.
    #[must_use]
    pub fn extent(&self) -> String {
        let finding = &self.finding;
        let mut text = match (finding.pods, finding.workloads) {
            (0, 0) => {
                let Affected { short, serving } = self.affected();
                count(short.len().saturating_add(serving.len()) as u64, "object")
            }
            (0, workloads) => count(workloads, "workload"),
            (pods, 0) => count(pods, "pod"),
            (pods, workloads) => format!("{} of {}", count(pods, "pod"), count(workloads, "workload")),
        };
        let namespaces: BTreeSet<&str> = self.items.iter().map(|item| item.namespace.as_str()).collect();
        let namespaces = namespaces.iter().filter(|name| !name.is_empty()).count();
        if namespaces > 1 {
            text = format!("{text} in {namespaces} namespaces");
        }
        match services_without_endpoints(finding.services) {
            Some(services) => format!("{text}, {services}"),
            None => text,
        }
    }

    /// Its reach and age: `37 pods of 12 workloads in 3 namespaces, for 19 min`.
    #[must_use]
    pub fn reach(&self, digest: &Digest<'_>) -> String {
        let finding = &self.finding;
        let mut text = self.extent();
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
        let text = match services_without_endpoints(self.services) {
            Some(services) => format!("{text}, {services}"),
            None => text,
        };
        match baseline_words(item) {
            Some(words) => format!("{words}: {text}"),
            None => text,
        }
    }

    /// The change before the problem and the way back, in one line, and the command that goes back.
    #[must_use]
    pub fn change(&self) -> Option<(String, Option<&'a str>)> {
        let change = self.item.change.as_deref();
        // Everybody sees the age of a problem that is as old as its object. Who created it may be news.
        let is_news = |change: &&ObjectChange| change.what != ChangeKind::Created || change.by.is_some();
        let change = change.filter(is_news)?;
        let words = change_words(change);
        let command = change.undo.as_ref().and_then(|undo| undo.command.as_deref());
        Some(match undo_words(change) {
            Some(undo) => (format!("{words}; {undo}"), command),
            None => (words, command),
        })
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
            let at = problems.len();
            problems.push(Problem::Object(ObjectProblem { item, services: 0 }));
            at
        });
        if let Some(Problem::Object(problem)) = problems.get_mut(at)
            && item.kind != Kind::Service.kind()
        {
            problem.services = problem.services.saturating_add(fold.finding.services);
        }
    }
    let unexplained = items
        .iter()
        .filter(|item| !item.is_found() && Severity::from_item(item).is_some());
    problems.extend(unexplained.map(|item| Problem::Object(ObjectProblem { item, services: 0 })));
    problems.sort_by_cached_key(|problem| Rank::from_items(&problem.items()));
    problems
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
        let count = counts.entry(words).or_default();
        *count = count.saturating_add(1);
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
    finding.pods = finding.pods.saturating_add(other.pods);
    finding.workloads = finding.workloads.saturating_add(other.workloads);
    finding.services = finding.services.saturating_add(other.services);
    finding.subject = None;
    if other.since.is_some() && (finding.since.is_none() || other.since < finding.since) {
        finding.since = other.since;
    }
    if other.last > finding.last {
        finding.last = other.last;
    }
    into.members.extend(from.members);
}
