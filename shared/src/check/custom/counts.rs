//! Counts of pods of a custom resource that looks like a workload: `spec.replicas` against `status.readyReplicas` and
//! what the same is called elsewhere (`OpenKruise`, `DeploymentConfig`, Cluster API, Strimzi, `CloudNativePG`).

use super::super::Evidence;
use super::super::lifecycle;
use super::super::replicas::{Replicas, ReplicasRollout};
use super::super::verdict::Verdict;
use crate::resource::{CustomObject, ManagedFieldsEntry, ObjectMeta, Time};

pub(super) struct Counts {
    pub desired: i64,
    pub ready: i64,
    pub available: i64,
    pub updated: Option<i64>,
    existing: i64,
    /// How many of the newest revision there shall be, where that is known.
    wanted: Option<i64>,
}

impl Counts {
    /// The counts, where it is told how many pods are asked for and how many are ready.
    pub fn of(object: &CustomObject) -> Option<Self> {
        let status = object.status.as_ref()?;
        let spec = object.spec.clone().unwrap_or_default();
        let first = |names: &[&str]| names.iter().find_map(|name| status.counts.get(*name).copied());
        let existing = first(&["replicas", "instances", "pods", "desiredNumberScheduled"]);
        let ready = first(&["readyReplicas", "readyInstances", "readyPods", "numberReady"]);
        let available = first(&["availableReplicas", "numberAvailable"]);
        let unavailable = first(&["unavailableReplicas"]).filter(|_| ready.is_none() && available.is_none());
        let without = unavailable.map(|n| existing.unwrap_or(0).saturating_sub(n).max(0));
        let asked = spec
            .replicas
            .or(first(&["desiredNumberScheduled", "desiredReplicas"]));
        // Controllers leave a count of 0 out. One that counts updated pods, or instances, counts ready ones as well; one that
        // only says how many there are tells nothing.
        let others = [
            "updatedReplicas",
            "upToDateReplicas",
            "currentReplicas",
            "fullyLabeledReplicas",
            "instances",
        ];
        let is_counted = ready.or(available).or(without).or(first(&others)).is_some();
        let is_at_zero = asked == Some(0) && existing.is_some();
        if !is_counted && !is_at_zero {
            return None;
        }
        // Pods that there are and that are not ready are missing, whatever is asked for.
        let desired = asked.or(existing.filter(|n| *n > 0))?;
        let ready = ready.or(available).or(without).unwrap_or(0);
        let updated = first(&["updatedReplicas", "upToDateReplicas", "updatedNumberScheduled"]);
        let is_partial = ["updateStrategy.partition"]
            .iter()
            .any(|field| spec.words.get(*field).is_some_and(|word| word != "0"));
        Some(Self {
            desired,
            ready,
            available: available.unwrap_or(ready),
            updated,
            existing: existing.unwrap_or(ready),
            wanted: first(&["expectedUpdatedReplicas"]).or((!is_partial).then_some(desired)),
        })
    }

    pub fn malformed(&self) -> Option<String> {
        lifecycle::negative(&[
            ("the number of pods that is asked for", Some(self.desired)),
            ("the number of pods that are ready", Some(self.ready)),
            ("the number of pods that are available", Some(self.available)),
            ("the number of pods that are updated", self.updated),
            ("the number of pods", Some(self.existing)),
        ])
    }

    /// By the rules of a StatefulSet; `fell` is when a condition says that it stopped being ready.
    pub fn verdict(
        &self,
        meta: &ObjectMeta,
        fell: Option<Time>,
        evidence: &Evidence<'_>,
        notes: &mut Vec<String>,
    ) -> Verdict {
        let mut meta = meta.clone();
        meta.managed_fields.extend(fell.map(|time| ManagedFieldsEntry {
            time: Some(time),
            subresource: "status".into(),
        }));
        let rollout = self
            .updated
            .zip(self.wanted)
            .filter(|(updated, wanted)| updated < wanted);
        Replicas {
            meta: &meta,
            evidence,
            desired: self.desired,
            ready: self.ready,
            available: self.available,
            existing: self.existing,
            rollout: rollout.map(|(updated, wanted)| ReplicasRollout {
                updated,
                wanted,
                over: false,
            }),
            min_ready: 0,
            ordered: false,
            refused: false,
            empty: ("ScaledToZero", "scaled to zero"),
        }
        .verdict(notes)
    }
}
