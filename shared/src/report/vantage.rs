//! The API server seen from two places at once.

use super::Status;
use serde::{Deserialize, Serialize};

/// The API server seen from two places at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Vantage {
    /// The view from the plugin's machine.
    pub own: VantagePoint,
    /// The view from the agent's pod.
    pub agent: VantagePoint,
    /// Where the trouble is, as both views show.
    pub conclusion: Conclusion,
}

/// The API server seen from one place. The fields are those of [`ApiServerCheck`](super::ApiServerCheck).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VantagePoint {
    /// ok, degraded or unknown.
    pub status: Status,
    /// Milliseconds that `/version` took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// Class of the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The underlying error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Where the trouble is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Conclusion {
    /// Nowhere: it is well from both places.
    Well,
    /// On the way from the plugin: it is well from the agent's pod.
    WayFromHere,
    /// On the way from the agent's pod: it is well from the plugin.
    WayFromAgent,
    /// In the control plane: it is well from neither place.
    ControlPlane,
    /// It cannot be known. Words of a newer version are read as this one too.
    #[serde(other)]
    Unknown,
}
