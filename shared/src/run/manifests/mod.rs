//! Judges exactly the objects that manifests name, in the cluster: once, or by following them.
//!
//! A request has one namespace, so that there is one for each namespace of the manifests, and their reports are put together.
//! Objects without a verdict are only looked for.

mod follower;
mod live;
mod manifest;
mod plan;
mod presence;
mod whole;

pub use follower::ManifestFollower;
pub use live::{live_manifests, unreached_manifests};
pub use manifest::Manifest;
pub use plan::ManifestPlan;
