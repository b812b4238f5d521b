//! How a wait ends.

use crate::report::ObjectRef;

/// The end of a wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Why it ends.
    pub reason: EndReason,
    /// The exit code.
    pub code: u8,
    /// The objects that decide it; empty if no object does.
    pub objects: Vec<ObjectRef>,
    /// The reason in one sentence.
    pub words: String,
    /// Remarks, such as pods that still terminate.
    pub notes: Vec<String>,
}

/// Why a wait ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// Everything is as it should be.
    Settled,
    /// Something is known to be bad.
    Failed,
    /// Something is held on purpose, and nothing goes on until somebody resumes it.
    Held,
    /// An object was deleted.
    Deleted,
    /// Another object has the name of the one that was waited for.
    Replaced,
    /// Something may not be read, or is not understood.
    NotSeen,
    /// The cluster cannot be asked with this configuration.
    Refused,
    /// The deadline has passed.
    TimedOut,
}

impl EndReason {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Failed => "failed",
            Self::Held => "held",
            Self::Deleted => "deleted",
            Self::Replaced => "replaced",
            Self::NotSeen => "notSeen",
            Self::Refused => "refused",
            Self::TimedOut => "timedOut",
        }
    }
}
