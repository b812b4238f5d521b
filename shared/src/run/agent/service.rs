//! The agent's Service, asked through the API server's proxy.

use super::lookup::look_up;
use super::reader::reader_token;
use super::refusal::AgentRefusal;
use super::token_refusal::asks_for_token;
use crate::cluster::{
    self, Client, IssuedToken, ServiceAnswer, ServiceName, ServiceResponse, ServiceScheme, StreamRequest,
};
use crate::failure::{Class, Failure};
use crate::kind::RbacRule;
use crate::report::Subject;
use crate::run::identity::identity;
use crate::shell::quoted;
use std::time::Duration;

/// Larger than any report: 10,000 Deployments are 3 MB.
const LIMIT: usize = 256 << 20;
/// After this much silence the API server is asked whether it answers at all.
const SILENCE: Duration = Duration::from_secs(2);

/// Gets a path of the agent behind that Service, and of no other.
///
/// If the agent wants a token, one of its reader is requested with the user's own rights. The user's own credential is never
/// sent to it. An agent with TLS has a port of another name, which is tried if the usual one has no endpoints.
///
/// # Errors
/// As [`cluster::ask_service`], with words and hints about agents; `notAnAgent` if the Service cannot be an agent's.
pub async fn ask_service(
    client: &Client,
    service: &ServiceName,
    path: &str,
) -> Result<ServiceResponse, AgentRefusal> {
    let ask = async |scheme, token: Option<IssuedToken>| {
        let asked = cluster::ask_service(client, service, scheme, path, token.as_ref(), LIMIT);
        ask_patiently(client, service, scheme, asked).await
    };
    ask_in_each_form(client, service, ask, asks_for_token).await
}

/// Opens a path of that agent which is a stream of events, after the event of that id. Everything else is as in
/// [`ask_service`].
///
/// # Errors
/// As [`ask_service`].
pub(super) async fn open_service(
    client: &Client,
    service: &ServiceName,
    path: &str,
    last_event_id: Option<&str>,
    silence: Duration,
) -> Result<ServiceAnswer, AgentRefusal> {
    let ask = async |scheme, token: Option<IssuedToken>| {
        let request = StreamRequest {
            path,
            last_event_id,
            silence,
            limit: LIMIT,
        };
        let asked = cluster::open_service(client, service, scheme, token.as_ref(), request);
        ask_patiently(client, service, scheme, asked).await
    };
    let asks_for_token = |answer: &ServiceAnswer| match answer {
        ServiceAnswer::Stream(_) => false,
        ServiceAnswer::Whole(served) => asks_for_token(served),
    };
    ask_in_each_form(client, service, ask, asks_for_token).await
}

/// Asks by plain HTTP, else over TLS, and once more with a token if the agent wants one.
async fn ask_in_each_form<A>(
    client: &Client,
    service: &ServiceName,
    ask: impl AsyncFn(ServiceScheme, Option<IssuedToken>) -> Result<A, AgentRefusal>,
    asks_for_token: impl Fn(&A) -> bool,
) -> Result<A, AgentRefusal> {
    let (scheme, served) = match ask(ServiceScheme::Http, None).await {
        Ok(served) => (ServiceScheme::Http, served),
        Err(refusal) if matches!(refusal.failure.class, Class::NoAgent | Class::AgentNotReady) => {
            match ask(ServiceScheme::Https, None).await {
                Ok(served) => (ServiceScheme::Https, served),
                Err(with_tls) => return Err(look_up(client, service, refusal.failure, with_tls).await),
            }
        }
        Err(refusal) => return Err(refusal),
    };
    if !asks_for_token(&served) {
        return Ok(served);
    }
    let token = reader_token(client, service).await?;
    ask(scheme, Some(token)).await
}

/// Asks a Service. If no answer comes for 2 s, the API server is asked too. Otherwise a pod that cannot be reached
/// would look like an API server that cannot be reached.
async fn ask_patiently<A>(
    client: &Client,
    service: &ServiceName,
    scheme: ServiceScheme,
    asked: impl Future<Output = Result<A, Failure>>,
) -> Result<A, AgentRefusal> {
    let mut asked = std::pin::pin!(asked);
    let mut aside = std::pin::pin!(async {
        tokio::time::sleep(SILENCE).await;
        client.get("/version", "application/json").await.is_ok()
    });
    let mut api_server_answers = None;
    let result = loop {
        tokio::select! {
            result = &mut asked => break result,
            answers = &mut aside, if api_server_answers.is_none() => api_server_answers = Some(answers),
        }
    };
    let is_forbidden = |failure: &Failure| failure.class == Class::Forbidden;
    let grant = match &result {
        Err(failure) if is_forbidden(failure) => proxy_grant(client, service, scheme).await,
        _ => String::new(),
    };
    let failure = match result {
        Ok(served) => return Ok(served),
        Err(failure) => failure,
    };
    let missing = is_forbidden(&failure).then(|| {
        Box::new(RbacRule {
            object: Some((service.namespace.clone(), service.proxy_name(scheme))),
            ..RbacRule::on_resource("", "services/proxy", "get")
        })
    });
    let failure = match failure.class {
        Class::Timeout if api_server_answers == Some(true) => Failure {
            class: Class::AgentUnreachable,
            message: format!(
                "the API server answers, and nothing came through its proxy to {service}: {}",
                failure.message
            ),
            ..failure
        }
        .with_hint(other_route(service)),
        Class::AgentUnreachable => failure.with_hint(other_route(service)),
        Class::Forbidden => failure.with_hint(grant),
        _ => failure,
    };
    Err(AgentRefusal { failure, missing })
}

/// The hint to grant the right to reach the agent. The user's name is asked for.
async fn proxy_grant(client: &Client, service: &ServiceName, scheme: ServiceScheme) -> String {
    let user = identity(client).await;
    let subject = Subject::new(user.as_ref());
    let namespace = quoted(&service.namespace);
    format!(
        "a cluster admin grants it: kubectl -n {namespace} create role sre-agent-proxy --verb=get \
         --resource=services/proxy --resource-name={} && kubectl -n {namespace} create rolebinding {}-agent \
         --role=sre-agent-proxy {subject} (or the chart's serviceProxier); or leave out --agent",
        service.proxy_name(scheme),
        subject.binding()
    )
}

/// The hint to reach the agent without the control plane.
fn other_route(service: &ServiceName) -> String {
    format!(
        "the control plane cannot reach the pod's port, often a firewall to the nodes: kubectl -n {} port-forward \
         service/{} 8080, then --agent-url http://127.0.0.1:8080; or leave out --agent",
        service.namespace, service.name
    )
}
