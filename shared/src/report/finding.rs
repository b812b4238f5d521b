//! What is wrong, cause first: the items of a report folded by what is behind them.
//!
//! A node that is lost, a quota that is used up or a registry that does not answer shows in many items. Each is told
//! once, with how far it reaches. Where two causes name the same thing behind them they are one; without such a name
//! those of one workload are, and where many workloads say the same, those of all of them. The one sentence that is shown has
//! to be true of all: what a container said before it ended is part of it, and a sentence that says nothing of why, such as
//! an exit code alone, is folded with no other workload's.

use super::{Cause, Code, Item, ObjectRef, State};
use crate::kind::{Kind, PodNames};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Objects that a finding names.
const EXAMPLES: usize = 5;

/// With more workloads than so many, the same words are one finding; a few can say the same by chance.
const BY_CHANCE: usize = 3;

/// One distinct cause over the whole report, and all that it is the cause of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// A stable word in CamelCase, listed in docs/checks.md: a cause's code, or the reason of an item that is itself what
    /// is wrong, such as a node.
    pub code: Code,
    /// What is behind it, where that is known: `Node/n7`, `ResourceQuota/shop/compute`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<ObjectRef>,
    /// The sentence that matters, of one of those that show it.
    #[serde(default)]
    pub message: String,
    /// The worst state of the objects under it.
    pub state: State,
    /// Pods that show it.
    #[serde(default)]
    pub pods: u64,
    /// Workloads under it, which make pods.
    #[serde(default)]
    pub workloads: u64,
    /// Services that nobody answers for because of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub services: u64,
    /// Some of the objects under it, as `Kind/namespace/name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ObjectRef>,
    /// One object that shows it, as `Kind/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<ObjectRef>,
    /// Since when, RFC 3339, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// When it last happened, RFC 3339, of a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// A command to paste.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A finding with all that is folded into it.
#[derive(Debug)]
pub struct Fold<'a> {
    /// What is told of it.
    pub finding: Finding,
    /// The items under it, each with the cause that brought it there; none where it is itself what is wrong.
    pub members: Vec<(&'a Item, Option<&'a Cause>)>,
}

/// The findings of those items, the worst and widest first.
pub fn findings<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<Finding> {
    fold(items).into_iter().map(|fold| fold.finding).collect()
}

/// Folds items, the worst and widest finding first. What is acknowledged is no news, and what is not understood has no
/// cause: both are left out.
pub fn fold<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<Fold<'a>> {
    let news: Vec<&Item> = items.into_iter().filter(|item| item.is_news()).collect();
    let mut folds = Folds::default();
    let mut symptoms = Vec::new();
    let by_identity: HashMap<ObjectRef, &Item> = news.iter().map(|item| (item.identity(), *item)).collect();
    for item in &news {
        let mut told = false;
        for cause in item.roots() {
            told = true;
            match behind(item, cause, &by_identity) {
                Some(other) => symptoms.push((*item, cause, other)),
                None => folds.add(key(item, cause), item, Some(cause), item),
            }
        }
        if !told && !item.is_workload() && item.healthy == Some(false) {
            folds.add(Key::Subject(item.identity(), None), item, None, item);
        }
    }
    for (item, cause, other) in symptoms {
        // The cause of what is behind it; without one it speaks for itself.
        let root = other.roots().next();
        match root.filter(|root| behind(other, root, &by_identity).is_none()) {
            Some(root) => folds.add(key(other, root), item, Some(cause), other),
            None => folds.add(key(item, cause), item, Some(cause), item),
        }
    }
    let groups = folds.groups.into_iter().flat_map(split);
    let mut found: Vec<Fold<'_>> = groups
        .map(|group| Fold {
            finding: group.finding(),
            members: group.members.iter().map(|m| (m.item, m.cause)).collect(),
        })
        .collect();
    found.sort_by_key(|Fold { finding: f, .. }| Reverse((rank(f.state), f.workloads + f.services, f.pods)));
    found
}

impl Item {
    /// Its name, as the subject of a cause names it.
    #[must_use]
    pub fn identity(&self) -> ObjectRef {
        ObjectRef::namespaced(&self.kind, &self.namespace, &self.name)
    }

    /// Whether it makes pods, or is one.
    #[must_use]
    pub fn is_workload(&self) -> bool {
        Kind::from_kind(&self.kind).is_some_and(Kind::is_workload) || !self.judged_by.is_empty()
    }

    /// Whether it can be part of a finding.
    fn is_news(&self) -> bool {
        self.acknowledged.is_none()
            && matches!(
                self.state,
                State::Progressing | State::Degraded | State::Unavailable
            )
    }

    /// Whether a finding tells of it.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.is_news() && (!self.causes.is_empty() || (!self.is_workload() && self.healthy == Some(false)))
    }
}

fn rank(state: State) -> u8 {
    match state {
        State::Unavailable => 2,
        State::Degraded => 1,
        _ => 0,
    }
}

/// By what items are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// The same thing is behind them; a code too if the thing can be behind them for different reasons.
    Subject(ObjectRef, Option<Code>),
    /// They say the same.
    Words(Code, String),
    /// It says nothing that others could share: code, sentence and whose it is.
    Own(Code, String, ObjectRef),
}

fn key(item: &Item, cause: &Cause) -> Key {
    match &cause.subject {
        // A namespace has many rules, each of which can refuse pods.
        Some(subject) if subject.kind == "Namespace" => {
            Key::Subject(subject.clone(), Some(cause.code.clone()))
        }
        Some(subject) => Key::Subject(subject.clone(), None),
        None if item.is_workload() => match shared_words(&cause.code, &cause.message) {
            Some(words) => Key::Words(cause.code.clone(), words),
            None => Key::Own(cause.code.clone(), gist(&cause.message), item.identity()),
        },
        None => Key::Subject(item.identity(), None),
    }
}

/// The item that is behind this one, where a cause of it says so: a Service has no endpoint because of its workload.
fn behind<'a>(item: &Item, cause: &Cause, items: &HashMap<ObjectRef, &'a Item>) -> Option<&'a Item> {
    let subject = cause.subject.as_ref().filter(|_| !item.is_workload())?;
    let named = items.get(subject).copied().filter(|other| other.is_workload());
    named.or_else(|| of_pod(subject, items))
}

/// The workload that a pod is of, by the names that controllers give: `NAME-HASH-SUFFIX` through a ReplicaSet or a Job,
/// else `NAME-SUFFIX`. Only one that is not healthy itself is looked for.
fn of_pod<'a>(pod: &ObjectRef, items: &HashMap<ObjectRef, &'a Item>) -> Option<&'a Item> {
    if pod.kind != Kind::Pod.kind() || pod.namespace.is_empty() {
        return None;
    }
    let (owner, _) = pod.name.rsplit_once('-')?;
    let through = owner.rsplit_once('-').map(|(name, _)| name);
    let named = |names: PodNames, name: &str| {
        let kinds = Kind::ALL.iter().filter(|kind| kind.info().pods == names);
        let mut found = kinds.filter_map(|kind| {
            let candidate = ObjectRef::namespaced(kind.kind(), &pod.namespace, name);
            items.get(&candidate).copied()
        });
        found.next()
    };
    through
        .and_then(|name| named(PodNames::HashAndSuffix, name))
        .or_else(|| named(PodNames::Suffix, owner))
}

/// A message without what differs between the pods of one workload with the same trouble: names in quotes, numbers, and what
/// stands in brackets or behind them. How a container ended is no such difference.
#[must_use]
pub fn gist(message: &str) -> String {
    let message = message.split(" (").next().unwrap_or(message);
    if has_ended(message) {
        return message.to_owned();
    }
    let mut quoted = false;
    let mut gist = String::new();
    for c in message.chars() {
        match c {
            '"' => quoted = !quoted,
            c if quoted || c.is_ascii_digit() => {}
            c => gist.push(c),
        }
    }
    gist
}

/// Whether a sentence tells how a container ended.
fn has_ended(message: &str) -> bool {
    [" exited ", " signal ", " ran out of memory", " keeps crashing"]
        .iter()
        .any(|phrase| message.contains(phrase))
}

/// By which words the causes of different workloads are one; `None` where the sentence does not say why, so that it is the
/// same by chance.
#[must_use]
pub fn shared_words(code: &Code, message: &str) -> Option<String> {
    match code {
        // What follows from something else, what is only not there yet, and what one pod is in the way of.
        Code::NotReady | Code::ReadyNotWritten | Code::ForcedRollback => None,
        code if code.is_consequence() => None,
        Code::Waiting => Some(message.to_owned())
            .filter(|m| ["scheduler", "kubelet of node"].iter().any(|who| m.contains(who))),
        Code::StuckDeleting => Some(gist(message)).filter(|m| m.contains("finalizers: ")),
        Code::PodFailed if message == "it failed" => None,
        // The program's, the probe's and the runtime's own words, to the letter.
        Code::CrashLoop | Code::OutOfMemory => {
            let (how, said) = without_count(message);
            let said = said.strip_prefix(": ").map(without_time)?;
            Some(format!("{how}: {said}"))
        }
        Code::LivenessProbe | Code::StartupProbe => {
            let (said, _) = without_count(message);
            (!said.contains(": the kubelet ended it")).then(|| said.to_owned())
        }
        Code::ReadinessProbe | Code::ContainerHook | Code::ContainerCreate => {
            Some(without_count(message).0.to_owned())
        }
        _ if has_ended(message) => None,
        _ => Some(gist(message)),
    }
}

/// A sentence in two, around its ` (7 restarts)`; one without it breaks before what the container said.
fn without_count(message: &str) -> (&str, &str) {
    let is_count = |inside: &str| inside.ends_with(" restarts") || inside.ends_with(" restart");
    let around = message.match_indices(" (").find_map(|(at, _)| {
        let (inside, rest) = message.get(at + 2..)?.split_once(')')?;
        is_count(inside).then(|| (message.get(..at).unwrap_or_default(), rest))
    });
    around.unwrap_or_else(|| match message.find(": ").filter(|_| has_ended(message)) {
        Some(at) => message.split_at(at),
        None => (message, ""),
    })
}

/// What a program said, without the time at which it did.
fn without_time(said: &str) -> String {
    let is_time = |word: &&str| {
        let word = word.trim_matches(|c: char| "[](),".contains(c));
        let digits = |text: &str| text.len() >= 2 && text.bytes().all(|b| b.is_ascii_digit());
        let mut date = word.splitn(3, ['-', '/']);
        let is_date = date.next().is_some_and(|year| year.len() == 4 && digits(year))
            && date.next().is_some_and(digits)
            && date.next().is_some_and(|day| day.get(..2).is_some_and(digits));
        let mut clock = word.split(':');
        let is_clock = clock.next().is_some_and(|hour| hour.len() == 2 && digits(hour))
            && clock
                .next()
                .is_some_and(|minute| minute.len() == 2 && digits(minute))
            && clock
                .next()
                .is_some_and(|second| second.get(..2).is_some_and(digits));
        is_date || is_clock
    };
    let words: Vec<&str> = said.split_whitespace().filter(|word| !is_time(word)).collect();
    words.join(" ")
}

#[derive(Default)]
struct Folds<'a> {
    groups: Vec<Group<'a>>,
    places: HashMap<Key, usize>,
}

struct Group<'a> {
    key: Key,
    members: Vec<Member<'a>>,
}

#[derive(Clone, Copy)]
struct Member<'a> {
    item: &'a Item,
    cause: Option<&'a Cause>,
    /// The item whose cause it is: itself, or what is behind it.
    of: &'a Item,
}

impl<'a> Folds<'a> {
    fn add(&mut self, key: Key, item: &'a Item, cause: Option<&'a Cause>, of: &'a Item) {
        let at = *self.places.entry(key).or_insert_with_key(|key| {
            self.groups.push(Group {
                key: key.clone(),
                members: Vec::new(),
            });
            self.groups.len() - 1
        });
        if let Some(group) = self.groups.get_mut(at) {
            group.members.push(Member { item, cause, of });
        }
    }
}

/// Takes apart what says the same by chance: one group an item.
fn split(group: Group<'_>) -> Vec<Group<'_>> {
    let workloads: BTreeSet<String> = group
        .members
        .iter()
        .map(|m| m.of.identity().to_string())
        .collect();
    if !matches!(group.key, Key::Words(..)) || workloads.len() > BY_CHANCE {
        return vec![group];
    }
    let of = |workload: &String| Group {
        key: group.key.clone(),
        members: group
            .members
            .iter()
            .filter(|m| m.of.identity().to_string() == *workload)
            .copied()
            .collect(),
    };
    workloads.iter().map(of).collect()
}

impl Group<'_> {
    fn finding(&self) -> Finding {
        let subject = match &self.key {
            Key::Subject(subject, _) => Some(subject.clone()),
            Key::Words(..) | Key::Own(..) => None,
        };
        let is_itself = |item: &Item| subject.as_ref() == Some(&item.identity());
        // What most pods show speaks for all; the thing itself only where nobody else does.
        let causes = || {
            self.members
                .iter()
                .filter_map(|m| m.cause.map(|cause| (m.item, cause)))
        };
        let speaker = causes()
            .filter(|(item, _)| item.is_workload())
            .min_by_key(|(_, cause)| Reverse(cause.count))
            .or_else(|| causes().next());
        let items = || self.members.iter().map(|m| m.item);
        let itself = items().find(|item| is_itself(item)).or_else(|| items().next());
        let (code, message, hint, example) = match (speaker, itself) {
            (Some((_, cause)), _) => (
                cause.code.clone(),
                cause.message.clone(),
                cause.hint.clone(),
                cause.example.clone(),
            ),
            (None, Some(item)) => (item.reason.clone(), item.message.clone(), None, None),
            (None, None) => Default::default(),
        };
        let mut finding = Finding {
            code,
            subject: subject.clone(),
            message,
            state: State::Progressing,
            pods: 0,
            workloads: 0,
            services: 0,
            items: Vec::new(),
            example,
            since: None,
            last: None,
            hint,
        };
        let mut seen = HashSet::new();
        for Member { item, cause, .. } in &self.members {
            if rank(item.state) > rank(finding.state) {
                finding.state = item.state;
            }
            let since = match cause {
                Some(cause) if cause.subject.is_some() => cause.since.as_ref().or(item.since.as_ref()),
                Some(cause) => [&item.since, &cause.since].into_iter().flatten().min(),
                None => item.since.as_ref(),
            };
            if let Some(since) = since
                && finding.since.as_ref().is_none_or(|first| since < first)
            {
                finding.since = Some(since.clone());
            }
            let last = cause.and_then(|cause| cause.last.as_ref());
            if last > finding.last.as_ref() {
                finding.last = last.cloned();
            }
            let is_pod = |cause: &Cause| cause.example.as_ref().is_some_and(|e| e.kind == "Pod");
            finding.pods += match cause {
                Some(cause) if item.is_workload() && is_pod(cause) => u64::from(cause.count),
                _ => 0,
            };
            let identity = item.identity();
            if is_itself(item) || !seen.insert(identity.clone()) {
                continue;
            }
            match Kind::from_kind(&item.kind) {
                Some(Kind::Pod) => {}
                Some(Kind::Service) => finding.services += 1,
                _ if item.is_workload() => finding.workloads += 1,
                _ => {}
            }
            if finding.items.len() < EXAMPLES {
                finding.items.push(identity);
            }
        }
        finding
    }
}
