//! One judged object with its state and its causes.

use super::{Acknowledged, Cause, Code, Notes, ObjectRef};
use crate::kind::Kind;
use serde::{Deserialize, Serialize};

/// The state of an object, one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
    pub fn as_str(self) -> &'static str {
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
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Kind of the object, such as `Deployment`.
    pub kind: String,
    /// Its namespace.
    #[serde(default)]
    pub namespace: String,
    /// Its name.
    pub name: String,
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
    /// The acknowledgement, if an annotation on the object has one. State and `healthy` stay as they are; status and exit
    /// code leave the object out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledged>,
    /// The plural names of the kinds that it controls, if the object is judged by them and not itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judged_by: Vec<String>,
}

impl Item {
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

    /// Whether the item can be part of a finding.
    pub(super) fn is_reportable(&self) -> bool {
        self.acknowledged.is_none()
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
