//! Follows the objects of a request: a report for each change, as watches bring it.
//!
//! [`Follower`] keeps the objects in the caches of [`crate::live`]. Its tasks feed them: watches of the objects, watches of
//! the pods of objects that are not settled, searches for causes, and a list now and then in case a watch died silently.

mod api_server;
mod deletions;
mod feed;
mod fingerprint;
mod follower;
mod kinds;
mod pace;
mod pods;
mod recheck;
mod related;
mod report;
mod search;
mod shown;
mod state;

pub use fingerprint::{fingerprint, item_fingerprint};
pub use follower::{Follower, Observed};
pub use pace::FollowPace;
pub use shown::ShownObjects;
pub(super) use state::is_outage;
