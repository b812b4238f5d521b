//! The log of events: objects that fail or recover, outages, and gaps of searches.

pub mod failures;
pub mod log;
pub mod search_gaps;
