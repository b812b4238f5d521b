//! Whether a StatefulSet has as many ready pods as its spec asks for.
//!
//! By the counts of the StatefulSet controller (`pkg/controller/statefulset` in kubernetes/kubernetes;
//! `stateful_set_control.go` counts them). A rollout is read as `kubectl rollout status` reads it
//! (`staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go`): with a partition it is over once
//! `replicas - partition` pods are of the newest revision. With `OnDelete` there is no rollout: somebody deletes pods
//! to change them, and the pods serve until then. Pods start in order unless the policy is `Parallel`, so that the first
//! pod that is not ready explains those that were never created.

use super::cause::Sentence;
use super::lifecycle;
use super::replicas::{ReplicaCounts, Replicas, ReplicasRollout, count};
use super::revision::RevisionProgress;
use super::text::kubectl;
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS, NewestRevision, Now, Pods};
use crate::kind::{JudgedKind, KindInfo, PodNames};
use crate::report::{Cause, Code, Item, Notes, ObjectRef, RolloutProgress, State};
use crate::resource::{Pod, Resource as _, StatefulSet, StatefulSetStatus};

impl JudgedKind for StatefulSet {
    const INFO: KindInfo = KindInfo {
        short_names: &["sts"],
        by_default: true,
        pods: PodNames::Suffix,
        ..KindInfo::new("statefulset", "StatefulSets")
    };
}

impl Check for StatefulSet {
    const HAS_CONTROLLER_REVISIONS: bool = true;

    fn needs_evidence(&self, item: &Item, now: Now) -> bool {
        super::is_open(item) || lifecycle::may_have_recovered(self.meta(), item, now)
    }

    fn newest_revision<'a>(&'a self, _pods: &Pods<'a>) -> NewestRevision<'a> {
        let status = self.status.as_ref();
        let hash = status
            .map(|s| s.update_revision.as_str())
            .filter(|hash| !hash.is_empty());
        hash.map_or(NewestRevision::Unknown, NewestRevision::Hash)
    }

    fn rollout_progress(&self) -> Option<RolloutProgress> {
        let status = self.status.as_ref();
        let revision = status
            .map(|s| s.update_revision.clone())
            .filter(|hash| !hash.is_empty());
        let on_delete = self.is_on_delete();
        let partition = Some(self.partition()).filter(|partition| *partition > 0 && !on_delete);
        let wanted = partition.map(|partition| counts(self).desired.saturating_sub(partition).max(0));
        Some(RolloutProgress {
            revision,
            existing: status.map(|s| count(s.replicas)),
            on_delete,
            wanted,
            ..RolloutProgress::default()
        })
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let counts = counts(self);
        let mut notes = Notes::default();
        let verdict = verdict(self, counts, evidence, &mut notes);
        let causes = match verdict.state {
            State::Progressing | State::Degraded | State::Unavailable => forced_rollback(self, evidence),
            _ => None,
        };
        Item {
            notes,
            causes: causes.into_iter().collect(),
            ..counts.item(verdict.item(self))
        }
    }
}

impl StatefulSet {
    /// The generation that its controller has acted upon. Protobuf writes 0 for none.
    fn observed(&self) -> Option<i64> {
        let observed = self.status.as_ref().and_then(|s| s.observed_generation);
        observed.filter(|o| *o != 0)
    }

    /// Pods with a lower ordinal keep the old revision.
    fn partition(&self) -> i64 {
        let strategy = self.spec.as_ref().and_then(|s| s.update_strategy.as_ref());
        let rolling = strategy.and_then(|s| s.rolling_update.as_ref());
        count(rolling.and_then(|r| r.partition))
    }

    fn is_on_delete(&self) -> bool {
        let strategy = self.spec.as_ref().and_then(|s| s.update_strategy.as_ref());
        strategy.is_some_and(|s| s.kind == "OnDelete")
    }
}

fn counts(set: &StatefulSet) -> ReplicaCounts {
    let status = set.status.clone().unwrap_or_default();
    let desired = set.spec.as_ref().and_then(|s| s.replicas);
    ReplicaCounts {
        desired: i64::from(desired.unwrap_or(1)),
        replicas: count(status.replicas),
        ready: count(status.ready_replicas),
        available: count(status.available_replicas.or(status.ready_replicas)),
        updated: match (status.updated_replicas, status.observed_generation) {
            // A control plane that writes neither knows no revisions.
            (None, None) => count(status.replicas),
            (updated, _) => count(updated),
        },
    }
}

fn malformed(set: &StatefulSet, c: ReplicaCounts) -> Option<String> {
    let min_ready = set.spec.as_ref().and_then(|s| s.min_ready_seconds);
    lifecycle::find_negative(&[
        ("spec.replicas", Some(c.desired)),
        ("spec.minReadySeconds", min_ready.map(i64::from)),
        (
            "spec.updateStrategy.rollingUpdate.partition",
            Some(set.partition()),
        ),
        ("metadata.generation", set.meta().generation),
        ("status.observedGeneration", set.observed()),
        ("status.replicas", Some(c.replicas)),
        ("status.updatedReplicas", Some(c.updated)),
        ("status.readyReplicas", Some(c.ready)),
        ("status.availableReplicas", Some(c.available)),
    ])
    .or_else(|| c.contradiction())
}

fn verdict(set: &StatefulSet, c: ReplicaCounts, evidence: &Evidence<'_>, notes: &mut Notes) -> Verdict {
    let meta = set.meta();
    let status = set.status.clone().unwrap_or_default();
    let has_status = status != StatefulSetStatus::default();
    let is_counted = c.replicas > 0 || c.ready > 0;
    let observed = lifecycle::observed_generation(meta, set.observed(), is_counted, notes);
    let preliminary = c.preliminary_verdict(meta, has_status, malformed(set, c), observed, evidence, notes);
    if let Some(verdict) = preliminary {
        return verdict;
    }
    let spec = set.spec.clone().unwrap_or_default();
    let partition = set.partition();
    let is_old = status.current_revision != status.update_revision && !status.update_revision.is_empty();
    let wanted = c.desired.saturating_sub(partition).max(0);
    // The controller makes the newest revision the current one once all pods have it and are ready. With a partition they
    // never do (`completeRollingUpdate`).
    let is_past_partition = partition > 0 && c.updated >= wanted;
    let rollout = (is_old && !set.is_on_delete()).then_some(ReplicasRollout {
        progress: RevisionProgress {
            updated: c.updated,
            wanted,
        },
        over: is_past_partition,
    });
    if set.is_on_delete() && is_old && c.updated < c.desired {
        notes.push(c.on_delete_note());
    }
    if rollout.is_some() && is_past_partition {
        notes.push(format!(
            "{} of {} updated, the others are below the partition {partition}",
            c.updated, c.desired
        ));
    }
    Replicas {
        meta,
        evidence,
        counts: c,
        min_ready: count(spec.min_ready_seconds),
        rollout,
        ordered: spec.pod_management_policy != "Parallel",
        refused: false,
        empty: (Code::ScaledToZero, "scaled to zero"),
    }
    .verdict(notes)
}

/// The cause in a broken pod of an old revision that keeps the newest revision from coming. With `OrderedReady` the
/// controller waits for each pod to be ready before it goes on, even for a pod that the newest spec would repair
/// ("forced rollback" in the documentation of StatefulSets; `processReplica` in `stateful_set_control.go`). Somebody
/// has to delete the pod. Pods below the partition keep the old revision on purpose.
fn forced_rollback(set: &StatefulSet, evidence: &Evidence<'_>) -> Option<Cause> {
    let status = set.status.as_ref()?;
    let policy = set.spec.as_ref().map_or("", |s| s.pod_management_policy.as_str());
    if set.is_on_delete() || policy == "Parallel" || status.update_revision.is_empty() {
        return None;
    }
    let partition = set.partition();
    let is_old = |pod: &Pod| !pod.revision().is_empty() && pod.revision() != status.update_revision;
    let ordinal = |pod: &Pod| pod.meta().name.rsplit_once('-')?.1.parse::<i64>().ok();
    let pods = &evidence.pods.as_ref()?.pods;
    let is_broken = |(pod, now): &&(&Pod, Now)| {
        let created = pod.meta().creation_timestamp;
        pod.is_active()
            && !pod.is_ready()
            && is_old(pod)
            && created.is_none_or(|t| !now.is_within(GRACE_SECONDS, t))
            && ordinal(pod).is_none_or(|ordinal| ordinal >= partition)
    };
    let broken: Vec<&Pod> = pods.iter().filter(is_broken).map(|(pod, _)| *pod).collect();
    let first = broken.iter().min_by_key(|pod| ordinal(pod))?;
    let meta = first.meta();
    let message = format!(
        "pod {} of the old revision {} is not ready, and the controller waits for it before it rolls out {}: delete \
         the pod (forced rollback)",
        meta.name,
        first.revision(),
        status.update_revision
    );
    Some(Cause {
        count: u32::try_from(broken.len()).unwrap_or(u32::MAX),
        example: Some(ObjectRef::named(Pod::KIND, &meta.name)),
        hint: Some(kubectl(&meta.namespace, "delete pod", &meta.name)),
        ..Sentence::without_reason(message).into_cause(Code::ForcedRollback)
    })
}
