//! The objects of one kind, and their verdicts at a given time.
//!
//! An object that is healthy, suspended or done is settled: its state cannot change with time alone, so it is judged
//! only when it changes, and counted. Every other object is in an index and judged again for each answer, with the time
//! of that answer. So the cost of an answer grows with the number of unhealthy objects, and not with the size of the
//! cluster.
//!
//! The verdicts of some kinds need related objects, which are read from time to time
//! ([`KindObjects::update_related`]). An object that needs them is never settled: they change without it.

use super::contents::Contents;
use super::object::{self, EvidenceByUid};
use super::tally::{self, LastVerdict};
use super::watch_state::WatchState;
use super::{
    AnswerTime, ControlledObjects, EventTime, KindObjects, Overview, RelatedAnswer, Selection, Totals,
    Transition,
};
use crate::check::{self, Check, Now, RelatedObjects};
use crate::cluster::ItemFilter;
use crate::failure::{Class, Failure};
use crate::judge::{OwnedObject, OwnerFilter, RelatedNeeds, SearchTarget, related_needs};
use crate::kind::Kind;
use crate::live::ObjectKey;
use crate::live::related::RelatedData;
use crate::report::{Item, Status, Summary};
use crate::resource::{Decoded, PodsBy, Time};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The objects of one kind. Each watch reports to it under its number.
pub struct Cache<T> {
    kind: Kind,
    owners: OwnerFilter,
    contents: Mutex<Contents<T>>,
}

impl<T: Check> Cache<T> {
    /// An empty cache with one watch for each namespace, or with one for all namespaces if none is given.
    #[must_use]
    pub fn new(kind: Kind, namespaces: &[String]) -> Self {
        let watches = if namespaces.is_empty() {
            vec![WatchState::default()]
        } else {
            namespaces.iter().map(|n| WatchState::namespaced(n)).collect()
        };
        Self {
            kind,
            owners: OwnerFilter::default(),
            contents: Mutex::new(Contents::new(watches)),
        }
    }

    /// The cache, which leaves objects to their controllers if these are of one of those kinds.
    #[must_use]
    pub fn leaving_to(self, kinds: &[Kind]) -> Self {
        let covered = kinds.iter().copied().filter(|kind| kind.has_owned()).collect();
        Self {
            owners: OwnerFilter::leaving_to(covered),
            ..self
        }
    }

    /// Decides which objects are kept while a list is decoded. Few objects of watched controllers are kept, since all
    /// pods of a cluster would take many times the memory of its workloads.
    pub fn keep(&self, clock: fn() -> Time) -> ItemFilter<T> {
        let owners = self.owners.clone();
        Arc::new(move |object: &T| {
            owners.judges(object)
                || owners.counts_for_controller(object)
                || object::is_unhealthy(object, clock())
        })
    }

    fn lock(&self) -> MutexGuard<'_, Contents<T>> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the objects of a watch by a whole list. Returns the transitions since its last list; the first list has
    /// none.
    pub fn replace(&self, watch: u16, items: Vec<Decoded<T>>, at: EventTime) -> Vec<Transition> {
        let mut contents = self.lock();
        let first = contents.note_event(watch, at);
        contents.lists = contents.lists.wrapping_add(1);
        let mut transitions = Vec::new();
        for item in items {
            let transition = self.put(&mut contents, watch, item, at.time);
            transitions.extend(transition.filter(|_| !first));
        }
        transitions.extend(contents.forget_unlisted(watch, at.time));
        if let Some(watch) = contents.watches.get_mut(usize::from(watch)) {
            watch.lists += 1;
        }
        transitions
    }

    /// Stores an object that was created or changed.
    pub fn apply(&self, watch: u16, object: Decoded<T>, at: EventTime) -> Option<Transition> {
        let mut contents = self.lock();
        contents.note_event(watch, at);
        self.put(&mut contents, watch, object, at.time)
    }

    /// Stores an object among those that are judged by themselves, or among those that are left to their controllers.
    fn put(
        &self,
        contents: &mut Contents<T>,
        watch: u16,
        object: Decoded<T>,
        now: Time,
    ) -> Option<Transition> {
        let key = object::key(&object);
        // An object that does not decode is unknown, and left to no controller.
        if object.as_ref().map_or(true, |object| self.owners.judges(object)) {
            return contents.put(watch, key, object, now);
        }
        let is_kept =
            |object: &T| self.owners.counts_for_controller(object) || object::is_unhealthy(object, now);
        if object.as_ref().is_ok_and(is_kept) {
            contents.put_controlled(watch, key, object, now);
        } else {
            contents.forget(&key);
        }
        None
    }

    /// Removes an object.
    pub fn delete(&self, watch: u16, namespace: &str, name: &str, at: EventTime) -> Option<Transition> {
        let mut contents = self.lock();
        contents.note_event(watch, at);
        let last = contents.forget(&ObjectKey::new(namespace, name))?;
        Some(Transition::deleted(T::KIND, namespace, name, last.state, at.time))
    }

    /// Notes that the watch is alive and has nothing to report.
    pub fn note_bookmark(&self, watch: u16, at: EventTime) {
        self.lock().note_event(watch, at);
    }

    /// Notes that the API server does not serve this kind, so that there are no objects.
    pub fn note_unserved(&self, watch: u16, at: EventTime) -> Vec<Transition> {
        let transitions = self.replace(watch, Vec::new(), at);
        if let Some(watch) = self.lock().watches.get_mut(usize::from(watch)) {
            watch.unserved = true;
        }
        transitions
    }

    /// Notes that the watch failed. `failures` counts its failures in a row.
    pub fn note_failure(&self, watch: u16, failure: Failure, failures: u32) {
        if let Some(watch) = self.lock().watches.get_mut(usize::from(watch)) {
            watch.note_failure(failure, failures);
        }
    }
}

impl<T: Check> KindObjects for Cache<T> {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn overview(&self, selection: &Selection, time: &AnswerTime) -> Overview {
        let selection = &*selection.for_kind(self.kind);
        let contents = self.lock();
        let mut overview = Overview::begin(time);
        let too_old = contents.add_watches(selection, time, &mut overview);
        let range = || selection.range(true);
        // Settled objects can only be counted if every watch is fresh and neither labels nor namespaces matter.
        let counted = selection.selector.is_empty() && selection.namespace.is_none() && !too_old;
        let mut fresh = Summary::default();
        if counted {
            for watch in &contents.watches {
                tally::add(&mut overview.summary, &watch.tally.all);
            }
            for object in contents.each(range(), false) {
                object.last.uncount(&mut overview.summary);
            }
            fresh = overview.summary;
        }
        for object in contents.each(range(), !counted) {
            if !object.is_selected(&selection.selector) {
                continue;
            }
            let verdict = if object.settled {
                object.last
            } else {
                let now = contents.carried(object.watch, time);
                LastVerdict::new(&object.judge(now, contents.related.objects_at(time), selection.no_ignore))
            };
            let mut unacknowledged = Summary::default();
            verdict.count(&mut overview.summary, &mut unacknowledged);
            if too_old && contents.is_too_old(object.watch, time) {
                overview.status = overview.status.worst(Status::Unknown);
            } else {
                tally::add(&mut fresh, &unacknowledged);
                overview.status = overview.status.worst(verdict.status);
            }
        }
        contents.add_related(self.kind, time, &mut overview);
        overview.end(&fresh)
    }

    fn totals(&self, time: &AnswerTime) -> Totals {
        let contents = self.lock();
        let mut overview = Overview::begin(time);
        contents.add_watches(&Selection::default(), time, &mut overview);
        let (mut fresh, mut unacknowledged) = (Summary::default(), Summary::default());
        let mut errors = BTreeMap::new();
        for watch in &contents.watches {
            tally::add(&mut overview.summary, &watch.tally.all);
            tally::add(&mut unacknowledged, &watch.tally.unacknowledged);
            match watch.last_event {
                Some(event) if !time.is_too_old(event) => {
                    tally::add(&mut fresh, &watch.tally.unacknowledged);
                    overview.status = overview.status.worst(watch.tally.status());
                }
                _ => overview.status = overview.status.worst(Status::Unknown),
            }
            for (class, count) in &watch.errors {
                *errors.entry(*class).or_default() += count;
            }
        }
        contents.add_related(self.kind, time, &mut overview);
        Totals {
            overview: overview.end(&fresh),
            unacknowledged,
            synced: contents.watches.iter().all(|watch| watch.last_event.is_some()),
            relists: contents.watches.iter().map(|w| w.lists.saturating_sub(1)).sum(),
            errors,
        }
    }

    fn visit(&self, selection: &Selection, time: &AnswerTime, each: &mut dyn FnMut(Item) -> ControlFlow<()>) {
        let selection = &*selection.for_kind(self.kind);
        let contents = self.lock();
        for object in contents.each(selection.range(false), selection.takes_settled()) {
            if !object.is_selected(&selection.selector) || (object.settled && !selection.takes_settled()) {
                continue;
            }
            let now = contents.carried(object.watch, time);
            let item = object.judge(now, contents.related.objects_at(time), selection.no_ignore);
            if selection.takes(&item) && each(item).is_break() {
                return;
            }
        }
    }

    fn search_targets(&self, time: &AnswerTime) -> Vec<SearchTarget> {
        let contents = self.lock();
        let targets = contents.open_and_controlled().filter_map(|live| {
            let object = live.object.as_ref().ok()?;
            let is_shown = object.is_judged_by_default() || self.owners.counts_for_controller(object);
            if !is_shown || matches!(object.pods_by(), PodsBy::Nothing) {
                return None;
            }
            let now = contents.carried(live.watch, time);
            let item = live.judge(now, contents.related.objects_at(time), false);
            SearchTarget::new(object, &item, Now::known(now))
        });
        targets.collect()
    }

    fn add_evidence(&self, found: &mut EvidenceByUid, at: Time) {
        self.lock().add_evidence(found, at);
    }

    fn related_needs(&self, known: &RelatedObjects) -> RelatedNeeds {
        let contents = self.lock();
        related_needs(contents.open_and_controlled().map(|live| &live.object), known)
    }

    fn update_related(
        &self,
        answer: Option<(RelatedAnswer, EventTime)>,
        time: &AnswerTime,
    ) -> Vec<Transition> {
        let mut contents = self.lock();
        let first = !contents.related.tried;
        match answer {
            Some((answer, began)) => contents.related.update(answer, began, time),
            None => {
                contents.related = RelatedData {
                    tried: true,
                    ..RelatedData::default()
                };
            }
        }
        let transitions = contents.review(time);
        if first { Vec::new() } else { transitions }
    }

    fn review(&self, time: &AnswerTime) -> Vec<Transition> {
        let mut contents = self.lock();
        // Until the next review, events are judged without a time that would show the age of related objects.
        if contents.related.read_at.is_some() && !contents.related.is_fresh(time) {
            contents.related.known = RelatedObjects::default();
        }
        contents.review(time)
    }

    fn controlled(&self, selection: &Selection, time: &AnswerTime) -> ControlledObjects {
        let selection = &*selection.for_kind(self.kind);
        let contents = self.lock();
        let mut controlled = ControlledObjects::default();
        let selected = || {
            let all = contents.controlled.range(selection.range(true));
            all.map(|(_, live)| live)
                .filter(|live| live.is_selected(&selection.selector))
        };
        let replaced = check::replaced_uids(selected().filter_map(|live| live.object.as_ref().ok()));
        for live in selected() {
            let Ok(object) = &live.object else { continue };
            let Some(owned) = OwnedObject::new(object) else {
                continue;
            };
            if !self.owners.counts_for_controller(object) {
                controlled.unhealthy.push(owned);
                continue;
            }
            let item = live.judge_among(
                contents.carried(live.watch, time),
                contents.related.objects_at(time),
                selection.no_ignore,
                replaced.contains(&object.meta().uid),
            );
            controlled.too_old |= contents.is_too_old(live.watch, time);
            controlled.judged.push((owned, item));
        }
        controlled
    }

    fn contains(&self, namespace: &str, name: &str) -> bool {
        let key = ObjectKey::new(namespace, name);
        self.lock().objects.contains_key(&key)
    }

    fn selects(&self, namespace: &str, name: &str, selection: &Selection) -> bool {
        let contents = self.lock();
        let object = contents.objects.get(&ObjectKey::new(namespace, name));
        object.is_some_and(|object| object.is_selected(&selection.selector))
    }

    fn is_tried(&self) -> bool {
        let contents = self.lock();
        let mut watches = contents.watches.iter();
        watches.all(|watch| watch.last_event.is_some() || watch.failure.is_some())
    }

    fn unlisted(&self) -> Vec<(Option<String>, Option<Class>)> {
        let contents = self.lock();
        let unlisted = contents.watches.iter().filter(|w| w.last_event.is_none());
        unlisted
            .map(|watch| {
                (
                    watch.namespace.clone(),
                    watch.failure.as_ref().map(|(failure, _)| failure.class),
                )
            })
            .collect()
    }
}

#[cfg(test)]
impl<T: Check> Cache<T> {
    /// The number of objects that are not settled.
    pub(super) fn open_count(&self) -> usize {
        self.lock().open.len()
    }
}
