//! Nodes: when they came, were cordoned or tainted, and when their conditions changed.

use super::happening::{Happening, TimelineSource};
use super::window::TimeWindow;
use super::workloads::with_writer;
use crate::report::{ObjectRef, TimelineKind};
use crate::resource::{Condition as _, Node, ProbedCondition, Resource as _, Time, WrittenParts};

/// The taint of a cordoned node.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// Taints that repeat conditions.
const OF_CONDITIONS: [&str; 6] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/network-unavailable",
];
/// Conditions of a new node turn good within this many seconds, which is not worth a line.
const START_SECONDS: i64 = 300;

/// What happened to a node.
pub(super) fn happenings(node: &Node, window: &TimeWindow) -> Vec<Happening> {
    let meta = node.meta();
    let created = meta.creation_timestamp;
    let new = |at, words: String| node_happening(TimelineSource::Nodes, at, &meta.name, words);
    let mut found = Vec::new();
    found.extend(created.map(|at| new(at, "joined".to_owned()).known_as(name(&meta.name, "joined"))));
    if node.is_cordoned() {
        let taint = node.taints().iter().find(|taint| taint.key == UNSCHEDULABLE);
        // A controller writes the taint of a cordoned node into the spec, too.
        let writer = meta.writers(WrittenParts::CORDON).first().copied();
        let at = taint.and_then(|taint| taint.time_added).or_else(|| writer?.time);
        // The writer of the spec cordoned it, unless it wrote something else since.
        let by = writer
            .filter(|writer| {
                writer
                    .time
                    .zip(at)
                    .is_some_and(|(a, b)| crate::check::are_together(a, b))
            })
            .map(|writer| writer.manager.clone());
        found.extend(at.map(|at| {
            let words = with_writer("cordoned", by.as_deref());
            new(at, words).by(by).known_as(name(&meta.name, "cordoned"))
        }));
    }
    for taint in node.taints() {
        let repeats = taint.key == UNSCHEDULABLE || OF_CONDITIONS.contains(&taint.key.as_str());
        if let Some(at) = taint.time_added.filter(|_| !repeats) {
            found.push(new(at, format!("tainted {}:{}", taint.key, taint.effect)));
        }
    }
    let conditions = node.status.iter().flat_map(|status| &status.conditions);
    found.extend(conditions.filter_map(|condition| transition(&meta.name, condition, created)));
    found.retain(|happening| window.has(happening.at));
    found
}

/// The last transition of a condition.
fn transition(node: &str, condition: &ProbedCondition, created: Option<Time>) -> Option<Happening> {
    let at = condition.last_transition_time?;
    let is_ready = condition.kind() == "Ready";
    let is_good = if is_ready {
        condition.is_true()
    } else {
        condition.is_false()
    };
    let is_start = created.is_some_and(|created| at.seconds_after(created) <= START_SECONDS);
    if is_good && is_start {
        return None;
    }
    let kind = condition.kind();
    let (words, same) = match (is_ready, condition.status()) {
        (true, "True") => ("became Ready".to_owned(), "Ready"),
        (true, status) => {
            let word = if status == "False" {
                "NotReady"
            } else {
                "NotReady, status unknown"
            };
            (format!("became {word}: {}", condition.words()), "NotReady")
        }
        (false, "True") => (format!("has {kind}: {}", condition.words()), kind),
        (false, "False") => (format!("no longer has {kind}"), kind),
        (false, _) => (format!("{kind} is unknown: {}", condition.words()), kind),
    };
    let happening = node_happening(
        TimelineSource::Nodes,
        at,
        node,
        words.trim_end_matches([':', ' ']).to_owned(),
    );
    Some(happening.known_as(name(node, same)))
}

/// Something that happened to a node.
pub(super) fn node_happening(source: TimelineSource, at: Time, node: &str, words: String) -> Happening {
    let object = ObjectRef::named("Node", node);
    Happening::new(source, at, TimelineKind::Node, object, words)
        .folded()
        .on_node(node)
}

/// The name under which all sources know a change of a node.
pub(super) fn name(node: &str, change: &str) -> String {
    format!("node {node} {change}")
}
