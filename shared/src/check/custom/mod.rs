//! What an object of any kind says of itself: for custom resources, by conditions, counts of pods, and words such as
//! `status.phase`.
//!
//! The conditions are read as kstatus does (`pkg/kstatus/status` in kubernetes-sigs/cli-utils), with these differences.
//! kstatus reads `Ready`, `Reconciling` and `Stalled`, and here a good one never hides a bad one: `Ready` of Crossplane
//! stays True while `Synced` or `LastAsyncOperation` is False (crossplane/crossplane#6569). What is not good is under way
//! there for ever, and here for a time that counts from the change of the condition. What was stopped or suspended on
//! purpose is not broken. An object that says nothing that is understood is current there and `unknown` here.
//!
//! Counts of pods are judged as those of a StatefulSet. A word such as `phase` counts where it is a well-known one.

mod counts;
mod words;

use super::lifecycle;
use super::replicas::STEP_SECONDS;
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS};
use crate::report::{Item, State};
use crate::resource::{CustomCondition, CustomObject, CustomStatus, CustomWord, HOLDS, Resource as _, Time};
use counts::Counts;
use words::{Meaning, Tells};

/// Conditions that sum up the others. The first that there is gives the message and the time of what is well.
const READY: [&str; 6] = [
    "Ready",
    "Available",
    "Healthy",
    "Established",
    "Programmed",
    "Succeeded",
];

/// By which `CloudNativePG` ends the pods of a cluster and keeps its volumes; a condition of it has the same name.
const HIBERNATION: &str = "cnpg.io/hibernation";

impl Check for CustomObject {
    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let judge = Judge {
            object: self,
            evidence,
            status: self.status.clone().unwrap_or_default(),
            counts: Counts::of(self),
            asked: Asked::of(self),
        };
        let (mut notes, mut warnings) = (Vec::new(), Vec::new());
        let verdict = judge.verdict(&mut notes, &mut warnings);
        let count = |of: fn(&Counts) -> i64| judge.counts.as_ref().map(of);
        Item {
            desired: count(|c| c.desired),
            ready: count(|c| c.ready),
            available: count(|c| c.available),
            updated: judge.counts.as_ref().and_then(|c| c.updated),
            notes,
            warnings,
            ..verdict.item(self)
        }
    }
}

/// What its spec and annotations ask for beside being well.
#[derive(Default)]
struct Asked {
    /// Its controller shall do nothing: whatever it says is of before.
    suspended: Option<String>,
    /// It shall not run.
    stopped: Option<String>,
    /// Changes shall not be acted upon, and what runs goes on.
    paused: Option<String>,
    /// It shall run.
    runs: bool,
}

impl Asked {
    fn of(object: &CustomObject) -> Self {
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
        // It is held off until the cluster is well, and the condition of the same name says so.
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

/// What its status says of being held, where it asks for no pods that this would excuse, and was not asked to run.
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
        words::tells(&w.word) == Tells::Held && !(runs && words::is_stopped(&w.word)) && !is_aside(&w.field)
    });
    let condition = || {
        let mut all = status.conditions.iter();
        all.find(|c| {
            words::meaning(&c.kind) == Meaning::Held && is(c, "True") && !words::is_failing(&c.reason)
        })
    };
    word.map(CustomWord::words)
        .or_else(|| condition().map(CustomCondition::words))
}

/// Fields of Argo CD that tell of the last operation, and of git, and not of what runs.
fn is_aside(field: &str) -> bool {
    ["sync", "operationState"].contains(&field)
}

struct Judge<'a> {
    object: &'a CustomObject,
    evidence: &'a Evidence<'a>,
    status: CustomStatus,
    counts: Option<Counts>,
    asked: Asked,
}

/// What its conditions and words come to.
#[derive(Default)]
struct Told {
    /// What is broken, the worst first.
    bad: Vec<Verdict>,
    /// What is not good yet and has time.
    waiting: Vec<Verdict>,
    /// What is good.
    good: Vec<Verdict>,
    /// What is not good because it was asked not to be.
    held: Vec<String>,
}

impl Judge<'_> {
    fn verdict(&self, notes: &mut Vec<String>, warnings: &mut Vec<String>) -> Verdict {
        let meta = self.object.meta();
        let malformed = self.counts.as_ref().and_then(Counts::malformed);
        if let Some(verdict) = lifecycle::uncreated(meta, self.object.status.is_some())
            .or_else(|| lifecycle::malformed(malformed))
            .or_else(|| lifecycle::deleting(meta, self.evidence, notes))
            .or_else(|| self.unobserved())
        {
            return verdict;
        }
        let counted = self.counted(notes);
        let is_rolling = counted.as_ref().is_some_and(|c| c.state == State::Progressing);
        let told = self.told(is_rolling, warnings);
        if counted.is_some() && told.good.is_empty() {
            // For the note alone, where nothing else tells that its controller is at work.
            lifecycle::observed(meta, self.status.observed_generation, true, notes);
        }
        if self.status.cut && told.bad.is_empty() {
            return Verdict::unknown("NoConditions", "it has more conditions than are read");
        }
        if let Some(by) = &self.asked.suspended {
            notes.extend(
                told.bad
                    .first()
                    .map(|bad| format!("when it was suspended: {}", bad.message)),
            );
            return suspended(by);
        }
        notes.extend(self.asked.paused.as_ref().map(|by| format!("paused: {by}")));
        let is_ready = !told.good.is_empty();
        let waiting_is_fine = told.waiting.iter().all(|waiting| waiting.healthy == Some(true));
        let bad = told.bad.into_iter().next();
        match counted {
            Some(short) if is_short(&short) => match bad {
                Some(bad) => Verdict {
                    message: format!("{}, {}", short.message, bad.message),
                    since: short.since.or(bad.since),
                    ..short
                },
                None => short,
            },
            counted => match (bad, counted, told.waiting.into_iter().next()) {
                (Some(bad), ..) => bad,
                (None, Some(counted), _) if is_rolling || counted.reason == "ScaledToZero" => counted,
                (None, _, Some(waiting)) => Verdict {
                    healthy: Some(is_ready && waiting_is_fine),
                    ..waiting
                },
                (None, Some(counted), None) => {
                    notes.extend(told.held);
                    counted
                }
                (None, None, None) => self.at_rest(told.good, &told.held),
            },
        }
    }

    /// Nothing is broken or under way, and no pods are counted.
    fn at_rest(&self, good: Vec<Verdict>, held: &[String]) -> Verdict {
        let by = self.asked.stopped.as_ref().or(held.first());
        match (by, good.into_iter().next()) {
            (Some(by), _) => suspended(by),
            (None, Some(good)) => good,
            (None, None) => match &self.asked.paused {
                Some(by) => suspended(by),
                None => self.nothing(),
            },
        }
    }

    /// A newer spec than the one that its status, or the condition that sums it up, is of.
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

    /// What conditions and words come to. While pods are rolled out, they have more time.
    fn told(&self, is_rolling: bool, warnings: &mut Vec<String>) -> Told {
        let mut told = Told::default();
        let summary = self.summary();
        let ordered = summary.into_iter().chain(
            self.status
                .conditions
                .iter()
                .filter(|c| summary.is_none_or(|s| !std::ptr::eq(s, *c))),
        );
        let mut activity = Vec::new();
        for condition in ordered.filter(|c| !c.kind.is_empty()) {
            match words::meaning(&condition.kind) {
                Meaning::Bad => self.bad(condition, &mut told),
                Meaning::Good => self.good(condition, is_rolling, warnings, &mut told),
                Meaning::Part => self.part(condition, summary.is_some(), &mut told),
                Meaning::UnderWay => self.under_way(condition, warnings, &mut told),
                Meaning::Held if is(condition, "True") && words::is_failing(&condition.reason) => {
                    told.bad.push(self.not_met(condition));
                }
                Meaning::Held if is(condition, "True") => told.held.push(condition.words()),
                Meaning::Done if is(condition, "True") => {
                    told.good
                        .push(self.since(Verdict::healthy("Ready", condition.words()), condition));
                }
                Meaning::Warning if warns(condition) => warnings.push(condition.words()),
                Meaning::Activity => {
                    if is(condition, "False") && words::is_failing(&condition.reason) {
                        self.part(condition, summary.is_some(), &mut told);
                    }
                    activity.push(condition);
                }
                Meaning::Done | Meaning::Held | Meaning::Warning => {}
                Meaning::Nothing => self.part(condition, true, &mut told),
            }
        }
        self.words(summary.is_some(), warnings, &mut told);
        if told.bad.is_empty() && told.waiting.is_empty() && told.good.is_empty() && told.held.is_empty() {
            for condition in activity {
                self.good(condition, is_rolling, warnings, &mut told);
            }
        }
        told
    }

    /// Whether it is not good because it was asked not to be.
    fn is_excused(&self, condition: &CustomCondition) -> bool {
        let by_reason =
            words::is_held(&condition.reason) && !(self.asked.runs && words::is_stopped(&condition.reason));
        let by_spec = self.asked.stopped.is_some()
            && words::is_of_readiness(&condition.kind)
            && !words::is_failing(&condition.reason);
        by_reason || by_spec
    }

    /// Whether it is of an older spec and the controller still has the time to write it anew.
    fn is_stale(&self, condition: &CustomCondition) -> bool {
        let meta = self.object.meta();
        condition
            .observed_generation
            .is_some_and(|o| o < meta.generation.unwrap_or(0))
            && meta
                .last_spec_write()
                .is_none_or(|t| self.evidence.now.is_within(lifecycle::OBSERVE_SECONDS, t))
    }

    fn bad(&self, condition: &CustomCondition, told: &mut Told) {
        // Argo CD writes a condition for each error, without a status.
        if !is(condition, "True") && !condition.status.is_empty() {
            return;
        }
        if self.is_stale(condition) {
            return;
        }
        if words::is_held(&condition.reason) {
            told.held.push(condition.words());
            return;
        }
        let verdict = match condition.kind.as_str() {
            "Stalled" => Verdict::degraded("Stalled", condition.words()),
            _ => Verdict::degraded("Failed", condition.words()),
        };
        told.bad.insert(0, self.since(verdict, condition));
    }

    fn good(
        &self,
        condition: &CustomCondition,
        is_rolling: bool,
        warnings: &mut Vec<String>,
        told: &mut Told,
    ) {
        let summary = self.summary();
        let is_summary = summary.is_some_and(|s| std::ptr::eq(s, condition));
        let summed_up = summary.is_some_and(|s| is(s, "True"));
        if is(condition, "True") {
            told.good
                .push(self.since(Verdict::healthy("Ready", condition.words()), condition));
            return;
        }
        if !is_summary && (self.is_stale(condition) || (is(condition, "Unknown") && summary.is_some())) {
            return;
        }
        if self.is_excused(condition) {
            told.held.push(condition.words());
            return;
        }
        match condition.severity.as_str() {
            // What waits for something else, and of Knative what does not matter.
            "Info" if summed_up && !is_summary => return,
            "Warning" if summed_up && !is_summary => {
                warnings.push(condition.words());
                return;
            }
            _ => {}
        }
        if condition.kind == "Succeeded" && is(condition, "Unknown") && condition.reason.ends_with("Running")
        {
            told.good
                .push(self.since(Verdict::healthy("Running", condition.words()), condition));
            return;
        }
        let failing = words::is_failing(&condition.reason);
        let patience = match () {
            () if is(condition, "Unknown") || (condition.severity == "Info" && !failing) => STEP_SECONDS,
            () if (is_rolling || self.is_reconciling()) && !failing => STEP_SECONDS,
            () => GRACE_SECONDS,
        };
        if self.is_within(condition, patience) {
            let waiting = Verdict::new(State::Progressing, false, "NotReadyYet", condition.words());
            told.waiting.push(self.since(waiting, condition));
        } else {
            told.bad.push(self.not_met(condition));
        }
    }

    /// A condition of a step, or of a type that is not known: it counts where it says that something failed, and where
    /// no condition sums it up and its type says that it should be True.
    fn part(&self, condition: &CustomCondition, summed_up: bool, told: &mut Told) {
        if is(condition, "True") {
            if !summed_up {
                told.good
                    .push(self.since(Verdict::healthy("Ready", condition.words()), condition));
            }
            return;
        }
        if !is(condition, "False") || self.is_stale(condition) || condition.severity == "Info" {
            return;
        }
        if words::is_held(&condition.reason) {
            told.held.push(condition.words());
            return;
        }
        if summed_up && !words::is_failing(&condition.reason) {
            return;
        }
        if self.is_within(condition, GRACE_SECONDS) {
            let waiting = Verdict::new(State::Progressing, !summed_up, "NotReadyYet", condition.words());
            told.waiting.push(self.since(waiting, condition));
        } else {
            told.bad.push(self.not_met(condition));
        }
    }

    /// `Progressing` that is False is a rollout that failed for Deployments and what is made after them, and one that is
    /// over for operators of `OpenShift`, which write `Degraded` beside it (`ClusterOperator`).
    fn under_way(&self, condition: &CustomCondition, warnings: &mut Vec<String>, told: &mut Told) {
        let failing = words::is_failing(&condition.reason);
        if is(condition, "True") {
            if self.is_under_way(condition) {
                let waiting = Verdict::new(State::Progressing, true, "Reconciling", condition.words());
                told.waiting.insert(0, self.since(waiting, condition));
            } else if condition.kind != "Progressing" && self.summary().is_some_and(|s| is(s, "True")) {
                // What there is works meanwhile, and this does not come to an end.
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
        if words::is_held(&condition.reason) || (self.asked.stopped.is_some() && !failing) {
            told.held.push(condition.words());
        } else if condition.kind == "Issuing" && self.summary().is_some_and(|s| is(s, "True")) {
            // The certificate that there is goes on being valid, and cert-manager tries again.
            warnings.push(condition.words());
        } else {
            told.bad.push(self.not_met(condition));
        }
    }

    /// Whether what is True is under way, and not since too long.
    fn is_under_way(&self, condition: &CustomCondition) -> bool {
        is(condition, "True")
            && !(condition.kind == "Progressing"
                && words::is_over(&condition.reason)
                && condition.reason != "Progressing")
            && self.is_within(condition, STEP_SECONDS)
    }

    fn is_reconciling(&self) -> bool {
        let mut all = self.status.conditions.iter();
        all.any(|c| words::meaning(&c.kind) == Meaning::UnderWay && self.is_under_way(c))
    }

    fn words(&self, summed_up: bool, warnings: &mut Vec<String>, told: &mut Told) {
        let meta = self.object.meta();
        let began = meta.last_status_write().or(meta.creation_timestamp);
        for word in &self.status.words {
            let since = word.changed.or(began);
            let stopped = words::is_stopped(&word.word) && self.asked.runs;
            match words::tells(&word.word) {
                // What is out of sync differs from what is in git, and the last operation is over: both may work.
                Tells::Warning | Tells::Bad if is_aside(&word.field) => {
                    warnings.push(word.words());
                }
                Tells::Bad => told
                    .bad
                    .push(Verdict::degraded("Failed", word.words()).since(since)),
                Tells::Held if stopped => told
                    .bad
                    .push(Verdict::degraded("ConditionNotMet", word.words()).since(since)),
                Tells::Warning => {
                    warnings.push(word.words());
                    told.good.push(Verdict::healthy("Ready", word.words()));
                }
                Tells::Held if self.asked.stopped.is_none() => told.held.push(word.words()),
                Tells::Held => {}
                _ if is_aside(&word.field) => {}
                Tells::Good => told.good.push(Verdict::healthy("Ready", word.words())),
                Tells::UnderWay if summed_up => {}
                Tells::UnderWay if since.is_some_and(|t| self.evidence.now.is_within(STEP_SECONDS, t)) => {
                    let waiting = Verdict::new(State::Progressing, false, "NotReadyYet", word.words());
                    told.waiting.push(waiting.since(since));
                }
                Tells::UnderWay => told
                    .bad
                    .push(Verdict::degraded("ConditionNotMet", word.words()).since(since)),
                Tells::Nothing => {}
            }
        }
        let failure = &self.status.failure;
        if !failure.is_empty() && self.status.ready != Some(true) {
            told.bad
                .push(Verdict::degraded("Failed", failure.clone()).since(began));
        }
        match self.status.ready {
            Some(true) => told.good.push(Verdict::healthy("Ready", "status.ready is true")),
            Some(false) if summed_up || !failure.is_empty() => {}
            Some(false) if self.asked.stopped.is_some() => told.held.push("not ready, as asked".into()),
            Some(false) if began.is_some_and(|t| self.evidence.now.is_within(GRACE_SECONDS, t)) => {
                told.waiting.push(
                    Verdict::new(State::Progressing, false, "NotReadyYet", "status.ready is false")
                        .since(began),
                );
            }
            Some(false) => told
                .bad
                .push(Verdict::degraded("ConditionNotMet", "status.ready is false").since(began)),
            None => {}
        }
    }

    /// What its counts come to, where it has some.
    fn counted(&self, notes: &mut Vec<String>) -> Option<Verdict> {
        let counts = self.counts.as_ref()?;
        if self.asked.suspended.is_some() || (self.asked.stopped.is_some() && counts.desired > 0) {
            return None;
        }
        // The condition dates the shortage where nothing else does.
        let fell = self.status.conditions.iter().filter(|c| {
            words::meaning(&c.kind) == Meaning::Good && words::is_of_readiness(&c.kind) && !is(c, "True")
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
                "NotObserved",
                "its controller has not written a condition yet",
            )
            .since(created);
        }
        let told: Vec<&str> = self
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
            "NoConditions",
            match (told.as_slice(), words.as_slice()) {
                ([], []) if self.status.counts.contains_key("replicas") => {
                    "it says how many pods there are, and not how many are ready".to_owned()
                }
                ([], []) => "it has no conditions, so nothing tells whether it is well".to_owned(),
                ([], words) => format!(
                    "it has no conditions, and what it says is not known: {}",
                    words.join(", ")
                ),
                (told, _) => format!(
                    "none of its conditions is one that tells whether it is well: {}",
                    told.join(", ")
                ),
            },
        )
    }

    fn not_met(&self, condition: &CustomCondition) -> Verdict {
        self.since(Verdict::degraded("ConditionNotMet", condition.words()), condition)
    }

    fn since(&self, verdict: Verdict, condition: &CustomCondition) -> Verdict {
        verdict.since(self.changed(condition))
    }

    /// When it last changed; one without that time is as old as the object.
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
        "Suspended",
        format!("held on purpose: {by}"),
    )
}

fn is_short(counted: &Verdict) -> bool {
    matches!(counted.state, State::Degraded | State::Unavailable)
}

/// Whether a condition that warns does so: `NoWarnings` while it is False, others while they are True. Argo CD writes no
/// status.
fn warns(condition: &CustomCondition) -> bool {
    if condition.kind.starts_with("No") {
        is(condition, "False")
    } else {
        is(condition, "True") || condition.status.is_empty()
    }
}

/// Whether a condition has that status. One of another word, such as `Degraded`, is not True.
fn is(condition: &CustomCondition, status: &str) -> bool {
    let own = condition.status.as_str();
    match status {
        "False" => {
            !own.is_empty() && !own.eq_ignore_ascii_case("true") && !own.eq_ignore_ascii_case("unknown")
        }
        _ => own.eq_ignore_ascii_case(status),
    }
}
