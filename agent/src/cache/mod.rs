//! Owns the objects of one kind as their watches told them, and what can be said of them at a given moment.
//! Must not know how they are read, nor how an answer is written.
//!
//! An object that is healthy, suspended or done is settled: time alone cannot change that state, so it is judged for
//! counting once, when it changes. Every other object is in an index and judged again for each answer, with the time of that
//! answer. So the answer to "what is wrong?" costs what is wrong, and not the size of the cluster.
//!
//! A kind that is judged by others too is told what these say from time to time ([`Objects::accompany`]). What needs them
//! is never settled: they change without it.

mod beside;
mod moment;
mod not_seen;
mod overview;
mod selection;
#[cfg(test)]
mod tests;

pub use beside::Brought;
pub use moment::Moment;
pub use not_seen::{kind_not_watched, nothing_selected};
pub use overview::{Overview, Pulse};
pub use selection::{Key, Selection};

use crate::history::log::{Change, Standing};
use beside::Beside;
use moment::Heard;
use not_seen::{not_begun, not_listed, not_watched, not_watched_elsewhere, too_old_to_tell};
use sre_shared::check::{self, Check, Evidence, Now, RelatedObjects};
use sre_shared::cluster::Keep;
use sre_shared::failure::{Class, Failure};
use sre_shared::report::{Item, Scope, State, Status, Summary};
use sre_shared::resource::{Decoded, PodsBy, Time};
use sre_shared::run::cause::SearchTarget;
use sre_shared::run::related::{self, RelatedNeeds};
use sre_shared::run::{Clock, EvidenceStore, Kind, Owned, Sift};
use sre_shared::selector::Selector;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::{ControlFlow, RangeBounds};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// A watch that stays silent is alive for so many seconds, since bookmarks come once a minute. A verdict that
/// depends on time is not carried further than that beyond the last sign of life.
const ALIVE_SECONDS: i64 = 90;

/// What was found around an object says nothing of the present after so many seconds; it is looked for once a minute.
const KNOWN_SECONDS: i64 = 180;

/// The objects of one kind, whatever their type.
pub trait Objects: Send + Sync {
    /// Their kind.
    fn kind(&self) -> Kind;
    /// What can be said of the selection as a whole.
    fn overview(&self, selection: &Selection, moment: &Moment) -> Overview;
    /// What metrics say of all of them.
    fn pulse(&self, moment: &Moment) -> Pulse;
    /// Shows each selected object, sorted by namespace and name, until told to stop.
    fn visit(&self, selection: &Selection, moment: &Moment, each: &mut dyn FnMut(Item) -> ControlFlow<()>);
    /// What is not healthy and may have causes.
    fn open(&self, moment: &Moment) -> Vec<SearchTarget>;
    /// Takes what was found at that time around its objects, by their uid, each of the generation that was looked at.
    fn learn(&self, found: &mut HashMap<String, (Option<i64>, EvidenceStore)>, at: Time);
    /// What its verdicts want of other kinds that was not asked for yet.
    fn wants(&self, known: &RelatedObjects) -> RelatedNeeds;
    /// Takes what was brought of other kinds, and the moment before; `None` where nothing was wanted. Judges again, and
    /// tells what changed since the last time.
    fn accompany(&self, brought: Option<(Brought, Moment)>, moment: &Moment) -> Vec<Change>;
    /// Judges again what time can change, and tells what changed.
    fn review(&self, moment: &Moment) -> Vec<Change>;
    /// Whether every watch has either listed or failed at least once.
    fn is_tried(&self) -> bool;
    /// Which watches have not listed yet, each with the class of its failure where it has one.
    fn unlisted(&self) -> Vec<(String, Option<Class>)>;
    /// The selected objects that tell of a controller that is not judged.
    fn members(&self, selection: &Selection, moment: &Moment) -> Members;
    /// Whether there is an object of that name.
    fn has(&self, namespace: &str, name: &str) -> bool;
    /// Whether that object is there and selected.
    fn selects(&self, namespace: &str, name: &str, selection: &Selection) -> bool;
}

/// Objects that tell of their controllers.
#[derive(Debug, Default)]
pub struct Members {
    /// Each with whose it is, and its verdict.
    pub told: Vec<(Owned, Item)>,
    /// Those that are not well, with a controller that is watched: whose they are.
    pub left: Vec<Owned>,
    /// Whether one of them is too old to tell.
    pub too_old: bool,
}

/// One watch that feeds a cache.
#[derive(Debug, Default)]
struct Source {
    /// Its namespace; `None` for all.
    namespace: Option<String>,
    /// When it last told anything, by the clock of this process and by the API server's; `None` before the first
    /// list.
    heard: Option<Heard>,
    /// Its last failure, and how many there were since it was last heard.
    failure: Option<(Failure, u32)>,
    /// Whether the API server said last that it serves no such kind.
    unserved: bool,
    /// Its objects, as they were last judged.
    counts: Counts,
    /// How many lists there were.
    lists: u64,
    /// How many failures there were, by class.
    errors: BTreeMap<&'static str, u64>,
}

/// How many objects were last judged so.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    summary: Summary,
    /// The same without those that are acknowledged.
    news: Summary,
    degraded: u64,
    unknown: u64,
}

impl Counts {
    fn add(&mut self, judged: Judgement) {
        judged.count(&mut self.summary, &mut self.news);
        match judged.status {
            Status::Ok => {}
            Status::Degraded => self.degraded += 1,
            Status::Unknown => self.unknown += 1,
        }
    }

    fn remove(&mut self, judged: Judgement) {
        judged.uncount(&mut self.summary);
        if !judged.acknowledged {
            self.news.uncount(judged.state);
        }
        match judged.status {
            Status::Ok => {}
            Status::Degraded => self.degraded = self.degraded.saturating_sub(1),
            Status::Unknown => self.unknown = self.unknown.saturating_sub(1),
        }
    }

    fn status(&self) -> Status {
        match () {
            () if self.degraded > 0 => Status::Degraded,
            () if self.unknown > 0 => Status::Unknown,
            () => Status::Ok,
        }
    }
}

/// What was last said of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Judgement {
    state: State,
    status: Status,
    acknowledged: bool,
}

impl Judgement {
    fn of(item: &Item) -> Self {
        Self {
            state: item.state,
            status: item.status(),
            acknowledged: item.acknowledged.is_some(),
        }
    }

    /// Takes it out of the count of all objects.
    fn uncount(self, all: &mut Summary) {
        all.uncount(self.state);
        if self.acknowledged {
            all.acknowledged = all.acknowledged.saturating_sub(1);
        }
    }

    /// Counts it among all objects, and among those of which the verdict consists.
    fn count(self, all: &mut Summary, news: &mut Summary) {
        all.count(self.state);
        if self.acknowledged {
            all.acknowledged += 1;
        } else {
            news.count(self.state);
        }
    }
}

/// The objects of one kind.
pub struct Cache<T> {
    kind: Kind,
    sift: Sift,
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    objects: BTreeMap<Key, Box<Entry<T>>>,
    /// Those that are not settled.
    open: BTreeSet<Key>,
    /// Objects that are not judged by themselves: they tell of a controller that no kind here judges, or are not well, and
    /// a selector may take them without their controller.
    members: BTreeMap<Key, Box<Entry<T>>>,
    sources: Vec<Source>,
    beside: Beside,
    /// Counts the lists, to find what a new one no longer has.
    round: u32,
}

struct Entry<T> {
    object: Decoded<T>,
    /// When this generation of the object was first seen here.
    first_seen: Time,
    /// What was found around this generation of it, and when.
    known: Option<Box<(Time, EvidenceStore)>>,
    standing: Standing,
    judged: Judgement,
    source: u16,
    settled: bool,
    round: u32,
}

impl<T: Check> Entry<T> {
    fn new(object: Decoded<T>, source: u16, now: Time, round: u32) -> Self {
        Self {
            object,
            first_seen: now,
            known: None,
            standing: Standing::Unknown,
            judged: Judgement {
                state: State::Unknown,
                status: Status::Unknown,
                acknowledged: false,
            },
            source,
            settled: false,
            round,
        }
    }

    /// Takes what was found around it at that time. A search that came to nothing takes away nothing.
    fn learn(&mut self, found: &mut HashMap<String, (Option<i64>, EvidenceStore)>, at: Time) {
        let Ok(object) = &self.object else { return };
        if let Some((generation, known)) = found.remove(&object.meta().uid)
            && generation == object.meta().generation
            && !known.is_empty()
        {
            self.known = Some(Box::new((at, known)));
        }
    }

    fn judge(&self, now: Time, companions: Option<&RelatedObjects>, no_ignore: bool) -> Item {
        self.judge_as(now, companions, no_ignore, false)
    }

    /// The same; `replaced` tells whether a later object of the same controller took its place.
    fn judge_as(
        &self,
        now: Time,
        companions: Option<&RelatedObjects>,
        no_ignore: bool,
        replaced: bool,
    ) -> Item {
        match &self.object {
            Ok(object) => {
                let nothing = EvidenceStore::default();
                let known = match self.known.as_deref() {
                    Some((at, known)) if now.seconds_since(*at) < KNOWN_SECONDS => known,
                    _ => &nothing,
                };
                let around = known.around();
                check::judge(
                    object,
                    &Evidence {
                        first_seen: Some(self.first_seen),
                        companions,
                        replaced,
                        heeds_annotations: !no_ignore,
                        ..known.evidence(object.meta(), &around, Now::known(now))
                    },
                )
            }
            Err(undecodable) => check::undecodable::<T>(undecodable),
        }
    }

    fn generation(&self) -> Option<i64> {
        self.object
            .as_ref()
            .ok()
            .and_then(|object| object.meta().generation)
    }

    /// Whether neither time nor another kind can change that state.
    fn is_settled(&self, item: &Item, now: Time) -> bool {
        let settled = |object: &T| {
            object.is_settled(item, Now::known(now)) && object.wants(&RelatedObjects::default()).is_empty()
        };
        self.object.as_ref().is_ok_and(settled)
    }

    /// An object that could not be decoded may have any labels.
    fn is_selected(&self, selector: &Selector) -> bool {
        selector.is_empty()
            || self
                .object
                .as_ref()
                .map_or(true, |o| selector.matches(&o.meta().labels))
    }
}

impl<T: Check> Cache<T> {
    /// An empty cache that is fed by one watch for each namespace, or by one for all where none is given.
    pub fn new(kind: Kind, namespaces: &[String]) -> Self {
        let sources = if namespaces.is_empty() {
            vec![Source::default()]
        } else {
            let of = |n: &String| Source {
                namespace: Some(n.clone()),
                ..Source::default()
            };
            namespaces.iter().map(of).collect()
        };
        let inner = Inner {
            objects: BTreeMap::new(),
            open: BTreeSet::new(),
            members: BTreeMap::new(),
            sources,
            beside: Beside::default(),
            round: 0,
        };
        Self {
            kind,
            sift: Sift::default(),
            inner: Mutex::new(inner),
        }
    }

    /// The same that leaves to these kinds what they control.
    pub fn leaving_to(self, kinds: &[Kind]) -> Self {
        let covered = kinds.iter().copied().filter(|kind| kind.has_owned()).collect();
        Self {
            sift: Sift::but_of(covered),
            ..self
        }
    }

    /// Which objects are kept. Of those that a watched kind controls few are: all pods of a cluster would take many times
    /// the room of its workloads.
    pub fn keep(&self, clock: Clock) -> Keep<T> {
        let sift = self.sift.clone();
        Arc::new(move |object: &T| {
            sift.takes(object) || sift.takes_for_controller(object) || is_unwell(object, clock())
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over a whole list. Tells what changed since the last one, and nothing of the first.
    pub fn listed(&self, source: u16, items: Vec<Decoded<T>>, now: Time) -> Vec<Change> {
        let mut inner = self.lock();
        let first = inner.heard(source, now);
        inner.round = inner.round.wrapping_add(1);
        let round = inner.round;
        let mut changes = Vec::new();
        for item in items {
            let change = self.take(&mut inner, source, item, now);
            changes.extend(change.filter(|_| !first));
        }
        inner
            .members
            .retain(|_, entry| entry.source != source || entry.round == round);
        let Inner {
            objects,
            open,
            sources,
            ..
        } = &mut *inner;
        let mut own = sources.get_mut(usize::from(source));
        objects.retain(|key, entry| {
            let stays = entry.source != source || entry.round == round;
            if !stays {
                open.remove(key);
                if let Some(own) = &mut own {
                    own.counts.remove(entry.judged);
                }
            }
            stays
        });
        if let Some(own) = own {
            own.lists += 1;
        }
        changes
    }

    /// Takes over an object that was created or changed.
    pub fn applied(&self, source: u16, object: Decoded<T>, now: Time) -> Option<Change> {
        let mut inner = self.lock();
        inner.heard(source, now);
        self.take(&mut inner, source, object, now)
    }

    /// Takes over an object where it belongs.
    fn take(&self, inner: &mut Inner<T>, source: u16, object: Decoded<T>, now: Time) -> Option<Change> {
        let key = key_of(&object);
        // An object that does not decode is unknown, and belongs to nobody else.
        if object.as_ref().map_or(true, |object| self.sift.takes(object)) {
            inner.members.remove(&key);
            return inner.put(source, key, object, now);
        }
        let is_member = |object: &T| self.sift.takes_for_controller(object) || is_unwell(object, now);
        if object.as_ref().is_ok_and(is_member) {
            inner.put_member(source, key, object, now);
        } else {
            inner.forget(&key.namespace, &key.name);
        }
        None
    }

    /// Forgets an object.
    pub fn deleted(&self, source: u16, namespace: &str, name: &str, now: Time) {
        let mut inner = self.lock();
        inner.heard(source, now);
        inner.forget(namespace, name);
    }

    /// The watch is alive and has nothing to tell.
    pub fn bookmark(&self, source: u16, now: Time) {
        self.lock().heard(source, now);
    }

    /// The API server does not serve this kind, so it has no objects.
    pub fn unserved(&self, source: u16, now: Time) -> Vec<Change> {
        let changes = self.listed(source, Vec::new(), now);
        if let Some(source) = self.lock().sources.get_mut(usize::from(source)) {
            source.unserved = true;
        }
        changes
    }

    /// The watch failed.
    pub fn failed(&self, source: u16, failure: Failure, failures: u32) {
        if let Some(source) = self.lock().sources.get_mut(usize::from(source)) {
            *source.errors.entry(failure.class.as_str()).or_default() += 1;
            source.failure = Some((failure, failures));
        }
    }
}

impl<T: Check> Inner<T> {
    /// Notes a sign of life; true where it is the first.
    fn heard(&mut self, source: u16, now: Time) -> bool {
        let Some(source) = self.sources.get_mut(usize::from(source)) else {
            return false;
        };
        source.failure = None;
        source.unserved = false;
        source
            .heard
            .replace(Heard {
                instant: Instant::now(),
                time: now,
            })
            .is_none()
    }

    fn put(&mut self, source: u16, key: Key, object: Decoded<T>, now: Time) -> Option<Change> {
        let key = self.key(key);
        let mut entry = Box::new(Entry::new(object, source, now, self.round));
        let (mut former, mut known) = (None, None);
        if let Some(old) = self.objects.get_mut(&key) {
            former = Some((old.source, old.judged));
            entry.standing = old.standing;
            if old.generation() == entry.generation() {
                entry.first_seen = old.first_seen;
                known = old.known.take();
            }
        }
        entry.known = known;
        let item = entry.judge(now, Some(&self.beside.known), false);
        entry.settled = entry.is_settled(&item, now);
        entry.judged = Judgement::of(&item);
        if let Some((source, judged)) = former {
            self.recount(source, Some(judged), None);
        }
        self.recount(source, None, Some(entry.judged));
        if entry.settled {
            entry.known = None;
            self.open.remove(&key);
        } else {
            self.open.insert(key.clone());
        }
        let change = Change::between(&mut entry.standing, item);
        self.objects.insert(key, entry);
        change
    }

    fn put_member(&mut self, source: u16, key: Key, object: Decoded<T>, now: Time) {
        let mut entry = Box::new(Entry::new(object, source, now, self.round));
        if let Some(old) = self.members.remove(&key)
            && old.generation() == entry.generation()
        {
            entry.first_seen = old.first_seen;
            entry.known = old.known;
        }
        self.forget(&key.namespace, &key.name);
        self.members.insert(key, entry);
    }

    fn forget(&mut self, namespace: &str, name: &str) {
        let key = Key::new(namespace, name);
        self.members.remove(&key);
        self.open.remove(&key);
        if let Some(gone) = self.objects.remove(&key) {
            self.recount(gone.source, Some(gone.judged), None);
        }
    }

    /// Takes an object out of the counts of its watch, and into them.
    fn recount(&mut self, source: u16, former: Option<Judgement>, new: Option<Judgement>) {
        if let Some(source) = self.sources.get_mut(usize::from(source)) {
            if let Some(judged) = former {
                source.counts.remove(judged);
            }
            if let Some(judged) = new {
                source.counts.add(judged);
            }
        }
    }

    /// The key of an object, which shares its namespace with the object before it.
    fn key(&self, key: Key) -> Key {
        match self.objects.range(..=&key).next_back() {
            Some((neighbour, _)) if neighbour.namespace == key.namespace => Key {
                namespace: Arc::clone(&neighbour.namespace),
                ..key
            },
            _ => key,
        }
    }

    fn source(&self, source: u16) -> Option<&Source> {
        self.sources.get(usize::from(source))
    }

    /// The time up to which the verdict about an object of that source is carried.
    fn carried(&self, source: u16, moment: &Moment) -> Time {
        match self.source(source).and_then(|s| s.heard) {
            Some(heard) => {
                let bound = heard.time.seconds.saturating_add(ALIVE_SECONDS);
                Time::from_seconds(bound.min(moment.now.seconds))
            }
            None => moment.now,
        }
    }

    fn is_too_old(&self, source: u16, moment: &Moment) -> bool {
        self.source(source)
            .and_then(|s| s.heard)
            .is_none_or(|heard| moment.is_too_old(heard))
    }

    /// Every entry of a range in order, of all objects or only of those that are not settled.
    fn each<'a>(
        &'a self,
        range: impl RangeBounds<Key> + 'a,
        all: bool,
    ) -> Box<dyn Iterator<Item = &'a Entry<T>> + 'a> {
        if all {
            Box::new(self.objects.range(range).map(|(_, entry)| &**entry))
        } else {
            Box::new(
                self.open
                    .range(range)
                    .filter_map(|key| self.objects.get(key).map(|entry| &**entry)),
            )
        }
    }
}

fn add(all: &mut Summary, some: &Summary) {
    let Summary {
        total,
        healthy,
        acknowledged,
        progressing,
        degraded,
        unavailable,
        unknown,
        terminating,
        suspended,
        succeeded,
    } = *some;
    all.total += total;
    all.healthy += healthy;
    all.acknowledged += acknowledged;
    all.progressing += progressing;
    all.degraded += degraded;
    all.unavailable += unavailable;
    all.unknown += unknown;
    all.terminating += terminating;
    all.suspended += suspended;
    all.succeeded += succeeded;
}

/// Whether an object with a controller is unhealthy, judged by itself alone.
fn is_unwell<T: Check>(object: &T, now: Time) -> bool {
    // An old revision that asks for no pods says nothing, and there are many of them.
    if !object.speaks_for_controller() {
        return false;
    }
    let now = Now::known(now);
    let item = check::judge(object, &Evidence::at(now));
    !object.is_settled(&item, now)
}

/// What an object is found by.
fn key_of<T: Check>(object: &Decoded<T>) -> Key {
    match object {
        Ok(object) => Key::new(&object.meta().namespace, &object.meta().name),
        Err(undecodable) => Key::new(&undecodable.namespace, &undecodable.name),
    }
}

impl<T: Check> Objects for Cache<T> {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn overview(&self, selection: &Selection, moment: &Moment) -> Overview {
        let selection = &*selection.of(self.kind);
        let inner = self.lock();
        let mut overview = Overview::begin(moment);
        let too_old = inner.sources_of(self.kind, selection, moment, &mut overview);
        let range = || selection.range(true);
        // Only where every part is fresh and neither label nor namespace matters, the settled ones are numbers.
        let counted = selection.selector.is_empty() && selection.namespace.is_none() && !too_old;
        let mut fresh = Summary::default();
        if counted {
            for source in &inner.sources {
                add(&mut overview.summary, &source.counts.summary);
            }
            for entry in inner.each(range(), false) {
                entry.judged.uncount(&mut overview.summary);
            }
            fresh = overview.summary;
        }
        for entry in inner.each(range(), !counted) {
            if !entry.is_selected(&selection.selector) {
                continue;
            }
            let judged = if entry.settled {
                entry.judged
            } else {
                let now = inner.carried(entry.source, moment);
                Judgement::of(&entry.judge(now, inner.beside.at(moment), selection.no_ignore))
            };
            let mut news = Summary::default();
            judged.count(&mut overview.summary, &mut news);
            if too_old && inner.is_too_old(entry.source, moment) {
                overview.status = overview.status.worst(Status::Unknown);
            } else {
                add(&mut fresh, &news);
                overview.status = overview.status.worst(judged.status);
            }
        }
        inner.add_beside(self.kind, moment, &mut overview);
        overview.end(&fresh)
    }

    fn pulse(&self, moment: &Moment) -> Pulse {
        let inner = self.lock();
        let mut overview = Overview::begin(moment);
        inner.sources_of(self.kind, &Selection::default(), moment, &mut overview);
        let (mut fresh, mut all_news) = (Summary::default(), Summary::default());
        let mut errors = BTreeMap::new();
        for source in &inner.sources {
            let Counts { summary, news, .. } = source.counts;
            add(&mut overview.summary, &summary);
            add(&mut all_news, &news);
            match source.heard {
                Some(heard) if !moment.is_too_old(heard) => {
                    add(&mut fresh, &news);
                    overview.status = overview.status.worst(source.counts.status());
                }
                _ => overview.status = overview.status.worst(Status::Unknown),
            }
            for (class, count) in &source.errors {
                *errors.entry(*class).or_default() += count;
            }
        }
        inner.add_beside(self.kind, moment, &mut overview);
        Pulse {
            overview: overview.end(&fresh),
            news: all_news,
            synced: inner.sources.iter().all(|s| s.heard.is_some()),
            relists: inner.sources.iter().map(|s| s.lists.saturating_sub(1)).sum(),
            errors,
        }
    }

    fn visit(&self, selection: &Selection, moment: &Moment, each: &mut dyn FnMut(Item) -> ControlFlow<()>) {
        let selection = &*selection.of(self.kind);
        let inner = self.lock();
        for entry in inner.each(selection.range(false), selection.takes_settled()) {
            if !entry.is_selected(&selection.selector) || (entry.settled && !selection.takes_settled()) {
                continue;
            }
            let now = inner.carried(entry.source, moment);
            let item = entry.judge(now, inner.beside.at(moment), selection.no_ignore);
            if selection.takes(&item) && each(item).is_break() {
                return;
            }
        }
    }

    fn open(&self, moment: &Moment) -> Vec<SearchTarget> {
        let inner = self.lock();
        let members = inner.members.values().map(|entry| &**entry);
        let open = inner.each(.., false).chain(members).filter_map(|entry| {
            let object = entry.object.as_ref().ok()?;
            let told = object.answers_for_itself() || self.sift.takes_for_controller(object);
            if !told || matches!(object.pods_by(), PodsBy::Nothing) {
                return None;
            }
            let now = inner.carried(entry.source, moment);
            let item = entry.judge(now, inner.beside.at(moment), false);
            SearchTarget::of(object, &item, Now::known(now))
        });
        open.collect()
    }

    fn learn(&self, found: &mut HashMap<String, (Option<i64>, EvidenceStore)>, at: Time) {
        let mut inner = self.lock();
        let Inner {
            open,
            objects,
            members,
            ..
        } = &mut *inner;
        for key in open.iter() {
            if let Some(entry) = objects.get_mut(key) {
                entry.learn(found, at);
            }
        }
        for entry in members.values_mut() {
            entry.learn(found, at);
        }
    }

    fn wants(&self, known: &RelatedObjects) -> RelatedNeeds {
        let inner = self.lock();
        let members = inner.members.values().map(|entry| &**entry);
        let all = inner.each(.., false).chain(members);
        related::wanted(all.map(|entry| &entry.object), known)
    }

    fn accompany(&self, brought: Option<(Brought, Moment)>, moment: &Moment) -> Vec<Change> {
        let mut inner = self.lock();
        let first = !inner.beside.tried;
        match brought {
            Some((brought, began)) => inner.beside.take(brought, &began, moment),
            None => {
                inner.beside = Beside {
                    tried: true,
                    ..Beside::default()
                };
            }
        }
        let changes = inner.review(moment);
        if first { Vec::new() } else { changes }
    }

    fn review(&self, moment: &Moment) -> Vec<Change> {
        let mut inner = self.lock();
        // What is judged until the next review has no moment to tell how old it is.
        if inner.beside.heard.is_some() && !inner.beside.is_fresh(moment) {
            inner.beside.known = RelatedObjects::default();
        }
        inner.review(moment)
    }

    fn members(&self, selection: &Selection, moment: &Moment) -> Members {
        let selection = &*selection.of(self.kind);
        let inner = self.lock();
        let mut members = Members::default();
        let selected = || {
            let all = inner.members.range(selection.range(true)).map(|(_, entry)| entry);
            all.filter(|entry| entry.is_selected(&selection.selector))
        };
        let objects = selected().filter_map(|entry| entry.object.as_ref().ok());
        let replaced = check::replaced(objects);
        for entry in selected() {
            let Ok(object) = &entry.object else { continue };
            let Some(owned) = Owned::of(object) else { continue };
            if !self.sift.takes_for_controller(object) {
                members.left.push(owned);
                continue;
            }
            let now = inner.carried(entry.source, moment);
            let judge = entry.judge_as(
                now,
                inner.beside.at(moment),
                selection.no_ignore,
                replaced.contains(&object.meta().uid),
            );
            members.too_old |= inner.is_too_old(entry.source, moment);
            members.told.push((owned, judge));
        }
        members
    }

    fn has(&self, namespace: &str, name: &str) -> bool {
        self.lock().objects.contains_key(&Key::new(namespace, name))
    }

    fn selects(&self, namespace: &str, name: &str, selection: &Selection) -> bool {
        let inner = self.lock();
        let entry = inner.objects.get(&Key::new(namespace, name));
        entry.is_some_and(|entry| entry.is_selected(&selection.selector))
    }

    fn is_tried(&self) -> bool {
        self.lock()
            .sources
            .iter()
            .all(|s| s.heard.is_some() || s.failure.is_some())
    }

    fn unlisted(&self) -> Vec<(String, Option<Class>)> {
        let inner = self.lock();
        let unlisted = inner.sources.iter().filter(|s| s.heard.is_none());
        unlisted
            .map(|s| {
                (
                    format!("{}{}", self.kind.plural(), Scope::new(s.namespace.as_deref())),
                    s.failure.as_ref().map(|(f, _)| f.class),
                )
            })
            .collect()
    }
}

impl<T: Check> Inner<T> {
    /// Judges again what is not settled, and tells what changed.
    fn review(&mut self, moment: &Moment) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut found = Vec::new();
        let mut recounts = Vec::new();
        for key in &self.open {
            let Some(entry) = self.objects.get(key) else {
                continue;
            };
            // What is not heard of does not change here.
            if self
                .source(entry.source)
                .and_then(|s| s.heard)
                .is_none_or(|heard| moment.is_stale(heard))
            {
                continue;
            }
            let mut standing = entry.standing;
            let now = self.carried(entry.source, moment);
            let item = entry.judge(now, self.beside.at(moment), false);
            let judged = Judgement::of(&item);
            let settled = entry.is_settled(&item, now);
            changes.extend(Change::between(&mut standing, item));
            if standing != entry.standing || judged != entry.judged || settled {
                found.push((key.clone(), standing, judged, settled));
            }
        }
        for (key, standing, judged, settled) in found {
            if settled {
                self.open.remove(&key);
            }
            if let Some(entry) = self.objects.get_mut(&key) {
                entry.standing = standing;
                entry.settled = settled;
                if settled {
                    entry.known = None;
                }
                recounts.push((entry.source, std::mem::replace(&mut entry.judged, judged), judged));
            }
        }
        for (source, former, new) in recounts {
            self.recount(source, Some(former), Some(new));
        }
        changes
    }

    /// Adds how old what other kinds say is, and where a verdict lacks it what of it was not seen.
    fn add_beside(&self, kind: Kind, moment: &Moment, overview: &mut Overview) {
        if let Some(heard) = self.beside.heard {
            overview.stale |= moment.is_stale(heard);
            overview.age_seconds = overview.age_seconds.max(moment.age(heard).as_secs());
            overview.observed = overview.observed.map(|time| time.min(heard.time));
        }
        if overview.summary.unknown > 0 {
            overview.not_seen.extend(self.beside.not_seen(kind, moment));
        }
    }

    /// Adds what the watches behind a selection make of its overview; true where the data of one is too old.
    fn sources_of(
        &self,
        kind: Kind,
        selection: &Selection,
        moment: &Moment,
        overview: &mut Overview,
    ) -> bool {
        let (mut oldest, mut too_old, mut watched) = (None::<Heard>, false, false);
        for source in &self.sources {
            let namespace = source.namespace.as_deref();
            if let (Some(asked), Some(own)) = (&selection.namespace, namespace)
                && asked != own
            {
                continue;
            }
            watched = true;
            if source.unserved {
                overview.served = Some(false);
            }
            let failure = source.failure.as_ref();
            match source.heard {
                None => overview.not_seen.push(match failure {
                    Some((failure, _)) => not_listed(kind, namespace, failure),
                    None => not_begun(kind, namespace),
                }),
                Some(heard) => {
                    oldest = Some(oldest.map_or(heard, |o| o.min(heard)));
                    if moment.is_too_old(heard) {
                        too_old = true;
                        let since = heard.time;
                        overview.not_seen.push(too_old_to_tell(
                            kind,
                            namespace,
                            since,
                            failure.map(|(f, _)| f),
                        ));
                    } else if let Some((failure, 2..)) = failure
                        && failure.class == Class::Forbidden
                    {
                        // No outage but a decision: from now on nothing more will be seen.
                        overview.not_seen.push(not_listed(kind, namespace, failure));
                    }
                }
            }
        }
        if let (false, Some(namespace)) = (watched, &selection.namespace) {
            overview.not_seen.push(not_watched(kind, namespace));
        }
        let namespaces = || self.sources.iter().map(|source| source.namespace.clone());
        if let (true, Some(names)) = (selection.everywhere, namespaces().collect::<Option<Vec<_>>>()) {
            overview.not_seen.push(not_watched_elsewhere(kind, &names));
        }
        if let Some(oldest) = oldest {
            overview.stale = moment.is_stale(oldest);
            overview.observed = Some(oldest.time);
            overview.age_seconds = moment.age(oldest).as_secs();
        }
        too_old
    }
}
