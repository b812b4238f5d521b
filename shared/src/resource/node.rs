//! `v1` Node: whether its kubelet still answers for the pods on it, and whether it takes new ones.

use super::{ObjectMeta, Resource, Time, null_as_default};
use serde::Deserialize;

/// The fields of a node that its verdict, or the cause of another, is told from.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Node {
    /// Its name.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What people and controllers ask of it.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<NodeSpec>,
    /// What the kubelet, or in its place the node controller, last wrote.
    #[prost(message, optional, tag = "3")]
    pub status: Option<NodeStatus>,
}

/// The part of `v1` NodeSpec that is read.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSpec {
    /// Whether it is cordoned: no new pod is scheduled to it.
    #[prost(bool, optional, tag = "4")]
    pub unschedulable: Option<bool>,
}

/// The part of `v1` NodeStatus that is read.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeStatus {
    /// `Ready` and others.
    #[prost(message, repeated, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<NodeCondition>,
}

/// A condition of a node.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeCondition {
    /// `Ready`, `MemoryPressure`, ...
    #[prost(string, tag = "1")]
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub status: String,
    /// When `status` last changed.
    #[prost(message, optional, tag = "4")]
    pub last_transition_time: Option<Time>,
    /// A stable word in CamelCase.
    #[prost(string, tag = "5")]
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// A sentence.
    #[prost(string, tag = "6")]
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
}

impl Node {
    /// The condition of that type, where there is one.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&NodeCondition> {
        self.status.as_ref()?.conditions.iter().find(|c| c.kind == kind)
    }
}

impl Resource for Node {
    type Whole = k8s_openapi::api::core::v1::Node;
    const NAMESPACED: bool = false;

    fn meta(&self) -> &ObjectMeta {
        static EMPTY: ObjectMeta = ObjectMeta::EMPTY;
        self.metadata.as_ref().unwrap_or(&EMPTY)
    }

    fn drop_zero_times(&mut self) {
        if let Some(meta) = &mut self.metadata {
            meta.drop_zero_times();
        }
        for condition in self.status.iter_mut().flat_map(|s| &mut s.conditions) {
            Time::drop_zero(&mut condition.last_transition_time);
        }
    }

    fn slim(&mut self) {
        if let Some(meta) = &mut self.metadata {
            meta.slim();
        }
    }
}
