//! The contents of a cache: objects, the state of the watches that feed it, and related objects.

use super::object::{EvidenceByUid, LiveObject};
use super::related::RelatedData;
use super::rows::{KeyRange, SettledObjects};
use super::stored::{Stored, Which};
use super::tally::LastVerdict;
use super::transition::{Health, Transition};
use super::watch_states::WatchStates;
use super::{AnswerTime, ObjectKey, Overview};
use crate::check::{Check, NamespaceDeletions, RelatedObjects};
use crate::judge::{Compactor, SettledObject};
use crate::kind::ResourceType;
use crate::report::Item;
use crate::resource::{Decoded, Time};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The contents of a cache.
pub(super) struct Contents<T> {
    /// Objects that are kept whole. Each object is either here, or among the compact ones, or left to its controller.
    pub objects: BTreeMap<ObjectKey, Box<LiveObject<T>>>,
    /// Settled objects in their compact form.
    pub compact: SettledObjects,
    pub compactor: Arc<Mutex<Compactor>>,
    /// The keys of objects that are not settled.
    pub open: BTreeSet<ObjectKey>,
    /// Objects that are not judged by themselves. Either no kind here judges their controller, or they are unhealthy
    /// and a selector may match them without their controller.
    pub controlled: BTreeMap<ObjectKey, Box<LiveObject<T>>>,
    pub watches: WatchStates,
    pub related: RelatedData,
    /// The namespaces that are being deleted.
    pub deletions: NamespaceDeletions,
    /// The number of lists so far, to find the objects that a new list lacks.
    pub lists: u32,
    /// The `kind` of the objects.
    pub kind: Cow<'static, str>,
    /// Whether the user named the objects.
    pub named: bool,
}

pub(super) fn lock_compactor(compactor: &Mutex<Compactor>) -> MutexGuard<'_, Compactor> {
    compactor.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Check> Contents<T> {
    pub(super) fn new(watches: WatchStates, resource_type: &ResourceType) -> Self {
        Self {
            objects: BTreeMap::new(),
            compact: SettledObjects::default(),
            compactor: Arc::default(),
            open: BTreeSet::new(),
            controlled: BTreeMap::new(),
            watches,
            related: RelatedData::default(),
            deletions: NamespaceDeletions::default(),
            lists: 0,
            kind: resource_type.kind.clone(),
            named: false,
        }
    }

    /// Whether settled objects are made compact. Compact objects share their items, and the type of a custom resource
    /// does not know its kind.
    pub(super) fn compacts(&self) -> bool {
        !self.named && self.kind == T::KIND
    }

    /// Judges an object. It is left out if its namespace is being deleted.
    pub(super) fn judge(
        &self,
        object: &LiveObject<T>,
        now: Time,
        related: Option<&RelatedObjects>,
        no_ignore: bool,
    ) -> Item {
        let mut item = object.judge(now, related, no_ignore, self.named);
        if item.kind != self.kind {
            self.kind.as_ref().clone_into(&mut item.kind);
        }
        self.deletions.judge(&mut item, self.named);
        item
    }

    /// The last verdict about a compact object. It follows from its item and from the namespaces that are being deleted.
    pub(super) fn compact_verdict(&self, namespace: &str, object: &SettledObject) -> LastVerdict {
        if self.deletions.contains(namespace) {
            LastVerdict::new(&object.item(namespace, &self.deletions))
        } else {
            LastVerdict::new(object.shared_item())
        }
    }

    /// The verdict when the object was last judged.
    pub(super) fn last_verdict(&self, object: &Stored<'_, T>) -> LastVerdict {
        match object {
            Stored::Whole(_, object) => object.last,
            Stored::Compact(namespace, object) => self.compact_verdict(namespace, object),
        }
    }

    /// Stores an object that is judged by itself.
    pub(super) fn put(
        &mut self,
        watch: u16,
        key: ObjectKey,
        object: Decoded<T>,
        now: Time,
    ) -> Option<Transition> {
        self.controlled.remove(&key);
        let key = self.sharing_namespace(key);
        let mut new = Box::new(LiveObject::new(object, watch, now, self.lists));
        let former = self.inherit(&key, &mut new);
        let item = self.judge(&new, now, Some(&self.related.known), false);
        new.settled = new.is_settled(&item, now);
        new.last = LastVerdict::new(&item);
        if let Some((watch, last)) = former {
            self.watches.uncount(watch, last);
        }
        self.watches.count(watch, new.last);
        if new.settled {
            new.evidence = None;
            self.open.remove(&key);
        } else {
            self.open.insert(key.clone());
        }
        let health_change = new.health.update(item.state);
        let from = former.map(|(_, last)| last.state);
        if !new.settled || !self.make_compact(&key, &new, now) {
            self.compact.remove(&key.namespace, &key.name);
            self.objects.insert(key, new);
        }
        Transition::between(from, item, health_change, now)
    }

    /// Takes over from the object of that name what outlives a change. Returns its watch and its last verdict.
    fn inherit(&mut self, key: &ObjectKey, new: &mut LiveObject<T>) -> Option<(u16, LastVerdict)> {
        if let Some(old) = self.objects.get_mut(key) {
            new.health = old.health;
            if old.generation() == new.generation() {
                new.first_seen = old.first_seen;
                new.evidence = old.evidence.take();
            }
            return Some((old.watch, old.last));
        }
        let old = self.compact.get(&key.namespace, &key.name)?;
        new.health = Health::Healthy;
        if let Some(first_seen) = old.first_seen.filter(|_| old.generation == new.generation()) {
            new.first_seen = first_seen;
        }
        Some((old.watch, self.compact_verdict(&key.namespace, old)))
    }

    /// Stores the compact form of a settled object in place of the object. Returns whether it has one.
    pub(super) fn make_compact(&mut self, key: &ObjectKey, object: &LiveObject<T>, now: Time) -> bool {
        let Ok(whole) = &object.object else { return false };
        if !self.compacts() {
            return false;
        }
        let compact = lock_compactor(&self.compactor).compact(whole, Some(object.first_seen), now);
        let Some(mut compact) = compact else {
            return false;
        };
        (compact.watch, compact.list) = (object.watch, object.list);
        self.objects.remove(key);
        self.compact.insert(Arc::clone(&key.namespace), compact);
        true
    }

    /// Stores an object that is judged by itself and was made compact as it was read.
    pub(super) fn put_compact(
        &mut self,
        watch: u16,
        namespace: Arc<str>,
        mut new: SettledObject,
        now: Time,
    ) -> Option<Transition> {
        (new.watch, new.list) = (watch, self.lists);
        let (mut health, mut former) = (Health::Undecided, None);
        if !self.objects.is_empty() || !self.controlled.is_empty() {
            let key = ObjectKey::new(&namespace, new.name());
            self.controlled.remove(&key);
            self.open.remove(&key);
            if let Some(old) = self.objects.remove(&key) {
                health = old.health;
                former = Some((old.watch, old.last));
                if old.generation() == new.generation {
                    new.first_seen = Some(old.first_seen);
                }
            }
        }
        if former.is_none()
            && let Some(old) = self.compact.get(&namespace, new.name())
        {
            former = Some((old.watch, self.compact_verdict(&namespace, old)));
            health = Health::Healthy;
            if old.generation == new.generation {
                new.first_seen = old.first_seen;
            }
        }
        let last = self.compact_verdict(&namespace, &new);
        if let Some((watch, last)) = former {
            self.watches.uncount(watch, last);
        }
        self.watches.count(watch, last);
        let from = former.map(|(_, last)| last.state);
        let transition = (from != Some(last.state)).then(|| {
            let item = new.item(&namespace, &self.deletions);
            let change = health.update(item.state);
            Transition::between(from, item, change, now)
        });
        self.compact.insert(namespace, new);
        transition.flatten()
    }

    /// Stores an object that is left to its controller.
    pub(super) fn put_controlled(&mut self, watch: u16, key: ObjectKey, object: Decoded<T>, now: Time) {
        let mut new = Box::new(LiveObject::new(object, watch, now, self.lists));
        if let Some(old) = self.controlled.remove(&key)
            && old.generation() == new.generation()
        {
            new.first_seen = old.first_seen;
            new.evidence = old.evidence;
        }
        self.forget(&key);
        self.controlled.insert(key, new);
    }

    /// Removes an object. Returns its last verdict, if it was judged by itself.
    pub(super) fn forget(&mut self, key: &ObjectKey) -> Option<LastVerdict> {
        self.controlled.remove(key);
        self.open.remove(key);
        let (watch, last) = if let Some(gone) = self.objects.remove(key) {
            (gone.watch, gone.last)
        } else {
            let gone = self.compact.remove(&key.namespace, &key.name)?;
            (gone.watch, self.compact_verdict(&key.namespace, &gone))
        };
        self.watches.uncount(watch, last);
        Some(last)
    }

    /// Removes the objects of a watch that its last list lacks, and returns the transitions.
    pub(super) fn forget_unlisted(&mut self, watch: u16, now: Time) -> Vec<Transition> {
        let list = self.lists;
        let stays = |object: &LiveObject<T>| object.watch != watch || object.list == list;
        self.controlled.retain(|_, object| stays(object));
        let mut gone = Vec::new();
        let Self { objects, open, .. } = self;
        objects.retain(|key, object| {
            let stays = stays(object);
            if !stays {
                open.remove(key);
                gone.push((key.clone(), object.last));
            }
            stays
        });
        let mut compact = std::mem::take(&mut self.compact);
        compact.retain(|namespace, object| {
            let stays = object.watch != watch || object.list == list;
            if !stays {
                let key = ObjectKey::new(namespace, object.name());
                gone.push((key, self.compact_verdict(namespace, object)));
            }
            stays
        });
        self.compact = compact;
        gone.sort_by(|(a, _), (b, _)| a.cmp(b));
        let kind = self.kind.clone();
        let deleted = gone.into_iter().map(|(key, last)| {
            self.watches.uncount(watch, last);
            Transition::deleted(&kind, &key.namespace, &key.name, last.state, now)
        });
        deleted.collect()
    }

    /// The key, with its namespace in the same allocation as that of the object before it.
    fn sharing_namespace(&self, key: ObjectKey) -> ObjectKey {
        match self.objects.range(..=&key).next_back() {
            Some((neighbour, _)) if neighbour.namespace == key.namespace => ObjectKey {
                namespace: Arc::clone(&neighbour.namespace),
                ..key
            },
            _ => key,
        }
    }

    /// The objects of a range in order: all of them, or those that are not settled. A compact object in a namespace that is
    /// being deleted is not settled.
    pub(super) fn each(&self, range: KeyRange, which: Which) -> impl Iterator<Item = Stored<'_, T>> {
        let takes = move |namespace: &str| which == Which::All || self.deletions.contains(namespace);
        let mut compact = self.compact.range(range.clone(), takes).peekable();
        let mut whole = self.whole(range, which != Which::Open).peekable();
        std::iter::from_fn(move || {
            let order = match (whole.peek(), compact.peek()) {
                (Some((key, _)), Some((namespace, object))) => {
                    (&*key.namespace, &*key.name).cmp(&(namespace, object.name()))
                }
                (None, Some(_)) => Ordering::Greater,
                _ => Ordering::Less,
            };
            if order == Ordering::Greater {
                compact
                    .next()
                    .map(|(namespace, object)| Stored::Compact(namespace, object))
            } else {
                whole.next().map(|(key, object)| Stored::Whole(key, object))
            }
        })
    }

    /// The objects of a range that are kept whole: all of them, or only the objects that are not settled.
    fn whole<'a>(
        &'a self,
        range: KeyRange,
        all: bool,
    ) -> Box<dyn Iterator<Item = (&'a ObjectKey, &'a LiveObject<T>)> + 'a> {
        if all {
            Box::new(self.objects.range(range).map(|(key, object)| (key, &**object)))
        } else {
            let open = self.open.range(range);
            Box::new(open.filter_map(|key| self.objects.get(key).map(|object| (key, &**object))))
        }
    }

    /// The objects that are not settled, and those that are left to their controllers.
    pub(super) fn open_and_controlled(&self) -> impl Iterator<Item = &LiveObject<T>> {
        let controlled = self.controlled.values().map(|object| &**object);
        let open = self.whole((Bound::Unbounded, Bound::Unbounded), false);
        open.map(|(_, object)| object).chain(controlled)
    }

    /// Takes the evidence about objects that are not settled.
    pub(super) fn add_evidence(&mut self, found: &mut EvidenceByUid, at: Time) {
        for key in &self.open {
            if let Some(object) = self.objects.get_mut(key) {
                object.add_evidence(found, at);
            }
        }
        for object in self.controlled.values_mut() {
            object.add_evidence(found, at);
        }
    }

    /// Adds the age of related objects, and the gaps in them if verdicts are unknown.
    pub(super) fn add_related(&self, time: &AnswerTime, overview: &mut Overview) {
        if let Some(read_at) = self.related.read_at {
            overview.stale |= time.is_stale(read_at);
            overview.age_seconds = overview.age_seconds.max(time.age(read_at).as_secs());
            overview.observed = overview.observed.map(|observed| observed.min(read_at.time));
        }
        if overview.summary.unknown > 0 {
            overview
                .gaps
                .extend(self.related.gaps(!T::RELATED_KINDS.is_empty(), time));
        }
    }
}
