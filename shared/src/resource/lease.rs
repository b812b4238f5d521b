//! `coordination.k8s.io/v1` Lease: when its holder last renewed it.

use super::{ObjectMeta, Resource, Time, has_metadata, null_as_default};
use serde::Deserialize;

/// The fields of a Lease that are read.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Lease {
    /// Its name.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Its holder's report.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<LeaseSpec>,
}

/// The part of `coordination.k8s.io/v1` `LeaseSpec` that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct LeaseSpec {
    /// Its holder; empty if it has none.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub holder_identity: String,
    /// When the holder became the holder.
    #[prost(message, optional, tag = "3")]
    pub acquire_time: Option<Time>,
    /// When the holder last renewed it: every 2 s by default (`RetryPeriod` of k8s.io/component-base).
    #[prost(message, optional, tag = "4")]
    pub renew_time: Option<Time>,
    /// How often it went from one holder to another.
    #[prost(int32, optional, tag = "5")]
    pub lease_transitions: Option<i32>,
}

impl Lease {
    /// When it was last renewed.
    #[must_use]
    pub fn renewed(&self) -> Option<Time> {
        self.spec.as_ref()?.renew_time
    }
}

impl Resource for Lease {
    type Whole = k8s_openapi::api::coordination::v1::Lease;

    has_metadata!();
}
