//! `batch/v1` CronJob: when it last ran, and when it last succeeded.

use super::{ObjectMeta, PodsBy, Resource, Time, has_metadata, null_as_default};
use serde::Deserialize;

/// The fields of a CronJob that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJob {
    /// Name, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What is asked for.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<CronJobSpec>,
    /// What the controller last wrote; absent in a manifest.
    #[prost(message, optional, tag = "3")]
    pub status: Option<CronJobStatus>,
}

/// The part of `batch/v1` CronJobSpec that a verdict reads.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobSpec {
    /// Whether no further runs begin.
    #[prost(bool, optional, tag = "4")]
    pub suspend: Option<bool>,
}

/// The part of `batch/v1` CronJobStatus that a verdict reads.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobStatus {
    /// The Jobs that are under way. Only how many there are matters.
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub active: Vec<ActiveJob>,
    /// For when the newest run was scheduled.
    #[prost(message, optional, tag = "4")]
    pub last_schedule_time: Option<Time>,
    /// When a run was last completed successfully.
    #[prost(message, optional, tag = "5")]
    pub last_successful_time: Option<Time>,
}

/// A Job that is under way.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ActiveJob {
    /// Its name.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
}

impl Resource for CronJob {
    type Whole = k8s_openapi::api::batch::v1::CronJob;

    has_metadata!();

    fn pods_by(&self) -> PodsBy<'_> {
        PodsBy::Jobs
    }

    fn drop_zero_times(&mut self) {
        if let Some(status) = &mut self.status {
            Time::drop_zero(&mut status.last_schedule_time);
            Time::drop_zero(&mut status.last_successful_time);
        }
    }
}
