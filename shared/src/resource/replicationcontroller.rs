//! `v1` ReplicationController: the predecessor of the ReplicaSet, with which an OpenShift DeploymentConfig makes its
//! pods to this day.

use super::{
    Condition, ObjectMeta, PodsBy, ReplicaSet, ReplicaSetSpec, ReplicaSetStatus, Resource, has_conditions,
    has_metadata,
};
use serde::Deserialize;

/// The fields of a ReplicationController that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicationController {
    /// Name, owner and age.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<ReplicationControllerSpec>,
    /// Its controller's last report, with the fields of a ReplicaSet's.
    #[prost(message, optional, tag = "3")]
    pub status: Option<ReplicaSetStatus>,
}

/// The part of `v1` ReplicationControllerSpec that is read. Its selector is a plain map and is not read: owner
/// references lead to its pods.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicationControllerSpec {
    /// Desired number of pods; absent means 1.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
    /// Seconds that a pod has to stay ready before it counts as available.
    #[prost(int32, optional, tag = "4")]
    pub min_ready_seconds: Option<i32>,
}

impl ReplicationController {
    /// The ReplicaSet that asks for the same pods: one controller of Kubernetes works for both
    /// (`pkg/controller/replication/conversion.go` in kubernetes/kubernetes).
    #[must_use]
    pub fn as_replica_set(&self) -> ReplicaSet {
        ReplicaSet {
            metadata: self.metadata.clone(),
            spec: self.spec.map(|spec| ReplicaSetSpec {
                replicas: spec.replicas,
                selector: None,
                min_ready_seconds: spec.min_ready_seconds,
            }),
            status: self.status.clone(),
        }
    }
}

impl Resource for ReplicationController {
    type Whole = k8s_openapi::api::core::v1::ReplicationController;

    has_metadata!();

    fn pods_by(&self) -> PodsBy<'_> {
        PodsBy::Selector(None)
    }

    has_conditions!();
}
