//! A run that asks the agent, through the API server's proxy or by a URL.
//!
//! The agent has judged already. [`service`] asks it, and [`answer`] cuts its answer to the request: an agent may see
//! less, or report more, than a person asks for.

mod answer;
mod error_body;
mod follow;
mod gap;
mod history;
mod lookup;
mod question;
mod reader;
mod received;
mod refusal;
mod service;
mod token_refusal;

pub use answer::{NOT_WATCHED, agent_version};
pub use follow::{AgentConnection, AgentFollower, AgentPace, OpenedStream, ServiceConnection, StreamBody};
pub use gap::perhaps_no_namespace;
pub use history::{HistoryQuery, history};
pub use lookup::DEFAULT_AGENT;
pub use question::ask_agent;
pub use refusal::AgentRefusal;
pub use service::ask_service;

use super::apiserver;
use crate::cluster::{Client, ServiceName, ServiceResponse};
use crate::failure::Failure;
use crate::report::{ApiServerCheck, Report, Source};
use crate::run::clock::Clock;
use crate::run::request::Request;
use answer::{Answer, understand};
use gap::{empty_namespace, namespace_entry, no_answer, unanswered};
use token_refusal::refused;

/// Asks the agent behind that Service through the API server's proxy. Never fails: the report has an entry for
/// everything that could not be seen.
pub async fn agent(client: &Client, service: &ServiceName, request: &Request, clock: Clock) -> Report {
    // At the same time, so that both views are of the same moment.
    let own = async {
        if request.api_server {
            Some(apiserver::check(client, clock).await)
        } else {
            None
        }
    };
    let get = async |path: String| ask_service(client, service, &path).await;
    let (answer, own) = tokio::join!(ask_agent(request, get), own);
    let source = Source {
        mode: "agent".into(),
        context: client.context().map(str::to_owned),
        namespace: Some(client.default_namespace().to_owned()),
        server: Some(client.server().to_owned()),
        agent: Some(service.to_string()),
        ..Source::default()
    };
    let answer = answer.and_then(|served| accepted(&served, request, Some(service)));
    let mut answer = match answer {
        Ok(answer) => answer,
        Err(refusal) => return unanswered(request, &refusal, Some(service), own, source, clock),
    };
    answer.compare_with(own);
    answer.set_source(source);
    if let Some(namespace) = empty_namespace(&answer.report, request) {
        let entry = namespace_entry(client, namespace).await;
        answer.add_not_seen(entry);
    }
    answer.finish()
}

/// The requested part of an agent's answer, unless it refuses the token.
fn accepted(
    served: &ServiceResponse,
    request: &Request,
    service: Option<&ServiceName>,
) -> Result<Answer, AgentRefusal> {
    match refused(served, service) {
        Some(refusal) => Err(refusal),
        None => understand(served, request).map_err(AgentRefusal::from),
    }
}

/// The report of an answer that came from an agent's URL. `own` is this machine's check of the API server, if one was
/// made.
#[must_use]
pub fn agent_answer(
    answer: Result<ServiceResponse, Failure>,
    request: &Request,
    url: &str,
    own: Option<ApiServerCheck>,
    clock: Clock,
) -> Report {
    let source = Source {
        mode: "agent".into(),
        agent: Some(url.to_owned()),
        ..Source::default()
    };
    let answer = answer.map_err(AgentRefusal::from);
    match answer.and_then(|served| accepted(&served, request, None)) {
        Ok(mut answer) => {
            answer.set_source(source);
            answer.compare_with(own);
            let entry = empty_namespace(&answer.report, request).map(perhaps_no_namespace);
            answer.add_not_seen(entry);
            answer.finish()
        }
        Err(refusal) => no_answer(request, &refusal, None, source, clock),
    }
}
