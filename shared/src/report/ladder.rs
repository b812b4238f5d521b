//! The path to the API server as a report tells it: one rung a step, and the same seen from elsewhere.
//!
//! Every field but the first three is left out where it does not apply; fields are only added.

use super::Status;
use serde::{Deserialize, Serialize};

/// One step of the path to the API server: what came of it, how long it took, and what to do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rung {
    /// Which step: `kubeconfig`, `credential`, `proxy`, `dns`, `tcp`, `tls`, `http`, `clock`, `identity`, `rights`,
    /// `version`, `livez`, `readyz`, `flowControl` or `controllers`, in this order.
    pub rung: String,
    /// What came of it.
    pub status: RungStatus,
    /// The same in one sentence.
    pub message: String,
    /// Milliseconds that the step took, where it is one that takes time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<f64>,
    /// Class of what is wrong, a stable word such as `refused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Whose side it is on: `your machine`, `the network`, `the load balancer or proxy`, `the control plane` or
    /// `your rights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    /// One command that says more or mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// kubeconfig: the files that were read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// kubeconfig: files of `KUBECONFIG` that do not exist.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
    /// kubeconfig: the context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// credential: its kind, such as `token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// credential: when the first of token and client certificate ends. tls: when the server's certificate does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// tls: whole days until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
    /// proxy: its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// dns, tcp, readyz, version: what each address of the API server's name gave.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<AddressResult>,
    /// tls: such as `TLS 1.3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_version: Option<String>,
    /// tls: the name that the certificate was verified for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_for: Option<String>,
    /// tls: what the server presented, its own certificate first. credential: the client certificate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<CertificateView>,
    /// clock: seconds by which this machine's clock is ahead of the API server's; negative where it is behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead_seconds: Option<i64>,
    /// rights: what may be listed in the namespace, of all that is looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub may_list: Vec<String>,
    /// rights: the rules that are missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// livez, readyz: the parts that fail.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<String>,
    /// flowControl: UID of the `FlowSchema` that the requests of this identity are put under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_schema: Option<String>,
    /// flowControl: UID of its `PriorityLevelConfiguration`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_level: Option<String>,
    /// flowControl: seconds after which the API server wants to be asked again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
    /// controllers: when each was last heard of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leases: Vec<LeaseView>,
}

/// What came of a rung.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RungStatus {
    /// It holds.
    Ok,
    /// It holds, and something about it should be known.
    Warning,
    /// It is broken.
    Failed,
    /// It could not be looked at. Words of a newer version read as this one too.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What one address gave.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AddressResult {
    /// The address, with its port where one was connected to.
    pub address: String,
    /// Milliseconds that it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<f64>,
    /// Class of the failure, where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The underlying error, or what is wrong there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it answered, where that is more than yes: its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateView {
    /// Whose it is.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The DNS names and IP addresses that it is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// From when on it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Until when it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
}

/// A Lease by which a controller says that it lives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LeaseView {
    /// Whose it is, such as `kube-controller-manager`.
    pub name: String,
    /// When it was last renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewed: Option<String>,
    /// Seconds since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
}

/// The API server seen from two places in the same moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vantage {
    /// From where the plugin runs.
    pub own: View,
    /// From the agent's pod.
    pub agent: View,
    /// What the two say together.
    pub conclusion: Conclusion,
}

/// The API server seen from one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// As that of the check.
    pub status: Status,
    /// As that of the check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// As that of the check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// As that of the check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Where the trouble is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Conclusion {
    /// Nowhere: both places find it well.
    Well,
    /// On the way from where the plugin runs: the agent finds it well.
    WayFromHere,
    /// On the way from the agent's pod: the plugin finds it well.
    WayFromAgent,
    /// In the control plane: neither place finds it well.
    ControlPlane,
    /// It cannot be told. Words of a newer version read as this one too.
    #[serde(other)]
    Unknown,
}

/// How the API server was over the last day, as the agent checked it every few seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    /// The last 5 minutes, hour and day.
    pub windows: Vec<Window>,
}

/// One span of the record.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Window {
    /// `5m`, `1h` or `24h`.
    pub window: String,
    /// Seconds of it in which the API server was watched: fewer than it is long where the agent is younger. Left out
    /// by agents that are older than this field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watched_seconds: Option<u64>,
    /// Checks that were made in it; fewer than usual where the agent is younger.
    pub checks: u64,
    /// The part of them that found an API server which is ready, from 0 to 1; left out without any check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<f64>,
    /// Milliseconds that half of the answers took at most; quantiles are exact to a fifth of their value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    /// The same of nine tenths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90_ms: Option<f64>,
    /// The same of 99 in 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<f64>,
    /// Milliseconds of the slowest answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<f64>,
}

impl Rung {
    /// A rung of that name and status.
    #[must_use]
    pub fn new(rung: &str, status: RungStatus, message: impl Into<String>) -> Self {
        Self {
            rung: rung.to_owned(),
            status,
            message: message.into(),
            ..Self::default()
        }
    }
}
