//! `argoproj.io/v1alpha1` Rollout: a Deployment that is rolled out in steps, by Argo Rollouts.

use super::{
    Condition, DeploymentCondition, LabelSelector, ObjectMeta, PodsBy, Resource, Time, has_metadata,
    null_as_default,
};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// The fields of a Rollout that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Rollout {
    /// Name, generation, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<RolloutSpec>,
    /// The controller's last report.
    #[prost(message, optional, tag = "3")]
    pub status: Option<RolloutStatus>,
}

/// The part of `RolloutSpec` that a verdict reads.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutSpec {
    /// Desired number of pods; absent means 1.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
    /// Its pods. With a `workloadRef` they belong to the Deployment that it names.
    #[prost(message, optional, tag = "2")]
    pub selector: Option<LabelSelector>,
    /// Seconds that a pod has to stay ready before it counts as available.
    #[prost(int32, optional, tag = "3")]
    pub min_ready_seconds: Option<i32>,
    /// Whether rollouts are held.
    #[prost(bool, optional, tag = "4")]
    pub paused: Option<bool>,
    /// Seconds without progress after which the controller calls the rollout failed; absent means 600.
    #[prost(int32, optional, tag = "5")]
    pub progress_deadline_seconds: Option<i32>,
    /// How a new revision takes over.
    #[prost(message, optional, tag = "6")]
    pub strategy: Option<RolloutStrategy>,
    /// Whether it uses the pod template of another workload.
    #[prost(bool, tag = "7")]
    #[serde(deserialize_with = "is_there")]
    pub workload_ref: bool,
}

/// How a new revision takes over.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutStrategy {
    /// Whether it replaces the old one all at once, after it ran beside it.
    #[prost(bool, tag = "1")]
    #[serde(deserialize_with = "is_there")]
    pub blue_green: bool,
    /// The steps, if it takes over step by step.
    #[prost(message, optional, tag = "2")]
    pub canary: Option<RolloutCanary>,
}

/// How a new revision takes over step by step.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutCanary {
    /// Whether the traffic is divided by something other than the number of pods. Then the old pods stay for a while.
    #[prost(bool, tag = "1")]
    #[serde(deserialize_with = "is_there")]
    pub traffic_routing: bool,
    /// The steps.
    #[prost(message, repeated, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub steps: Vec<RolloutStep>,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutStep {
    /// Whether it waits for an analysis.
    #[prost(bool, tag = "1")]
    #[serde(deserialize_with = "is_there")]
    pub analysis: bool,
    /// Whether it waits for an experiment.
    #[prost(bool, tag = "2")]
    #[serde(deserialize_with = "is_there")]
    pub experiment: bool,
    /// Whether it waits, and how long.
    #[prost(message, optional, tag = "3")]
    pub pause: Option<RolloutPause>,
}

/// A step that waits.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutPause {
    /// How long it waits: seconds, or a number with `s`, `m` or `h`. If it is empty, it waits until a person promotes
    /// it.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "text")]
    pub duration: String,
}

/// The part of `RolloutStatus` that a verdict reads.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutStatus {
    /// The newest generation that the controller has acted upon, as text. Before version 0.10 it was a hash of the
    /// spec.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "text")]
    pub observed_generation: String,
    /// Pods that exist, of all revisions.
    #[prost(int32, optional, tag = "2")]
    pub replicas: Option<i32>,
    /// Pods of the newest revision.
    #[prost(int32, optional, tag = "3")]
    pub updated_replicas: Option<i32>,
    /// Pods that are ready: of all revisions, with blue-green those of the active one.
    #[prost(int32, optional, tag = "4")]
    pub ready_replicas: Option<i32>,
    /// Pods ready for at least `minReadySeconds`: of all revisions, with blue-green those of the active one.
    #[prost(int32, optional, tag = "5")]
    pub available_replicas: Option<i32>,
    /// Available, Progressing, Paused, Healthy, Completed, `InvalidSpec`, `ReplicaFailure`.
    #[prost(message, repeated, tag = "6")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<DeploymentCondition>,
    /// Whether a person or an analysis has aborted the update.
    #[prost(bool, tag = "7")]
    #[serde(deserialize_with = "null_as_default")]
    pub abort: bool,
    /// `Healthy`, `Progressing`, `Paused` or `Degraded`; absent before version 1.0.
    #[prost(string, tag = "8")]
    #[serde(deserialize_with = "null_as_default")]
    pub phase: String,
    /// Why it is in that phase.
    #[prost(string, tag = "9")]
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
    /// Why the controller waits.
    #[prost(message, repeated, tag = "10")]
    #[serde(deserialize_with = "null_as_default")]
    pub pause_conditions: Vec<RolloutPauseCondition>,
    /// Whether the controller has paused it. Without a pause condition it is about to continue.
    #[prost(bool, tag = "11")]
    #[serde(deserialize_with = "null_as_default")]
    pub controller_pause: bool,
    /// The newest revision.
    #[prost(string, tag = "12")]
    #[serde(deserialize_with = "null_as_default")]
    pub current_pod_hash: String,
    /// The revision that was rolled out last.
    #[prost(string, tag = "13")]
    #[serde(rename = "stableRS", deserialize_with = "null_as_default")]
    pub stable_rs: String,
    /// The step that it is at, counted from 0.
    #[prost(int32, optional, tag = "14")]
    pub current_step_index: Option<i32>,
    /// The serving revision with blue-green.
    #[prost(message, optional, tag = "15")]
    pub blue_green: Option<RolloutBlueGreen>,
}

/// Why and since when a Rollout waits.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutPauseCondition {
    /// `CanaryPauseStep`, `BlueGreenPause` or `InconclusiveAnalysisRun`.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// Since when.
    #[prost(message, optional, tag = "2")]
    pub start_time: Option<Time>,
}

/// The serving revision with blue-green.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutBlueGreen {
    /// The revision that the active Service leads to.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub active_selector: String,
}

/// Whether a field is there and not null.
fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<IgnoredAny>::deserialize(deserializer)?.is_some())
}

/// Text, or a number as text.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum TextOrNumber {
        Text(String),
        Number(i64),
        Nothing(()),
    }
    Ok(match TextOrNumber::deserialize(deserializer)? {
        TextOrNumber::Text(text) => text,
        TextOrNumber::Number(number) => number.to_string(),
        TextOrNumber::Nothing(()) => String::new(),
    })
}

impl Rollout {
    /// The condition of that type.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&DeploymentCondition> {
        Condition::find(&self.status.as_ref()?.conditions, kind)
    }

    /// The step that it is at.
    #[must_use]
    pub fn step(&self) -> Option<&RolloutStep> {
        let at = usize::try_from(self.status.as_ref()?.current_step_index?).ok()?;
        self.spec
            .as_ref()?
            .strategy
            .as_ref()?
            .canary
            .as_ref()?
            .steps
            .get(at)
    }
}

/// A `CustomResourceDefinition` defines it, so k8s-openapi does not have it.
impl k8s_openapi::Resource for Rollout {
    const API_VERSION: &'static str = "argoproj.io/v1alpha1";
    const GROUP: &'static str = "argoproj.io";
    const KIND: &'static str = "Rollout";
    const VERSION: &'static str = "v1alpha1";
    const URL_PATH_SEGMENT: &'static str = "rollouts";
    type Scope = k8s_openapi::NamespaceResourceScope;
}

impl Resource for Rollout {
    type Whole = Self;
    const PROTOBUF: bool = false;
    const BUILT_IN: bool = false;

    has_metadata!();

    fn pods_by(&self) -> PodsBy<'_> {
        PodsBy::ThroughReplicaSets(self.spec.as_ref().and_then(|s| s.selector.as_ref()))
    }

    fn slim(&mut self) {
        if let Some(status) = &mut self.status {
            for condition in &mut status.conditions {
                // It is never shown, as with a Deployment.
                if condition.is_true()
                    && !["ReplicaFailure", "InvalidSpec"].contains(&condition.kind.as_str())
                {
                    condition.message = String::new();
                }
            }
        }
    }
}
