//! The way to the API server: what was decided before the first packet, and one fresh connection taken step by step.
//!
//! Everything here is fit to be shown: addresses without passwords, credentials by their kind and never by their value.

use crate::failure::Failure;
use crate::resource::Time;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What was decided before the first packet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// The kubeconfig files that were read, in their order; empty in a pod and where flags say all.
    pub files: Vec<String>,
    /// Files of `KUBECONFIG` that do not exist, which are skipped as kubectl skips them.
    pub skipped: Vec<String>,
    /// Whether the ServiceAccount of the pod this runs in is used.
    pub in_cluster: bool,
    /// The context, where one is used.
    pub context: Option<String>,
    /// The name of the kubeconfig's cluster, where it has one.
    pub cluster: Option<String>,
    /// The name of the kubeconfig's user, where it has one.
    pub user: Option<String>,
    /// The address of the API server.
    pub server: String,
    /// Its host: a name, or an address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it is asked over TLS.
    pub tls: bool,
    /// The name that its certificate has to be for, where it is not that of the host.
    pub tls_server_name: Option<String>,
    /// Whether its certificate is not verified.
    pub insecure: bool,
    /// Who this is.
    pub credential: Credential,
    /// Which proxy is used.
    pub proxy: Proxy,
}

/// A credential, without its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credential {
    /// What it consists of, in words: `token`, `token file /path`, `basic auth`, `client certificate`,
    /// `exec plugin aws`, `ServiceAccount token`; `none` where there is none.
    pub kind: String,
    /// What should be known of how it is obtained.
    pub warning: Option<String>,
    /// When the token ends: the `exp` of a JWT, or what an exec plugin said.
    pub token_expires: Option<Time>,
    /// The client certificate.
    pub certificate: Option<Certificate>,
    /// Who is impersonated, in words.
    pub impersonates: Option<String>,
    /// How long it took to obtain, where a plugin was run.
    pub elapsed: Option<Duration>,
}

/// Which proxy is used, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    /// Its address without user and password; `None` for none.
    pub url: Option<String>,
    /// What decided it, such as `proxy-url of cluster prod` or `NO_PROXY has 10.0.0.0/8`.
    pub why: String,
}

/// A certificate, as far as a person wants to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The DNS names and IP addresses that it is for.
    pub names: Vec<String>,
    /// From when on it is valid.
    pub not_before: Option<Time>,
    /// Until when it is valid.
    pub not_after: Option<Time>,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<T> {
    /// How long it took.
    pub elapsed: Duration,
    /// What came of it.
    pub result: Result<T, Failure>,
}

/// One fresh connection, as far as it came; a step that was not taken is `None` or absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dialed {
    /// The addresses of the host, or of the proxy where one is used, in the order in which they are tried.
    pub resolved: Option<Step<Vec<IpAddr>>>,
    /// A TCP connection to each of the addresses, all at once. One of them is enough for the next step.
    pub tcp: Vec<(SocketAddr, Step<()>)>,
    /// The proxy's agreement to connect to the API server, where one is used.
    pub proxy: Option<Step<()>>,
    /// The TLS handshake with the API server.
    pub tls: Option<Step<Handshake>>,
    /// The certificates that the API server presented, its own first, also where they were refused.
    pub presented: Vec<Certificate>,
}

/// A TLS handshake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handshake {
    /// Such as `TLS 1.3`.
    pub version: String,
    /// The name that the certificate was verified for; `None` where it is not verified.
    pub verified_for: Option<String>,
    /// What the server presented, its own certificate first.
    pub chain: Vec<Certificate>,
}
