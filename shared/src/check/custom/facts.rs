//! A custom resource as it is judged: with its counts, its intent, and the condition that sums up the others.

use super::counts::CustomCounts;
use super::intent::Intent;
use crate::check::verdict::Verdict;
use crate::check::{Evidence, lifecycle};
use crate::report::Code;
use crate::resource::{CustomCondition, CustomObject, CustomStatus, Resource as _, Time};

/// Conditions that sum up the others. The first one found gives message and time of a healthy object.
const READY: [&str; 6] = [
    "Ready",
    "Available",
    "Healthy",
    "Established",
    "Programmed",
    "Succeeded",
];

/// A custom resource with its evidence.
pub(super) struct CustomFacts<'a> {
    pub object: &'a CustomObject,
    pub evidence: &'a Evidence<'a>,
    pub status: CustomStatus,
    pub counts: Option<CustomCounts>,
    pub intent: Intent,
}

impl CustomFacts<'_> {
    /// The condition that sums up the others.
    pub fn summary(&self) -> Option<&CustomCondition> {
        let find = |kind: &&str| {
            let mut all = self.status.conditions.iter();
            all.find(|c| c.part.is_empty() && c.kind == *kind)
        };
        READY.iter().find_map(find)
    }

    /// Whether the condition is about an older spec, and the controller still has time to write it anew.
    pub fn is_stale(&self, condition: &CustomCondition) -> bool {
        let meta = self.object.meta();
        condition
            .observed_generation
            .is_some_and(|o| o < meta.generation.unwrap_or(0))
            && meta
                .last_spec_write()
                .is_none_or(|t| self.evidence.now.is_within(lifecycle::OBSERVE_SECONDS, t))
    }

    /// The verdict about a condition that is not as it should be.
    pub fn unmet_verdict(&self, condition: &CustomCondition) -> Verdict {
        self.with_change_time(
            Verdict::degraded(Code::ConditionNotMet, condition.words()),
            condition,
        )
    }

    /// The verdict with the time at which the condition changed.
    pub fn with_change_time(&self, verdict: Verdict, condition: &CustomCondition) -> Verdict {
        verdict.since(self.change_time(condition))
    }

    /// When the condition last changed. Without that time it is as old as the object.
    pub fn change_time(&self, condition: &CustomCondition) -> Option<Time> {
        condition
            .last_transition_time
            .or(self.object.meta().creation_timestamp)
    }

    /// Whether the condition changed less than this many seconds ago.
    pub fn is_within(&self, condition: &CustomCondition, seconds: i64) -> bool {
        self.change_time(condition)
            .is_some_and(|t| self.evidence.now.is_within(seconds, t))
    }
}
