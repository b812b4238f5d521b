//! An agent's answer about the transitions that it has seen.

use super::{Coverage, HistoryGap, TransitionRecord};
use serde::{Deserialize, Serialize};

/// One page of an agent's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HistoryPage {
    /// The version of the report's form.
    pub api_version: String,
    /// [`HistoryPage::KIND`].
    pub kind: String,
    /// The moment since when the history has every transition, RFC 3339, but for its gaps. It is later than the start of the
    /// agent once older transitions had to make room.
    pub watched_since: String,
    /// The gaps within the span that was asked for, in the order of their beginnings.
    #[serde(default)]
    pub gaps: Vec<HistoryGap>,
    /// The transitions in the order in which they were seen, newest last.
    pub transitions: Vec<TransitionRecord>,
    /// The token of the next page. Left out on the last page.
    #[serde(default, rename = "continue", skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The kinds and namespaces of the answer, and what was asked for and is not watched.
    pub coverage: Coverage,
    /// The moment of the answer, RFC 3339, by the API server's clock.
    pub observed_at: String,
    /// The pod that answered. Each replica of an agent has a history of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
}

impl HistoryPage {
    /// The kind of the document.
    pub const KIND: &str = "HealthHistory";
}
