//! Whether a ReplicaSet without a controller has as many ready pods as its spec asks for.
//!
//! By the counts of its controller (`calculateStatus` in `pkg/controller/replicaset` of kubernetes/kubernetes). It has one
//! revision, so nothing is ever rolled out. If the API server refuses its pods, the controller says so itself: the
//! condition `ReplicaFailure` with reason `FailedCreate`. A ReplicaSet of a Deployment or of another controller is left to
//! that controller, which asks the old ones for no pod.

use super::lifecycle;
use super::replicas::{ReplicaCounts, Replicas, count};
use super::verdict::Verdict;
use super::{Check, Evidence, Now, cause};
use crate::kind::{JudgedKind, KindInfo, PodNames};
use crate::report::{Code, Item, Notes, RolloutProgress, State};
use crate::resource::{OwnerReference, ReplicaSet, ReplicaSetStatus, Resource};

impl JudgedKind for ReplicaSet {
    const INFO: KindInfo = KindInfo {
        short_names: &["rs"],
        pods: PodNames::Suffix,
        left_to_controller: true,
        ..KindInfo::new("replicaset", "ReplicaSets")
    };
}

impl Check for ReplicaSet {
    fn responsible_controller(&self) -> Option<&OwnerReference> {
        self.meta().controller()
    }

    fn counts_for_controller(&self) -> bool {
        self.spec.as_ref().and_then(|s| s.replicas) != Some(0)
    }

    fn needs_evidence(&self, item: &Item, now: Now) -> bool {
        super::is_open(item) || lifecycle::may_have_recovered(self.meta(), item, now)
    }

    fn rollout_progress(&self) -> Option<RolloutProgress> {
        Some(rollout_progress(self))
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        judge(self, Self::KIND, evidence)
    }
}

/// How far a ReplicaSet is by its own fields. It has no revisions.
pub(super) fn rollout_progress(set: &ReplicaSet) -> RolloutProgress {
    let status = set.status.as_ref();
    RolloutProgress {
        existing: status.map(|s| count(s.replicas)),
        ..RolloutProgress::default()
    }
}

/// The verdict about a ReplicaSet, or about an object of another kind that is written as one.
pub(super) fn judge(set: &ReplicaSet, kind: &str, evidence: &Evidence<'_>) -> Item {
    let counts = counts(set);
    let mut notes = Notes::default();
    let verdict = verdict(set, counts, evidence, &mut notes);
    let short = matches!(verdict.state, State::Degraded | State::Unavailable);
    let refused = set.failed_create().filter(|_| short).map(|condition| {
        let meta = set.meta();
        cause::refusal(
            &meta.namespace,
            kind,
            &meta.name,
            &condition.message,
            condition.last_transition_time,
        )
    });
    Item {
        kind: kind.to_owned(),
        // It has no revisions.
        updated: None,
        notes,
        causes: refused.into_iter().collect(),
        ..counts.item(verdict.item(set))
    }
}

fn counts(set: &ReplicaSet) -> ReplicaCounts {
    let status = set.status.clone().unwrap_or_default();
    let desired = set.spec.as_ref().and_then(|s| s.replicas);
    let replicas = count(status.replicas);
    ReplicaCounts {
        desired: i64::from(desired.unwrap_or(1)),
        replicas,
        ready: count(status.ready_replicas),
        available: count(status.available_replicas),
        updated: replicas,
    }
}

fn malformed(set: &ReplicaSet, c: ReplicaCounts, observed: Option<i64>) -> Option<String> {
    let min_ready = set.spec.as_ref().and_then(|s| s.min_ready_seconds);
    lifecycle::find_negative(&[
        ("spec.replicas", Some(c.desired)),
        ("spec.minReadySeconds", min_ready.map(i64::from)),
        ("metadata.generation", set.meta().generation),
        ("status.observedGeneration", observed),
        ("status.replicas", Some(c.replicas)),
        ("status.readyReplicas", Some(c.ready)),
        ("status.availableReplicas", Some(c.available)),
    ])
    .or_else(|| c.contradiction())
}

fn verdict(set: &ReplicaSet, c: ReplicaCounts, evidence: &Evidence<'_>, notes: &mut Notes) -> Verdict {
    let meta = set.meta();
    let has_status = set
        .status
        .as_ref()
        .is_some_and(|s| *s != ReplicaSetStatus::default());
    let observed = set.status.as_ref().and_then(|s| s.observed_generation);
    let observed = observed.filter(|o| *o != 0);
    let malformed = malformed(set, c, observed);
    let is_counted = c.replicas > 0 || c.ready > 0;
    let observed = lifecycle::observed_generation(meta, observed, is_counted, notes);
    if let Some(verdict) = c.preliminary_verdict(meta, has_status, malformed, observed, evidence, notes) {
        return verdict;
    }
    Replicas {
        meta,
        evidence,
        counts: c,
        rollout: None,
        min_ready: count(set.spec.as_ref().and_then(|s| s.min_ready_seconds)),
        ordered: false,
        refused: set.failed_create().is_some(),
        empty: (Code::ScaledToZero, "scaled to zero"),
    }
    .verdict(notes)
}
