//! An agent's refusal of a client: of its token, of a request without one or without TLS, or because it is busy.

use super::error_body::ErrorBody;
use super::reader::{AUDIENCE, reader_of};
use super::refusal::AgentRefusal;
use crate::cluster::{ServiceName, ServiceResponse};
use crate::failure::{Class, Failure};
use crate::kind::RbacRule;
use crate::shell::quoted;

/// The path of the report, which a reader has to be allowed to get.
const REPORT: &str = "/health";

/// Whether the agent answers only requests with a token, and this one had none that it accepts.
pub(super) fn asks_for_token(served: &ServiceResponse) -> bool {
    served.status == 401 && ErrorBody::read(served).is_some_and(|body| body.error == "unauthenticated")
}

/// The refusal in an agent's response, if it is about the client and not about the question. The words are our own: a
/// Service can be anybody's, and a person pastes the commands. Without a Service the agent was asked by its URL.
pub(super) fn refused(served: &ServiceResponse, service: Option<&ServiceName>) -> Option<AgentRefusal> {
    let error = ErrorBody::read(served)?.error;
    let (class, message, hint) = match (served.status, error.as_str()) {
        (401, "unauthenticated") => unauthenticated(service),
        (401, "forbidden") => forbidden(service),
        (500, "cannotAuthenticate") => (
            Class::AgentNotReady,
            "the agent cannot review the token, since its API server gives no answer".to_owned(),
            "ask again in a moment; the agent's log has more; or leave out --agent".to_owned(),
        ),
        (400, "tlsRequired") => (
            Class::NotAnAgent,
            "the agent speaks TLS there, and was asked by plain HTTP".to_owned(),
            "take https:// in --agent-url; the Service of an agent with TLS names its port https".to_owned(),
        ),
        (429, "tooManyRequests") => (
            Class::AgentNotReady,
            "the agent has more requests than it can answer".to_owned(),
            "ask again in a moment; the agent's log has more; or leave out --agent".to_owned(),
        ),
        _ => return None,
    };
    let failure = Failure {
        status: Some(served.status),
        ..Failure::new(class, message)
    };
    Some(AgentRefusal {
        failure: failure.with_hint(hint),
        missing: (error == "forbidden").then(|| Box::new(RbacRule::on_path(REPORT))),
    })
}

fn unauthenticated(service: Option<&ServiceName>) -> (Class, String, String) {
    match service {
        Some(service) => (
            Class::Forbidden,
            format!(
                "agent {service} does not accept a token of its reader {}",
                reader_of(service)
            ),
            format!(
                "the agent has to ask the API server that issued the token: kubectl -n {} logs -l \
                 app.kubernetes.io/name=sre-agent; or leave out --agent",
                quoted(&service.namespace)
            ),
        ),
        None => (
            Class::Forbidden,
            format!("the agent wants a token for the audience {AUDIENCE}, and got none that it accepts"),
            format!(
                "kubectl -n sre-tools create token sre-agent-reader --audience {AUDIENCE} > FILE, then \
                 --agent-token-file FILE"
            ),
        ),
    }
}

fn forbidden(service: Option<&ServiceName>) -> (Class, String, String) {
    let (role, account) = match service {
        Some(service) => {
            let reader = reader_of(service);
            let account = quoted(&format!("{}:{reader}", service.namespace));
            (reader, account)
        }
        None => ("sre-agent-reader".to_owned(), "<NAMESPACE>:<NAME>".to_owned()),
    };
    let hint = format!(
        "a cluster admin grants it: kubectl create clusterrole {role} --verb=get --non-resource-url={REPORT} \
         --non-resource-url='{REPORT}/*' --non-resource-url=/version && kubectl create clusterrolebinding {role} \
         --clusterrole={role} --serviceaccount={account} (the chart does, with authentication.enabled)"
    );
    let message = format!("the user of the token may not get {REPORT} of the agent");
    (Class::Forbidden, message, hint)
}
