//! `/page/`: the report as HTML, for browsers.

use super::report::ReportParts;
use crate::apiserver::probe::ProbeResult;
use crate::http::query::{Query, RequestedParts};
use crate::http::response::Answer;
use crate::page::file::PageFile;
use crate::page::object_page::{ObjectPage, ObjectSetting, PageSubject};
use crate::page::overview_page::{OverviewPage, Setting};
use crate::page::refusal_page::RefusalPage;
use crate::state::AgentState;
use askama::Template;
use http::StatusCode;
use http::header::{self, HeaderName, HeaderValue};
use sre_shared::kind::Kind;
use sre_shared::live::KindObjects;
use sre_shared::run::follow::ShownObjects;

/// The path.
pub const PATH: &str = "/page/";
/// Nothing from elsewhere, nothing inline, in no frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";

/// The whole report, or that of a namespace.
pub fn overview(state: &AgentState, query: &Query, checked: Option<&ProbeResult>) -> Answer {
    let mut query = Query {
        selection: query.selection.clone(),
        ..Query::default()
    };
    query.selection.notable = true;
    let report = ReportParts::new(state, &query, checked).report(&mut ShownObjects::default());
    let history = state.history.lock();
    let setting = Setting {
        title: title(state),
        kinds: kinds(state),
        namespace: query.selection.namespace.as_deref(),
        spans: state.probe.record().spans(),
        history: &history,
        now: state.answer_time().now,
    };
    html(StatusCode::OK, &OverviewPage::new(&report, &setting))
}

/// One object.
pub fn object(state: &AgentState, objects: &dyn KindObjects, query: &Query) -> Answer {
    let kind = objects.kind();
    let Some(name) = query.selection.names.first() else {
        return refusal(StatusCode::NOT_FOUND, "an object has a name");
    };
    let namespace = query
        .selection
        .namespace
        .as_deref()
        .filter(|_| kind.is_namespaced());
    let query = Query {
        selection: query.selection.clone(),
        parts: Some(RequestedParts {
            api_server: false,
            kinds: vec![kind],
        }),
        ..Query::default()
    };
    let report = ReportParts::new(state, &query, None).report(&mut ShownObjects::default());
    let is_there = report.kinds().any(|check| !check.items.is_empty());
    if !is_there && report.coverage.not_seen.is_empty() {
        let place = namespace.map_or_else(String::new, |namespace| format!(" in namespace {namespace}"));
        let singular = kind.singular();
        let message = format!("there is no {singular} {name:?}{place}, or it is judged with its controller");
        return refusal(StatusCode::NOT_FOUND, &message);
    }
    let subject = PageSubject {
        kind,
        namespace,
        name,
    };
    let history = state.history.lock();
    let setting = ObjectSetting {
        title: title(state),
        kinds: kinds(state),
        history: &history,
        now: state.answer_time().now,
    };
    html(StatusCode::OK, &ObjectPage::new(&report, &subject, &setting))
}

/// A file that belongs to every page.
pub fn file(file: PageFile) -> Answer {
    with_headers(Answer::typed(file.content_type(), file.content()))
}

/// An error for people.
pub fn refusal(status: StatusCode, message: &str) -> Answer {
    html(status, &RefusalPage::new(status.as_str(), message))
}

/// The way to an address that differs in its end.
pub fn redirect(location: &str) -> Answer {
    let answer = Answer::text(StatusCode::PERMANENT_REDIRECT, location);
    match HeaderValue::from_str(location) {
        Ok(value) => with_headers(answer.with(header::LOCATION, value)),
        Err(_) => refusal(StatusCode::NOT_FOUND, "there is no such page"),
    }
}

fn title(state: &AgentState) -> Option<&str> {
    state.page.as_ref()?.title.as_deref()
}

fn kinds(state: &AgentState) -> Vec<Kind> {
    state.kinds.iter().map(|objects| objects.kind()).collect()
}

fn html(status: StatusCode, page: &impl Template) -> Answer {
    match page.render() {
        Ok(html) => with_headers(Answer::typed(HTML, html).with_status(status)),
        Err(_) => Answer::error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the page could not be written",
        ),
    }
}

fn with_headers(answer: Answer) -> Answer {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    headers.into_iter().fold(answer, |answer, (name, value)| {
        answer.with(name, HeaderValue::from_static(value))
    })
}
