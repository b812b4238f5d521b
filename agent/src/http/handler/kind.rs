//! `/health/KIND`, such as `/health/deployments`: every object of the kind with its verdict, from the cache. `/health/KIND/NAME`
//! and `/health/KIND/NAMESPACE/NAME` are the same with one object.

use super::{Items, Provenance, pod};
use crate::http::item_template::ItemTemplate;
use crate::http::query::Query;
use crate::http::response::{Answer, Body};
use crate::not_seen;
use crate::state::AgentState;
use http::StatusCode;
use serde::Serialize;
use sre_shared::kind::Kind;
use sre_shared::live::{KindObjects, Overview, Selection, controllers};
use sre_shared::report::{Coverage, Item, NotSeen, Status, Summary};

/// The fields before the objects.
#[derive(Serialize)]
struct ListingHead<'a> {
    status: Status,
    summary: &'a Summary,
}

/// The fields after the objects.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListingTail<'a> {
    /// The controllers without a verdict of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    controllers: Option<&'a [Item]>,
    #[serde(rename = "continue", skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "<[NotSeen]>::is_empty")]
    not_seen: &'a [NotSeen],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes_not_seen: Vec<NotSeen>,
    coverage: &'a Coverage,
    stale: bool,
}

pub fn answer(state: &AgentState, objects: &dyn KindObjects, query: &Query) -> Answer {
    let time = state.answer_time();
    let selection = &query.selection;
    let (mut overview, open) = objects.judged(selection, &time);
    let nothing = not_seen::nothing_selected(std::iter::once((objects.kind(), &overview)), selection);
    let controllers = controllers::judge(&[objects], &state.kinds, selection, &time);
    let alone = controllers::partial_selections(&[objects], &state.kinds, selection, &time);
    let nothing = nothing.filter(|_| controllers.is_none() && alone.is_empty());
    let alone = alone.into_iter().map(not_seen::partial_selection);
    nothing
        .into_iter()
        .chain(alone)
        .for_each(|entry| overview.add_gap(entry));
    if controllers.is_none()
        && let Some(missing) = missing_object(objects.kind(), selection, &overview)
    {
        return missing;
    }
    if let Some(part) = &controllers {
        part.add_to(&mut overview.status, &mut overview.verdict);
        // They are no objects of the kind, but make its status another one than ok.
        let summary = &mut overview.summary;
        summary.unhealthy = summary.unhealthy.saturating_add(part.check.summary.unhealthy);
    }
    let nothing_read = overview.status == Status::Unknown && overview.observed.is_none();
    let fails = nothing_read
        || query
            .fail
            .is_some_and(|fail| fail.exit_code(overview.verdict) != 0);
    let code = if fails {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    };
    let observed = Provenance {
        observed_at: overview.observed.map(|time| time.to_string()),
        age_seconds: overview.observed.map(|_| overview.age_seconds),
        pod: pod(state),
    };
    let coverage = Coverage {
        kinds: vec![objects.kind().plural().to_owned()],
        namespaces: state.covered(selection, [objects.kind()]),
        not_seen: not_seen::describe_all(objects.kind(), &overview.gaps),
        terminating_namespaces: state.terminating_namespaces(selection, &[(objects.kind(), &overview)]),
        ..Coverage::default()
    };
    let shown = selection.among(overview.summary.total);
    let items = Items {
        objects,
        selection: &shown,
        time: &time,
        open: &open,
        past: &state.past_notes(objects.kind(), &time),
        hidden: query.no_items,
        limit: query.limit,
        next: None.into(),
    };
    let body = Body::default()
        .stable(&ListingHead {
            status: overview.status,
            summary: &overview.summary,
        })
        .list(objects.kind().plural(), |list| {
            let mut template = ItemTemplate::default();
            items.each(&mut |item| list.written(|out| template.write(item, out)));
        })
        .stable(&ListingTail {
            controllers: controllers
                .as_ref()
                .filter(|_| !query.no_items)
                .map(|part| &*part.check.items),
            next: items.next.take(),
            not_seen: &coverage.not_seen,
            causes_not_seen: state.causes_not_seen(),
            coverage: &coverage,
            stale: overview.stale,
        })
        .volatile(&observed);
    Answer::json(code, body)
}

/// The answer if an object was named and none has the name. Without it if not all objects could be seen: the named one may be
/// among the others.
fn missing_object(kind: Kind, selection: &Selection, overview: &Overview) -> Option<Answer> {
    let name = selection.names.first()?;
    if overview.summary.total > 0 || !overview.gaps.is_empty() {
        return None;
    }
    let place = match &selection.namespace {
        Some(namespace) if kind.is_namespaced() => format!(" in namespace {namespace}"),
        _ => String::new(),
    };
    let singular = kind.singular();
    let message = if kind.leaves_owned() {
        format!(
            "no {singular} {name:?}{place} is judged by itself: it is not there, or it is judged with its controller; ask \
             for the controller"
        )
    } else {
        let all = kind.plural();
        format!("there is no {singular} {name:?}{place}; /health/{all} lists all of them")
    };
    Some(Answer::error(StatusCode::NOT_FOUND, "unknownObject", &message))
}
