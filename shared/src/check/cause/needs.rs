//! The further evidence that explains why a pod is not ready. Only that much is asked for.

use super::{EventsAndNodes, PodCause, container, container_status, node, scheduling};
use crate::check::completion::PodCompletion;
use crate::check::{GRACE_SECONDS, Now};
use crate::report::Cause;
use crate::resource::{Pod, Resource as _};

/// Evidence about a pod that is worth reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceNeeds<'a> {
    /// Warnings about it.
    pub events: bool,
    /// Events about a scale-up for it.
    pub scale_up: bool,
    /// The state of this node.
    pub node: Option<&'a str>,
    /// Events about its claims.
    pub claims: bool,
}

impl<'a> EvidenceNeeds<'a> {
    /// Evidence that is worth reading, judged by the pod alone.
    #[must_use]
    pub fn from_pod(pod: &'a Pod, now: Now) -> Self {
        let nothing = Self {
            events: false,
            scale_up: false,
            node: None,
            claims: false,
        };
        if let Some(deleted) = pod.meta().deletion_timestamp {
            let late = now.age(deleted) >= GRACE_SECONDS || node::looks_lost(pod);
            return Self {
                node: pod.node().filter(|_| late),
                ..nothing
            };
        }
        if pod.is_ready() || !pod.is_active() {
            return nothing;
        }
        if pod.unscheduled().is_some() {
            return Self {
                scale_up: true,
                node: pod.made_for(),
                claims: scheduling::waits_for_a_claim(pod),
                ..nothing
            };
        }
        // A pod with done containers was not Ready even before its node was lost.
        let works =
            PodCompletion::from_pod(pod).is_some_and(|ending| ending.ready && !ending.done.is_empty());
        let node = pod.node().filter(|_| works || node::looks_lost(pod));
        Self {
            events: node.is_none() && container::needs_events(pod, now),
            node,
            ..nothing
        }
    }
}

/// The container whose output belongs to a cause of this pod, and whether that output is of its previous run.
#[must_use]
pub fn crashed_container<'a>(pod: &'a Pod, cause: &Cause, now: Now) -> Option<(&'a str, bool)> {
    let nothing = EventsAndNodes::default();
    let is_same = |found: PodCause| found.code == cause.code && found.says.message == cause.message;
    container_status::containers(pod).find_map(|c| {
        let previous = c.has_ended_before();
        let running = container::container_cause(pod, c, now, &nothing);
        let ended = || container::end_cause(pod, c).is_some_and(is_same).then_some(false);
        let restarted = || container::restart_cause(pod, c, now, &nothing).is_some_and(is_same);
        let previous = running
            .is_some_and(is_same)
            .then_some(previous)
            .or_else(ended)
            .or_else(|| restarted().then_some(true))?;
        Some((c.name.as_str(), previous))
    })
}
