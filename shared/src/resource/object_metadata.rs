//! The metadata of an object of any type, with its writers.

use super::{ObjectMeta, Resource, has_metadata};
use serde::Deserialize;

/// An object without anything but its metadata: `meta.k8s.io/v1` PartialObjectMetadata, or the beginning of a whole object.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
pub struct ObjectMetadata {
    /// The metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
}

impl Resource for ObjectMetadata {
    /// Any type: requests name the one that they are about.
    type Whole = k8s_openapi::api::core::v1::ConfigMap;

    has_metadata!();

    fn may_fall_short(&self) -> bool {
        true
    }
}
