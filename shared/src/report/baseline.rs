//! A report beside an earlier one of the same scope.

use super::ObjectRef;
use serde::{Deserialize, Serialize};

/// An object compared with the baseline, by its state: healthy, progressing, degraded, unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum BaselineMark {
    /// The baseline does not have it, or has it with another spec that was still waited for at the end of a gate.
    New,
    /// Its state is worse.
    Worse,
    /// Its state is the same.
    Same,
    /// Its state is better.
    Better,
}

impl BaselineMark {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Worse => "worse",
            Self::Same => "same",
            Self::Better => "better",
        }
    }

    /// Whether it counts: the baseline does not excuse it.
    #[must_use]
    pub fn is_news(self) -> bool {
        matches!(self, Self::New | Self::Worse)
    }
}

/// How a report differs from its baseline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BaselineSummary {
    /// When the baseline was observed, RFC 3339.
    pub observed_at: String,
    /// Objects that the baseline does not have.
    pub new: u64,
    /// Objects whose state is worse.
    pub worse: u64,
    /// Objects whose state is the same.
    pub same: u64,
    /// Objects whose state is better.
    pub better: u64,
    /// Objects of the baseline that do not exist any more.
    pub gone: u64,
    /// The objects that are new or worse and fall short. They, and objects that were not seen or not understood, decide status
    /// and exit code.
    pub failing: u64,
    /// The objects that fall short as they did in the baseline.
    pub known: u64,
    /// The objects that are gone, as `Kind/namespace/name`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone_objects: Vec<ObjectRef>,
}
