//! `autoscaling/v2` HorizontalPodAutoscaler: its bounds, and whether it can scale.

use super::{Condition, ObjectMeta, PlainCondition, Resource, has_conditions, has_metadata, null_as_default};
use serde::Deserialize;

/// The fields of a HorizontalPodAutoscaler that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct HorizontalPodAutoscaler {
    /// Name, generation, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Its bounds.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<HorizontalPodAutoscalerSpec>,
    /// Its controller's last report.
    #[prost(message, optional, tag = "3")]
    pub status: Option<HorizontalPodAutoscalerStatus>,
}

/// The part of `autoscaling/v2` HorizontalPodAutoscalerSpec that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct HorizontalPodAutoscalerSpec {
    /// The object that it scales.
    #[prost(message, optional, tag = "1")]
    pub scale_target_ref: Option<ScaleTarget>,
    /// The least number of pods; absent means 1.
    #[prost(int32, optional, tag = "2")]
    pub min_replicas: Option<i32>,
    /// The largest number of pods.
    #[prost(int32, optional, tag = "3")]
    pub max_replicas: Option<i32>,
}

/// The object that a HorizontalPodAutoscaler scales.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ScaleTarget {
    /// Its kind.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub kind: String,
    /// Its name.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
}

/// The part of `autoscaling/v2` HorizontalPodAutoscalerStatus that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct HorizontalPodAutoscalerStatus {
    /// The newest generation that the controller has acted upon; servers older than 1.37 have none.
    #[prost(int64, optional, tag = "1")]
    pub observed_generation: Option<i64>,
    /// Pods that its target asks for now.
    #[prost(int32, optional, tag = "3")]
    pub current_replicas: Option<i32>,
    /// Pods that it wants its target to ask for.
    #[prost(int32, optional, tag = "4")]
    pub desired_replicas: Option<i32>,
    /// `AbleToScale`, `ScalingActive` and `ScalingLimited`.
    #[prost(message, repeated, tag = "6")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<PlainCondition>,
}

impl HorizontalPodAutoscaler {
    /// The condition of that type.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&PlainCondition> {
        Condition::find(&self.status.as_ref()?.conditions, kind)
    }
}

impl Resource for HorizontalPodAutoscaler {
    type Whole = k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;

    has_metadata!();
    has_conditions!();
}
