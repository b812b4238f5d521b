//! A namespace that is being deleted.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A namespace that is being deleted. No verdict counts about an object in it, unless the user named the object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct TerminatingNamespace {
    /// Its name.
    pub namespace: String,
    /// When its deletion began, RFC 3339. Left out if the namespace may not be read, and only a refusal shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The number of objects that are left out, by the name of the check.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, u64>,
}
