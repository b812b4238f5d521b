//! Which pods of a workload have its newest revision. A wait counts only these: pods of an old one are replaced anyway.

use super::Pods;
use crate::resource::{ObjectMeta, Pod, ReplicaSet, Resource as _};

/// The pods of the newest revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewestRevision<'a> {
    /// All of them: the kind has no revisions.
    Every,
    /// Those of the ReplicaSet with that uid.
    ReplicaSet(&'a str),
    /// Those with that hash ([`Pod::revision`]).
    Hash(&'a str),
    /// None of them has it yet.
    Nothing,
    /// It is not known which have it.
    Unknown,
}

impl<'a> NewestRevision<'a> {
    /// The ReplicaSet with the highest revision in that annotation. An undo gives an old ReplicaSet a new number
    /// (`FindNewReplicaSet` and `SetNewReplicaSetAnnotations` in `pkg/controller/deployment/util` of kubernetes/kubernetes), so
    /// that the time of its creation says nothing.
    pub(super) fn by_annotation(pods: &Pods<'a>, annotation: &str) -> Self {
        let sets = pods.replica_sets.iter().copied();
        let newest = sets.max_by_key(|set: &&ReplicaSet| {
            let meta = set.meta();
            (number(meta, annotation), meta.creation_timestamp)
        });
        newest.map_or(Self::Unknown, |set| Self::ReplicaSet(&set.meta().uid))
    }

    /// The hash of the pod that was created last, if a pod has the newest revision. A DaemonSet does not say which it is, and
    /// creates all pods from its newest template.
    pub(super) fn by_newest_pod(pods: &Pods<'a>, updated: i64) -> Self {
        if updated == 0 {
            return Self::Nothing;
        }
        let active = pods.active_pods().map(|(pod, _)| pod);
        let newest = active.max_by_key(|pod| pod.meta().creation_timestamp);
        newest
            .map(Pod::revision)
            .filter(|hash| !hash.is_empty())
            .map_or(Self::Unknown, Self::Hash)
    }

    /// Whether a pod has it; `None` if that is not known.
    pub(super) fn has(self, pod: &Pod) -> Option<bool> {
        match self {
            Self::Every => Some(true),
            Self::ReplicaSet(uid) => Some(pod.meta().controller().is_some_and(|owner| owner.uid == uid)),
            Self::Hash(hash) => Some(pod.revision() == hash),
            Self::Nothing => Some(false),
            Self::Unknown => None,
        }
    }

    /// How many of one ReplicaSet have it: 1 or none.
    pub(super) fn count_set(self, set: &ReplicaSet) -> Option<u32> {
        match self {
            Self::ReplicaSet(uid) => Some(u32::from(set.meta().uid == uid)),
            _ => None,
        }
    }
}

/// The number of a revision in an annotation.
fn number(meta: &ObjectMeta, annotation: &str) -> Option<u64> {
    meta.annotations.get(annotation)?.parse().ok()
}
