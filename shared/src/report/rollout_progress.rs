//! How far a workload's newest revision is, for those who wait for it.

use serde::{Deserialize, Serialize};

/// The facts about a workload that is not settled: its pods of the newest revision, and what else decides how a wait for it
/// ends. A fact that is not known is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutProgress {
    /// The newest revision: the number of a Deployment's, the hash of another workload's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Its pods of the newest revision, if its pods were seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<NewestPods>,
    /// Pods that exist, of every revision. Pods that are being deleted are not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing: Option<i64>,
    /// Pods that are being deleted, if its controller counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminating: Option<i64>,
    /// Whether its rollout is paused until somebody resumes it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Whether a pod gets the newest revision only once somebody deletes it (`OnDelete`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub on_delete: bool,
    /// How many pods have the newest revision once its controller is done. Left out if that is all of them, or `onDelete` is
    /// true. The others are below the partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<i64>,
    /// Seconds that it may take from one step to the next: `progressDeadlineSeconds`. Left out if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_seconds: Option<i64>,
    /// When its controller wrote that the deadline has passed, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_exceeded: Option<String>,
    /// Runs of a CronJob that are under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_runs: Option<i64>,
}

/// The pods of the newest revision that have not ended and are not being deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct NewestPods {
    /// How many exist.
    pub created: i64,
    /// How many of them have a node.
    pub scheduled: i64,
    /// How many of them have started all containers.
    pub started: i64,
    /// How many of them are ready.
    pub ready: i64,
    /// How many of them have a container that ends, or is killed, again and again.
    pub crashing: i64,
    /// The fewest restarts of a container that crashes, over the pods that crash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_restarts: Option<i64>,
    /// When the first of them began to crash, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crashing_since: Option<String>,
    /// Whether one of them is ready, or was for longer than a crashing container takes to end.
    pub was_ready: bool,
    /// When a pod last became ready, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ready: Option<String>,
}
