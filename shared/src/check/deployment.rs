//! Whether a Deployment has as many healthy pods as its spec asks for.
//!
//! Two axes, capacity and rollout, each read off the status as the Deployment controller writes it
//! (`pkg/controller/deployment` in kubernetes/kubernetes), then one state. The condition `Available` proves
//! nothing here: it needs only `replicas - maxUnavailable` pods, which is 3 of 4 by default and can be 0 of 2.
//! `status.unavailableReplicas` is never read: it counts surge pods.

use super::common::{self, Finding, LINGER_SECONDS};
use super::{Evidence, GRACE_SECONDS, Judged, cause};
use crate::report::{Cause, Item, State};
use crate::resource::{Condition, Deployment, DeploymentSpec, DeploymentStatus, Resource, Time};

/// `progressDeadlineSeconds` where the spec has none (`apps/v1` defaults).
const DEFAULT_PROGRESS_DEADLINE: i64 = 600;
/// With this deadline the controller keeps no Progressing condition (`HasProgressDeadline` in
/// `pkg/controller/deployment/util`).
const NO_PROGRESS_DEADLINE: i64 = i32::MAX as i64;
/// Why a Progressing condition is True once its rollout is over; it stays so whatever happens to the pods.
const ROLLOUT_OVER: &str = "NewReplicaSetAvailable";

/// How many pods there are, measured against what is asked for. The first that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Capacity {
    ScaledToZero,
    Full,
    /// Ready, and still inside `minReadySeconds`.
    Settling,
    Short,
    None,
}

/// How far the newest revision is. The first that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rollout {
    Unobserved,
    Paused,
    Stalled,
    InProgress,
    Complete,
}

/// The counts of a Deployment, absent ones 0 and the absent desired number 1, as the API server defaults them.
struct Counts {
    desired: i64,
    replicas: i64,
    updated: i64,
    ready: i64,
    available: i64,
    terminating: i64,
}

impl Counts {
    fn of(deployment: &Deployment) -> Self {
        let spec = deployment.spec.as_ref();
        let count = |of: fn(&DeploymentStatus) -> Option<i32>| {
            i64::from(deployment.status.as_ref().and_then(of).unwrap_or(0))
        };
        Self {
            desired: i64::from(spec.and_then(|s| s.replicas).unwrap_or(1)),
            replicas: count(|s| s.replicas),
            updated: count(|s| s.updated_replicas),
            ready: count(|s| s.ready_replicas),
            available: count(|s| s.available_replicas),
            terminating: count(|s| s.terminating_replicas),
        }
    }

    /// What cannot be true of these numbers, where anything cannot.
    fn malformed(&self) -> Option<String> {
        common::negative(&[
            ("spec.replicas", Some(self.desired)),
            ("status.replicas", Some(self.replicas)),
            ("status.updatedReplicas", Some(self.updated)),
            ("status.readyReplicas", Some(self.ready)),
            ("status.availableReplicas", Some(self.available)),
            ("status.terminatingReplicas", Some(self.terminating)),
        ])
        .or_else(|| common::more(("updatedReplicas", self.updated), ("replicas", self.replicas)))
        .or_else(|| common::more(("readyReplicas", self.ready), ("replicas", self.replicas)))
        .or_else(|| {
            common::more(
                ("availableReplicas", self.available),
                ("readyReplicas", self.ready),
            )
        })
    }

    fn capacity(&self) -> Capacity {
        match () {
            () if self.desired == 0 => Capacity::ScaledToZero,
            () if self.available >= self.desired => Capacity::Full,
            () if self.ready >= self.desired => Capacity::Settling,
            () if self.ready > 0 => Capacity::Short,
            () => Capacity::None,
        }
    }

    /// The state of a Deployment that falls short.
    fn short_state(&self) -> State {
        if self.ready == 0 {
            State::Unavailable
        } else {
            State::Degraded
        }
    }

    fn ready_of_desired(&self) -> String {
        format!("{} of {} ready", self.ready, self.desired)
    }
}

impl Judged for Deployment {
    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        Judge {
            deployment: self,
            evidence,
            counts: Counts::of(self),
            progressing: condition(self, "Progressing"),
        }
        .item()
    }
}

fn condition<'a>(deployment: &'a Deployment, kind: &str) -> Option<&'a Condition> {
    deployment.status.as_ref()?.condition(kind)
}

struct Judge<'a> {
    deployment: &'a Deployment,
    evidence: &'a Evidence<'a>,
    counts: Counts,
    progressing: Option<&'a Condition>,
}

impl Judge<'_> {
    fn item(&self) -> Item {
        let mut notes = Vec::new();
        let finding = self.finding(&mut notes);
        let causes = match finding.state {
            State::Progressing | State::Degraded | State::Unavailable => self.causes(),
            _ => Vec::new(),
        };
        Item {
            desired: Some(self.counts.desired),
            ready: Some(self.counts.ready),
            available: Some(self.counts.available),
            updated: Some(self.counts.updated),
            notes,
            causes,
            ..finding.item(self.deployment)
        }
    }

    fn finding(&self, notes: &mut Vec<String>) -> Finding {
        let meta = self.deployment.meta();
        let status = self.deployment.status.as_ref();
        let written = status.is_some_and(|s| *s != DeploymentStatus::default());
        let observed = self.deployment.observed_generation();
        if let Some(finding) = common::manifest(meta, written)
            .or_else(|| common::malformed(self.malformed()))
            .or_else(|| common::deleting(meta, self.evidence, notes))
            .or_else(|| common::unobserved(meta, observed, self.counts.short_state(), self.evidence))
        {
            return finding;
        }
        let rollout = self.rollout();
        if self.paused() {
            notes.push(match self.progressing {
                Some(p) if p.is_false() => "paused, its rollout had stalled".into(),
                _ => "paused".to_owned(),
            });
        }
        match (self.counts.capacity(), rollout) {
            (Capacity::Short | Capacity::None, _) => self.short(rollout, notes),
            (Capacity::Full | Capacity::Settling, Rollout::Stalled) => Finding {
                state: State::Degraded,
                healthy: Some(false),
                reason: "RolloutStalled",
                message: format!(
                    "rollout stalled, old revision still serving: {}, {} of {} updated",
                    self.counts.ready_of_desired(),
                    self.counts.updated,
                    self.counts.desired
                ),
                since: self.progressing.and_then(|p| p.last_transition_time),
            },
            (Capacity::Settling, _) => Finding {
                state: State::Progressing,
                healthy: Some(true),
                reason: "Settling",
                message: format!(
                    "{}, {} available: inside minReadySeconds",
                    self.counts.ready_of_desired(),
                    self.counts.available
                ),
                since: self
                    .condition("Available")
                    .filter(|a| a.is_false())
                    .and_then(|a| a.last_transition_time),
            },
            (Capacity::Full, Rollout::InProgress) => Finding {
                state: State::Progressing,
                healthy: Some(true),
                reason: "RolloutInProgress",
                message: format!(
                    "{}, rolling out: {} of {} updated",
                    self.counts.ready_of_desired(),
                    self.counts.updated,
                    self.counts.desired
                ),
                since: self.progressing.and_then(|p| p.last_update_time),
            },
            (Capacity::ScaledToZero, _) => {
                self.note_pods_still_going(notes);
                Finding {
                    state: State::Healthy,
                    healthy: Some(true),
                    reason: "ScaledToZero",
                    message: "scaled to zero".into(),
                    since: None,
                }
            }
            (Capacity::Full, _) => Finding {
                state: State::Healthy,
                healthy: Some(true),
                reason: "Ready",
                message: self.counts.ready_of_desired(),
                since: None,
            },
        }
    }

    fn spec(&self) -> Option<&DeploymentSpec> {
        self.deployment.spec.as_ref()
    }

    fn condition(&self, kind: &str) -> Option<&Condition> {
        condition(self.deployment, kind)
    }

    fn paused(&self) -> bool {
        self.spec().is_some_and(|s| s.paused == Some(true))
    }

    fn progress_deadline(&self) -> i64 {
        self.spec()
            .and_then(|s| s.progress_deadline_seconds)
            .map_or(DEFAULT_PROGRESS_DEADLINE, i64::from)
    }

    fn malformed(&self) -> Option<String> {
        let spec = self.spec().cloned().unwrap_or_default();
        self.counts.malformed().or_else(|| {
            common::negative(&[
                ("spec.minReadySeconds", spec.min_ready_seconds.map(i64::from)),
                (
                    "spec.progressDeadlineSeconds",
                    spec.progress_deadline_seconds.map(i64::from),
                ),
                ("metadata.generation", self.deployment.meta().generation),
                ("status.observedGeneration", self.deployment.observed_generation()),
            ])
        })
    }

    /// A Progressing condition that is True because a rollout moves, not because it is over.
    fn moving(&self) -> Option<&Condition> {
        self.progressing
            .filter(|p| p.is_true() && p.reason != ROLLOUT_OVER)
    }

    fn rollout(&self) -> Rollout {
        let observed = self.deployment.observed_generation();
        let c = &self.counts;
        match () {
            () if common::is_unobserved(self.deployment.meta(), observed) => Rollout::Unobserved,
            () if self.paused() => Rollout::Paused,
            () if self.progressing.is_some_and(Condition::is_false) => Rollout::Stalled,
            () if c.updated < c.desired
                || c.replicas > c.updated
                || (c.available < c.desired && self.moving().is_some()) =>
            {
                Rollout::InProgress
            }
            () => Rollout::Complete,
        }
    }

    fn short(&self, rollout: Rollout, notes: &mut Vec<String>) -> Finding {
        let failing = Finding {
            state: self.counts.short_state(),
            healthy: Some(false),
            reason: "ReadyBelowDesired",
            message: self.counts.ready_of_desired(),
            since: self.shortage_began(),
        };
        let stopped = self.progressing.is_some_and(Condition::is_false)
            || self.condition("ReplicaFailure").is_some_and(Condition::is_true)
            || self
                .evidence
                .pods
                .as_ref()
                .is_some_and(|p| !p.hard_causes().is_empty());
        if stopped {
            return failing;
        }
        if rollout == Rollout::InProgress && self.inside_deadline() {
            return Finding {
                state: State::Progressing,
                reason: "RolloutInProgress",
                message: format!(
                    "{}, rolling out: {} of {} updated",
                    self.counts.ready_of_desired(),
                    self.counts.updated,
                    self.counts.desired
                ),
                ..failing
            };
        }
        if rollout == Rollout::Paused {
            return failing;
        }
        let missing = self.counts.desired - self.counts.ready;
        let starting = match &self.evidence.pods {
            Some(pods) => pods.young() >= missing,
            None => failing
                .since
                .is_some_and(|t| self.evidence.now.is_within(GRACE_SECONDS, t)),
        };
        if starting {
            if self.evidence.pods.is_none() {
                notes.push("podsNotSeen".into());
            }
            return Finding {
                state: State::Progressing,
                reason: "PodsStarting",
                message: format!("{}, {missing} starting", self.counts.ready_of_desired()),
                ..failing
            };
        }
        failing
    }

    /// Whether the rollout still has time before the controller gives up on it.
    fn inside_deadline(&self) -> bool {
        let now = self.evidence.now;
        if let Some(moving) = self.moving() {
            return moving
                .last_update_time
                .is_some_and(|t| now.is_within(self.progress_deadline(), t));
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

    fn unavailable_since(&self) -> Option<Time> {
        self.condition("Available")
            .filter(|c| c.is_false())
            .and_then(|c| c.last_transition_time)
    }

    /// Since when the pods are too few, as the conditions tell it: the newer of the moment at which the
    /// Deployment stopped being Available and the last step of a rollout that is not over.
    fn shortage_began(&self) -> Option<Time> {
        let step = self
            .progressing
            .filter(|p| p.reason != ROLLOUT_OVER)
            .and_then(|p| p.last_update_time);
        self.unavailable_since().max(step)
    }

    fn note_pods_still_going(&self, notes: &mut Vec<String>) {
        let going = self.counts.replicas.max(self.counts.terminating);
        if going == 0 {
            return;
        }
        let pods = if going == 1 { "pod" } else { "pods" };
        let since = self
            .deployment
            .meta()
            .last_spec_write()
            .map(|t| self.evidence.now.age(t));
        notes.push(match since {
            Some(age) if age > LINGER_SECONDS => format!("{going} {pods} still going after {} min", age / 60),
            _ => format!("{going} {pods} still going"),
        });
    }

    /// What the controller gives as reasons, the hardest first.
    fn causes(&self) -> Vec<Cause> {
        let meta = self.deployment.meta();
        if self.rollout() == Rollout::Unobserved {
            // Its conditions are of an older spec.
            return Vec::new();
        }
        let name = &meta.name;
        let mut causes = Vec::new();
        if let Some(refused) = self.condition("ReplicaFailure").filter(|c| c.is_true()) {
            causes.push(cause::refusal(
                &meta.namespace,
                Deployment::KIND,
                name,
                &refused.message,
                refused.last_transition_time,
            ));
        }
        if let Some(stalled) = self.progressing.filter(|p| p.is_false()) {
            causes.push(Cause {
                code: stalled.reason.clone(),
                message: stalled.message.clone(),
                count: 1,
                example: Some(format!("Deployment/{name}")),
                hint: Some(cause::kubectl(&meta.namespace, "rollout status deployment", name)),
                since: stalled.last_transition_time.map(|t| t.to_string()),
                ..Cause::default()
            });
        }
        causes
    }
}
