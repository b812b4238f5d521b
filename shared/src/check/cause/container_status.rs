//! The containers of a pod by its status: their roles, their restarts, and since when they fail.

use crate::check::{EventsAndNodes, Now};
use crate::resource::{ContainerStatus, Event, Pod, Resource as _, Terminated, Time};

/// A crash counts as a cause for this many seconds. After that it says nothing about the present.
pub(super) const CRASH_SECONDS: i64 = 15 * 60;

/// Back-offs with at most this many seconds between two events belong to one crash loop. The longest back-off takes
/// 300, and the kubelet drops repetitions that come too fast.
const BACK_OFF_SECONDS: i64 = 600;

/// Every container, in the order in which they start.
pub(super) fn containers(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    pod.status
        .iter()
        .flat_map(|s| s.init_container_statuses.iter().chain(&s.container_statuses))
}

/// The role of a container in its pod.
pub(super) fn role(pod: &Pod, container: &ContainerStatus) -> &'static str {
    let name = &container.name;
    let init = pod
        .status
        .as_ref()
        .is_some_and(|s| s.init_container_statuses.iter().any(|c| c.name == *name));
    match (init, pod.is_sidecar(name)) {
        (_, true) => "sidecar",
        (true, false) => "init container",
        (false, false) => "container",
    }
}

/// Whether a container was ended from outside, or ended as it was asked to.
pub(super) fn was_ended(last: &Terminated) -> bool {
    matches!(last.exit_code, 0 | 137 | 143) && last.reason != "OOMKilled"
}

/// `7 restarts`
pub(super) fn restarts(container: &ContainerStatus) -> String {
    match container.restart_count {
        1 => "1 restart".to_owned(),
        n => format!("{n} restarts"),
    }
}

/// Since when the pod is not ready.
pub(super) fn unready_since(pod: &Pod) -> Option<Time> {
    pod.condition("Ready")
        .and_then(|c| c.last_transition_time)
        .or(pod.meta().creation_timestamp)
}

/// Since when a pod is not ready. A crash loop counts since its first back-off, though the containers run in between.
pub(super) fn failure_start(pod: &Pod, now: Now, known: &EventsAndNodes<'_>) -> Option<Time> {
    let first = loop_start(pod, now, known);
    first.into_iter().chain(unready_since(pod)).min()
}

/// When the containers of a pod began to end again and again: at the first back-off, if back-offs went on until now. The
/// kubelet counts them all in one event.
pub(super) fn loop_start(pod: &Pod, now: Now, known: &EventsAndNodes<'_>) -> Option<Time> {
    let is_loop = |event: &&Event| event.reason == "BackOff" && event.message.contains("restarting failed");
    let first = |event: &Event| {
        let (first, last) = (event.first()?, event.time()?);
        let goes_on = now.age(last) < CRASH_SECONDS
            && last.seconds_since(first) <= event.times().saturating_mul(BACK_OFF_SECONDS);
        goes_on.then_some(first)
    };
    known
        .events(&pod.meta().uid)
        .filter(is_loop)
        .filter_map(first)
        .min()
}
