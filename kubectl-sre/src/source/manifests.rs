//! The objects of manifests in a cluster.

use super::cluster::Cluster;
use sre_shared::cluster::RunLimit;
use sre_shared::failure::Failure;
use sre_shared::report::Report;
use sre_shared::run::follow::FollowPace;
use sre_shared::run::manifests::{
    Manifest, ManifestFollower, ManifestPlan, live_manifests, unreached_manifests,
};
use sre_shared::run::{Progress, Request, clock};

/// The objects of manifests in a cluster.
pub struct Manifests {
    cluster: Cluster,
    manifest: Manifest,
}

impl Manifests {
    pub fn new(cluster: Cluster, manifest: Manifest) -> Self {
        Self { cluster, manifest }
    }

    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What is looked at, and where. The namespace of objects that name none is known once the kubeconfig was read.
    pub fn plan(&self, request: &Request) -> ManifestPlan {
        ManifestPlan::new(&self.manifest, request, &self.cluster.default_namespace())
    }

    pub async fn report(
        &self,
        request: &Request,
        limit: RunLimit,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Report {
        match self.cluster.client(limit).await {
            Ok(client) => live_manifests(&client, &self.plan(request), clock::system, progress).await,
            Err(failure) => self.unreached(request, &failure),
        }
    }

    pub async fn follow(
        &self,
        request: &Request,
        limit: RunLimit,
        pace: FollowPace,
    ) -> Result<ManifestFollower, Failure> {
        let client = self.cluster.client(limit).await?;
        let plan = self.plan(request);
        Ok(ManifestFollower::start(&client, plan, clock::system, pace))
    }

    pub fn unreached(&self, request: &Request, failure: &Failure) -> Report {
        let source = self.cluster.unreached_source("direct", failure);
        unreached_manifests(&self.plan(request), failure, source, clock::system)
    }
}
