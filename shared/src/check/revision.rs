//! The rollout of a new revision, and whether it still makes progress.
//!
//! A StatefulSet and a DaemonSet have neither a condition nor a deadline for a rollout. Its last step dates it: a pod
//! was created or is to end. Without pods, the last change of the status does, by `managedFields`. From step to step it has
//! the time that a Deployment has by default, and `minReadySeconds` on top.

use super::message::Message;
use super::verdict::Verdict;
use super::{Evidence, Pods};
use crate::report::{Code, State};
use crate::resource::{ObjectMeta, Time};

/// Seconds from one step of a rollout to the next: the default of `progressDeadlineSeconds` of a Deployment.
pub(super) const STEP_SECONDS: i64 = 600;

/// If the pods are not known, a change of the status may be a step of a rollout, or one pod that becomes ready and unready
/// again. So such steps count only for this many seconds after the spec was changed, or for as long as all steps may take.
const UNSEEN_STEPS_SECONDS: i64 = 2 * 86_400;

/// How many seconds a rollout of this many pods may take if its pods are not known.
pub(super) fn longest_rollout(step: i64, pods: i64) -> i64 {
    step.saturating_mul(pods.saturating_add(1))
        .max(UNSEEN_STEPS_SECONDS)
}

/// How many pods have the newest revision.
#[derive(Debug, Clone, Copy)]
pub(super) struct RevisionProgress {
    /// Pods of the newest revision.
    pub updated: i64,
    /// How many pods have it once the rollout is over.
    pub wanted: i64,
}

impl RevisionProgress {
    fn text(self) -> String {
        format!("{} of {} updated", self.updated, self.wanted)
    }

    /// `3 of 3 ready, rolling out: 1 of 3 updated`
    pub fn rollout_text(self, counted: Message) -> Message {
        counted.join(&format!("rolling out: {}", self.text()))
    }

    /// The verdict if it makes progress. `healthy` says whether enough pods are ready meanwhile.
    pub fn progress_verdict(self, counted: Message, healthy: bool) -> Verdict {
        let message = self.rollout_text(counted);
        Verdict::new(State::Progressing, healthy, Code::RolloutInProgress, message)
    }

    /// The verdict if enough pods are ready and the newest revision makes no progress.
    pub fn stalled_verdict(self, counted: &Message) -> Verdict {
        let words = self.text();
        Verdict::degraded(
            Code::RolloutStalled,
            format!(
                "rollout stalled, old revision still serving: {}, {words}",
                counted.text
            ),
        )
    }
}

/// The steps of a rollout, dated without a condition.
pub(super) struct RolloutSteps<'a> {
    pub meta: &'a ObjectMeta,
    pub evidence: &'a Evidence<'a>,
    /// `minReadySeconds`: the next step waits as long.
    pub min_ready: i64,
    /// After this many seconds only pods prove a step.
    pub longest: i64,
}

impl RolloutSteps<'_> {
    fn limit(&self) -> i64 {
        STEP_SECONDS.saturating_add(self.min_ready.max(0))
    }

    fn is_too_long(&self) -> bool {
        let changed = self.meta.last_spec_write();
        changed.is_some_and(|t| self.evidence.now.age(t) >= self.longest)
    }

    /// Whether the last step may be recent; `None` if nothing dates it.
    pub fn may_be_recent(&self) -> Option<bool> {
        let (now, limit) = (self.evidence.now, self.limit());
        let changed = self.meta.last_spec_write();
        let pods = self.evidence.pods.as_ref();
        if let Some((newest, pod_now)) = pods.and_then(Pods::newest_step) {
            return Some(changed.is_some_and(|t| now.age(t) < limit) || pod_now.age(newest) < limit);
        }
        let last = self.meta.last_status_write().max(changed)?;
        Some(now.age(last) < limit && !self.is_too_long())
    }

    /// Whether the last step is certainly recent.
    pub fn are_recent(&self) -> bool {
        let (now, limit) = (self.evidence.now, self.limit());
        let is_within = |time: Option<Time>| time.is_some_and(|t| now.is_within(limit, t));
        let changed = is_within(self.meta.last_spec_write());
        let pods = self.evidence.pods.as_ref();
        if let Some((newest, pod_now)) = pods.and_then(Pods::newest_step) {
            return changed || pod_now.is_within(limit, newest);
        }
        !self.is_too_long() && (changed || is_within(self.meta.last_status_write()))
    }
}
