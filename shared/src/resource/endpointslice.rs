//! `discovery.k8s.io/v1` EndpointSlice: some endpoints of a Service, and whether they are ready.

use super::{ObjectMeta, Resource, has_metadata, null_as_default};
use serde::Deserialize;

/// The label that names the Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// The fields of an EndpointSlice that a verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSlice {
    /// Its Service, in a label, and when it was last written.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The endpoints.
    #[prost(message, repeated, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub endpoints: Vec<Endpoint>,
    /// The ports that each of them has.
    #[prost(message, repeated, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub ports: Vec<EndpointPort>,
    /// `IPv4` and others; a Service with two families has each pod in two slices.
    #[prost(string, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub address_type: String,
}

/// One endpoint, mostly a pod.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Endpoint {
    /// Its conditions.
    #[prost(message, optional, tag = "2")]
    pub conditions: Option<EndpointConditions>,
    /// The object behind it; kept only if it is not ready, to explain why.
    #[prost(message, optional, tag = "4")]
    pub target_ref: Option<EndpointTarget>,
}

/// A port of every endpoint of a slice.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointPort {
    /// The name of the Service's port that it stands for.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
}

/// The object behind an endpoint, mostly a pod.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointTarget {
    /// Its kind.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub kind: String,
    /// Its name, in the namespace of the slice.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
}

/// The conditions of an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointConditions {
    /// Whether it takes requests; absent means that it does.
    #[prost(bool, optional, tag = "1")]
    pub ready: Option<bool>,
    /// Whether it answers, even on its way out; absent means the value of `ready`.
    #[prost(bool, optional, tag = "2")]
    pub serving: Option<bool>,
    /// Whether it is on its way out.
    #[prost(bool, optional, tag = "3")]
    pub terminating: Option<bool>,
}

impl Endpoint {
    /// Whether it takes requests.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.conditions.and_then(|c| c.ready).unwrap_or(true)
    }

    /// Whether it is on its way out.
    #[must_use]
    pub fn is_terminating(&self) -> bool {
        self.conditions.and_then(|c| c.terminating).unwrap_or(false)
    }
}

impl Endpoint {
    /// Whether it is on its way out and answers until it is gone: kube-proxy sends requests to such endpoints if no
    /// other is ready (KEP-1669).
    #[must_use]
    pub fn is_serving_to_the_end(&self) -> bool {
        self.is_terminating() && self.conditions.and_then(|c| c.serving).unwrap_or(false)
    }
}

impl EndpointSlice {
    /// The name of its Service; `None` if it belongs to something else.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.meta().labels.get(SERVICE_NAME).map(String::as_str)
    }
}

impl Resource for EndpointSlice {
    type Whole = k8s_openapi::api::discovery::v1::EndpointSlice;

    has_metadata!();

    fn slim(&mut self) {
        if let Some(meta) = &mut self.metadata {
            meta.labels.retain(|name, _| name == SERVICE_NAME);
        }
        for endpoint in &mut self.endpoints {
            if endpoint.is_ready() {
                endpoint.target_ref = None;
            }
        }
    }
}
