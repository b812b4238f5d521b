//! Restarts of containers, and evictions, by the status of pods.

use super::happening::{Happening, TimelineSource};
use super::window::TimeWindow;
use crate::check::one_line;
use crate::report::{ObjectRef, TimelineKind};
use crate::resource::{ContainerStatus, Pod, Resource as _, Terminated, Time};

/// What happened to a pod.
pub(super) fn happenings(pod: &Pod, window: &TimeWindow) -> Vec<Happening> {
    let Some(status) = &pod.status else {
        return Vec::new();
    };
    let meta = pod.meta();
    let object = ObjectRef::namespaced("Pod", &meta.namespace, &meta.name);
    let node = pod.node().unwrap_or_default();
    let containers = status
        .init_container_statuses
        .iter()
        .chain(&status.container_statuses);
    let owner = meta
        .controller()
        .map_or(meta.name.as_str(), |owner| owner.name.as_str());
    let restarts = containers.filter_map(|container| restart(&object, node, container));
    let mut found: Vec<Happening> = restarts
        .map(|happening| Happening {
            fold: Some(format!("{} {owner} {}", meta.namespace, happening.words)),
            ..happening
        })
        .collect();
    if status.reason == "Evicted"
        && let Some(at) = failed_at(pod)
    {
        found.push(evicted(TimelineSource::Pods, at, object, node, &status.message));
    }
    found.retain(|happening| window.has(happening.at));
    found
}

/// The last restart of a container. A container that has ended and is not started again has not restarted.
fn restart(object: &ObjectRef, node: &str, container: &ContainerStatus) -> Option<Happening> {
    if container.restart_count == 0 {
        return None;
    }
    let end = container.ends().next()?;
    let at = end.finished_at?;
    let name = one_line(&container.name);
    let words = format!("container {name} restarted: {}", end_words(end));
    let happening = Happening::new(
        TimelineSource::Pods,
        at,
        TimelineKind::ContainerRestart,
        object.clone(),
        words,
    );
    Some(Happening {
        same: Some(restart_name(object, &container.name)),
        ..happening.on_node(node)
    })
}

/// The name under which all sources know the restarts of a container.
pub(super) fn restart_name(object: &ObjectRef, container: &str) -> String {
    format!("restart {object} {container}")
}

/// How a container ended: `OOMKilled`, `exit code 1`, `ended with 0`. Its own message may hold secrets.
fn end_words(end: &Terminated) -> String {
    match (end.reason.as_str(), end.exit_code, end.signal) {
        ("OOMKilled", ..) => "OOMKilled".to_owned(),
        (_, _, signal) if signal != 0 => format!("signal {signal}"),
        (_, 0, _) => "it ended with 0".to_owned(),
        ("" | "Error", code, _) => format!("exit code {code}"),
        (reason, code, _) => format!("{reason}, exit code {code}"),
    }
}

/// When the pod failed: the end of its last container, or the transition of its condition `Ready`.
fn failed_at(pod: &Pod) -> Option<Time> {
    let status = pod.status.as_ref()?;
    let disrupted = pod
        .condition("DisruptionTarget")
        .and_then(|c| c.last_transition_time);
    let ends = status.container_statuses.iter().flat_map(ContainerStatus::ends);
    disrupted
        .or_else(|| ends.filter_map(|end| end.finished_at).max())
        .or_else(|| pod.condition("Ready")?.last_transition_time)
}

/// The eviction of a pod from a node, with its reason.
pub(super) fn evicted(
    source: TimelineSource,
    at: Time,
    object: ObjectRef,
    node: &str,
    why: &str,
) -> Happening {
    let from = if node.is_empty() {
        String::new()
    } else {
        format!(" from {node}")
    };
    let why = one_line(why);
    // The numbers of a message differ between pods.
    let why = why
        .split(". ")
        .next()
        .unwrap_or_default()
        .trim_end_matches(['.', ' ']);
    let words = format!("evicted{from}: {why}");
    let words = words.trim_end_matches([':', ' ']).to_owned();
    let same = format!("eviction {object}");
    Happening::new(source, at, TimelineKind::Eviction, object, words)
        .folded()
        .on_node(node)
        .known_as(same)
}
