//! Counts of pods of a custom resource that looks like a workload: `spec.replicas` and `status.readyReplicas`, and
//! their other names (`OpenKruise`, `DeploymentConfig`, Cluster API, Strimzi, `CloudNativePG`).

use crate::check::replicas::{ReplicaCounts, Replicas, ReplicasRollout};
use crate::check::revision::RevisionProgress;
use crate::check::verdict::Verdict;
use crate::check::{Evidence, lifecycle};
use crate::report::{Code, Notes};
use crate::resource::{CustomObject, ManagedFieldsEntry, ObjectMeta, Time};

pub(super) struct CustomCounts {
    pub desired: i64,
    pub ready: i64,
    pub available: i64,
    pub updated: Option<i64>,
    existing: i64,
    /// How many pods should have the newest revision, if that is known.
    wanted: Option<i64>,
}

impl CustomCounts {
    /// Reads the counts, if they say how many pods are asked for and how many are ready.
    pub fn read(object: &CustomObject) -> Option<Self> {
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
        // Controllers omit a count of 0. A controller that counts updated pods, or instances, also counts ready ones.
        // One that only counts its pods says nothing.
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
        // Pods that exist and are not ready count as missing, even if the spec asks for none.
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
        lifecycle::find_negative(&[
            ("the number of pods that is asked for", Some(self.desired)),
            ("the number of pods that are ready", Some(self.ready)),
            ("the number of pods that are available", Some(self.available)),
            ("the number of pods that are updated", self.updated),
            ("the number of pods", Some(self.existing)),
        ])
    }

    /// The verdict by the rules of a StatefulSet. `unready_since` is the time at which a condition says that it stopped
    /// being ready.
    pub fn verdict(
        &self,
        meta: &ObjectMeta,
        unready_since: Option<Time>,
        evidence: &Evidence<'_>,
        notes: &mut Notes,
    ) -> Verdict {
        let mut meta = meta.clone();
        meta.managed_fields
            .extend(unready_since.map(|time| ManagedFieldsEntry {
                time: Some(time),
                subresource: "status".into(),
                ..ManagedFieldsEntry::default()
            }));
        let rollout = self
            .updated
            .zip(self.wanted)
            .filter(|(updated, wanted)| updated < wanted);
        Replicas {
            meta: &meta,
            evidence,
            counts: ReplicaCounts {
                desired: self.desired,
                replicas: self.existing,
                ready: self.ready,
                available: self.available,
                updated: self.updated.unwrap_or(self.existing),
            },
            rollout: rollout.map(|(updated, wanted)| ReplicasRollout {
                progress: RevisionProgress { updated, wanted },
                over: false,
            }),
            min_ready: 0,
            ordered: false,
            refused: false,
            empty: (Code::ScaledToZero, "scaled to zero"),
        }
        .verdict(notes)
    }
}
