//! What the pods of a workload say about its shortage.

use super::EventsAndNodes;
use crate::check::cause;
use crate::check::{GRACE_SECONDS, Now};
use crate::report::Cause;
use crate::resource::{Condition as _, Job, Pod, ReplicaSet, Resource as _, Time};

/// So many pods that were created lately and have already ended show that new ones do not last.
const DO_NOT_LAST: usize = 3;
/// A pod that becomes ready later than this many seconds after its container ended has not just recovered from that.
const RECOVERY_SECONDS: i64 = 600;
/// This many restarts are no accident.
const RESTARTS: i32 = 3;

/// The pods of one workload, as far as they are known.
#[derive(Debug, Clone, Default)]
pub struct Pods<'a> {
    /// The pods of the workload and of all its ReplicaSets, each with the time against which its age is measured.
    pub pods: Vec<(&'a Pod, Now)>,
    /// When the newest of its ReplicaSets was created.
    pub newest_replica_set: Option<(Time, Now)>,
    /// Its ReplicaSets, which say what keeps them from creating pods.
    pub replica_sets: Vec<&'a ReplicaSet>,
    /// The Jobs of a workload that makes Jobs: first the one that these pods belong to, then the others from new to
    /// old.
    pub jobs: Vec<&'a Job>,
    /// Events and nodes, if they are known.
    pub around: Option<&'a EventsAndNodes<'a>>,
}

impl<'a> Pods<'a> {
    fn active(&self) -> impl Iterator<Item = (&'a Pod, Now)> {
        self.pods.iter().copied().filter(|(pod, _)| pod.is_active())
    }

    /// The ready pods, each with the time since when it is ready.
    fn ready_since(&self) -> impl Iterator<Item = (&'a Pod, Option<Time>, Now)> {
        let ready = |(pod, now): (&'a Pod, Now)| {
            let condition = pod.condition("Ready").filter(|c| c.is_true())?;
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

    /// Whether one pod after the other ends soon after its creation. Their youth excuses nothing then.
    pub(in crate::check) fn do_not_last(&self) -> bool {
        cause::replaced_lately(self) >= DO_NOT_LAST
    }

    /// How many pods are ready.
    pub(in crate::check) fn ready(&self) -> i64 {
        count(self.ready_since())
    }

    /// How many pods became ready less than `limit` seconds ago, are younger than `oldest` seconds and are not in a
    /// crash loop.
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

    /// One pod by itself.
    fn only(&self, pod: &'a Pod, now: Now) -> Self {
        Self {
            pods: vec![(pod, now)],
            around: self.around,
            ..Self::default()
        }
    }

    /// When the first pod became ready that has been so for less than `limit` seconds.
    pub(in crate::check) fn settling_since(&self, limit: i64) -> Option<Time> {
        let times = self
            .ready_since()
            .filter_map(|(_, since, now)| Some((since?, now)));
        times.filter(|(t, now)| now.age(*t) < limit).map(|(t, _)| t).min()
    }

    /// Since when so many pods are missing without a break, read from the pods that are not ready. If more are not
    /// ready than are missing, the oldest replaced others before.
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

    /// Whether the newest ReplicaSet or pod was created less than `limit` seconds ago; `None` if neither is known.
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

    /// The newest step of a rollout: a pod was created, or is being deleted. A pod that becomes ready and loses it
    /// again makes no step.
    pub(in crate::check) fn newest_step(&self) -> Option<(Time, Now)> {
        let ending = self.pods.iter();
        let ending = ending.filter_map(|(p, now)| p.meta().deletion_timestamp.map(|t| (t, *now)));
        self.created().chain(ending).max_by_key(|(t, _)| *t)
    }

    /// When the last pod came back, less than a minute ago, from a container that had ended shortly before. The first
    /// start of a pod does not count.
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

    /// Warnings about pods that seem well: their containers restart again and again.
    pub(in crate::check) fn restarting(&self) -> Vec<String> {
        let causes = cause::of_restarted(self, RECOVERY_SECONDS, RESTARTS);
        let told = |cause: Cause| match cause.count {
            0 | 1 => format!("restarted within the last 10 min: {}", cause.message),
            n => format!("{n} pods restarted within the last 10 min: {}", cause.message),
        };
        causes.into_iter().map(told).collect()
    }

    /// Causes that will not pass by themselves, one entry a distinct cause.
    pub(in crate::check) fn hard_causes(&self) -> Vec<Cause> {
        cause::of_pods(self, |found| found.hard)
    }
}

fn count<T>(some: impl Iterator<Item = T>) -> i64 {
    i64::try_from(some.count()).unwrap_or(i64::MAX)
}
