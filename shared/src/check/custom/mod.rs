//! The verdict about a custom resource: by its conditions, its counts of pods, and words such as `status.phase`.
//!
//! Conditions are read like kstatus (`pkg/kstatus/status` in kubernetes-sigs/cli-utils), with these differences.
//! kstatus reads `Ready`, `Reconciling` and `Stalled`. Here a good condition never hides a bad one: `Ready` of
//! Crossplane stays True while `Synced` or `LastAsyncOperation` is False (crossplane/crossplane#6569). In kstatus a
//! condition that is not good is under way for ever; here it has a time that counts from its last change. An object
//! that was stopped or suspended on purpose is not broken. An object that says nothing known is current in kstatus and
//! `unknown` here.
//!
//! Counts of pods are judged like those of a StatefulSet. A word such as `phase` counts if it is well known.

mod counts;
mod words;

use super::lifecycle::{self, Preliminaries};
use super::revision::STEP_SECONDS;
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS};
use crate::report::{Code, Item, Notes, State};
use crate::resource::{CustomCondition, CustomObject, CustomStatus, CustomWord, HOLDS, Resource as _, Time};
use counts::CustomCounts;
use words::{ConditionMeaning, WordMeaning};

/// Conditions that sum up the others. The first one found gives message and time of a healthy object.
const READY: [&str; 6] = [
    "Ready",
    "Available",
    "Healthy",
    "Established",
    "Programmed",
    "Succeeded",
];

/// The annotation with which `CloudNativePG` ends the pods of a cluster and keeps its volumes. A condition has the same
/// name.
const HIBERNATION: &str = "cnpg.io/hibernation";

impl Check for CustomObject {
    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let facts = CustomFacts {
            object: self,
            evidence,
            status: self.status.clone().unwrap_or_default(),
            counts: CustomCounts::read(self),
            intent: Intent::read(self),
        };
        let (mut notes, mut warnings) = (Notes::default(), Vec::new());
        let verdict = facts.verdict(&mut notes, &mut warnings);
        let count = |of: fn(&CustomCounts) -> i64| facts.counts.as_ref().map(of);
        Item {
            desired: count(|c| c.desired),
            ready: count(|c| c.ready),
            available: count(|c| c.available),
            updated: facts.counts.as_ref().and_then(|c| c.updated),
            notes,
            warnings,
            ..verdict.item(self)
        }
    }
}

/// What its spec and annotations ask for: to be held, stopped, paused or running.
#[derive(Default)]
struct Intent {
    /// Its controller should do nothing: whatever it says is old.
    suspended: Option<String>,
    /// It should not run.
    stopped: Option<String>,
    /// The controller should not act on changes, and what runs goes on.
    paused: Option<String>,
    /// It should run.
    runs: bool,
}

impl Intent {
    fn read(object: &CustomObject) -> Self {
        let spec = object.spec.clone().unwrap_or_default();
        let word = |field: &str| spec.words.get(field).map_or("", String::as_str);
        let is_on = |field: &&str| word(field).eq_ignore_ascii_case("true");
        let field = |of: &[&'static str]| of.iter().copied().find(|f| is_on(f)).map(|f| format!("spec.{f}"));
        let desired = ["state", "desiredState", "powerState", "job.state"];
        let held = desired
            .iter()
            .find(|f| words::is_held(word(f)) || word(f) == "Off");
        let strategy = word("runStrategy");
        let annotations = &object.meta().annotations;
        let annotation = HOLDS.iter().find(|key| {
            **key != HIBERNATION
                && annotations
                    .get(**key)
                    .is_some_and(|value| !["false", "off"].contains(&value.as_str()))
        });
        let none = spec.replicas == Some(0);
        // The controller waits until the cluster is well, and says so in the condition of the same name.
        let mut conditions = object.status.iter().flat_map(|s| &s.conditions);
        let hibernates = annotations.get(HIBERNATION).is_some_and(|value| value == "on")
            && !conditions.any(|c| c.kind == HIBERNATION && is(c, "False"));
        let runs = strategy == "Always"
            || word("running") == "true"
            || spec.replicas.is_some_and(|n| n > 0)
            || desired
                .iter()
                .any(|f| ["Running", "running", "On"].contains(&word(f)));
        Self {
            suspended: field(&["suspend", "suspended"]),
            stopped: field(&["stop", "stopped", "halted", "shutdown", "hibernate", "hibernated"])
                .or_else(|| (strategy == "Halted").then(|| "spec.runStrategy is Halted".into()))
                .or_else(|| (word("running") == "false").then(|| "spec.running is false".into()))
                .or_else(|| held.map(|f| format!("spec.{f} is {}", word(f))))
                .or_else(|| none.then(|| "no replicas are asked for".into()))
                .or_else(|| hibernates.then(|| format!("annotation {HIBERNATION}")))
                .or_else(|| held_by_status(object, runs)),
            paused: field(&["pause", "paused", "updateStrategy.paused"])
                .or_else(|| annotation.map(|key| format!("annotation {key}"))),
            runs,
        }
    }
}

/// The hold that its status reports, if the object asks for no pods that this would excuse, and does not ask to run.
fn held_by_status(object: &CustomObject, runs: bool) -> Option<String> {
    if object
        .spec
        .as_ref()
        .and_then(|s| s.replicas)
        .is_some_and(|n| n > 0)
    {
        return None;
    }
    let status = object.status.as_ref()?;
    let word = status.words.iter().find(|w| {
        words::word_meaning(&w.word) == WordMeaning::Held
            && !(runs && words::is_stopped(&w.word))
            && !is_aside(&w.field)
    });
    let condition = || {
        let mut all = status.conditions.iter();
        all.find(|c| {
            words::condition_meaning(&c.kind) == ConditionMeaning::Held
                && is(c, "True")
                && !words::is_failing(&c.reason)
        })
    };
    word.map(CustomWord::words)
        .or_else(|| condition().map(CustomCondition::words))
}

/// Fields of Argo CD about the last operation and about git, not about what runs.
fn is_aside(field: &str) -> bool {
    ["sync", "operationState"].contains(&field)
}

struct CustomFacts<'a> {
    object: &'a CustomObject,
    evidence: &'a Evidence<'a>,
    status: CustomStatus,
    counts: Option<CustomCounts>,
    intent: Intent,
}

/// What its conditions and words say.
#[derive(Default)]
struct Signals {
    /// Broken things, the worst first.
    bad: Vec<Verdict>,
    /// Things that are not good yet and still have time.
    waiting: Vec<Verdict>,
    /// Good things.
    good: Vec<Verdict>,
    /// Things that are not good on purpose.
    held: Vec<String>,
}

impl CustomFacts<'_> {
    fn verdict(&self, notes: &mut Notes, warnings: &mut Vec<String>) -> Verdict {
        let meta = self.object.meta();
        let malformed = self.counts.as_ref().and_then(CustomCounts::malformed);
        let preliminaries = Preliminaries {
            meta,
            evidence: self.evidence,
            written: self.object.status.is_some(),
            has_generation: false,
            malformed,
        };
        if let Some(verdict) = preliminaries.verdict(notes).or_else(|| self.unobserved()) {
            return verdict;
        }
        let counted = self.counted(notes);
        let is_rolling = counted.as_ref().is_some_and(|c| c.state == State::Progressing);
        let signals = self.signals(is_rolling, warnings);
        if counted.is_some() && signals.good.is_empty() {
            // For the note only: nothing else shows that its controller works.
            lifecycle::observed_generation(meta, self.status.observed_generation, true, notes);
        }
        if self.status.cut && signals.bad.is_empty() {
            return Verdict::unknown(Code::NoConditions, "it has more conditions than are read");
        }
        if let Some(by) = &self.intent.suspended {
            notes.extend(
                signals
                    .bad
                    .first()
                    .map(|bad| format!("when it was suspended: {}", bad.message.text)),
            );
            return suspended(by);
        }
        notes.extend(self.intent.paused.as_ref().map(|by| format!("paused: {by}")));
        let is_ready = !signals.good.is_empty();
        let waiting_is_fine = signals
            .waiting
            .iter()
            .all(|waiting| waiting.healthy == Some(true));
        let bad = signals.bad.into_iter().next();
        match counted {
            Some(short) if is_short(&short) => match bad {
                Some(bad) => Verdict {
                    message: short.message.join(&bad.message.text),
                    since: short.since.or(bad.since),
                    ..short
                },
                None => short,
            },
            counted => match (bad, counted, signals.waiting.into_iter().next()) {
                (Some(bad), ..) => bad,
                (None, Some(counted), _) if is_rolling || counted.reason == Code::ScaledToZero => counted,
                (None, _, Some(waiting)) => Verdict {
                    healthy: Some(is_ready && waiting_is_fine),
                    ..waiting
                },
                (None, Some(counted), None) => {
                    notes.extend(signals.held);
                    counted
                }
                (None, None, None) => self.at_rest(signals.good, &signals.held),
            },
        }
    }

    /// Nothing is broken or under way, and it counts no pods.
    fn at_rest(&self, good: Vec<Verdict>, held: &[String]) -> Verdict {
        let by = self.intent.stopped.as_ref().or(held.first());
        match (by, good.into_iter().next()) {
            (Some(by), _) => suspended(by),
            (None, Some(good)) => good,
            (None, None) => match &self.intent.paused {
                Some(by) => suspended(by),
                None => self.nothing(),
            },
        }
    }

    /// The spec is newer than the one that its status, or its summary condition, is about.
    fn unobserved(&self) -> Option<Verdict> {
        let meta = self.object.meta();
        let ready = self.summary().and_then(|c| c.observed_generation);
        let observed = match (self.status.observed_generation, ready) {
            (Some(status), Some(ready)) => Some(status.min(ready)),
            (status, ready) => status.or(ready),
        };
        observed?;
        lifecycle::unobserved(meta, observed, State::Degraded, self.evidence)
    }

    fn summary(&self) -> Option<&CustomCondition> {
        let find = |kind: &&str| {
            let mut all = self.status.conditions.iter();
            all.find(|c| c.part.is_empty() && c.kind == *kind)
        };
        READY.iter().find_map(find)
    }

    /// Reads conditions and words. While pods are rolled out, they have more time.
    fn signals(&self, is_rolling: bool, warnings: &mut Vec<String>) -> Signals {
        let mut signals = Signals::default();
        let summary = self.summary();
        let ordered = summary.into_iter().chain(
            self.status
                .conditions
                .iter()
                .filter(|c| summary.is_none_or(|s| !std::ptr::eq(s, *c))),
        );
        let mut activity = Vec::new();
        for condition in ordered.filter(|c| !c.kind.is_empty()) {
            match words::condition_meaning(&condition.kind) {
                ConditionMeaning::Bad => self.bad(condition, &mut signals),
                ConditionMeaning::Good => self.good(condition, is_rolling, warnings, &mut signals),
                ConditionMeaning::Part => self.part(condition, summary.is_some(), &mut signals),
                ConditionMeaning::UnderWay => self.under_way(condition, warnings, &mut signals),
                ConditionMeaning::Held if is(condition, "True") && words::is_failing(&condition.reason) => {
                    signals.bad.push(self.not_met(condition));
                }
                ConditionMeaning::Held if is(condition, "True") => signals.held.push(condition.words()),
                ConditionMeaning::Done if is(condition, "True") => {
                    signals
                        .good
                        .push(self.since(Verdict::healthy(Code::Ready, condition.words()), condition));
                }
                ConditionMeaning::Warning if warns(condition) => warnings.push(condition.words()),
                ConditionMeaning::Activity => {
                    if is(condition, "False") && words::is_failing(&condition.reason) {
                        self.part(condition, summary.is_some(), &mut signals);
                    }
                    activity.push(condition);
                }
                ConditionMeaning::Done | ConditionMeaning::Held | ConditionMeaning::Warning => {}
                ConditionMeaning::Nothing => self.part(condition, true, &mut signals),
            }
        }
        self.words(summary.is_some(), warnings, &mut signals);
        if signals.bad.is_empty()
            && signals.waiting.is_empty()
            && signals.good.is_empty()
            && signals.held.is_empty()
        {
            for condition in activity {
                self.good(condition, is_rolling, warnings, &mut signals);
            }
        }
        signals
    }

    /// Whether the condition is not good on purpose.
    fn is_excused(&self, condition: &CustomCondition) -> bool {
        let by_reason =
            words::is_held(&condition.reason) && !(self.intent.runs && words::is_stopped(&condition.reason));
        let by_spec = self.intent.stopped.is_some()
            && words::is_of_readiness(&condition.kind)
            && !words::is_failing(&condition.reason);
        by_reason || by_spec
    }

    /// Whether the condition is about an older spec, and the controller still has time to write it anew.
    fn is_stale(&self, condition: &CustomCondition) -> bool {
        let meta = self.object.meta();
        condition
            .observed_generation
            .is_some_and(|o| o < meta.generation.unwrap_or(0))
            && meta
                .last_spec_write()
                .is_none_or(|t| self.evidence.now.is_within(lifecycle::OBSERVE_SECONDS, t))
    }

    fn bad(&self, condition: &CustomCondition, signals: &mut Signals) {
        // Argo CD writes a condition for each error, without a status.
        if !is(condition, "True") && !condition.status.is_empty() {
            return;
        }
        if self.is_stale(condition) {
            return;
        }
        if words::is_held(&condition.reason) {
            signals.held.push(condition.words());
            return;
        }
        let verdict = match condition.kind.as_str() {
            "Stalled" => Verdict::degraded(Code::Stalled, condition.words()),
            _ => Verdict::degraded(Code::Failed, condition.words()),
        };
        signals.bad.insert(0, self.since(verdict, condition));
    }

    fn good(
        &self,
        condition: &CustomCondition,
        is_rolling: bool,
        warnings: &mut Vec<String>,
        signals: &mut Signals,
    ) {
        let summary = self.summary();
        let is_summary = summary.is_some_and(|s| std::ptr::eq(s, condition));
        let summed_up = summary.is_some_and(|s| is(s, "True"));
        if is(condition, "True") {
            signals
                .good
                .push(self.since(Verdict::healthy(Code::Ready, condition.words()), condition));
            return;
        }
        if !is_summary && (self.is_stale(condition) || (is(condition, "Unknown") && summary.is_some())) {
            return;
        }
        if self.is_excused(condition) {
            signals.held.push(condition.words());
            return;
        }
        match condition.severity.as_str() {
            // A condition that waits for another one, or one of Knative that does not matter.
            "Info" if summed_up && !is_summary => return,
            "Warning" if summed_up && !is_summary => {
                warnings.push(condition.words());
                return;
            }
            _ => {}
        }
        if condition.kind == "Succeeded" && is(condition, "Unknown") && condition.reason.ends_with("Running")
        {
            signals
                .good
                .push(self.since(Verdict::healthy(Code::Running, condition.words()), condition));
            return;
        }
        let failing = words::is_failing(&condition.reason);
        let patience = match () {
            () if is(condition, "Unknown") || (condition.severity == "Info" && !failing) => STEP_SECONDS,
            () if (is_rolling || self.is_reconciling()) && !failing => STEP_SECONDS,
            () => GRACE_SECONDS,
        };
        if self.is_within(condition, patience) {
            let waiting = Verdict::new(State::Progressing, false, Code::NotReadyYet, condition.words());
            signals.waiting.push(self.since(waiting, condition));
        } else {
            signals.bad.push(self.not_met(condition));
        }
    }

    /// A condition of a step, or of an unknown type. It counts if it reports a failure; or if no condition sums up the
    /// object and its type should be True.
    fn part(&self, condition: &CustomCondition, summed_up: bool, signals: &mut Signals) {
        if is(condition, "True") {
            if !summed_up {
                signals
                    .good
                    .push(self.since(Verdict::healthy(Code::Ready, condition.words()), condition));
            }
            return;
        }
        if !is(condition, "False") || self.is_stale(condition) || condition.severity == "Info" {
            return;
        }
        if words::is_held(&condition.reason) {
            signals.held.push(condition.words());
            return;
        }
        if summed_up && !words::is_failing(&condition.reason) {
            return;
        }
        if self.is_within(condition, GRACE_SECONDS) {
            let waiting = Verdict::new(
                State::Progressing,
                !summed_up,
                Code::NotReadyYet,
                condition.words(),
            );
            signals.waiting.push(self.since(waiting, condition));
        } else {
            signals.bad.push(self.not_met(condition));
        }
    }

    /// `Progressing` False means a failed rollout for Deployments and kinds made after them. For operators of
    /// `OpenShift`, which write `Degraded` besides (`ClusterOperator`), it means that nothing is under way.
    fn under_way(&self, condition: &CustomCondition, warnings: &mut Vec<String>, signals: &mut Signals) {
        let failing = words::is_failing(&condition.reason);
        if is(condition, "True") {
            if self.is_under_way(condition) {
                let waiting = Verdict::new(State::Progressing, true, Code::Reconciling, condition.words());
                signals.waiting.insert(0, self.since(waiting, condition));
            } else if condition.kind != "Progressing" && self.summary().is_some_and(|s| is(s, "True")) {
                // The object works meanwhile, and this does not come to an end.
                let age = self.changed(condition).map_or(0, |t| self.evidence.now.age(t));
                warnings.push(format!("{}, for {} min", condition.words(), age / 60));
            }
            return;
        }
        let degraded = self.status.conditions.iter().any(|c| c.kind == "Degraded");
        let failed = match condition.kind.as_str() {
            "Progressing" => failing || !(degraded || words::is_over(&condition.reason)),
            _ => failing,
        };
        if !is(condition, "False") || !failed || self.is_stale(condition) {
            return;
        }
        if words::is_held(&condition.reason) || (self.intent.stopped.is_some() && !failing) {
            signals.held.push(condition.words());
        } else if condition.kind == "Issuing" && self.summary().is_some_and(|s| is(s, "True")) {
            // The present certificate stays valid, and cert-manager tries again.
            warnings.push(condition.words());
        } else {
            signals.bad.push(self.not_met(condition));
        }
    }

    /// Whether a True condition is under way, and not for too long.
    fn is_under_way(&self, condition: &CustomCondition) -> bool {
        is(condition, "True")
            && !(condition.kind == "Progressing"
                && words::is_over(&condition.reason)
                && condition.reason != "Progressing")
            && self.is_within(condition, STEP_SECONDS)
    }

    fn is_reconciling(&self) -> bool {
        let mut all = self.status.conditions.iter();
        all.any(|c| words::condition_meaning(&c.kind) == ConditionMeaning::UnderWay && self.is_under_way(c))
    }

    fn words(&self, summed_up: bool, warnings: &mut Vec<String>, signals: &mut Signals) {
        let meta = self.object.meta();
        let began = meta.last_status_write().or(meta.creation_timestamp);
        for word in &self.status.words {
            let since = word.changed.or(began);
            let stopped = words::is_stopped(&word.word) && self.intent.runs;
            match words::word_meaning(&word.word) {
                // An object that is out of sync differs from git, and the last operation has ended: it may work in both
                // cases.
                WordMeaning::Warning | WordMeaning::Bad if is_aside(&word.field) => {
                    warnings.push(word.words());
                }
                WordMeaning::Bad => signals
                    .bad
                    .push(Verdict::degraded(Code::Failed, word.words()).since(since)),
                WordMeaning::Held if stopped => signals
                    .bad
                    .push(Verdict::degraded(Code::ConditionNotMet, word.words()).since(since)),
                WordMeaning::Warning => {
                    warnings.push(word.words());
                    signals.good.push(Verdict::healthy(Code::Ready, word.words()));
                }
                WordMeaning::Held if self.intent.stopped.is_none() => signals.held.push(word.words()),
                WordMeaning::Held => {}
                _ if is_aside(&word.field) => {}
                WordMeaning::Good => signals.good.push(Verdict::healthy(Code::Ready, word.words())),
                WordMeaning::UnderWay if summed_up => {}
                WordMeaning::UnderWay
                    if since.is_some_and(|t| self.evidence.now.is_within(STEP_SECONDS, t)) =>
                {
                    let waiting = Verdict::new(State::Progressing, false, Code::NotReadyYet, word.words());
                    signals.waiting.push(waiting.since(since));
                }
                WordMeaning::UnderWay => signals
                    .bad
                    .push(Verdict::degraded(Code::ConditionNotMet, word.words()).since(since)),
                WordMeaning::Nothing => {}
            }
        }
        let failure = &self.status.failure;
        if !failure.is_empty() && self.status.ready != Some(true) {
            signals
                .bad
                .push(Verdict::degraded(Code::Failed, failure.clone()).since(began));
        }
        match self.status.ready {
            Some(true) => signals
                .good
                .push(Verdict::healthy(Code::Ready, "status.ready is true")),
            Some(false) if summed_up || !failure.is_empty() => {}
            Some(false) if self.intent.stopped.is_some() => signals.held.push("not ready, as asked".into()),
            Some(false) if began.is_some_and(|t| self.evidence.now.is_within(GRACE_SECONDS, t)) => {
                signals.waiting.push(
                    Verdict::new(
                        State::Progressing,
                        false,
                        Code::NotReadyYet,
                        "status.ready is false",
                    )
                    .since(began),
                );
            }
            Some(false) => signals
                .bad
                .push(Verdict::degraded(Code::ConditionNotMet, "status.ready is false").since(began)),
            None => {}
        }
    }

    /// The verdict by its counts, if it has some.
    fn counted(&self, notes: &mut Notes) -> Option<Verdict> {
        let counts = self.counts.as_ref()?;
        if self.intent.suspended.is_some() || (self.intent.stopped.is_some() && counts.desired > 0) {
            return None;
        }
        // The condition dates the shortage if nothing else does.
        let fell = self.status.conditions.iter().filter(|c| {
            words::condition_meaning(&c.kind) == ConditionMeaning::Good
                && words::is_of_readiness(&c.kind)
                && !is(c, "True")
        });
        let fell = fell.filter_map(|c| c.last_transition_time).max();
        Some(counts.verdict(self.object.meta(), fell, self.evidence, notes))
    }

    fn nothing(&self) -> Verdict {
        let created = self.object.meta().creation_timestamp;
        let is_empty = self.status.conditions.is_empty() && self.status.words.is_empty();
        if is_empty && created.is_some_and(|t| self.evidence.now.is_within(GRACE_SECONDS, t)) {
            return Verdict::new(
                State::Progressing,
                false,
                Code::NotObserved,
                "its controller has not written a condition yet",
            )
            .since(created);
        }
        let kinds: Vec<&str> = self
            .status
            .conditions
            .iter()
            .map(|c| c.kind.as_str())
            .filter(|kind| !kind.is_empty())
            .collect();
        let words: Vec<String> = self
            .status
            .words
            .iter()
            .map(|w| format!("{} is {}", w.field, w.word))
            .collect();
        Verdict::unknown(
            Code::NoConditions,
            match (kinds.as_slice(), words.as_slice()) {
                ([], []) if self.status.counts.contains_key("replicas") => {
                    "it says how many pods there are, and not how many are ready".to_owned()
                }
                ([], []) => "it has no conditions, so nothing tells whether it is well".to_owned(),
                ([], words) => format!(
                    "it has no conditions, and what it says is not known: {}",
                    words.join(", ")
                ),
                (kinds, _) => format!(
                    "none of its conditions is one that tells whether it is well: {}",
                    kinds.join(", ")
                ),
            },
        )
    }

    fn not_met(&self, condition: &CustomCondition) -> Verdict {
        self.since(
            Verdict::degraded(Code::ConditionNotMet, condition.words()),
            condition,
        )
    }

    fn since(&self, verdict: Verdict, condition: &CustomCondition) -> Verdict {
        verdict.since(self.changed(condition))
    }

    /// When the condition last changed. Without that time it is as old as the object.
    fn changed(&self, condition: &CustomCondition) -> Option<Time> {
        condition
            .last_transition_time
            .or(self.object.meta().creation_timestamp)
    }

    fn is_within(&self, condition: &CustomCondition, seconds: i64) -> bool {
        self.changed(condition)
            .is_some_and(|t| self.evidence.now.is_within(seconds, t))
    }
}

fn suspended(by: &str) -> Verdict {
    Verdict::new(
        State::Suspended,
        true,
        Code::Suspended,
        format!("held on purpose: {by}"),
    )
}

fn is_short(counted: &Verdict) -> bool {
    matches!(counted.state, State::Degraded | State::Unavailable)
}

/// Whether a warning condition warns: `NoWarnings` while it is False, others while they are True. Argo CD writes no
/// status.
fn warns(condition: &CustomCondition) -> bool {
    if condition.kind.starts_with("No") {
        is(condition, "False")
    } else {
        is(condition, "True") || condition.status.is_empty()
    }
}

/// Whether a condition has that status. Another word, such as `Degraded`, is not True.
fn is(condition: &CustomCondition, status: &str) -> bool {
    let own = condition.status.as_str();
    match status {
        "False" => {
            !own.is_empty() && !own.eq_ignore_ascii_case("true") && !own.eq_ignore_ascii_case("unknown")
        }
        _ => own.eq_ignore_ascii_case(status),
    }
}
