//! Whether a Deployment has as many healthy pods as its spec asks for.
//!
//! Capacity and rollout are read separately, each from the status as the Deployment controller writes it
//! (`pkg/controller/deployment` in kubernetes/kubernetes), and give one state together. The condition `Available`
//! proves nothing here: it needs only `replicas - maxUnavailable` pods, which is 3 of 4 by default and can be 0 of 2.
//! `status.unavailableReplicas` is never read: it counts surge pods.

mod progress;

use super::cause::Sentence;
use super::lifecycle::{self, LINGER_SECONDS};
use super::min_ready::MinReadyWait;
use super::replicas::{ReplicaCounts, Shortage, count, lingering_pods};
use super::revision::{RevisionProgress, STEP_SECONDS};
use super::text::kubectl;
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS, NewestRevision, Now, Pods, cause};
use crate::kind::{JudgedKind, KindInfo, PodNames};
use crate::report::{Cause, Code, Item, Note, NoteCode, Notes, ObjectRef, RolloutProgress, State};
use crate::resource::{
    Condition as _, DEPLOYMENT_REVISION, Deployment, DeploymentCondition, DeploymentStatus, Resource, Time,
};

/// A Progressing condition about the rollout before this one is soon written anew. So a change that nothing else
/// dates is believed to have begun just now.
const UNDATED: &str = "nothing says since when";

/// How many pods are ready and available of those asked for. The first that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Capacity {
    ScaledToZero,
    Full,
    /// Ready, and still inside `minReadySeconds`.
    Settling,
    Short,
    None,
}

/// The stage of the newest revision. The first that fits.
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
    fn needs_evidence(&self, item: &Item, now: Now) -> bool {
        let back = self.status.as_ref().and_then(DeploymentStatus::recovered);
        let flipped = back.is_some_and(|t| now.is_within(GRACE_SECONDS, t));
        // A rollout that has just ended has written the status too.
        let rolled = condition(self, "Progressing").and_then(|c| c.last_update_time);
        let rolls = rolled.is_some_and(|t| now.age(t) < STEP_SECONDS);
        super::is_open(item)
            || (item.reason == Code::Ready && flipped)
            || (!rolls && lifecycle::may_have_recovered(self.meta(), item, now))
    }

    fn newest_revision<'a>(&'a self, pods: &Pods<'a>) -> NewestRevision<'a> {
        NewestRevision::by_annotation(pods, DEPLOYMENT_REVISION)
    }

    fn rollout_progress(&self) -> Option<RolloutProgress> {
        Some(progress::rollout_progress(self))
    }

    /// A paused rollout is the cause of a shortage if nothing else is.
    fn causes(&self, item: &Item, evidence: &Evidence<'_>) -> Vec<Cause> {
        let mut causes = cause::workload_causes(self, item, evidence);
        if causes.is_empty() && item.causes.is_empty() && item.notes.has(NoteCode::Paused) {
            let meta = self.meta();
            causes.push(Cause {
                example: Some(ObjectRef::named(Self::KIND, &meta.name)),
                hint: Some(kubectl(
                    &meta.namespace,
                    "rollout resume",
                    &format!("deployment/{}", meta.name),
                )),
                ..Sentence::without_reason("no pod of a new revision is made until its rollout is resumed")
                    .into_cause(Code::RolloutPaused)
            });
        }
        causes
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

/// A Deployment with its counts and its evidence.
struct DeploymentFacts<'a> {
    deployment: &'a Deployment,
    evidence: &'a Evidence<'a>,
    counts: ReplicaCounts,
    /// Pods that are being deleted.
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
        let has_status = status.is_some_and(|s| *s != DeploymentStatus::default());
        let preliminary = self.counts.preliminary_verdict(
            self.deployment.meta(),
            has_status,
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
            (Capacity::Short | Capacity::None, _) => self.shortage_verdict(stage, notes),
            (Capacity::Full | Capacity::Settling, RolloutStage::Stalled) => {
                self.stalled_verdict(self.progressing.and_then(|p| p.last_transition_time))
            }
            (Capacity::Settling, stage) => self.settling_verdict(stage, notes),
            (Capacity::Full, RolloutStage::InProgress) => self.rollout_verdict(notes),
            (Capacity::ScaledToZero, _) => {
                self.note_lingering_pods(notes);
                Verdict::healthy(Code::ScaledToZero, "scaled to zero")
            }
            (Capacity::Full, _) => self
                .recovery_verdict()
                .unwrap_or_else(|| Verdict::healthy(Code::Ready, self.counts.ready_text())),
        }
    }

    fn malformed(&self) -> Option<String> {
        let spec = self.deployment.spec.clone().unwrap_or_default();
        let counts = &self.counts;
        lifecycle::find_negative(&[
            ("spec.replicas", Some(counts.desired)),
            ("status.replicas", Some(counts.replicas)),
            ("status.updatedReplicas", Some(counts.updated)),
            ("status.readyReplicas", Some(counts.ready)),
            ("status.availableReplicas", Some(counts.available)),
            ("status.terminatingReplicas", Some(self.terminating)),
        ])
        .or_else(|| counts.contradiction())
        .or_else(|| {
            lifecycle::find_negative(&[
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
                || (c.available < c.desired && self.unfinished_progress().is_some()) =>
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
    fn shortage_verdict(&self, stage: RolloutStage, notes: &mut Notes) -> Verdict {
        let missing = self.counts.missing();
        let pods = self.evidence.pods.as_ref();
        let failing = |kind, is: fn(&DeploymentCondition) -> bool| self.condition(kind).is_some_and(is);
        let has_time = match pods {
            Some(pods) => pods.count_young() >= missing && !pods.are_short_lived(),
            None => self
                .last_step_of_shortage()
                .is_some_and(|t| self.evidence.now.is_within(GRACE_SECONDS, t)),
        };
        let rolls = stage == RolloutStage::InProgress && self.is_inside_deadline();
        Shortage {
            counts: self.counts,
            pods,
            since: self.shortage_start(missing),
            stopped: failing("Progressing", DeploymentCondition::is_false)
                || failing("ReplicaFailure", DeploymentCondition::is_true),
            rollout: rolls.then(|| self.progress()),
            starting: stage != RolloutStage::Paused && has_time,
        }
        .verdict(notes)
    }

    /// The verdict at full strength if the newest revision makes no progress.
    fn stalled_verdict(&self, since: Option<Time>) -> Verdict {
        let counted = self.counts.ready_text();
        self.progress().stalled_verdict(&counted).since(since)
    }

    /// The verdict at full strength while the newest revision makes progress.
    fn progress_verdict(&self) -> Verdict {
        let counted = self.counts.ready_text();
        let verdict = self.progress().progress_verdict(counted, true);
        verdict.since(self.rollout_start())
    }

    /// The verdict if enough pods are ready, but not all of them are available.
    fn settling_verdict(&self, stage: RolloutStage, notes: &mut Notes) -> Verdict {
        let step = self.unfinished_progress().and_then(|p| p.last_update_time);
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
        let rolls = stage == RolloutStage::InProgress && self.makes_progress() == Some(true);
        if wait.is_in_time() != Some(true) && wait.pods().is_none() && rolls {
            return self.progress_verdict();
        }
        let verdict = wait.verdict();
        if verdict.state == State::Unknown && self.progressing.is_some() {
            notes.push(UNDATED.to_owned());
            return wait.settling_verdict();
        }
        verdict
    }

    /// The verdict about a rollout at full strength.
    fn rollout_verdict(&self, notes: &mut Notes) -> Verdict {
        let moves = self.makes_progress();
        let is_reported = moves.is_none() && self.progressing.is_some();
        if is_reported {
            notes.push(UNDATED.to_owned());
        }
        match moves.or(is_reported.then_some(true)) {
            Some(true) => self.progress_verdict(),
            Some(false) => self.stalled_verdict(self.rollout_start()),
            None => {
                let counted = self.counts.ready_text();
                lifecycle::undated_verdict(self.progress().rollout_text(counted))
            }
        }
    }

    /// The verdict if all pods are ready, and were not a moment ago.
    fn recovery_verdict(&self) -> Option<Verdict> {
        let (meta, now) = (self.deployment.meta(), self.evidence.now);
        let status = self.deployment.status.as_ref()?;
        let pods = self.evidence.pods.as_ref();
        let newest = pods.and_then(Pods::newest_step).map(|(time, _)| time);
        let was_changed = |time: Time| {
            lifecycle::was_changed_before(meta, time) || lifecycle::was_scaled_before(meta, newest, time)
        };
        let flipped = status
            .recovered()
            .filter(|t| now.is_within(GRACE_SECONDS, *t) && !was_changed(*t));
        let rolled = self.progressing.and_then(|p| p.last_update_time);
        let back = pods.and_then(Pods::recovery_time);
        let back = back.filter(|t| rolled.is_none_or(|rolled| rolled < *t));
        let since = flipped.max(back).filter(|_| lifecycle::is_old(meta, now))?;
        Some(lifecycle::recovery_verdict(self.counts.ready_text(), since, now))
    }

    /// Since when this many pods are missing without a break: the first time that any of these gives. The status has
    /// been short since its last change at least; the condition and the pods may know an earlier time. The last step of
    /// a rollout counts only if nothing else is known.
    fn shortage_start(&self, missing: i64) -> Option<Time> {
        let pods = self.evidence.pods.as_ref();
        let times = [
            self.unavailable_since(),
            pods.and_then(|pods| pods.shortage_start(missing)),
            self.deployment.meta().last_status_write(),
        ];
        times.into_iter().flatten().min().or_else(|| self.last_step())
    }

    fn note_lingering_pods(&self, notes: &mut Notes) {
        let going = self.counts.replicas.max(self.terminating);
        if going == 0 {
            return;
        }
        let changed = self.deployment.meta().last_spec_write();
        let age = changed.map(|t| self.evidence.now.age(t));
        let lingering = lingering_pods(going);
        notes.push(match age {
            Some(age) if age > LINGER_SECONDS => Note::coded(
                NoteCode::PodsLinger,
                format!("{lingering} after {} min", age / 60),
            ),
            _ => lingering.into(),
        });
    }

    /// The causes in the conditions of the controller, the hardest first.
    fn causes(&self) -> Vec<Cause> {
        let meta = self.deployment.meta();
        if self.stage() == RolloutStage::Unobserved {
            // Its conditions are about an older spec.
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
                hint: Some(kubectl(&meta.namespace, "describe deployment", name)),
                since: stalled.last_transition_time.map(|t| t.to_string()),
                ..says.into_cause(code)
            });
        }
        causes
    }
}
