//! `batch/v1` CronJob: when its runs are due, when it last ran, and when it last succeeded.

use super::{ObjectMeta, PodsBy, Resource, Time, has_metadata, null_as_default};
use serde::{Deserialize, Deserializer};

/// The fields of a CronJob that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJob {
    /// Name, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<CronJobSpec>,
    /// The controller's last report; absent in a manifest.
    #[prost(message, optional, tag = "3")]
    pub status: Option<CronJobStatus>,
    /// Whether its version is older than `batch/v1`, which only JSON shows. Before Kubernetes 1.21 the status had no
    /// `lastSuccessfulTime`, so its absence says nothing.
    #[prost(bool, tag = "15")]
    #[serde(rename = "apiVersion", deserialize_with = "is_before_v1")]
    pub before_v1: bool,
}

fn is_before_v1<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let version = Option::<String>::deserialize(deserializer)?;
    Ok(version.is_some_and(|v| matches!(v.as_str(), "batch/v1beta1" | "batch/v2alpha1")))
}

/// The part of `batch/v1` CronJobSpec that a verdict reads.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobSpec {
    /// When runs are due.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub schedule: String,
    /// How many seconds late a run may begin; absent if there is no limit.
    #[prost(int64, optional, tag = "2")]
    pub starting_deadline_seconds: Option<i64>,
    /// `Allow`, `Forbid` or `Replace`: the fate of a run that is due while another is under way.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub concurrency_policy: String,
    /// Whether no further runs begin.
    #[prost(bool, optional, tag = "4")]
    pub suspend: Option<bool>,
    /// The time zone of the schedule; absent means the controller's.
    #[prost(string, optional, tag = "8")]
    pub time_zone: Option<String>,
}

/// The part of `batch/v1` CronJobStatus that a verdict reads.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobStatus {
    /// The Jobs that are under way. Their names and their number matter.
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub active: Vec<ActiveJob>,
    /// The time for which the newest run was scheduled.
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

impl CronJob {
    /// Its schedule as it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        self.spec.as_ref().map_or("", |s| s.schedule.as_str())
    }

    /// When a run last succeeded, if the status says so.
    #[must_use]
    pub fn last_success(&self) -> Option<Time> {
        self.status.as_ref()?.last_successful_time
    }
}

impl Resource for CronJob {
    type Whole = k8s_openapi::api::batch::v1::CronJob;

    has_metadata!();

    fn pods_by(&self) -> PodsBy<'_> {
        PodsBy::Jobs
    }

    fn may_fall_short(&self) -> bool {
        let status = self.status.as_ref();
        status.is_none_or(|s| s.last_successful_time < s.last_schedule_time)
    }

    fn drop_zero_times(&mut self) {
        if let Some(status) = &mut self.status {
            Time::drop_zero(&mut status.last_schedule_time);
            Time::drop_zero(&mut status.last_successful_time);
        }
    }
}
