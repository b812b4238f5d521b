//! What the pods of a workload say about its shortage.

use super::cause::{self, Around};
use super::{GRACE_SECONDS, Now};
use crate::report::Cause;
use crate::resource::{Job, Pod, ReplicaSet, Resource as _, Time};

/// The pods of one workload, as far as they are known.
#[derive(Debug, Clone, Default)]
pub struct Pods<'a> {
    /// Pods of the workload, those of its ReplicaSets new and old, each with the time its own age is measured against.
    pub pods: Vec<(&'a Pod, Now)>,
    /// When the newest of its ReplicaSets was created.
    pub newest_replica_set: Option<(Time, Now)>,
    /// Its ReplicaSets, for what keeps them from creating pods.
    pub replica_sets: Vec<&'a ReplicaSet>,
    /// The Jobs of a workload that makes Jobs: first the one whose pods these are, then from new to old.
    pub jobs: Vec<&'a Job>,
    /// Events and nodes, where they are known.
    pub around: Option<&'a Around<'a>>,
}

impl Pods<'_> {
    /// How many active pods are not ready yet and were created within the grace.
    #[must_use]
    pub(super) fn young(&self) -> i64 {
        let young = self.pods.iter().filter(|(pod, now)| {
            pod.is_active()
                && !pod.is_ready()
                && pod
                    .meta()
                    .creation_timestamp
                    .is_some_and(|t| now.is_within(GRACE_SECONDS, t))
        });
        i64::try_from(young.count()).unwrap_or(i64::MAX)
    }

    /// Whether the newest ReplicaSet or pod was created less than `limit` seconds ago; `None` where neither is
    /// known.
    pub(super) fn newest_is_within(&self, limit: i64) -> Option<bool> {
        self.pods
            .iter()
            .filter_map(|(p, now)| p.meta().creation_timestamp.map(|t| (t, *now)))
            .chain(self.newest_replica_set)
            .max_by_key(|(t, _)| *t)
            .map(|(t, now)| now.is_within(limit, t))
    }

    /// What will not pass by itself, one entry a distinct cause.
    pub(super) fn hard_causes(&self) -> Vec<Cause> {
        cause::of_pods(self, |found| found.hard)
    }
}
