//! `/health`: the whole report. The plugin asks for it.
//!
//! It is written part by part and never exists as a whole, since the judged objects of a large cluster take many
//! times the memory of the cached ones. A test compares it with the shape of `sre_shared::report::Report`.

use super::Items;
use crate::apiserver::probe::ProbeResult;
use crate::history::past_notes::PastNotes;
use crate::http::handler::apiserver::essence;
use crate::http::query::Query;
use crate::http::response::{Answer, Body};
use crate::not_seen::{self, kind_not_watched};
use crate::state::AgentState;
use http::StatusCode;
use serde::Serialize;
use sre_shared::kind::Kind;
use sre_shared::live::controllers::{self, ControllersPart};
use sre_shared::live::{AnswerTime, KindObjects, ObjectKey, OpenItems, Overview, Selection};
use sre_shared::report::{
    API_VERSION, ApiServerCheck, CheckResult, Coverage, Finding, Item, KIND, KindCheck, NotSeen, Outcome,
    Report, Source, State, Status, Summary, findings,
};
use sre_shared::resource::Time;
use sre_shared::run::follow::ShownObjects;
use std::borrow::Cow;
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
    summary: Summary,
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
    selection: Cow<'a, Selection>,
    overview: Overview,
    open: OpenItems,
    past: PastNotes,
}

impl<'a> ReportPart<'a> {
    fn new(
        state: &AgentState,
        objects: &'a Arc<dyn KindObjects>,
        query: &'a Query,
        time: &AnswerTime,
    ) -> Self {
        let kind = objects.kind();
        let named = query.objects.iter().find(|(of, _)| *of == kind);
        let selection = match named {
            // A named object is shown in each of its states.
            Some((_, names)) => Cow::Owned(Selection {
                names: names.clone(),
                notable: false,
                ..query.selection.clone()
            }),
            None => Cow::Borrowed(&query.selection),
        };
        let (overview, open) = objects.judged(&selection, time);
        Self {
            objects: &**objects,
            selection,
            overview,
            open,
            past: state.past_notes(kind, time),
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
    ReportParts::new(state, query, checked).answer(query)
}

/// Everything that a report is made of, at one moment.
pub struct ReportParts<'a> {
    state: &'a AgentState,
    selection: &'a Selection,
    time: AnswerTime,
    check: Option<&'a ApiServerCheck>,
    parts: Vec<ReportPart<'a>>,
    not_watched: Vec<Kind>,
    controllers: Option<ControllersPart>,
    coverage: Coverage,
    status: Status,
    verdict: Outcome,
}

impl<'a> ReportParts<'a> {
    /// The parts that a query asks for.
    pub fn new(state: &'a AgentState, query: &'a Query, checked: Option<&'a ProbeResult>) -> Self {
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
            .map(|objects| ReportPart::new(state, objects, query, &time))
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
            field_selector: None,
            objects: Vec::new(),
            manifest: None,
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
        };
        let (mut status, mut verdict) = judge(check, parts.iter().map(|part| &part.overview));
        if let Some(part) = &controllers {
            part.add_to(&mut status, &mut verdict);
        }
        if !not_watched.is_empty() || !alone.is_empty() {
            status = status.worst(Status::Unknown);
            verdict.unknown = true;
        }
        Self {
            state,
            selection,
            time,
            check,
            parts,
            not_watched,
            controllers,
            coverage,
            status,
            verdict,
        }
    }

    /// How many objects are not as they should be.
    pub fn falling_short(&self) -> u64 {
        let counts = self.overviews().map(|overview| {
            let fine = State::ALL.into_iter().filter(|state| state.is_fine());
            let fine = fine.map(|state| overview.summary.in_state(state)).sum();
            overview.summary.total.saturating_sub(fine)
        });
        counts.sum()
    }

    /// How many objects of all parts together are in each state.
    fn summary(&self) -> Summary {
        let mut all = Summary::default();
        let controllers = self.controllers.as_ref().map(|part| &part.check.summary);
        let parts = self.overviews().map(|overview| &overview.summary);
        parts.chain(controllers).for_each(|summary| all.add(summary));
        all
    }

    fn overviews(&self) -> impl Iterator<Item = &Overview> {
        self.parts.iter().map(|part| &part.overview)
    }

    fn is_stale(&self) -> bool {
        self.overviews().any(|overview| overview.stale)
    }

    fn findings(&self) -> Vec<Finding> {
        let controllers = self.controllers.as_ref().map(|part| &part.check);
        selected_findings(&self.parts, controllers, self.selection, &self.time)
    }

    fn origin(&self) -> Origin {
        origin(self.state, self.check, self.overviews(), self.time.now)
    }

    /// The report as a value, for a scope of few objects or with the notable ones of many. Of each part it has the objects
    /// in `shown` too, which then has all those that fall short.
    pub fn report(&self, shown: &mut ShownObjects) -> Report {
        let Origin {
            observed_at,
            age_seconds,
            source,
        } = self.origin();
        let mut checks: Vec<CheckResult> = self
            .check
            .cloned()
            .map(CheckResult::ApiServer)
            .into_iter()
            .collect();
        for (number, part) in self.parts.iter().enumerate() {
            let overview = &part.overview;
            checks.push(CheckResult::Kind(KindCheck {
                check: part.objects.kind().plural().to_owned(),
                status: overview.status,
                summary: overview.summary,
                every_object: false,
                items: self.items(number, part, shown),
                served: overview.served,
            }));
        }
        shown.forget_old();
        let not_watched = self.not_watched.iter();
        checks.extend(
            not_watched.map(|kind| CheckResult::Kind(KindCheck::of(kind.plural(), Vec::new(), false))),
        );
        if let Some(part) = &self.controllers {
            let mut check = part.check.clone();
            let among = self.selection.among(check.summary.total);
            check.items.retain(|item| among.takes(item));
            checks.push(CheckResult::Kind(check));
        }
        Report {
            status: self.status,
            age_seconds,
            stale: self.is_stale(),
            coverage: self.coverage.clone(),
            findings: self.findings(),
            summary: self.summary(),
            checks,
            ..Report::new(source, observed_at)
        }
    }

    fn items(&self, number: usize, part: &ReportPart<'_>, shown: &mut ShownObjects) -> Vec<Item> {
        let (objects, time) = (part.objects, &self.time);
        let among = part.selection.among(part.overview.summary.total);
        let mut items: Vec<Item> = Vec::new();
        objects.visit(&among, time, &part.open, &mut |item| {
            items.push(part.past.noted(item).into_owned());
            ControlFlow::Continue(())
        });
        let mut beyond = part.past.beyond(objects, &among, time);
        if !beyond.is_empty() {
            items.append(&mut beyond);
            items.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        }
        if among.notable {
            let is_listed = |key: &ObjectKey| {
                let place = (&*key.namespace, &*key.name);
                let found = items.binary_search_by(|item| (&*item.namespace, &*item.name).cmp(&place));
                found.is_ok()
            };
            let recovered = shown.of_part(number).filter(|key| !is_listed(key));
            let recovered: Vec<Item> = recovered
                .filter_map(|key| objects.item(&key.namespace, &key.name, &among, time))
                .map(|item| part.past.noted(&item).into_owned())
                .collect();
            items.extend(recovered);
            items.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        }
        shown.note(number, &items);
        items
    }

    fn answer(mut self, query: &Query) -> Answer {
        let fails = query.fail.is_some_and(|fail| fail.exit_code(self.verdict) != 0);
        let code = if fails {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::OK
        };
        let origin = self.origin();
        let findings = if query.no_items {
            Vec::new()
        } else {
            self.findings()
        };
        let head = Head {
            api_version: API_VERSION,
            kind: KIND,
            status: self.status,
            stale: self.is_stale(),
            coverage: &self.coverage,
            findings,
            summary: self.summary(),
        };
        let (selection, controllers) = (self.selection, self.controllers.take());
        let body = Body::default()
            .stable(&head)
            .volatile(&origin)
            .list("checks", |list| {
                if let Some(check) = self.check {
                    list.volatile(check, &essence(check));
                }
                for part in &self.parts {
                    let Overview {
                        status,
                        summary,
                        served,
                        ..
                    } = &part.overview;
                    let shown = part.selection.among(summary.total);
                    let items = Items {
                        objects: part.objects,
                        selection: &shown,
                        time: &self.time,
                        open: &part.open,
                        past: &part.past,
                        hidden: query.no_items,
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
                for kind in &self.not_watched {
                    list.stable(&KindCheck::of(kind.plural(), Vec::new(), false));
                }
                if let Some(part) = controllers {
                    let mut check = part.check;
                    let shown = selection.among(check.summary.total);
                    check.items.retain(|item| !query.no_items && shown.takes(item));
                    list.stable(&check);
                }
            });
        Answer::json(code, body)
    }
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
        let unhealthy = part.selection.unhealthy();
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
