//! A run that asks the agent: through the API server's proxy, or in any other way that brings its answer.
//!
//! The agent has judged; what is left is to find it, to understand it, and to take from its answer what was asked.

use super::api_server::{api_server, compare};
use super::coverage::{Found, not_seen, nothing_named, nothing_selected};
use super::direct::no_such_namespace;
use super::{Ask, Clock, Kind, Wanted, custom, unreached};
use crate::cluster::{self, Class, Client, Failure, Served, ServiceName};
use crate::report::{
    API_VERSION, ApiServerCheck, Check, Coverage, Item, KIND, KindCheck, Namespaces, NotSeen, Report, Source,
    State, Status,
};
use crate::resource::Namespace;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::time::Duration;

/// Where the chart's own commands install the agent, as `NAMESPACE/SERVICE`.
pub const DEFAULT_AGENT: &str = "sre-tools/sre-agent";
/// The label of every agent's Service, whatever its name.
const LABEL: &str = "app.kubernetes.io/name=sre-agent";
/// Larger than any report: 10,000 Deployments are 3 MB.
const LIMIT: usize = 256 << 20;
/// After so long a silence the API server is asked beside it whether it answers at all.
const SILENCE: Duration = Duration::from_secs(2);

/// Where the agent is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agent {
    /// Where the chart installs it, else wherever a Service has its label.
    Anywhere,
    /// This Service.
    Service(ServiceName),
}

/// Which objects the agent sends; its counts are of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentItems {
    /// All.
    All,
    /// Those of which a person should know: not healthy, or with a note.
    Notable,
}

/// Path and query of the report that answers `ask`.
#[must_use]
pub fn agent_path(ask: &Ask, items: AgentItems) -> String {
    let mut path = "/health?".to_owned();
    let mut add = |name: &str, value: &str| {
        path.push_str(name);
        path.push('=');
        path.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        path.push('&');
    };
    if let Some(namespace) = &ask.namespace {
        add("namespace", namespace);
    }
    if !ask.selector_text.is_empty() {
        add("selector", &ask.selector_text);
    }
    let named = ask.kinds.iter().any(|wanted| !wanted.names.is_empty());
    if items == AgentItems::Notable && !named {
        add("items", "notable");
    }
    if ask.no_ignore {
        add("ignore", "false");
    }
    path.pop();
    path
}

/// Asks the agent through the API server's proxy. Never fails: what could not be seen is in the report.
pub async fn agent(client: &Client, agent: &Agent, ask: &Ask, items: AgentItems, clock: Clock) -> Report {
    let path = agent_path(ask, items);
    // Beside it, so that both views are of the same moment.
    let own = async {
        if ask.api_server {
            Some(api_server(client, clock).await)
        } else {
            None
        }
    };
    let ((service, answer), own) = tokio::join!(find_agent(client, agent, &path), own);
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
            return unasked(ask, &failure, Some(&service), source, clock);
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
        Check::ApiServer(check) => Some(check),
        Check::Kind(_) => None,
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

/// GETs a path of the named agent's, or of one that it looks for; tells which it was.
///
/// # Errors
/// As [`cluster::ask_service`], with words and hints about agents.
pub async fn find_agent(
    client: &Client,
    agent: &Agent,
    path: &str,
) -> (ServiceName, Result<Served, Failure>) {
    let default = || ServiceName {
        namespace: DEFAULT_AGENT.split('/').next().unwrap_or_default().into(),
        name: DEFAULT_AGENT.split('/').next_back().unwrap_or_default().into(),
    };
    let service = match agent {
        Agent::Anywhere => default(),
        Agent::Service(service) => service.clone(),
    };
    let failure = match patient(client, &service, path).await {
        Err(failure) if matches!(failure.class, Class::NoAgent | Class::AgentNotReady) => failure,
        result => return (service, result),
    };
    // Of a Service that does not exist the API server says that it has no endpoint, too.
    if let Agent::Service(_) = agent {
        let failure = match cluster::service_exists(client, &service).await {
            Ok(true) => not_ready(failure, &service),
            Ok(false) => no_such_service(failure, &service),
            Err(why) => not_there_or_not_ready(failure, &service, &why),
        };
        return (service, Err(failure));
    }
    match cluster::services_labelled(client, LABEL).await {
        Err(why) => {
            let failure = not_there_or_not_ready(failure, &service, &why);
            (service, Err(failure))
        }
        Ok(services) => {
            let others: Vec<_> = services.iter().filter(|s| **s != service).collect();
            match others.as_slice() {
                [] if services.is_empty() => (service, Err(not_installed(failure))),
                [] => {
                    let failure = not_ready(failure, &service);
                    (service, Err(failure))
                }
                [other] => {
                    let answer = patient(client, other, path).await;
                    let answer = answer.map_err(|failure| match failure.class {
                        Class::AgentNotReady => not_ready(failure, other),
                        _ => failure,
                    });
                    ((*other).clone(), answer)
                }
                [first, ..] => {
                    let names: Vec<_> = others.iter().map(ToString::to_string).collect();
                    let failure = Failure {
                        class: Class::NoAgent,
                        message: format!(
                            "no agent answers at {service}, and there are several others: {}",
                            names.join(", ")
                        ),
                        ..failure
                    }
                    .with_hint(format!("name one of them: --agent={first}"));
                    (service, Err(failure))
                }
            }
        }
    }
}

fn not_installed(failure: Failure) -> Failure {
    Failure {
        class: Class::NoAgent,
        message: format!("no Service in this cluster is an agent's (label {LABEL})"),
        ..failure
    }
    .with_hint(
        "install it: helm install sre-agent ./helm/sre-agent -n sre-tools --create-namespace; or leave out --agent",
    )
}

fn no_such_service(failure: Failure, service: &ServiceName) -> Failure {
    Failure {
        class: Class::NoAgent,
        message: format!(
            "there is no Service {} in namespace {}",
            service.name, service.namespace
        ),
        ..failure
    }
    .with_hint(format!(
        "kubectl get services -A -l {LABEL} lists the agents; --agent alone finds one"
    ))
}

fn not_ready(failure: Failure, service: &ServiceName) -> Failure {
    Failure {
        class: Class::AgentNotReady,
        message: format!("the agent is installed as {service} and none of its pods is ready"),
        ..failure
    }
    .with_hint(format!(
        "kubectl -n {} get pods -l {LABEL}; or leave out --agent",
        service.namespace
    ))
}

/// `why` it could not be looked up.
fn not_there_or_not_ready(failure: Failure, service: &ServiceName, why: &Failure) -> Failure {
    let why = match why.class {
        Class::Forbidden => "may not be looked up with your rights (services get, list)".to_owned(),
        _ => format!("could not be looked up: {}", why.message),
    };
    Failure {
        message: format!(
            "no agent answers at {service}: there is no such Service, or none of its pods is ready; which of the two \
             {why}"
        ),
        ..failure
    }
    .with_hint("name the agent with --agent=NAMESPACE/SERVICE, or leave out --agent")
}

/// Asks a Service. While nothing comes, the API server is asked beside it whether it answers at all: else a pod that
/// cannot be reached would look like an API server that cannot.
async fn patient(client: &Client, service: &ServiceName, path: &str) -> Result<Served, Failure> {
    let mut asked = std::pin::pin!(cluster::ask_service(client, service, path, LIMIT));
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
    result.map_err(|failure| match failure.class {
        Class::Timeout if api_server_answers == Some(true) => Failure {
            class: Class::AgentUnreachable,
            message: format!(
                "the API server answers, and nothing came through its proxy to {service}: {}",
                failure.message
            ),
            ..failure
        }
        .with_hint(around(service)),
        Class::AgentUnreachable => failure.with_hint(around(service)),
        Class::Forbidden => {
            let hint = format!(
                "a cluster admin grants it: kubectl -n {ns} create role sre-agent-proxy --verb=get \
                 --resource=services/proxy --resource-name={}, then a rolebinding for you (or the chart's \
                 serviceProxier); or leave out --agent",
                service.proxied(),
                ns = service.namespace
            );
            failure.with_hint(hint)
        }
        _ => failure,
    })
}

/// The ways to the agent that do not lead from the control plane to the pod's port.
fn around(service: &ServiceName) -> String {
    format!(
        "the control plane cannot reach the pod's port, often a firewall to the nodes: kubectl -n {} port-forward \
         service/{} 8080, then --agent-url http://127.0.0.1:8080; or leave out --agent",
        service.namespace, service.name
    )
}

/// The report that an agent's answer becomes, where it came by a URL; `own` is what was found of the API server from
/// here, where it was asked too.
#[must_use]
pub fn agent_answer(
    answer: Result<Served, Failure>,
    ask: &Ask,
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
    ask: &Ask,
    failure: &Failure,
    service: Option<&ServiceName>,
    source: Source,
    clock: Clock,
) -> Report {
    let agent = source.agent.clone().unwrap_or_default();
    let rule = service.map(|s| {
        format!(
            "services/proxy get for {} in namespace {}",
            s.proxied(),
            s.namespace
        )
    });
    let mut entry = not_seen(format!("agent {agent}"), failure, rule.as_deref());
    entry.hint = Some(failure.hint().to_owned());
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

fn plurals(ask: &Ask) -> Vec<String> {
    ask.kinds.iter().map(|w| w.kind.plural().to_owned()).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    api_version: String,
    kind: String,
}

/// How the agent refuses, as far as it matters here.
#[derive(Deserialize)]
struct Error {
    error: String,
    #[serde(default)]
    message: String,
}

/// Understands what an agent answered, and takes from it what was asked.
///
/// # Errors
/// `agentVersion` where the agent speaks another version of the report, or does not know the request; `notAnAgent`
/// where something else answered.
fn understood(served: &Served, ask: &Ask) -> Result<Report, Failure> {
    let of = |class, message: String| Failure {
        status: Some(served.status),
        ..Failure::new(class, message)
    };
    if let Ok(head) = serde_json::from_slice::<Head>(&served.body)
        && head.kind == KIND
    {
        if head.api_version != API_VERSION {
            return Err(of(
                Class::AgentVersion,
                format!(
                    "the agent reports as {}, and this plugin understands {API_VERSION}",
                    head.api_version
                ),
            ));
        }
        let report = serde_json::from_slice(&served.body).map_err(|error| {
            of(
                Class::AgentVersion,
                format!("the agent's report cannot be understood: {error}"),
            )
        })?;
        return Ok(taken(report, ask));
    }
    if let Ok(refused) = serde_json::from_slice::<Error>(&served.body)
        && matches!(refused.error.as_str(), "unknownPath" | "invalidQuery")
    {
        return Err(of(
            Class::AgentVersion,
            format!("the agent does not know what it was asked: {}", refused.message),
        ));
    }
    Err(no_agent(served))
}

fn no_agent(served: &Served) -> Failure {
    let text = String::from_utf8_lossy(served.body.get(..200).unwrap_or(&served.body));
    let line: String = text
        .trim()
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(60)
        .collect();
    Failure {
        status: Some(served.status),
        ..Failure::new(
            Class::NotAnAgent,
            format!("what answers is no agent: HTTP {} {line:?}", served.status),
        )
    }
}

/// The agent's version, out of its answer to `/version`.
///
/// # Errors
/// `notAnAgent` where something else answered.
pub fn agent_version(served: &Served) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Version {
        version: String,
    }
    serde_json::from_slice(&served.body)
        .map(|told: Version| told.version)
        .map_err(|_| no_agent(served))
}

/// What was asked, out of what the agent told.
fn taken(mut report: Report, ask: &Ask) -> Report {
    let told = report.status;
    let checks = std::mem::take(&mut report.checks);
    let mut not_seen = std::mem::take(&mut report.coverage.not_seen);
    let (mut api_server, mut kinds) = (None, Vec::new());
    for check in checks {
        match check {
            Check::ApiServer(check) => api_server = Some(check),
            Check::Kind(check) => kinds.push(check),
        }
    }
    if ask.api_server {
        report.checks.extend(api_server.map(Check::ApiServer));
    }
    if !ask.by_default {
        let wanted = plurals(ask);
        let (asked, others): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|k| wanted.contains(&k.check));
        not_seen.retain(|entry| !others.iter().any(|other| is_about(entry, &other.check)));
        kinds = asked;
    }
    for wanted in &ask.kinds {
        match kinds.iter_mut().find(|k| k.check == wanted.kind.plural()) {
            None => {
                not_seen.push(not_watched(wanted));
                kinds.push(KindCheck::of(wanted.kind.plural(), Vec::new(), false));
            }
            Some(check) if !wanted.names.is_empty() => {
                *check = named(std::mem::take(&mut check.items), wanted, ask, &mut not_seen);
            }
            Some(_) => {}
        }
    }
    // A narrower question than the agent's answer: something may match, but nothing of what was asked for.
    if !ask.selector.is_empty()
        && not_seen.is_empty()
        && !kinds.is_empty()
        && kinds.iter().all(|kind| kind.summary.total == 0)
    {
        not_seen.push(nothing_selected(
            &ask.checks(),
            &ask.selector_text,
            ask.namespace.as_deref(),
        ));
        for kind in &mut kinds {
            kind.status = kind.status.worst(Status::Unknown);
        }
    }
    report.coverage.kinds = kinds.iter().map(|k| k.check.clone()).collect();
    report.coverage.not_seen = not_seen;
    report.checks.extend(kinds.into_iter().map(Check::Kind));
    custom::unasked(&mut report, ask, |what| NotSeen {
        error: Some(format!("the agent does not watch {what}")),
        class: "notWatched".into(),
        hint: Some("leave out --agent: custom resources are judged by the plugin".into()),
        what,
        ..NotSeen::default()
    });
    report.settle();
    if ask.by_default {
        // A newer agent may know of more than its parts say.
        report.status = report.status.worst(told);
    }
    report
}

/// Whether the entry is about objects of that kind, in whatever namespace.
fn is_about(entry: &NotSeen, plural: &str) -> bool {
    entry
        .what
        .strip_prefix(plural)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn not_watched(wanted: &Wanted) -> NotSeen {
    NotSeen {
        what: wanted.kind.plural().to_owned(),
        class: "notWatched".into(),
        error: Some(format!("the agent does not watch {}", wanted.kind.plural())),
        hint: Some("add it to the chart's value kinds; or leave out --agent".into()),
        missing: None,
    }
}

/// The objects of those names, judged as where they are asked for by name.
fn named(items: Vec<Item>, wanted: &Wanted, ask: &Ask, not_seen: &mut Vec<NotSeen>) -> KindCheck {
    let plural = wanted.kind.plural();
    let unseen: Vec<_> = not_seen.iter().filter(|entry| is_about(entry, plural)).collect();
    let (all_seen, too_old) = (
        unseen.is_empty(),
        unseen.iter().any(|entry| entry.class == "stale"),
    );
    let names: Vec<String> = items.iter().map(|item| item.name.clone()).collect();
    let mut missing = false;
    for name in wanted
        .names
        .iter()
        .filter(|name| all_seen && !names.contains(name))
    {
        missing = true;
        not_seen.push(nothing_named(
            &wanted.kind.into(),
            name,
            ask.namespace.as_deref(),
            &names,
        ));
    }
    let items = items.into_iter().filter(|item| wanted.names.contains(&item.name));
    let items = items.map(|mut item| {
        // A person who names it asks whether it is there to stay.
        if item.state == State::Terminating {
            item.healthy = Some(false);
        }
        item
    });
    let mut check = KindCheck::of(plural, items.collect(), all_seen && !missing);
    if too_old {
        check.status = Status::Unknown;
    }
    check
}

/// The namespace that was asked for, where nothing at all was found in it: it may not exist.
fn found_nothing<'a>(report: &Report, ask: &'a Ask) -> Option<&'a str> {
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
    not_seen(format!("namespace {namespace}"), &failure, None)
}

fn add_not_seen(report: &mut Report, entry: Option<NotSeen>) {
    let Some(entry) = entry else { return };
    report.coverage.not_seen.push(entry);
    for check in &mut report.checks {
        if let Check::Kind(kind) = check {
            kind.status = kind.status.worst(Status::Unknown);
        }
    }
    report.settle();
}
