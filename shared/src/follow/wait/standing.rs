//! Where one object stands: settled, under way, or known to be bad at some time.
//!
//! A time is in seconds of the [`SeenClock`](super::clock::SeenClock).

use super::end::EndReason;

/// Where an object stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is as it should be.
    Settled,
    /// It is under way. Only the deadline of the wait ends this.
    Moving,
    /// It ends the wait at that time, unless something changes until then.
    Ending(PendingEnd),
}

/// How and when an object ends the wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PendingEnd {
    /// When it is certain.
    pub at: i64,
    pub reason: EndReason,
    pub code: u8,
    pub words: String,
}

impl PendingEnd {
    pub fn failed(at: i64, words: impl Into<String>) -> Self {
        Self {
            at,
            reason: EndReason::Failed,
            code: 2,
            words: words.into(),
        }
    }

    pub fn held(at: i64, words: String) -> Self {
        Self {
            at,
            reason: EndReason::Held,
            code: 1,
            words,
        }
    }

    pub fn not_seen(at: i64, words: String) -> Self {
        Self {
            at,
            reason: EndReason::NotSeen,
            code: 3,
            words,
        }
    }

    /// Whether it counts more than another one that holds too: what is certainly broken comes first.
    pub fn precedes(&self, other: &Self) -> bool {
        let rank = |pending: &Self| match pending.code {
            2 => 0,
            3 => 1,
            _ => 2,
        };
        (rank(self), self.at) < (rank(other), other.at)
    }
}
