//! Questions that pods and ReplicaSets leave open, and that events and nodes may answer.

use crate::check::{EvidenceNeeds, EvidenceStore, Now};
use crate::judge::{PodLookup, SearchTarget};
use crate::resource::{Pod, Resource as _};
use std::collections::BTreeSet;

/// The objects that events and nodes may say more about. Each is given by its namespace and its uid.
#[derive(Default)]
pub(super) struct Questions {
    /// Objects whose warnings are read.
    pub warnings: Vec<(String, String)>,
    /// Pods that may wait for a new node.
    pub scale_ups: Vec<(String, String)>,
    /// Names of nodes.
    pub nodes: BTreeSet<String>,
    /// Claims, by namespace and name.
    pub claims: Vec<(String, String)>,
}

impl Questions {
    /// From the objects that a search is about, and the evidence that was found so far.
    pub fn new(targets: &[SearchTarget], evidence: &EvidenceStore, now: Now) -> Self {
        let mut questions = Self::default();
        for target in targets {
            // A workload that creates its pods itself has no condition that says why it cannot.
            let own = i64::try_from(evidence.count_active_pods(&target.uid)).unwrap_or(i64::MAX);
            let creates_pods = matches!(target.pods_by, PodLookup::Selector(_));
            if (creates_pods && own < target.desired) || target.needs_events {
                let place = (target.namespace.clone(), target.uid.clone());
                questions.warnings.push(place);
            }
        }
        for pod in evidence.pods() {
            questions.add_pod(pod, now);
        }
        for set in evidence.replica_sets() {
            // The condition keeps the first reason. The newest event has the present one.
            let conditions = set.status.iter().flat_map(|status| &status.conditions);
            if conditions.into_iter().any(|c| c.kind == "ReplicaFailure") {
                let meta = set.meta();
                let place = (meta.namespace.clone(), meta.uid.clone());
                questions.warnings.push(place);
            }
        }
        questions
    }

    fn add_pod(&mut self, pod: &Pod, now: Now) {
        let (meta, needs) = (pod.meta(), EvidenceNeeds::from_pod(pod, now));
        let place = || (meta.namespace.clone(), meta.uid.clone());
        if needs.events {
            self.warnings.push(place());
        }
        if needs.scale_up {
            self.scale_ups.push(place());
        }
        self.nodes.extend(needs.node.map(str::to_owned));
        if needs.claims {
            let claims = pod
                .claims()
                .map(|claim| (meta.namespace.clone(), claim.to_owned()));
            self.claims.extend(claims);
        }
    }

    /// The uids of all objects whose events are read.
    pub fn uids(&self) -> impl Iterator<Item = &str> {
        let all = self.warnings.iter().chain(&self.scale_ups);
        all.map(|(_, uid)| uid.as_str())
    }
}
