//! One distinct cause over a whole report.

use super::{Code, ObjectRef, State};
use serde::{Deserialize, Serialize};

/// One distinct cause over the whole report, with the objects that it affects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// A stable word in CamelCase, listed in docs/checks.md: the code of a cause, or the reason of an item if the item
    /// itself is the trouble, such as a node.
    pub code: Code,
    /// The thing behind it, if that is known: `Node/n7`, `ResourceQuota/shop/compute`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<ObjectRef>,
    /// The message of one of the objects that show it.
    #[serde(default)]
    pub message: String,
    /// The worst state of the affected objects.
    pub state: State,
    /// Pods that show it.
    #[serde(default)]
    pub pods: u64,
    /// Affected workloads, which are objects that make pods.
    #[serde(default)]
    pub workloads: u64,
    /// Services without a ready endpoint because of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub services: u64,
    /// Some of the affected objects, as `Kind/namespace/name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ObjectRef>,
    /// One object that shows it, as `Kind/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<ObjectRef>,
    /// Since when it has lasted, RFC 3339, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// When a crash last happened, RFC 3339. Other findings leave it out.
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
