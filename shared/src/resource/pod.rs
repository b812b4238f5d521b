//! `v1` Pod: whether it is active, ready and young, and what stops its containers.

use super::{ObjectMeta, Resource, Time, null_as_default};
use serde::Deserialize;

/// The fields of a pod that a workload's verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    /// Name, owner, creation, deletion.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What the kubelet and the scheduler last wrote.
    #[prost(message, optional, tag = "3")]
    pub status: Option<PodStatus>,
}

/// The part of `v1` PodStatus that is read.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub phase: String,
    /// `Ready`, `PodScheduled` and others.
    #[prost(message, repeated, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<PodCondition>,
    /// State of each app container.
    #[prost(message, repeated, tag = "8")]
    #[serde(deserialize_with = "null_as_default")]
    pub container_statuses: Vec<ContainerStatus>,
    /// State of each init container, native sidecars included.
    #[prost(message, repeated, tag = "10")]
    #[serde(deserialize_with = "null_as_default")]
    pub init_container_statuses: Vec<ContainerStatus>,
}

/// A condition of a pod.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct PodCondition {
    /// `Ready`, `PodScheduled`, ...
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
    /// A sentence, the scheduler's for one.
    #[prost(string, tag = "6")]
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
}

/// What the kubelet reports of one container.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    /// Name of the container within the pod.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// What it is doing now.
    #[prost(message, optional, tag = "2")]
    pub state: Option<ContainerState>,
    /// How its previous run ended.
    #[prost(message, optional, tag = "3")]
    pub last_state: Option<ContainerState>,
    /// How often it was restarted.
    #[prost(int32, tag = "5")]
    #[serde(deserialize_with = "null_as_default")]
    pub restart_count: i32,
}

/// One of waiting, running and terminated.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerState {
    /// It cannot run yet, and why.
    #[prost(message, optional, tag = "1")]
    pub waiting: Option<Waiting>,
    /// It runs, and since when.
    #[prost(message, optional, tag = "2")]
    pub running: Option<Running>,
    /// It ended, and how.
    #[prost(message, optional, tag = "3")]
    pub terminated: Option<Terminated>,
}

/// A container that cannot run yet.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Waiting {
    /// A stable word such as `CrashLoopBackOff`.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// The runtime's or the registry's sentence.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
}

/// A container that runs.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// Since when.
    #[prost(message, optional, tag = "1")]
    pub started_at: Option<Time>,
}

/// A container that ended.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    /// Exit code of its first process.
    #[prost(int32, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub exit_code: i32,
    /// Signal that ended it, 0 for none.
    #[prost(int32, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub signal: i32,
    /// A stable word such as `OOMKilled` or `Error`.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// When it had started.
    #[prost(message, optional, tag = "5")]
    pub started_at: Option<Time>,
    /// When it ended.
    #[prost(message, optional, tag = "6")]
    pub finished_at: Option<Time>,
}

impl Pod {
    /// Whether the pod still counts for its workload: not finished and not being deleted.
    #[must_use]
    pub fn is_active(&self) -> bool {
        let phase = self.status.as_ref().map_or("", |s| s.phase.as_str());
        self.meta().deletion_timestamp.is_none() && phase != "Succeeded" && phase != "Failed"
    }

    /// Whether the `Ready` condition is True. The containers' own `ready` stays true on a lost node, the
    /// condition does not, so only the condition is believed.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|c| c.status == "True")
    }

    /// The condition of that type, where there is one.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&PodCondition> {
        self.status.as_ref()?.conditions.iter().find(|c| c.kind == kind)
    }
}

impl Resource for Pod {
    type Whole = k8s_openapi::api::core::v1::Pod;

    fn meta(&self) -> &ObjectMeta {
        static EMPTY: ObjectMeta = ObjectMeta::EMPTY;
        self.metadata.as_ref().unwrap_or(&EMPTY)
    }
}
