//! The objects of a cluster as watches report them, their verdicts, and their transitions.
//!
//! The time is given, and nothing here reads from the network. Must not know who asks, nor how an answer or a
//! transition is shown.

mod cache;
mod contents;
pub mod controllers;
mod gap;
mod kept;
mod object;
mod objects;
mod open_items;
mod overview;
mod related;
mod review;
mod rows;
mod selection;
#[cfg(test)]
mod settled_tests;
mod stored;
mod tally;
#[cfg(test)]
mod tests;
mod time;
mod transition;
mod watch_state;
mod watch_states;
mod watch_status;

pub use cache::Cache;
pub use gap::Gap;
pub use objects::{ControlledObjects, KindObjects, LiveObjects};
pub use open_items::OpenItems;
pub use overview::{Overview, Totals, unmatched_kinds};
pub use related::RelatedAnswer;
pub use selection::{ObjectKey, Selection};
pub use time::{AnswerTime, EventTime};
pub use transition::{HealthChange, Transition};
pub use watch_status::WatchStatus;
