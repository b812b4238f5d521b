//! Whether a Deployment has as many healthy pods as its spec asks for.
//!
//! Two axes, capacity and rollout, each read off the status as the Deployment controller writes it
//! (`pkg/controller/deployment` in kubernetes/kubernetes), then one state. The condition `Available` proves
//! nothing here: it needs only `replicas - maxUnavailable` pods, which is 3 of 4 by default and can be 0 of 2.
//! `status.unavailableReplicas` is never read: it counts surge pods.

use super::{Evidence, GRACE_SECONDS, Judged, Pods};
use crate::report::{Cause, Item, State};
use crate::resource::{Condition, Deployment, DeploymentStatus, Resource, Time};

/// A controller that works has seen a new spec within a second; after this many it does not.
const OBSERVE_SECONDS: i64 = 60;
/// `progressDeadlineSeconds` where the spec has none (`apps/v1` defaults).
const DEFAULT_PROGRESS_DEADLINE: i64 = 600;
/// With this deadline the controller keeps no Progressing condition (`HasProgressDeadline` in
/// `pkg/controller/deployment/util`).
const NO_PROGRESS_DEADLINE: i64 = i32::MAX as i64;
/// A deletion, or a scale to zero, that takes longer than this many seconds is worth a warning.
const LINGER_SECONDS: i64 = 15 * 60;
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
        let spec = deployment.spec.unwrap_or_default();
        let count = |of: fn(&DeploymentStatus) -> Option<i32>| {
            i64::from(deployment.status.as_ref().and_then(of).unwrap_or(0))
        };
        Self {
            desired: i64::from(spec.replicas.unwrap_or(1)),
            replicas: count(|s| s.replicas),
            updated: count(|s| s.updated_replicas),
            ready: count(|s| s.ready_replicas),
            available: count(|s| s.available_replicas),
            terminating: count(|s| s.terminating_replicas),
        }
    }

    /// What cannot be true of these numbers, where anything cannot.
    fn malformed(&self) -> Option<String> {
        let named = [
            ("spec.replicas", self.desired),
            ("status.replicas", self.replicas),
            ("status.updatedReplicas", self.updated),
            ("status.readyReplicas", self.ready),
            ("status.availableReplicas", self.available),
            ("status.terminatingReplicas", self.terminating),
        ];
        if let Some((name, value)) = named.iter().find(|(_, value)| *value < 0) {
            return Some(format!("{name} is {value}"));
        }
        let more =
            |a: &str, x: i64, b: &str, y: i64| (x > y).then(|| format!("{a} {x} is more than {b} {y}"));
        more("updatedReplicas", self.updated, "replicas", self.replicas)
            .or_else(|| more("readyReplicas", self.ready, "replicas", self.replicas))
            .or_else(|| more("availableReplicas", self.available, "readyReplicas", self.ready))
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

/// What a verdict consists of, before it is put into an [`Item`].
struct Finding {
    state: State,
    healthy: Option<bool>,
    reason: &'static str,
    message: String,
    since: Option<Time>,
}

struct Judge<'a> {
    deployment: &'a Deployment,
    evidence: &'a Evidence<'a>,
    counts: Counts,
    progressing: Option<&'a Condition>,
}

impl Judge<'_> {
    fn item(&self) -> Item {
        let meta = self.deployment.meta();
        let mut notes = Vec::new();
        let finding = self.finding(&mut notes);
        let causes = match finding.state {
            State::Progressing | State::Degraded | State::Unavailable => self.causes(),
            _ => Vec::new(),
        };
        let (desired, ready) = (self.counts.desired, self.counts.ready);
        Item {
            kind: Deployment::KIND.to_owned(),
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            state: finding.state,
            healthy: finding.healthy,
            desired: Some(desired),
            ready: Some(ready),
            available: Some(self.counts.available),
            updated: Some(self.counts.updated),
            reason: finding.reason.to_owned(),
            message: finding.message,
            since: finding.since.map(|t| t.to_string()),
            notes,
            causes,
        }
    }

    fn finding(&self, notes: &mut Vec<String>) -> Finding {
        let deployment = self.deployment;
        let meta = deployment.meta();
        let now = self.evidence.now;
        // `kubectl create --dry-run=client` writes an empty status.
        let written = deployment
            .status
            .as_ref()
            .is_some_and(|s| *s != DeploymentStatus::default());
        if !written && meta.generation.is_none() {
            return Finding {
                state: State::Unknown,
                healthy: Some(false),
                reason: "Manifest",
                message: "has neither status nor generation: a manifest, not an object of a cluster".into(),
                since: None,
            };
        }
        if let Some(wrong) = self.malformed() {
            return Finding {
                state: State::Unknown,
                healthy: Some(false),
                reason: "Malformed",
                message: format!("malformed: {wrong}"),
                since: None,
            };
        }
        if let Some(deleted) = meta.deletion_timestamp {
            if now.age(deleted) > LINGER_SECONDS {
                let finalizers = match meta.finalizers.as_slice() {
                    [] => "no finalizer is set".to_owned(),
                    some => format!("finalizers: {}", some.join(", ")),
                };
                notes.push(format!(
                    "being deleted for {} min, {finalizers}",
                    now.age(deleted) / 60
                ));
            }
            return Finding {
                state: State::Terminating,
                healthy: self.evidence.named.then_some(false),
                reason: "Deleting",
                message: "being deleted".into(),
                since: Some(deleted),
            };
        }
        let rollout = self.rollout();
        if rollout == Rollout::Unobserved {
            return self.unobserved();
        }
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

    fn condition(&self, kind: &str) -> Option<&Condition> {
        condition(self.deployment, kind)
    }

    fn paused(&self) -> bool {
        self.deployment.spec.is_some_and(|s| s.paused == Some(true))
    }

    fn progress_deadline(&self) -> i64 {
        self.deployment
            .spec
            .and_then(|s| s.progress_deadline_seconds)
            .map_or(DEFAULT_PROGRESS_DEADLINE, i64::from)
    }

    fn malformed(&self) -> Option<String> {
        let spec = self.deployment.spec.unwrap_or_default();
        let negative = |name: &str, value: Option<i64>| {
            value.filter(|v| *v < 0).map(|value| format!("{name} is {value}"))
        };
        self.counts
            .malformed()
            .or_else(|| negative("spec.minReadySeconds", spec.min_ready_seconds.map(i64::from)))
            .or_else(|| {
                negative(
                    "spec.progressDeadlineSeconds",
                    spec.progress_deadline_seconds.map(i64::from),
                )
            })
            .or_else(|| negative("metadata.generation", self.deployment.meta().generation))
            .or_else(|| negative("status.observedGeneration", self.deployment.observed_generation()))
    }

    /// A Progressing condition that is True because a rollout moves, not because it is over.
    fn moving(&self) -> Option<&Condition> {
        self.progressing
            .filter(|p| p.is_true() && p.reason != ROLLOUT_OVER)
    }

    fn rollout(&self) -> Rollout {
        let observed = self.deployment.observed_generation();
        let generation = self.deployment.meta().generation.unwrap_or(0);
        let c = &self.counts;
        match () {
            // Newer than the object is fine: the status was written after the metadata was read.
            () if observed.is_none_or(|o| o < generation) => Rollout::Unobserved,
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

    /// The controller has not acted upon the newest spec: its counts and conditions are of an older one.
    fn unobserved(&self) -> Finding {
        let meta = self.deployment.meta();
        let observed = self.deployment.observed_generation();
        let since = match observed {
            None => meta.creation_timestamp,
            Some(_) => meta.last_spec_write().or(self.evidence.first_seen),
        };
        let generation = meta
            .generation
            .map_or_else(|| "its spec".into(), |g| format!("generation {g}"));
        let seen = observed.map_or_else(|| "none yet".into(), |o| format!("{o}"));
        if since.is_none_or(|t| self.evidence.now.is_within(OBSERVE_SECONDS + 1, t)) {
            return Finding {
                state: State::Progressing,
                healthy: Some(false),
                reason: "NotObserved",
                message: format!("its controller has not seen {generation} yet (observed: {seen})"),
                since,
            };
        }
        Finding {
            state: self.counts.short_state(),
            healthy: Some(false),
            reason: "ControllerNotObserving",
            message: format!("its controller does not act: {generation} is not observed (observed: {seen})"),
            since,
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

    /// What the controller and the pods give as reasons, the hardest first.
    fn causes(&self) -> Vec<Cause> {
        let meta = self.deployment.meta();
        if self.rollout() == Rollout::Unobserved {
            // Its conditions are of an older spec.
            return Vec::new();
        }
        let mut causes = self
            .evidence
            .pods
            .as_ref()
            .map(Pods::hard_causes)
            .unwrap_or_default();
        let failure = self.condition("ReplicaFailure").filter(|c| c.is_true());
        let stalled = self.progressing.filter(|p| p.is_false());
        let kubectl = |what: &str| Some(format!("kubectl -n {} {what} {}", meta.namespace, meta.name));
        causes.extend(
            failure
                .map(|c| (c, "describe deployment"))
                .into_iter()
                .chain(stalled.map(|c| (c, "rollout status deployment")))
                .map(|(condition, command)| Cause {
                    code: condition.reason.clone(),
                    message: condition.message.clone(),
                    count: 1,
                    example: Some(format!("Deployment/{}", meta.name)),
                    hint: kubectl(command),
                }),
        );
        causes
    }
}
