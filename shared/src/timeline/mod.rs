//! What changed in a cluster: objects in, a timeline out. The time is given.
//!
//! Nothing in Kubernetes keeps a history of changes. Each source shows a part of it: events for an hour, the last write of each
//! program in `managedFields`, the last end of each container, a few revisions. One file a source makes [`Happening`]s of it;
//! [`TimelineBuilder`] puts them together, folds those that are alike, and says how far back each source reaches. Values of
//! variables and Secrets are never read.

mod builder;
mod events;
mod fold;
mod happening;
mod leases;
mod nodes;
mod objects;
mod pods;
mod reach;
mod revisions;
mod scalings;
mod scope;
mod transitions;
mod window;
mod workloads;

pub use builder::TimelineBuilder;
pub use happening::{Happening, TimelineSource};
pub use reach::history_reach;
pub use revisions::{RevisionObject, RevisionPair};
pub use scope::TimelineScope;
pub use window::{TimeWindow, WindowBound};

#[cfg(test)]
mod tests;
