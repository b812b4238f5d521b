//! The page for browsers: a report as HTML. Its parts are functions of a report and of given values. Must not know HTTP, nor how
//! objects are judged.

pub mod document;
mod entry;
mod entry_list;
pub mod file;
mod harmless;
pub mod last_transitions;
pub mod links;
mod namespace_problems;
pub mod object_page;
pub mod overview_page;
pub mod record_chart;
pub mod refusal_page;
mod symbol;
#[cfg(test)]
mod tests;
mod text;
