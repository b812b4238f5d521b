//! Objects around the judged one: its pods, their events and nodes.

mod events;
mod pods;
mod store;

pub use events::{EventsAndNodes, NodesSeen};
pub use pods::Pods;
pub use store::EvidenceStore;

pub(crate) use store::EvidenceObject;
