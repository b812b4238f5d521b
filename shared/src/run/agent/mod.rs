//! A run that asks the agent, through the API server's proxy or by a URL.
//!
//! The agent has judged already. [`service`] asks it, and [`answer`] cuts its answer to the request: an agent may see
//! less, or report more, than a person asks for.

mod answer;
mod error_body;
mod follow;
mod lookup;
mod reader;
mod received;
mod refusal;
mod service;
mod token_refusal;

pub use answer::agent_version;
pub use follow::{AgentConnection, AgentFollower, AgentPace, OpenedStream, ServiceConnection, StreamBody};
pub use lookup::DEFAULT_AGENT;
pub use refusal::AgentRefusal;
pub use service::ask_service;

use super::apiserver;
use super::emptiness::Emptiness;
use super::gather::no_such_namespace;
use super::live::unseen;
use super::not_seen::{namespace_not_seen, not_seen};
use super::request::AgentItems;
use crate::apiserver::judge_failure;
use crate::cluster::{self, Client, ServiceName, ServiceResponse};
use crate::failure::{Class, Failure};
use crate::kind::Kind;
use crate::report::{ApiServerCheck, Coverage, KindCheck, Namespaces, NotSeen, Report, Source, Status};
use crate::resource::Namespace;
use crate::run::clock::Clock;
use crate::run::request::Request;
use answer::{Answer, is_refused_query, understand};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use token_refusal::refused;

/// Asks for the report that answers `request`. `get` fetches a path of the agent. If the agent is too old for the
/// parameter `kinds`, it refuses the request. Then it is asked for everything that it watches.
///
/// # Errors
/// Those of `get`.
pub async fn ask_agent<E>(
    request: &Request,
    get: impl AsyncFn(String) -> Result<ServiceResponse, E>,
) -> Result<ServiceResponse, E> {
    let served = get(path(request, true)).await?;
    if is_refused_query(&served) {
        return get(path(request, false)).await;
    }
    Ok(served)
}

/// Path and query of the report that answers `request`: of its kinds, or of everything that the agent watches.
fn path(request: &Request, with_kinds: bool) -> String {
    let named = request.kinds.iter().any(|wanted| !wanted.names.is_empty());
    let items = (request.items == AgentItems::Notable && !named).then_some(("items", "notable".to_owned()));
    query(request, "/health", with_kinds, items)
}

/// Path and query of the changes of the report that answers `request`.
fn changes_path(request: &Request) -> String {
    let objects = request.kinds.iter().flat_map(|target| {
        let plural = target.kind.plural();
        target.names.iter().map(move |name| format!("{plural}/{name}"))
    });
    let objects: Vec<String> = objects.collect();
    let objects = Some(("objects", objects.join(","))).filter(|(_, names)| !names.is_empty());
    query(request, "/health/changes", true, objects)
}

fn query(request: &Request, path: &str, with_kinds: bool, last: Option<(&str, String)>) -> String {
    let mut path = format!("{path}?");
    let mut add = |name: &str, value: &str| {
        path.push_str(name);
        path.push('=');
        path.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        path.push('&');
    };
    let kinds: Vec<&str> = request
        .api_server
        .then_some("apiserver")
        .into_iter()
        .chain(request.kinds.iter().map(|wanted| wanted.kind.plural()))
        .collect();
    if with_kinds && !kinds.is_empty() {
        add("kinds", &kinds.join(","));
    }
    if let Some(namespace) = &request.namespace {
        add("namespace", namespace);
    }
    if !request.selector_text.is_empty() {
        add("selector", &request.selector_text);
    }
    if let Some((name, value)) = last {
        add(name, &value);
    }
    if request.no_ignore {
        add("ignore", "false");
    }
    path.pop();
    path
}

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

/// The entry for a namespace in which there is nothing; `None` if it exists.
async fn namespace_entry(client: &Client, namespace: &str) -> Option<NotSeen> {
    match cluster::get::<Namespace>(client, None, namespace).await {
        Ok(_) => None,
        Err(failure) if failure.class == Class::NotFound => {
            Some(no_such_namespace(client, namespace, failure).await)
        }
        Err(_) => Some(perhaps_no_namespace(namespace)),
    }
}

/// The report of a run without an answer of the agent behind a Service. `own` is the API server as it is seen from here.
fn unanswered(
    request: &Request,
    refusal: &AgentRefusal,
    service: Option<&ServiceName>,
    own: Option<ApiServerCheck>,
    source: Source,
    clock: Clock,
) -> Report {
    let failure = &refusal.failure;
    if is_about_agent(failure) {
        return no_answer(request, refusal, service, source, clock);
    }
    // If the API server itself fails, its own check says more.
    let own = own.filter(|own| own.status != Status::Ok);
    let api_server = own.or_else(|| request.api_server.then(|| judge_failure(failure)));
    unseen(request, failure, api_server, source, clock)
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

/// Whether the failure is about the agent and says nothing about the API server.
fn is_about_agent(failure: &Failure) -> bool {
    matches!(
        failure.class,
        Class::Forbidden
            | Class::NoAgent
            | Class::AgentNotReady
            | Class::AgentUnreachable
            | Class::AgentVersion
            | Class::NotAnAgent
    )
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

/// The report of a run that could not ask the agent.
fn no_answer(
    request: &Request,
    refusal: &AgentRefusal,
    service: Option<&ServiceName>,
    source: Source,
    clock: Clock,
) -> Report {
    let agent = source.agent.clone().unwrap_or_default();
    let AgentRefusal { failure, missing } = refusal;
    let entry = NotSeen {
        resource: service.map(|_| "services/proxy".into()),
        hint: Some(failure.hint().to_owned()),
        ..not_seen(format!("agent {agent}"), failure, missing.as_deref())
    };
    let mut report = Report::new(source, clock().to_string());
    report.coverage = Coverage {
        kinds: request.plurals(),
        namespaces: match &request.namespace {
            Some(namespace) => Namespaces::These(vec![namespace.clone()]),
            None => Namespaces::default(),
        },
        not_seen: vec![entry],
        ..Coverage::default()
    };
    report
}

/// The requested namespace, if nothing was found in it: it may not exist.
fn empty_namespace<'a>(report: &Report, request: &'a Request) -> Option<&'a str> {
    let is_namespaced = |kind: &KindCheck| Kind::from_word(&kind.check).is_none_or(Kind::is_namespaced);
    let all_seen = report.coverage.not_seen.is_empty();
    let kinds = report.kinds();
    let kinds = kinds.map(|kind| (is_namespaced(kind), kind.summary.total == 0 && all_seen));
    Emptiness::from_counts(kinds).namespace(request)
}

/// The entry for a namespace that has no objects and could not be looked up. It may be empty or missing.
#[must_use]
pub fn perhaps_no_namespace(namespace: &str) -> NotSeen {
    let failure = Failure::new(
        Class::NotFound,
        format!("nothing is in namespace {namespace}, and whether it exists could not be looked up"),
    )
    .with_hint("check the name: kubectl get namespaces");
    namespace_not_seen(namespace, &failure)
}
