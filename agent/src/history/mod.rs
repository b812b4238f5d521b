//! What happened, in the log: objects that fail or recover, and what cannot be reached or seen.

pub mod failures;
pub mod log;
pub mod search_gaps;
