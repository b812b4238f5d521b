//! Facts about the connection to the API server: the decisions before the first packet, and the result of each step of a
//! new connection.
//!
//! All of it may be shown: addresses without passwords, credentials by their kind and never by their value.

use crate::failure::Failure;
use crate::resource::Time;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The decisions before the first packet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// The kubeconfig files that were read, in their order; empty in a pod, and if flags say everything.
    pub files: Vec<String>,
    /// Files of `KUBECONFIG` that do not exist, which are skipped as kubectl skips them.
    pub skipped: Vec<String>,
    /// Whether the ServiceAccount of the pod this runs in is used.
    pub in_cluster: bool,
    /// The context, if one is used.
    pub context: Option<String>,
    /// The name of the kubeconfig's cluster, if it has one.
    pub cluster: Option<String>,
    /// The name of the kubeconfig's user, if it has one.
    pub user: Option<String>,
    /// The address of the API server.
    pub server: String,
    /// The API server's host: a name, or an address without brackets.
    pub host: String,
    /// The API server's port.
    pub port: u16,
    /// Whether the connection uses TLS.
    pub tls: bool,
    /// The name that the certificate has to be for, if it is not the host.
    pub tls_server_name: Option<String>,
    /// Whether the API server's certificate is not verified.
    pub insecure: bool,
    /// The credential, without its value.
    pub credential: CredentialInfo,
    /// The proxy, if one is used.
    pub proxy: ProxyInfo,
}

/// The credential, without its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CredentialInfo {
    /// In words: `token`, `token file /path`, `basic auth`, `client certificate`,
    /// `exec plugin aws`, `ServiceAccount token`; `none` if there is none.
    pub kind: String,
    /// A warning about how it is obtained.
    pub warning: Option<String>,
    /// When the token expires: the `exp` of a JWT, or the time that an exec plugin gave.
    pub token_expires: Option<Time>,
    /// The client certificate.
    pub certificate: Option<Certificate>,
    /// The identity that is impersonated, in words.
    pub impersonates: Option<String>,
    /// How long it took to obtain, if a plugin ran.
    pub elapsed: Option<Duration>,
}

/// The proxy, and the reason for using it or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyInfo {
    /// Its address without user and password; `None` for none.
    pub url: Option<String>,
    /// The reason, such as `proxy-url of cluster prod` or `NO_PROXY has 10.0.0.0/8`.
    pub why: String,
}

/// The fields of a certificate that a person wants to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Its subject.
    pub subject: String,
    /// The authority that signed it.
    pub issuer: String,
    /// The DNS names and IP addresses that it is for.
    pub names: Vec<String>,
    /// When it begins to be valid.
    pub not_before: Option<Time>,
    /// When it ends.
    pub not_after: Option<Time>,
}

/// One step of opening a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<T> {
    /// How long it took.
    pub elapsed: Duration,
    /// Its result.
    pub result: Result<T, Failure>,
}

impl<T> Step<T> {
    /// The step with a reference to its value.
    pub(super) fn as_ref(&self) -> Step<&T> {
        Step {
            elapsed: self.elapsed,
            result: self.result.as_ref().map_err(Clone::clone),
        }
    }

    /// The step with another value.
    pub(super) fn map<U>(self, value: impl FnOnce(T) -> U) -> Step<U> {
        Step {
            elapsed: self.elapsed,
            result: self.result.map(value),
        }
    }

    /// The step with another failure.
    pub(super) fn map_err(self, failure: impl FnOnce(Failure) -> Failure) -> Self {
        Self {
            elapsed: self.elapsed,
            result: self.result.map_err(failure),
        }
    }
}

/// The steps of one new connection, up to the first that failed. A step that was not taken is `None` or absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DialTrace {
    /// The addresses of the host, or of the proxy if one is used, in the order in which they are tried.
    pub resolved: Option<Step<Vec<IpAddr>>>,
    /// A TCP connection to each address, all tried at once. One of them is enough for the next step.
    pub tcp: Vec<(SocketAddr, Step<()>)>,
    /// The proxy's agreement to connect to the API server, if one is used.
    pub proxy: Option<Step<()>>,
    /// The TLS handshake with the API server.
    pub tls: Option<Step<Handshake>>,
    /// The certificates that the API server presented, its own first, even if they were refused.
    pub presented: Vec<Certificate>,
}

/// A TLS handshake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handshake {
    /// Such as `TLS 1.3`.
    pub version: String,
    /// The name that the certificate was verified for; `None` if it is not verified.
    pub verified_for: Option<String>,
    /// The certificates that the server presented, its own first.
    pub chain: Vec<Certificate>,
}
