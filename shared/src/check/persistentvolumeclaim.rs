//! Whether a PersistentVolumeClaim has its volume.
//!
//! By its phase, as the persistent volume controller writes it
//! (`pkg/controller/volume/persistentvolume/pv_controller.go` in kubernetes/kubernetes). `Lost` is final: the volume is
//! gone. `Pending` alone says nothing: with `WaitForFirstConsumer` a claim waits for the first pod that mounts it. So
//! its age counts from the moment a pod needs it. A pod that a scheduling gate holds does not need it yet. The claim's
//! own events say why it has no volume. A volume that could not be made larger, or moved to another class, still
//! serves: a warning. So is a change that has not ended after a quarter of an hour. The node makes the file system
//! larger once a pod mounts it: a note.
//!
//! A claim that is being deleted stays as long as a pod uses it (the finalizer `kubernetes.io/pvc-protection`).

use super::cause::Sentence;
use super::cause::claim::{ClaimCause, cause_from_events};
use super::evidence::ClaimEvent;
use super::lifecycle::{self, Preliminaries};
use super::related::events::EventFacts;
use super::related::pods::{PodFacts, PodStage};
use super::related::{RelatedKind, RelatedNeed, RelatedObjects};
use super::text::{kubectl, one_line};
use super::verdict::Verdict;
use super::{Check, Evidence};
use crate::kind::{JudgedKind, KindInfo};
use crate::report::{Cause, Code, Item, Notes, ObjectRef, State};
use crate::resource::{
    Condition as _, ObjectMeta, PersistentVolumeClaim, PersistentVolumeClaimStatus, Resource as _,
};

/// Conditions of a failed change.
const ERRORS: [&str; 3] = ["ControllerResizeError", "NodeResizeError", "ModifyVolumeError"];

/// Conditions of a change under way.
const CHANGES: [&str; 2] = ["Resizing", "ModifyingVolume"];

/// The finalizer of a claim that a pod may use.
const IN_USE: &str = "kubernetes.io/pvc-protection";

impl JudgedKind for PersistentVolumeClaim {
    const INFO: KindInfo = KindInfo {
        short_names: &["pvc"],
        ..KindInfo::new("persistentvolumeclaim", "PersistentVolumeClaims")
    };
}

impl Check for PersistentVolumeClaim {
    const RELATED_KINDS: &'static [RelatedKind] = &[RelatedKind::Pods, RelatedKind::ClaimEvents];

    fn related_needs(&self, known: &RelatedObjects) -> Vec<RelatedNeed> {
        let namespace = &self.meta().namespace;
        let pending = self.phase() == "Pending";
        if !pending && !self.is_held_by_pods() {
            return Vec::new();
        }
        let Some(pods) = known.pods(namespace) else {
            return vec![(RelatedKind::Pods, namespace.clone())];
        };
        if pending && pods_in_need(self, pods).next().is_some() {
            return vec![(RelatedKind::ClaimEvents, namespace.clone())];
        }
        Vec::new()
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let (mut notes, mut causes) = (Notes::default(), Vec::new());
        let verdict = verdict(self, evidence, &mut notes, &mut causes);
        let warnings = match (verdict.state, &self.status) {
            (State::Unknown | State::Terminating, _) | (_, None) => Vec::new(),
            (_, Some(status)) => change_warnings(status, evidence, &mut notes),
        };
        Item {
            notes,
            warnings,
            causes,
            ..verdict.item(self)
        }
    }
}

impl PersistentVolumeClaim {
    /// The phase. A claim that no controller has seen yet is pending.
    fn phase(&self) -> &str {
        match self.status.as_ref().map_or("", |s| s.phase.as_str()) {
            "" => "Pending",
            phase => phase,
        }
    }

    /// Whether it is being deleted and may wait for pods.
    fn is_held_by_pods(&self) -> bool {
        let meta = self.meta();
        meta.deletion_timestamp.is_some() && meta.finalizers.iter().any(|f| f == IN_USE)
    }

    /// Whether a pod mounts it. An ephemeral volume's claim belongs to its pod, which does not name it.
    fn is_used_by(&self, pod: &PodFacts) -> bool {
        let meta = self.meta();
        let owner = meta.controller().filter(|o| o.kind == "Pod");
        pod.claims.contains(&meta.name) || owner.is_some_and(|o| o.uid == pod.uid)
    }
}

/// Pods that need the claim.
fn pods_in_need<'a>(
    claim: &'a PersistentVolumeClaim,
    pods: &'a [PodFacts],
) -> impl Iterator<Item = &'a PodFacts> {
    pods.iter()
        .filter(|pod| pod.stage == PodStage::Active && !pod.gated && claim.is_used_by(pod))
}

/// Warnings about changes of the volume.
fn change_warnings(
    status: &PersistentVolumeClaimStatus,
    evidence: &Evidence<'_>,
    notes: &mut Notes,
) -> Vec<String> {
    let true_conditions = || status.conditions.iter().filter(|c| c.is_true());
    let failed = true_conditions().filter(|c| ERRORS.contains(&c.kind.as_str()));
    let mut warnings: Vec<String> = failed.map(|c| format!("{}: {}", c.kind, c.words())).collect();
    let given_up = status.allocated_resource_statuses.values();
    let given_up = given_up.filter(|word| word.ends_with("Infeasible") || word.ends_with("Failed"));
    if warnings.is_empty() {
        warnings.extend(given_up.map(|word| format!("its volume cannot be made as large as asked: {word}")));
    }
    // Newer servers leave `Resizing` True besides: the rest is the node's part.
    if true_conditions().any(|c| c.kind == "FileSystemResizePending") {
        notes.push("its volume is larger, its file system will be once a pod mounts it again".to_owned());
        return warnings;
    }
    for condition in true_conditions().filter(|c| CHANGES.contains(&c.kind.as_str())) {
        let what = if condition.kind == "Resizing" {
            "made larger"
        } else {
            "moved to another class"
        };
        let minutes = condition.last_transition_time.map(|t| evidence.now.age(t) / 60);
        if let Some(minutes) =
            minutes.filter(|m| m.saturating_mul(60) >= lifecycle::LINGER_SECONDS && warnings.is_empty())
        {
            warnings.push(format!(
                "its volume is being {what} for {minutes} min and is not yet"
            ));
        }
    }
    warnings
}

fn verdict(
    claim: &PersistentVolumeClaim,
    evidence: &Evidence<'_>,
    notes: &mut Notes,
    causes: &mut Vec<Cause>,
) -> Verdict {
    let meta = claim.meta();
    let preliminaries = Preliminaries {
        meta,
        evidence,
        has_status: claim.status.as_ref().is_some_and(|s| !s.phase.is_empty()),
        has_generation: false,
        malformed: None,
    };
    if let Some(verdict) = preliminaries.verdict(notes) {
        let pods = evidence.related.and_then(|c| c.pods(&meta.namespace));
        let mut users = pods
            .into_iter()
            .flatten()
            .filter(|pod| matches!(pod.stage, PodStage::Active | PodStage::Leaving) && claim.is_used_by(pod));
        if let Some(first) = users
            .next()
            .filter(|_| verdict.reason == Code::Deleting && claim.is_held_by_pods())
        {
            notes.push(match users.count() {
                0 => format!("Pod {} uses it", first.name),
                n => format!("Pod {} and {n} more use it", first.name),
            });
        }
        return verdict;
    }
    let volume = claim.spec.as_ref().map_or("", |s| s.volume_name.as_str());
    match claim.phase() {
        "Bound" => Verdict::healthy(Code::Bound, format!("bound to {volume}")),
        "Lost" => Verdict::degraded(
            Code::ClaimLost,
            match volume {
                "" => "lost: its volume is gone, and the data with it".to_owned(),
                volume => format!("lost: volume {volume} is gone or is another claim's"),
            },
        ),
        "Pending" => pending_verdict(claim, meta, evidence, notes, causes),
        other => Verdict::malformed(&format!("status.phase is {other:?}")),
    }
}

/// The verdict about a claim without a volume.
fn pending_verdict(
    claim: &PersistentVolumeClaim,
    meta: &ObjectMeta,
    evidence: &Evidence<'_>,
    notes: &mut Notes,
    causes: &mut Vec<Cause>,
) -> Verdict {
    let Some(pods) = evidence.related.and_then(|c| c.pods(&meta.namespace)) else {
        return Verdict::unknown(
            Code::PodsNotSeen,
            "pending, and whether a pod waits for it is not known: the pods were not seen",
        );
    };
    let waiting: Vec<&PodFacts> = pods_in_need(claim, pods).collect();
    let Some(first) = waiting.iter().min_by_key(|p| p.created) else {
        return Verdict::healthy(Code::NotWantedYet, "pending, no pod wants it");
    };
    let class = claim
        .spec
        .as_ref()
        .and_then(|s| s.storage_class_name.as_deref())
        .map_or(String::new(), |class| format!(", storage class {class:?}"));
    let message = match waiting.len() {
        1 => format!("pending, Pod {} waits for it{class}", first.name),
        n => format!(
            "pending, Pod {} and {} more wait for it{class}",
            first.name,
            n - 1
        ),
    };
    let since = first.created.max(meta.creation_timestamp);
    let events = evidence
        .related
        .and_then(|known| known.events(RelatedKind::ClaimEvents, &meta.namespace, &meta.uid));
    match events {
        Some(events) => causes.extend(event_cause(meta, first, events).map(|cause| Cause {
            since: since.map(|t| t.to_string()),
            ..cause
        })),
        None => notes.push("its events were not seen".to_owned()),
    }
    if lifecycle::is_recent(evidence.now, meta.creation_timestamp, first.created) {
        return Verdict::new(State::Progressing, false, Code::ClaimBinding, message).since(since);
    }
    Verdict::degraded(Code::ClaimPending, message).since(since)
}

/// Why it has no volume, by its own events.
fn event_cause(meta: &ObjectMeta, pod: &PodFacts, events: &[EventFacts]) -> Option<Cause> {
    let (namespace, name) = (&meta.namespace, &meta.name);
    let events = events.iter().map(|event| ClaimEvent {
        reason: &event.reason,
        message: &event.message,
        is_warning: event.is_warning,
        time: event.time,
    });
    let (words, subject, hint) = match cause_from_events(events)? {
        ClaimCause::Failed { words, hint } => (
            words,
            ObjectRef::namespaced(PersistentVolumeClaim::KIND, namespace, name),
            hint.map_or_else(|| kubectl(namespace, "describe pvc", name), str::to_owned),
        ),
        ClaimCause::WaitsForPod => (
            format!("waits for Pod {} to be given to a node", pod.name),
            ObjectRef::namespaced("Pod", namespace, &pod.name),
            kubectl(namespace, "describe pod", &pod.name),
        ),
    };
    Some(Cause {
        example: Some(ObjectRef::named(PersistentVolumeClaim::KIND, name)),
        hint: Some(hint),
        subject: Some(subject),
        ..Sentence::without_reason(one_line(&format!("claim {name}: {words}"))).into_cause(Code::VolumeClaim)
    })
}
