//! The answer of an agent: decoded, compared with the request, and reduced to it.
//!
//! An answer covers a request only as far as the agent says so. Kinds and namespaces that it does not watch are not
//! seen, and neither is a part that it does not describe.

use super::error_body::ErrorBody;
use super::received::{Head, HeadCheck, ReceivedReport, no_agent, read_report};
use super::token_refusal::refused;
use crate::apiserver::vantage::compare;
use crate::cluster::{ServiceName, ServiceResponse};
use crate::failure::{Class, Failure};
use crate::judge::CONTROLLERS;
use crate::kind::Kind;
use crate::report::{
    ApiServerCheck, CheckResult, Item, KindCheck, Namespaces, NotSeen, Report, Scope, Source, State, Status,
    Summary,
};
use crate::resource::Time;
use crate::run::emptiness::Emptiness;
use crate::run::not_seen::{all_but, name_not_found, not_seen_kind};
use crate::run::request::{Causes, KindTarget, Request};
use serde::Deserialize;

/// Whether the agent refused the request because of a parameter that it does not know, or a word in one.
pub(super) fn is_refused_query(served: &ServiceResponse) -> bool {
    served.status == 400 && ErrorBody::read(served).is_some_and(|refusal| refusal.error == "invalidQuery")
}

/// The requested part of an agent's answer. Its status is not settled yet.
pub(super) struct Answer {
    pub report: Report,
    /// The agent's own status, if the whole answer was requested.
    status: Option<Status>,
}

impl Answer {
    /// Compares the agent's view of the API server with the one from here.
    pub fn compare_with(&mut self, own: Option<ApiServerCheck>) {
        let check = self.report.checks.iter_mut().find_map(|check| match check {
            CheckResult::ApiServer(check) => Some(check),
            CheckResult::Kind(_) => None,
        });
        if let (Some(check), Some(own)) = (check, own) {
            compare(check, own, self.report.stale);
        }
    }

    /// Sets where the report comes from. Facts that only the agent knows stay.
    pub fn set_source(&mut self, source: Source) {
        let agents = std::mem::take(&mut self.report.source);
        // A plugin that has a client knows them.
        let (context, namespace) = match source.server {
            Some(_) => (source.context, source.namespace),
            None => (agents.context, agents.namespace),
        };
        self.report.source = Source {
            mode: source.mode,
            context,
            namespace,
            agent: source.agent,
            ..agents
        };
    }

    /// Adds an entry that makes every kind unknown at best.
    pub fn add_not_seen(&mut self, entry: Option<NotSeen>) {
        let Some(entry) = entry else { return };
        self.report.coverage.not_seen.push(entry);
        for check in &mut self.report.checks {
            if let CheckResult::Kind(kind) = check {
                kind.status = kind.status.worst(Status::Unknown);
            }
        }
    }

    /// The report, settled.
    pub fn finish(mut self) -> Report {
        self.report.settle();
        // A newer agent may know more than its parts show.
        let status = self.status.unwrap_or(Status::Ok);
        self.report.status = self.report.status.worst(status);
        self.report
    }
}

/// Decodes an agent's answer, and selects the requested part of it.
///
/// # Errors
/// `agentVersion` if the agent speaks another version of the report, or does not know the request; `notAnAgent` if
/// something else answered.
pub(super) fn understand(served: &ServiceResponse, request: &Request) -> Result<Answer, Failure> {
    let failure = |class, message: String| Failure {
        status: Some(served.status),
        ..Failure::new(class, message)
    };
    if let Some(ReceivedReport { report, head }) = read_report(&served.body, served.status)? {
        let is_of_moment = |at| Time::parse(&report.observed_at).is_ok_and(|observed| observed == at);
        if request.at.is_some_and(|at| !is_of_moment(at)) {
            let message = format!(
                "the agent's answer is about another moment, {}",
                report.observed_at
            );
            return Err(failure(Class::AgentVersion, message));
        }
        return Ok(select(report, &head, request));
    }
    if let Some(refusal) = ErrorBody::read(served)
        && matches!(refusal.error.as_str(), "unknownPath" | "invalidQuery")
    {
        return Err(failure(
            Class::AgentVersion,
            format!("the agent does not know what it was asked: {}", refusal.message),
        ));
    }
    Err(no_agent(served))
}

/// The agent's version, out of its answer to `/version`. Without a Service it was asked by its URL.
///
/// # Errors
/// `notAnAgent` if something else answered; `forbidden` if the agent refuses the token.
pub fn agent_version(served: &ServiceResponse, service: Option<&ServiceName>) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Version {
        version: String,
    }
    if let Some(refusal) = refused(served, service) {
        return Err(refusal.failure);
    }
    serde_json::from_slice(&served.body)
        .map(|answer: Version| answer.version)
        .map_err(|_| no_agent(served))
}

/// The requested part of a report.
pub(super) fn answer(received: &ReceivedReport, request: &Request) -> Answer {
    select(received.report.clone(), &received.head, request)
}

/// Selects the requested part of the agent's report.
fn select(mut report: Report, head: &Head, request: &Request) -> Answer {
    let status = report.status;
    let mut not_seen = std::mem::take(&mut report.coverage.not_seen);
    let (mut api_server, mut kinds, mut others) = (None, Vec::new(), Vec::new());
    let mut controllers = None;
    let wanted = request.plurals();
    for check in std::mem::take(&mut report.checks) {
        match check {
            CheckResult::ApiServer(check) => api_server = Some(check),
            CheckResult::Kind(check) if wanted.contains(&check.check) => kinds.push(check),
            // If a kind was named, each of its objects has to be judged by itself.
            CheckResult::Kind(check) if check.check == CONTROLLERS && !request.every_object => {
                controllers = Some(check);
            }
            CheckResult::Kind(check) => others.push(check),
        }
    }
    not_seen.retain(|entry| !others.iter().any(|other| entry.is_about(&other.check)));
    let all_asked = others.is_empty()
        && (request.api_server || api_server.is_none())
        && request.kinds.iter().all(|wanted| wanted.names.is_empty());
    if request.api_server {
        let check = api_server.unwrap_or_else(no_api_server);
        report.checks.push(CheckResult::ApiServer(check));
    }
    let gap = NamespaceGap::new(
        head.coverage.namespaces.is_some(),
        &report.coverage.namespaces,
        request,
    );
    let mut parts = Vec::new();
    for wanted in &request.kinds {
        let plural = wanted.kind.plural();
        let mut own: Vec<KindCheck> = kinds.extract_if(.., |kind| kind.check == plural).collect();
        let part = match (own.pop(), own.is_empty()) {
            (Some(mut part), true) => {
                let counted = |check: &HeadCheck| check.check == plural && check.summary.is_some();
                let before = not_seen.len();
                if part.served != Some(false) && !head.checks.iter().any(counted) {
                    not_seen.push(not_counted(wanted.kind));
                }
                if let Some(gap) = gap.as_ref().filter(|_| wanted.kind.is_namespaced()) {
                    not_seen.push(gap.entry(wanted.kind));
                }
                if part.served == Some(false) && !request.all_kinds && !request.by_default {
                    not_seen.push(not_served(wanted));
                }
                if request.judges_every(plural) && wanted.names.is_empty() {
                    not_seen.push(left_to_controllers(wanted.kind));
                }
                if not_seen.len() > before {
                    part.status = part.status.worst(Status::Unknown);
                }
                if part.status == Status::Ok {
                    part.status = shown(&part);
                }
                if wanted.names.is_empty() {
                    part
                } else {
                    select_named(part, wanted, request, &mut not_seen)
                }
            }
            // If the kind is there twice, it is not known which part is right.
            (Some(_), false) => {
                not_seen.push(not_counted(wanted.kind));
                KindCheck::of(plural, Vec::new(), false)
            }
            (None, _) => {
                if !not_seen.iter().any(|entry| entry.is_about(plural)) {
                    not_seen.push(not_watched(wanted.kind));
                }
                KindCheck::of(plural, Vec::new(), false)
            }
        };
        parts.push(part);
    }
    // The request may be narrower than the answer: then the selector may match only objects that were not requested.
    let all_seen = not_seen.is_empty();
    let counts = parts
        .iter()
        .map(|kind| (true, kind.summary.total == 0 && all_seen));
    let empty = Emptiness::from_counts(counts).selector(request, &request.checks());
    if let Some(entry) = empty.filter(|_| controllers.is_none()) {
        not_seen.push(entry);
        for kind in &mut parts {
            kind.status = kind.status.worst(Status::Unknown);
        }
    }
    report.coverage.kinds = parts.iter().map(|k| k.check.clone()).collect();
    report.coverage.not_seen = not_seen;
    if request.causes == Causes::None {
        report.coverage.causes_not_seen.clear();
    }
    report
        .checks
        .extend(parts.into_iter().chain(controllers).map(CheckResult::Kind));
    for target in &request.custom {
        let check = target.kind.to_string();
        report.coverage.kinds.push(check.clone());
        let part = KindCheck::of(&check, Vec::new(), false);
        report.checks.push(CheckResult::Kind(part));
        report.coverage.not_seen.push(custom_not_watched(check));
    }
    Answer {
        report,
        status: all_asked.then_some(status),
    }
}

/// The status that the objects of a part show, and their counts. An answer that calls itself ok is damaged, or of something
/// else, if they say otherwise.
fn shown(part: &KindCheck) -> Status {
    let statuses = part.items.iter().map(Item::status);
    let Summary {
        degraded,
        unavailable,
        acknowledged,
        ..
    } = part.summary;
    let counted = if degraded.saturating_add(unavailable) > acknowledged {
        Status::Degraded
    } else {
        Status::Ok
    };
    statuses.fold(counted, Status::worst)
}

fn custom_not_watched(check: String) -> NotSeen {
    NotSeen {
        error: Some(format!("the agent does not watch {check}")),
        class: NOT_WATCHED.into(),
        hint: Some("leave out --agent: custom resources are judged by the plugin".into()),
        resource: Some(check.clone()),
        thing: check,
        ..NotSeen::default()
    }
}

/// The class of objects that the agent does not watch.
pub const NOT_WATCHED: &str = "notWatched";

/// The requested namespaces that the agent's answer lacks.
struct NamespaceGap {
    /// These namespaces.
    scope: Scope,
    class: &'static str,
    error: String,
    hint: String,
}

impl NamespaceGap {
    /// `None` if the answer is about exactly the requested namespaces. `says` is whether the agent names those of its
    /// answer.
    fn new(says: bool, covered: &Namespaces, request: &Request) -> Option<Self> {
        let same_version = || Failure::new(Class::AgentVersion, "").hint().to_owned();
        let in_asked = Scope::new(request.namespace.as_deref());
        if !says {
            return Some(Self {
                scope: in_asked,
                class: Class::AgentVersion.as_str(),
                error: "the agent does not say which namespaces its answer covers".into(),
                hint: same_version(),
            });
        }
        match (&request.namespace, covered) {
            (None, Namespaces::All(_)) => None,
            (None, Namespaces::These(watched)) => Some(Self {
                scope: Scope::Namespaces(all_but(watched)),
                class: NOT_WATCHED,
                error: watches_only(watched),
                hint: match watched.first() {
                    Some(first) => format!(
                        "narrow with -n {first}, add the others to the chart's value namespaces, or leave out --agent"
                    ),
                    None => "add them to the chart's value namespaces, or leave out --agent".into(),
                },
            }),
            (Some(asked), Namespaces::These(watched)) if watched.as_slice() == [asked.as_str()] => None,
            (Some(asked), Namespaces::These(watched)) if !watched.contains(asked) => Some(Self {
                scope: in_asked,
                class: NOT_WATCHED,
                error: watches_only(watched),
                hint: "add it to the chart's value namespaces, or leave out --agent".into(),
            }),
            (Some(asked), _) => Some(Self {
                scope: in_asked,
                class: Class::AgentVersion.as_str(),
                error: format!("the agent's answer is about more than namespace {asked}"),
                hint: same_version(),
            }),
        }
    }

    fn entry(&self, kind: Kind) -> NotSeen {
        NotSeen {
            scope: self.scope.clone(),
            error: Some(self.error.clone()),
            hint: Some(self.hint.clone()),
            ..entry_for(kind, self.class)
        }
    }
}

fn watches_only(watched: &[String]) -> String {
    match watched {
        [] => "the agent watches no namespace".into(),
        [one] => format!("the agent watches only namespace {one}"),
        many => format!("the agent watches only {} namespaces", many.len()),
    }
}

/// The part about the API server, if the agent's answer has none.
fn no_api_server() -> ApiServerCheck {
    ApiServerCheck {
        class: Some(Class::AgentVersion.as_str().into()),
        error: Some("the agent's answer has no part about the API server".into()),
        hint: Some(Failure::new(Class::AgentVersion, "").hint().to_owned()),
        ..ApiServerCheck::default()
    }
}

/// The entry for the objects of a watched kind that an agent does not keep.
fn left_to_controllers(kind: Kind) -> NotSeen {
    NotSeen {
        thing: format!("{} that have a controller", kind.plural()),
        error: Some("the agent leaves them to their controllers and does not keep them".into()),
        hint: Some("leave out --agent to have each of them judged".into()),
        ..entry_for(kind, NOT_WATCHED)
    }
}

fn not_watched(kind: Kind) -> NotSeen {
    NotSeen {
        error: Some("it is not among the kinds that the agent watches".into()),
        hint: Some("add it to the chart's value kinds, or leave out --agent".into()),
        ..entry_for(kind, NOT_WATCHED)
    }
}

/// An entry for all objects of a kind.
fn entry_for(kind: Kind, class: &str) -> NotSeen {
    NotSeen {
        thing: kind.plural().to_owned(),
        resource: Some(kind.resource()),
        class: class.to_owned(),
        ..NotSeen::default()
    }
}

/// The entry for a kind that was named and that the API server does not serve.
fn not_served(wanted: &KindTarget) -> NotSeen {
    let failure = Failure::new(Class::NotFound, "the agent found no such kind");
    not_seen_kind(wanted.kind, None, &failure)
}

/// The entry for a part that does not count its objects, or that is there twice.
fn not_counted(kind: Kind) -> NotSeen {
    let failure = Failure::new(Class::AgentVersion, "the agent's answer does not count them");
    NotSeen {
        hint: Some(failure.hint().to_owned()),
        error: Some(failure.message),
        ..entry_for(kind, failure.class.as_str())
    }
}

/// The part about the named objects only. An object that is named is not healthy while it is being deleted.
fn select_named(
    part: KindCheck,
    wanted: &KindTarget,
    request: &Request,
    not_seen: &mut Vec<NotSeen>,
) -> KindCheck {
    let plural = wanted.kind.plural();
    let items: Vec<Item> = part.items;
    let unseen: Vec<_> = not_seen.iter().filter(|entry| entry.is_about(plural)).collect();
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
        if wanted.kind.leaves_owned() {
            not_seen.push(NotSeen {
                thing: format!("{} {name}", wanted.kind.singular()),
                ..left_to_controllers(wanted.kind)
            });
            continue;
        }
        not_seen.push(name_not_found(
            &wanted.kind.resource_type(),
            name,
            request.namespace.as_deref(),
            &names,
        ));
    }
    let items = items.into_iter().filter(|item| wanted.names.contains(&item.name));
    let items = items.map(|mut item| {
        // A person who names an object asks whether it will stay.
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
