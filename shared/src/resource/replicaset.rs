//! `apps/v1` ReplicaSet: the link from a Deployment to its pods.

use super::{ObjectMeta, Resource, null_as_default};
use serde::Deserialize;

/// The fields of a ReplicaSet that a Deployment's verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSet {
    /// Name, owner and age.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What its Deployment asks of it.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<ReplicaSetSpec>,
    /// What its controller last wrote.
    #[prost(message, optional, tag = "3")]
    pub status: Option<ReplicaSetStatus>,
}

/// The part of `apps/v1` ReplicaSetSpec that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetSpec {
    /// Desired number of pods; absent means 1.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
}

/// The part of `apps/v1` ReplicaSetStatus that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetStatus {
    /// `ReplicaFailure` where pods could not be created or deleted.
    #[prost(message, repeated, tag = "6")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<ReplicaSetCondition>,
}

/// A condition of a ReplicaSet.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetCondition {
    /// `ReplicaFailure` is the only one there is.
    #[prost(string, tag = "1")]
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub status: String,
    /// When `status` last changed.
    #[prost(message, optional, tag = "3")]
    pub last_transition_time: Option<super::Time>,
    /// A stable word in CamelCase.
    #[prost(string, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// The controller's sentence.
    #[prost(string, tag = "5")]
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
}

impl Resource for ReplicaSet {
    type Whole = k8s_openapi::api::apps::v1::ReplicaSet;

    fn meta(&self) -> &ObjectMeta {
        static EMPTY: ObjectMeta = ObjectMeta::EMPTY;
        self.metadata.as_ref().unwrap_or(&EMPTY)
    }

    fn pods_by(&self) -> super::PodsBy<'_> {
        super::PodsBy::Selector(None)
    }

    fn drop_zero_times(&mut self) {
        if let Some(meta) = &mut self.metadata {
            meta.drop_zero_times();
        }
        for condition in self.status.iter_mut().flat_map(|s| &mut s.conditions) {
            super::Time::drop_zero(&mut condition.last_transition_time);
        }
    }
}
