//! `/health`: the whole report. The plugin asks for it.
//!
//! It is written part by part and never exists as a whole, since the judged objects of a large cluster take many
//! times the memory of the cached ones. A test compares it with the shape of `sre_shared::report::Report`.

use super::Items;
use crate::apiserver::probe::ProbeResult;
use crate::http::handler::apiserver::essence;
use crate::http::query::Query;
use crate::http::response::{Answer, Body};
use crate::not_seen::{self, kind_not_watched};
use crate::state::AgentState;
use http::StatusCode;
use serde::Serialize;
use sre_shared::kind::Kind;
use sre_shared::live::{AnswerTime, KindObjects, OpenItems, Overview, Selection, controllers};
use sre_shared::report::{
    API_VERSION, ApiServerCheck, Coverage, Finding, Item, KIND, KindCheck, NotSeen, Outcome, Source, Status,
    Summary, findings,
};
use sre_shared::resource::Time;
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
struct Section<'a> {
    check: &'static str,
    status: Status,
    summary: &'a Summary,
    items: Items<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served: Option<bool>,
}

/// The part of the report about one kind.
struct ReportPart<'a> {
    objects: &'a dyn KindObjects,
    overview: Overview,
    open: OpenItems,
}

impl<'a> ReportPart<'a> {
    fn new(objects: &'a Arc<dyn KindObjects>, selection: &Selection, time: &AnswerTime) -> Self {
        let (overview, open) = objects.judged(selection, time);
        Self {
            objects: &**objects,
            overview,
            open,
        }
    }

    fn overview(&self) -> (Kind, &Overview) {
        (self.objects.kind(), &self.overview)
    }
}

/// Whether the report has a part about the API server.
pub fn has_api_server(query: &Query) -> bool {
    query.parts.as_ref().is_none_or(|parts| parts.api_server)
}

/// The report; `checked` is the check of the API server, if the report is to have it.
pub fn answer(state: &AgentState, query: &Query, checked: Option<&ProbeResult>) -> Answer {
    let check = checked.map(|checked| &checked.check);
    let (time, selection) = (state.answer_time(), &query.selection);
    let asked = |kind: &Kind| {
        query
            .parts
            .as_ref()
            .is_none_or(|parts| parts.kinds.contains(kind))
    };
    let watched: Vec<&Arc<dyn KindObjects>> = state.kinds.iter().filter(|o| asked(&o.kind())).collect();
    let mut parts: Vec<_> = watched
        .iter()
        .map(|objects| ReportPart::new(objects, selection, &time))
        .collect();
    let is_watched = |kind: Kind| watched.iter().any(|objects| objects.kind() == kind);
    let not_watched: Vec<Kind> = query
        .parts
        .iter()
        .flat_map(|parts| parts.kinds.iter().copied())
        .filter(|kind| !is_watched(*kind))
        .collect();
    let asked_for: Vec<&dyn KindObjects> = watched.iter().map(|objects| &***objects).collect();
    let controllers = controllers::judge(&asked_for, &state.kinds, selection, &time);
    let alone: Vec<NotSeen> = controllers::partial_selections(&asked_for, &state.kinds, selection, &time)
        .into_iter()
        .map(not_seen::partial_selection)
        .collect();
    let nothing = not_seen::nothing_selected(parts.iter().map(ReportPart::overview), selection);
    if let Some(nothing) = nothing.filter(|_| controllers.is_none() && alone.is_empty()) {
        // It concerns all kinds, and is reported once.
        for part in &mut parts {
            part.overview.status = part.overview.status.worst(Status::Unknown);
        }
        if let Some(first) = parts.first_mut() {
            first.overview.add_gap(nothing);
        }
    }
    let kinds = || watched.iter().map(|objects| objects.kind());
    let gaps = parts
        .iter()
        .flat_map(|part| not_seen::describe_all(part.objects.kind(), &part.overview.gaps));
    let coverage = Coverage {
        kinds: kinds().map(|kind| kind.plural().to_owned()).collect(),
        namespaces: state.covered(selection, kinds()),
        selector: None,
        objects: Vec::new(),
        not_seen: gaps
            .chain(alone.iter().cloned())
            .chain(not_watched.iter().map(|kind| kind_not_watched(*kind)))
            .collect(),
        causes_not_seen: state.causes_not_seen(),
        grant: None,
        terminating_namespaces: state.terminating_namespaces(
            selection,
            &parts.iter().map(ReportPart::overview).collect::<Vec<_>>(),
        ),
        manifest: None,
    };
    let (mut status, mut verdict) = judge(check, parts.iter().map(|part| &part.overview));
    if let Some(part) = &controllers {
        part.add_to(&mut status, &mut verdict);
    }
    if !not_watched.is_empty() || !alone.is_empty() {
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
        stale: parts.iter().any(|part| part.overview.stale),
        coverage: &coverage,
        findings: selected_findings(
            &parts,
            controllers.as_ref().map(|part| &part.check),
            selection,
            &time,
        ),
    };
    let origin = origin(state, check, parts.iter().map(|part| &part.overview), time.now);
    let body = Body::default()
        .stable(&head)
        .volatile(&origin)
        .list("checks", |list| {
            if let Some(check) = check {
                list.volatile(check, &essence(check));
            }
            for part in &parts {
                let Overview {
                    status,
                    summary,
                    served,
                    ..
                } = &part.overview;
                let shown = selection.among(summary.total);
                let items = Items {
                    objects: part.objects,
                    selection: &shown,
                    time: &time,
                    open: &part.open,
                    limit: None,
                    next: None.into(),
                };
                list.stable(&Section {
                    check: part.objects.kind().plural(),
                    status: *status,
                    summary,
                    items,
                    served: *served,
                });
            }
            for kind in &not_watched {
                list.stable(&KindCheck::of(kind.plural(), Vec::new(), false));
            }
            if let Some(part) = controllers {
                let mut check = part.check;
                let shown = selection.among(check.summary.total);
                check.items.retain(|item| shown.takes(item));
                list.stable(&check);
            }
        });
    Answer::json(code, body)
}

/// The findings about the selected objects, cause first.
fn selected_findings(
    parts: &[ReportPart<'_>],
    controllers: Option<&KindCheck>,
    selection: &Selection,
    time: &AnswerTime,
) -> Vec<Finding> {
    let unhealthy = selection.unhealthy();
    let is_taken = |item: &&Item| item.is_found() && unhealthy.takes(item);
    let mut judged_again = Vec::new();
    for part in parts.iter().filter(|part| part.open.all().is_none()) {
        part.objects.visit(&unhealthy, time, &part.open, &mut |item| {
            if item.is_found() {
                judged_again.push(item.clone());
            }
            ControlFlow::Continue(())
        });
    }
    let controllers = controllers.into_iter().flat_map(|check| &check.items);
    let open = parts.iter().flat_map(|part| part.open.all().unwrap_or_default());
    findings(controllers.chain(open).filter(is_taken).chain(&judged_again))
}

/// Judges as `Report::settle` and `Outcome::of` do, but objects whose data is too old count as unknown and as nothing else.
fn judge<'a>(check: Option<&ApiServerCheck>, parts: impl Iterator<Item = &'a Overview>) -> (Status, Outcome) {
    let mut status = check.map_or(Status::Ok, |check| check.status);
    let mut verdict = Outcome {
        degraded: status == Status::Degraded,
        unknown: status == Status::Unknown,
        progressing: false,
    };
    for part in parts {
        status = status.worst(part.status);
        if !part.gaps.is_empty() {
            status = status.worst(Status::Unknown);
        }
        verdict.degraded |= part.verdict.degraded;
        verdict.unknown |= part.verdict.unknown;
        verdict.progressing |= part.verdict.progressing;
    }
    (status, verdict)
}

/// The source of an answer, and the age of its oldest part that was ever read.
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
