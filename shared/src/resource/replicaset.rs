//! `apps/v1` ReplicaSet: the link from a Deployment to its pods, and a workload of its own without a controller.

use super::{
    Condition, LabelSelector, ObjectMeta, PlainCondition, PodsBy, Resource, has_conditions, has_metadata,
    null_as_default,
};
use serde::Deserialize;

/// The fields of a ReplicaSet that its verdict, or that of its Deployment, reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSet {
    /// Name, owner and age.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<ReplicaSetSpec>,
    /// Its controller's last report.
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
    /// Its pods; dropped once it has all that it asks for.
    #[prost(message, optional, tag = "2")]
    pub selector: Option<LabelSelector>,
    /// Seconds that a pod has to stay ready before it counts as available.
    #[prost(int32, optional, tag = "4")]
    pub min_ready_seconds: Option<i32>,
}

/// The part of `apps/v1` ReplicaSetStatus that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetStatus {
    /// Pods that exist and are not on their way out.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
    /// The newest generation that the controller has acted upon.
    #[prost(int64, optional, tag = "3")]
    pub observed_generation: Option<i64>,
    /// Pods whose Ready condition is True.
    #[prost(int32, optional, tag = "4")]
    pub ready_replicas: Option<i32>,
    /// Pods ready for at least `minReadySeconds`.
    #[prost(int32, optional, tag = "5")]
    pub available_replicas: Option<i32>,
    /// `ReplicaFailure` if pods could not be created or deleted.
    #[prost(message, repeated, tag = "6")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<PlainCondition>,
}

impl ReplicaSet {
    /// Whether its newest spec is observed and every pod that it asks for is available. Nothing will be asked about its
    /// pods then.
    fn has_all(&self) -> bool {
        let Some(status) = &self.status else { return false };
        let wanted = self.spec.as_ref().and_then(|s| s.replicas).unwrap_or(1);
        status.observed_generation >= self.meta().generation
            && status.available_replicas.unwrap_or(0) == wanted
    }

    /// The API server's refusal to create its pods. `ReplicaFailure` with another reason means pods that could not be
    /// deleted.
    #[must_use]
    pub fn failed_create(&self) -> Option<&PlainCondition> {
        let conditions = &self.status.as_ref()?.conditions;
        conditions
            .iter()
            .find(|c| c.kind == "ReplicaFailure" && c.is_true() && c.reason == "FailedCreate")
    }
}

impl Resource for ReplicaSet {
    type Whole = k8s_openapi::api::apps::v1::ReplicaSet;

    has_metadata!();

    fn pods_by(&self) -> PodsBy<'_> {
        PodsBy::Selector(self.spec.as_ref().and_then(|s| s.selector.as_ref()))
    }

    fn slim(&mut self) {
        if self.has_all()
            && let Some(spec) = &mut self.spec
        {
            spec.selector = None;
        }
    }

    has_conditions!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::from_value;

    #[test]
    fn its_pods_are_asked_for_by_its_selector_while_it_lacks_some() {
        let read = |available: i32| {
            let mut set: ReplicaSet = from_value(&serde_json::json!({
                "metadata": {"generation": 2},
                "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}},
                "status": {"observedGeneration": 2, "availableReplicas": available},
            }))
            .unwrap_or_default();
            crate::resource::slim(&mut set);
            match set.pods_by() {
                PodsBy::Selector(selector) => selector.map(ToString::to_string),
                _ => None,
            }
        };
        assert_eq!((read(1).as_deref(), read(2).as_deref()), (Some("app=web"), None));
    }
}
