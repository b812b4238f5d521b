//! Owns the lines of the files: what each one says. Must not know the files.

use serde::{Deserialize, Serialize};
use sre_shared::report::{HistoryGap, TransitionRecord};

/// One line of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum JournalLine {
    /// A transition.
    Transition(Box<TransitionRecord>),
    /// A sign of life: the agent ran, and had seen everything else by then.
    Alive {
        /// When, RFC 3339.
        alive: String,
    },
    /// The beginning of the history.
    Begun {
        /// When, RFC 3339.
        begun: String,
    },
    /// A transition that was written before, now that its cause is known.
    Explained {
        /// The whole record.
        explained: Box<TransitionRecord>,
    },
    /// A gap that is over.
    Gap {
        /// The gap.
        gap: HistoryGap,
    },
}

impl JournalLine {
    /// The line with its end; `None` if it does not serialise, which does not happen.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self).ok()?;
        bytes.push(b'\n');
        Some(bytes)
    }

    /// The time of the line at which the agent was alive.
    pub fn alive_at(&self) -> Option<&str> {
        match self {
            Self::Transition(record) => Some(&record.at),
            Self::Explained { .. } => None,
            Self::Alive { alive } => Some(alive),
            Self::Begun { begun } => Some(begun),
            Self::Gap { gap } => gap.to.as_deref(),
        }
    }
}
