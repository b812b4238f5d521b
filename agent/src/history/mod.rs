//! What happened: transitions and their gaps, in memory and on the disk, and the log of events: objects that fail or recover,
//! outages, and gaps of searches.

pub mod directory;
pub mod failures;
pub mod flapping;
pub mod gaps;
pub mod healthy_before;
mod interner;
pub mod journal_line;
pub mod log;
pub mod past;
pub mod past_notes;
mod read_gaps;
pub mod ring;
pub mod search_gaps;
mod segments;
pub mod transition_history;
pub mod watching;
mod writer;
