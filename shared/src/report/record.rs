//! Availability and latency of the API server over the last day.

use serde::{Deserialize, Serialize};

/// Availability and latency of the API server over the last day. The agent checks it every few seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    /// The last 5 minutes, hour and day.
    pub windows: Vec<Window>,
}

/// One span of the record.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Window {
    /// `5m`, `1h` or `24h`.
    pub window: String,
    /// Seconds of the span in which the agent watched the API server: fewer than the span's length if the agent started
    /// later. Agents that are older than this field leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watched_seconds: Option<u64>,
    /// Checks within the span; fewer than usual if the agent started later.
    pub checks: u64,
    /// The part of the checks that found the API server ready, from 0 to 1; left out without any check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<f64>,
    /// Milliseconds that half of the answers took at most. Quantiles are exact to a fifth of their value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    /// Milliseconds that nine tenths of the answers took at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90_ms: Option<f64>,
    /// Milliseconds that 99 of 100 answers took at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<f64>,
    /// Milliseconds of the slowest answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<f64>,
}
