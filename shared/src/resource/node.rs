//! `v1` Node: whether its kubelet still answers, and whether it takes new pods.

use super::{
    Condition, ObjectMeta, ProbedCondition, Resource, Time, has_conditions, has_metadata, null_as_default,
};
use serde::Deserialize;

/// The fields of a node that its verdict, or the cause of a pod, reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Node {
    /// Its name.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<NodeSpec>,
    /// The last report of the kubelet, or of the node controller in its place.
    #[prost(message, optional, tag = "3")]
    pub status: Option<NodeStatus>,
}

/// The part of `v1` NodeSpec that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSpec {
    /// Whether it is cordoned: no new pod is scheduled to it.
    #[prost(bool, optional, tag = "4")]
    pub unschedulable: Option<bool>,
    /// Marks that keep pods away from it.
    #[prost(message, repeated, tag = "5")]
    #[serde(deserialize_with = "null_as_default")]
    pub taints: Vec<Taint>,
}

/// The part of `v1` Taint that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Taint {
    /// Its key, such as `node.kubernetes.io/unreachable`.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub key: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub effect: String,
    /// When it was added; only controllers write that.
    #[prost(message, optional, tag = "4")]
    pub time_added: Option<Time>,
}

/// The part of `v1` NodeStatus that is read.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeStatus {
    /// `Ready` and others.
    #[prost(message, repeated, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<ProbedCondition>,
}

impl Node {
    /// Whether it is cordoned.
    #[must_use]
    pub fn is_cordoned(&self) -> bool {
        self.spec.as_ref().is_some_and(|s| s.unschedulable == Some(true))
    }

    /// Its taints.
    #[must_use]
    pub fn taints(&self) -> &[Taint] {
        self.spec.as_ref().map_or(&[], |s| &s.taints)
    }

    /// The condition of that type.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&ProbedCondition> {
        Condition::find(&self.status.as_ref()?.conditions, kind)
    }
}

impl Resource for Node {
    type Whole = k8s_openapi::api::core::v1::Node;
    const NAMESPACED: bool = false;

    has_metadata!();

    /// If it is cordoned, since somebody wrote that.
    fn may_fall_short(&self) -> bool {
        self.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true)
    }
    has_conditions!();
}
