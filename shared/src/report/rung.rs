//! One step of the path to the API server.
//!
//! Every field but the first three is left out if it does not apply; fields are only added.

use crate::kind::RbacRule;
use serde::{Deserialize, Serialize};

/// One step of the path to the API server: its result, its duration and the next step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Rung {
    /// The step: `kubeconfig`, `credential`, `proxy`, `dns`, `tcp`, `tunnel`, `tls`, `http`, `clock`, `identity`,
    /// `rights`, `version`, `livez`, `readyz`, `flowControl`, `controllers` or `write`, in this order.
    pub rung: String,
    /// The result.
    pub status: RungStatus,
    /// The result in one sentence.
    pub message: String,
    /// Milliseconds that the step took, if it takes time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<f64>,
    /// Class of the failure, a stable word such as `refused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The side on which the failure is: `your machine`, `the network`, `the load balancer or proxy`, `the control plane`
    /// or `your rights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    /// One command that shows more, or repairs it.
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
    /// credential: when the first of token and client certificate expires. tls: when the server's certificate expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// tls: whole days until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
    /// proxy: its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// dns, tcp, version, readyz: the result for each address of the API server's name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<AddressResult>,
    /// tls: the protocol version, such as `TLS 1.3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_version: Option<String>,
    /// tls: the name for which the certificate was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_for: Option<String>,
    /// tls: the certificates that the server presented, its own first. credential: the client certificate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<CertificateView>,
    /// clock: seconds by which this machine's clock is ahead of the API server's; negative if it is behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead_seconds: Option<i64>,
    /// rights: the resources that are judged by default and may be listed in the namespace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub may_list: Vec<String>,
    /// rights, write: the rules that are missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<RbacRule>,
    /// livez, readyz: the parts that fail.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<String>,
    /// flowControl: UID of the `FlowSchema` that matches the requests of this identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_schema: Option<String>,
    /// flowControl: UID of its `PriorityLevelConfiguration`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_level: Option<String>,
    /// flowControl: name of that `FlowSchema`, if it may be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_schema_name: Option<String>,
    /// flowControl: name of that `PriorityLevelConfiguration`, if it may be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_level_name: Option<String>,
    /// flowControl: seconds that the API server asks clients to wait before the next request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
    /// controllers: when each last renewed its Lease.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leases: Vec<LeaseView>,
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

/// The result of a rung.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum RungStatus {
    /// It holds.
    Ok,
    /// It holds, but a person should know something about it.
    Warning,
    /// It is broken.
    Failed,
    /// It could not be checked. Words of a newer version are read as this one too.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The result for one address.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct AddressResult {
    /// The address, with its port if a connection was tried.
    pub address: String,
    /// Milliseconds that the step took for this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<f64>,
    /// Class of the failure, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The underlying error, or a sentence about the trouble at this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// version: `gitVersion` of the API server at this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateView {
    /// The subject.
    pub subject: String,
    /// The issuer, which signed it.
    pub issuer: String,
    /// The DNS names and IP addresses for which it is valid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// When its validity begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// When its validity ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
}

/// A Lease that a controller renews while it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct LeaseView {
    /// Its name, such as `kube-controller-manager`.
    pub name: String,
    /// When it was last renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewed: Option<String>,
    /// Seconds since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
}
