//! Revisions of workloads: the template of their pods, as it was, in every field.
//!
//! They are read only of workloads that are not healthy, in JSON: two templates are compared in every field, and in those of
//! newer versions, too.

use super::meta::{CHANGE_CAUSE, DEPLOYMENT_REVISION, DESIRED_REPLICAS, REVISION_HISTORY};
use super::{
    Condition as _, ObjectMeta, ReplicaSet, ReplicaSetSpec, ReplicaSetStatus, Resource, Time, has_conditions,
    has_metadata,
};
use prost::DecodeError;
use prost::bytes::{Buf, BufMut};
use prost::encoding::{DecodeContext, WireType, skip_field};
use serde::Deserialize;
use serde_json::Value;

/// A part of an object that is kept as it is. It is read from JSON only.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct AnyJson(Value);

impl prost::Message for AnyJson {
    fn encode_raw(&self, _buffer: &mut impl BufMut) {}

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        skip_field(wire_type, tag, buffer, context)
    }

    fn encoded_len(&self) -> usize {
        0
    }

    fn clear(&mut self) {
        self.0 = Value::Null;
    }
}

/// One revision of a workload.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Revision {
    /// The uid of the workload.
    pub owner: String,
    /// Its number; the newest revision has the highest.
    pub number: u64,
    /// The name of the object that keeps it.
    pub name: String,
    /// When that object was created. A rollback makes an old revision the newest one, and this time stays.
    pub created: Option<Time>,
    /// Whether it was the newest one before, was replaced, and is the newest one again.
    pub came_back: bool,
    /// When anything but the status of that object was last written.
    pub written: Option<Time>,
    /// Its pods that are ready, if its object counts them.
    pub ready: Option<i64>,
    /// The pods that its workload asked for when it was the newest one, if its object says so.
    pub desired: Option<i64>,
    /// Whether it is a run of a `CronJob`, whose template may have changed since the run before.
    pub is_run: bool,
    /// The reason that somebody wrote.
    pub change_cause: Option<String>,
    /// The template of its pods.
    pub template: Value,
}

fn annotation<'a>(meta: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    meta.annotations.get(key).map(String::as_str)
}

fn owner(meta: &ObjectMeta) -> Option<String> {
    meta.controller().map(|owner| owner.uid.clone())
}

/// `apps/v1` ReplicaSet with its template.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
pub struct TemplatedReplicaSet {
    /// Its owner, age and annotations.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<TemplatedReplicaSetSpec>,
    /// Its controller's last report.
    #[prost(message, optional, tag = "3")]
    pub status: Option<ReplicaSetStatus>,
}

/// The spec of a [`TemplatedReplicaSet`].
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
pub struct TemplatedReplicaSetSpec {
    /// Desired number of pods.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
    /// The template.
    #[prost(message, optional, tag = "3")]
    pub template: Option<AnyJson>,
}

impl Resource for TemplatedReplicaSet {
    type Whole = k8s_openapi::api::apps::v1::ReplicaSet;

    const PROTOBUF: bool = false;

    has_metadata!();
    has_conditions!();
}

impl TemplatedReplicaSet {
    /// The ReplicaSet without its template, and its revision if it has a number and an owner.
    #[must_use]
    pub fn split(self) -> (ReplicaSet, Option<Revision>) {
        let Self {
            metadata,
            spec,
            status,
        } = self;
        let spec = spec.unwrap_or_default();
        let meta = metadata.clone().unwrap_or_default();
        let number = annotation(&meta, DEPLOYMENT_REVISION).and_then(|text| text.parse().ok());
        let revision = number.zip(owner(&meta)).map(|(number, owner)| Revision {
            owner,
            number,
            name: meta.name.clone(),
            created: meta.creation_timestamp,
            is_run: false,
            written: meta.last_spec_write(),
            came_back: annotation(&meta, REVISION_HISTORY).is_some_and(|numbers| !numbers.is_empty()),
            ready: Some(status.as_ref().and_then(|s| s.ready_replicas).unwrap_or(0).into()),
            desired: annotation(&meta, DESIRED_REPLICAS).and_then(|text| text.parse().ok()),
            change_cause: annotation(&meta, CHANGE_CAUSE).map(str::to_owned),
            template: spec.template.unwrap_or_default().0,
        });
        let set = ReplicaSet {
            metadata,
            spec: Some(ReplicaSetSpec {
                replicas: spec.replicas,
                ..ReplicaSetSpec::default()
            }),
            status,
        };
        (set, revision)
    }
}

/// `apps/v1` ControllerRevision: one revision of a StatefulSet or a DaemonSet.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
pub struct ControllerRevision {
    /// Its owner, name and age.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// A patch of the workload with its template, in `spec.template`.
    #[prost(message, optional, tag = "2")]
    pub data: Option<AnyJson>,
    /// Its number. A rollback gives the old revision a new number.
    #[prost(int64, optional, tag = "3")]
    pub revision: Option<i64>,
}

impl Resource for ControllerRevision {
    type Whole = k8s_openapi::api::apps::v1::ControllerRevision;

    const PROTOBUF: bool = false;

    has_metadata!();
}

impl ControllerRevision {
    /// The revision, if it has a number and an owner.
    #[must_use]
    pub fn into_revision(self) -> Option<Revision> {
        let meta = self.metadata.unwrap_or_default();
        let number = u64::try_from(self.revision?).ok()?;
        let template = self.data.unwrap_or_default().0.pointer("/spec/template").cloned();
        Some(Revision {
            owner: owner(&meta)?,
            number,
            change_cause: annotation(&meta, CHANGE_CAUSE).map(str::to_owned),
            written: meta.last_spec_write(),
            name: meta.name,
            created: meta.creation_timestamp,
            came_back: false,
            is_run: false,
            ready: None,
            desired: None,
            template: template.unwrap_or_default(),
        })
    }
}

/// `batch/v1` Job with its template: a run of a CronJob, compared with the run before.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
pub struct TemplatedJob {
    /// Its owner, name and age.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<TemplatedJobSpec>,
}

/// The spec of a [`TemplatedJob`].
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
pub struct TemplatedJobSpec {
    /// The template.
    #[prost(message, optional, tag = "6")]
    pub template: Option<AnyJson>,
}

impl Resource for TemplatedJob {
    type Whole = k8s_openapi::api::batch::v1::Job;

    const PROTOBUF: bool = false;

    has_metadata!();
}

impl TemplatedJob {
    /// The run of a `CronJob` as a revision of it: the later run is the newer one.
    #[must_use]
    pub fn into_revision(self, owner: &str) -> Option<Revision> {
        let meta = self.metadata.unwrap_or_default();
        let created = meta.creation_timestamp?;
        Some(Revision {
            owner: owner.to_owned(),
            number: u64::try_from(created.seconds).ok()?,
            name: meta.name,
            created: Some(created),
            is_run: true,
            template: self.spec?.template.unwrap_or_default().0,
            ..Revision::default()
        })
    }
}
