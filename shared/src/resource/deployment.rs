//! `apps/v1` Deployment: its spec, and the status of its controller.

use super::{
    Condition, DeploymentCondition, LabelSelector, ObjectMeta, PodsBy, Resource, Time, has_conditions,
    has_metadata, null_as_default,
};
use serde::Deserialize;

/// The fields of a Deployment that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    /// Name, generation, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state; absent or null reads as the defaults of its fields.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<DeploymentSpec>,
    /// The controller's last report; absent in a manifest.
    #[prost(message, optional, tag = "3")]
    pub status: Option<DeploymentStatus>,
}

/// The part of `apps/v1` DeploymentSpec that a verdict reads. The pod template is never decoded.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentSpec {
    /// Desired number of pods; absent means 1.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
    /// Its pods. Dropped once it is known to have all that it asks for.
    #[prost(message, optional, tag = "2")]
    pub selector: Option<LabelSelector>,
    /// Seconds that a pod has to stay ready before it counts as available.
    #[prost(int32, optional, tag = "5")]
    pub min_ready_seconds: Option<i32>,
    /// Whether rollouts are held.
    #[prost(bool, optional, tag = "7")]
    pub paused: Option<bool>,
    /// Seconds without progress after which the controller calls the rollout failed; absent means 600.
    #[prost(int32, optional, tag = "9")]
    pub progress_deadline_seconds: Option<i32>,
}

/// `apps/v1` DeploymentStatus without `unavailableReplicas`, which counts surge pods and misleads.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentStatus {
    /// The newest generation that the controller has acted upon.
    #[prost(int64, optional, tag = "1")]
    pub observed_generation: Option<i64>,
    /// Pods that exist, of all revisions.
    #[prost(int32, optional, tag = "2")]
    pub replicas: Option<i32>,
    /// Pods of the newest revision.
    #[prost(int32, optional, tag = "3")]
    pub updated_replicas: Option<i32>,
    /// Pods ready for at least `minReadySeconds`.
    #[prost(int32, optional, tag = "4")]
    pub available_replicas: Option<i32>,
    /// Available, Progressing and `ReplicaFailure`, as far as the controller wrote them.
    #[prost(message, repeated, tag = "6")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<DeploymentCondition>,
    /// Pods whose Ready condition is True.
    #[prost(int32, optional, tag = "7")]
    pub ready_replicas: Option<i32>,
    /// Pods on their way out, if the server counts them (Kubernetes 1.33 and newer).
    #[prost(int32, optional, tag = "9")]
    pub terminating_replicas: Option<i32>,
}

impl DeploymentStatus {
    /// The condition of that type.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&DeploymentCondition> {
        Condition::find(&self.conditions, kind)
    }

    /// When it became Available again though no rollout ended then: something had gone wrong.
    #[must_use]
    pub fn recovered(&self) -> Option<Time> {
        let back = self
            .condition("Available")
            .filter(|c| c.is_true())?
            .last_transition_time?;
        let rolled = self
            .condition("Progressing")
            .filter(|c| c.is_true())
            .and_then(|c| c.last_update_time.max(c.last_transition_time));
        rolled.is_none_or(|rolled| rolled < back).then_some(back)
    }
}

impl Deployment {
    /// The newest generation that the controller has acted upon, if it has acted at all. Generations begin with 1, and
    /// protobuf writes 0 if JSON has no such field.
    #[must_use]
    pub fn observed_generation(&self) -> Option<i64> {
        self.status
            .as_ref()
            .and_then(|s| s.observed_generation)
            .filter(|generation| *generation != 0)
    }
}

impl Deployment {
    /// Whether its newest spec is observed, all of its pods exist and are of the newest revision, and no condition
    /// reports a failure. Nothing will be asked about its pods then.
    fn has_all(&self) -> bool {
        let Some(status) = &self.status else { return false };
        let wanted = self.spec.as_ref().and_then(|s| s.replicas).unwrap_or(1);
        let counts = [
            status.replicas,
            status.updated_replicas,
            status.ready_replicas,
            status.available_replicas,
        ];
        let fails = |c: &DeploymentCondition| match c.kind.as_str() {
            "Progressing" => c.is_false(),
            "ReplicaFailure" => c.is_true(),
            _ => false,
        };
        self.observed_generation() >= self.meta().generation
            && counts.iter().all(|count| count.unwrap_or(0) == wanted)
            && !status.conditions.iter().any(fails)
            && status.recovered().is_none()
    }
}

impl Resource for Deployment {
    type Whole = k8s_openapi::api::apps::v1::Deployment;

    has_metadata!();

    fn pods_by(&self) -> PodsBy<'_> {
        PodsBy::ThroughReplicaSets(self.spec.as_ref().and_then(|s| s.selector.as_ref()))
    }

    has_conditions!();

    fn may_fall_short(&self) -> bool {
        !self.has_all()
    }

    fn slim(&mut self) {
        if self.has_all()
            && let Some(spec) = &mut self.spec
        {
            spec.selector = None;
        }
        if let Some(status) = &mut self.status {
            for condition in &mut status.conditions {
                // The sentence of a condition that reports success ("ReplicaSet x has successfully
                // progressed.") is never shown; it is a third of the view of a healthy Deployment.
                if condition.kind != "ReplicaFailure" && condition.is_true() {
                    condition.message = String::new();
                }
            }
            status.conditions.shrink_to_fit();
        }
    }
}
