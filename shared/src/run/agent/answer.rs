//! What an agent answered: understood, compared with what was asked, and reduced to it.
//!
//! An answer covers what was asked for only as far as the agent says that it does. Whatever it does not watch, of kinds
//! and of namespaces, is not seen; so is what it does not tell of itself.

use super::plurals;
use crate::cluster::ServiceResponse;
use crate::failure::{Class, Failure};
use crate::report::{
    API_VERSION, ApiServerCheck, CheckResult, Item, KIND, KindCheck, Namespaces, NotSeen, Report, Scope,
    State, Status,
};
use crate::run::coverage::{all_but, is_about, not_seen_kind, nothing_named, nothing_selected};
use crate::run::{CONTROLLERS, Causes, Kind, KindTarget, Request, custom};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What is read of an answer before the whole: whose it is, and whether it says what an answer has to say.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    api_version: String,
    kind: String,
    #[serde(default)]
    coverage: HeadCoverage,
    #[serde(default)]
    checks: Vec<HeadCheck>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct HeadCoverage {
    namespaces: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct HeadCheck {
    #[serde(default)]
    check: String,
    #[serde(default)]
    summary: Option<IgnoredAny>,
}

/// How the agent refuses, as far as it matters here.
#[derive(Deserialize)]
struct Error {
    error: String,
    #[serde(default)]
    message: String,
}

fn refused(served: &ServiceResponse) -> Option<Error> {
    serde_json::from_slice(&served.body).ok()
}

/// Whether the agent does not know a parameter, or a word, of the question.
pub(super) fn is_refused_query(served: &ServiceResponse) -> bool {
    served.status == 400 && refused(served).is_some_and(|refused| refused.error == "invalidQuery")
}

/// Understands what an agent answered, and takes from it what was asked.
///
/// # Errors
/// `agentVersion` where the agent speaks another version of the report, or does not know the request; `notAnAgent`
/// where something else answered.
pub(super) fn understood(served: &ServiceResponse, ask: &Request) -> Result<Report, Failure> {
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
        return Ok(taken(report, &head, ask));
    }
    if let Some(refused) = refused(served)
        && matches!(refused.error.as_str(), "unknownPath" | "invalidQuery")
    {
        return Err(of(
            Class::AgentVersion,
            format!("the agent does not know what it was asked: {}", refused.message),
        ));
    }
    Err(no_agent(served))
}

fn no_agent(served: &ServiceResponse) -> Failure {
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
pub fn agent_version(served: &ServiceResponse) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Version {
        version: String,
    }
    serde_json::from_slice(&served.body)
        .map(|told: Version| told.version)
        .map_err(|_| no_agent(served))
}

/// What was asked, out of what the agent told.
fn taken(mut report: Report, head: &Head, ask: &Request) -> Report {
    let told = report.status;
    let mut not_seen = std::mem::take(&mut report.coverage.not_seen);
    let (mut api_server, mut kinds, mut others) = (None, Vec::new(), Vec::new());
    let mut controllers = None;
    let wanted = plurals(ask);
    for check in std::mem::take(&mut report.checks) {
        match check {
            CheckResult::ApiServer(check) => api_server = Some(check),
            CheckResult::Kind(check) if wanted.contains(&check.check) => kinds.push(check),
            // Of what is asked for by its kind, each object has to be judged by itself.
            CheckResult::Kind(check) if check.check == CONTROLLERS && !ask.every_object => {
                controllers = Some(check);
            }
            CheckResult::Kind(check) => others.push(check),
        }
    }
    not_seen.retain(|entry| !others.iter().any(|other| is_about(entry, &other.check)));
    let all_asked = others.is_empty()
        && (ask.api_server || api_server.is_none())
        && ask.kinds.iter().all(|wanted| wanted.names.is_empty());
    if ask.api_server {
        let check = api_server.unwrap_or_else(no_api_server);
        report.checks.push(CheckResult::ApiServer(check));
    }
    let gap = Gap::between(
        head.coverage.namespaces.is_some(),
        &report.coverage.namespaces,
        ask,
    );
    let mut parts = Vec::new();
    for wanted in &ask.kinds {
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
                if part.served == Some(false) && !ask.all_kinds && !ask.by_default {
                    not_seen.push(not_served(wanted));
                }
                if ask.judges_every(plural) && wanted.names.is_empty() {
                    not_seen.push(left_to_controllers(wanted.kind));
                }
                if not_seen.len() > before {
                    part.status = part.status.worst(Status::Unknown);
                }
                if wanted.names.is_empty() {
                    part
                } else {
                    named(part, wanted, ask, &mut not_seen)
                }
            }
            // Told twice, it cannot be known which of them holds.
            (Some(_), false) => {
                not_seen.push(not_counted(wanted.kind));
                KindCheck::of(plural, Vec::new(), false)
            }
            (None, _) => {
                if !not_seen.iter().any(|entry| is_about(entry, plural)) {
                    not_seen.push(not_watched(wanted.kind));
                }
                KindCheck::of(plural, Vec::new(), false)
            }
        };
        parts.push(part);
    }
    // A narrower question than the agent's answer: something may match, but nothing of what was asked for.
    if !ask.selector.is_empty()
        && not_seen.is_empty()
        && !parts.is_empty()
        && parts.iter().all(|kind| kind.summary.total == 0)
        && controllers.is_none()
    {
        not_seen.push(nothing_selected(
            &ask.checks(),
            &ask.selector_text,
            ask.namespace.as_deref(),
        ));
        for kind in &mut parts {
            kind.status = kind.status.worst(Status::Unknown);
        }
    }
    report.coverage.kinds = parts.iter().map(|k| k.check.clone()).collect();
    report.coverage.not_seen = not_seen;
    if ask.causes == Causes::None {
        report.coverage.causes_not_seen.clear();
    }
    report
        .checks
        .extend(parts.into_iter().chain(controllers).map(CheckResult::Kind));
    custom::unasked(&mut report, ask, |what| NotSeen {
        error: Some(format!("the agent does not watch {what}")),
        class: NOT_WATCHED.into(),
        hint: Some("leave out --agent: custom resources are judged by the plugin".into()),
        resource: Some(what.clone()),
        thing: what,
        ..NotSeen::default()
    });
    report.settle();
    if all_asked {
        // A newer agent may know of more than its parts say.
        report.status = report.status.worst(told);
    }
    report
}

/// The class of what the agent does not watch.
const NOT_WATCHED: &str = "notWatched";

/// What the agent's answer lacks of the namespaces that were asked for.
struct Gap {
    /// Where nothing was seen.
    scope: Scope,
    class: &'static str,
    error: String,
    hint: String,
}

impl Gap {
    /// `None` if the answer is about exactly the namespaces that were asked for. `said` tells whether the agent said
    /// which ones it is about.
    fn between(said: bool, covered: &Namespaces, ask: &Request) -> Option<Self> {
        let same_version = || Failure::new(Class::AgentVersion, "").hint().to_owned();
        let in_asked = Scope::new(ask.namespace.as_deref());
        if !said {
            return Some(Self {
                scope: in_asked,
                class: Class::AgentVersion.as_str(),
                error: "the agent does not say which namespaces its answer covers".into(),
                hint: same_version(),
            });
        }
        match (&ask.namespace, covered) {
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
            ..of_kind(kind, self.class)
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

/// The API server's part, where the agent has told none.
fn no_api_server() -> ApiServerCheck {
    ApiServerCheck {
        class: Some(Class::AgentVersion.as_str().into()),
        error: Some("the agent's answer has no part about the API server".into()),
        hint: Some(Failure::new(Class::AgentVersion, "").hint().to_owned()),
        ..ApiServerCheck::default()
    }
}

/// What an agent does not keep of a kind, though the kind is watched.
fn left_to_controllers(kind: Kind) -> NotSeen {
    NotSeen {
        thing: format!("{} that have a controller", kind.plural()),
        error: Some("the agent leaves them to their controllers and does not keep them".into()),
        hint: Some("leave out --agent to have each of them judged".into()),
        ..of_kind(kind, NOT_WATCHED)
    }
}

fn not_watched(kind: Kind) -> NotSeen {
    NotSeen {
        error: Some("it is not among the kinds that the agent watches".into()),
        hint: Some("add it to the chart's value kinds, or leave out --agent".into()),
        ..of_kind(kind, NOT_WATCHED)
    }
}

/// An entry about all objects of a kind.
fn of_kind(kind: Kind, class: &str) -> NotSeen {
    NotSeen {
        thing: kind.plural().to_owned(),
        resource: Some(kind.resource()),
        class: class.to_owned(),
        ..NotSeen::default()
    }
}

/// A kind that the API server does not serve, where it is asked for by its name.
fn not_served(wanted: &KindTarget) -> NotSeen {
    let failure = Failure::new(Class::NotFound, "the agent found no such kind");
    not_seen_kind(wanted.kind, None, &failure)
}

/// A part of which the agent does not tell, once and for all, how many objects there are.
fn not_counted(kind: Kind) -> NotSeen {
    let failure = Failure::new(Class::AgentVersion, "the agent's answer does not count them");
    NotSeen {
        hint: Some(failure.hint().to_owned()),
        error: Some(failure.message),
        ..of_kind(kind, failure.class.as_str())
    }
}

/// The objects of those names, judged as where they are asked for by name.
fn named(part: KindCheck, wanted: &KindTarget, ask: &Request, not_seen: &mut Vec<NotSeen>) -> KindCheck {
    let plural = wanted.kind.plural();
    let items: Vec<Item> = part.items;
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
        if wanted.kind.leaves_owned() {
            not_seen.push(NotSeen {
                thing: format!("{} {name}", wanted.kind.singular()),
                ..left_to_controllers(wanted.kind)
            });
            continue;
        }
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
