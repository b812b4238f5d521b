//! The pods of a workload: which are ready, which are young, and the newest step of a rollout among them.

use super::EventsAndNodes;
use crate::check::{GRACE_SECONDS, Now};
use crate::resource::{Condition as _, Job, Pod, ReplicaSet, Resource as _, Time};

/// The pods of one workload, as far as they are known.
#[derive(Debug, Clone, Default)]
pub struct Pods<'a> {
    /// The pods of the workload and of all its ReplicaSets, each with the time against which its age is measured.
    pub pods: Vec<(&'a Pod, Now)>,
    /// When the newest of its ReplicaSets was created.
    pub newest_replica_set: Option<(Time, Now)>,
    /// Its ReplicaSets. Their conditions say why they cannot create pods.
    pub replica_sets: Vec<&'a ReplicaSet>,
    /// The Jobs of a workload that makes Jobs: first the one that these pods belong to, then the others from new to
    /// old.
    pub jobs: Vec<&'a Job>,
    /// Events and nodes, if they are known.
    pub events_and_nodes: Option<&'a EventsAndNodes<'a>>,
}

impl<'a> Pods<'a> {
    /// The pods that have not ended and are not being deleted.
    pub(in crate::check) fn active_pods(&self) -> impl Iterator<Item = (&'a Pod, Now)> {
        self.pods.iter().copied().filter(|(pod, _)| pod.is_active())
    }

    /// The ready pods, each with the time at which it became ready.
    pub(in crate::check) fn ready_times(&self) -> impl Iterator<Item = (&'a Pod, Option<Time>, Now)> {
        let ready = |(pod, now): (&'a Pod, Now)| {
            let condition = pod.condition("Ready").filter(|c| c.is_true())?;
            Some((pod, condition.last_transition_time, now))
        };
        self.active_pods().filter_map(ready)
    }

    /// How many active pods are not ready yet and were created within the grace.
    #[must_use]
    pub(in crate::check) fn count_young(&self) -> i64 {
        let young = self.active_pods().filter(|(pod, now)| {
            !pod.is_ready()
                && pod
                    .meta()
                    .creation_timestamp
                    .is_some_and(|t| now.is_within(GRACE_SECONDS, t))
        });
        count_all(young)
    }

    /// How many pods are ready.
    pub(in crate::check) fn count_ready(&self) -> i64 {
        count_all(self.ready_times())
    }

    /// When the oldest of the pods became ready that are ready for less than `limit` seconds.
    pub(in crate::check) fn settling_start(&self, limit: i64) -> Option<Time> {
        let times = self
            .ready_times()
            .filter_map(|(_, since, now)| Some((since?, now)));
        times.filter(|(t, now)| now.age(*t) < limit).map(|(t, _)| t).min()
    }

    /// Whether the newest ReplicaSet or pod was created less than `limit` seconds ago; `None` if neither is known.
    pub(in crate::check) fn newest_is_within(&self, limit: i64) -> Option<bool> {
        self.creation_times()
            .max_by_key(|(t, _)| *t)
            .map(|(t, now)| now.is_within(limit, t))
    }

    fn creation_times(&self) -> impl Iterator<Item = (Time, Now)> {
        let pods = self.pods.iter();
        pods.filter_map(|(p, now)| p.meta().creation_timestamp.map(|t| (t, *now)))
            .chain(self.newest_replica_set)
    }

    /// The newest step of a rollout: a pod was created, or is being deleted. A pod that becomes ready and loses it
    /// again makes no step.
    pub(in crate::check) fn newest_step(&self) -> Option<(Time, Now)> {
        let ending = self.pods.iter();
        let ending = ending.filter_map(|(p, now)| p.meta().deletion_timestamp.map(|t| (t, *now)));
        self.creation_times().chain(ending).max_by_key(|(t, _)| *t)
    }
}

/// How many there are.
pub(in crate::check) fn count_all<T>(some: impl Iterator<Item = T>) -> i64 {
    i64::try_from(some.count()).unwrap_or(i64::MAX)
}
