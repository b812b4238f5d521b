//! What events report. Their reasons stand in the sources of the components: `pkg/kubelet/events/event.go`,
//! `pkg/controller/nodelifecycle`, `pkg/controller/tainteviction`, `pkg/controller/deployment/sync.go`,
//! `pkg/controller/podautoscaler` and `pkg/controller/controller_utils.go` of k8s.io/kubernetes, and
//! `tools/leaderelection/resourcelock` of k8s.io/client-go.

use super::happening::{Happening, TimelineSource};
use super::leases::{became_leader, leader_name};
use super::nodes::{name, node_happening};
use super::pods::{evicted, restart_name};
use super::scalings::ReplicaSetScaling;
use super::window::TimeWindow;
use crate::check::one_line;
use crate::report::{ObjectRef, TimelineKind};
use crate::resource::{Event, Time};

/// What an event reports.
pub(super) enum EventFinding {
    /// Something that happened.
    Happened(Happening),
    /// A ReplicaSet was scaled, for a rollout or for another number of pods.
    Scaled(ReplicaSetScaling),
    /// A pod was stopped on a node. That is worth a line only if the node was drained.
    Stopped(Happening),
}

/// What an event reports, if it is a change within the window.
pub(super) fn finding(event: &Event, window: &TimeWindow) -> Option<EventFinding> {
    let last = event.time()?;
    let first = event.first().unwrap_or(last);
    let is_from_begin = window.has(first);
    if !is_from_begin && !window.has(last) {
        return None;
    }
    let at = if is_from_begin { first } else { last };
    let last = if window.has(last) { last } else { at };
    let about = event.involved_object.as_ref()?;
    let object = ObjectRef::namespaced(&about.kind, &about.namespace, &about.name);
    let finding = match about.kind.as_str() {
        "Pod" => of_pod(event, at, object)?,
        "Node" => EventFinding::Happened(of_node(event, at, &about.name)?),
        _ => of_other(event, at, &object)?,
    };
    let times = u64::try_from(event.times()).unwrap_or(1);
    let repeated = |happening: Happening| Happening {
        last: last.max(at),
        times,
        ..happening
    };
    Some(match finding {
        EventFinding::Happened(happening) => EventFinding::Happened(repeated(happening)),
        EventFinding::Stopped(happening) => EventFinding::Stopped(repeated(happening)),
        scaled @ EventFinding::Scaled(_) => scaled,
    })
}

fn of_pod(event: &Event, at: Time, object: ObjectRef) -> Option<EventFinding> {
    let (message, node) = (event.message.as_str(), event.node());
    let new = |what, words: String| Happening::new(TimelineSource::Events, at, what, object.clone(), words);
    let happening = match event.reason.as_str() {
        "Evicted" => evicted(TimelineSource::Events, at, object, node, message),
        // The controller says "Cancelling deletion" with the same reason.
        "TaintManagerEviction" if message.starts_with("Marking for deletion") => new(
            TimelineKind::Eviction,
            "evicted because of a taint of its node".to_owned(),
        )
        .folded(),
        "Preempted" | "Preempting" => {
            let node = message
                .rsplit_once("on node ")
                .map_or(node, |(_, node)| node.trim_end_matches('.'));
            let on = if node.is_empty() {
                String::new()
            } else {
                format!(" on {node}")
            };
            let words = format!("preempted by a pod of higher priority{on}");
            new(TimelineKind::Eviction, words).folded().on_node(node)
        }
        "Killing" => {
            let probe = ["liveness", "startup"]
                .into_iter()
                .find(|probe| message.contains(&format!("failed {probe} probe")));
            let Some(probe) = probe else {
                let words = format!("stopped on {node}");
                let stopped = new(TimelineKind::Eviction, words).folded().on_node(node);
                return (!node.is_empty()).then_some(EventFinding::Stopped(stopped));
            };
            let container = one_line(event.container().unwrap_or_default());
            let words = format!("container {container} failed its {probe} probe and is restarted");
            new(TimelineKind::ContainerRestart, words)
                .folded_in_namespace()
                .on_node(node)
        }
        "BackOff" if message.starts_with("Back-off restarting") => {
            let container = event.container().unwrap_or_default();
            let same = restart_name(&object, container);
            let words = format!("container {} restarts again and again", one_line(container));
            new(TimelineKind::ContainerRestart, words)
                .folded_in_namespace()
                .on_node(node)
                .known_as(same)
        }
        _ => return None,
    };
    Some(EventFinding::Happened(happening))
}

fn of_node(event: &Event, at: Time, node: &str) -> Option<Happening> {
    let message = one_line(&event.message);
    let (words, same) = match event.reason.as_str() {
        "NodeNotReady" => ("became NotReady".to_owned(), "NotReady"),
        "NodeReady" => ("became Ready".to_owned(), "Ready"),
        // A new leader of kube-controller-manager registers every node again.
        "RegisteredNode" => ("registered by the node controller".to_owned(), "joined"),
        "RemovingNode" | "DeletingNode" => ("removed".to_owned(), "removed"),
        "Rebooted" => ("rebooted".to_owned(), "rebooted"),
        "NodeNotSchedulable" => ("cordoned".to_owned(), "cordoned"),
        "NodeSchedulable" => ("uncordoned".to_owned(), "uncordoned"),
        "NodeHasDiskPressure" => ("has DiskPressure".to_owned(), "DiskPressure"),
        "NodeHasInsufficientMemory" => ("has MemoryPressure".to_owned(), "MemoryPressure"),
        "NodeHasInsufficientPID" => ("has PIDPressure".to_owned(), "PIDPressure"),
        "Starting" if message.starts_with("Starting kubelet") => {
            ("its kubelet started".to_owned(), "kubelet")
        }
        "SystemOOM" | "OOMKilling" => (format!("out of memory: {message}"), "oom"),
        "ScaleDown" | "ScaleDownEmpty" => (
            format!("the cluster autoscaler removes it: {message}"),
            "scaleDown",
        ),
        _ => return None,
    };
    let fold = if same == "oom" {
        format!("oom {node}")
    } else {
        words.clone()
    };
    Some(Happening {
        fold: Some(fold),
        ..node_happening(TimelineSource::Events, at, node, words).known_as(name(node, same))
    })
}

fn of_other(event: &Event, at: Time, object: &ObjectRef) -> Option<EventFinding> {
    let message = one_line(&event.message);
    let new = |what, words: String| Happening::new(TimelineSource::Events, at, what, object.clone(), words);
    let happening = match event.reason.as_str() {
        "ScalingReplicaSet" => {
            return ReplicaSetScaling::parse(at, object, &event.message).map(EventFinding::Scaled);
        }
        "SuccessfulRescale" => {
            let size = message.strip_prefix("New size: ")?;
            let words = match size.split_once("; reason: ") {
                Some((size, reason)) => format!("scaled to {size}: {reason}"),
                None => format!("scaled to {size}"),
            };
            new(TimelineKind::Scale, words)
        }
        "FailedCreate" => {
            let why = message
                .strip_prefix("Error creating: ")
                .unwrap_or(&message)
                .to_owned();
            let fold = Some(format!("{object} refused"));
            Happening {
                fold,
                ..new(TimelineKind::Refused, format!("pods are refused: {why}"))
            }
        }
        "LeaderElection" => {
            let same = leader_name(object);
            match (
                message.strip_suffix(" became leader"),
                message.strip_suffix(" stopped leading"),
            ) {
                (Some(holder), _) => new(TimelineKind::Leader, became_leader(holder)).known_as(same),
                (_, Some(holder)) => {
                    let holder = holder.split('_').next().unwrap_or_default();
                    new(TimelineKind::Leader, format!("{holder} stopped being the leader"))
                }
                _ => return None,
            }
        }
        "ScaledUpGroup" => new(
            TimelineKind::Node,
            format!("the cluster autoscaler adds nodes: {message}"),
        ),
        _ => return None,
    };
    Some(EventFinding::Happened(happening))
}
