//! Pods as the kinds need them that select pods or are mounted by them: labels, claims, and the stage of each.

use super::{Related, RelatedKind, RelatedObjects};
use crate::resource::{Pod, Resource as _, Time};
use std::collections::BTreeMap;

/// The fields of a pod that others need.
#[derive(Debug, Clone)]
pub(in crate::check) struct PodFacts {
    pub name: String,
    pub uid: String,
    pub created: Option<Time>,
    pub labels: BTreeMap<String, String>,
    pub claims: Vec<String>,
    pub stage: PodStage,
    /// Whether it is held by a scheduling gate.
    pub gated: bool,
}

/// The stage of a pod's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum PodStage {
    Active,
    /// Being deleted, and not ended yet.
    Leaving,
    Failed,
    Succeeded,
}

impl RelatedObjects {
    /// The pods of a namespace; `None` if they were not seen.
    pub(in crate::check) fn pods(&self, namespace: &str) -> Option<&[PodFacts]> {
        self.is_seen(RelatedKind::Pods, namespace)
            .then(|| self.pods.get(namespace).map_or(&[][..], Vec::as_slice))
    }
}

impl Related for Pod {
    fn add_to(&self, known: &mut RelatedObjects) {
        let meta = self.meta();
        let phase = self.status.as_ref().map_or("", |s| s.phase.as_str());
        let facts = PodFacts {
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            created: meta.creation_timestamp,
            labels: meta.labels.clone(),
            claims: self.claims().map(str::to_owned).collect(),
            stage: if phase == "Succeeded" {
                PodStage::Succeeded
            } else if phase == "Failed" {
                PodStage::Failed
            } else if self.is_active() {
                PodStage::Active
            } else {
                PodStage::Leaving
            },
            gated: self.is_gated(),
        };
        known.pods.entry(meta.namespace.clone()).or_default().push(facts);
    }
}
