//! Whether a node's kubelet answers for the pods on it.
//!
//! By the condition `Ready`: True and False are the kubelet's own words; `Unknown` is what the node controller writes
//! once the kubelet has not renewed its Lease for `--node-monitor-grace-period` (`pkg/controller/nodelifecycle` in
//! kubernetes/kubernetes). A node that is not Ready serves nobody: `unavailable`. A pressure condition means that the
//! kubelet evicts pods, or is about to, and is a warning. A cordon is somebody's decision and a note. All other
//! conditions are of problem detectors and clouds, each with a polarity of its own, and are not read.

use super::common::{self, Finding};
use super::{Evidence, GRACE_SECONDS, Judged};
use crate::report::{Item, State};
use crate::resource::{Node, ProbedCondition, Resource as _};

/// The conditions that warn.
const PRESSURES: [&str; 3] = ["MemoryPressure", "DiskPressure", "PIDPressure"];

impl Judged for Node {
    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut notes = Vec::new();
        let finding = finding(self, evidence, &mut notes);
        let warnings = match finding.state {
            State::Unknown | State::Terminating => Vec::new(),
            _ => pressures(self),
        };
        Item {
            notes,
            warnings,
            ..finding.item(self)
        }
    }
}

fn finding(node: &Node, evidence: &Evidence<'_>, notes: &mut Vec<String>) -> Finding {
    let meta = node.meta();
    let written = node.status.as_ref().is_some_and(|s| !s.conditions.is_empty());
    if let Some(finding) =
        common::uncreated(meta, written).or_else(|| common::deleting(meta, evidence, notes))
    {
        return finding;
    }
    if node.spec.is_some_and(|s| s.unschedulable == Some(true)) {
        notes.push("cordoned".to_owned());
    }
    let Some(ready) = node.condition("Ready") else {
        return common::without_condition(meta, "its kubelet", evidence);
    };
    let finding = match ready.status.as_str() {
        "True" => Finding::healthy("Ready", "ready"),
        // The network of a new node starts as a pod on it.
        "False"
            if meta
                .creation_timestamp
                .is_some_and(|t| evidence.now.is_within(GRACE_SECONDS, t)) =>
        {
            Finding::new(State::Progressing, false, "NodeStarting", said(ready))
        }
        _ => Finding::new(State::Unavailable, false, "NodeNotReady", said(ready)),
    };
    finding.since(ready.last_transition_time)
}

fn said(ready: &ProbedCondition) -> String {
    let what = if ready.status == "Unknown" {
        "its kubelet does not answer"
    } else {
        "not ready"
    };
    match (ready.reason.as_str(), ready.message.as_str()) {
        ("", "") => what.to_owned(),
        ("", words) | (words, "") => format!("{what}: {words}"),
        (reason, message) => format!("{what}: {reason}: {message}"),
    }
}

fn pressures(node: &Node) -> Vec<String> {
    let met = PRESSURES.into_iter().filter_map(|kind| {
        let condition = node.condition(kind).filter(|c| c.status == "True")?;
        let what = match kind {
            "MemoryPressure" => "memory",
            "DiskPressure" => "disk space",
            _ => "process ids",
        };
        Some(match condition.message.as_str() {
            "" => format!("runs short of {what}"),
            message => format!("runs short of {what}: {message}"),
        })
    });
    met.collect()
}
