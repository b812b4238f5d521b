//! Pods asked for against pods there are, for the kinds whose status is counts alone: StatefulSet, DaemonSet,
//! ReplicaSet. Their controllers write no condition that tells of a rollout and know no deadline for one.
//!
//! So how long a shortage lasts is read off what moved last: the newest pod where pods are known, and the last change
//! of the status, which `managedFields` date. A rollout that is not over has as long from step to step as a Deployment
//! has by default, and the time that a pod must stay ready besides; any other shortage, the first start included, has
//! the grace of a young pod.

use super::common::Finding;
use super::{Evidence, GRACE_SECONDS};
use crate::report::State;
use crate::resource::{ObjectMeta, Time};

/// Seconds from one step of a rollout to the next: the default of `progressDeadlineSeconds` of a Deployment.
pub(super) const STEP_SECONDS: i64 = 600;

/// A rollout of the newest revision, of a kind that has revisions and replaces pods by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rollout {
    /// Pods of the newest revision.
    pub updated: i64,
    /// How many there will be once it is over.
    pub wanted: i64,
    /// Whether it is, as far as the controller says: the last pods it replaced may not be ready yet.
    pub over: bool,
}

/// The counts of such an object.
pub(super) struct Workload<'a> {
    pub meta: &'a ObjectMeta,
    pub evidence: &'a Evidence<'a>,
    pub desired: i64,
    pub ready: i64,
    pub available: i64,
    /// Pods that there are, those that are too many included.
    pub existing: i64,
    pub rollout: Option<Rollout>,
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

impl Workload<'_> {
    pub fn finding(&self, notes: &mut Vec<String>) -> Finding {
        let counted = self.ready_of_desired();
        match self.rollout {
            _ if self.desired == 0 => {
                if self.existing > 0 {
                    let pods = if self.existing == 1 { "pod" } else { "pods" };
                    notes.push(format!("{} {pods} still going", self.existing));
                }
                Finding::healthy(self.empty.0, self.empty.1)
            }
            rollout if self.ready < self.desired => self.short(rollout, notes),
            _ if self.available < self.desired => Finding::new(
                State::Progressing,
                true,
                "Settling",
                format!("{counted}, {} available: inside minReadySeconds", self.available),
            ),
            Some(rollout) if rollout.updated < rollout.wanted => Finding::new(
                State::Progressing,
                true,
                "RolloutInProgress",
                rolling_out(&counted, rollout),
            )
            .since(self.meta.last_status_write()),
            _ => Finding::healthy("Ready", counted),
        }
    }

    fn short(&self, rollout: Option<Rollout>, notes: &mut Vec<String>) -> Finding {
        let counted = self.ready_of_desired();
        let began = self.meta.last_status_write();
        let failing = Finding::new(
            short_state(self.ready),
            false,
            "ReadyBelowDesired",
            counted.clone(),
        )
        .since(began);
        let pods = self.evidence.pods.as_ref();
        if self.refused || pods.is_some_and(|p| !p.hard_causes().is_empty()) {
            return failing;
        }
        let step = STEP_SECONDS.saturating_add(self.min_ready.max(0));
        if let Some(rollout) = rollout
            && !rollout.over
            && self.moved_within(step)
        {
            return Finding::new(
                State::Progressing,
                false,
                "RolloutInProgress",
                rolling_out(&counted, rollout),
            )
            .since(began);
        }
        let missing = self.desired - self.ready;
        let is_within =
            |time: Option<Time>, seconds| time.is_some_and(|t| self.evidence.now.is_within(seconds, t));
        // Its first pods may not have been made yet.
        let is_new = is_within(self.meta.creation_timestamp, GRACE_SECONDS);
        // One becomes ready, and the next is not there yet.
        let between = self.ordered
            && self.existing < self.desired
            && self.ready >= self.existing
            && is_within(began, GRACE_SECONDS.saturating_add(self.min_ready.max(0)));
        let starting = is_new
            || between
            || match pods {
                Some(pods) if self.ordered => pods.young() > 0,
                Some(pods) => pods.young() >= missing,
                None => is_within(began, GRACE_SECONDS),
            };
        if !starting {
            return failing;
        }
        if pods.is_none() {
            notes.push("podsNotSeen".into());
        }
        Finding::new(
            State::Progressing,
            false,
            "PodsStarting",
            format!("{counted}, {missing} starting"),
        )
        .since(began)
    }

    /// Whether anything moved within so many seconds.
    fn moved_within(&self, seconds: i64) -> bool {
        let pods = self.evidence.pods.as_ref();
        pods.and_then(|p| p.newest_is_within(seconds)).unwrap_or(false)
            || self
                .last_write()
                .is_some_and(|t| self.evidence.now.is_within(seconds, t))
    }

    fn last_write(&self) -> Option<Time> {
        self.meta.last_status_write().max(self.meta.last_spec_write())
    }

    fn ready_of_desired(&self) -> String {
        format!("{} of {} ready", self.ready, self.desired)
    }
}

fn rolling_out(counted: &str, rollout: Rollout) -> String {
    format!(
        "{counted}, rolling out: {} of {} updated",
        rollout.updated, rollout.wanted
    )
}
