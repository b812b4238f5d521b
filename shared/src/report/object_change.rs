//! What changed shortly before a problem began, and how to go back.

use super::ObjectRef;
use serde::{Deserialize, Serialize};

/// What kind of change it was, one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    /// A new revision of the workload's pods.
    Rollout,
    /// A revision that had been replaced before is the newest one again.
    Rollback,
    /// A new revision that differs in nothing but the annotation of `kubectl rollout restart`.
    Restart,
    /// Another number of pods was asked for.
    Scale,
    /// Another part of the spec was written.
    Edit,
    /// The object was created.
    Created,
    /// A node was created, cordoned or tainted.
    Node,
    /// A `ConfigMap` that the pods name was written.
    Config,
    /// A quota or a `LimitRange` was written.
    Quota,
    /// The configuration of a webhook was written.
    Webhook,
    /// A word of a newer version.
    #[serde(other)]
    Other,
}

impl ChangeKind {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rollout => "rollout",
            Self::Rollback => "rollback",
            Self::Restart => "restart",
            Self::Scale => "scale",
            Self::Edit => "edit",
            Self::Created => "created",
            Self::Node => "node",
            Self::Config => "config",
            Self::Quota => "quota",
            Self::Webhook => "webhook",
            Self::Other => "other",
        }
    }
}

/// A change of a workload, or of something that it depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ObjectChange {
    /// When it happened, RFC 3339.
    pub at: String,
    /// What kind of change it was.
    pub what: ChangeKind,
    /// Seconds from the change to the beginning of the problem, if that is known. At least 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_before: Option<i64>,
    /// The newest revision: the number of a Deployment's, the name of another workload's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The revision before it, if it still exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The field manager that wrote it: the name of a program, not of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The annotation `kubernetes.io/change-cause` of the newest revision, with secrets masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_cause: Option<String>,
    /// The fields in which the two revisions differ. Values are left out of fields that may hold a secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diff: Vec<FieldChange>,
    /// The object that changed, if it is not the workload itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<ObjectRef>,
    /// The way back to the revision before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
}

/// One field in which two revisions differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// The field, in the words of the API: `image`, `env DATABASE_URL`, `resources.limits.memory`.
    pub field: String,
    /// The container that has it, if a container does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Whether it was added, removed or changed.
    pub how: FieldChangeKind,
    /// Its old value, of fields that hold no secrets: images, resources, ports and numbers of probes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its new value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// How a field differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum FieldChangeKind {
    /// Only the newest revision has it.
    Added,
    /// Only the revision before has it.
    Removed,
    /// Both have it, with different values.
    Changed,
    /// A word of a newer version.
    #[serde(other)]
    Other,
}

/// The way back to the revision before the newest one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Undo {
    /// The revision before: its number for a Deployment and the like.
    pub revision: String,
    /// Whether it was seen to work: its pods are ready, or an agent's history saw it healthy.
    pub worked: bool,
    /// The command that returns to it. Left out if it was not seen to work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Its pods that are ready, and the pods that it had, if both are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<i64>,
    /// See [`Undo::ready`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<i64>,
}
