//! One judged object with its state and its causes.

use super::{Acknowledged, BaselineMark, Cause, Code, Notes, ObjectChange, ObjectRef, RolloutProgress};
use crate::kind::Kind;
use serde::{Deserialize, Serialize};

/// The state of an object, one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It has what it asks for and nothing is under way.
    Healthy,
    /// Something is under way and its time is not up. `healthy` says whether the object falls short meanwhile.
    Progressing,
    /// It has less than it asks for, or its rollout is stalled.
    Degraded,
    /// It has none of what it asks for.
    Unavailable,
    /// It is being deleted.
    Terminating,
    /// It is held on purpose and asks for nothing meanwhile. Only some kinds can be suspended.
    Suspended,
    /// It is done. Only some kinds end.
    Succeeded,
    /// It was not seen or not understood. Words of a newer version are read as this one too.
    #[serde(other)]
    Unknown,
}

impl State {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Progressing => "progressing",
            Self::Degraded => "degraded",
            Self::Unavailable => "unavailable",
            Self::Terminating => "terminating",
            Self::Suspended => "suspended",
            Self::Succeeded => "succeeded",
            Self::Unknown => "unknown",
        }
    }

    /// Every state, in the order in which a summary counts them.
    pub const ALL: [Self; 8] = [
        Self::Healthy,
        Self::Progressing,
        Self::Degraded,
        Self::Unavailable,
        Self::Unknown,
        Self::Terminating,
        Self::Suspended,
        Self::Succeeded,
    ];

    /// Whether nobody has to look at the object.
    #[must_use]
    pub fn is_fine(self) -> bool {
        matches!(self, Self::Healthy | Self::Suspended | Self::Succeeded)
    }
}

/// One judged object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Kind of the object, such as `Deployment`.
    pub kind: String,
    /// Its namespace.
    #[serde(default)]
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The object's identity, which a later object of the same name does not share. Older agents leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Counts the changes of its spec. Left out if its kind has none, and by older agents. The reason `NotObserved` says that
    /// its controller has not acted upon it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
    /// The verdict.
    pub state: State,
    /// The literal answer: whether the object has at least as many healthy pods as its spec asks for, and its rollout is not
    /// stalled. Left out for an object that is being deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<bool>,
    /// Pods that the spec asks for. Like the other counts, it is left out if the object could not be decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<i64>,
    /// Pods that are ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<i64>,
    /// Pods that are available: ready for at least `minReadySeconds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<i64>,
    /// Pods of the newest revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<i64>,
    /// Why the object is in this state, a stable word in CamelCase, listed in docs/checks.md.
    pub reason: Code,
    /// The reason as a sentence with numbers.
    #[serde(default)]
    pub message: String,
    /// The part of the message that follows the counts, if the message begins with them: a screen shows the counts in another
    /// place. Empty if nothing follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Since when the object has been in this state, RFC 3339, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Remarks beside the state, such as `paused`.
    #[serde(flatten)]
    pub notes: Notes,
    /// Warnings that do not make the object unhealthy, such as a node's disk pressure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Why the object falls short: one entry for each distinct cause, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// The change after which the problem began, if one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Box<ObjectChange>>,
    /// The acknowledgement, if an annotation on the object has one. State and `healthy` stay as they are; status and exit
    /// code leave the object out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledged>,
    /// The plural names of the kinds that it controls, if the object is judged by them and not itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judged_by: Vec<String>,
    /// When something other than its status was last written, RFC 3339, if that is known and the object is
    /// not settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec_written: Option<String>,
    /// How far its newest revision is, if it is a workload and not settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Box<RolloutProgress>>,
    /// How it compares with the baseline, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineMark>,
    /// Its state in the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_state: Option<State>,
}

impl Item {
    /// An item with nothing but that: no counts, notes, warnings and causes.
    #[must_use]
    pub fn new(object: ObjectRef, state: State, reason: Code, message: String) -> Self {
        Self {
            kind: object.kind,
            namespace: object.namespace,
            name: object.name,
            uid: None,
            generation: None,
            state,
            healthy: None,
            desired: None,
            ready: None,
            available: None,
            updated: None,
            reason,
            message,
            detail: None,
            since: None,
            notes: Notes::default(),
            warnings: Vec::new(),
            causes: Vec::new(),
            change: None,
            acknowledged: None,
            judged_by: Vec::new(),
            spec_written: None,
            rollout: None,
            baseline: None,
            baseline_state: None,
        }
    }

    /// The object's reference, in the form of a cause's subject.
    #[must_use]
    pub fn identity(&self) -> ObjectRef {
        ObjectRef::namespaced(&self.kind, &self.namespace, &self.name)
    }

    /// Whether the object makes pods, or is a pod.
    #[must_use]
    pub fn is_workload(&self) -> bool {
        Kind::from_kind(&self.kind).is_some_and(Kind::is_workload) || !self.judged_by.is_empty()
    }

    /// Whether the object is left out of the verdict because it, or its namespace, is being deleted.
    #[must_use]
    pub fn is_left_out(&self) -> bool {
        self.state == State::Terminating
            && self.healthy.is_none()
            && matches!(self.reason, Code::Deleting | Code::NamespaceTerminating)
    }

    /// Whether the items differ in nothing but namespace, name, uid and generation.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        // Without `..`, so that a new field is compared too.
        let Self {
            kind,
            namespace: _,
            name: _,
            uid: _,
            generation: _,
            state,
            healthy,
            desired,
            ready,
            available,
            updated,
            reason,
            message,
            detail,
            since,
            notes,
            warnings,
            causes,
            change,
            acknowledged,
            judged_by,
            spec_written,
            rollout,
            baseline,
            baseline_state,
        } = self;
        (state, healthy, desired, ready, available, updated)
            == (
                &other.state,
                &other.healthy,
                &other.desired,
                &other.ready,
                &other.available,
                &other.updated,
            )
            && (kind, reason, message, detail, since)
                == (
                    &other.kind,
                    &other.reason,
                    &other.message,
                    &other.detail,
                    &other.since,
                )
            && (notes, warnings, causes, change)
                == (&other.notes, &other.warnings, &other.causes, &other.change)
            && (acknowledged, judged_by) == (&other.acknowledged, &other.judged_by)
            && (spec_written, rollout) == (&other.spec_written, &other.rollout)
            && (baseline, baseline_state) == (&other.baseline, &other.baseline_state)
    }

    /// Pods that a workload asks for and that are not ready; `None` if the object counts no pods.
    #[must_use]
    pub fn missing_pods(&self) -> Option<i64> {
        let counts = self.desired.zip(self.ready).filter(|_| self.is_workload());
        counts.map(|(desired, ready)| desired.saturating_sub(ready).max(0))
    }

    /// Whether status and exit code leave it out although it falls short: an annotation acknowledges it, or it was no better
    /// in the baseline. An object that was not understood is never excused by a baseline.
    #[must_use]
    pub fn is_excused(&self) -> bool {
        let is_known = self.baseline.is_some_and(|mark| !mark.is_news());
        self.acknowledged.is_some() || (is_known && self.state != State::Unknown)
    }

    /// Whether the item can be part of a finding.
    #[must_use]
    pub fn is_reportable(&self) -> bool {
        !self.is_excused()
            && matches!(
                self.state,
                State::Progressing | State::Degraded | State::Unavailable
            )
    }

    /// Whether the item is part of a finding.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.is_reportable()
            && (!self.causes.is_empty() || (!self.is_workload() && self.healthy == Some(false)))
    }

    /// The causes that are not a consequence of the others: if a rollout runs out of time or a Job gives up, something else
    /// is the cause.
    pub fn roots(&self) -> impl Iterator<Item = &Cause> {
        let consequence = |c: &Cause| c.code.is_consequence();
        let has_others = !self.causes.iter().all(consequence);
        self.causes
            .iter()
            .filter(move |c| !(has_others && consequence(c)))
    }
}
