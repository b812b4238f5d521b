//! `apps/v1` StatefulSet: its spec, and the status of its controller.

use super::{LabelSelector, ObjectMeta, PodsBy, Resource, has_metadata, null_as_default};
use serde::Deserialize;

/// The fields of a StatefulSet that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSet {
    /// Name, generation, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<StatefulSetSpec>,
    /// The controller's last report; absent in a manifest.
    #[prost(message, optional, tag = "3")]
    pub status: Option<StatefulSetStatus>,
}

/// The part of `apps/v1` StatefulSetSpec that a verdict reads.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetSpec {
    /// Desired number of pods; absent means 1.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
    /// Its pods. Dropped once it has all that it asks for.
    #[prost(message, optional, tag = "2")]
    pub selector: Option<LabelSelector>,
    /// `OrderedReady`, which is the default, or `Parallel`.
    #[prost(string, tag = "6")]
    #[serde(deserialize_with = "null_as_default")]
    pub pod_management_policy: String,
    /// How pods get a new revision.
    #[prost(message, optional, tag = "7")]
    pub update_strategy: Option<StatefulSetUpdateStrategy>,
    /// Seconds that a pod has to stay ready before it counts as available.
    #[prost(int32, optional, tag = "9")]
    pub min_ready_seconds: Option<i32>,
}

/// How the pods of a StatefulSet get a new revision.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetUpdateStrategy {
    /// `RollingUpdate`, which is the default, or `OnDelete`.
    #[prost(string, tag = "1")]
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// The end of a rolling update.
    #[prost(message, optional, tag = "2")]
    pub rolling_update: Option<RollingUpdateStatefulSet>,
}

/// The end of a StatefulSet's rolling update.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct RollingUpdateStatefulSet {
    /// Pods with a lower ordinal keep the old revision; absent means 0.
    #[prost(int32, optional, tag = "1")]
    pub partition: Option<i32>,
}

/// The part of `apps/v1` StatefulSetStatus that a verdict reads. `currentReplicas` is not: it counts the old
/// revision in a rollout and nothing after it with a partition. Its conditions are not: the controller writes none.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetStatus {
    /// The newest generation that the controller has acted upon.
    #[prost(int64, optional, tag = "1")]
    pub observed_generation: Option<i64>,
    /// Pods that exist, of all revisions.
    #[prost(int32, optional, tag = "2")]
    pub replicas: Option<i32>,
    /// Pods whose Ready condition is True.
    #[prost(int32, optional, tag = "3")]
    pub ready_replicas: Option<i32>,
    /// Pods of the newest revision.
    #[prost(int32, optional, tag = "5")]
    pub updated_replicas: Option<i32>,
    /// The revision that was rolled out last.
    #[prost(string, tag = "6")]
    #[serde(deserialize_with = "null_as_default")]
    pub current_revision: String,
    /// The newest revision.
    #[prost(string, tag = "7")]
    #[serde(deserialize_with = "null_as_default")]
    pub update_revision: String,
    /// Pods ready for at least `minReadySeconds`; absent from servers older than 1.22.
    #[prost(int32, optional, tag = "11")]
    pub available_replicas: Option<i32>,
}

impl StatefulSet {
    /// Whether its newest spec is observed and all of its pods exist, are ready and of the newest revision. Nothing
    /// will be asked about its pods then.
    fn has_all(&self) -> bool {
        let Some(status) = &self.status else { return false };
        let wanted = self.spec.as_ref().and_then(|s| s.replicas).unwrap_or(1);
        let counts = [
            status.replicas,
            status.ready_replicas,
            status.available_replicas.or(status.ready_replicas),
        ];
        status.observed_generation >= self.meta().generation
            && status.current_revision == status.update_revision
            && counts.iter().all(|count| count.unwrap_or(0) == wanted)
    }
}

impl Resource for StatefulSet {
    type Whole = k8s_openapi::api::apps::v1::StatefulSet;

    has_metadata!();

    fn pods_by(&self) -> PodsBy<'_> {
        PodsBy::Selector(self.spec.as_ref().and_then(|s| s.selector.as_ref()))
    }

    fn may_fall_short(&self) -> bool {
        !self.has_all()
    }

    fn slim(&mut self) {
        if self.has_all()
            && let Some(spec) = &mut self.spec
        {
            spec.selector = None;
        }
        // Only a difference between the two names matters, and not once every pod has the newest.
        if let Some(status) = &mut self.status
            && status.current_revision == status.update_revision
            && status.updated_replicas == status.replicas
        {
            (status.current_revision, status.update_revision) = (String::new(), String::new());
        }
    }
}
