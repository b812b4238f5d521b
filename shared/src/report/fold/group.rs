//! The items with one cause, and the finding made from them.

use super::key::Key;
use super::{Fold, rank};
use crate::kind::Kind;
use crate::report::{Cause, Finding, Item, State, gist};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};

/// Number of objects that a finding names at most.
const EXAMPLES: usize = 5;

/// If more workloads than this share words, they are one finding. A few can have the same words by chance.
const BY_CHANCE: usize = 3;

/// Items with one key.
pub(super) struct Group<'a> {
    pub key: Key,
    pub members: Vec<Member<'a>>,
}

/// An item, with the cause that puts it into its group.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    pub item: &'a Item,
    pub cause: Option<&'a Cause>,
    /// The item that has the cause: this item, or the workload behind it.
    pub owner: &'a Item,
}

impl<'a> Member<'a> {
    pub fn new(item: &'a Item, cause: Option<&'a Cause>, owner: &'a Item) -> Self {
        Self { item, cause, owner }
    }
}

/// Splits a group of items that have the same words by chance: one group for each workload.
pub(super) fn split(group: Group<'_>) -> Vec<Group<'_>> {
    let workloads: BTreeSet<String> = group
        .members
        .iter()
        .map(|m| m.owner.identity().to_string())
        .collect();
    if !matches!(group.key, Key::Words(..)) || workloads.len() > BY_CHANCE {
        return vec![group];
    }
    let group_of = |workload: &String| Group {
        key: group.key.clone(),
        members: group
            .members
            .iter()
            .filter(|m| m.owner.identity().to_string() == *workload)
            .copied()
            .collect(),
    };
    workloads.iter().map(group_of).collect()
}

impl<'a> Group<'a> {
    /// The finding, with the items that are folded into it.
    pub fn into_fold(self) -> Fold<'a> {
        let subject = match &self.key {
            Key::Subject(subject, _) => Some(subject.clone()),
            Key::Words(..) | Key::Own(..) => None,
        };
        let is_itself = |item: &Item| subject.as_ref() == Some(&item.identity());
        // The cause that most pods show gives the message for all. The subject itself gives it only if no item has a cause.
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
        let words = match (&self.key, speaker, itself) {
            (Key::Words(_, words), ..) => Some(words.clone()),
            (Key::Own(..), ..) => None,
            (Key::Subject(..), Some((_, cause)), _) => Some(cause.gist().to_owned()),
            (Key::Subject(..), None, item) => item.map(|item| gist(&item.message)),
        };
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
            let pods = match cause {
                Some(cause) if item.is_workload() && is_pod(cause) => u64::from(cause.count),
                _ => 0,
            };
            finding.pods = finding.pods.saturating_add(pods);
            let identity = item.identity();
            if is_itself(item) || !seen.insert(identity.clone()) {
                continue;
            }
            match Kind::from_kind(&item.kind) {
                Some(Kind::Pod) => {}
                Some(Kind::Service) => finding.services = finding.services.saturating_add(1),
                _ if item.is_workload() => finding.workloads = finding.workloads.saturating_add(1),
                _ => {}
            }
            if finding.items.len() < EXAMPLES {
                finding.items.push(identity);
            }
        }
        Fold {
            finding,
            words,
            members: self.members.into_iter().map(|m| (m.item, m.cause)).collect(),
        }
    }
}
