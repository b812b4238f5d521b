//! Whether every node that a DaemonSet is meant for has an available pod of it.
//!
//! The counts are of nodes (`updateDaemonSetStatus` in `pkg/controller/daemon/daemon_controller.go` of
//! kubernetes/kubernetes). Where no node is meant, there is nothing to fall short of. Pods on nodes that are not meant
//! any more are on their way out, or a taint came after them: a warning. `kubectl rollout status` calls a rollout over
//! once `updatedNumberScheduled` and `numberAvailable` have reached `desiredNumberScheduled`.

use super::lifecycle;
use super::replicas::{Replicas, ReplicasRollout, STEP_SECONDS, short_state};
use super::verdict::Verdict;
use super::{Check, Evidence, Now};
use crate::report::{Item, State};
use crate::resource::{DaemonSet, DaemonSetStatus, Resource as _};

impl Check for DaemonSet {
    fn is_worth_a_look(&self, item: &Item, now: Now) -> bool {
        super::is_open(item) || lifecycle::may_have_recovered(self.meta(), item, now)
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let counts = Counts::of(self);
        let (mut notes, mut warnings) = (Vec::new(), Vec::new());
        let verdict = verdict(self, &counts, evidence, &mut notes);
        if !matches!(verdict.state, State::Unknown | State::Terminating) && counts.misscheduled > 0 {
            let pods = if counts.misscheduled == 1 {
                "node has"
            } else {
                "nodes have"
            };
            warnings.push(format!(
                "{} {pods} a pod and should have none",
                counts.misscheduled
            ));
        }
        Item {
            desired: Some(counts.desired),
            ready: Some(counts.ready),
            available: Some(counts.available),
            updated: Some(counts.updated),
            notes,
            warnings,
            ..verdict.item(self)
        }
    }
}

struct Counts {
    desired: i64,
    ready: i64,
    available: i64,
    updated: i64,
    misscheduled: i64,
    observed: Option<i64>,
}

impl Counts {
    fn of(set: &DaemonSet) -> Self {
        let status = set.status.unwrap_or_default();
        let count = |n: Option<i32>| i64::from(n.unwrap_or(0));
        Self {
            desired: count(status.desired_number_scheduled),
            ready: count(status.number_ready),
            available: count(status.number_available),
            updated: match (status.updated_number_scheduled, status.observed_generation) {
                // A control plane that writes neither knows no revisions.
                (None, None) => count(status.desired_number_scheduled),
                (updated, _) => count(updated),
            },
            misscheduled: count(status.number_misscheduled),
            observed: status.observed_generation.filter(|o| *o != 0),
        }
    }

    fn malformed(&self, set: &DaemonSet) -> Option<String> {
        let min_ready = set.spec.as_ref().and_then(|s| s.min_ready_seconds);
        let desired = ("desiredNumberScheduled", self.desired);
        lifecycle::negative(&[
            ("spec.minReadySeconds", min_ready.map(i64::from)),
            ("metadata.generation", set.meta().generation),
            ("status.observedGeneration", self.observed),
            ("status.desiredNumberScheduled", Some(self.desired)),
            ("status.updatedNumberScheduled", Some(self.updated)),
            ("status.numberReady", Some(self.ready)),
            ("status.numberAvailable", Some(self.available)),
            ("status.numberMisscheduled", Some(self.misscheduled)),
        ])
        .or_else(|| lifecycle::more(("updatedNumberScheduled", self.updated), desired))
        .or_else(|| lifecycle::more(("numberReady", self.ready), desired))
        .or_else(|| lifecycle::more(("numberAvailable", self.available), ("numberReady", self.ready)))
    }
}

fn verdict(set: &DaemonSet, c: &Counts, evidence: &Evidence<'_>, notes: &mut Vec<String>) -> Verdict {
    let meta = set.meta();
    let written = set.status.is_some_and(|s| s != DaemonSetStatus::default());
    let observed = lifecycle::observed(meta, c.observed, c.desired > 0 || c.ready > 0, notes);
    if let Some(verdict) = lifecycle::manifest(meta, written)
        .or_else(|| lifecycle::malformed(c.malformed(set)))
        .or_else(|| lifecycle::deleting(meta, evidence, notes))
        .or_else(|| lifecycle::unobserved(meta, observed, short_state(c.ready), evidence))
    {
        return verdict;
    }
    let strategy = set.spec.as_ref().and_then(|s| s.update_strategy.as_ref());
    let on_delete = strategy.is_some_and(|s| s.kind == "OnDelete");
    if on_delete && c.updated < c.desired {
        notes.push(format!(
            "{} of {} updated, the others once they are deleted (OnDelete)",
            c.updated, c.desired
        ));
    }
    let min_ready = i64::from(set.spec.as_ref().and_then(|s| s.min_ready_seconds).unwrap_or(0));
    // The status does not tell that the last pods of a rollout still start: the spec was changed not long ago.
    let changed = meta.generation.is_some_and(|g| g > 1)
        && meta
            .last_spec_write()
            .is_some_and(|t| evidence.now.is_within(STEP_SECONDS.saturating_add(min_ready), t));
    Replicas {
        meta,
        evidence,
        desired: c.desired,
        ready: c.ready,
        available: c.available,
        existing: 0,
        rollout: (!on_delete).then_some(ReplicasRollout {
            updated: c.updated,
            wanted: c.desired,
            over: c.updated >= c.desired && !changed,
        }),
        min_ready,
        ordered: false,
        refused: false,
        empty: ("NoMatchingNodes", "no node is meant to run it"),
    }
    .verdict(notes)
}
