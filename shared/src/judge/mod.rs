//! The one loop: the objects of a kind in, their verdicts out. Clusters, dumps and custom resources are all judged
//! here.
//!
//! It is pure. Evidence is given to it, so that it can judge again once there is more.

mod controllers;
mod evidence;
mod judged;
mod kept;
mod owner_filter;
mod owners;
mod related_needs;
mod search_target;
mod settled;
mod snapshot;
mod written_needs;

pub use controllers::{CONTROLLERS, UnansweredObjects, controllers};
pub use evidence::{EvidenceFor, NoEvidence, SearchedEvidence};
pub use judged::{JudgeOptions, Judged, OpenVerdict, OwnedVerdict, judge};
pub use kept::Kept;
pub use owner_filter::OwnerFilter;
pub use owners::{OwnedObject, OwnerGraph};
pub use related_needs::{RelatedNeeds, related_needs};
pub use search_target::{PodLookup, RANK_IN_PROGRESS, SearchTarget, urgency};
pub use settled::{Compactor, SettledObject};
pub(crate) use settled::{Dictionary, WrittenItems, is_settled};
pub use snapshot::{Reach, SettledItems, Snapshot, Times};
pub use written_needs::WrittenNeeds;
