//! The items of a report, folded by what is behind them.
//!
//! A node that is lost, a quota that is used up or a registry that does not answer shows in many items. Each is reported
//! once, with how far it reaches. If two causes name the same thing behind them, they are one. Without such a name, the causes
//! of one workload are one, and if many workloads share the same words, those of all of them. The one sentence that is shown
//! has to be true of all. So a cause says which of its words others can share ([`Cause::shared_words`](super::Cause)); the
//! sentence itself is not read.

mod backing;
mod group;
mod key;

use super::{Cause, Finding, Item, ObjectRef, State};
use backing::backing_item;
use group::{Group, Member, split};
use key::Key;
use std::cmp::Reverse;
use std::collections::HashMap;

/// A finding with all that is folded into it.
#[derive(Debug)]
pub struct Fold<'a> {
    /// The finding itself.
    pub finding: Finding,
    /// The words that findings about other things can share, if there are any.
    pub words: Option<String>,
    /// The items under it, each with the cause that brought it there; without one if the item itself is what is wrong.
    pub members: Vec<(&'a Item, Option<&'a Cause>)>,
}

/// The findings of those items, the worst and widest first.
pub fn findings<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<Finding> {
    fold(items).into_iter().map(|fold| fold.finding).collect()
}

/// Folds items, the worst and widest finding first. An item that is acknowledged is left out, and so is one that was not
/// understood, since it has no cause.
pub fn fold<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<Fold<'a>> {
    let news: Vec<&Item> = items.into_iter().filter(|item| item.is_news()).collect();
    let mut groups = KeyedGroups::default();
    let mut symptoms = Vec::new();
    let by_identity: HashMap<ObjectRef, &Item> = news.iter().map(|item| (item.identity(), *item)).collect();
    for item in news.iter().copied() {
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
        // The cause of the workload behind it; without one it speaks for itself.
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
    folds.sort_by_key(|Fold { finding: f, .. }| Reverse((rank(f.state), f.workloads + f.services, f.pods)));
    folds
}

fn rank(state: State) -> u8 {
    match state {
        State::Unavailable => 2,
        State::Degraded => 1,
        _ => 0,
    }
}

/// Items by their keys, in the order in which the keys came.
#[derive(Default)]
struct KeyedGroups<'a> {
    groups: Vec<Group<'a>>,
    places: HashMap<Key, usize>,
}

impl<'a> KeyedGroups<'a> {
    fn add(&mut self, key: Key, member: Member<'a>) {
        let at = *self.places.entry(key).or_insert_with_key(|key| {
            self.groups.push(Group {
                key: key.clone(),
                members: Vec::new(),
            });
            self.groups.len() - 1
        });
        if let Some(group) = self.groups.get_mut(at) {
            group.members.push(member);
        }
    }
}
