//! Whether a Deployment has as many healthy pods as its spec asks for.
//!
//! Capacity and rollout are read apart, each from the status as the Deployment controller writes it
//! (`pkg/controller/deployment` in kubernetes/kubernetes), and make one state. The condition `Available` proves nothing
//! here: it needs only `replicas - maxUnavailable` pods, which is 3 of 4 by default and can be 0 of 2.
//! `status.unavailableReplicas` is never read: it counts surge pods.

mod progress;

use super::cause::Sentence;
use super::lifecycle::{self, LINGER_SECONDS};
use super::min_ready::MinReadyWait;
use super::replicas::{ReplicaCounts, Shortage, count, still_going};
use super::revision::{RevisionProgress, STEP_SECONDS};
use super::text::kubectl;
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS, Now, Pods, cause};
use crate::kind::{JudgedKind, KindInfo, PodNames};
use crate::report::{Cause, Code, Item, Note, NoteCode, Notes, ObjectRef, State};
use crate::resource::{Condition as _, Deployment, DeploymentCondition, DeploymentStatus, Resource, Time};

/// A Progressing condition about the rollout before this one is soon written anew. So a change that nothing else dates is
/// believed to have begun just now.
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
enum RolloutStage {
    Unobserved,
    Paused,
    Stalled,
    InProgress,
    Complete,
}

impl JudgedKind for Deployment {
    const INFO: KindInfo = KindInfo {
        short_names: &["deploy"],
        by_default: true,
        pods: PodNames::HashAndSuffix,
        ..KindInfo::new("deployment", "Deployments")
    };
}

impl Check for Deployment {
    fn is_worth_a_look(&self, item: &Item, now: Now) -> bool {
        let back = self.status.as_ref().and_then(DeploymentStatus::recovered);
        let flipped = back.is_some_and(|t| now.is_within(GRACE_SECONDS, t));
        // A rollout that has just ended has written the status too.
        let rolled = condition(self, "Progressing").and_then(|c| c.last_update_time);
        let rolls = rolled.is_some_and(|t| now.age(t) < STEP_SECONDS);
        super::is_open(item)
            || (item.reason == Code::Ready && flipped)
            || (!rolls && lifecycle::may_have_recovered(self.meta(), item, now))
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut notes = Notes::default();
        let facts = DeploymentFacts::new(self, evidence, &mut notes);
        let verdict = facts.verdict(&mut notes);
        let causes = match verdict.state {
            State::Progressing | State::Degraded | State::Unavailable => facts.causes(),
            _ => Vec::new(),
        };
        Item {
            notes,
            causes,
            ..facts.counts.item(verdict.item(self))
        }
    }
}

fn condition<'a>(deployment: &'a Deployment, kind: &str) -> Option<&'a DeploymentCondition> {
    deployment.status.as_ref()?.condition(kind)
}

/// What a Deployment and its pods say.
struct DeploymentFacts<'a> {
    deployment: &'a Deployment,
    evidence: &'a Evidence<'a>,
    counts: ReplicaCounts,
    /// Pods on their way out.
    terminating: i64,
    /// The generation that its controller has acted upon.
    observed: Option<i64>,
    progressing: Option<&'a DeploymentCondition>,
}

impl<'a> DeploymentFacts<'a> {
    fn new(deployment: &'a Deployment, evidence: &'a Evidence<'a>, notes: &mut Notes) -> Self {
        let status = deployment.status.clone().unwrap_or_default();
        let desired = deployment.spec.as_ref().and_then(|s| s.replicas);
        let observed = deployment.observed_generation();
        let counts = ReplicaCounts {
            desired: i64::from(desired.unwrap_or(1)),
            replicas: count(status.replicas),
            updated: match (status.updated_replicas, observed) {
                // A control plane that writes neither knows no revisions.
                (None, None) => count(status.replicas),
                (updated, _) => count(updated),
            },
            ready: count(status.ready_replicas),
            available: count(status.available_replicas),
        };
        let is_counted = !status.conditions.is_empty() || counts.replicas > 0 || counts.ready > 0;
        Self {
            deployment,
            evidence,
            counts,
            terminating: count(status.terminating_replicas),
            observed: lifecycle::observed_generation(deployment.meta(), observed, is_counted, notes),
            progressing: condition(deployment, "Progressing"),
        }
    }

    fn verdict(&self, notes: &mut Notes) -> Verdict {
        let status = self.deployment.status.as_ref();
        let written = status.is_some_and(|s| *s != DeploymentStatus::default());
        let preliminary = self.counts.preliminary(
            self.deployment.meta(),
            written,
            self.malformed(),
            self.observed,
            self.evidence,
            notes,
        );
        if let Some(verdict) = preliminary {
            return verdict;
        }
        let stage = self.stage();
        if self.is_paused() {
            let paused = match self.progressing {
                Some(p) if p.is_false() => "paused, its rollout had stalled",
                _ => "paused",
            };
            notes.push(Note::coded(NoteCode::Paused, paused));
        }
        match (self.capacity(), stage) {
            (Capacity::Short | Capacity::None, _) => self.short(stage, notes),
            (Capacity::Full | Capacity::Settling, RolloutStage::Stalled) => {
                self.stalled(self.progressing.and_then(|p| p.last_transition_time))
            }
            (Capacity::Settling, stage) => self.settling(stage, notes),
            (Capacity::Full, RolloutStage::InProgress) => self.rolling(notes),
            (Capacity::ScaledToZero, _) => {
                self.note_pods_still_going(notes);
                Verdict::healthy(Code::ScaledToZero, "scaled to zero")
            }
            (Capacity::Full, _) => self
                .just_recovered()
                .unwrap_or_else(|| Verdict::healthy(Code::Ready, self.counts.ready_of_desired())),
        }
    }

    fn malformed(&self) -> Option<String> {
        let spec = self.deployment.spec.clone().unwrap_or_default();
        let counts = &self.counts;
        lifecycle::negative(&[
            ("spec.replicas", Some(counts.desired)),
            ("status.replicas", Some(counts.replicas)),
            ("status.updatedReplicas", Some(counts.updated)),
            ("status.readyReplicas", Some(counts.ready)),
            ("status.availableReplicas", Some(counts.available)),
            ("status.terminatingReplicas", Some(self.terminating)),
        ])
        .or_else(|| counts.contradiction())
        .or_else(|| {
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

    fn capacity(&self) -> Capacity {
        let c = &self.counts;
        match () {
            () if c.desired == 0 => Capacity::ScaledToZero,
            () if c.available >= c.desired => Capacity::Full,
            () if c.ready >= c.desired => Capacity::Settling,
            () if c.ready > 0 => Capacity::Short,
            () => Capacity::None,
        }
    }

    fn stage(&self) -> RolloutStage {
        let c = &self.counts;
        match () {
            () if lifecycle::is_unobserved(self.deployment.meta(), self.observed) => RolloutStage::Unobserved,
            () if self.is_paused() => RolloutStage::Paused,
            () if self.progressing.is_some_and(DeploymentCondition::is_false) => RolloutStage::Stalled,
            () if c.updated < c.desired
                || c.replicas > c.updated
                || (c.available < c.desired && self.moving().is_some()) =>
            {
                RolloutStage::InProgress
            }
            () => RolloutStage::Complete,
        }
    }

    fn progress(&self) -> RevisionProgress {
        RevisionProgress {
            updated: self.counts.updated,
            wanted: self.counts.desired,
        }
    }

    /// Too few pods are ready.
    fn short(&self, stage: RolloutStage, notes: &mut Notes) -> Verdict {
        let missing = self.counts.missing();
        let pods = self.evidence.pods.as_ref();
        let failing = |kind, is: fn(&DeploymentCondition) -> bool| self.condition(kind).is_some_and(is);
        let has_time = match pods {
            Some(pods) => pods.young() >= missing && !pods.do_not_last(),
            None => self
                .last_step_of_shortage()
                .is_some_and(|t| self.evidence.now.is_within(GRACE_SECONDS, t)),
        };
        let rolls = stage == RolloutStage::InProgress && self.is_inside_deadline();
        Shortage {
            counts: self.counts,
            pods,
            since: self.short_since(missing),
            stopped: failing("Progressing", DeploymentCondition::is_false)
                || failing("ReplicaFailure", DeploymentCondition::is_true),
            rollout: rolls.then(|| self.progress()),
            starting: stage != RolloutStage::Paused && has_time,
        }
        .verdict(notes)
    }

    /// At full strength, and the newest revision does not get on.
    fn stalled(&self, since: Option<Time>) -> Verdict {
        let counted = self.counts.ready_of_desired();
        self.progress().stalled(&counted).since(since)
    }

    /// At full strength, and the newest revision gets on.
    fn in_progress(&self) -> Verdict {
        let counted = self.counts.ready_of_desired();
        let verdict = self.progress().in_progress(counted, true);
        verdict.since(self.rollout_began())
    }

    /// Enough pods are ready, but not all of them are available.
    fn settling(&self, stage: RolloutStage, notes: &mut Notes) -> Verdict {
        let step = self.moving().and_then(|p| p.last_update_time);
        let wait = MinReadyWait {
            evidence: self.evidence,
            desired: self.counts.desired,
            ready: self.counts.ready,
            available: self.counts.available,
            min_ready: self.min_ready(),
            moved: self
                .unavailable_since()
                .max(step)
                .max(self.deployment.meta().last_status_write()),
            began: self.unavailable_since(),
        };
        let rolls = stage == RolloutStage::InProgress && self.is_moving() == Some(true);
        if wait.is_inside() != Some(true) && wait.pods().is_none() && rolls {
            return self.in_progress();
        }
        let verdict = wait.verdict();
        if verdict.state == State::Unknown && self.progressing.is_some() {
            notes.push(UNDATED.to_owned());
            return wait.inside();
        }
        verdict
    }

    /// A rollout at full strength.
    fn rolling(&self, notes: &mut Notes) -> Verdict {
        let moves = self.is_moving();
        let is_reported = moves.is_none() && self.progressing.is_some();
        if is_reported {
            notes.push(UNDATED.to_owned());
        }
        match moves.or(is_reported.then_some(true)) {
            Some(true) => self.in_progress(),
            Some(false) => self.stalled(self.rollout_began()),
            None => {
                let counted = self.counts.ready_of_desired();
                lifecycle::not_dated(self.progress().rolling_out(counted))
            }
        }
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
            self.counts.ready_of_desired(),
            since,
            now,
        ))
    }

    /// Since when so many pods are missing without a break: the first moment that anything dates. The status is short, so
    /// its last change counts; the condition and the pods may know more. The last step of a rollout counts only if
    /// nothing else is known.
    fn short_since(&self, missing: i64) -> Option<Time> {
        let pods = self.evidence.pods.as_ref();
        let times = [
            self.unavailable_since(),
            pods.and_then(|pods| pods.short_since(missing)),
            self.deployment.meta().last_status_write(),
        ];
        times.into_iter().flatten().min().or_else(|| self.last_step())
    }

    fn note_pods_still_going(&self, notes: &mut Notes) {
        let going = self.counts.replicas.max(self.terminating);
        if going == 0 {
            return;
        }
        let changed = self.deployment.meta().last_spec_write();
        let age = changed.map(|t| self.evidence.now.age(t));
        let still_going = still_going(going);
        notes.push(match age {
            Some(age) if age > LINGER_SECONDS => Note::coded(
                NoteCode::PodsLinger,
                format!("{still_going} after {} min", age / 60),
            ),
            _ => still_going.into(),
        });
    }

    /// The reasons that the controller gives, the hardest first.
    fn causes(&self) -> Vec<Cause> {
        let meta = self.deployment.meta();
        if self.stage() == RolloutStage::Unobserved {
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
            let code = Code::from(stalled.reason.as_str());
            let says = if code.is_consequence() {
                Sentence::without_reason(&stalled.message)
            } else {
                Sentence::general(&stalled.message)
            };
            causes.push(Cause {
                example: Some(ObjectRef::named(Deployment::KIND, name)),
                hint: Some(kubectl(&meta.namespace, "rollout status deployment", name)),
                since: stalled.last_transition_time.map(|t| t.to_string()),
                ..says.into_cause(code)
            });
        }
        causes
    }
}
