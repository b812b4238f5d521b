//! Our own minimal view of each Kubernetes object: only the fields a verdict reads.
//!
//! Owns the decoding of one object from JSON (serde) or from the API server's protobuf (prost). Both derive from the
//! same struct, so that a field cannot mean two things. It knows nothing of HTTP, clocks or verdicts.
//!
//! Why not the types of `k8s-openapi`: a full Deployment of 8 KB costs about 95 KB of memory once decoded,
//! most of it `managedFields` and the pod template, which no rule here reads. Field numbers come from the
//! `generated.proto` files of `k8s.io/api` and `k8s.io/apimachinery`.

mod apiservice;
mod condition;
mod cronjob;
mod custom;
mod daemonset;
mod deployment;
mod endpointslice;
mod event;
mod horizontalpodautoscaler;
mod job;
mod lease;
mod meta;
mod namespace;
mod node;
mod object_metadata;
mod persistentvolumeclaim;
mod pod;
mod poddisruptionbudget;
mod quantity;
mod replicaset;
mod replicationcontroller;
mod revision;
mod rollout;
mod scaled;
mod selector;
mod service;
mod statefulset;
mod status;
mod template;
mod time;
mod webhookconfiguration;
mod words;
mod written;

pub use apiservice::{ApiService, ApiServiceSpec, ApiServiceStatus, ServiceReference};
pub use condition::{Condition, DeploymentCondition, PlainCondition, ProbedCondition};
pub use cronjob::{ActiveJob, CronJob, CronJobSpec, CronJobStatus};
pub use custom::{CustomCondition, CustomObject, CustomSpec, CustomStatus, CustomWord};
pub use daemonset::{DaemonSet, DaemonSetSpec, DaemonSetStatus, DaemonSetUpdateStrategy};
pub use deployment::{Deployment, DeploymentSpec, DeploymentStatus};
pub use endpointslice::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice, EndpointTarget};
pub use event::{Event, EventSeries, EventSource, ObjectReference};
pub use horizontalpodautoscaler::{
    HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, HorizontalPodAutoscalerStatus, ScaleTarget,
};
pub use job::{Job, JobSpec, JobStatus, SuccessPolicy};
pub use lease::{Lease, LeaseSpec};
pub use meta::{
    DEPLOYMENT_REVISION, HOLDS, IGNORE, INSTANTIATE, ListMeta, ManagedFieldsEntry, ObjectMeta,
    OwnerReference, REVISION_HISTORY, ROLLOUT_REVISION,
};
pub use namespace::{Namespace, NamespaceSpec, NamespaceStatus};
pub use node::{Node, NodeSpec, NodeStatus, Taint};
pub use object_metadata::ObjectMetadata;
pub use persistentvolumeclaim::{
    PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeClaimStatus,
};
pub use pod::{
    Affinity, ClaimVolume, Container, ContainerProbe, ContainerState, ContainerStatus, NodeAffinity,
    NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Pod, PodSpec, PodStatus, REVISION,
    ReadinessGate, Running, Terminated, Volume, VolumeSource, Waiting,
};
pub use poddisruptionbudget::{PodDisruptionBudget, PodDisruptionBudgetSpec, PodDisruptionBudgetStatus};
pub use quantity::{Quantity, ResourceRequirements};
pub use replicaset::{ReplicaSet, ReplicaSetSpec, ReplicaSetStatus};
pub use replicationcontroller::{ReplicationController, ReplicationControllerSpec};
pub use revision::{ControllerRevision, Revision, TemplatedJob, TemplatedReplicaSet};
pub use rollout::{
    Rollout, RolloutBlueGreen, RolloutCanary, RolloutPause, RolloutPauseCondition, RolloutSpec,
    RolloutStatus, RolloutStep, RolloutStrategy,
};
pub use scaled::{ScaledObject, ScaledSpec, ScaledStatus};
pub use selector::{LabelSelector, LabelSelectorRequirement, PodsBy};
pub use service::{
    LoadBalancerIngress, LoadBalancerPort, LoadBalancerStatus, Service, ServicePort, ServiceSpec,
    ServiceStatus, TargetPort,
};
pub use statefulset::{
    RollingUpdateStatefulSet, StatefulSet, StatefulSetSpec, StatefulSetStatus, StatefulSetUpdateStrategy,
};
pub use status::ApiStatus;
pub(crate) use status::TypeMeta;
pub use template::{
    DaemonSetTemplate, DaemonSpec, DeploymentTemplate, PodTemplate, ReplicaSetTemplate, ReplicatedSpec,
    ReplicationControllerTemplate, StatefulSetTemplate, TemplateMeta, Templated,
};
pub use time::Time;
pub use webhookconfiguration::{
    MutatingWebhookConfiguration, Rule, RuleWithOperations, ValidatingWebhookConfiguration, Webhook,
    WebhookClientConfig, WebhookService,
};

pub(crate) use words::{json_error, value_error};
pub use written::WrittenParts;
pub(crate) use written::{read_writers, read_writers_of_value};

use serde::de::DeserializeOwned;

/// A kind that this library reads: its path in the API, and the decoding of one object.
pub trait Resource: DeserializeOwned + prost::Message + Default + Clone + Send + Sync + 'static {
    /// The full type behind this view. It is never decoded, only its names are used.
    type Whole: k8s_openapi::Resource;

    /// API group, empty for the core group.
    const GROUP: &'static str = <Self::Whole as k8s_openapi::Resource>::GROUP;
    /// API version within the group.
    const VERSION: &'static str = <Self::Whole as k8s_openapi::Resource>::VERSION;
    /// The `kind` as objects carry it.
    const KIND: &'static str = <Self::Whole as k8s_openapi::Resource>::KIND;
    /// The plural, lower-case name that paths and RBAC rules use.
    const PLURAL: &'static str = <Self::Whole as k8s_openapi::Resource>::URL_PATH_SEGMENT;
    /// Whether its objects are in namespaces.
    const NAMESPACED: bool = true;
    /// Whether it is asked for in protobuf.
    const PROTOBUF: bool = true;
    /// Whether every API server serves it. If not, a `CustomResourceDefinition` does, which a cluster may lack.
    const BUILT_IN: bool = true;

    /// Metadata of the object, if it carries any.
    fn metadata(&self) -> Option<&ObjectMeta>;

    /// Metadata of the object, for changes.
    fn metadata_mut(&mut self) -> Option<&mut ObjectMeta>;

    /// Metadata of the object; absent metadata reads as its defaults.
    fn meta(&self) -> &ObjectMeta {
        static EMPTY: ObjectMeta = ObjectMeta::EMPTY;
        self.metadata().unwrap_or(&EMPTY)
    }

    /// How its pods are found; most kinds have none.
    fn pods_by(&self) -> PodsBy<'_> {
        PodsBy::Nothing
    }

    /// Whether it may fall short, by its own fields. Then its writers are read ([`ObjectMeta::writers`]).
    fn may_fall_short(&self) -> bool {
        false
    }

    /// Drops fields that no rule reads once the object is known to be unremarkable. Metadata is handled for all kinds.
    fn slim(&mut self) {}

    /// Drops the times that Go's protobuf writes for "none": an empty message, which decodes as 1970. JSON has `null`
    /// or nothing in their place. Metadata is handled for all kinds.
    fn drop_zero_times(&mut self) {}
}

/// Implements access to the metadata of a view, which keeps it in a field of that name.
macro_rules! has_metadata {
    () => {
        fn metadata(&self) -> Option<&ObjectMeta> {
            self.metadata.as_ref()
        }

        fn metadata_mut(&mut self) -> Option<&mut ObjectMeta> {
            self.metadata.as_mut()
        }
    };
}
use has_metadata;

/// Implements [`Resource::drop_zero_times`] for a view whose only further times are those of its status' conditions.
macro_rules! has_conditions {
    () => {
        fn drop_zero_times(&mut self) {
            let conditions = self
                .status
                .iter_mut()
                .flat_map(|status| &mut status.conditions);
            conditions.for_each(|condition| condition.drop_zero_times());
        }
    };
}
use has_conditions;

/// Drops fields that no rule reads of a kept object, right after decoding.
pub(crate) fn slim<T: Resource>(object: &mut T) {
    if let Some(meta) = object.metadata_mut() {
        meta.slim();
    }
    object.slim();
}

/// The reason why one object could not be decoded, and which object it was if that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecodable {
    /// Namespace of the object, empty if it could not be read.
    pub namespace: String,
    /// Name of the object, empty if it could not be read.
    pub name: String,
    /// The error: the field, its value and the value that it should have.
    pub error: String,
    /// The line of the error in the object's text, from 1; 0 if it is not known.
    pub line: usize,
}

/// One object of a list: decoded, or the reason why not. One broken item never spoils a list.
pub type Decoded<T> = Result<T, Undecodable>;

/// Decodes one object from JSON.
///
/// # Errors
/// [`Undecodable`] with the object's name if at least its metadata could be read.
pub fn from_json<T: Resource>(bytes: &[u8]) -> Decoded<T> {
    serde_json::from_slice(bytes)
        .map_err(|_| undecodable(serde_json::from_slice(bytes).ok(), json_error::<T>(bytes)))
}

/// Decodes one object from an already parsed JSON or YAML value.
///
/// # Errors
/// [`Undecodable`], as for [`from_json`].
pub fn from_value<T: Resource>(value: &serde_json::Value) -> Decoded<T> {
    let of = |field: &str| {
        value
            .pointer(&format!("/metadata/{field}"))
            .and_then(|v| v.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    T::deserialize(value).map_err(|_| Undecodable {
        namespace: of("namespace"),
        name: of("name"),
        error: value_error::<T>(value),
        line: 0,
    })
}

/// Decodes one object from the API server's protobuf.
///
/// # Errors
/// [`Undecodable`] with the object's name if at least its metadata could be read.
pub fn from_proto<T: Resource>(bytes: &[u8]) -> Decoded<T> {
    let mut object = T::decode(bytes)
        .map_err(|error| undecodable(meta::OnlyMeta::decode(bytes).ok(), (error.to_string(), 0)))?;
    if let Some(meta) = object.metadata_mut() {
        meta.drop_zero_times();
    }
    object.drop_zero_times();
    Ok(object)
}

/// Names the object, if its metadata could be read.
fn undecodable(meta: Option<meta::OnlyMeta>, (error, line): words::DecodeError) -> Undecodable {
    let meta = meta.and_then(|o| o.metadata).unwrap_or_default();
    Undecodable {
        namespace: meta.namespace,
        name: meta.name,
        error,
        line,
    }
}

use prost::Message as _;

/// `null` in JSON reads as the default, as the API server itself reads it.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de> + Default,
{
    Ok(<Option<T> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zeros_of_protobuf_read_as_what_json_leaves_out() {
        let written = Deployment {
            metadata: Some(ObjectMeta {
                creation_timestamp: Some(Time::from_seconds(0)),
                managed_fields: vec![ManagedFieldsEntry {
                    time: Some(Time::from_seconds(0)),
                    ..Default::default()
                }],
                ..ObjectMeta::default()
            }),
            status: Some(DeploymentStatus {
                observed_generation: Some(0),
                conditions: vec![DeploymentCondition {
                    last_transition_time: Some(Time::from_seconds(0)),
                    last_update_time: Some(Time::from_seconds(7)),
                    ..DeploymentCondition::default()
                }],
                ..DeploymentStatus::default()
            }),
            ..Deployment::default()
        };
        let read: Deployment = from_proto(&written.encode_to_vec()).expect("our own bytes");
        assert_eq!(read.observed_generation(), None);
        assert_eq!(
            (read.meta().creation_timestamp, read.meta().last_spec_write()),
            (None, None)
        );
        let condition = &read.status.expect("a status").conditions[0];
        assert_eq!(
            (condition.last_transition_time, condition.last_update_time),
            (None, Some(Time::from_seconds(7)))
        );
    }
}
