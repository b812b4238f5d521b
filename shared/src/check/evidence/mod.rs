//! The evidence about a workload: its pods, their events and their nodes.

mod events;
mod pods;
mod store;

pub use events::{EventsAndNodes, NodesSeen};
pub use pods::Pods;
pub(in crate::check) use pods::count_all;
pub use store::EvidenceStore;

pub(in crate::check) use events::ClaimEvent;
pub(crate) use store::EvidenceObject;
