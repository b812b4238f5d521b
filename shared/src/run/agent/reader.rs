//! The ServiceAccount whose tokens an agent accepts.

use super::refusal::AgentRefusal;
use crate::cluster::{Client, IssuedToken, ServiceName, request_token};
use crate::failure::{Class, Failure};
use crate::kind::RbacRule;
use crate::report::Subject;
use crate::run::identity::identity;
use crate::shell::quoted;

/// The audience of an agent's tokens. Such a token is good for agents and for nothing else, the API server included.
pub(super) const AUDIENCE: &str = "sre-agent";

/// The name of the ServiceAccount that the chart makes beside a Service. It never comes from the agent's answer, since
/// somebody else's agent could name an account of its choice.
pub(super) fn reader_of(service: &ServiceName) -> String {
    format!("{}-reader", service.name)
}

/// Requests a token of the agent's reader, with the caller's rights.
///
/// # Errors
/// Those of the request, with words about agents; `forbidden` names the rule that is missing.
pub(super) async fn reader_token(
    client: &Client,
    service: &ServiceName,
) -> Result<IssuedToken, AgentRefusal> {
    let (namespace, reader) = (&service.namespace, reader_of(service));
    let failure = match request_token(client, namespace, &reader, AUDIENCE).await {
        Ok(token) => return Ok(token),
        Err(failure) => failure,
    };
    match failure.class {
        Class::Forbidden => {
            let user = identity(client).await;
            let subject = Subject::new(user.as_ref());
            let namespace = quoted(namespace);
            let hint = format!(
                "a cluster admin grants it: kubectl -n {namespace} create role {reader}-token --verb=create \
                 --resource=serviceaccounts/token --resource-name={reader} && kubectl -n {namespace} create rolebinding \
                 {}-reader --role={reader}-token {subject} (or the chart's serviceProxier); or leave out --agent",
                subject.binding()
            );
            Err(AgentRefusal {
                missing: Some(Box::new(RbacRule {
                    object: Some((service.namespace.clone(), reader)),
                    ..RbacRule::on_resource("", "serviceaccounts/token", "create")
                })),
                failure: failure.with_hint(hint),
            })
        }
        Class::NotFound => Err(AgentRefusal::from(
            Failure {
                class: Class::AgentNotReady,
                message: format!(
                    "agent {service} wants a token, and there is no ServiceAccount {reader} in namespace {namespace}"
                ),
                ..failure
            }
            .with_hint(format!(
                "the chart makes it if authentication.enabled is true: kubectl -n {namespace} get serviceaccounts; or \
                 leave out --agent"
            )),
        )),
        _ => Err(AgentRefusal::from(failure)),
    }
}
