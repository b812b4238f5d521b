//! Workloads, reduced to the number of pods that they ask for and the labels of these pods. They show whether a Service
//! without endpoints should have any.

use super::{DaemonSetStatus, ObjectMeta, Resource, has_metadata, null_as_default};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A workload that makes pods from a template.
pub trait Templated: Resource {
    /// How many pods it asks for.
    fn desired(&self) -> i64;
    /// The labels of its pods.
    fn labels(&self) -> Option<&BTreeMap<String, String>>;
}

/// The template of a pod.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(default)]
pub struct PodTemplate {
    /// Its metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<TemplateMeta>,
}

/// The metadata of a template.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(default)]
pub struct TemplateMeta {
    /// The labels of the pods.
    #[prost(btree_map = "string, string", tag = "11")]
    #[serde(deserialize_with = "null_as_default")]
    pub labels: BTreeMap<String, String>,
}

/// The spec of a workload with a number of pods: Deployment, StatefulSet, ReplicaSet and ReplicationController number
/// these fields in the same way.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(default)]
pub struct ReplicatedSpec {
    /// Desired number of pods; absent means 1.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
    /// The template of the pods.
    #[prost(message, optional, tag = "3")]
    pub template: Option<PodTemplate>,
}

/// The spec of a DaemonSet.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(default)]
pub struct DaemonSpec {
    /// The template of its pods.
    #[prost(message, optional, tag = "2")]
    pub template: Option<PodTemplate>,
}

macro_rules! replicated {
    ($($name:ident: $group:ident $whole:ident;)+) => {$(
        #[doc = concat!("The template of a `", stringify!($group), "/v1` ", stringify!($whole), ".")]
        #[derive(Clone, PartialEq, Deserialize, prost::Message)]
        #[serde(default)]
        pub struct $name {
            /// Its name and its owner.
            #[prost(message, optional, tag = "1")]
            pub metadata: Option<ObjectMeta>,
            /// The desired state.
            #[prost(message, optional, tag = "2")]
            pub spec: Option<ReplicatedSpec>,
        }

        impl Resource for $name {
            type Whole = k8s_openapi::api::$group::v1::$whole;

            has_metadata!();
        }

        impl Templated for $name {
            fn desired(&self) -> i64 {
                self.spec.as_ref().and_then(|s| s.replicas).unwrap_or(1).into()
            }

            fn labels(&self) -> Option<&BTreeMap<String, String>> {
                labels(self.spec.as_ref()?.template.as_ref())
            }
        }
    )+};
}

replicated! {
    DeploymentTemplate: apps Deployment;
    StatefulSetTemplate: apps StatefulSet;
    ReplicaSetTemplate: apps ReplicaSet;
    ReplicationControllerTemplate: core ReplicationController;
}

/// The template of an `apps/v1` DaemonSet.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
pub struct DaemonSetTemplate {
    /// Its name.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The template of its pods.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<DaemonSpec>,
    /// How many nodes should run it.
    #[prost(message, optional, tag = "3")]
    pub status: Option<DaemonSetStatus>,
}

impl Resource for DaemonSetTemplate {
    type Whole = k8s_openapi::api::apps::v1::DaemonSet;

    has_metadata!();
}

impl Templated for DaemonSetTemplate {
    fn desired(&self) -> i64 {
        let status = self.status.unwrap_or_default();
        status.desired_number_scheduled.unwrap_or(0).into()
    }

    fn labels(&self) -> Option<&BTreeMap<String, String>> {
        labels(self.spec.as_ref()?.template.as_ref())
    }
}

fn labels(template: Option<&PodTemplate>) -> Option<&BTreeMap<String, String>> {
    Some(&template?.metadata.as_ref()?.labels)
}
