//! The conditions and words of a custom resource, sorted into good and bad ones, those that still have time, and those
//! that are meant to be so.

use super::condition::{has_status, warns};
use super::facts::CustomFacts;
use super::intent::is_about_sync;
use super::words::{self, ConditionMeaning, WordMeaning};
use crate::check::GRACE_SECONDS;
use crate::check::revision::STEP_SECONDS;
use crate::check::verdict::Verdict;
use crate::report::{Code, State};
use crate::resource::{CustomCondition, Resource as _};

/// The conditions and words of an object as verdicts.
#[derive(Default)]
pub(super) struct Signals {
    /// Broken things, the worst first.
    pub bad: Vec<Verdict>,
    /// Things that are not good yet and still have time.
    pub waiting: Vec<Verdict>,
    /// Good things.
    pub good: Vec<Verdict>,
    /// Things that are not good on purpose.
    pub held: Vec<String>,
}

impl CustomFacts<'_> {
    /// Reads conditions and words. While pods are rolled out, they have more time.
    pub(super) fn signals(&self, is_rolling: bool, warnings: &mut Vec<String>) -> Signals {
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
                ConditionMeaning::Bad => self.read_bad(condition, &mut signals),
                ConditionMeaning::Good => self.read_good(condition, is_rolling, warnings, &mut signals),
                ConditionMeaning::Part => self.read_part(condition, summary.is_some(), &mut signals),
                ConditionMeaning::UnderWay => self.read_under_way(condition, warnings, &mut signals),
                ConditionMeaning::Held
                    if has_status(condition, "True") && words::is_failing(&condition.reason) =>
                {
                    signals.bad.push(self.unmet_verdict(condition));
                }
                ConditionMeaning::Held if has_status(condition, "True") => {
                    signals.held.push(condition.words());
                }
                ConditionMeaning::Done if has_status(condition, "True") => {
                    signals.good.push(
                        self.with_change_time(Verdict::healthy(Code::Ready, condition.words()), condition),
                    );
                }
                ConditionMeaning::Warning if warns(condition) => warnings.push(condition.words()),
                ConditionMeaning::Activity => {
                    if has_status(condition, "False") && words::is_failing(&condition.reason) {
                        self.read_part(condition, summary.is_some(), &mut signals);
                    }
                    activity.push(condition);
                }
                ConditionMeaning::Done | ConditionMeaning::Held | ConditionMeaning::Warning => {}
                ConditionMeaning::Nothing => self.read_part(condition, true, &mut signals),
            }
        }
        self.read_words(summary.is_some(), warnings, &mut signals);
        if signals.bad.is_empty()
            && signals.waiting.is_empty()
            && signals.good.is_empty()
            && signals.held.is_empty()
        {
            for condition in activity {
                self.read_good(condition, is_rolling, warnings, &mut signals);
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

    /// Reads a condition that is bad if it is True.
    fn read_bad(&self, condition: &CustomCondition, signals: &mut Signals) {
        // Argo CD writes a condition for each error, without a status.
        if !has_status(condition, "True") && !condition.status.is_empty() {
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
        signals.bad.insert(0, self.with_change_time(verdict, condition));
    }

    /// Reads a condition that is good if it is True.
    fn read_good(
        &self,
        condition: &CustomCondition,
        is_rolling: bool,
        warnings: &mut Vec<String>,
        signals: &mut Signals,
    ) {
        let summary = self.summary();
        let is_summary = summary.is_some_and(|s| std::ptr::eq(s, condition));
        let summed_up = summary.is_some_and(|s| has_status(s, "True"));
        if has_status(condition, "True") {
            signals
                .good
                .push(self.with_change_time(Verdict::healthy(Code::Ready, condition.words()), condition));
            return;
        }
        if !is_summary
            && (self.is_stale(condition) || (has_status(condition, "Unknown") && summary.is_some()))
        {
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
        if condition.kind == "Succeeded"
            && has_status(condition, "Unknown")
            && condition.reason.ends_with("Running")
        {
            signals
                .good
                .push(self.with_change_time(Verdict::healthy(Code::Running, condition.words()), condition));
            return;
        }
        let failing = words::is_failing(&condition.reason);
        let patience = match () {
            () if has_status(condition, "Unknown") || (condition.severity == "Info" && !failing) => {
                STEP_SECONDS
            }
            () if (is_rolling || self.is_reconciling()) && !failing => STEP_SECONDS,
            () => GRACE_SECONDS,
        };
        if self.is_within(condition, patience) {
            let waiting = Verdict::new(State::Progressing, false, Code::NotReadyYet, condition.words());
            signals.waiting.push(self.with_change_time(waiting, condition));
        } else {
            signals.bad.push(self.unmet_verdict(condition));
        }
    }

    /// A condition of a step, or of an unknown type. It counts if it reports a failure; or if no condition sums up the
    /// object and its type should be True.
    fn read_part(&self, condition: &CustomCondition, summed_up: bool, signals: &mut Signals) {
        if has_status(condition, "True") {
            if !summed_up {
                signals
                    .good
                    .push(self.with_change_time(Verdict::healthy(Code::Ready, condition.words()), condition));
            }
            return;
        }
        if !has_status(condition, "False") || self.is_stale(condition) || condition.severity == "Info" {
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
            signals.waiting.push(self.with_change_time(waiting, condition));
        } else {
            signals.bad.push(self.unmet_verdict(condition));
        }
    }

    /// `Progressing` False means a failed rollout for Deployments and kinds made after them. For operators of
    /// `OpenShift`, which write `Degraded` besides (`ClusterOperator`), it means that nothing is under way.
    fn read_under_way(&self, condition: &CustomCondition, warnings: &mut Vec<String>, signals: &mut Signals) {
        let failing = words::is_failing(&condition.reason);
        if has_status(condition, "True") {
            if self.is_under_way(condition) {
                let waiting = Verdict::new(State::Progressing, true, Code::Reconciling, condition.words());
                signals
                    .waiting
                    .insert(0, self.with_change_time(waiting, condition));
            } else if condition.kind != "Progressing" && self.summary().is_some_and(|s| has_status(s, "True"))
            {
                // The object works meanwhile, and this does not come to an end.
                let age = self
                    .change_time(condition)
                    .map_or(0, |t| self.evidence.now.age(t));
                warnings.push(format!("{}, for {} min", condition.words(), age / 60));
            }
            return;
        }
        let degraded = self.status.conditions.iter().any(|c| c.kind == "Degraded");
        let failed = match condition.kind.as_str() {
            "Progressing" => failing || !(degraded || words::is_over(&condition.reason)),
            _ => failing,
        };
        if !has_status(condition, "False") || !failed || self.is_stale(condition) {
            return;
        }
        if words::is_held(&condition.reason) || (self.intent.stopped.is_some() && !failing) {
            signals.held.push(condition.words());
        } else if condition.kind == "Issuing" && self.summary().is_some_and(|s| has_status(s, "True")) {
            // The present certificate stays valid, and cert-manager tries again.
            warnings.push(condition.words());
        } else {
            signals.bad.push(self.unmet_verdict(condition));
        }
    }

    /// Whether a True condition is under way, and not for too long.
    fn is_under_way(&self, condition: &CustomCondition) -> bool {
        has_status(condition, "True")
            && !(condition.kind == "Progressing"
                && words::is_over(&condition.reason)
                && condition.reason != "Progressing")
            && self.is_within(condition, STEP_SECONDS)
    }

    /// Whether its controller says that a change is under way.
    fn is_reconciling(&self) -> bool {
        let mut all = self.status.conditions.iter();
        all.any(|c| words::condition_meaning(&c.kind) == ConditionMeaning::UnderWay && self.is_under_way(c))
    }

    /// Reads words such as `status.phase`, and `status.ready`.
    fn read_words(&self, summed_up: bool, warnings: &mut Vec<String>, signals: &mut Signals) {
        let meta = self.object.meta();
        let began = meta.last_status_write().or(meta.creation_timestamp);
        for word in &self.status.words {
            let since = word.changed.or(began);
            let stopped = words::is_stopped(&word.word) && self.intent.runs;
            match words::word_meaning(&word.word) {
                // An object that is out of sync differs from git, and the last operation has ended: it may work in both
                // cases.
                WordMeaning::Warning | WordMeaning::Bad if is_about_sync(&word.field) => {
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
                _ if is_about_sync(&word.field) => {}
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
}
