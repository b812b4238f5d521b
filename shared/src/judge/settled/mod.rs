//! Settled objects in little memory: their name, their labels, and an item that they share with all objects of the same
//! verdict.
//!
//! Only an object is made compact whose item depends on nothing but the object: not on time, not on other objects, and
//! not on whether annotations are ignored. Then the item can be kept in place of the object, and is exactly what a new
//! judgement would give. An item with notes or warnings is not made compact either, so that a visit of what is worth
//! showing need not look at compact objects.

mod dictionary;
mod packed_labels;
mod packed_uid;

pub(crate) use dictionary::Dictionary;
#[cfg(test)]
mod tests;

use crate::check::{self, Check, Evidence, NamespaceDeletions, Now, RelatedObjects};
use crate::report::Item;
use crate::resource::{IGNORE, Time};
use crate::selector::Selector;
use packed_labels::PackedLabels;
use packed_uid::PackedUid;
use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A century, in seconds. An item that is the same then does not depend on time.
const CENTURY: i64 = 100 * 365 * 24 * 60 * 60;
/// The number of shared items from which on unused ones are dropped.
const FIRST_SWEEP: usize = 64;

/// A settled object.
#[derive(Debug)]
pub struct SettledObject {
    labels: PackedLabels,
    /// Its item, without namespace, name, uid and generation.
    item: Arc<Item>,
    uid: PackedUid,
    /// When this generation of the object was first seen, if its reader goes on watching it.
    pub(crate) first_seen: Option<Time>,
    pub(crate) generation: Option<i64>,
    /// The number of the newest list when it was stored.
    pub(crate) list: u32,
    /// The number of its watch.
    pub(crate) watch: u16,
}

/// Items that were written a moment ago, in their full form, each with the item that it was written from. Neighbours in a list
/// often differ in nothing but their number of pods.
#[derive(Debug, Default)]
pub(crate) struct WrittenItems {
    recent: Vec<(Arc<Item>, Item)>,
    /// The place of the next one.
    oldest: usize,
    /// The last item that no other object shares.
    own: Option<Item>,
}

/// How many written items are kept.
const RECENT: usize = 16;

impl SettledObject {
    pub(crate) fn name(&self) -> &str {
        self.labels.name()
    }

    /// Its item, without namespace, name, uid and generation, as if its namespace were not being deleted.
    pub(crate) fn shared_item(&self) -> &Item {
        &self.item
    }

    /// Its item in that namespace.
    pub(crate) fn item(&self, namespace: &str, deletions: &NamespaceDeletions) -> Item {
        let mut item = Item {
            namespace: namespace.to_owned(),
            name: self.name().to_owned(),
            uid: self.uid.text(),
            generation: self.own_generation(),
            ..(*self.item).clone()
        };
        deletions.judge(&mut item, false);
        item
    }

    /// Its generation, unless its kind has none.
    fn own_generation(&self) -> Option<i64> {
        self.generation.filter(|generation| *generation != 0)
    }

    /// As [`SettledObject::item`]. Only namespace, name, uid and generation are written if an item written a moment ago is
    /// shared with this object: a list of 100,000 objects copies a handful of items and not each.
    pub(crate) fn write_item<'a>(
        &self,
        namespace: &str,
        deletions: &NamespaceDeletions,
        written: &'a mut WrittenItems,
    ) -> &'a Item {
        let WrittenItems { recent, oldest, own } = written;
        if deletions.contains(namespace) {
            // The verdict about an object in a namespace that is being deleted is no other object's.
            return own.insert(self.item(namespace, deletions));
        }
        let known = recent
            .iter()
            .position(|(shared, _)| Arc::ptr_eq(shared, &self.item));
        let place = known.unwrap_or_else(|| {
            let new = (Arc::clone(&self.item), self.item(namespace, deletions));
            let place = *oldest;
            *oldest = place.wrapping_add(1) % RECENT;
            match recent.get_mut(place) {
                Some(former) => *former = new,
                None => recent.push(new),
            }
            place
        });
        match recent.get_mut(place) {
            Some((_, item)) => {
                namespace.clone_into(&mut item.namespace);
                self.name().clone_into(&mut item.name);
                self.uid.write(&mut item.uid);
                item.generation = self.own_generation();
                item
            }
            None => own.insert(self.item(namespace, deletions)),
        }
    }

    pub(crate) fn is_selected(&self, selector: &Selector, words: &Dictionary) -> bool {
        selector.matches_by(|key| self.labels.get(key, words))
    }

    /// Bytes of memory, roughly.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>()
            .saturating_add(self.labels.len())
            .saturating_add(self.uid.memory())
    }
}

/// Makes settled objects compact, and keeps what they share.
#[derive(Debug, Default)]
pub struct Compactor {
    pub(crate) words: Dictionary,
    items: HashSet<SharedItem>,
    next_sweep: usize,
    /// The last namespace: lists are sorted by it.
    namespace: Option<Arc<str>>,
    drops_labels: bool,
}

impl Compactor {
    /// One that keeps no labels.
    pub(crate) fn without_labels() -> Self {
        Self {
            drops_labels: true,
            ..Self::default()
        }
    }

    /// The compact form of an object, if it can have one.
    pub(crate) fn compact<T: Check>(
        &mut self,
        object: &T,
        first_seen: Option<Time>,
        now: Time,
    ) -> Option<SettledObject> {
        let meta = object.meta();
        if meta.annotations.contains_key(IGNORE) {
            return None;
        }
        let mut item = judge_alone(object, first_seen, now);
        let is_plain = item.state.is_fine()
            && item.notes.is_empty()
            && item.warnings.is_empty()
            && item.causes.is_empty()
            && item.acknowledged.is_none();
        if !is_plain || !is_settled(object, &item, now) {
            return None;
        }
        let much_later = Time::from_seconds(now.seconds.saturating_add(CENTURY));
        if judge_alone(object, first_seen, much_later) != item {
            return None;
        }
        item.namespace.clear();
        item.namespace.shrink_to_fit();
        item.name.clear();
        item.name.shrink_to_fit();
        let uid = item.uid.take().map_or(PackedUid::None, PackedUid::from);
        item.generation = None;
        let no_labels = BTreeMap::new();
        let labels = if self.drops_labels {
            &no_labels
        } else {
            &meta.labels
        };
        Some(SettledObject {
            labels: PackedLabels::new(&meta.name, labels, &mut self.words),
            item: self.share(item),
            uid,
            first_seen,
            generation: meta.generation,
            list: 0,
            watch: 0,
        })
    }

    /// The namespace, in the same allocation as that of the object before.
    pub(crate) fn share_namespace(&mut self, namespace: &str) -> Arc<str> {
        let last = self.namespace.take().filter(|last| **last == *namespace);
        let shared = last.unwrap_or_else(|| namespace.into());
        Arc::clone(self.namespace.insert(shared))
    }

    /// The item that all objects with an equal one share.
    fn share(&mut self, item: Item) -> Arc<Item> {
        let item = SharedItem(Arc::new(item));
        if let Some(known) = self.items.get(&item) {
            return Arc::clone(&known.0);
        }
        if self.items.len() >= self.next_sweep.max(FIRST_SWEEP) {
            self.items.retain(|item| Arc::strong_count(&item.0) > 1);
            self.next_sweep = self.items.len().saturating_mul(2);
        }
        let shared = Arc::clone(&item.0);
        self.items.insert(item);
        shared
    }

    /// The number of shared items.
    #[cfg(test)]
    pub(crate) fn shared_items(&self) -> usize {
        self.items.len()
    }
}

/// Judges an object without pods, events and related objects.
fn judge_alone<T: Check>(object: &T, first_seen: Option<Time>, now: Time) -> Item {
    let evidence = Evidence {
        first_seen,
        ..Evidence::new(Now::known(now))
    };
    check::judge(object, &evidence)
}

/// Whether the state of that item of the object can change neither with time nor because of another kind.
pub(crate) fn is_settled<T: Check>(object: &T, item: &Item, now: Time) -> bool {
    object.is_settled(item, Now::known(now)) && object.related_needs(&RelatedObjects::default()).is_empty()
}

/// An item that objects share.
#[derive(Debug, PartialEq, Eq)]
struct SharedItem(Arc<Item>);

impl Hash for SharedItem {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let item = &*self.0;
        (item.state, &item.reason, &item.message, &item.since).hash(state);
    }
}
