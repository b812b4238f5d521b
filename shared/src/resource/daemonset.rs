//! `apps/v1` DaemonSet: how many nodes want its pod, and how many have it.

use super::{LabelSelector, ObjectMeta, PodsBy, Resource, has_metadata, null_as_default};
use serde::Deserialize;

/// The fields of a DaemonSet that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSet {
    /// Name, generation, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// How its pods are replaced.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<DaemonSetSpec>,
    /// The controller's last report; absent in a manifest.
    #[prost(message, optional, tag = "3")]
    pub status: Option<DaemonSetStatus>,
}

/// The part of `apps/v1` DaemonSetSpec that a verdict reads.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetSpec {
    /// Its pods. Dropped once it has all that it asks for.
    #[prost(message, optional, tag = "1")]
    pub selector: Option<LabelSelector>,
    /// How pods get a new revision.
    #[prost(message, optional, tag = "3")]
    pub update_strategy: Option<DaemonSetUpdateStrategy>,
    /// Seconds that a pod has to stay ready before it counts as available.
    #[prost(int32, optional, tag = "4")]
    pub min_ready_seconds: Option<i32>,
}

/// How the pods of a DaemonSet get a new revision.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetUpdateStrategy {
    /// `RollingUpdate`, which is the default, or `OnDelete`.
    #[prost(string, tag = "1")]
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
}

/// The part of `apps/v1` DaemonSetStatus that a verdict reads. Its counts are of nodes, not of pods.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetStatus {
    /// Nodes that have the pod and should not.
    #[prost(int32, optional, tag = "2")]
    pub number_misscheduled: Option<i32>,
    /// Nodes that should run the pod.
    #[prost(int32, optional, tag = "3")]
    pub desired_number_scheduled: Option<i32>,
    /// Nodes that should run the pod and have a ready one.
    #[prost(int32, optional, tag = "4")]
    pub number_ready: Option<i32>,
    /// The newest generation that the controller has acted upon.
    #[prost(int64, optional, tag = "5")]
    pub observed_generation: Option<i64>,
    /// Nodes that should run the pod and have one of the newest revision.
    #[prost(int32, optional, tag = "6")]
    pub updated_number_scheduled: Option<i32>,
    /// Nodes that should run the pod and have one that has been ready for at least `minReadySeconds`.
    #[prost(int32, optional, tag = "7")]
    pub number_available: Option<i32>,
}

impl DaemonSet {
    /// Whether its newest spec is observed and every node that should run it has an available pod of the newest
    /// revision. Nothing will be asked about its pods then.
    fn has_all(&self) -> bool {
        let Some(status) = &self.status else { return false };
        let wanted = status.desired_number_scheduled.unwrap_or(0);
        let counts = [
            status.number_ready,
            status.number_available,
            status.updated_number_scheduled,
        ];
        status.observed_generation >= self.meta().generation
            && counts.iter().all(|count| count.unwrap_or(0) == wanted)
    }
}

impl Resource for DaemonSet {
    type Whole = k8s_openapi::api::apps::v1::DaemonSet;

    has_metadata!();

    fn pods_by(&self) -> PodsBy<'_> {
        PodsBy::Selector(self.spec.as_ref().and_then(|s| s.selector.as_ref()))
    }

    fn may_fall_short(&self) -> bool {
        !self.has_all()
    }

    fn slim(&mut self) {
        if self.has_all()
            && let Some(spec) = &mut self.spec
        {
            spec.selector = None;
        }
    }
}
