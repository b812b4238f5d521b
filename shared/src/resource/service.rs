//! `v1` Service: which pods it stands for.

use super::{ObjectMeta, Resource, has_metadata, null_as_default};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The fields of a Service that a verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    /// Name, age, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What it stands for.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<ServiceSpec>,
}

/// The part of `v1` ServiceSpec that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    /// Labels of its pods; where there are none, somebody else keeps its endpoints.
    #[prost(btree_map = "string, string", tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub selector: BTreeMap<String, String>,
    /// `ClusterIP` and others; `ExternalName` is an alias of a name outside.
    #[prost(string, tag = "4")]
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// The name outside that it is an alias of.
    #[prost(string, tag = "10")]
    #[serde(deserialize_with = "null_as_default")]
    pub external_name: String,
}

impl Service {
    /// Whether it is an alias of a name outside of the cluster.
    #[must_use]
    pub fn is_external(&self) -> bool {
        self.spec.as_ref().is_some_and(|s| s.kind == "ExternalName")
    }

    /// The labels of its pods, where it has pods.
    #[must_use]
    pub fn selector(&self) -> Option<&BTreeMap<String, String>> {
        let selector = &self.spec.as_ref()?.selector;
        (!self.is_external() && !selector.is_empty()).then_some(selector)
    }
}

impl Resource for Service {
    type Whole = k8s_openapi::api::core::v1::Service;

    has_metadata!();
}
