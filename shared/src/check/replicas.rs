//! Pods asked for against pods there are, for the kinds whose status is counts alone: StatefulSet, DaemonSet,
//! ReplicaSet. Their controllers write no condition that tells of a rollout and know no deadline for one.
//!
//! So how long a shortage lasts is read off what moved last. Of a rollout that is a pod which was made or is to end, where
//! pods are known, else a change of the status, which `managedFields` date. A rollout that is not over has as long from step
//! to step as a Deployment has by default, and the time that a pod must stay ready besides, whether pods are missing or not;
//! any other shortage, the first start included, has the grace of a young pod.

use super::lifecycle;
use super::verdict::Verdict;
use super::{Evidence, GRACE_SECONDS};
use crate::report::State;
use crate::resource::{ObjectMeta, Time};

/// Seconds from one step of a rollout to the next: the default of `progressDeadlineSeconds` of a Deployment.
pub(super) const STEP_SECONDS: i64 = 600;

/// Where pods are not known, every change of the status may be a step of a rollout, and may be the same pod that becomes ready
/// and loses it. So they count for this many seconds after the spec was changed, or for as long as all steps may take.
const UNSEEN_STEPS_SECONDS: i64 = 2 * 86_400;

/// Until how many seconds after the change of the spec a rollout of so many pods may be under way, where they are not known.
pub(super) fn longest_rollout(step: i64, pods: i64) -> i64 {
    step.saturating_mul(pods.saturating_add(1))
        .max(UNSEEN_STEPS_SECONDS)
}

/// A rollout of the newest revision, of a kind that has revisions and replaces pods by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReplicasRollout {
    /// Pods of the newest revision.
    pub updated: i64,
    /// How many there will be once it is over.
    pub wanted: i64,
    /// Whether it is, as far as the controller says: the last pods it replaced may not be ready yet.
    pub over: bool,
}

/// The counts of such an object.
pub(super) struct Replicas<'a> {
    pub meta: &'a ObjectMeta,
    pub evidence: &'a Evidence<'a>,
    pub desired: i64,
    pub ready: i64,
    pub available: i64,
    /// Pods that there are, those that are too many included.
    pub existing: i64,
    pub rollout: Option<ReplicasRollout>,
    /// `minReadySeconds`: the next step waits for as long.
    pub min_ready: i64,
    /// Whether a pod is made only once the one before it is ready: one young pod explains all that are missing.
    pub ordered: bool,
    /// Whether the controller says that pods cannot be created.
    pub refused: bool,
    /// What it is called where it asks for no pod.
    pub empty: (&'static str, &'static str),
}

/// The state of an object that falls short.
pub(super) fn short_state(ready: i64) -> State {
    if ready == 0 {
        State::Unavailable
    } else {
        State::Degraded
    }
}

/// Pods that are ready and were not for long enough to count as available.
pub(super) struct Settling<'a> {
    pub evidence: &'a Evidence<'a>,
    pub desired: i64,
    pub ready: i64,
    pub available: i64,
    /// `minReadySeconds`.
    pub min_ready: i64,
    /// When something last moved, where the pods do not tell.
    pub moved: Option<Time>,
    /// Since when too few are available, where a condition tells it.
    pub began: Option<Time>,
}

impl Settling<'_> {
    /// Seconds after which a pod that is ready has to be available.
    fn limit(&self) -> i64 {
        self.min_ready.max(0).saturating_add(GRACE_SECONDS)
    }

    /// Whether they still have time; `None` where nothing dates them. A pod that loses its readiness and gets it again has
    /// its time anew, for as long as a rollout may take to its next step: from then on only younger pods have.
    pub fn is_inside(&self) -> Option<bool> {
        let now = self.evidence.now;
        let longest = self.limit().saturating_add(STEP_SECONDS);
        let is_late = self.began.is_some_and(|t| now.age(t) >= longest);
        if let Some(pods) = self.pods() {
            let oldest = if is_late { longest } else { i64::MAX };
            return Some(pods.settling(self.limit(), oldest) >= self.desired.saturating_sub(self.available));
        }
        if is_late {
            return Some(false);
        }
        self.moved.map(|t| now.age(t) < self.limit())
    }

    /// Its pods, where they are as new as its counts.
    pub fn pods(&self) -> Option<&super::Pods<'_>> {
        let pods = self.evidence.pods.as_ref();
        pods.filter(|pods| pods.ready() >= self.desired)
    }

    fn told(&self) -> String {
        format!(
            "{} of {} ready, {} available",
            self.ready, self.desired, self.available
        )
    }

    pub fn inside(&self) -> Verdict {
        let since = self
            .began
            .or_else(|| self.pods().and_then(|pods| pods.settling_since(self.limit())))
            .or(self.moved);
        let message = format!("{}: inside minReadySeconds", self.told());
        Verdict::new(State::Progressing, true, "Settling", message).since(since)
    }

    pub fn verdict(&self) -> Verdict {
        let told = self.told();
        match self.is_inside() {
            Some(true) => self.inside(),
            Some(false) => Verdict::degraded(
                "AvailableBelowDesired",
                format!(
                    "{told}: too few for longer than minReadySeconds ({})",
                    self.min_ready
                ),
            )
            .since(self.began.or(self.moved)),
            None => lifecycle::not_dated(&told),
        }
    }
}

impl Replicas<'_> {
    pub fn verdict(&self, notes: &mut Vec<String>) -> Verdict {
        let counted = self.ready_of_desired();
        match self.rollout {
            _ if self.desired == 0 => {
                if self.existing > 0 {
                    let pods = if self.existing == 1 { "pod" } else { "pods" };
                    notes.push(format!("{} {pods} still going", self.existing));
                }
                Verdict::healthy(self.empty.0, self.empty.1)
            }
            rollout if self.ready < self.desired => self.short(rollout, notes),
            _ if self.available < self.desired => Settling {
                evidence: self.evidence,
                desired: self.desired,
                ready: self.ready,
                available: self.available,
                min_ready: self.min_ready,
                moved: self.meta.last_status_write(),
                began: None,
            }
            .verdict(),
            Some(rollout) if rollout.updated < rollout.wanted => self.rolling(&counted, rollout),
            _ => self
                .just_recovered(&counted)
                .unwrap_or_else(|| Verdict::healthy("Ready", counted)),
        }
    }

    /// A rollout that leaves it at full strength.
    fn rolling(&self, counted: &str, rollout: ReplicasRollout) -> Verdict {
        let told = rolling_out(counted, rollout);
        let status = self.meta.last_status_write();
        let began = self.meta.last_spec_write().into_iter().chain(status).min();
        let pods = self.evidence.pods.as_ref();
        let step = pods.and_then(super::Pods::newest_step).map(|(t, _)| t);
        match self.is_moving(rollout) {
            Some(true) => Verdict::new(State::Progressing, true, "RolloutInProgress", told).since(began),
            Some(false) => Verdict::degraded(
                "RolloutStalled",
                format!(
                    "rollout stalled, old revision still serving: {counted}, {} of {} updated",
                    rollout.updated, rollout.wanted
                ),
            )
            .since(step.or(status).or(began)),
            None => lifecycle::not_dated(&told),
        }
    }

    /// Whether the last step of a rollout is not too long ago; `None` where nothing dates it.
    fn is_moving(&self, rollout: ReplicasRollout) -> Option<bool> {
        let step = STEP_SECONDS.saturating_add(self.min_ready.max(0));
        let now = self.evidence.now;
        let spec = self.meta.last_spec_write();
        let pods = self.evidence.pods.as_ref();
        if let Some((newest, of_pod)) = pods.and_then(super::Pods::newest_step) {
            let changed = spec.is_some_and(|t| now.age(t) < step);
            return Some(changed || of_pod.age(newest) < step);
        }
        let longest = longest_rollout(step, rollout.wanted);
        let too_long = spec.is_some_and(|t| now.age(t) >= longest);
        let last = self.meta.last_status_write().max(spec)?;
        Some(!too_long && now.age(last) < step)
    }

    fn just_recovered(&self, counted: &str) -> Option<Verdict> {
        let now = self.evidence.now;
        let since = self.evidence.pods.as_ref()?.recovered()?;
        lifecycle::is_old(self.meta, now).then(|| lifecycle::just_recovered(counted, since, now))
    }

    fn short(&self, rollout: Option<ReplicasRollout>, notes: &mut Vec<String>) -> Verdict {
        let counted = self.ready_of_desired();
        let missing = self.desired.saturating_sub(self.ready);
        let written = self.meta.last_status_write();
        let pods = self.evidence.pods.as_ref();
        // It says itself that it is short since its status was last changed; its pods may know more.
        let began = pods
            .and_then(|pods| pods.short_since(missing))
            .into_iter()
            .chain(written)
            .min();
        let failing = Verdict::new(
            short_state(self.ready),
            false,
            "ReadyBelowDesired",
            counted.clone(),
        )
        .since(began);
        if self.refused || pods.is_some_and(|p| !p.hard_causes().is_empty()) {
            return failing;
        }
        if let Some(rollout) = rollout
            && !rollout.over
            && self.moved_within_a_step(rollout)
        {
            return Verdict::new(
                State::Progressing,
                false,
                "RolloutInProgress",
                rolling_out(&counted, rollout),
            )
            .since(began);
        }
        let is_within =
            |time: Option<Time>, seconds| time.is_some_and(|t| self.evidence.now.is_within(seconds, t));
        // Its first pods may not have been made yet.
        let is_new = is_within(self.meta.creation_timestamp, GRACE_SECONDS);
        // One becomes ready, and the next is not there yet. The controller looks again after `minReadySeconds`, and may have to
        // once more (kubernetes/kubernetes#119352).
        let pause = self.min_ready.max(0).saturating_mul(2);
        let between = self.ordered
            && self.existing < self.desired
            && self.ready >= self.existing
            && is_within(written, GRACE_SECONDS.saturating_add(pause));
        let starting = is_new
            || between
            || match pods {
                Some(pods) if pods.do_not_last() => false,
                Some(pods) if self.ordered => pods.young() > 0,
                Some(pods) => pods.young() >= missing,
                None => is_within(written, GRACE_SECONDS),
            };
        if !starting {
            return failing;
        }
        if pods.is_none() {
            notes.push("podsNotSeen".into());
        }
        Verdict::new(
            State::Progressing,
            false,
            "PodsStarting",
            format!("{counted}, {missing} starting"),
        )
        .since(began)
    }

    /// Whether a rollout that falls short certainly made a step not too long ago.
    fn moved_within_a_step(&self, rollout: ReplicasRollout) -> bool {
        let step = STEP_SECONDS.saturating_add(self.min_ready.max(0));
        let now = self.evidence.now;
        let spec = self.meta.last_spec_write();
        let changed = spec.is_some_and(|t| now.is_within(step, t));
        let pods = self.evidence.pods.as_ref();
        if let Some((newest, of_pod)) = pods.and_then(super::Pods::newest_step) {
            return changed || of_pod.is_within(step, newest);
        }
        let longest = longest_rollout(step, rollout.wanted);
        let written = self.meta.last_status_write();
        spec.is_none_or(|t| now.age(t) < longest)
            && (changed || written.is_some_and(|t| now.is_within(step, t)))
    }

    fn ready_of_desired(&self) -> String {
        format!("{} of {} ready", self.ready, self.desired)
    }
}

fn rolling_out(counted: &str, rollout: ReplicasRollout) -> String {
    format!(
        "{counted}, rolling out: {} of {} updated",
        rollout.updated, rollout.wanted
    )
}
