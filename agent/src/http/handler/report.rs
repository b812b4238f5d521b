//! `/health`: the whole report, which is what the plugin asks for.
//!
//! It is written part by part and never exists as a whole, since the judged objects of a large cluster take many
//! times the room of what is kept of them. A test holds it to the shape of `sre_shared::report::Report`.

use super::Items;
use crate::cache::{Moment, Objects, Overview, Selection, kind_not_watched, nothing_selected};
use crate::http::controllers;
use crate::http::handler::apiserver::essence;
use crate::http::query::Query;
use crate::http::response::{Answer, Body};
use crate::state::AgentState;
use http::StatusCode;
use serde::Serialize;
use sre_shared::report::{
    API_VERSION, ApiServerCheck, Coverage, Finding, Item, KIND, KindCheck, Outcome, Source, Status, Summary,
    findings,
};
use sre_shared::resource::Time;
use sre_shared::run::Kind;
use std::ops::ControlFlow;
use std::sync::Arc;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    api_version: &'static str,
    kind: &'static str,
    status: Status,
    stale: bool,
    coverage: &'a Coverage,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Origin {
    observed_at: String,
    age_seconds: u64,
    source: Source,
}

#[derive(Serialize)]
struct Part<'a> {
    check: &'static str,
    status: Status,
    summary: &'a Summary,
    items: Items<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served: Option<bool>,
}

pub async fn answer(state: &AgentState, query: &Query) -> Answer {
    let checked = match &query.parts {
        Some(parts) if !parts.api_server => None,
        _ => Some(state.probe.ask().await),
    };
    let check = checked.as_ref().map(|checked| &checked.check);
    let (moment, selection) = (state.moment(), &query.selection);
    let asked = |kind: &Kind| {
        query
            .parts
            .as_ref()
            .is_none_or(|parts| parts.kinds.contains(kind))
    };
    let watched: Vec<&Arc<dyn Objects>> = state.kinds.iter().filter(|o| asked(&o.kind())).collect();
    let mut parts: Vec<_> = watched
        .iter()
        .map(|objects| (*objects, objects.overview(selection, &moment)))
        .collect();
    let is_watched = |kind: Kind| watched.iter().any(|objects| objects.kind() == kind);
    let not_watched: Vec<Kind> = query
        .parts
        .iter()
        .flat_map(|parts| parts.kinds.iter().copied())
        .filter(|kind| !is_watched(*kind))
        .collect();
    let asked_for: Vec<&dyn Objects> = watched.iter().map(|objects| &***objects).collect();
    let told = controllers::of(&asked_for, &state.kinds, selection, &moment);
    let unselected = controllers::unselected(&asked_for, &state.kinds, selection, &moment);
    let overviews = parts.iter().map(|(objects, overview)| (objects.kind(), overview));
    let nothing = nothing_selected(overviews, selection);
    if let Some(nothing) = nothing.filter(|_| told.is_none() && unselected.is_empty()) {
        // It is of all of them, and said once.
        for (_, overview) in &mut parts {
            overview.status = overview.status.worst(Status::Unknown);
        }
        if let Some((_, first)) = parts.first_mut() {
            first.unseen(Some(nothing));
        }
    }
    let kinds = || watched.iter().map(|objects| objects.kind());
    let seen = parts.iter().flat_map(|(_, overview)| &overview.not_seen);
    let coverage = Coverage {
        kinds: kinds().map(|kind| kind.plural().to_owned()).collect(),
        namespaces: state.covered(selection, kinds()),
        not_seen: seen
            .chain(&unselected)
            .cloned()
            .chain(not_watched.iter().map(|kind| kind_not_watched(*kind)))
            .collect(),
        causes_not_seen: state.causes_not_seen(),
    };
    let (mut status, mut verdict) = judge(check, parts.iter().map(|(_, overview)| overview));
    if let Some(told) = &told {
        status = status.worst(told.check.status);
        verdict.degraded |= told.verdict.degraded;
        verdict.unknown |= told.verdict.unknown;
        verdict.progressing |= told.verdict.progressing;
    }
    if !not_watched.is_empty() || !unselected.is_empty() {
        status = status.worst(Status::Unknown);
        verdict.unknown = true;
    }
    let fails = query.fail.is_some_and(|fail| fail.exit_code(verdict) != 0);
    let code = if fails {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    };
    let head = Head {
        api_version: API_VERSION,
        kind: KIND,
        status,
        stale: parts.iter().any(|(_, overview)| overview.stale),
        coverage: &coverage,
        findings: found(
            &watched,
            told.as_ref().map(|told| &told.check),
            selection,
            &moment,
        ),
    };
    let origin = origin(
        state,
        check,
        parts.iter().map(|(_, overview)| overview),
        moment.now,
    );
    let body = Body::default()
        .stable(&head)
        .volatile(&origin)
        .list("checks", |list| {
            if let Some(check) = check {
                list.volatile(check, &essence(check));
            }
            for (objects, overview) in &parts {
                let Overview {
                    status,
                    summary,
                    served,
                    ..
                } = overview;
                let items = Items {
                    objects: &***objects,
                    selection,
                    moment: &moment,
                    limit: None,
                    next: None.into(),
                };
                list.stable(&Part {
                    check: objects.kind().plural(),
                    status: *status,
                    summary,
                    items,
                    served: *served,
                });
            }
            for kind in &not_watched {
                list.stable(&KindCheck::of(kind.plural(), Vec::new(), false));
            }
            if let Some(told) = told {
                let mut check = told.check;
                check.items.retain(|item| selection.takes(item));
                list.stable(&check);
            }
        });
    Answer::json(code, body)
}

/// What is wrong, cause first: of the selected objects that a person should know of.
fn found(
    watched: &[&Arc<dyn Objects>],
    controllers: Option<&KindCheck>,
    selection: &Selection,
    moment: &Moment,
) -> Vec<Finding> {
    let unhealthy = selection.unhealthy();
    let told = controllers.into_iter().flat_map(|check| &check.items);
    let told = told.filter(|item| item.is_found() && unhealthy.takes(item));
    let mut items: Vec<Item> = told.cloned().collect();
    for objects in watched {
        objects.visit(&unhealthy, moment, &mut |item| {
            if item.is_found() {
                items.push(item);
            }
            ControlFlow::Continue(())
        });
    }
    findings(&items)
}

/// As `Report::settle` and `Outcome::of` judge a report; but what is too old counts as unknown and as nothing else.
fn judge<'a>(check: Option<&ApiServerCheck>, parts: impl Iterator<Item = &'a Overview>) -> (Status, Outcome) {
    let mut status = check.map_or(Status::Ok, |check| check.status);
    let mut verdict = Outcome {
        degraded: status == Status::Degraded,
        unknown: status == Status::Unknown,
        progressing: false,
    };
    for part in parts {
        status = status.worst(part.status);
        if !part.not_seen.is_empty() {
            status = status.worst(Status::Unknown);
        }
        verdict.degraded |= part.verdict.degraded;
        verdict.unknown |= part.verdict.unknown;
        verdict.progressing |= part.verdict.progressing;
    }
    (status, verdict)
}

/// Where it comes from, and how old the oldest part of it is that was ever read.
fn origin<'a>(
    state: &AgentState,
    check: Option<&ApiServerCheck>,
    parts: impl Iterator<Item = &'a Overview>,
    now: Time,
) -> Origin {
    let client = state.client.current();
    let oldest = parts
        .filter_map(|part| part.observed.map(|at| (at, part.age_seconds)))
        .min();
    let (observed, age_seconds) = oldest.unwrap_or((now, 0));
    Origin {
        observed_at: observed.to_string(),
        age_seconds,
        source: Source {
            mode: "agent".to_owned(),
            context: client.context().map(str::to_owned),
            server: Some(client.server().to_owned()),
            version: check.and_then(|check| check.version.clone()),
            pod: state.pod.clone(),
            agent_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            ..Source::default()
        },
    }
}
