//! A shortage of pods by its causes: since when pods are missing, whether new ones last, and whether they have just come
//! back.

use super::{distinct_causes, failure_start, recently_replaced, restart_causes};
use crate::check::evidence::{Pods, count_all};
use crate::check::now::Now;
use crate::check::{GRACE_SECONDS, NewestRevision};
use crate::report::Cause;
use crate::resource::{Pod, Resource as _, Time};

/// If this many pods were created recently and have already ended, new ones do not last.
const SHORT_LIVED: usize = 3;
/// A pod that becomes ready later than this many seconds after its container ended has not just recovered from that.
const RECOVERY_SECONDS: i64 = 600;
/// This many restarts are no accident.
const RESTARTS: i32 = 3;

impl<'a> Pods<'a> {
    /// Whether one pod after the other ends soon after its creation. Then it excuses nothing that pods are young.
    pub(in crate::check) fn are_short_lived(&self) -> bool {
        recently_replaced(self) >= SHORT_LIVED
    }

    /// How many pods became ready less than `limit` seconds ago, are younger than `oldest` seconds and are not in a
    /// crash loop.
    pub(in crate::check) fn count_settling(&self, limit: i64, oldest: i64) -> i64 {
        let settling = self.ready_times().filter(|(pod, since, now)| {
            let alone = self.single(pod, *now);
            let created = pod.meta().creation_timestamp;
            since.is_none_or(|t| now.age(t) < limit)
                && created.is_none_or(|t| now.age(t) < oldest)
                && restart_causes(&alone, RECOVERY_SECONDS.saturating_add(limit), RESTARTS).is_empty()
        });
        count_all(settling)
    }

    /// One pod by itself.
    fn single(&self, pod: &'a Pod, now: Now) -> Self {
        Self {
            pods: vec![(pod, now)],
            events_and_nodes: self.events_and_nodes,
            ..Self::default()
        }
    }

    /// Since when this many pods are missing without a break, by the pods that are not ready. If more pods are not ready
    /// than are missing, the oldest of them replaced others before.
    pub(in crate::check) fn shortage_start(&self, missing: i64) -> Option<Time> {
        let mut times: Vec<Time> = self
            .active_pods()
            .filter(|(pod, _)| !pod.is_ready())
            .filter_map(|(pod, now)| failure_start(pod, now, self.events_and_nodes))
            .collect();
        times.sort_unstable();
        let others = times.len().saturating_sub(usize::try_from(missing).unwrap_or(0));
        times.get(others.min(times.len().saturating_sub(1))).copied()
    }

    /// When the last pod became ready again, if that was less than a minute ago and its container had ended shortly before.
    /// The first start of a pod does not count.
    pub(in crate::check) fn recovery_time(&self) -> Option<Time> {
        let back = self.ready_times().filter_map(|(pod, since, now)| {
            let since = since.filter(|t| now.is_within(GRACE_SECONDS, *t))?;
            let created = pod.meta().creation_timestamp?;
            let times = if now.age(created) > RECOVERY_SECONDS { 1 } else { 2 };
            let restarted = restart_causes(&self.single(pod, now), RECOVERY_SECONDS, times);
            (!restarted.is_empty()).then_some(since)
        });
        back.max()
    }

    /// Warnings about pods that seem well: their containers restart again and again.
    pub(in crate::check) fn restart_warnings(&self) -> Vec<String> {
        let causes = restart_causes(self, RECOVERY_SECONDS, RESTARTS);
        let warning = |cause: Cause| match cause.count {
            0 | 1 => format!("restarted within the last 10 min: {}", cause.message),
            n => format!("{n} pods restarted within the last 10 min: {}", cause.message),
        };
        causes.into_iter().map(warning).collect()
    }

    /// Causes that will not pass by themselves, one entry a distinct cause.
    pub(in crate::check) fn hard_causes(&self) -> Vec<Cause> {
        distinct_causes(self, NewestRevision::Unknown, |found| found.hard)
    }
}
