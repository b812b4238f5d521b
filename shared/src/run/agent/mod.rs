//! A run that asks the agent: through the API server's proxy, or in any other way that brings its answer.
//!
//! The agent has judged. What is left is to ask it ([`service`]), to understand its answer and to take from it what was
//! asked ([`answer`]), since an agent may see less, or tell more, than a person asks for.

mod answer;
mod service;

pub use answer::agent_version;
pub use service::ask_service;

use super::apiserver;
use super::coverage::{Found, namespace_not_seen, not_seen};
use super::direct::no_such_namespace;
use super::{Clock, Kind, Request, unreached};
use crate::apiserver::vantage::compare;
use crate::cluster::{self, Client, ServiceName, ServiceResponse};
use crate::failure::{Class, Failure};
use crate::report::{
    ApiServerCheck, CheckResult, Coverage, KindCheck, Namespaces, NotSeen, Report, Source, Status,
};
use crate::resource::Namespace;
use answer::{is_refused_query, understood};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The Service that is asked if none is named, as `NAMESPACE/SERVICE`: where the chart's own commands install the agent.
pub const DEFAULT_AGENT: &str = "sre-tools/sre-agent";

/// Which objects the agent sends; its counts are of all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AgentItems {
    /// All.
    #[default]
    All,
    /// Only items worth showing: not healthy, or with a note.
    Notable,
}

/// Asks for the report that answers `ask`; `get` fetches a path of the agent. An agent that is older than the parameter
/// `kinds` refuses it, and is asked for all that it watches.
///
/// # Errors
/// Those of `get`.
pub async fn ask_agent(
    ask: &Request,
    get: impl AsyncFn(String) -> Result<ServiceResponse, Failure>,
) -> Result<ServiceResponse, Failure> {
    let served = get(path(ask, true)).await?;
    if is_refused_query(&served) {
        return get(path(ask, false)).await;
    }
    Ok(served)
}

/// Path and query of the report that answers `ask`; with the kinds, or of all that the agent watches.
fn path(ask: &Request, with_kinds: bool) -> String {
    let mut path = "/health?".to_owned();
    let mut add = |name: &str, value: &str| {
        path.push_str(name);
        path.push('=');
        path.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        path.push('&');
    };
    let kinds: Vec<&str> = ask
        .api_server
        .then_some("apiserver")
        .into_iter()
        .chain(ask.kinds.iter().map(|wanted| wanted.kind.plural()))
        .collect();
    if with_kinds && !kinds.is_empty() {
        add("kinds", &kinds.join(","));
    }
    if let Some(namespace) = &ask.namespace {
        add("namespace", namespace);
    }
    if !ask.selector_text.is_empty() {
        add("selector", &ask.selector_text);
    }
    let named = ask.kinds.iter().any(|wanted| !wanted.names.is_empty());
    if ask.items == AgentItems::Notable && !named {
        add("items", "notable");
    }
    if ask.no_ignore {
        add("ignore", "false");
    }
    path.pop();
    path
}

/// Asks the agent behind that Service through the API server's proxy. Never fails: what could not be seen is in the
/// report.
pub async fn agent(client: &Client, service: &ServiceName, ask: &Request, clock: Clock) -> Report {
    // Beside it, so that both views are of the same moment.
    let own = async {
        if ask.api_server {
            Some(apiserver::check(client, clock).await)
        } else {
            None
        }
    };
    let get = async |path: String| ask_service(client, service, &path).await;
    let (answer, own) = tokio::join!(ask_agent(ask, get), own);
    let source = Source {
        mode: "agent".into(),
        context: client.context().map(str::to_owned),
        namespace: Some(client.default_namespace().to_owned()),
        server: Some(client.server().to_owned()),
        agent: Some(service.to_string()),
        ..Source::default()
    };
    let report = answer.and_then(|served| understood(&served, ask));
    let mut report = match report {
        Ok(report) => report,
        Err(failure) if is_of_agent(&failure) => {
            return unasked(ask, &failure, Some(service), source, clock);
        }
        Err(failure) => {
            let mut report = unreached(ask, &failure, source, clock);
            if let (Some(check), Some(own)) = (part(&mut report), own) {
                // The API server itself is in the way: what was found of it says more.
                if own.status != Status::Ok {
                    *check = own;
                }
            }
            report.settle();
            return report;
        }
    };
    add_own(&mut report, own);
    report.source.mode = source.mode;
    report.source.context = source.context;
    report.source.namespace = source.namespace;
    report.source.agent = source.agent;
    if let Some(namespace) = found_nothing(&report, ask) {
        let entry = match cluster::get::<Namespace>(client, None, namespace).await {
            Ok(_) => None,
            Err(failure) if failure.class == Class::NotFound => {
                Some(no_such_namespace(client, namespace, failure).await)
            }
            Err(_) => Some(perhaps_no_namespace(namespace)),
        };
        add_not_seen(&mut report, entry);
    }
    report
}

/// The API server's part, where there is one.
fn part(report: &mut Report) -> Option<&mut ApiServerCheck> {
    report.checks.iter_mut().find_map(|check| match check {
        CheckResult::ApiServer(check) => Some(check),
        CheckResult::Kind(_) => None,
    })
}

/// Compares the agent's view of the API server with the one from here.
fn add_own(report: &mut Report, own: Option<ApiServerCheck>) {
    let (stale, told) = (report.stale, report.status);
    if let (Some(check), Some(own)) = (part(report), own) {
        compare(check, own, stale);
        report.settle();
        // A newer agent may know of more than its parts say.
        report.status = report.status.worst(told);
    }
}

/// Whether the failure says something of the agent, and nothing of the API server.
fn is_of_agent(failure: &Failure) -> bool {
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

/// The report that an agent's answer becomes, where it came by a URL; `own` is what was found of the API server from
/// here, where it was asked too.
#[must_use]
pub fn agent_answer(
    answer: Result<ServiceResponse, Failure>,
    ask: &Request,
    url: &str,
    own: Option<ApiServerCheck>,
    clock: Clock,
) -> Report {
    let source = Source {
        mode: "agent".into(),
        agent: Some(url.to_owned()),
        ..Source::default()
    };
    match answer.and_then(|served| understood(&served, ask)) {
        Ok(mut report) => {
            report.source.mode = source.mode;
            report.source.agent = source.agent;
            add_own(&mut report, own);
            let entry = found_nothing(&report, ask).map(perhaps_no_namespace);
            add_not_seen(&mut report, entry);
            report
        }
        Err(failure) => unasked(ask, &failure, None, source, clock),
    }
}

/// The report of a run in which no agent could be asked.
fn unasked(
    ask: &Request,
    failure: &Failure,
    service: Option<&ServiceName>,
    source: Source,
    clock: Clock,
) -> Report {
    let agent = source.agent.clone().unwrap_or_default();
    let rule = service.map(|s| {
        format!(
            "services/proxy get for {} in namespace {}",
            s.proxy_name(),
            s.namespace
        )
    });
    let entry = NotSeen {
        resource: service.map(|_| "services/proxy".into()),
        hint: Some(failure.hint().to_owned()),
        ..not_seen(format!("agent {agent}"), failure, rule.as_deref())
    };
    let mut report = Report::new(source, clock().to_string());
    report.coverage = Coverage {
        kinds: plurals(ask),
        namespaces: match &ask.namespace {
            Some(namespace) => Namespaces::These(vec![namespace.clone()]),
            None => Namespaces::default(),
        },
        not_seen: vec![entry],
        ..Coverage::default()
    };
    report
}

fn plurals(ask: &Request) -> Vec<String> {
    ask.kinds.iter().map(|w| w.kind.plural().to_owned()).collect()
}

/// The namespace that was asked for, where nothing at all was found in it: it may not exist.
fn found_nothing<'a>(report: &Report, ask: &'a Request) -> Option<&'a str> {
    let namespace = ask.namespace.as_deref()?;
    let within = |kind: &&KindCheck| Kind::from_word(&kind.check).is_none_or(Kind::is_namespaced);
    let found: Vec<Found> = report
        .kinds()
        .filter(within)
        .map(|kind| {
            Found::new(
                true,
                usize::from(kind.summary.total > 0),
                report.coverage.not_seen.len(),
            )
        })
        .collect();
    Found::nothing_in_namespace(&found).then_some(namespace)
}

/// The same for an answer that came without a way to look the namespace up: it is not called empty.
fn perhaps_no_namespace(namespace: &str) -> NotSeen {
    let failure = Failure::new(
        Class::NotFound,
        format!("nothing is in namespace {namespace}, and whether it exists could not be looked up"),
    )
    .with_hint("check the name: kubectl get namespaces");
    namespace_not_seen(namespace, &failure)
}

fn add_not_seen(report: &mut Report, entry: Option<NotSeen>) {
    let Some(entry) = entry else { return };
    report.coverage.not_seen.push(entry);
    for check in &mut report.checks {
        if let CheckResult::Kind(kind) = check {
            kind.status = kind.status.worst(Status::Unknown);
        }
    }
    report.settle();
}
