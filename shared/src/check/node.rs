//! Whether a node's kubelet answers for the pods on it.
//!
//! By the condition `Ready`: True and False are the kubelet's own words. The node controller writes `Unknown` if the
//! kubelet has not renewed its Lease for `--node-monitor-grace-period` (`pkg/controller/nodelifecycle` in
//! kubernetes/kubernetes). A node that is not Ready serves nobody: `unavailable`. A pressure condition means that the
//! kubelet evicts pods, or is about to: a warning. `NetworkUnavailable` True is degraded: the kubelet is well, but the
//! pods' network is not (`pkg/apis/core` calls it "not correctly configured"). A cordon is somebody's decision: a note.
//! Other conditions come from problem detectors and clouds, each with a polarity of its own, and are not read.
//!
//! Some taints say that the node is not ready to be used, and the controller that they wait for removes them: the
//! cloud's (`node.cloudprovider.kubernetes.io/uninitialized`), a network's or a storage driver's
//! (`.../agent-not-ready`). A taint that stays on a Ready node keeps pods away silently: a warning.

use super::lifecycle::{self, Preliminaries};
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS};
use crate::kind::{JudgedKind, KindInfo};
use crate::report::{Code, Item, Notes, State};
use crate::resource::{Condition as _, Node, ProbedCondition, Resource as _, Taint};

/// The conditions that warn.
const PRESSURES: [&str; 3] = ["MemoryPressure", "DiskPressure", "PIDPressure"];

/// A person sets it on a node that is lost for good, and has to remove it once the node is back.
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// How long a taint may stay after the node became Ready. Agents of networks and of storage start as pods on the node.
const TAINT_SECONDS: i64 = 10 * 60;

impl JudgedKind for Node {
    const INFO: KindInfo = KindInfo {
        short_names: &["no"],
        ..KindInfo::new("node", "Nodes")
    };
}

impl Check for Node {
    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut notes = Notes::default();
        let verdict = verdict(self, evidence, &mut notes);
        let warnings = match verdict.state {
            State::Unknown | State::Terminating => Vec::new(),
            _ => pressure_warnings(self)
                .chain(taint_warnings(self, evidence))
                .collect(),
        };
        Item {
            notes,
            warnings,
            ..verdict.item(self)
        }
    }
}

fn verdict(node: &Node, evidence: &Evidence<'_>, notes: &mut Notes) -> Verdict {
    let meta = node.meta();
    let preliminaries = Preliminaries {
        meta,
        evidence,
        has_status: node.status.as_ref().is_some_and(|s| !s.conditions.is_empty()),
        has_generation: false,
        malformed: None,
    };
    if let Some(verdict) = preliminaries.verdict(notes) {
        return verdict;
    }
    if node.is_cordoned() {
        notes.push("cordoned".to_owned());
    }
    if node.taints().iter().any(|t| t.key == OUT_OF_SERVICE) {
        notes.push("marked as out of service".to_owned());
    }
    let Some(ready) = node.condition("Ready") else {
        return lifecycle::missing_condition_verdict(meta, "its kubelet", evidence);
    };
    // The network of a new node starts as a pod on it.
    let young = meta
        .creation_timestamp
        .is_some_and(|t| evidence.now.is_within(GRACE_SECONDS, t));
    let starting = |message| Verdict::new(State::Progressing, false, Code::NodeStarting, message);
    if !ready.is_true() {
        let is_reported = ready.status != "Unknown";
        let message = condition_text(
            if is_reported {
                "not ready"
            } else {
                "its kubelet does not answer"
            },
            ready,
        );
        return if is_reported && young {
            starting(message)
        } else {
            Verdict::new(State::Unavailable, false, Code::NodeNotReady, message)
        }
        .since(ready.last_transition_time);
    }
    let Some(network) = node.condition("NetworkUnavailable").filter(|c| c.is_true()) else {
        return Verdict::healthy(Code::Ready, "ready").since(ready.last_transition_time);
    };
    let message = condition_text("its network is not available", network);
    if young {
        starting(message)
    } else {
        Verdict::degraded(Code::NetworkUnavailable, message)
    }
    .since(network.last_transition_time)
}

fn condition_text(what: &str, condition: &ProbedCondition) -> String {
    match condition.words() {
        words if words.is_empty() => what.to_owned(),
        words => format!("{what}: {words}"),
    }
}

/// Warnings about taints that contradict a node that is Ready.
fn taint_warnings(node: &Node, evidence: &Evidence<'_>) -> impl Iterator<Item = String> {
    let ready = node.condition("Ready").filter(|c| c.is_true());
    let lasting = ready.is_some_and(|c| {
        c.last_transition_time
            .is_none_or(|t| !evidence.now.is_within(TAINT_SECONDS, t))
    });
    let all = if lasting { node.taints() } else { &[] };
    all.iter().filter_map(taint_warning)
}

fn taint_warning(taint: &Taint) -> Option<String> {
    let Taint { key, effect, .. } = taint;
    if key == OUT_OF_SERVICE {
        return Some(format!("ready again, and the taint {key} still ends its pods"));
    }
    let name = key.rsplit('/').next().unwrap_or(key);
    let waits = ["not-ready", "uninitialized", "network-unavailable", "unreachable"]
        .iter()
        .any(|word| name.ends_with(word));
    let keeps_away = matches!(effect.as_str(), "NoSchedule" | "NoExecute");
    (waits && keeps_away).then(|| format!("ready, and the taint {key} still keeps pods away"))
}

fn pressure_warnings(node: &Node) -> impl Iterator<Item = String> {
    PRESSURES.into_iter().filter_map(|kind| {
        let condition = node.condition(kind).filter(|c| c.is_true())?;
        let what = match kind {
            "MemoryPressure" => "memory",
            "DiskPressure" => "disk space",
            _ => "process ids",
        };
        Some(match condition.message.as_str() {
            "" => format!("runs short of {what}"),
            message => format!("runs short of {what}: {message}"),
        })
    })
}
