//! Judges exactly the objects that manifests name, in the cluster: once, or by following them.
//!
//! A request has one namespace, so that there is one for each namespace of the manifests, and their reports are put together.
//! Objects without a verdict are only looked for.
//!
//! An agent keeps the objects of some kinds. It judges these, and the plugin reads the others by itself if it has a cluster.

mod agent;
mod follower;
mod live;
mod manifest;
mod part;
mod plan;
mod presence;
mod whole;

pub use agent::agent_manifests;
pub use follower::ManifestFollower;
pub use live::{live_manifests, unreached_manifests};
pub use manifest::Manifest;
pub use plan::ManifestPlan;
