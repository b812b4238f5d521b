//! What the pods of a workload say about its shortage.

use super::EventsAndNodes;
use crate::check::cause;
use crate::check::{GRACE_SECONDS, Now};
use crate::report::Cause;
use crate::resource::{Job, Pod, ReplicaSet, Resource as _, Time};

/// So many pods that were made lately and are over already show that new ones do not last.
const DO_NOT_LAST: usize = 3;
/// A pod that is ready again after this many seconds since its container ended has not recovered from that just now.
const RECOVERY_SECONDS: i64 = 600;
/// From so many restarts on they are no accident.
const RESTARTS: i32 = 3;

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
    pub around: Option<&'a EventsAndNodes<'a>>,
}

impl<'a> Pods<'a> {
    fn active(&self) -> impl Iterator<Item = (&'a Pod, Now)> {
        self.pods.iter().copied().filter(|(pod, _)| pod.is_active())
    }

    /// The ready ones, each with since when it is ready.
    fn ready_since(&self) -> impl Iterator<Item = (&'a Pod, Option<Time>, Now)> {
        let ready = |(pod, now): (&'a Pod, Now)| {
            let condition = pod.condition("Ready").filter(|c| c.status == "True")?;
            Some((pod, condition.last_transition_time, now))
        };
        self.active().filter_map(ready)
    }

    /// How many active pods are not ready yet and were created within the grace.
    #[must_use]
    pub(in crate::check) fn young(&self) -> i64 {
        let young = self.active().filter(|(pod, now)| {
            !pod.is_ready()
                && pod
                    .meta()
                    .creation_timestamp
                    .is_some_and(|t| now.is_within(GRACE_SECONDS, t))
        });
        count(young)
    }

    /// Whether one pod after the other is over soon after it was made, so that its youth excuses none.
    pub(in crate::check) fn do_not_last(&self) -> bool {
        cause::replaced_lately(self) >= DO_NOT_LAST
    }

    /// How many are ready.
    pub(in crate::check) fn ready(&self) -> i64 {
        count(self.ready_since())
    }

    /// How many became ready less than `limit` seconds ago, were made less than `oldest` seconds ago and are no crash loop
    /// in its good moments.
    pub(in crate::check) fn settling(&self, limit: i64, oldest: i64) -> i64 {
        let settling = self.ready_since().filter(|(pod, since, now)| {
            let alone = self.only(pod, *now);
            let created = pod.meta().creation_timestamp;
            since.is_none_or(|t| now.age(t) < limit)
                && created.is_none_or(|t| now.age(t) < oldest)
                && cause::of_restarted(&alone, RECOVERY_SECONDS.saturating_add(limit), RESTARTS).is_empty()
        });
        count(settling)
    }

    /// The pod by itself.
    fn only(&self, pod: &'a Pod, now: Now) -> Self {
        Self {
            pods: vec![(pod, now)],
            around: self.around,
            ..Self::default()
        }
    }

    /// When the first of those that are ready and were so for less than `limit` seconds became ready.
    pub(in crate::check) fn settling_since(&self, limit: i64) -> Option<Time> {
        let times = self
            .ready_since()
            .filter_map(|(_, since, now)| Some((since?, now)));
        times.filter(|(t, now)| now.age(*t) < limit).map(|(t, _)| t).min()
    }

    /// Since when so many are missing without a break, as far as the pods that are not ready tell: with more of these than
    /// are missing, some were replaced by others before.
    pub(in crate::check) fn short_since(&self, missing: i64) -> Option<Time> {
        let mut times: Vec<Time> = self
            .active()
            .filter(|(pod, _)| !pod.is_ready())
            .filter_map(|(pod, now)| cause::unready_since(pod, now, self.around))
            .collect();
        times.sort_unstable();
        let others = times.len().saturating_sub(usize::try_from(missing).unwrap_or(0));
        times.get(others.min(times.len().saturating_sub(1))).copied()
    }

    /// Whether the newest ReplicaSet or pod was created less than `limit` seconds ago; `None` where neither is
    /// known.
    pub(in crate::check) fn newest_is_within(&self, limit: i64) -> Option<bool> {
        self.created()
            .max_by_key(|(t, _)| *t)
            .map(|(t, now)| now.is_within(limit, t))
    }

    fn created(&self) -> impl Iterator<Item = (Time, Now)> {
        let pods = self.pods.iter();
        pods.filter_map(|(p, now)| p.meta().creation_timestamp.map(|t| (t, *now)))
            .chain(self.newest_replica_set)
    }

    /// The newest step of a rollout: a pod was made, or is to end. Pods that become ready and lose it again are none.
    pub(in crate::check) fn newest_step(&self) -> Option<(Time, Now)> {
        let ending = self.pods.iter();
        let ending = ending.filter_map(|(p, now)| p.meta().deletion_timestamp.map(|t| (t, *now)));
        self.created().chain(ending).max_by_key(|(t, _)| *t)
    }

    /// When the last of them came back less than a minute ago from a container that had ended not long before. The first
    /// start of a pod is no such thing.
    pub(in crate::check) fn recovered(&self) -> Option<Time> {
        let back = self.ready_since().filter_map(|(pod, since, now)| {
            let since = since.filter(|t| now.is_within(GRACE_SECONDS, *t))?;
            let created = pod.meta().creation_timestamp?;
            let times = if now.age(created) > RECOVERY_SECONDS { 1 } else { 2 };
            let restarted = cause::of_restarted(&self.only(pod, now), RECOVERY_SECONDS, times);
            (!restarted.is_empty()).then_some(since)
        });
        back.max()
    }

    /// What to warn of where all seems well: containers that are restarted again and again.
    pub(in crate::check) fn restarting(&self) -> Vec<String> {
        let causes = cause::of_restarted(self, RECOVERY_SECONDS, RESTARTS);
        let told = |cause: Cause| match cause.count {
            0 | 1 => format!("restarted within the last 10 min: {}", cause.message),
            n => format!("{n} pods restarted within the last 10 min: {}", cause.message),
        };
        causes.into_iter().map(told).collect()
    }

    /// What will not pass by itself, one entry a distinct cause.
    pub(in crate::check) fn hard_causes(&self) -> Vec<Cause> {
        cause::of_pods(self, |found| found.hard)
    }
}

fn count<T>(some: impl Iterator<Item = T>) -> i64 {
    i64::try_from(some.count()).unwrap_or(i64::MAX)
}
