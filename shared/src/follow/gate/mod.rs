//! A gate: the objects before a change, and reports after it. It decides which objects are waited for, and what fails.
//!
//! Objects are waited for that are new, have a newer spec, or got worse. An object that was not healthy before fails nothing,
//! unless it is worse now, and an object that is gone is a remark. The rules of the wait itself are those of [`Wait`].

mod before_image;

pub use before_image::BeforeImage;

use super::baseline::compare_unless;
use super::wait::{End, EndReason, Observation, Wait, WaitRules, WaitTarget, differ, unreached};
use super::{Change, ChangeEvent};
use crate::report::{
    CheckResult, FailOn, Item, KindCheck, NotSeen, ObjectRef, Outcome, Report, State, Status,
};
use crate::resource::Time;
use std::collections::{BTreeSet, HashMap, HashSet};

/// How many objects a remark names.
const NAMED: usize = 5;

/// A wait for the consequences of a change.
#[derive(Debug)]
pub struct Gate {
    before: BeforeImage,
    wait: Wait,
    fail_on: FailOn,
    /// Whether reports list only what falls short or did so not long ago, as those of an agent, which alone has a lag.
    lists_part: bool,
    /// Objects that were named and were not there before the change.
    expected: Vec<WaitTarget>,
    waited: HashMap<ObjectRef, WaitedObject>,
    /// Objects that were not healthy before, are no worse, and will not become better by their present spec.
    given_up: HashMap<ObjectRef, SpecIdentity>,
    /// New objects that are gone again, in the order of their names.
    lost: BTreeSet<String>,
}

/// The object and the spec of a verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct SpecIdentity {
    uid: Option<String>,
    generation: Option<i64>,
}

/// An object that is waited for, as the last report has it.
#[derive(Debug, Clone)]
struct WaitedObject {
    /// The check that it is in.
    check: String,
    spec: SpecIdentity,
    /// Whether it is no worse than before.
    is_excused: bool,
    /// Whether it still has to be waited for.
    is_concerned: bool,
}

impl Gate {
    /// A gate whose change has ended at that time.
    #[must_use]
    pub fn new(before: BeforeImage, mut rules: WaitRules, begun: Time) -> Self {
        rules
            .targets
            .retain(|target| target.name.is_some() && !before.has(target));
        let (fail_on, expected) = (rules.fail_on, rules.targets.clone());
        let lists_part = !rules.lag.is_zero();
        Self {
            before,
            wait: Wait::after_change(rules, begun),
            fail_on,
            lists_part,
            expected,
            waited: HashMap::new(),
            given_up: HashMap::new(),
            lost: BTreeSet::new(),
        }
    }

    /// The wait for the objects that are concerned.
    #[must_use]
    pub fn wait(&self) -> &Wait {
        &self.wait
    }

    /// Whether a report has to list the object, so that nothing is missed.
    #[must_use]
    pub fn takes(&self, check: &str, item: &Item) -> bool {
        let object = item.identity();
        self.waited.contains_key(&object) || self.is_concerned(check, &object, item)
    }

    /// Takes an observation into account, as [`Wait::observe`]. A report has to list every object that [`Gate::takes`]; that of
    /// an agent, at least every object that falls short or did so not long ago.
    pub fn observe(&mut self, seen: Observation<'_>, now: Time) -> Vec<Change> {
        let report = match seen {
            Observation::Away(_) => return self.wait.observe(seen, now),
            Observation::Report(report) => report,
        };
        if let Some(failure) = unreached(report) {
            return self.wait.observe(Observation::Away(&failure), now);
        }
        self.forget_unlisted(report, now);
        let concerned = self.concerned(report);
        let changes = self.wait.take(&concerned, now);
        for (change, object) in changes
            .iter()
            .filter_map(|change| change.object.as_ref().map(|o| (change, o)))
        {
            if change.event != ChangeEvent::Deleted {
                self.lost.remove(&object.to_string());
            } else if !self.before.has_object(object) {
                self.lost.insert(object.to_string());
            }
        }
        // Their last change was shown.
        let recovered = self.waited.iter().filter(|(_, object)| !object.is_concerned);
        let recovered: Vec<ObjectRef> = recovered.map(|(object, _)| object.clone()).collect();
        for object in recovered {
            self.waited.remove(&object);
            self.wait.release(&object, now);
        }
        changes
    }

    /// Goes on after the last report, although everything in it may be as it should be: it was made without evidence that can make
    /// a verdict worse.
    pub fn unsettle(&mut self) {
        self.wait.unsettle();
    }

    /// Takes another report into account after the wait has ended. Returns the changes that it shows; if there are any, the wait
    /// goes on.
    pub fn observe_last(&mut self, report: &Report, now: Time) -> Vec<Change> {
        let changes = self.observe(Observation::Report(report), now);
        if !changes.is_empty() {
            self.wait.reopen();
        }
        changes
    }

    /// Whether and how the wait ends at that time, as [`Wait::end`]. An object that cannot become better and is no worse than
    /// before ends nothing.
    pub fn end(&mut self, now: Time) -> Option<End> {
        loop {
            let end = self.wait.end(now)?;
            let is_verdict = matches!(end.reason, EndReason::Failed | EndReason::NotSeen);
            let excused = end.objects.first().filter(|_| is_verdict).cloned();
            let excused = excused.and_then(|object| {
                let waited = self.waited.get(&object)?;
                waited.is_excused.then(|| (object, waited.spec.clone()))
            });
            let Some((object, spec)) = excused else {
                return Some(self.in_words(end));
            };
            self.wait.release(&object, now);
            self.waited.remove(&object);
            self.given_up.insert(object, spec);
        }
    }

    fn in_words(&self, end: End) -> End {
        if end.reason != EndReason::Settled || self.wait.total() > 0 {
            return end;
        }
        let words = match self.given_up.len() {
            0 => "nothing changed, and nothing is worse".to_owned(),
            _ => "nothing is worse".to_owned(),
        };
        End { words, ..end }
    }

    /// When time alone can end the wait next, as [`Wait::due`].
    #[must_use]
    pub fn due(&self, now: Time) -> Option<Time> {
        self.wait.due(now)
    }

    /// Compares a report with the objects before the change, as [`super::compare`]. Objects that the change removed are no gap of
    /// the report. An object whose new spec was still waited for is no known problem, although its state is as before.
    pub fn compare(&self, report: &mut Report) {
        self.forgive_removed(report);
        let is_under_way = |object: &ObjectRef| {
            self.waited
                .get(object)
                .is_some_and(|waited| waited.is_concerned && waited.is_excused)
        };
        compare_unless(self.before.report(), report, is_under_way);
    }

    /// The end with its exit code and its remarks, by the last report, which was compared.
    #[must_use]
    pub fn conclude(&self, end: End, report: &Report) -> End {
        const AWAY: u8 = 69;
        let by_report = self.fail_on.exit_code(Outcome::of(report));
        let code = match end.reason {
            EndReason::Settled => by_report,
            EndReason::TimedOut if end.code != AWAY => by_report.max(1),
            _ => end.code,
        };
        let mut notes = end.notes;
        let lost = self.lost.iter().take(NAMED);
        notes.extend(lost.map(|object| format!("{object} was new and is gone: how it ended was not seen")));
        notes.extend(remarks(report));
        End { code, notes, ..end }
    }

    /// No longer waits for objects that a report counts and does not list, if the source lists only a part: they are as they
    /// should be. An agent lists each object for some minutes after it became so.
    fn forget_unlisted(&mut self, report: &Report, now: Time) {
        if !self.lists_part {
            return;
        }
        for kind in report.kinds().filter(|kind| kind.unlisted() > 0) {
            let listed: HashSet<ObjectRef> = kind.items.iter().map(Item::identity).collect();
            let waited = self
                .waited
                .iter()
                .filter(|(_, waited)| waited.check == kind.check);
            let unlisted = waited
                .map(|(object, _)| object)
                .filter(|object| !listed.contains(object));
            let unlisted: Vec<ObjectRef> = unlisted.cloned().collect();
            for object in unlisted {
                self.waited.remove(&object);
                self.wait.release(&object, now);
            }
        }
    }

    /// The part of a report that is waited for. Every object of it is listed.
    fn concerned(&mut self, report: &Report) -> Report {
        let mut part = Report::new(report.source.clone(), report.observed_at.clone());
        part.coverage = report.coverage.clone();
        // What could not be read before either counts only if `unknown` does.
        let is_known = |entry: &NotSeen| !self.fail_on.unknown && self.before.lacks(entry);
        let is_waited = |entry: &NotSeen| !self.is_removed(entry) && !is_known(entry);
        part.coverage.not_seen.retain(is_waited);
        // An object that could not be seen now is still waited for.
        let mut waited = std::mem::take(&mut self.waited);
        for check in &report.checks {
            match check {
                CheckResult::ApiServer(check) if self.before.is_better_than(check) => {
                    part.checks.push(CheckResult::ApiServer(check.clone()));
                }
                CheckResult::ApiServer(_) => {}
                CheckResult::Kind(kind) => {
                    let mut items = Vec::new();
                    for item in &kind.items {
                        let object = item.identity();
                        let is_concerned = self.is_concerned(&kind.check, &object, item);
                        if is_concerned || waited.contains_key(&object) {
                            items.push(self.without_removal(&object, item));
                            let seen = WaitedObject {
                                check: kind.check.clone(),
                                spec: spec_of(item),
                                is_excused: self.before.excuses(&kind.check, &object, item),
                                is_concerned,
                            };
                            waited.insert(object, seen);
                        }
                    }
                    part.checks
                        .push(CheckResult::Kind(KindCheck::of(&kind.check, items, true)));
                }
            }
        }
        self.waited = waited;
        part
    }

    /// Whether an object of a report is waited for.
    fn is_concerned(&self, check: &str, object: &ObjectRef, item: &Item) -> bool {
        if self.is_being_removed(object, item) || item.is_left_out() {
            return false;
        }
        if !self.before.excuses(check, object, item) {
            return true;
        }
        let is_given_up = self.given_up.get(object) == Some(&spec_of(item));
        self.before.differs(check, object, item) && !is_given_up
    }

    /// Whether an object that was there before the change is being deleted.
    fn is_being_removed(&self, object: &ObjectRef, item: &Item) -> bool {
        item.state == State::Terminating && self.before.has_object(object)
    }

    /// The item, which is left out of the verdict if it is being deleted, although it was named.
    fn without_removal(&self, object: &ObjectRef, item: &Item) -> Item {
        let healthy = item.healthy.filter(|_| !self.is_being_removed(object, item));
        Item {
            healthy,
            ..item.clone()
        }
    }

    /// Whether something was not seen because the change removed it.
    fn is_removed(&self, entry: &NotSeen) -> bool {
        before_image::is_absent(entry)
            && if entry.is_kind() {
                self.before.serves(entry)
            } else {
                let is_expected = |target: &WaitTarget| before_image::is_about(entry, target);
                self.before.has_objects() && !self.expected.iter().any(is_expected)
            }
    }

    /// Takes from a report what the change removed.
    fn forgive_removed(&self, report: &mut Report) {
        let entries = std::mem::take(&mut report.coverage.not_seen);
        let (removed, kept): (Vec<NotSeen>, Vec<NotSeen>) =
            entries.into_iter().partition(|entry| self.is_removed(entry));
        report.coverage.not_seen = kept;
        let kinds = report.checks.iter_mut().filter_map(|check| match check {
            CheckResult::Kind(kind) => Some(kind),
            CheckResult::ApiServer(_) => None,
        });
        for kind in kinds {
            for item in &mut kind.items {
                if self.is_being_removed(&item.identity(), item) {
                    item.healthy = None;
                }
            }
            let is_about = |entries: &[NotSeen]| entries.iter().any(|entry| entry.is_about(&kind.check));
            if is_about(&removed) && !is_about(&report.coverage.not_seen) {
                let statuses = kind.items.iter().map(Item::status);
                kind.status = statuses.fold(Status::Ok, Status::worst);
            }
        }
    }
}

fn spec_of(item: &Item) -> SpecIdentity {
    SpecIdentity {
        uid: item.uid.clone(),
        generation: item.generation,
    }
}

/// The remarks about objects that fail nothing: those that are gone, and those that were not healthy before.
fn remarks(report: &Report) -> impl Iterator<Item = String> {
    let baseline = report.baseline.as_ref();
    let gone = baseline.map_or(&[][..], |baseline| &baseline.gone_objects);
    let names: Vec<String> = gone.iter().take(NAMED).map(ToString::to_string).collect();
    let more = match gone.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", {more} more"),
    };
    let gone = match gone.len() {
        0 => None,
        1 => Some(format!("1 object is gone: {}", names.join(", "))),
        n => Some(format!("{n} objects are gone: {}{more}", names.join(", "))),
    };
    let known = match baseline.map_or(0, |baseline| baseline.known) {
        0 => None,
        1 => Some("1 object is not healthy, as before".to_owned()),
        n => Some(format!("{n} objects are not healthy, as before")),
    };
    gone.into_iter().chain(known)
}
