//! The objects of one type, and their verdicts at a given time.
//!
//! An object that is healthy, suspended or done is settled: its state cannot change with time alone, so it is judged
//! only when it changes, and counted. Most of them are kept in a compact form ([`crate::judge::SettledObject`]). Every other object is
//! in an index and judged again for each answer, with the time of that answer. So the cost of an answer grows with the
//! number of unhealthy objects, and not with the size of the cluster.
//!
//! The verdicts of some kinds need related objects, which are read from time to time
//! ([`LiveObjects::update_related`]). An object that needs them is never settled: they change without it.

use super::contents::{Contents, lock_compactor};
use super::object::{self, EvidenceByUid, Place};
use super::stored::{Stored, Which};
use super::tally::LastVerdict;
use super::watch_states::WatchStates;
use super::{
    AnswerTime, ControlledObjects, EventTime, KindObjects, LiveObjects, OpenItems, Overview, RelatedAnswer,
    Selection, Totals, Transition, WatchStatus,
};
use crate::check::{self, Check, NamespaceDeletions, Now, RelatedObjects};
use crate::cluster::{ItemMap, WatchEvent};
use crate::failure::{Class, Failure};
use crate::judge::{Kept, OwnedObject, OwnerFilter, RelatedNeeds, SearchTarget, WrittenItems, related_needs};
use crate::kind::{Kind, RegisteredKind, ResourceType};
use crate::live::ObjectKey;
use crate::live::related::RelatedData;
use crate::report::{Item, State, Status, Summary};
use crate::resource::{Decoded, PodsBy, Time};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The objects of one type. Each watch reports to it under its number.
pub struct Cache<T> {
    resource_type: ResourceType,
    owners: OwnerFilter,
    contents: Mutex<Contents<T>>,
}

impl<T: Check> Cache<T> {
    /// An empty cache with one watch for each namespace, or with one for all namespaces if none is given.
    #[must_use]
    pub fn new(kind: Kind, namespaces: &[String]) -> Self {
        let watches: Vec<Option<String>> = if namespaces.is_empty() {
            vec![None]
        } else {
            namespaces.iter().cloned().map(Some).collect()
        };
        Self::with_watches(kind.resource_type(), &watches)
    }

    /// An empty cache of that type with these watches, each of one namespace or of all.
    #[must_use]
    pub fn with_watches(resource_type: ResourceType, watches: &[Option<String>]) -> Self {
        Self {
            contents: Mutex::new(Contents::new(WatchStates::new(watches), &resource_type)),
            resource_type,
            owners: OwnerFilter::default(),
        }
    }

    /// The cache, which leaves objects to their controllers if these are of one of those kinds.
    #[must_use]
    pub fn leaving_to(self, kinds: &[Kind]) -> Self {
        let covered = kinds.iter().copied().filter(|kind| kind.has_owned()).collect();
        self.with_owners(OwnerFilter::leaving_to(covered))
    }

    /// The cache, which leaves to their controllers the objects that the filter does not take.
    #[must_use]
    pub fn with_owners(self, owners: OwnerFilter) -> Self {
        Self { owners, ..self }
    }

    /// The cache of objects that the user named. An object that is being deleted is not healthy then. They are few, and
    /// kept whole.
    #[must_use]
    pub fn of_named(self) -> Self {
        let mut contents = self.contents.into_inner().unwrap_or_else(PoisonError::into_inner);
        contents.named = true;
        Self {
            contents: Mutex::new(contents),
            ..self
        }
    }

    /// Decides which objects are kept while a list is decoded, and makes settled ones compact, so that a list never exists
    /// as a whole. Few objects of watched controllers are kept, since all pods of a cluster would take many times the
    /// memory of its workloads.
    pub fn keep(&self, clock: fn() -> Time) -> ItemMap<T, Kept<T>> {
        let owners = self.owners.clone();
        let (compactor, compacts) = {
            let contents = self.lock();
            (Arc::clone(&contents.compactor), contents.compacts())
        };
        Arc::new(move |item: Decoded<T>| {
            let Ok(object) = &item else {
                return Some(item.into());
            };
            if !compacts && owners.judges(object) {
                return Some(item.into());
            }
            if owners.judges(object) {
                let mut compactor = lock_compactor(&compactor);
                let now = clock();
                if let Some(compact) = compactor.compact(object, Some(now), now) {
                    let namespace = compactor.share_namespace(&object.meta().namespace);
                    return Some(Kept::Compact(namespace, compact));
                }
                return Some(item.into());
            }
            let is_kept = owners.counts_for_controller(object) || object::is_unhealthy(object, clock());
            is_kept.then(|| item.into())
        })
    }

    fn lock(&self) -> MutexGuard<'_, Contents<T>> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event of a watch. Returns the transitions.
    pub fn take(&self, watch: u16, event: WatchEvent<T, Kept<T>>, at: EventTime) -> Vec<Transition> {
        let transition = match event {
            WatchEvent::Listed(items) => return self.replace(watch, items, at),
            WatchEvent::Applied(object) => self.apply(watch, object, at),
            WatchEvent::Deleted { namespace, name } => self.delete(watch, &namespace, &name, at),
            WatchEvent::Bookmark => {
                self.note_bookmark(watch, at);
                None
            }
        };
        transition.into_iter().collect()
    }

    /// The objects of a watch that are kept whole and can change with time or with their pods, each with its version.
    #[must_use]
    pub fn open_versions(&self, watch: u16) -> Vec<(ObjectKey, String)> {
        let contents = self.lock();
        let whole = contents.open.iter().filter_map(|key| {
            let live = contents.objects.get(key)?;
            let object = live.object.as_ref().ok()?;
            (live.watch == watch).then(|| (key.clone(), object.meta().resource_version.clone()))
        });
        whole.collect()
    }

    /// The version of an object that is kept whole.
    #[must_use]
    pub fn version(&self, namespace: &str, name: &str) -> Option<String> {
        let contents = self.lock();
        let live = contents.objects.get(&ObjectKey::new(namespace, name))?;
        Some(live.object.as_ref().ok()?.meta().resource_version.clone())
    }

    /// Replaces the objects of a watch by a whole list. Returns the transitions since its last list; the first list has
    /// none.
    pub fn replace<K: Into<Kept<T>>>(&self, watch: u16, items: Vec<K>, at: EventTime) -> Vec<Transition> {
        let mut contents = self.lock();
        let first = contents.watches.note_event(watch, at);
        contents.lists = contents.lists.wrapping_add(1);
        let mut transitions = Vec::new();
        for item in items {
            let transition = match item.into() {
                Kept::Whole(object) => self.put(&mut contents, watch, *object, at.time),
                Kept::Compact(namespace, object) => contents.put_compact(watch, namespace, object, at.time),
            };
            transitions.extend(transition.filter(|_| !first));
        }
        transitions.extend(contents.forget_unlisted(watch, at.time));
        if let Some(watch) = contents.watches.get_mut(watch) {
            watch.lists += 1;
        }
        transitions
    }

    /// Stores an object that was created or changed.
    pub fn apply(&self, watch: u16, object: Decoded<T>, at: EventTime) -> Option<Transition> {
        let mut contents = self.lock();
        contents.watches.note_event(watch, at);
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
        contents.watches.note_event(watch, at);
        let last = contents.forget(&ObjectKey::new(namespace, name))?;
        Some(Transition::deleted(
            &contents.kind,
            namespace,
            name,
            last.state,
            at.time,
        ))
    }

    /// Notes that the watch is alive and has nothing to report.
    pub fn note_bookmark(&self, watch: u16, at: EventTime) {
        self.lock().watches.note_event(watch, at);
    }

    /// Notes that the API server does not serve this kind, so that there are no objects.
    pub fn note_unserved(&self, watch: u16, at: EventTime) -> Vec<Transition> {
        let transitions = self.replace(watch, Vec::<Kept<T>>::new(), at);
        if let Some(watch) = self.lock().watches.get_mut(watch) {
            watch.unserved = true;
        }
        transitions
    }

    /// Notes lists and streams of the watch that the API server answered.
    pub fn note_answered(&self, watch: u16, answered: u64) {
        if let Some(watch) = self.lock().watches.get_mut(watch) {
            watch.answered = watch.answered.saturating_add(answered);
        }
    }

    /// Notes that the watch failed. `failures` counts its failures in a row.
    pub fn note_failure(&self, watch: u16, failure: Failure, failures: u32) {
        if let Some(watch) = self.lock().watches.get_mut(watch) {
            watch.note_failure(failure, failures);
        }
    }
}

impl<T: Check + RegisteredKind> KindObjects for Cache<T> {
    fn kind(&self) -> Kind {
        T::REGISTERED
    }
}

impl<T: Check> LiveObjects for Cache<T> {
    fn resource_type(&self) -> &ResourceType {
        &self.resource_type
    }

    fn judged(&self, selection: &Selection, time: &AnswerTime) -> (Overview, OpenItems) {
        let selection = &*selection.for_type(&self.resource_type);
        let contents = self.lock();
        let (mut overview, mut open) = (Overview::begin(time), OpenItems::default());
        let too_old = contents.watches.add_to(selection, time, &mut overview);
        let range = || selection.range(true);
        // Settled objects can only be counted if every watch is fresh and no labels, names and namespaces matter.
        let is_narrow = !selection.names.is_empty() || selection.namespace.is_some();
        let counted = selection.selector.is_empty() && !is_narrow && !too_old;
        let mut fresh = Summary::default();
        if counted {
            for watch in contents.watches.iter() {
                overview.summary.add(&watch.tally.all);
            }
            for object in contents.each(range(), Which::Open) {
                contents.last_verdict(&object).uncount(&mut overview.summary);
            }
            fresh = overview.summary;
        }
        let compactor = lock_compactor(&contents.compactor);
        let which = if counted { Which::Open } else { Which::All };
        for object in contents.each(range(), which) {
            if !object.is_selected(selection, &compactor.words) {
                continue;
            }
            let verdict = match &object {
                Stored::Whole(_, whole) if !whole.settled => {
                    let now = contents.watches.carried(whole.watch, time);
                    let related = contents.related.objects_at(time);
                    let item = contents.judge(whole, now, related, selection.no_ignore);
                    let verdict = LastVerdict::new(&item);
                    open.push(item);
                    verdict
                }
                _ => contents.last_verdict(&object),
            };
            if verdict.state == State::Terminating
                && let Some(namespace) = object.namespace()
                && contents.deletions.contains(namespace)
            {
                *overview.left_out.entry(namespace.to_owned()).or_default() += 1;
            }
            let mut unacknowledged = Summary::default();
            verdict.count(&mut overview.summary, &mut unacknowledged);
            if too_old && contents.watches.is_too_old(object.watch(), time) {
                overview.status = overview.status.worst(Status::Unknown);
            } else {
                fresh.add(&unacknowledged);
                overview.status = overview.status.worst(verdict.status);
            }
        }
        contents.add_related(time, &mut overview);
        (overview.end(&fresh), open)
    }

    fn totals(&self, time: &AnswerTime) -> Totals {
        let contents = self.lock();
        let mut overview = Overview::begin(time);
        contents
            .watches
            .add_to(&Selection::default(), time, &mut overview);
        let (mut fresh, mut unacknowledged) = (Summary::default(), Summary::default());
        let mut errors = BTreeMap::new();
        for watch in contents.watches.iter() {
            overview.summary.add(&watch.tally.all);
            unacknowledged.add(&watch.tally.unacknowledged);
            match watch.last_event {
                Some(event) if !time.is_too_old(event) => {
                    fresh.add(&watch.tally.unacknowledged);
                    overview.status = overview.status.worst(watch.tally.status());
                }
                _ => overview.status = overview.status.worst(Status::Unknown),
            }
            for (class, count) in &watch.errors {
                *errors.entry(*class).or_default() += count;
            }
        }
        contents.add_related(time, &mut overview);
        Totals {
            overview: overview.end(&fresh),
            unacknowledged,
            synced: contents.watches.iter().all(|watch| watch.last_event.is_some()),
            answered: contents.watches.iter().map(|w| w.answered).sum(),
            relists: contents.watches.iter().map(|w| w.lists.saturating_sub(1)).sum(),
            errors,
        }
    }

    fn visit(
        &self,
        selection: &Selection,
        time: &AnswerTime,
        open: &OpenItems,
        each: &mut dyn FnMut(&Item) -> ControlFlow<()>,
    ) {
        let selection = &*selection.for_type(&self.resource_type);
        let contents = self.lock();
        let compactor = lock_compactor(&contents.compactor);
        let (mut open, mut written) = (open.cursor(), WrittenItems::default());
        let which = match selection.takes_settled() {
            true if selection.notable => Which::Whole,
            true => Which::All,
            false => Which::Open,
        };
        for object in contents.each(selection.range(false), which) {
            if !object.is_selected(selection, &compactor.words) {
                continue;
            }
            let item = match object {
                Stored::Whole(_, whole) if whole.settled && which == Which::Open => continue,
                Stored::Whole(key, whole) => match open.find(&key.namespace, &key.name) {
                    Some(item) => Cow::Borrowed(item),
                    None => {
                        let now = contents.watches.carried(whole.watch, time);
                        let related = contents.related.objects_at(time);
                        Cow::Owned(contents.judge(whole, now, related, selection.no_ignore))
                    }
                },
                Stored::Compact(namespace, compact) => {
                    Cow::Borrowed(compact.write_item(namespace, &contents.deletions, &mut written))
                }
            };
            if selection.takes(&item) && each(&item).is_break() {
                return;
            }
        }
    }

    fn item(&self, namespace: &str, name: &str, selection: &Selection, time: &AnswerTime) -> Option<Item> {
        let contents = self.lock();
        if let Some(compact) = contents.compact.get(namespace, name) {
            return Some(compact.item(namespace, &contents.deletions));
        }
        let whole = contents.objects.get(&ObjectKey::new(namespace, name))?;
        let now = contents.watches.carried(whole.watch, time);
        let related = contents.related.objects_at(time);
        Some(contents.judge(whole, now, related, selection.no_ignore))
    }

    fn search_targets(&self, time: &AnswerTime) -> Vec<SearchTarget> {
        let contents = self.lock();
        let targets = contents.open_and_controlled().filter_map(|live| {
            let object = live.object.as_ref().ok()?;
            let is_shown = object.is_judged_by_default() || self.owners.counts_for_controller(object);
            if !is_shown || matches!(object.pods_by(), PodsBy::Nothing) {
                return None;
            }
            let now = contents.watches.carried(live.watch, time);
            let item = contents.judge(live, now, contents.related.objects_at(time), false);
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

    fn update_deletions(&self, deletions: &NamespaceDeletions, time: &AnswerTime) -> Vec<Transition> {
        self.lock().update_deletions(deletions, time)
    }

    fn failing_namespaces(&self, time: &AnswerTime, found: &mut BTreeSet<String>) {
        if T::NAMESPACED {
            self.lock().failing_namespaces(time, found);
        }
    }

    fn review(&self, time: &AnswerTime) -> Vec<Transition> {
        let mut contents = self.lock();
        // Until the next review, events are judged without a time that would show the age of related objects.
        if contents.related.read_at.is_some() && !contents.related.is_fresh(time) {
            contents.related.known = RelatedObjects::default();
        }
        contents.review(time)
    }

    fn watches(&self) -> Vec<WatchStatus> {
        let contents = self.lock();
        let status = |watch: &super::watch_state::WatchState| WatchStatus {
            namespace: watch.namespace.clone(),
            last_event: watch.last_event,
            failing: watch.failure.is_some(),
            lists: watch.lists,
        };
        contents.watches.iter().map(status).collect()
    }

    fn controlled(&self, selection: &Selection, time: &AnswerTime) -> ControlledObjects {
        let selection = &*selection.for_type(&self.resource_type);
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
            let place = Place {
                named: contents.named,
                replaced: replaced.contains(&object.meta().uid),
            };
            let mut item = live.judge_in(
                contents.watches.carried(live.watch, time),
                contents.related.objects_at(time),
                selection.no_ignore,
                place,
            );
            contents.deletions.judge(&mut item, contents.named);
            controlled.too_old |= contents.watches.is_too_old(live.watch, time);
            controlled.judged.push((owned, item));
        }
        controlled
    }

    fn contains(&self, namespace: &str, name: &str) -> bool {
        let key = ObjectKey::new(namespace, name);
        let contents = self.lock();
        contents.objects.contains_key(&key) || contents.compact.get(namespace, name).is_some()
    }

    fn selects(&self, namespace: &str, name: &str, selection: &Selection) -> bool {
        let contents = self.lock();
        if let Some(object) = contents.objects.get(&ObjectKey::new(namespace, name)) {
            return object.is_selected(&selection.selector);
        }
        let words = &lock_compactor(&contents.compactor).words;
        let compact = contents.compact.get(namespace, name);
        compact.is_some_and(|object| object.is_selected(&selection.selector, words))
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
    /// The overview of the selected objects.
    pub(super) fn overview(&self, selection: &Selection, time: &AnswerTime) -> Overview {
        self.judged(selection, time).0
    }

    /// The number of objects that are not settled.
    pub(super) fn open_count(&self) -> usize {
        self.lock().open.len()
    }

    /// The number of objects that are kept in their compact form, and of the items that they share.
    pub(super) fn compact_count(&self) -> (usize, usize) {
        let contents = self.lock();
        let items = lock_compactor(&contents.compactor).shared_items();
        (contents.compact.len(), items)
    }
}
