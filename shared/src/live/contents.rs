//! The contents of a cache: objects, the state of the watches that feed it, and related objects.

use super::object::{EvidenceByUid, LiveObject};
use super::related::RelatedData;
use super::tally::LastVerdict;
use super::transition::Transition;
use super::watch_state::WatchState;
use super::{AnswerTime, EventTime, Gap, ObjectKey, Overview, Selection};
use crate::check::Check;
use crate::kind::Kind;
use crate::resource::{Decoded, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeBounds;
use std::sync::Arc;

/// A silent watch counts as alive for so many seconds, since bookmarks come once a minute. A verdict that depends on
/// time is not carried further beyond the last event.
const ALIVE_SECONDS: i64 = 90;

/// The contents of a cache.
pub(super) struct Contents<T> {
    pub objects: BTreeMap<ObjectKey, Box<LiveObject<T>>>,
    /// The keys of objects that are not settled.
    pub open: BTreeSet<ObjectKey>,
    /// Objects that are not judged by themselves. Either no kind here judges their controller, or they are unhealthy
    /// and a selector may match them without their controller.
    pub controlled: BTreeMap<ObjectKey, Box<LiveObject<T>>>,
    pub watches: Vec<WatchState>,
    pub related: RelatedData,
    /// The number of lists so far, to find the objects that a new list lacks.
    pub lists: u32,
}

impl<T: Check> Contents<T> {
    pub(super) fn new(watches: Vec<WatchState>) -> Self {
        Self {
            objects: BTreeMap::new(),
            open: BTreeSet::new(),
            controlled: BTreeMap::new(),
            watches,
            related: RelatedData::default(),
            lists: 0,
        }
    }

    /// Notes an event of a watch. Returns whether it is the first one.
    pub(super) fn note_event(&mut self, watch: u16, at: EventTime) -> bool {
        let watch = self.watches.get_mut(usize::from(watch));
        watch.is_some_and(|watch| watch.note_event(at))
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
        let mut former = None;
        if let Some(old) = self.objects.get_mut(&key) {
            former = Some((old.watch, old.last));
            new.health = old.health;
            if old.generation() == new.generation() {
                new.first_seen = old.first_seen;
                new.evidence = old.evidence.take();
            }
        }
        let item = new.judge(now, Some(&self.related.known), false);
        new.settled = new.is_settled(&item, now);
        new.last = LastVerdict::new(&item);
        if let Some((watch, last)) = former {
            self.uncount(watch, last);
        }
        self.count(watch, new.last);
        if new.settled {
            new.evidence = None;
            self.open.remove(&key);
        } else {
            self.open.insert(key.clone());
        }
        let health_change = new.health.update(item.state);
        let from = former.map(|(_, last)| last.state);
        self.objects.insert(key, new);
        Transition::between(from, item, health_change, now)
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
        let gone = self.objects.remove(key)?;
        self.uncount(gone.watch, gone.last);
        Some(gone.last)
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
        let deleted = gone.into_iter().map(|(key, last)| {
            self.uncount(watch, last);
            Transition::deleted(T::KIND, &key.namespace, &key.name, last.state, now)
        });
        deleted.collect()
    }

    /// Counts an object among those of its watch.
    fn count(&mut self, watch: u16, verdict: LastVerdict) {
        if let Some(watch) = self.watches.get_mut(usize::from(watch)) {
            watch.tally.add(verdict);
        }
    }

    fn uncount(&mut self, watch: u16, verdict: LastVerdict) {
        if let Some(watch) = self.watches.get_mut(usize::from(watch)) {
            watch.tally.remove(verdict);
        }
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

    fn last_event(&self, watch: u16) -> Option<EventTime> {
        self.watches.get(usize::from(watch))?.last_event
    }

    /// The time up to which the verdict about an object of that watch is carried.
    pub(super) fn carried(&self, watch: u16, time: &AnswerTime) -> Time {
        match self.last_event(watch) {
            Some(event) => {
                let bound = event.time.seconds.saturating_add(ALIVE_SECONDS);
                Time::from_seconds(bound.min(time.now.seconds))
            }
            None => time.now,
        }
    }

    pub(super) fn is_too_old(&self, watch: u16, time: &AnswerTime) -> bool {
        self.last_event(watch).is_none_or(|event| time.is_too_old(event))
    }

    /// The objects of a range in order: all of them, or only the objects that are not settled.
    pub(super) fn each<'a>(
        &'a self,
        range: impl RangeBounds<ObjectKey> + 'a,
        all: bool,
    ) -> Box<dyn Iterator<Item = &'a LiveObject<T>> + 'a> {
        if all {
            Box::new(self.objects.range(range).map(|(_, object)| &**object))
        } else {
            Box::new(
                self.open
                    .range(range)
                    .filter_map(|key| self.objects.get(key).map(|object| &**object)),
            )
        }
    }

    /// The objects that are not settled, and those that are left to their controllers.
    pub(super) fn open_and_controlled(&self) -> impl Iterator<Item = &LiveObject<T>> {
        let controlled = self.controlled.values().map(|object| &**object);
        self.each(.., false).chain(controlled)
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

    /// Judges again the objects that are not settled, and returns the transitions.
    pub(super) fn review(&mut self, time: &AnswerTime) -> Vec<Transition> {
        let mut transitions = Vec::new();
        let mut changed = Vec::new();
        for key in &self.open {
            let Some(object) = self.objects.get(key) else {
                continue;
            };
            // Verdicts from a stale watch are not judged again.
            if self
                .last_event(object.watch)
                .is_none_or(|event| time.is_stale(event))
            {
                continue;
            }
            let now = self.carried(object.watch, time);
            let item = object.judge(now, self.related.objects_at(time), false);
            let last = LastVerdict::new(&item);
            let settled = object.is_settled(&item, now);
            if last == object.last && !settled {
                continue;
            }
            let mut health = object.health;
            let health_change = health.update(item.state);
            transitions.extend(Transition::between(
                Some(object.last.state),
                item,
                health_change,
                now,
            ));
            changed.push((key.clone(), health, last, settled));
        }
        for (key, health, last, settled) in changed {
            if settled {
                self.open.remove(&key);
            }
            let Some(object) = self.objects.get_mut(&key) else {
                continue;
            };
            object.health = health;
            object.settled = settled;
            if settled {
                object.evidence = None;
            }
            let (watch, former) = (object.watch, std::mem::replace(&mut object.last, last));
            self.uncount(watch, former);
            self.count(watch, last);
        }
        transitions
    }

    /// Adds the age of related objects, and the gaps in them if verdicts are unknown.
    pub(super) fn add_related(&self, kind: Kind, time: &AnswerTime, overview: &mut Overview) {
        if let Some(read_at) = self.related.read_at {
            overview.stale |= time.is_stale(read_at);
            overview.age_seconds = overview.age_seconds.max(time.age(read_at).as_secs());
            overview.observed = overview.observed.map(|observed| observed.min(read_at.time));
        }
        if overview.summary.unknown > 0 {
            overview.gaps.extend(self.related.gaps(kind, time));
        }
    }

    /// Adds the gaps of the watches of a selection, and the age of their data. Returns whether the data of one is too
    /// old.
    pub(super) fn add_watches(
        &self,
        selection: &Selection,
        time: &AnswerTime,
        overview: &mut Overview,
    ) -> bool {
        let (mut oldest, mut too_old, mut watched) = (None::<EventTime>, false, false);
        for watch in &self.watches {
            if let (Some(asked), Some(own)) = (&selection.namespace, &watch.namespace)
                && asked != own
            {
                continue;
            }
            watched = true;
            if watch.unserved {
                overview.served = Some(false);
            }
            if let Some(event) = watch.last_event {
                oldest = Some(oldest.map_or(event, |oldest| oldest.min(event)));
                too_old |= time.is_too_old(event);
            }
            overview.gaps.extend(watch.gap(time));
        }
        if let (false, Some(namespace)) = (watched, &selection.namespace) {
            overview.gaps.push(Gap::NamespaceNotWatched(namespace.clone()));
        }
        let namespaces = || self.watches.iter().map(|watch| watch.namespace.clone());
        if let (true, Some(names)) = (selection.everywhere, namespaces().collect::<Option<Vec<_>>>()) {
            overview.gaps.push(Gap::OnlyWatched(names));
        }
        if let Some(oldest) = oldest {
            overview.stale = time.is_stale(oldest);
            overview.observed = Some(oldest.time);
            overview.age_seconds = time.age(oldest).as_secs();
        }
        too_old
    }
}
