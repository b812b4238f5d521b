//! `batch/v1` Job: whether it has succeeded, is still trying, or has failed.

use super::{
    Condition, INSTANTIATE, LabelSelector, ObjectMeta, PodsBy, ProbedCondition, Resource, Time, has_metadata,
    null_as_default,
};
use serde::Deserialize;

/// The fields of a Job that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Job {
    /// Name, owner, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<JobSpec>,
    /// The controller's last report; absent in a manifest.
    #[prost(message, optional, tag = "3")]
    pub status: Option<JobStatus>,
}

/// The part of `batch/v1` JobSpec that a verdict reads.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    /// Pods that may run at the same time; absent means 1.
    #[prost(int32, optional, tag = "1")]
    pub parallelism: Option<i32>,
    /// Pods that have to succeed; absent if the first success is enough.
    #[prost(int32, optional, tag = "2")]
    pub completions: Option<i32>,
    /// Seconds after its start at which the controller ends it in any case.
    #[prost(int64, optional, tag = "3")]
    pub active_deadline_seconds: Option<i64>,
    /// Its pods. Dropped once it is done.
    #[prost(message, optional, tag = "4")]
    pub selector: Option<LabelSelector>,
    /// Whether it is held: it has no pods then.
    #[prost(bool, optional, tag = "10")]
    pub suspend: Option<bool>,
    /// The writer of its status, if that is not the Job controller.
    #[prost(string, tag = "15")]
    #[serde(deserialize_with = "null_as_default")]
    pub managed_by: String,
    /// Whether fewer than all of its indexes may be enough.
    #[prost(message, optional, tag = "16")]
    pub success_policy: Option<SuccessPolicy>,
}

/// The success policy of `batch/v1`. Only its presence matters.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
pub struct SuccessPolicy {}

/// The part of `batch/v1` JobStatus that a verdict reads.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    /// `Complete`, `Failed`, `Suspended`, `FailureTarget`, `SuccessCriteriaMet`.
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<ProbedCondition>,
    /// When the controller first saw it, or it was last resumed.
    #[prost(message, optional, tag = "2")]
    pub start_time: Option<Time>,
    /// Pods that are pending or running.
    #[prost(int32, optional, tag = "4")]
    pub active: Option<i32>,
    /// Pods that succeeded.
    #[prost(int32, optional, tag = "5")]
    pub succeeded: Option<i32>,
    /// Pods that failed.
    #[prost(int32, optional, tag = "6")]
    pub failed: Option<i32>,
    /// Active pods whose Ready condition is True; absent from servers older than 1.24.
    #[prost(int32, optional, tag = "9")]
    pub ready: Option<i32>,
    /// Indexes that are not tried again, such as `1,3-5`; of an indexed Job with `backoffLimitPerIndex`.
    #[prost(string, tag = "10")]
    #[serde(deserialize_with = "null_as_default")]
    pub failed_indexes: String,
}

impl Job {
    /// Whether it has ended, well or not.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.met("Complete").or_else(|| self.met("Failed")).is_some()
    }

    /// The uid of the CronJob that it is a run of. A Job that a person started (`kubectl create job --from`) also has
    /// the CronJob as an owner, but before Kubernetes 1.28 not as its controller.
    #[must_use]
    pub fn cron_job(&self) -> Option<&str> {
        let mut owners = self.meta().owner_references.iter();
        owners.find(|o| o.kind == "CronJob").map(|o| o.uid.as_str())
    }

    /// Whether a person has started it from a CronJob. Some tools set no owner.
    #[must_use]
    pub fn is_started_by_hand(&self) -> bool {
        self.meta()
            .annotations
            .get(INSTANTIATE)
            .is_some_and(|how| how == "manual")
    }

    /// The condition of that type, if it is True.
    #[must_use]
    pub fn met(&self, kind: &str) -> Option<&ProbedCondition> {
        let conditions = &self.status.as_ref()?.conditions;
        conditions.iter().find(|c| c.kind == kind && c.is_true())
    }
}

impl Resource for Job {
    type Whole = k8s_openapi::api::batch::v1::Job;

    has_metadata!();

    fn pods_by(&self) -> PodsBy<'_> {
        PodsBy::Selector(self.spec.as_ref().and_then(|s| s.selector.as_ref()))
    }

    fn drop_zero_times(&mut self) {
        if let Some(status) = &mut self.status {
            Time::drop_zero(&mut status.start_time);
            status
                .conditions
                .iter_mut()
                .for_each(ProbedCondition::drop_zero_times);
        }
    }

    fn may_fall_short(&self) -> bool {
        self.met("Complete").is_none()
    }

    fn slim(&mut self) {
        if self.met("Complete").is_some()
            && let Some(spec) = &mut self.spec
        {
            spec.selector = None;
        }
        if let Some(status) = &mut self.status {
            for condition in &mut status.conditions {
                // Only the time of a success is shown, and most Jobs of a cluster are done.
                if !matches!(condition.kind.as_str(), "Failed" | "FailureTarget") {
                    condition.message = String::new();
                }
            }
            status.conditions.shrink_to_fit();
        }
    }
}
