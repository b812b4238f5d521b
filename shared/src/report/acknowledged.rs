//! The acknowledgement of an item, with its end.

use super::Code;
use serde::{Deserialize, Serialize};

/// The acknowledgement of an item, from an annotation on its object. Until it ends, status and exit code leave the item out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Acknowledged {
    /// The item's reason, or the code of a cause. If several causes are acknowledged, the code of the acknowledgement that
    /// ends first.
    pub code: Code,
    /// The end as the annotation writes it: a time, or a day, which lasts until its end in UTC.
    pub until: String,
    /// Why somebody acknowledged it.
    pub reason: String,
}
