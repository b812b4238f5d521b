//! Whether a Deployment has as many healthy pods as its spec asks for.
//!
//! Two axes, capacity and rollout, each read off the status as the Deployment controller writes it
//! (`pkg/controller/deployment` in kubernetes/kubernetes), then one state. The condition `Available` proves
//! nothing here: it needs only `replicas - maxUnavailable` pods, which is 3 of 4 by default and can be 0 of 2.
//! `status.unavailableReplicas` is never read: it counts surge pods.

use super::lifecycle::{self, LINGER_SECONDS};
use super::replicas::{STEP_SECONDS, Settling, longest_rollout};
use super::text::kubectl;
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS, Now, Pods, cause};
use crate::report::{Cause, Item, State};
use crate::resource::{Condition, Deployment, DeploymentSpec, DeploymentStatus, Resource, Time};

/// `progressDeadlineSeconds` where the spec has none (`apps/v1` defaults).
const DEFAULT_PROGRESS_DEADLINE: i64 = 600;
/// With this deadline the controller keeps no Progressing condition (`HasProgressDeadline` in
/// `pkg/controller/deployment/util`).
const NO_PROGRESS_DEADLINE: i64 = i32::MAX as i64;
/// A Deployment that is not Available for so many of its deadlines has no rollout that gets on, however often a pod of it
/// becomes ready: each time it does, the controller renews the Progressing condition.
const DEADLINES: i64 = 6;
/// Why a Progressing condition is True once its rollout is over; it stays so whatever happens to the pods.
const ROLLOUT_OVER: &str = "NewReplicaSetAvailable";

/// A Progressing condition that tells of the rollout before this one is soon written anew, so what is under way is believed
/// to have begun just now where nothing else dates it.
const UNDATED: &str = "nothing tells since when";

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
            updated: match deployment.status.as_ref() {
                // A control plane that writes neither knows no revisions.
                Some(s) if s.updated_replicas.is_none() && deployment.observed_generation().is_none() => {
                    count(|s| s.replicas)
                }
                _ => count(|s| s.updated_replicas),
            },
            ready: count(|s| s.ready_replicas),
            available: count(|s| s.available_replicas),
            terminating: count(|s| s.terminating_replicas),
        }
    }

    /// What cannot be true of these numbers, where anything cannot.
    fn malformed(&self) -> Option<String> {
        lifecycle::negative(&[
            ("spec.replicas", Some(self.desired)),
            ("status.replicas", Some(self.replicas)),
            ("status.updatedReplicas", Some(self.updated)),
            ("status.readyReplicas", Some(self.ready)),
            ("status.availableReplicas", Some(self.available)),
            ("status.terminatingReplicas", Some(self.terminating)),
        ])
        .or_else(|| lifecycle::more(("updatedReplicas", self.updated), ("replicas", self.replicas)))
        .or_else(|| lifecycle::more(("readyReplicas", self.ready), ("replicas", self.replicas)))
        .or_else(|| {
            lifecycle::more(
                ("availableReplicas", self.available),
                ("readyReplicas", self.ready),
            )
        })
    }

    /// Whether anybody has counted.
    fn is_counted(&self, deployment: &Deployment) -> bool {
        let conditions = deployment.status.as_ref().map_or(0, |s| s.conditions.len());
        conditions > 0 || self.replicas > 0 || self.ready > 0
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

impl Check for Deployment {
    fn is_worth_a_look(&self, item: &Item, now: Now) -> bool {
        let back = self.status.as_ref().and_then(DeploymentStatus::recovered);
        let flipped = back.is_some_and(|t| now.is_within(GRACE_SECONDS, t));
        // A rollout that has just ended has written the status too.
        let rolled = condition(self, "Progressing").and_then(|c| c.last_update_time);
        let rolls = rolled.is_some_and(|t| now.age(t) < STEP_SECONDS);
        super::is_open(item)
            || (item.reason == "Ready" && flipped)
            || (!rolls && lifecycle::may_have_recovered(self.meta(), item, now))
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut notes = Vec::new();
        let counts = Counts::of(self);
        let observed = lifecycle::observed(
            self.meta(),
            self.observed_generation(),
            counts.is_counted(self),
            &mut notes,
        );
        Judge {
            deployment: self,
            evidence,
            counts,
            observed,
            progressing: condition(self, "Progressing"),
        }
        .item(notes)
    }
}

fn condition<'a>(deployment: &'a Deployment, kind: &str) -> Option<&'a Condition> {
    deployment.status.as_ref()?.condition(kind)
}

struct Judge<'a> {
    deployment: &'a Deployment,
    evidence: &'a Evidence<'a>,
    counts: Counts,
    /// The generation that its controller has acted upon.
    observed: Option<i64>,
    progressing: Option<&'a Condition>,
}

impl Judge<'_> {
    fn item(&self, mut notes: Vec<String>) -> Item {
        let verdict = self.verdict(&mut notes);
        let causes = match verdict.state {
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
            ..verdict.item(self.deployment)
        }
    }

    fn verdict(&self, notes: &mut Vec<String>) -> Verdict {
        let meta = self.deployment.meta();
        let status = self.deployment.status.as_ref();
        let written = status.is_some_and(|s| *s != DeploymentStatus::default());
        if let Some(verdict) = lifecycle::manifest(meta, written)
            .or_else(|| lifecycle::malformed(self.malformed()))
            .or_else(|| lifecycle::deleting(meta, self.evidence, notes))
            .or_else(|| lifecycle::unobserved(meta, self.observed, self.counts.short_state(), self.evidence))
        {
            return verdict;
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
            (Capacity::Full | Capacity::Settling, Rollout::Stalled) => {
                self.stalled(self.progressing.and_then(|p| p.last_transition_time))
            }
            (Capacity::Settling, rollout) => self.settling(rollout, notes),
            (Capacity::Full, Rollout::InProgress) => self.rolling(notes),
            (Capacity::ScaledToZero, _) => {
                self.note_pods_still_going(notes);
                Verdict {
                    state: State::Healthy,
                    healthy: Some(true),
                    reason: "ScaledToZero",
                    message: "scaled to zero".into(),
                    since: None,
                }
            }
            (Capacity::Full, _) => self
                .just_recovered()
                .unwrap_or_else(|| Verdict::healthy("Ready", self.counts.ready_of_desired())),
        }
    }

    /// At full strength, and the newest revision does not get on.
    fn stalled(&self, since: Option<Time>) -> Verdict {
        Verdict::degraded(
            "RolloutStalled",
            format!(
                "rollout stalled, old revision still serving: {}, {} of {} updated",
                self.counts.ready_of_desired(),
                self.counts.updated,
                self.counts.desired
            ),
        )
        .since(since)
    }

    fn rolling_out(&self) -> String {
        format!(
            "{}, rolling out: {} of {} updated",
            self.counts.ready_of_desired(),
            self.counts.updated,
            self.counts.desired
        )
    }

    /// Enough pods are ready, and not all of them are available.
    fn settling(&self, rollout: Rollout, notes: &mut Vec<String>) -> Verdict {
        let step = self.moving().and_then(|p| p.last_update_time);
        let settling = Settling {
            evidence: self.evidence,
            desired: self.counts.desired,
            ready: self.counts.ready,
            available: self.counts.available,
            min_ready: self.spec().and_then(|s| s.min_ready_seconds).map_or(0, i64::from),
            moved: self
                .unavailable_since()
                .max(step)
                .max(self.deployment.meta().last_status_write()),
            began: self.unavailable_since(),
        };
        let rolls = rollout == Rollout::InProgress && self.is_moving() == Some(true);
        if settling.is_inside() != Some(true) && settling.pods().is_none() && rolls {
            return Verdict::new(State::Progressing, true, "RolloutInProgress", self.rolling_out())
                .since(self.rollout_began());
        }
        let verdict = settling.verdict();
        if verdict.state == State::Unknown && self.progressing.is_some() {
            notes.push(UNDATED.to_owned());
            return settling.inside();
        }
        verdict
    }

    /// A rollout that leaves it at full strength.
    fn rolling(&self, notes: &mut Vec<String>) -> Verdict {
        let moves = self.is_moving();
        let is_told = moves.is_none() && self.progressing.is_some();
        if is_told {
            notes.push(UNDATED.to_owned());
        }
        match moves.or(is_told.then_some(true)) {
            Some(true) => Verdict::new(State::Progressing, true, "RolloutInProgress", self.rolling_out())
                .since(self.rollout_began()),
            Some(false) => self.stalled(self.rollout_began()),
            None => lifecycle::not_dated(&self.rolling_out()),
        }
    }

    /// Since when a rollout is under way, as far as the object tells: its spec was changed then.
    fn rollout_began(&self) -> Option<Time> {
        let step = self.progressing.and_then(|p| p.last_update_time);
        let changed = self.deployment.meta().last_spec_write();
        changed.into_iter().chain(step).min()
    }

    /// Whether the last step of a rollout at full strength is not too long ago; `None` where nothing dates it. The
    /// Progressing condition does, else the pods or the last change of the object.
    fn is_moving(&self) -> Option<bool> {
        let now = self.evidence.now;
        if let Some(moving) = self.moving() {
            let step = moving.last_update_time.or(moving.last_transition_time)?;
            return Some(now.age(step) < self.step_limit() && !self.takes_too_long());
        }
        let min_ready = self.spec().and_then(|s| s.min_ready_seconds).map_or(0, i64::from);
        let limit = STEP_SECONDS.saturating_add(min_ready.max(0));
        let meta = self.deployment.meta();
        let spec = meta.last_spec_write();
        let pods = self.evidence.pods.as_ref();
        if let Some((newest, of_pod)) = pods.and_then(Pods::newest_step) {
            return Some(spec.is_some_and(|t| now.age(t) < limit) || of_pod.age(newest) < limit);
        }
        let last = meta.last_status_write().max(spec)?;
        Some(now.age(last) < limit && !self.takes_too_long())
    }

    /// All pods are there, and were not a moment ago.
    fn just_recovered(&self) -> Option<Verdict> {
        let (meta, now) = (self.deployment.meta(), self.evidence.now);
        let status = self.deployment.status.as_ref()?;
        let flipped = status
            .recovered()
            .filter(|t| now.is_within(GRACE_SECONDS, *t) && !lifecycle::was_changed_before(meta, *t));
        let rolled = self.progressing.and_then(|p| p.last_update_time);
        let back = self.evidence.pods.as_ref().and_then(Pods::recovered);
        let back = back.filter(|t| rolled.is_none_or(|rolled| rolled < *t));
        let since = flipped.max(back).filter(|_| lifecycle::is_old(meta, now))?;
        Some(lifecycle::just_recovered(
            &self.counts.ready_of_desired(),
            since,
            now,
        ))
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
            lifecycle::negative(&[
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
        let c = &self.counts;
        match () {
            () if lifecycle::is_unobserved(self.deployment.meta(), self.observed) => Rollout::Unobserved,
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

    fn short(&self, rollout: Rollout, notes: &mut Vec<String>) -> Verdict {
        let missing = self.counts.desired.saturating_sub(self.counts.ready);
        let pods = self.evidence.pods.as_ref();
        let failing = Verdict {
            state: self.counts.short_state(),
            healthy: Some(false),
            reason: "ReadyBelowDesired",
            message: self.counts.ready_of_desired(),
            since: self.short_since(missing),
        };
        let stopped = self.progressing.is_some_and(Condition::is_false)
            || self.condition("ReplicaFailure").is_some_and(Condition::is_true)
            || pods.is_some_and(|p| !p.hard_causes().is_empty());
        if stopped {
            return failing;
        }
        if rollout == Rollout::InProgress && self.inside_deadline() {
            return Verdict {
                state: State::Progressing,
                reason: "RolloutInProgress",
                message: self.rolling_out(),
                ..failing
            };
        }
        if rollout == Rollout::Paused {
            return failing;
        }
        let starting = match pods {
            Some(pods) => pods.young() >= missing && !pods.do_not_last(),
            None => self
                .last_step_of_shortage()
                .is_some_and(|t| self.evidence.now.is_within(GRACE_SECONDS, t)),
        };
        if starting {
            if pods.is_none() {
                notes.push("podsNotSeen".into());
            }
            return Verdict {
                state: State::Progressing,
                reason: "PodsStarting",
                message: format!("{}, {missing} starting", self.counts.ready_of_desired()),
                ..failing
            };
        }
        failing
    }

    /// Seconds from one step of a rollout to the next. A Progressing condition that is there although no deadline is asked
    /// for was left behind by an older spec.
    fn step_limit(&self) -> i64 {
        match self.progress_deadline() {
            NO_PROGRESS_DEADLINE => DEFAULT_PROGRESS_DEADLINE,
            deadline => deadline,
        }
    }

    /// Whether the spec was changed longer ago than all steps of the rollout may take: each pod that becomes ready is a step to
    /// the controller, the same one again and again too.
    fn takes_too_long(&self) -> bool {
        let longest = longest_rollout(self.step_limit(), self.counts.desired);
        let changed = self.deployment.meta().last_spec_write();
        changed.is_some_and(|t| self.evidence.now.age(t) >= longest)
    }

    /// Whether the steps of a rollout that falls short can be believed.
    fn gets_on(&self) -> bool {
        let longest = self.step_limit().saturating_mul(DEADLINES);
        let unavailable = self.unavailable_since();
        unavailable.is_none_or(|t| self.evidence.now.age(t) < longest) && !self.takes_too_long()
    }

    /// Whether the rollout still has time before the controller gives up on it.
    fn inside_deadline(&self) -> bool {
        let now = self.evidence.now;
        if let Some(moving) = self.moving() {
            return self.gets_on()
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

    fn unavailable_since(&self) -> Option<Time> {
        self.condition("Available")
            .filter(|c| c.is_false())
            .and_then(|c| c.last_transition_time)
    }

    /// Since when so many pods are missing without a break: since the first moment that anything tells of. The status says
    /// that it is short, so it is since the status was last changed; its condition and its pods may know more. What a
    /// rollout did last is believed where nothing else is known.
    fn short_since(&self, missing: i64) -> Option<Time> {
        let pods = self.evidence.pods.as_ref();
        let told = [
            self.unavailable_since(),
            pods.and_then(|pods| pods.short_since(missing)),
            self.deployment.meta().last_status_write(),
        ];
        told.into_iter().flatten().min().or_else(|| self.last_step())
    }

    /// The last step of a rollout that is not over.
    fn last_step(&self) -> Option<Time> {
        self.progressing
            .filter(|p| p.reason != ROLLOUT_OVER)
            .and_then(|p| p.last_update_time)
    }

    /// How young the shortage can be, where its pods are not known: the newer of the moment at which the Deployment
    /// stopped being Available and the last step of a rollout that is not over.
    fn last_step_of_shortage(&self) -> Option<Time> {
        let step = self.last_step().filter(|_| self.gets_on());
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
                hint: Some(kubectl(&meta.namespace, "rollout status deployment", name)),
                since: stalled.last_transition_time.map(|t| t.to_string()),
                ..Cause::default()
            });
        }
        causes
    }
}
