//! `v1` PersistentVolumeClaim: whether it has its volume.

use super::{
    Condition, ObjectMeta, ProbedCondition, Resource, has_conditions, has_metadata, null_as_default,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The fields of a PersistentVolumeClaim that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaim {
    /// Name, owner, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<PersistentVolumeClaimSpec>,
    /// Its controllers' last report.
    #[prost(message, optional, tag = "3")]
    pub status: Option<PersistentVolumeClaimStatus>,
}

/// The part of `v1` PersistentVolumeClaimSpec that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaimSpec {
    /// The volume that it is bound to, or asks for.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub volume_name: String,
    /// The class that makes the volume.
    #[prost(string, optional, tag = "5")]
    pub storage_class_name: Option<String>,
}

/// The part of `v1` PersistentVolumeClaimStatus that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaimStatus {
    /// `Pending`, `Bound` or `Lost`.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub phase: String,
    /// The progress of a change of size or class.
    #[prost(message, repeated, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<ProbedCondition>,
    /// The progress of a change of size, on servers that can give one up: `storage` and a word such as
    /// `ControllerResizeInfeasible`.
    #[prost(btree_map = "string, string", tag = "7")]
    #[serde(deserialize_with = "null_as_default")]
    pub allocated_resource_statuses: BTreeMap<String, String>,
}

impl Resource for PersistentVolumeClaim {
    type Whole = k8s_openapi::api::core::v1::PersistentVolumeClaim;

    has_metadata!();
    has_conditions!();
}
