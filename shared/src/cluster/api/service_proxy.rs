//! One GET to a Service, through the API server's proxy.
//!
//! Both the API server and the Service's pod can refuse, and what a person does next depends on which of them it was. The
//! API server refuses with `kind: Status`; every other response is the pod's.

use crate::cluster::api::accept;
use crate::cluster::api::path::path_and_query;
use crate::cluster::api::token_request::IssuedToken;
use crate::cluster::client::Client;
use crate::cluster::refusal;
use crate::cluster::response::Response;
use crate::decode::MAX_ITEM_BYTES;
use crate::failure::{Class, Failure};
use crate::resource;
use http::{HeaderName, HeaderValue};
use kube::core::params::ListParams;
use kube::core::request::Request;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The header in which a token passes the proxy. The API server removes `Authorization`, since it is for itself.
const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-sre-token");

/// What an agent speaks, which is also the name of its port in the chart's Service. If a Service has named ports and the
/// URL has none of them, the API server answers that it has no endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceScheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS. The API server does not verify the certificate of a Service.
    Https,
}

impl ServiceScheme {
    /// The name of the port.
    #[must_use]
    pub fn port(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A Service by its namespace and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceName {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A text that is no `NAMESPACE/SERVICE`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no NAMESPACE/SERVICE, such as sre-tools/sre-agent")]
pub struct ParseServiceNameError(String);

impl FromStr for ServiceName {
    type Err = ParseServiceNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let label = |part: &str| {
            (1..=63).contains(&part.len())
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        match text.split_once('/') {
            Some((namespace, name)) if label(namespace) && label(name) => Ok(Self {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(ParseServiceNameError(text.to_owned())),
        }
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl ServiceName {
    /// The Service's name in the URL of the proxy. A Role lists it in `resourceNames`, so its form never changes.
    #[must_use]
    pub fn proxy_name(&self, scheme: ServiceScheme) -> String {
        match scheme {
            ServiceScheme::Http => format!("{}:http", self.name),
            ServiceScheme::Https => format!("https:{}:https", self.name),
        }
    }

    /// The path through the proxy to a path of the Service.
    #[must_use]
    pub fn path(&self, scheme: ServiceScheme, path: &str) -> String {
        format!(
            "/api/v1/namespaces/{}/services/{}/proxy{path}",
            self.namespace,
            self.proxy_name(scheme)
        )
    }
}

/// The response of the Service's pod.
#[derive(Debug)]
pub struct ServiceResponse {
    /// HTTP status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// GETs a path of the Service. A response of its pod with any status code is an `Ok`. A token is sent to the pod, and is
/// none of the API server's.
///
/// # Errors
/// Those of every request to the API server. If the API server itself refuses: `forbidden`; `agentNotReady` if it knows no
/// endpoint, which it also answers for a Service that does not exist; `noAgent` if it answers that there is no Service;
/// `agentUnreachable` if it cannot reach the pod.
pub async fn ask_service(
    client: &Client,
    service: &ServiceName,
    scheme: ServiceScheme,
    path: &str,
    token: Option<&IssuedToken>,
    limit: usize,
) -> Result<ServiceResponse, Failure> {
    let path = service.path(scheme, path);
    let header = token_header(token);
    let first = get_once(client, &path, header.clone(), limit).await;
    match first {
        // The server may have closed an idle connection just then, or the pod may have ended while another one is ready.
        Err(failure) if matches!(failure.class, Class::ConnectionLost | Class::AgentUnreachable) => {
            get_once(client, &path, header, limit).await
        }
        result => result,
    }
}

/// The header with a token for the Service's pod.
pub(super) fn token_header(token: Option<&IssuedToken>) -> Option<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::from_str(token?.value()).ok()?;
    value.set_sensitive(true);
    Some((TOKEN_HEADER, value))
}

async fn get_once(
    client: &Client,
    path: &str,
    header: Option<(HeaderName, HeaderValue)>,
    limit: usize,
) -> Result<ServiceResponse, Failure> {
    let response = client.get_compressed_with(path, accept::JSON, header).await?;
    answer_of_pod(client, path, response, limit).await
}

/// The response, if it is the pod's.
///
/// # Errors
/// If it is the API server's refusal, or cannot be read.
pub(super) async fn answer_of_pod(
    client: &Client,
    path: &str,
    response: Response,
    limit: usize,
) -> Result<ServiceResponse, Failure> {
    let status = response.status;
    let body = response.whole(limit).await?;
    let is_status = resource::ApiStatus::read(&body).is_some();
    // Flow control refuses in plain text, and a proxy in front of the API server with a page of its own. An agent refuses
    // with its own body.
    if is_agents_refusal(&body) || (!is_status && !matches!(status, 401 | 403 | 429)) {
        return Ok(ServiceResponse { status, body });
    }
    let class = refusal::status_class(status).unwrap_or(Class::NotAnApiServer);
    Err(refusal_by_text(Failure {
        endpoint: format!(
            "{}{}",
            client.server(),
            path.split('?').next().unwrap_or_default()
        ),
        ..refusal::refusal(class, status, &body, None)
    }))
}

/// Whether the body is that of an agent's refusal: an object with a code and a message, and no `kind`.
fn is_agents_refusal(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Refusal {
        kind: Option<IgnoredAny>,
        error: Option<String>,
        message: Option<String>,
    }
    serde_json::from_slice(body)
        .is_ok_and(|body: Refusal| body.kind.is_none() && body.error.is_some() && body.message.is_some())
}

/// Separates refusals of the same status code by their texts, which are those of kubernetes
/// `pkg/registry/core/service/storage` and apimachinery `pkg/util/proxy`.
fn refusal_by_text(failure: Failure) -> Failure {
    let class = match failure.status {
        Some(404) => Class::NoAgent,
        Some(503) if failure.message.contains("no endpoints available") => Class::AgentNotReady,
        Some(503) if failure.message.contains("no service port") => Class::NotAnAgent,
        Some(502..=504) if failure.message.contains("error trying to reach service") => {
            Class::AgentUnreachable
        }
        _ => return failure,
    };
    Failure { class, ..failure }
}

#[derive(Deserialize)]
struct ServiceList {
    items: Vec<ServiceMeta>,
}

#[derive(Deserialize)]
struct ServiceMeta {
    metadata: resource::ObjectMeta,
}

/// The Services of all namespaces with that label, sorted by namespace and name.
///
/// # Errors
/// As [`Client::get_whole`].
pub async fn services_by_label(client: &Client, selector: &str) -> Result<Vec<ServiceName>, Failure> {
    let all = Request::new("/api/v1/services").list(&ListParams::default().labels(selector));
    let path = path_and_query(all)?;
    let body = client.get_whole(&path, accept::JSON, MAX_ITEM_BYTES).await?;
    let names: ServiceList = serde_json::from_slice(&body)
        .map_err(|error| Failure::new(Class::NotAnApiServer, format!("the list of Services: {error}")))?;
    let mut names: Vec<_> = names
        .items
        .into_iter()
        .map(|service| ServiceName {
            namespace: service.metadata.namespace,
            name: service.metadata.name,
        })
        .collect();
    names.sort_unstable_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    Ok(names)
}

/// The fields that show if a Service can be an agent's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceInfo {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its ports.
    pub ports: Vec<NamedPort>,
}

/// A port of a Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NamedPort {
    /// Its name; empty if it has none.
    pub name: String,
    /// Its number.
    pub port: i64,
}

impl fmt::Display for NamedPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => write!(f, "{}", self.port),
            name => write!(f, "{} ({name})", self.port),
        }
    }
}

impl ServiceInfo {
    /// Whether it has the port of an agent that speaks so.
    #[must_use]
    pub fn has_agent_port(&self, scheme: ServiceScheme) -> bool {
        self.ports.iter().any(|port| port.name == scheme.port())
    }
}

/// Reads a Service; `None` if it does not exist.
///
/// # Errors
/// As [`Client::get_whole`], `notFound` excepted.
pub async fn service(client: &Client, service: &ServiceName) -> Result<Option<ServiceInfo>, Failure> {
    #[derive(Deserialize)]
    struct Object {
        metadata: Labels,
        #[serde(default)]
        spec: Spec,
    }
    #[derive(Deserialize)]
    struct Labels {
        #[serde(default)]
        labels: BTreeMap<String, String>,
    }
    #[derive(Deserialize, Default)]
    struct Spec {
        #[serde(default)]
        ports: Vec<NamedPort>,
    }
    let path = format!(
        "/api/v1/namespaces/{}/services/{}",
        service.namespace, service.name
    );
    let body = client.get_whole(&path, accept::JSON, MAX_ITEM_BYTES).await;
    match body {
        Ok(body) => {
            let Object { metadata, spec } = serde_json::from_slice(&body)
                .map_err(|error| Failure::new(Class::NotAnApiServer, format!("the Service: {error}")))?;
            Ok(Some(ServiceInfo {
                labels: metadata.labels,
                ports: spec.ports,
            }))
        }
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_with_its_namespace() {
        let service: ServiceName = "sre-tools/sre-agent".parse().expect("a name");
        assert_eq!(service.to_string(), "sre-tools/sre-agent");
        assert_eq!(
            service.path(ServiceScheme::Http, "/health?items=all"),
            "/api/v1/namespaces/sre-tools/services/sre-agent:http/proxy/health?items=all"
        );
        assert_eq!(
            service.path(ServiceScheme::Https, "/health"),
            "/api/v1/namespaces/sre-tools/services/https:sre-agent:https/proxy/health"
        );
        for wrong in ["", "sre-agent", "a/", "/b", "a/b/c", "a/b:http", "A/b", "a/../b"] {
            assert!(wrong.parse::<ServiceName>().is_err(), "{wrong}");
        }
    }
}
