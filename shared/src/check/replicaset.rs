//! Whether a ReplicaSet that nothing controls has as many ready pods as its spec asks for.
//!
//! Read off the counts that its controller writes (`calculateStatus` in `pkg/controller/replicaset` of
//! kubernetes/kubernetes). It has one revision, so nothing is ever rolled out, and the controller says itself where the
//! API server refuses its pods: the condition `ReplicaFailure` with reason `FailedCreate`. One that a Deployment or
//! another controller owns is left to it, which asks the old ones for no pod.

use super::lifecycle;
use super::replicas::{Replicas, short_state};
use super::{Check, Evidence, Now, cause};
use crate::report::{Item, State};
use crate::resource::{ReplicaSet, ReplicaSetStatus, Resource};

impl Check for ReplicaSet {
    const LEFT_TO_CONTROLLER: bool = true;

    fn speaks_for_controller(&self) -> bool {
        self.spec.as_ref().and_then(|s| s.replicas) != Some(0)
    }

    fn is_worth_a_look(&self, item: &Item, now: Now) -> bool {
        super::is_open(item) || lifecycle::may_have_recovered(self.meta(), item, now)
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        judge(self, Self::KIND, evidence)
    }
}

/// The verdict about a ReplicaSet, or about what is written as one and is called otherwise.
pub(super) fn judge(set: &ReplicaSet, kind: &str, evidence: &Evidence<'_>) -> Item {
    let counts = Counts::of(set);
    let mut notes = Vec::new();
    let verdict = verdict(set, &counts, evidence, &mut notes);
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
        desired: Some(counts.desired),
        ready: Some(counts.ready),
        available: Some(counts.available),
        notes,
        causes: refused.into_iter().collect(),
        ..verdict.item(set)
    }
}

struct Counts {
    desired: i64,
    replicas: i64,
    ready: i64,
    available: i64,
    observed: Option<i64>,
}

impl Counts {
    fn of(set: &ReplicaSet) -> Self {
        let status = set.status.clone().unwrap_or_default();
        let spec = set.spec.clone().unwrap_or_default();
        let count = |n: Option<i32>| i64::from(n.unwrap_or(0));
        Self {
            desired: i64::from(spec.replicas.unwrap_or(1)),
            replicas: count(status.replicas),
            ready: count(status.ready_replicas),
            available: count(status.available_replicas),
            observed: status.observed_generation.filter(|o| *o != 0),
        }
    }

    fn malformed(&self, set: &ReplicaSet) -> Option<String> {
        let min_ready = set.spec.as_ref().and_then(|s| s.min_ready_seconds);
        lifecycle::negative(&[
            ("spec.replicas", Some(self.desired)),
            ("spec.minReadySeconds", min_ready.map(i64::from)),
            ("metadata.generation", set.meta().generation),
            ("status.observedGeneration", self.observed),
            ("status.replicas", Some(self.replicas)),
            ("status.readyReplicas", Some(self.ready)),
            ("status.availableReplicas", Some(self.available)),
        ])
        .or_else(|| lifecycle::more(("readyReplicas", self.ready), ("replicas", self.replicas)))
        .or_else(|| {
            lifecycle::more(
                ("availableReplicas", self.available),
                ("readyReplicas", self.ready),
            )
        })
    }
}

fn verdict(
    set: &ReplicaSet,
    c: &Counts,
    evidence: &Evidence<'_>,
    notes: &mut Vec<String>,
) -> super::verdict::Verdict {
    let meta = set.meta();
    let written = set
        .status
        .as_ref()
        .is_some_and(|s| *s != ReplicaSetStatus::default());
    let observed = lifecycle::observed(meta, c.observed, c.replicas > 0 || c.ready > 0, notes);
    if let Some(verdict) = lifecycle::manifest(meta, written)
        .or_else(|| lifecycle::malformed(c.malformed(set)))
        .or_else(|| lifecycle::deleting(meta, evidence, notes))
        .or_else(|| lifecycle::unobserved(meta, observed, short_state(c.ready), evidence))
    {
        return verdict;
    }
    Replicas {
        meta,
        evidence,
        desired: c.desired,
        ready: c.ready,
        available: c.available,
        existing: c.replicas,
        rollout: None,
        min_ready: i64::from(set.spec.as_ref().and_then(|s| s.min_ready_seconds).unwrap_or(0)),
        ordered: false,
        refused: set.failed_create().is_some(),
        empty: ("ScaledToZero", "scaled to zero"),
    }
    .verdict(notes)
}
