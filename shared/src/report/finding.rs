//! What is wrong, in one entry a cause.

use super::{Code, ObjectRef, State};
use serde::{Deserialize, Serialize};

/// One distinct cause over the whole report, and all that it is the cause of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// A stable word in CamelCase, listed in docs/checks.md: a cause's code, or the reason of an item that is itself what
    /// is wrong, such as a node.
    pub code: Code,
    /// What is behind it, where that is known: `Node/n7`, `ResourceQuota/shop/compute`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<ObjectRef>,
    /// The sentence that matters, of one of those that show it.
    #[serde(default)]
    pub message: String,
    /// The worst state of the objects under it.
    pub state: State,
    /// Pods that show it.
    #[serde(default)]
    pub pods: u64,
    /// Workloads under it, which make pods.
    #[serde(default)]
    pub workloads: u64,
    /// Services that nobody answers for because of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub services: u64,
    /// Some of the objects under it, as `Kind/namespace/name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ObjectRef>,
    /// One object that shows it, as `Kind/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<ObjectRef>,
    /// Since when, RFC 3339, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// When it last happened, RFC 3339, of a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// A command to paste.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
