//! The progress of a Deployment's rollout by its conditions, and for how long they are believed.

use super::{DeploymentFacts, condition};
use crate::check::replicas::count;
use crate::check::revision::{RolloutSteps, longest_rollout};
use crate::report::{Code, RolloutProgress};
use crate::resource::{
    Condition as _, DEPLOYMENT_REVISION, Deployment, DeploymentCondition, Resource as _, Time,
};

/// `progressDeadlineSeconds` if the spec has none (`apps/v1` defaults).
const DEFAULT_PROGRESS_DEADLINE: i64 = 600;
/// With this deadline the controller keeps no Progressing condition (`HasProgressDeadline` in
/// `pkg/controller/deployment/util`).
const NO_PROGRESS_DEADLINE: i64 = i32::MAX as i64;
/// A Deployment that is not Available for this many deadlines makes no progress, though one of its pods becomes ready again
/// and again. Each time the controller renews the Progressing condition.
const DEADLINES: i64 = 6;
/// The reason of a Progressing condition whose rollout is over. It stays True even if every pod fails.
const ROLLOUT_OVER: &str = "NewReplicaSetAvailable";

/// How far the newest revision of a Deployment is, by its own fields.
pub(super) fn rollout_progress(deployment: &Deployment) -> RolloutProgress {
    let spec = deployment.spec.clone().unwrap_or_default();
    let status = deployment.status.as_ref();
    let exceeded = condition(deployment, "Progressing")
        .filter(|p| p.is_false() && p.reason == Code::ProgressDeadlineExceeded.as_str());
    let deadline = spec
        .progress_deadline_seconds
        .map_or(DEFAULT_PROGRESS_DEADLINE, i64::from);
    RolloutProgress {
        revision: deployment.meta().annotations.get(DEPLOYMENT_REVISION).cloned(),
        existing: status.map(|s| count(s.replicas)),
        terminating: status
            .and_then(|s| s.terminating_replicas)
            .filter(|count| *count > 0)
            .map(i64::from),
        paused: spec.paused == Some(true),
        deadline_seconds: Some(deadline).filter(|seconds| *seconds != NO_PROGRESS_DEADLINE),
        deadline_exceeded: exceeded
            .and_then(|p| p.last_update_time.max(p.last_transition_time))
            .map(|t| t.to_string()),
        ..RolloutProgress::default()
    }
}

impl DeploymentFacts<'_> {
    pub(super) fn condition(&self, kind: &str) -> Option<&DeploymentCondition> {
        condition(self.deployment, kind)
    }

    pub(super) fn is_paused(&self) -> bool {
        let spec = self.deployment.spec.as_ref();
        spec.is_some_and(|s| s.paused == Some(true))
    }

    pub(super) fn min_ready(&self) -> i64 {
        let spec = self.deployment.spec.as_ref();
        spec.and_then(|s| s.min_ready_seconds).map_or(0, i64::from)
    }

    fn progress_deadline(&self) -> i64 {
        let spec = self.deployment.spec.as_ref();
        spec.and_then(|s| s.progress_deadline_seconds)
            .map_or(DEFAULT_PROGRESS_DEADLINE, i64::from)
    }

    /// The Progressing condition, if it is True because a rollout makes progress and not because it is over.
    pub(super) fn unfinished_progress(&self) -> Option<&DeploymentCondition> {
        self.progressing
            .filter(|p| p.is_true() && p.reason != ROLLOUT_OVER)
    }

    /// Since when it is not Available.
    pub(super) fn unavailable_since(&self) -> Option<Time> {
        self.condition("Available")
            .filter(|c| c.is_false())
            .and_then(|c| c.last_transition_time)
    }

    /// When the rollout began, as far as the object says: its spec was changed then.
    pub(super) fn rollout_start(&self) -> Option<Time> {
        let step = self.progressing.and_then(|p| p.last_update_time);
        let changed = self.deployment.meta().last_spec_write();
        changed.into_iter().chain(step).min()
    }

    /// Whether the last step of a rollout at full strength is recent; `None` if nothing dates it. The Progressing
    /// condition does, else the pods or the last change of the object.
    pub(super) fn makes_progress(&self) -> Option<bool> {
        if let Some(moving) = self.unfinished_progress() {
            let step = moving.last_update_time.or(moving.last_transition_time)?;
            return Some(self.evidence.now.age(step) < self.step_limit() && !self.is_too_long());
        }
        let steps = RolloutSteps {
            meta: self.deployment.meta(),
            evidence: self.evidence,
            min_ready: self.min_ready(),
            longest: self.longest_rollout(),
        };
        steps.may_be_recent()
    }

    /// Seconds from one step of a rollout to the next. Without a deadline, an older spec left the Progressing condition
    /// behind.
    fn step_limit(&self) -> i64 {
        match self.progress_deadline() {
            NO_PROGRESS_DEADLINE => DEFAULT_PROGRESS_DEADLINE,
            deadline => deadline,
        }
    }

    fn longest_rollout(&self) -> i64 {
        longest_rollout(self.step_limit(), self.counts.desired)
    }

    /// Whether the spec was changed longer ago than all steps of the rollout may take. The controller counts each pod that
    /// becomes ready as a step, even if it is the same pod again and again.
    fn is_too_long(&self) -> bool {
        let changed = self.deployment.meta().last_spec_write();
        changed.is_some_and(|t| self.evidence.now.age(t) >= self.longest_rollout())
    }

    /// Whether the steps of a rollout with missing pods can be believed.
    fn has_believable_steps(&self) -> bool {
        let longest = self.step_limit().saturating_mul(DEADLINES);
        let unavailable = self.unavailable_since();
        unavailable.is_none_or(|t| self.evidence.now.age(t) < longest) && !self.is_too_long()
    }

    /// Whether the rollout still has time before the controller gives up on it.
    pub(super) fn is_inside_deadline(&self) -> bool {
        let now = self.evidence.now;
        if let Some(moving) = self.unfinished_progress() {
            return self.has_believable_steps()
                && moving
                    .last_update_time
                    .is_some_and(|t| now.is_within(self.step_limit(), t));
        }
        if self.progress_deadline() != NO_PROGRESS_DEADLINE || self.progressing.is_some() {
            return false;
        }
        self.evidence
            .pods
            .as_ref()
            .and_then(|p| p.newest_is_within(DEFAULT_PROGRESS_DEADLINE))
            .unwrap_or_else(|| {
                self.unavailable_since()
                    .is_some_and(|t| now.is_within(DEFAULT_PROGRESS_DEADLINE, t))
            })
    }

    /// The last step of a rollout that is not over.
    pub(super) fn last_step(&self) -> Option<Time> {
        self.progressing
            .filter(|p| p.reason != ROLLOUT_OVER)
            .and_then(|p| p.last_update_time)
    }

    /// When the shortage began at the latest, if its pods are not known: when the Deployment stopped being Available, or at
    /// the last step of a rollout that is not over. The newer of the two counts.
    pub(super) fn last_step_of_shortage(&self) -> Option<Time> {
        let step = self.last_step().filter(|_| self.has_believable_steps());
        self.unavailable_since().max(step)
    }
}
