//! Folds the items of a report by the cause behind them.
//!
//! A lost node, an exhausted quota or a registry that does not answer shows in many items. Each is reported once, with its
//! reach. Two causes with the same subject are one. Without a subject, the causes of one workload with the same code and gist
//! are one. If many workloads share words, their causes are one too. The one sentence that is shown has to be true of all of
//! them. So a cause says which of its words others can share ([`Cause::shared_words`](super::Cause)); the sentence itself is
//! not read.

mod backing;
mod group;
mod key;

use super::{Cause, Finding, Item, ObjectRef, State};
use backing::backing_item;
use group::{Group, Member, split};
use key::Key;
use std::cmp::Reverse;
use std::collections::HashMap;

/// A finding with the items that are folded into it.
#[derive(Debug)]
pub struct Fold<'a> {
    /// The finding itself.
    pub finding: Finding,
    /// The words that findings with other subjects can share, if there are any.
    pub words: Option<String>,
    /// The affected items, each with the cause that puts it here. An item that is itself the trouble has no cause.
    pub members: Vec<(&'a Item, Option<&'a Cause>)>,
}

/// The findings of those items, the worst and widest first.
pub fn findings<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<Finding> {
    fold(items).into_iter().map(|fold| fold.finding).collect()
}

/// Folds items, the worst and widest finding first. Acknowledged items are left out, and so are items that were not
/// understood, since they have no cause.
pub fn fold<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<Fold<'a>> {
    let reportable: Vec<&Item> = items.into_iter().filter(|item| item.is_reportable()).collect();
    let mut groups = KeyedGroups::default();
    let mut symptoms = Vec::new();
    let by_identity: HashMap<ObjectRef, &Item> =
        reportable.iter().map(|item| (item.identity(), *item)).collect();
    for item in reportable.iter().copied() {
        let mut has_cause = false;
        for cause in item.roots() {
            has_cause = true;
            match backing_item(item, cause, &by_identity) {
                Some(backing) => symptoms.push((item, cause, backing)),
                None => groups.add(Key::new(item, cause), Member::new(item, Some(cause), item)),
            }
        }
        if !has_cause && !item.is_workload() && item.healthy == Some(false) {
            let key = Key::Subject(item.identity(), None);
            groups.add(key, Member::new(item, None, item));
        }
    }
    for (item, cause, backing) in symptoms {
        // A symptom goes to the cause of the workload behind it. If that workload has no cause, the symptom is its own finding.
        let root = backing.roots().next();
        let root = root.filter(|root| backing_item(backing, root, &by_identity).is_none());
        let (key, owner) = match root {
            Some(root) => (Key::new(backing, root), backing),
            None => (Key::new(item, cause), item),
        };
        groups.add(key, Member::new(item, Some(cause), owner));
    }
    let groups = groups.groups.into_iter().flat_map(split);
    let mut folds: Vec<Fold<'_>> = groups.map(Group::into_fold).collect();
    folds.sort_by_key(|Fold { finding: f, .. }| {
        Reverse((rank(f.state), f.workloads.saturating_add(f.services), f.pods))
    });
    folds
}

fn rank(state: State) -> u8 {
    match state {
        State::Unavailable => 2,
        State::Degraded => 1,
        _ => 0,
    }
}

/// Items by their keys. The groups keep the order in which their keys were first seen.
#[derive(Default)]
struct KeyedGroups<'a> {
    groups: Vec<Group<'a>>,
    places: HashMap<Key, usize>,
}

impl<'a> KeyedGroups<'a> {
    fn add(&mut self, key: Key, member: Member<'a>) {
        let at = *self.places.entry(key).or_insert_with_key(|key| {
            let at = self.groups.len();
            self.groups.push(Group {
                key: key.clone(),
                members: Vec::new(),
            });
            at
        });
        if let Some(group) = self.groups.get_mut(at) {
            group.members.push(member);
        }
    }
}
