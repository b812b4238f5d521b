//! What follows the objects of a source: watches of a cluster, or the events of an agent.

use super::url_connection::UrlConnection;
use sre_shared::report::{Item, Report};
use sre_shared::run::follow::{Follower, Observed};
use sre_shared::run::manifests::ManifestFollower;
use sre_shared::run::{AgentFollower, ServiceConnection};

/// Follows the objects of a source.
pub enum SourceFollower {
    /// By watches of a cluster.
    Cluster(Box<Follower>),
    /// By watches of the objects that manifests name.
    Manifests(Box<ManifestFollower>),
    /// By the events of the agent behind a Service.
    Agent(Box<AgentFollower<ServiceConnection>>),
    /// By the events of an agent at a URL.
    Url(Box<AgentFollower<UrlConnection>>),
}

impl SourceFollower {
    /// The next observation. It may be cancelled, and loses nothing then.
    pub async fn next(&mut self) -> Observed {
        match self {
            Self::Cluster(follower) => follower.next().await,
            Self::Manifests(follower) => follower.next().await,
            Self::Agent(follower) => follower.next().await,
            Self::Url(follower) => follower.next().await,
        }
    }

    /// Whether the last observation showed the same as the one before.
    pub fn repeats(&self) -> bool {
        match self {
            Self::Cluster(follower) => follower.repeats(),
            Self::Manifests(follower) => follower.repeats(),
            Self::Agent(follower) => follower.repeats(),
            Self::Url(follower) => follower.repeats(),
        }
    }

    /// Whether causes were searched for all objects that fall short now, if they are searched for at all. An agent does that
    /// by itself.
    pub fn is_explained(&self) -> bool {
        match self {
            Self::Cluster(follower) => follower.is_explained(),
            Self::Manifests(follower) => follower.is_explained(),
            Self::Agent(_) | Self::Url(_) => true,
        }
    }

    /// The present report. No request is made for it.
    pub fn present_report(&mut self) -> Report {
        match self {
            Self::Cluster(follower) => follower.present_report(),
            Self::Manifests(follower) => follower.present_report(),
            Self::Agent(follower) => follower.present_report(),
            Self::Url(follower) => follower.present_report(),
        }
    }

    /// The present report with at least the objects that the caller chooses, by the name of the check and the item. No request
    /// is made for it.
    pub fn chosen_report(&mut self, chooses: &dyn Fn(&str, &Item) -> bool) -> Report {
        match self {
            Self::Cluster(follower) => follower.chosen_report(chooses),
            // Their reports have no others.
            Self::Manifests(_) | Self::Agent(_) | Self::Url(_) => self.present_report(),
        }
    }

    /// The present report as a single run gives it.
    pub async fn whole_report(&mut self) -> Report {
        match self {
            Self::Cluster(follower) => follower.whole_report().await,
            Self::Manifests(follower) => follower.whole_report().await,
            Self::Agent(follower) => follower.whole_report().await,
            Self::Url(follower) => follower.whole_report().await,
        }
    }

    /// Remarks for the person who waits that are new.
    pub fn warnings(&mut self) -> Vec<String> {
        match self {
            Self::Cluster(follower) => follower.warnings(),
            Self::Manifests(follower) => follower.warnings(),
            Self::Agent(follower) => follower.warnings(),
            Self::Url(follower) => follower.warnings(),
        }
    }

    /// Whether its present report says itself why nothing can be read.
    pub fn explains_outages(&self) -> bool {
        matches!(self, Self::Agent(_) | Self::Url(_))
    }
}
