//! A span of time that a history knows nothing about.

use serde::{Deserialize, Serialize};

/// A span of time in which the agent did not see everything. Nothing follows from a state before it and a state after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HistoryGap {
    /// Its beginning, RFC 3339: the last moment at which everything is known to have been seen.
    pub from: String,
    /// Its end. Left out if it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Why nothing was seen.
    pub why: HistoryGapReason,
    /// Plural name of the kind that was not seen. Left out if no kind was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The namespace whose objects were not seen. Left out if those of no namespace were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// Why a history has a gap, one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum HistoryGapReason {
    /// The agent had started and had not read the objects yet.
    Starting,
    /// No agent ran that wrote into this history.
    AgentDown,
    /// The watch was lost, or nothing was heard of it.
    WatchLost,
    /// Transitions could not be written, and the agent was started again since then.
    NotWritten,
    /// The clock jumped, so that these times came twice or never.
    ClockJump,
    /// A word of a newer version.
    #[serde(other)]
    Other,
}

impl HistoryGapReason {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::AgentDown => "agentDown",
            Self::WatchLost => "watchLost",
            Self::NotWritten => "notWritten",
            Self::ClockJump => "clockJump",
            Self::Other => "other",
        }
    }

    /// Whether transitions of the gap may be missing. After a watch that was lost the objects are compared with those before,
    /// so that each transition has a record, though a late one.
    #[must_use]
    pub fn loses_transitions(self) -> bool {
        match self {
            Self::Starting | Self::AgentDown | Self::NotWritten | Self::Other => true,
            Self::WatchLost | Self::ClockJump => false,
        }
    }
}
