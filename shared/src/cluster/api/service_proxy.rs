//! One GET to a Service, through the API server's proxy.
//!
//! Two speak on this path, the API server and the Service's pod, and who said no decides what a person does next.
//! The API server refuses with `kind: Status`; whatever else comes is the pod's.

use crate::cluster::Client;
use crate::failure::{Class, Failure};
use crate::resource;
use kube::core::params::ListParams;
use kube::core::request::Request;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Name of the port that the chart gives the agent's Service. The API server takes a Service with a named port for
/// one without endpoints where the port is not in the URL.
const PORT: &str = "http";

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
    /// The Service as this sends it to the proxy, which a Role's `resourceNames` lists: one form, for ever.
    #[must_use]
    pub fn proxied(&self) -> String {
        format!("{}:{PORT}", self.name)
    }

    /// Path of something that the Service serves.
    #[must_use]
    pub fn path(&self, path: &str) -> String {
        format!(
            "/api/v1/namespaces/{}/services/{}/proxy{path}",
            self.namespace,
            self.proxied()
        )
    }
}

/// What the Service's pod answered.
#[derive(Debug)]
pub struct Served {
    /// HTTP status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Asks the Service. Every answer of its pod is an `Ok`, whatever the status code.
///
/// # Errors
/// Those of the way to the API server; and where the API server itself refuses: `forbidden`; `agentNotReady` where it
/// knows of no endpoint, which is also what it says of a Service that does not exist; `noAgent` where it says that;
/// `agentUnreachable` where it cannot reach the pod.
pub async fn ask_service(
    client: &Client,
    service: &ServiceName,
    path: &str,
    limit: usize,
) -> Result<Served, Failure> {
    let path = service.path(path);
    let first = once(client, &path, limit).await;
    match first {
        // A kept connection that was closed just now is no answer; nor is a pod that ended just now, beside which
        // another may be ready.
        Err(failure) if matches!(failure.class, Class::ConnectionLost | Class::AgentUnreachable) => {
            once(client, &path, limit).await
        }
        result => result,
    }
}

async fn once(client: &Client, path: &str, limit: usize) -> Result<Served, Failure> {
    let answer = client
        .get_compressed(path, crate::cluster::api::list::ACCEPT_JSON)
        .await?;
    let status = answer.status;
    let body = answer.whole(limit).await?;
    let said = resource::Status::read(&body);
    // Flow control refuses in plain text, and a proxy before the API server in a page of its own.
    if said.is_none() && !matches!(status, 401 | 403 | 429) {
        return Ok(Served { status, body });
    }
    let class = crate::cluster::classify::code(status).unwrap_or(Class::NotAnApiServer);
    Err(refusal(Failure {
        endpoint: format!(
            "{}{}",
            client.server(),
            path.split('?').next().unwrap_or_default()
        ),
        ..crate::cluster::classify::answer(class, status, &body, None)
    }))
}

/// The texts are those of kubernetes `pkg/registry/core/service/storage` and apimachinery `pkg/util/proxy`; the
/// status codes alone do not tell these apart.
fn refusal(failure: Failure) -> Failure {
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
struct Names {
    items: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    metadata: resource::ObjectMeta,
}

/// The Services of all namespaces with that label, sorted by namespace and name.
///
/// # Errors
/// As [`Client::get_whole`].
pub async fn services_labelled(client: &Client, selector: &str) -> Result<Vec<ServiceName>, Failure> {
    let all = Request::new("/api/v1/services").list(&ListParams::default().labels(selector));
    let path = crate::cluster::api::list::path_and_query(all)?;
    let body = client
        .get_whole(
            &path,
            crate::cluster::api::list::ACCEPT_JSON,
            crate::decode::MAX_ITEM_BYTES,
        )
        .await?;
    let names: Names = serde_json::from_slice(&body)
        .map_err(|error| Failure::new(Class::NotAnApiServer, format!("the list of Services: {error}")))?;
    let mut names: Vec<_> = names
        .items
        .into_iter()
        .map(|named| ServiceName {
            namespace: named.metadata.namespace,
            name: named.metadata.name,
        })
        .collect();
    names.sort_unstable_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    Ok(names)
}

/// What tells whether a Service can be an agent's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceFacts {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
}

/// A port of a Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ServicePort {
    /// Its name; empty if it has none.
    pub name: String,
    /// Its number.
    pub port: i64,
}

impl fmt::Display for ServicePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => write!(f, "{}", self.port),
            name => write!(f, "{} ({name})", self.port),
        }
    }
}

impl ServiceFacts {
    /// Whether it has the port that an agent's Service has.
    #[must_use]
    pub fn has_agent_port(&self) -> bool {
        self.ports.iter().any(|port| port.name == PORT)
    }
}

/// What is known of a Service; `None` if it does not exist.
///
/// # Errors
/// As [`Client::get_whole`], `notFound` excepted.
pub async fn service(client: &Client, service: &ServiceName) -> Result<Option<ServiceFacts>, Failure> {
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
        ports: Vec<ServicePort>,
    }
    let path = format!(
        "/api/v1/namespaces/{}/services/{}",
        service.namespace, service.name
    );
    let body = client
        .get_whole(
            &path,
            crate::cluster::api::list::ACCEPT_JSON,
            crate::decode::MAX_ITEM_BYTES,
        )
        .await;
    match body {
        Ok(body) => {
            let Object { metadata, spec } = serde_json::from_slice(&body)
                .map_err(|error| Failure::new(Class::NotAnApiServer, format!("the Service: {error}")))?;
            Ok(Some(ServiceFacts {
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
            service.path("/health?items=all"),
            "/api/v1/namespaces/sre-tools/services/sre-agent:http/proxy/health?items=all"
        );
        for wrong in ["", "sre-agent", "a/", "/b", "a/b/c", "a/b:http", "A/b", "a/../b"] {
            assert!(wrong.parse::<ServiceName>().is_err(), "{wrong}");
        }
    }
}
