//! What happened: the log of transitions, and the log of what cannot be reached.

pub mod failures;
pub mod log;
pub mod not_seen;
