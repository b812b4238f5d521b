//! How far the newest revision of a workload is, by its pods. No verdict is made from it: a wait is.

use super::cause::{crash_start, is_crashing};
use super::newest_revision::NewestRevision;
use super::{Check, EventsAndNodes, Evidence, Now, Pods};
use crate::report::{Item, NewestPods, RolloutProgress, State};
use crate::resource::{Condition, ContainerStatus, Pod, PodsBy, Resource as _};

/// A pod that is ready for fewer seconds may be between two crashes: without a readiness probe a container is ready as soon as
/// it runs.
const SHORT_SECONDS: i64 = 30;

/// The facts for those who wait: the object's identity, and how far its newest revision is.
pub(super) fn add<T: Check>(item: &mut Item, object: &T, evidence: &Evidence<'_>) {
    let meta = object.meta();
    item.uid = Some(&meta.uid).filter(|uid| !uid.is_empty()).cloned();
    item.generation = meta.generation.filter(|generation| *generation != 0);
    let is_open = matches!(
        item.state,
        State::Progressing | State::Degraded | State::Unavailable
    );
    if is_open {
        item.spec_written = meta.last_spec_write().map(|t| t.to_string());
    }
    let Some(own) = object.rollout_progress() else {
        return;
    };
    let is_partial = item
        .updated
        .zip(item.desired)
        .is_some_and(|(updated, desired)| updated < desired);
    let lingers = item.desired == Some(0) && (own.existing.unwrap_or(0) > 0 || own.terminating.is_some());
    if !is_open && !is_partial && !lingers && !own.paused && own.active_runs.is_none() {
        return;
    }
    item.spec_written = meta.last_spec_write().map(|t| t.to_string());
    item.rollout = Some(Box::new(RolloutProgress {
        pods: newest_pods(object, evidence).filter(|_| is_open),
        ..own
    }));
}

/// The pods of the newest revision, if they are known.
fn newest_pods<T: Check>(object: &T, evidence: &Evidence<'_>) -> Option<NewestPods> {
    if let PodsBy::Itself(pod) = object.pods_by() {
        let alone = Pods {
            pods: vec![(pod, evidence.now)],
            events_and_nodes: evidence.events_and_nodes(),
            ..Pods::default()
        };
        return count(&alone, NewestRevision::Every);
    }
    let pods = evidence.pods.as_ref()?;
    count(pods, object.newest_revision(pods))
}

fn count(pods: &Pods<'_>, newest: NewestRevision<'_>) -> Option<NewestPods> {
    if newest == NewestRevision::Unknown {
        return None;
    }
    let nothing = EventsAndNodes::default();
    let known = pods.events_and_nodes.unwrap_or(&nothing);
    let mut counts = NewestPods::default();
    let (mut since, mut last_ready) = (None, None);
    for (pod, now) in pods
        .active_pods()
        .filter(|(pod, _)| newest.has(pod) == Some(true))
    {
        let add = |count: &mut i64, is: bool| *count = count.saturating_add(is.into());
        let is_ready = pod.is_ready();
        add(&mut counts.created, true);
        add(&mut counts.scheduled, is_ready || is_scheduled(pod));
        add(&mut counts.started, is_ready || is_started(pod));
        add(&mut counts.ready, is_ready);
        counts.was_ready |= was_ready(pod, now);
        let ready = pod.condition("Ready").filter(|c| c.is_true());
        last_ready = last_ready.max(ready.and_then(|c| c.last_transition_time));
        if is_crashing(pod, now, known) {
            add(&mut counts.crashing, true);
            let restarts = Some(most_restarts(pod));
            counts.least_restarts = counts.least_restarts.min(restarts).or(restarts);
            since = crash_start(pod, now, known).into_iter().chain(since).min();
        }
    }
    counts.crashing_since = since.map(|t| t.to_string());
    counts.last_ready = last_ready.map(|t| t.to_string());
    Some(counts)
}

fn is_scheduled(pod: &Pod) -> bool {
    pod.node().is_some() || pod.condition("PodScheduled").is_some_and(Condition::is_true)
}

/// The containers of the app.
fn app_containers(pod: &Pod) -> &[ContainerStatus] {
    pod.status
        .as_ref()
        .map_or(&[], |status| &status.container_statuses)
}

fn is_started(pod: &Pod) -> bool {
    let is_running = |c: &ContainerStatus| c.state.as_ref().is_some_and(|s| s.running.is_some());
    let containers = app_containers(pod);
    !containers.is_empty() && containers.iter().all(is_running)
}

/// Whether the pod is ready, or was, for longer than a moment between two crashes. `Ready` is False from the first report of the
/// kubelet on, shortly after the pod got its node, and keeps that time until the pod has been ready.
fn was_ready(pod: &Pod, now: Now) -> bool {
    let Some(ready) = pod.condition("Ready") else {
        return false;
    };
    let Some(since) = ready.last_transition_time else {
        return ready.is_true();
    };
    if ready.is_true() {
        return now.age(since) >= SHORT_SECONDS;
    }
    let scheduled = pod.condition("PodScheduled").and_then(|c| c.last_transition_time);
    let scheduled = scheduled.or(pod.meta().creation_timestamp);
    let lost_it = scheduled.is_some_and(|t| since.seconds_since(t) >= SHORT_SECONDS);
    let ends = app_containers(pod).iter().filter_map(|c| c.ends().next());
    let mut lengths = ends.filter_map(|end| Some(end.finished_at?.seconds_since(end.started_at?)));
    lost_it && lengths.all(|seconds| seconds >= SHORT_SECONDS)
}

fn most_restarts(pod: &Pod) -> i64 {
    let status = pod.status.iter();
    let all = status.flat_map(|s| s.init_container_statuses.iter().chain(&s.container_statuses));
    all.map(|c| i64::from(c.restart_count)).max().unwrap_or(0)
}
