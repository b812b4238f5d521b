//! `apiregistration.k8s.io/v1` APIService: a part of the API, and whether its server answers.
//! The field numbers are those of `generated.proto` of `k8s.io/kube-aggregator`.

use super::{Condition, ObjectMeta, PlainCondition, Resource, has_conditions, has_metadata, null_as_default};
use serde::Deserialize;

/// The fields of an APIService that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiService {
    /// Name, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The server behind it.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<ApiServiceSpec>,
    /// The last result of the API server's own check.
    #[prost(message, optional, tag = "3")]
    pub status: Option<ApiServiceStatus>,
}

/// The part of `apiregistration.k8s.io/v1` APIServiceSpec that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiServiceSpec {
    /// The Service behind it; none if the API server serves it itself.
    #[prost(message, optional, tag = "1")]
    pub service: Option<ServiceReference>,
}

/// A Service that the API server calls.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceReference {
    /// Its namespace.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub namespace: String,
    /// Its name.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
}

/// The part of `apiregistration.k8s.io/v1` APIServiceStatus that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiServiceStatus {
    /// `Available` is the only one.
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<PlainCondition>,
}

impl Resource for ApiService {
    type Whole = k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;
    const NAMESPACED: bool = false;

    has_metadata!();
    has_conditions!();
}
