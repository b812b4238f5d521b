//! That somebody knows of an item and has said until when.

use super::Code;
use serde::{Deserialize, Serialize};

/// What an annotation on the object says of its item: it is known, and left out of status and exit code until then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Acknowledged {
    /// The item's reason, or the code of its cause that ends first of those that were acknowledged.
    pub code: Code,
    /// Until when, as it was written: a day, which counts to its end in UTC, or a time.
    pub until: String,
    /// Why.
    pub reason: String,
}
