//! Whether a StatefulSet has as many ready pods as its spec asks for.
//!
//! Read off the counts that the StatefulSet controller writes (`pkg/controller/statefulset` in kubernetes/kubernetes;
//! `stateful_set_control.go` counts them), and as `kubectl rollout status` reads a rollout
//! (`staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go`): with a partition it is over once
//! `replicas - partition` pods are of the newest revision. With `OnDelete` there is no rollout: pods change when
//! somebody deletes them, and serve until then. Pods start in order unless the policy is `Parallel`, so that the first
//! one that is not ready explains those that were never created.

use super::common::{self, Finding};
use super::workload::{Rollout, Workload, short_state};
use super::{Evidence, Judged};
use crate::report::Item;
use crate::resource::{Resource as _, StatefulSet, StatefulSetStatus};

impl Judged for StatefulSet {
    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let counts = Counts::of(self);
        let mut notes = Vec::new();
        let finding = finding(self, &counts, evidence, &mut notes);
        Item {
            desired: Some(counts.desired),
            ready: Some(counts.ready),
            available: Some(counts.available),
            updated: Some(counts.updated),
            notes,
            ..finding.item(self)
        }
    }
}

struct Counts {
    desired: i64,
    replicas: i64,
    ready: i64,
    available: i64,
    updated: i64,
    partition: i64,
    observed: Option<i64>,
}

impl Counts {
    fn of(set: &StatefulSet) -> Self {
        let status = set.status.clone().unwrap_or_default();
        let spec = set.spec.clone().unwrap_or_default();
        let count = |n: Option<i32>| i64::from(n.unwrap_or(0));
        let partition = spec
            .update_strategy
            .and_then(|s| s.rolling_update)
            .and_then(|r| r.partition);
        Self {
            desired: i64::from(spec.replicas.unwrap_or(1)),
            replicas: count(status.replicas),
            ready: count(status.ready_replicas),
            available: count(status.available_replicas.or(status.ready_replicas)),
            updated: count(status.updated_replicas),
            partition: count(partition),
            observed: status.observed_generation.filter(|o| *o != 0),
        }
    }

    fn malformed(&self, set: &StatefulSet) -> Option<String> {
        let min_ready = set.spec.as_ref().and_then(|s| s.min_ready_seconds);
        common::negative(&[
            ("spec.replicas", Some(self.desired)),
            ("spec.minReadySeconds", min_ready.map(i64::from)),
            (
                "spec.updateStrategy.rollingUpdate.partition",
                Some(self.partition),
            ),
            ("metadata.generation", set.meta().generation),
            ("status.observedGeneration", self.observed),
            ("status.replicas", Some(self.replicas)),
            ("status.updatedReplicas", Some(self.updated)),
            ("status.readyReplicas", Some(self.ready)),
            ("status.availableReplicas", Some(self.available)),
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
}

fn finding(set: &StatefulSet, c: &Counts, evidence: &Evidence<'_>, notes: &mut Vec<String>) -> Finding {
    let meta = set.meta();
    let status = set.status.clone().unwrap_or_default();
    let written = status != StatefulSetStatus::default();
    if let Some(finding) = common::manifest(meta, written)
        .or_else(|| common::malformed(c.malformed(set)))
        .or_else(|| common::deleting(meta, evidence, notes))
        .or_else(|| common::unobserved(meta, c.observed, short_state(c.ready), evidence))
    {
        return finding;
    }
    let spec = set.spec.clone().unwrap_or_default();
    let on_delete = spec.update_strategy.is_some_and(|s| s.kind == "OnDelete");
    let is_old = status.current_revision != status.update_revision && !status.update_revision.is_empty();
    let wanted = (c.desired - c.partition).max(0);
    // The controller makes the newest revision the current one once all pods have it and are ready, which with a
    // partition they never do (`completeRollingUpdate`).
    let rollout = (is_old && !on_delete).then_some(Rollout {
        updated: c.updated,
        wanted,
        over: c.partition > 0 && c.updated >= wanted,
    });
    if on_delete && is_old && c.updated < c.desired {
        notes.push(format!(
            "{} of {} updated, the others once they are deleted (OnDelete)",
            c.updated, c.desired
        ));
    }
    if is_old && !on_delete && c.partition > 0 && c.updated >= wanted {
        notes.push(format!(
            "{} of {} updated, the others are below the partition {}",
            c.updated, c.desired, c.partition
        ));
    }
    Workload {
        meta,
        evidence,
        desired: c.desired,
        ready: c.ready,
        available: c.available,
        existing: c.replicas,
        min_ready: i64::from(spec.min_ready_seconds.unwrap_or(0)),
        rollout,
        ordered: spec.pod_management_policy != "Parallel",
        refused: false,
        empty: ("ScaledToZero", "scaled to zero"),
    }
    .finding(notes)
}
