//! What follows the objects of a source.

use sre_shared::report::Report;
use sre_shared::run::follow::{Follower, Observed};
use sre_shared::run::manifests::ManifestFollower;

/// Follows the objects of a source.
pub enum SourceFollower {
    /// The objects of a cluster.
    Cluster(Box<Follower>),
    /// The objects of manifests.
    Manifests(Box<ManifestFollower>),
}

impl SourceFollower {
    /// The next observation. It may be cancelled.
    pub async fn next(&mut self) -> Observed {
        match self {
            Self::Cluster(follower) => follower.next().await,
            Self::Manifests(follower) => follower.next().await,
        }
    }

    /// Whether the last observation showed the same as the one before.
    pub fn repeats(&self) -> bool {
        match self {
            Self::Cluster(follower) => follower.repeats(),
            Self::Manifests(follower) => follower.repeats(),
        }
    }

    /// Whether causes were searched for all objects that fall short now, if they are searched for at all.
    pub fn is_explained(&self) -> bool {
        match self {
            Self::Cluster(follower) => follower.is_explained(),
            Self::Manifests(follower) => follower.is_explained(),
        }
    }

    /// The present report. No request is made for it.
    pub fn present_report(&mut self) -> Report {
        match self {
            Self::Cluster(follower) => follower.present_report(),
            Self::Manifests(follower) => follower.present_report(),
        }
    }

    /// The present report, with missing rights and log lines.
    pub async fn whole_report(&mut self) -> Report {
        match self {
            Self::Cluster(follower) => follower.whole_report().await,
            Self::Manifests(follower) => follower.whole_report().await,
        }
    }

    /// New remarks for the person who waits.
    pub fn warnings(&mut self) -> Vec<String> {
        match self {
            Self::Cluster(follower) => follower.warnings(),
            Self::Manifests(follower) => follower.warnings(),
        }
    }
}
