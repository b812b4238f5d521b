//! Whether a pod without a controller runs and is ready, or has done its work.
//!
//! By its phase and its Ready condition, as `pkg/kubelet/status` of kubernetes/kubernetes writes them. Nothing replaces
//! such a pod, so `Failed` is a failure for good for every reason, an eviction too. A scheduling gate
//! (`SchedulingGated`) holds a pod on purpose: it is suspended. A pod that is not ready has the grace of a young pod,
//! unless it shows a cause that does not pass by itself. If its containers are meant to end ([`super::completion`]), a
//! done container is no failure, though the pod is not Ready any more.
//!
//! A pod with a controller is left to it. If it is judged all the same, `Failed` is a failure only as long as nothing
//! took its place. The controllers of Kubernetes create another pod for a failed one, and leave the failed one to the
//! pod garbage collector (`FilterActivePods` in `pkg/controller/controller_utils.go`). An unknown controller may do so
//! for a pod that was ended as a whole, by an eviction or a shutdown of its node. A pod that ended by its own failure
//! may be the only one that its controller makes. The mirror pod of a static pod belongs to its Node, which says
//! nothing about it: it is judged as a pod without a controller.

use super::cause::{self, working_pod};
use super::lifecycle::{self, Preliminaries};
use super::revision::STEP_SECONDS;
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS, Now, Pods, is_open};
use crate::kind::{JudgedKind, KindInfo, PodNames};
use crate::report::{Cause, Code, Item, Notes, RolloutProgress, State};
use crate::resource::{OwnerReference, Pod, PodStatus, Resource as _, Time};

impl JudgedKind for Pod {
    const INFO: KindInfo = KindInfo {
        short_names: &["po"],
        pods: PodNames::Itself,
        left_to_controller: true,
        ends: true,
        ..KindInfo::new("pod", "Pods")
    };
}

impl Check for Pod {
    fn responsible_controller(&self) -> Option<&OwnerReference> {
        self.meta().controller().filter(|owner| owner.kind != "Node")
    }

    fn failure_time(&self) -> Option<Time> {
        let status = self.status.as_ref().filter(|s| s.phase == "Failed")?;
        let remade =
            ONE_BY_ONE.contains(&self.responsible_controller()?.kind.as_str()) || !status.reason.is_empty();
        self.meta().creation_timestamp.filter(|_| remade)
    }

    fn replacement_time(&self) -> Option<Time> {
        let over = self.status.as_ref().map_or("", |s| s.phase.as_str());
        let does = self.is_active() || over == "Succeeded";
        self.meta().creation_timestamp.filter(|_| does)
    }

    /// A working pod that is not Ready does not show whether its node is lost. What keeps it from ending shows only
    /// after some time.
    fn needs_evidence(&self, item: &Item, _now: Now) -> bool {
        is_open(item) || item.reason == Code::Running
    }

    fn causes(&self, item: &Item, evidence: &Evidence<'_>) -> Vec<Cause> {
        cause::single_pod_causes(self, item, evidence)
    }

    fn rollout_progress(&self) -> Option<RolloutProgress> {
        Some(RolloutProgress::default())
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut notes = Notes::default();
        let own = Pods {
            pods: vec![(self, evidence.now)],
            events_and_nodes: evidence.events_and_nodes(),
            ..Pods::default()
        };
        let verdict = verdict(self, &own, evidence, &mut notes);
        let warnings = match verdict.state {
            State::Healthy if evidence.explained => own.restart_warnings(),
            _ => Vec::new(),
        };
        let counted = matches!(
            verdict.state,
            State::Healthy | State::Progressing | State::Degraded | State::Unavailable
        );
        Item {
            desired: counted.then_some(1),
            ready: counted.then_some(i64::from(verdict.healthy == Some(true))),
            notes,
            warnings,
            ..verdict.item(self)
        }
    }
}

fn verdict(pod: &Pod, own: &Pods<'_>, evidence: &Evidence<'_>, notes: &mut Notes) -> Verdict {
    let meta = pod.meta();
    let status = pod.status.clone().unwrap_or_default();
    let preliminaries = Preliminaries {
        meta,
        evidence,
        has_status: status != PodStatus::default(),
        has_generation: false,
        malformed: None,
    };
    if let Some(verdict) = preliminaries.verdict(notes) {
        return verdict;
    }
    match status.phase.as_str() {
        "Succeeded" => return Verdict::new(State::Succeeded, true, Code::Complete, "succeeded"),
        "Failed" => return failure_verdict(pod, &status, evidence).since(end_time(&status)),
        _ if pod.is_ready() => {
            if let Some(since) = own
                .recovery_time()
                .filter(|_| lifecycle::is_old(meta, evidence.now))
            {
                return lifecycle::recovery_verdict("ready".into(), since, evidence.now);
            }
            return Verdict::healthy(Code::Ready, "ready")
                .since(pod.condition("Ready").and_then(|c| c.last_transition_time));
        }
        _ => {}
    }
    if let Some(verdict) = working_verdict(pod, evidence, notes) {
        return verdict;
    }
    if pod.is_gated() {
        return Verdict::new(
            State::Suspended,
            true,
            Code::SchedulingGated,
            "held by a scheduling gate",
        )
        .since(meta.creation_timestamp);
    }
    let since = own.shortage_start(1);
    let message = unready_text(pod, &status);
    let young = meta
        .creation_timestamp
        .is_some_and(|t| evidence.now.is_within(GRACE_SECONDS, t));
    if young && own.hard_causes().is_empty() {
        return Verdict::new(State::Progressing, false, Code::PodsStarting, message).since(since);
    }
    Verdict::new(State::Unavailable, false, Code::PodNotReady, message).since(since)
}

/// The verdict about a pod with done containers whose other containers work.
fn working_verdict(pod: &Pod, evidence: &Evidence<'_>, notes: &mut Notes) -> Option<Verdict> {
    let working = working_pod(pod, evidence.now, evidence.events_and_nodes());
    let ending = working.filter(|e| e.ready && !e.done.is_empty())?;
    let (done, all) = (ending.done.len(), ending.done.len() + ending.running.len());
    let lasts = ending.since.is_some_and(|t| evidence.now.age(t) >= STEP_SECONDS);
    if ending.is_kept && lasts {
        return Some(Verdict::degraded(Code::KeptFromEnding, ending.kept_text()).since(ending.since));
    }
    if ending.is_kept {
        notes.push(ending.kept_text());
    }
    let message = format!("running, {done} of {all} containers are done");
    Some(Verdict::healthy(Code::Running, message).since(pod.meta().creation_timestamp))
}

/// Kinds that try again with a later pod: the driver of Spark with its executors, a TaskRun of Tekton and a runner of
/// GitHub with one pod at a time.
const ONE_BY_ONE: [&str; 4] = ["Job", "Pod", "TaskRun", "EphemeralRunner"];

/// Kinds that create another pod for each failed one.
const REPLACE: [&str; 4] = ["ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet"];

/// The verdict about a pod that has failed.
fn failure_verdict(pod: &Pod, status: &PodStatus, evidence: &Evidence<'_>) -> Verdict {
    let message = failure_text(status);
    let Some(owner) = pod.responsible_controller() else {
        let nothing = status.reason.is_empty() && status.message.is_empty();
        let message = if nothing {
            format!("{message}, and nothing replaces it")
        } else {
            message
        };
        return Verdict::degraded(Code::PodFailed, message);
    };
    let replaced = evidence.replaced || REPLACE.contains(&owner.kind.as_str());
    if replaced && !evidence.named {
        return Verdict::left_behind(format!(
            "{message}, and {} {} replaces it",
            owner.kind, owner.name
        ));
    }
    Verdict::degraded(Code::PodFailed, message)
}

/// How it failed, as a sentence.
fn failure_text(status: &PodStatus) -> String {
    match (status.reason.as_str(), status.message.as_str()) {
        ("", "") => "failed".to_owned(),
        ("", words) | (words, "") => format!("failed: {words}"),
        (reason, message) => format!("failed: {reason}: {message}"),
    }
}

/// When the last of its containers ended.
fn end_time(status: &PodStatus) -> Option<Time> {
    let states = status.container_statuses.iter().filter_map(|c| c.state.as_ref());
    states
        .filter_map(|s| s.terminated.as_ref().and_then(|t| t.finished_at))
        .max()
}

/// The state of a pod that is not ready, as a sentence.
fn unready_text(pod: &Pod, status: &PodStatus) -> String {
    if pod.unscheduled().is_some() {
        return "not scheduled".to_owned();
    }
    let phase = match status.phase.as_str() {
        "" => "pending".to_owned(),
        phase => phase.to_lowercase(),
    };
    let ready = status.container_statuses.iter().filter(|c| c.ready).count();
    match status.container_statuses.len() {
        0 => format!("{phase}, not ready"),
        1 => format!(
            "{phase}, its container is {}ready",
            if ready == 1 { "" } else { "not " }
        ),
        all => format!("{phase}, {ready} of {all} containers ready"),
    }
}
