//! The evidence about a workload: its pods, their events and their nodes.

mod events;
mod pods;
mod revisions;
mod store;
mod written_object;

pub use events::{EventsAndNodes, NodesSeen};
pub use pods::Pods;
pub(in crate::check) use pods::count_all;
pub use revisions::{FindRevisions, RevisionHistory};
pub use store::EvidenceStore;
pub use written_object::WrittenObject;

pub(in crate::check) use events::ClaimEvent;
pub(crate) use store::EvidenceObject;
