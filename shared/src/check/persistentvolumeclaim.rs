//! Whether a PersistentVolumeClaim has its volume.
//!
//! By its phase, as the persistent volume controller writes it (`pkg/controller/volume/persistentvolume/pv_controller.go`
//! in kubernetes/kubernetes): `Lost` is final, the volume is gone. `Pending` alone says nothing: with
//! `WaitForFirstConsumer` a claim waits for the first pod that mounts it. So it is measured from the moment a pod wants
//! it, and a pod that is held by a scheduling gate does not want it yet. A volume that could not be made larger, or
//! moved to another class, still serves: a warning.

use super::common::{self, Finding};
use super::companions::{self, Companion, Companions, PodFacts, Want};
use super::{Evidence, Judged};
use crate::report::{Item, State};
use crate::resource::{ObjectMeta, PersistentVolumeClaim, Resource as _};

/// Conditions that tell of a change that failed.
const ERRORS: [&str; 3] = ["ControllerResizeError", "NodeResizeError", "ModifyVolumeError"];

impl Judged for PersistentVolumeClaim {
    const COMPANIONS: &'static [Companion] = &[Companion::Pods];

    fn wants(&self, known: &Companions) -> Vec<Want> {
        let namespace = &self.meta().namespace;
        if self.phase() == "Pending" && !known.is_asked(Companion::Pods, namespace) {
            return vec![(Companion::Pods, namespace.clone())];
        }
        Vec::new()
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut notes = Vec::new();
        let finding = finding(self, evidence, &mut notes);
        let conditions = self.status.as_ref().map_or(&[][..], |s| &s.conditions);
        let failed = conditions
            .iter()
            .filter(|c| c.is_true() && ERRORS.contains(&c.kind.as_str()));
        let warnings = match finding.state {
            State::Unknown | State::Terminating => Vec::new(),
            _ => failed.map(|c| format!("{}: {}", c.kind, c.words())).collect(),
        };
        Item {
            notes,
            warnings,
            ..finding.item(self)
        }
    }
}

impl PersistentVolumeClaim {
    /// The phase; one that nobody has looked at yet is pending.
    fn phase(&self) -> &str {
        match self.status.as_ref().map_or("", |s| s.phase.as_str()) {
            "" => "Pending",
            phase => phase,
        }
    }
}

fn finding(claim: &PersistentVolumeClaim, evidence: &Evidence<'_>, notes: &mut Vec<String>) -> Finding {
    let meta = claim.meta();
    let written = claim.status.as_ref().is_some_and(|s| !s.phase.is_empty());
    if let Some(finding) =
        common::uncreated(meta, written).or_else(|| common::deleting(meta, evidence, notes))
    {
        return finding;
    }
    let volume = claim.spec.as_ref().map_or("", |s| s.volume_name.as_str());
    match claim.phase() {
        "Bound" => Finding::healthy("Bound", format!("bound to {volume}")),
        "Lost" => Finding::degraded(
            "ClaimLost",
            match volume {
                "" => "lost: its volume is gone, and the data with it".to_owned(),
                volume => format!("lost: volume {volume} is gone or is another claim's"),
            },
        ),
        "Pending" => pending(claim, meta, evidence),
        other => Finding::unknown("Malformed", format!("malformed: status.phase is {other:?}")),
    }
}

fn pending(claim: &PersistentVolumeClaim, meta: &ObjectMeta, evidence: &Evidence<'_>) -> Finding {
    let Some(pods) = evidence.companions.and_then(|c| c.pods(&meta.namespace)) else {
        return Finding::unknown(
            "PodsNotSeen",
            "pending, and whether a pod waits for it is not known: the pods were not seen",
        );
    };
    // The claim of an ephemeral volume is its pod's, which names no claim.
    let owner = meta
        .controller()
        .filter(|o| o.kind == "Pod")
        .map(|o| o.uid.as_str());
    let wants = |pod: &&PodFacts| {
        pod.active && !pod.gated && (pod.claims.contains(&meta.name) || owner == Some(pod.uid.as_str()))
    };
    let waiting: Vec<&PodFacts> = pods.iter().filter(wants).collect();
    let Some(first) = waiting.iter().min_by_key(|p| p.created) else {
        return Finding::healthy("NotWantedYet", "pending, no pod wants it");
    };
    let class = claim
        .spec
        .as_ref()
        .and_then(|s| s.storage_class_name.as_deref())
        .map_or(String::new(), |class| format!(", storage class {class:?}"));
    let told = match waiting.len() {
        1 => format!("pending, Pod {} waits for it{class}", first.name),
        n => format!(
            "pending, Pod {} and {} more wait for it{class}",
            first.name,
            n - 1
        ),
    };
    let since = first.created.max(meta.creation_timestamp);
    if companions::is_recent(evidence.now, meta.creation_timestamp, first.created) {
        return Finding::new(State::Progressing, false, "ClaimBinding", told).since(since);
    }
    Finding::degraded("ClaimPending", told).since(since)
}
