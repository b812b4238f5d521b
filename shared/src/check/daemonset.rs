//! Whether every node that should run a pod of a DaemonSet has an available one.
//!
//! The counts are of nodes (`updateDaemonSetStatus` in `pkg/controller/daemon/daemon_controller.go` of
//! kubernetes/kubernetes). A DaemonSet that fits no node lacks nothing. A pod on a node that does not fit any more is being
//! deleted, or a taint came after it: a warning. `kubectl rollout status` calls a rollout over once
//! `updatedNumberScheduled` and `numberAvailable` have reached `desiredNumberScheduled`.

use super::lifecycle;
use super::replicas::{ReplicaCounts, Replicas, ReplicasRollout, count};
use super::revision::{RevisionProgress, STEP_SECONDS};
use super::verdict::Verdict;
use super::{Check, Evidence, NewestRevision, Now, Pods};
use crate::kind::{JudgedKind, KindInfo, PodNames};
use crate::report::{Code, Item, Notes, RolloutProgress, State};
use crate::resource::{DaemonSet, DaemonSetStatus, Resource as _};

impl JudgedKind for DaemonSet {
    const INFO: KindInfo = KindInfo {
        short_names: &["ds"],
        by_default: true,
        pods: PodNames::Suffix,
        ..KindInfo::new("daemonset", "DaemonSets")
    };
}

impl Check for DaemonSet {
    const HAS_CONTROLLER_REVISIONS: bool = true;

    fn needs_evidence(&self, item: &Item, now: Now) -> bool {
        super::is_open(item) || lifecycle::may_have_recovered(self.meta(), item, now)
    }

    fn newest_revision<'a>(&'a self, pods: &Pods<'a>) -> NewestRevision<'a> {
        NewestRevision::by_newest_pod(pods, counts(self).updated)
    }

    fn rollout_progress(&self) -> Option<RolloutProgress> {
        Some(RolloutProgress {
            on_delete: self.is_on_delete(),
            ..RolloutProgress::default()
        })
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let counts = counts(self);
        let (mut notes, mut warnings) = (Notes::default(), Vec::new());
        let verdict = verdict(self, counts, evidence, &mut notes);
        let misscheduled = self.misscheduled();
        if !matches!(verdict.state, State::Unknown | State::Terminating) && misscheduled > 0 {
            warnings.push(match misscheduled {
                1 => "1 node runs a pod it should not".to_owned(),
                n => format!("{n} nodes run a pod they should not"),
            });
        }
        Item {
            notes,
            warnings,
            ..counts.item(verdict.item(self))
        }
    }
}

impl DaemonSet {
    /// Nodes that have a pod of it and should not.
    fn misscheduled(&self) -> i64 {
        count(self.status.and_then(|s| s.number_misscheduled))
    }

    fn is_on_delete(&self) -> bool {
        let strategy = self.spec.as_ref().and_then(|s| s.update_strategy.as_ref());
        strategy.is_some_and(|s| s.kind == "OnDelete")
    }

    /// The generation that its controller has acted upon. Protobuf writes 0 for none.
    fn observed(&self) -> Option<i64> {
        let observed = self.status.and_then(|s| s.observed_generation);
        observed.filter(|o| *o != 0)
    }
}

fn counts(set: &DaemonSet) -> ReplicaCounts {
    let status = set.status.unwrap_or_default();
    let desired = count(status.desired_number_scheduled);
    ReplicaCounts {
        desired,
        // Nodes that should run no pod are not counted here.
        replicas: desired,
        ready: count(status.number_ready),
        available: count(status.number_available),
        updated: match (status.updated_number_scheduled, status.observed_generation) {
            // A control plane that writes neither knows no revisions.
            (None, None) => desired,
            (updated, _) => count(updated),
        },
    }
}

fn malformed(set: &DaemonSet, c: ReplicaCounts) -> Option<String> {
    let min_ready = set.spec.as_ref().and_then(|s| s.min_ready_seconds);
    let desired = ("desiredNumberScheduled", c.desired);
    let ready = ("numberReady", c.ready);
    lifecycle::find_negative(&[
        ("spec.minReadySeconds", min_ready.map(i64::from)),
        ("metadata.generation", set.meta().generation),
        ("status.observedGeneration", set.observed()),
        ("status.desiredNumberScheduled", Some(c.desired)),
        ("status.updatedNumberScheduled", Some(c.updated)),
        ("status.numberReady", Some(c.ready)),
        ("status.numberAvailable", Some(c.available)),
        ("status.numberMisscheduled", Some(set.misscheduled())),
    ])
    .or_else(|| lifecycle::find_excess(("updatedNumberScheduled", c.updated), desired))
    .or_else(|| lifecycle::find_excess(ready, desired))
    .or_else(|| lifecycle::find_excess(("numberAvailable", c.available), ready))
}

fn verdict(set: &DaemonSet, c: ReplicaCounts, evidence: &Evidence<'_>, notes: &mut Notes) -> Verdict {
    let meta = set.meta();
    let has_status = set.status.is_some_and(|s| s != DaemonSetStatus::default());
    let is_counted = c.desired > 0 || c.ready > 0;
    let observed = lifecycle::observed_generation(meta, set.observed(), is_counted, notes);
    let preliminary = c.preliminary_verdict(meta, has_status, malformed(set, c), observed, evidence, notes);
    if let Some(verdict) = preliminary {
        return verdict;
    }
    let on_delete = set.is_on_delete();
    if on_delete && c.updated < c.desired {
        notes.push(c.on_delete_note());
    }
    let min_ready = count(set.spec.as_ref().and_then(|s| s.min_ready_seconds));
    // The status does not say whether the last pods of a rollout still start. A recent change of the spec does.
    let changed = meta.generation.is_some_and(|g| g > 1)
        && meta
            .last_spec_write()
            .is_some_and(|t| evidence.now.is_within(STEP_SECONDS.saturating_add(min_ready), t));
    Replicas {
        meta,
        evidence,
        counts: c,
        rollout: (!on_delete).then_some(ReplicasRollout {
            progress: RevisionProgress {
                updated: c.updated,
                wanted: c.desired,
            },
            over: c.updated >= c.desired && !changed,
        }),
        min_ready,
        ordered: false,
        refused: false,
        empty: (Code::NoMatchingNodes, "no node is meant to run it"),
    }
    .verdict(notes)
}
