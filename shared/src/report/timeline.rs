//! What changed in a cluster within a span of time: the wire form of `kubectl sre changes`.

use super::{API_VERSION, Code, NotSeen, ObjectChange, ObjectRef, Source, State};
use serde::{Deserialize, Serialize};

/// The `kind` of a timeline.
const KIND: &str = "ChangeTimeline";

/// What changed, in the order in which it happened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Timeline {
    /// Always `sre/v1`.
    pub api_version: String,
    /// Always `ChangeTimeline`.
    pub kind: String,
    /// When the sources were read, RFC 3339. Ages count from it.
    pub observed_at: String,
    /// The beginning of the span of time that was asked for, RFC 3339.
    pub since: String,
    /// Its end; left out if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The cluster, the agent or the file that was read.
    pub source: Source,
    /// The namespace that was asked for; left out for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The objects that were asked for; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// The changes, the newest last.
    pub entries: Vec<TimelineEntry>,
    /// Number of older changes that are left out, because there are too many.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
    /// How far back each source reaches. A change before that leaves no entry.
    pub reach: Vec<SourceReach>,
    /// The sources that were asked for and could not be read, or not to their end.
    pub not_seen: Vec<NotSeen>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Timeline {
    /// An empty timeline.
    #[must_use]
    pub fn new(source: Source, observed_at: String) -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            observed_at,
            source,
            ..Self::default()
        }
    }
}

/// A change, or several alike that happened at about the same time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct TimelineEntry {
    /// When it happened, RFC 3339; of several the first.
    pub at: String,
    /// When it happened for the last time, if it happened several times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// What kind of change it is.
    pub what: TimelineKind,
    /// The object that changed. Left out if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    /// The objects that changed, if there are several. A long list has only the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectRef>,
    /// Number of objects that changed. At least 1.
    pub count: u64,
    /// How often it happened, if that is more often than once for each object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// The node on which it happened, if it happened on one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The field manager that wrote it: the name of a program, not of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The revision, with the fields in which it differs from the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Box<ObjectChange>>,
    /// The states of an object before and after, by an agent's history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictChange>,
    /// The objects in words: `Deployment shop/checkout`, `12 Pods of shop/*`.
    pub subject: String,
    /// The change in words.
    pub message: String,
    /// The source that shows it, a word of `reach`.
    pub source: String,
}

/// What kind of change an entry is, one word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum TimelineKind {
    /// A new revision of a workload's pods.
    Rollout,
    /// A revision that had been replaced before is the newest one again.
    Rollback,
    /// A new revision that `kubectl rollout restart` made.
    Restart,
    /// Another number of pods was asked for.
    Scale,
    /// Another part of a spec was written.
    Edit,
    /// An object was created.
    Created,
    /// A container ended and was started again.
    ContainerRestart,
    /// A pod was evicted, preempted, or stopped on a node that was drained.
    Eviction,
    /// Pods were refused.
    Refused,
    /// A node came, went, was cordoned or tainted, or a condition of it changed.
    Node,
    /// A quota or a `LimitRange` was written.
    Quota,
    /// The configuration of a webhook was written.
    Webhook,
    /// A `ConfigMap` was written.
    Config,
    /// A controller has another leader.
    Leader,
    /// An API server started.
    ApiServer,
    /// The verdict on an object changed, by an agent's history.
    Verdict,
    /// A word of a newer version.
    #[default]
    #[serde(other)]
    Other,
}

impl TimelineKind {
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
            Self::ContainerRestart => "containerRestart",
            Self::Eviction => "eviction",
            Self::Refused => "refused",
            Self::Node => "node",
            Self::Quota => "quota",
            Self::Webhook => "webhook",
            Self::Config => "config",
            Self::Leader => "leader",
            Self::ApiServer => "apiServer",
            Self::Verdict => "verdict",
            Self::Other => "other",
        }
    }
}

/// A change of the verdict on an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerdictChange {
    /// The state before. Left out for an object that is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<State>,
    /// The state after. Left out for an object that was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<State>,
    /// The reason of the new state, as in `items[].reason`; `Deleted` for an object that was deleted.
    pub reason: Code,
    /// The code of the first cause that was known at that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

/// How far back a source reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SourceReach {
    /// The source, one word: `events`, `revisions`, `agent`.
    pub source: String,
    /// The oldest time that it shows, RFC 3339, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What it shows, and what it does not, in words.
    pub message: String,
}
