//! A wait: it sees reports, each with its time, and says what changed and whether and how it ends.
//!
//! The rules, a row each, are in [`row`] for objects that were seen and in [`unseen`] for things that were not. `degraded` alone
//! ends no wait: each cause knows whether it passes by itself.

mod after_change;
mod clock;
mod end;
mod lost;
mod memory;
mod row;
mod rules;
mod standing;
mod status;
mod tracked;
mod unseen;

pub use end::{End, EndReason};
pub use rules::{WaitResource, WaitRules, WaitTarget};
pub use status::{OpenLine, WaitStatus};

use super::change::{Change, ChangeEvent};
use crate::failure::Failure;
use crate::report::{ApiServerCheck, Item, ObjectRef, Outcome, Report, Status};
use crate::resource::Time;
use crate::span::span;
use clock::SeenClock;
use row::Row;
use standing::{PendingEnd, Standing};
use std::collections::HashMap;
use std::time::Duration;
use tracked::{TrackedObject, differs};
pub(super) use unseen::unreached;
use unseen::{Patience, UnseenThings, patience};

/// What was seen of the objects.
#[derive(Debug, Clone, Copy)]
pub enum Observation<'a> {
    /// A report about them.
    Report(&'a Report),
    /// Nothing could be read.
    Away(&'a Failure),
}

/// A wait for objects. It is given the time, and never reads a clock.
#[derive(Debug)]
pub struct Wait {
    rules: WaitRules,
    /// Whether the objects were read before the change that is waited for ([`Wait::after_change`]).
    after_change: bool,
    clock: SeenClock,
    /// The objects, by the place of their names in reports.
    objects: HashMap<ObjectRef, TrackedObject>,
    unseen: UnseenThings,
    /// Why nothing can be read.
    away: Option<Failure>,
    /// The state of the API server's own part, and since when.
    api_server: Option<(Status, i64)>,
    /// The outcome of the last report; `None` before the first.
    outcome: Option<Outcome>,
    /// How many objects the last report counts and does not list. They are as they should be.
    unlisted: u64,
    /// Whether an object was seen at all.
    had_objects: bool,
    /// Since when everything is settled.
    settled: Option<i64>,
    /// Whether an object that nobody named ended well and was deleted since.
    had_done: bool,
    end: Option<End>,
}

impl Wait {
    /// A wait that begins at that time.
    #[must_use]
    pub fn new(rules: WaitRules, begun: Time) -> Self {
        Self {
            rules,
            after_change: false,
            clock: SeenClock::new(begun),
            objects: HashMap::new(),
            unseen: UnseenThings::default(),
            away: None,
            api_server: None,
            outcome: None,
            unlisted: 0,
            had_objects: false,
            settled: None,
            had_done: false,
            end: None,
        }
    }

    /// Takes an observation into account. Returns what changed since the one before, each change once. Objects that are as
    /// they should be when they are first seen are no change.
    pub fn observe(&mut self, seen: Observation<'_>, now: Time) -> Vec<Change> {
        match seen {
            Observation::Away(failure) => self.lose(failure.clone(), now),
            Observation::Report(report) => match unreached(report) {
                Some(failure) => self.lose(failure, now),
                None => self.take(report, now),
            },
        }
    }

    /// Nothing could be read. The clock stands still from now on.
    fn lose(&mut self, failure: Failure, now: Time) -> Vec<Change> {
        let ran = self.clock.stop(now);
        let words = format!("nothing can be read: {failure}");
        self.away = Some(failure);
        self.settled = None;
        if ran {
            vec![Change::about_source(now, ChangeEvent::Away, words)]
        } else {
            Vec::new()
        }
    }

    pub(super) fn take(&mut self, report: &Report, now: Time) -> Vec<Change> {
        let mut changes = Vec::new();
        self.away = None;
        if let Some(lost) = self.clock.go_on(now) {
            let words = format!("the objects can be read again after {}", span(lost));
            changes.push(Change::about_source(now, ChangeEvent::Back, words));
        }
        let seconds = self.clock.seconds(now);
        let is_first = self.outcome.is_none() && !self.after_change;
        self.unseen.update(&report.coverage.not_seen, seconds, is_first);
        self.outcome = Some(Outcome::of(report));
        self.note_api_server(report.api_server(), seconds);
        for object in self.objects.values_mut() {
            object.seen = false;
        }
        self.unlisted = 0;
        let mut listed: Vec<(&str, ListedPart)> = Vec::new();
        let observed_at = Time::parse(&report.observed_at).ok();
        for kind in report.kinds() {
            let unlisted = kind.unlisted();
            self.unlisted = self.unlisted.saturating_add(unlisted);
            let listing = match unlisted {
                _ if self.unseen.hide(&kind.check) => ListedPart::Unseen,
                0 => ListedPart::Complete,
                _ => ListedPart::Notable,
            };
            listed.push((&kind.check, listing));
            for item in &kind.items {
                let time = ReportTime {
                    now,
                    observed_at,
                    seconds,
                };
                self.see(&kind.check, item, time, &mut changes);
            }
        }
        self.miss(&listed, now, seconds, &mut changes);
        self.had_objects |= !self.objects.is_empty() || self.unlisted > 0;
        self.settled = self.is_settled().then(|| self.settled.unwrap_or(seconds));
        changes
    }

    fn note_api_server(&mut self, check: Option<&ApiServerCheck>, seconds: i64) {
        self.api_server = check.map(|check| match self.api_server {
            Some((status, since)) if status == check.status => (status, since),
            _ => (check.status, seconds),
        });
    }

    /// Takes one item of a report.
    fn see(&mut self, check: &str, item: &Item, time: ReportTime, changes: &mut Vec<Change>) {
        let ReportTime {
            now,
            observed_at,
            seconds,
        } = time;
        let target = self
            .rules
            .targets
            .iter()
            .find(|t| t.name.is_some() && t.takes(check, &item.kind, &item.namespace, &item.name));
        let (named, generation) = (target.is_some(), target.and_then(|t| t.generation));
        let uid = target.and_then(|t| t.uid.clone());
        let key = item.identity();
        if item.is_left_out() && !named {
            // It is being deleted, and nobody named it.
            if let Some(object) = self.objects.remove(&key) {
                changes.push(object.event(ChangeEvent::Deleted, now, "is being deleted".to_owned()));
            }
            return;
        }
        let is_first = !self.objects.contains_key(&key);
        let object = self
            .objects
            .entry(key)
            .or_insert_with(|| TrackedObject::new(check, named, item, seconds));
        object.seen = true;
        let is_other = object.gone.take().is_some() && item.uid.is_none()
            || differ(object.item.uid.as_deref(), item.uid.as_deref());
        let is_wanted = !differ(uid.as_deref(), item.uid.as_deref());
        if is_other {
            let before = std::mem::replace(object, TrackedObject::new(check, named, item, seconds));
            if is_wanted {
                changes.push(object.event(
                    ChangeEvent::Replaced,
                    now,
                    "replaced; the new object is followed".into(),
                ));
            }
            object.first = before.first;
        } else if !is_first {
            let newer = object.memory.update(item, seconds);
            let has_changed = differs(&object.item, item);
            let before = object.item.state;
            // Most objects of a report are as they were.
            if object.item != *item {
                object.item = item.clone();
            }
            if let Some(revision) = newer {
                let words = format!("superseded by revision {revision}");
                changes.push(object.event(ChangeEvent::Superseded, now, words));
                object.superseded = Some(revision);
            }
            if has_changed {
                changes.push(object.change(Some(before), now));
            }
        }
        object.standing = if is_wanted {
            Row {
                item,
                memory: &object.memory,
                clock: &self.clock,
                now,
                observed_at,
                grace: seconds_of(self.rules.grace),
                generation,
            }
            .standing()
        } else {
            let words = format!("{} was replaced by another object of that name", object.name());
            Standing::Ending(PendingEnd {
                reason: EndReason::Replaced,
                ..PendingEnd::failed(seconds, words)
            })
        };
        if is_first && object.standing != Standing::Settled {
            changes.push(object.change(None, now));
        }
    }

    /// Objects that the report does not have.
    fn miss(&mut self, listed: &[(&str, ListedPart)], now: Time, seconds: i64, changes: &mut Vec<Change>) {
        let mut had_done = self.had_done;
        self.objects.retain(|_, object| {
            if object.seen || object.gone.is_some() {
                return true;
            }
            if object.is_done() {
                had_done = true;
                return object.named;
            }
            let listing = listed.iter().find(|(check, _)| *check == object.check);
            match listing.map_or(ListedPart::Unseen, |(_, listing)| *listing) {
                ListedPart::Unseen => true,
                ListedPart::Notable => {
                    let before = object.item.state;
                    object.recover();
                    // It may have been listed only because it fell short a while ago.
                    if !before.is_fine() {
                        changes.push(object.change(Some(before), now));
                    }
                    object.named
                }
                ListedPart::Complete => {
                    changes.push(object.event(ChangeEvent::Deleted, now, "is gone".to_owned()));
                    object.gone = Some(seconds);
                    object.named
                }
            }
        });
        self.had_done = had_done;
    }

    /// Whether everything that is waited for is as it should be.
    fn is_settled(&self) -> bool {
        let is_missing = self.missing().next().is_some();
        let is_well = self.api_server.is_none_or(|(status, _)| status == Status::Ok);
        let is_empty = self.is_emptied();
        self.outcome.is_some()
            && self.unseen.is_empty()
            && !is_missing
            && is_well
            && !is_empty
            && self.objects.values().all(TrackedObject::is_settled)
    }

    /// Whether there were objects, all of them are gone, and none had ended well.
    fn is_emptied(&self) -> bool {
        let is_empty = self.objects.is_empty() && self.unlisted == 0;
        is_empty && self.had_objects && !self.had_done && !self.after_change
    }

    /// Named objects that were never there.
    fn missing(&self) -> impl Iterator<Item = &WaitTarget> {
        let is_found = |target: &WaitTarget| {
            let mut objects = self.objects.values();
            objects.any(|o| target.takes(&o.check, &o.item.kind, &o.item.namespace, &o.item.name))
        };
        let named = self.rules.targets.iter().filter(|target| target.name.is_some());
        named.filter(move |target| !is_found(target))
    }

    /// Whether and how the wait ends at that time. Once it has ended, the answer stays.
    pub fn end(&mut self, now: Time) -> Option<End> {
        if self.end.is_none() {
            self.end = self.find_end(now);
        }
        self.end.clone()
    }

    fn find_end(&self, now: Time) -> Option<End> {
        if let (Some(failure), None, false) = (&self.away, &self.outcome, self.after_change)
            && patience(Some(failure.class)) == Patience::Nothing
        {
            return Some(End {
                reason: EndReason::Refused,
                code: if failure.class.is_unreached() { 69 } else { 3 },
                objects: Vec::new(),
                words: failure.to_string(),
                notes: Vec::new(),
            });
        }
        let seconds = self.clock.seconds(now);
        let lag = seconds_of(self.rules.lag);
        let mut first: Option<(PendingEnd, Option<ObjectRef>)> = None;
        for (pending, object) in self.pending_ends() {
            let is_early = object.is_some() && seconds < lag;
            let is_due = self.away.is_none() && pending.at <= seconds && !is_early;
            if is_due && first.as_ref().is_none_or(|(best, _)| pending.precedes(best)) {
                first = Some((pending, object));
            }
        }
        if let Some((pending, object)) = first {
            return Some(End {
                reason: pending.reason,
                code: pending.code,
                objects: object.into_iter().collect(),
                words: pending.words,
                notes: self.notes(now),
            });
        }
        if let Some(since) = self.settled
            && seconds >= since.saturating_add(seconds_of(self.rules.settle)).max(lag)
        {
            return Some(self.settled_end(now));
        }
        let limit = self.rules.timeout?;
        (self.clock.elapsed(now) >= seconds_of(limit)).then(|| self.deadline_end(limit, now))
    }

    /// Every way in which the wait ends if nothing changes, with the object that decides it.
    fn pending_ends(&self) -> impl Iterator<Item = (PendingEnd, Option<ObjectRef>)> {
        let grace = seconds_of(self.rules.grace);
        let objects = self.objects.values();
        let objects = objects.filter_map(|object| Some((object.pending()?, Some(object.object()))));
        let unseen = self.unseen.pending_ends(grace, self.rules.expects_kinds);
        let unseen = unseen.map(|pending| (pending, None));
        let lost = self.lost().map(|pending| (pending, None));
        let api_server = self.api_server.filter(|(status, _)| *status == Status::Degraded);
        let api_server = api_server.map(|(_, since)| {
            let words = "the API server is degraded".to_owned();
            (PendingEnd::failed(since.saturating_add(grace), words), None)
        });
        let is_empty = self.is_emptied() && self.unseen.is_empty();
        let empty = is_empty.then(|| {
            let words = "nothing is left to wait for: every object was deleted".to_owned();
            (PendingEnd::not_seen(0, words), None)
        });
        objects.chain(unseen).chain(lost).chain(api_server).chain(empty)
    }

    fn settled_end(&self, now: Time) -> End {
        let after = span(self.clock.elapsed(now));
        let total = self.total();
        let words = match (self.objects.values().next(), total) {
            (Some(object), 1) => format!("{} {}, after {after}", object.name(), object.state_words()),
            (_, 0) => format!("there is nothing to wait for, after {after}"),
            _ => format!("all {total} objects are as they should be, after {after}"),
        };
        End {
            reason: EndReason::Settled,
            code: 0,
            objects: Vec::new(),
            words,
            notes: self.notes(now),
        }
    }

    fn deadline_end(&self, limit: Duration, now: Time) -> End {
        let waited = span(seconds_of(limit));
        let (code, why) = match &self.away {
            Some(failure) => {
                let since = self.clock.away.map_or(0, |since| now.seconds_since(since));
                (
                    69,
                    format!("nothing could be read for {}: {failure}", span(since)),
                )
            }
            None => {
                let mut outcome = self.outcome.unwrap_or_default();
                outcome.unknown |= self.missing().next().is_some() || self.outcome.is_none();
                let code = self.rules.fail_on.exit_code(outcome).max(1);
                (code, self.status(now).remaining_words())
            }
        };
        End {
            reason: EndReason::TimedOut,
            code,
            objects: self.open().map(TrackedObject::object).collect(),
            words: format!("timed out after {waited}: {why}"),
            notes: self.notes(now),
        }
    }

    /// Remarks for the end: newer revisions, pods of older ones, and pods that still terminate.
    fn notes(&self, now: Time) -> Vec<String> {
        let objects = self.objects.values().filter(|object| object.gone.is_none());
        let mut notes: Vec<String> = objects.flat_map(|object| object.notes(now)).collect();
        notes.sort();
        notes
    }

    /// How many objects are waited for.
    pub(super) fn total(&self) -> u64 {
        let tracked = u64::try_from(self.objects.len()).unwrap_or(u64::MAX);
        tracked.saturating_add(self.unlisted)
    }

    /// The objects that are not settled.
    fn open(&self) -> impl Iterator<Item = &TrackedObject> {
        self.objects.values().filter(|object| !object.is_settled())
    }

    /// When time alone can end the wait next; `None` if only a report can.
    #[must_use]
    pub fn due(&self, now: Time) -> Option<Time> {
        let deadline = self
            .rules
            .timeout
            .map(|limit| self.clock.time_after(seconds_of(limit)));
        if self.away.is_some() {
            return deadline;
        }
        let seconds = self.clock.seconds(now);
        let settled = self
            .settled
            .map(|since| since.saturating_add(seconds_of(self.rules.settle)));
        let times = self.pending_ends().map(|(pending, _)| pending.at).chain(settled);
        let lag = seconds_of(self.rules.lag);
        let next = times.map(|at| at.max(lag)).min();
        let next = next.and_then(|at| self.clock.time_of(at.max(seconds)));
        next.into_iter().chain(deadline).min()
    }
}

/// Which objects of a kind a report lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListedPart {
    /// All of them.
    Complete,
    /// Those worth showing. The others are as they should be.
    Notable,
    /// Not all could be seen.
    Unseen,
}

/// The times of one report.
#[derive(Debug, Clone, Copy)]
struct ReportTime {
    now: Time,
    observed_at: Option<Time>,
    seconds: i64,
}

/// Whole seconds of a duration.
fn seconds_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// Whether both are known and differ.
pub(super) fn differ(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}
