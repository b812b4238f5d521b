//! What more has to be known to say why a pod is not ready: that much is asked for, and no more.

use super::{Around, container, node};
use crate::check::Now;
use crate::resource::Pod;

/// What is worth knowing around a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wants<'a> {
    /// Warnings about it.
    pub events: bool,
    /// Whether the autoscaler is at work for it.
    pub scale_up: bool,
    /// The state of this node.
    pub node: Option<&'a str>,
}

/// What is worth knowing around a pod, by what the pod alone says.
#[must_use]
pub fn wants(pod: &Pod, now: Now) -> Wants<'_> {
    let nothing = Wants {
        events: false,
        scale_up: false,
        node: None,
    };
    if pod.is_ready() || !pod.is_active() {
        return nothing;
    }
    if pod.condition("PodScheduled").is_some_and(|c| c.status == "False") {
        return Wants {
            scale_up: true,
            node: pod.made_for(),
            ..nothing
        };
    }
    let node = pod.node().filter(|_| node::looks_lost(pod));
    Wants {
        events: node.is_none() && container::says_little(pod, now),
        node,
        ..nothing
    }
}

/// The container whose last words tell of a crash, where one of the pod has crashed, and whether they are those of its
/// previous run.
#[must_use]
pub fn crashed(pod: &Pod, now: Now) -> Option<(&str, bool)> {
    let nothing = Around::default();
    let crash = container::all(pod).find(|c| {
        let found = container::of_container(pod, c, now, &nothing);
        found.is_some_and(|f| matches!(f.code, "CrashLoop" | "OutOfMemory"))
    });
    let over = || container::all(pod).find(|c| container::just_ended(pod, c).is_some());
    match crash {
        Some(container) => {
            let last = container.last_state.as_ref();
            Some((&container.name, last.is_some_and(|s| s.terminated.is_some())))
        }
        None => over().map(|container| (container.name.as_str(), false)),
    }
}
