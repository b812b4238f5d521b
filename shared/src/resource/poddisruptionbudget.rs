//! `policy/v1` PodDisruptionBudget: its pods, how many of them it wants healthy, and how many are.

use super::{
    Condition, LabelSelector, ObjectMeta, ProbedCondition, Resource, has_conditions, has_metadata,
    null_as_default,
};
use serde::Deserialize;

/// The fields of a PodDisruptionBudget that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDisruptionBudget {
    /// Name, generation, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<PodDisruptionBudgetSpec>,
    /// Its controller's last report.
    #[prost(message, optional, tag = "3")]
    pub status: Option<PodDisruptionBudgetStatus>,
}

/// The part of `policy/v1` PodDisruptionBudgetSpec that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDisruptionBudgetSpec {
    /// Its pods: all of the namespace if it is empty, none if it is absent.
    #[prost(message, optional, tag = "2")]
    pub selector: Option<LabelSelector>,
    /// `IfHealthyBudget`, which is the default, or `AlwaysAllow`.
    #[prost(string, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub unhealthy_pod_eviction_policy: String,
}

/// The part of `policy/v1` PodDisruptionBudgetStatus that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDisruptionBudgetStatus {
    /// The newest generation that the controller has acted upon.
    #[prost(int64, optional, tag = "1")]
    pub observed_generation: Option<i64>,
    /// Pods that may be evicted now.
    #[prost(int32, optional, tag = "3")]
    pub disruptions_allowed: Option<i32>,
    /// Pods that are ready.
    #[prost(int32, optional, tag = "4")]
    pub current_healthy: Option<i32>,
    /// Pods that have to be ready.
    #[prost(int32, optional, tag = "5")]
    pub desired_healthy: Option<i32>,
    /// Pods that it is about.
    #[prost(int32, optional, tag = "6")]
    pub expected_pods: Option<i32>,
    /// `DisruptionAllowed`.
    #[prost(message, repeated, tag = "7")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<ProbedCondition>,
}

impl PodDisruptionBudget {
    /// Its pods, if it selects any.
    #[must_use]
    pub fn selector(&self) -> Option<&LabelSelector> {
        self.spec.as_ref()?.selector.as_ref()
    }

    /// Whether pods that are not ready may be evicted however many are healthy.
    #[must_use]
    pub fn always_lets_unready_pods_go(&self) -> bool {
        let policy = self
            .spec
            .as_ref()
            .map(|s| s.unhealthy_pod_eviction_policy.as_str());
        policy == Some("AlwaysAllow")
    }
}

impl Resource for PodDisruptionBudget {
    type Whole = k8s_openapi::api::policy::v1::PodDisruptionBudget;

    has_metadata!();
    has_conditions!();
}
