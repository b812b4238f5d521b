//! `v1` Namespace: whether it is being deleted, and the reasons why it is still there.

use super::{
    Condition, ObjectMeta, ProbedCondition, Resource, has_conditions, has_metadata, null_as_default,
};
use serde::Deserialize;

/// The fields of a Namespace that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
pub struct Namespace {
    /// Name, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The tasks that have to be done before it is gone.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<NamespaceSpec>,
    /// The last report of the namespace controller.
    #[prost(message, optional, tag = "3")]
    pub status: Option<NamespaceStatus>,
}

/// The part of `v1` NamespaceSpec that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(default)]
pub struct NamespaceSpec {
    /// `kubernetes` until its content is deleted; others are of distributions.
    #[prost(string, repeated, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub finalizers: Vec<String>,
}

/// The part of `v1` NamespaceStatus that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(default)]
pub struct NamespaceStatus {
    /// `Active` or `Terminating`.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub phase: String,
    /// The progress of its deletion; empty before.
    #[prost(message, repeated, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<ProbedCondition>,
}

impl Resource for Namespace {
    type Whole = k8s_openapi::api::core::v1::Namespace;
    const NAMESPACED: bool = false;

    has_metadata!();
    has_conditions!();
}
