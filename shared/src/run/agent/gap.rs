//! The report of a run that could not ask the agent, and the entry for a namespace in which there is nothing.

use super::refusal::AgentRefusal;
use crate::apiserver::judge_failure;
use crate::cluster::{self, Client, ServiceName};
use crate::failure::{Class, Failure};
use crate::kind::Kind;
use crate::report::{ApiServerCheck, Coverage, KindCheck, Namespaces, NotSeen, Report, Source, Status};
use crate::resource::Namespace;
use crate::run::clock::Clock;
use crate::run::emptiness::Emptiness;
use crate::run::gather::no_such_namespace;
use crate::run::live::unseen;
use crate::run::not_seen::{namespace_not_seen, not_seen};
use crate::run::request::Request;

/// The report of a run without an answer of the agent behind a Service. `own` is the API server as it is seen from here.
pub(super) fn unanswered(
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

/// The report of a run that could not ask the agent.
pub(super) fn no_answer(
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
pub(super) fn empty_namespace<'a>(report: &Report, request: &'a Request) -> Option<&'a str> {
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

/// The entry for a namespace in which there is nothing; `None` if it exists.
pub(super) async fn namespace_entry(client: &Client, namespace: &str) -> Option<NotSeen> {
    match cluster::get::<Namespace>(client, None, namespace).await {
        Ok(_) => None,
        Err(failure) if failure.class == Class::NotFound => {
            Some(no_such_namespace(client, namespace, failure).await)
        }
        Err(_) => Some(perhaps_no_namespace(namespace)),
    }
}
