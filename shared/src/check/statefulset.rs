//! Whether a StatefulSet has as many ready pods as its spec asks for.
//!
//! Read off the counts that the StatefulSet controller writes (`pkg/controller/statefulset` in kubernetes/kubernetes;
//! `stateful_set_control.go` counts them), and as `kubectl rollout status` reads a rollout
//! (`staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go`): with a partition it is over once
//! `replicas - partition` pods are of the newest revision. With `OnDelete` there is no rollout: pods change when
//! somebody deletes them, and serve until then. Pods start in order unless the policy is `Parallel`, so that the first
//! one that is not ready explains those that were never created.

use super::lifecycle;
use super::replicas::{Replicas, ReplicasRollout, short_state};
use super::text::kubectl;
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS, Now};
use crate::report::{Cause, Item, State};
use crate::resource::{Pod, Resource as _, StatefulSet, StatefulSetStatus};

impl Check for StatefulSet {
    fn is_worth_a_look(&self, item: &Item, now: Now) -> bool {
        super::is_open(item) || lifecycle::may_have_recovered(self.meta(), item, now)
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let counts = Counts::of(self);
        let mut notes = Vec::new();
        let verdict = verdict(self, &counts, evidence, &mut notes);
        let causes = match verdict.state {
            State::Progressing | State::Degraded | State::Unavailable => {
                forced_rollback(self, &counts, evidence)
            }
            _ => None,
        };
        Item {
            desired: Some(counts.desired),
            ready: Some(counts.ready),
            available: Some(counts.available),
            updated: Some(counts.updated),
            notes,
            causes: causes.into_iter().collect(),
            ..verdict.item(self)
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
            updated: match (status.updated_replicas, status.observed_generation) {
                // A control plane that writes neither knows no revisions.
                (None, None) => count(status.replicas),
                (updated, _) => count(updated),
            },
            partition: count(partition),
            observed: status.observed_generation.filter(|o| *o != 0),
        }
    }

    fn malformed(&self, set: &StatefulSet) -> Option<String> {
        let min_ready = set.spec.as_ref().and_then(|s| s.min_ready_seconds);
        lifecycle::negative(&[
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
        .or_else(|| lifecycle::more(("updatedReplicas", self.updated), ("replicas", self.replicas)))
        .or_else(|| lifecycle::more(("readyReplicas", self.ready), ("replicas", self.replicas)))
        .or_else(|| {
            lifecycle::more(
                ("availableReplicas", self.available),
                ("readyReplicas", self.ready),
            )
        })
    }
}

fn verdict(set: &StatefulSet, c: &Counts, evidence: &Evidence<'_>, notes: &mut Vec<String>) -> Verdict {
    let meta = set.meta();
    let status = set.status.clone().unwrap_or_default();
    let written = status != StatefulSetStatus::default();
    let observed = lifecycle::observed(meta, c.observed, c.replicas > 0 || c.ready > 0, notes);
    if let Some(verdict) = lifecycle::manifest(meta, written)
        .or_else(|| lifecycle::malformed(c.malformed(set)))
        .or_else(|| lifecycle::deleting(meta, evidence, notes))
        .or_else(|| lifecycle::unobserved(meta, observed, short_state(c.ready), evidence))
    {
        return verdict;
    }
    let spec = set.spec.clone().unwrap_or_default();
    let on_delete = spec.update_strategy.is_some_and(|s| s.kind == "OnDelete");
    let is_old = status.current_revision != status.update_revision && !status.update_revision.is_empty();
    let wanted = c.desired.saturating_sub(c.partition).max(0);
    // The controller makes the newest revision the current one once all pods have it and are ready, which with a
    // partition they never do (`completeRollingUpdate`).
    let rollout = (is_old && !on_delete).then_some(ReplicasRollout {
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
    Replicas {
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
    .verdict(notes)
}

/// A broken pod of an old revision that keeps the newest from coming: with `OrderedReady` the controller waits for each pod
/// to be ready before it goes on, also for one that the newest spec would mend ("forced rollback" in the documentation of
/// StatefulSets; `processReplica` in `stateful_set_control.go`). Deleting the pod is the way out. Pods below the partition
/// keep the old revision on purpose.
fn forced_rollback(set: &StatefulSet, c: &Counts, evidence: &Evidence<'_>) -> Option<Cause> {
    let status = set.status.as_ref()?;
    let spec = set.spec.clone().unwrap_or_default();
    let on_delete = spec.update_strategy.is_some_and(|s| s.kind == "OnDelete");
    if on_delete || spec.pod_management_policy == "Parallel" || status.update_revision.is_empty() {
        return None;
    }
    let is_old = |pod: &Pod| !pod.revision().is_empty() && pod.revision() != status.update_revision;
    let ordinal = |pod: &Pod| pod.meta().name.rsplit_once('-')?.1.parse::<i64>().ok();
    let pods = &evidence.pods.as_ref()?.pods;
    let waits = |(pod, now): &&(&Pod, Now)| {
        let created = pod.meta().creation_timestamp;
        pod.is_active()
            && !pod.is_ready()
            && is_old(pod)
            && created.is_none_or(|t| !now.is_within(GRACE_SECONDS, t))
            && ordinal(pod).is_none_or(|ordinal| ordinal >= c.partition)
    };
    let broken: Vec<&Pod> = pods.iter().filter(waits).map(|(pod, _)| *pod).collect();
    let first = broken.iter().min_by_key(|pod| ordinal(pod))?;
    let meta = first.meta();
    Some(Cause {
        code: "ForcedRollback".to_owned(),
        message: format!(
            "pod {} of the old revision {} is not ready, and the controller waits for it before it rolls out {}: delete \
             the pod (forced rollback)",
            meta.name,
            first.revision(),
            status.update_revision
        ),
        count: u32::try_from(broken.len()).unwrap_or(u32::MAX),
        example: Some(format!("Pod/{}", meta.name)),
        hint: Some(kubectl(&meta.namespace, "delete pod", &meta.name)),
        ..Cause::default()
    })
}
