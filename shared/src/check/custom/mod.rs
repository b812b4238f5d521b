//! The verdict about a custom resource: by its conditions, its counts of pods, and words such as `status.phase`.
//!
//! Conditions are read like kstatus (`pkg/kstatus/status` in kubernetes-sigs/cli-utils), with these differences.
//! kstatus reads `Ready`, `Reconciling` and `Stalled`. Here a good condition never hides a bad one: `Ready` of
//! Crossplane stays True while `Synced` or `LastAsyncOperation` is False (crossplane/crossplane#6569). In kstatus a
//! condition that is not good is under way for ever; here it has a limited time from its last change on. An object that
//! was stopped or suspended on purpose is not broken. An object without any known word is current in kstatus and
//! `unknown` here.
//!
//! Counts of pods are judged like those of a StatefulSet. A word such as `phase` counts if it is well known.

mod condition;
mod counts;
mod facts;
mod intent;
mod signals;
mod words;

use super::lifecycle::{self, Preliminaries};
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS};
use crate::report::{Code, Item, Notes, State};
use crate::resource::{CustomObject, Resource as _};
use condition::has_status;
use counts::CustomCounts;
use facts::CustomFacts;
use intent::Intent;
use words::ConditionMeaning;

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

impl CustomFacts<'_> {
    fn verdict(&self, notes: &mut Notes, warnings: &mut Vec<String>) -> Verdict {
        let meta = self.object.meta();
        let malformed = self.counts.as_ref().and_then(CustomCounts::malformed);
        let preliminaries = Preliminaries {
            meta,
            evidence: self.evidence,
            has_status: self.object.status.is_some(),
            has_generation: false,
            malformed,
        };
        if let Some(verdict) = preliminaries.verdict(notes).or_else(|| self.unobserved_verdict()) {
            return verdict;
        }
        let counted = self.counts_verdict(notes);
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
            return suspended_verdict(by);
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
                (None, None, None) => self.quiet_verdict(signals.good, &signals.held),
            },
        }
    }

    /// The verdict if nothing is broken or under way, and it counts no pods.
    fn quiet_verdict(&self, good: Vec<Verdict>, held: &[String]) -> Verdict {
        let by = self.intent.stopped.as_ref().or(held.first());
        match (by, good.into_iter().next()) {
            (Some(by), _) => suspended_verdict(by),
            (None, Some(good)) => good,
            (None, None) => match &self.intent.paused {
                Some(by) => suspended_verdict(by),
                None => self.unknown_verdict(),
            },
        }
    }

    /// The verdict if the spec is newer than the one that its status, or its summary condition, is about.
    fn unobserved_verdict(&self) -> Option<Verdict> {
        let meta = self.object.meta();
        let ready = self.summary().and_then(|c| c.observed_generation);
        let observed = match (self.status.observed_generation, ready) {
            (Some(status), Some(ready)) => Some(status.min(ready)),
            (status, ready) => status.or(ready),
        };
        observed?;
        lifecycle::unobserved_verdict(meta, observed, State::Degraded, self.evidence)
    }

    /// The verdict by its counts, if it has some.
    fn counts_verdict(&self, notes: &mut Notes) -> Option<Verdict> {
        let counts = self.counts.as_ref()?;
        if self.intent.suspended.is_some() || (self.intent.stopped.is_some() && counts.desired > 0) {
            return None;
        }
        // The condition dates the shortage if nothing else does.
        let unready_since = self.status.conditions.iter().filter(|c| {
            words::condition_meaning(&c.kind) == ConditionMeaning::Good
                && words::is_of_readiness(&c.kind)
                && !has_status(c, "True")
        });
        let unready_since = unready_since.filter_map(|c| c.last_transition_time).max();
        Some(counts.verdict(self.object.meta(), unready_since, self.evidence, notes))
    }

    /// The verdict if nothing known says whether it is well.
    fn unknown_verdict(&self) -> Verdict {
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
                ([], []) => "it has no conditions, so nothing says whether it is well".to_owned(),
                ([], words) => format!(
                    "it has no conditions, and what it says is not known: {}",
                    words.join(", ")
                ),
                (kinds, _) => format!(
                    "none of its conditions says whether it is well: {}",
                    kinds.join(", ")
                ),
            },
        )
    }
}

fn suspended_verdict(by: &str) -> Verdict {
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
