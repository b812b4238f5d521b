//! Owns which path is answered by which handler, and which query parameters it takes.
//! Must not know what the handlers answer.

use crate::http::handler::{alive, apiserver, index, kind, metrics, openapi, ready, report, version};
use crate::http::query;
use crate::http::response::{Answer, HttpResponse};
use crate::requests::UNKNOWN_PATH;
use crate::state::AgentState;
use http::header::{CONNECTION, HeaderValue};
use http::{Method, Request, StatusCode};
use percent_encoding::percent_decode_str;
use sre_shared::kind::Kind;
use sre_shared::live::KindObjects;
use sre_shared::nearest::nearest;
use std::sync::Arc;

/// Which paths a listener answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// All but the metrics, which another listener answers.
    Health,
    /// The metrics, and whether this process works.
    Metrics,
}

/// A path that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Index,
    Alive,
    Ready,
    Version,
    Report,
    ApiServer,
    Metrics,
    OpenApi,
    /// The objects of the kind with that number.
    Kind(usize),
}

impl Route {
    /// The query parameters that the path takes.
    fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Index | Self::Version | Self::ApiServer | Self::Metrics | Self::OpenApi => &[],
            Self::Alive | Self::Ready => &["verbose"],
            Self::Report => &[
                "kinds",
                "namespace",
                "selector",
                "state",
                "items",
                "fail",
                "ignore",
            ],
            Self::Kind(_) => &[
                "namespace",
                "selector",
                "state",
                "items",
                "fail",
                "ignore",
                "limit",
                "continue",
            ],
        }
    }

    /// The path; the first one if the route has two.
    fn path(self, state: &AgentState) -> String {
        match route_kind(state, self) {
            Some(objects) => self.template().replace("{kind}", objects.kind().plural()),
            None => self.template().to_owned(),
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::Index => "/",
            Self::Alive => "/healthz",
            Self::Ready => "/readyz",
            Self::Version => "/version",
            Self::Report => "/health",
            Self::ApiServer => "/health/apiserver",
            Self::Metrics => "/metrics",
            Self::OpenApi => "/openapi.json",
            Self::Kind(_) => "/health/{kind}",
        }
    }
}

/// Answers one request. Its body is never read.
pub async fn answer<B>(state: &Arc<AgentState>, scope: Scope, request: &Request<B>) -> HttpResponse {
    let found = find(state, scope, request.uri().path());
    let path = found
        .as_ref()
        .map_or(UNKNOWN_PATH.to_owned(), |route| route.path(state));
    let mut response = respond(state, found, request).await;
    if state.is_stopping() {
        // A client that keeps its connection open comes back on a new one, which leads to another pod.
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    state.requests.count(path, response.status());
    response
}

async fn respond<B>(
    state: &Arc<AgentState>,
    found: Result<Route, Answer>,
    request: &Request<B>,
) -> HttpResponse {
    let answer = match found {
        Err(refusal) => refusal,
        Ok(_) if !matches!(*request.method(), Method::GET | Method::HEAD) => {
            Answer::method_not_allowed(request.method())
        }
        Ok(route) => match query::read(request.uri().query(), route.parameters()) {
            Err(invalid) => Answer::error(StatusCode::BAD_REQUEST, "invalidQuery", &invalid.to_string()),
            Ok(query) => match (route, route_kind(state, route)) {
                (Route::Index, _) => index::answer(state),
                (Route::Alive, _) => alive::answer(&query),
                (Route::Ready, _) => ready::answer(state, &query),
                (Route::Version, _) => version::answer(),
                (Route::Report, _) => report::answer(state, &query).await,
                (Route::ApiServer, _) => apiserver::answer(state).await,
                (Route::OpenApi, _) => openapi::answer(),
                (Route::Metrics, _) => metrics::answer(state, request.headers()),
                (Route::Kind(_), Some(objects)) => kind::answer(state, objects, &query),
                (Route::Kind(_), None) => unknown_path(),
            },
        },
    };
    answer.into_response(request.headers())
}

fn route_kind(state: &AgentState, route: Route) -> Option<&dyn KindObjects> {
    match route {
        Route::Kind(number) => state.kinds.get(number).map(|objects| &**objects),
        _ => None,
    }
}

/// Finds the route. A slash at the end changes nothing, and each segment may be percent-encoded.
fn find(state: &AgentState, scope: Scope, path: &str) -> Result<Route, Answer> {
    let decoded: Result<Vec<_>, _> = path
        .strip_prefix('/')
        .unwrap_or(path)
        .split('/')
        .map(|s| percent_decode_str(s).decode_utf8())
        .collect();
    let Ok(mut segments) = decoded else {
        return Err(unknown_path());
    };
    if segments.last().is_some_and(|s| s.is_empty()) {
        segments.pop();
    }
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    match segments.as_slice() {
        ["metrics"] if scope == Scope::Health => Err(elsewhere()),
        ["metrics"] => Ok(Route::Metrics),
        ["healthz" | "livez"] => Ok(Route::Alive),
        _ if scope == Scope::Metrics => Err(only_metrics()),
        [] => Ok(Route::Index),
        ["readyz"] => Ok(Route::Ready),
        ["openapi.json"] => Ok(Route::OpenApi),
        ["version"] => Ok(Route::Version),
        ["health"] => Ok(Route::Report),
        ["health", "apiserver"] => Ok(Route::ApiServer),
        ["health", word] => match state
            .kinds
            .iter()
            .position(|objects| objects.kind().plural() == *word)
        {
            Some(number) => Ok(Route::Kind(number)),
            None => Err(unknown_kind(state, word)),
        },
        _ => Err(unknown_path()),
    }
}

fn unknown_path() -> Answer {
    Answer::error(
        StatusCode::NOT_FOUND,
        "unknownPath",
        "there is no such path; / lists those that there are",
    )
}

fn elsewhere() -> Answer {
    Answer::error(
        StatusCode::NOT_FOUND,
        "unknownPath",
        "the metrics are served at the address of --metrics-address",
    )
}

fn only_metrics() -> Answer {
    Answer::error(
        StatusCode::NOT_FOUND,
        "unknownPath",
        "there are only /metrics and /healthz at this address",
    )
}

fn unknown_kind(state: &AgentState, word: &str) -> Answer {
    let known =
        || std::iter::once("apiserver").chain(state.kinds.iter().map(|objects| objects.kind().plural()));
    // Another of the kind's names, such as its short name.
    let meant = Kind::from_word(word).map(Kind::plural);
    let hint = match meant
        .filter(|m| known().any(|k| k == *m))
        .or_else(|| nearest(word, known()))
    {
        Some(near) => format!("did you mean /health/{near}?"),
        None => format!("there are: {}", known().collect::<Vec<_>>().join(", ")),
    };
    Answer::error(
        StatusCode::NOT_FOUND,
        "unknownKind",
        &format!("nothing called {word:?} is watched; {hint}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    const ALL: [Route; 9] = [
        Route::Index,
        Route::Alive,
        Route::Ready,
        Route::Version,
        Route::Report,
        Route::ApiServer,
        Route::Metrics,
        Route::OpenApi,
        Route::Kind(0),
    ];

    #[test]
    fn the_openapi_description_has_every_path_with_every_parameter_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(openapi::TEXT).unwrap();
        let parameter = |parameter: &serde_json::Value| {
            let resolved = match parameter["$ref"].as_str() {
                Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
                None => parameter,
            };
            let name = resolved["name"].as_str().unwrap().to_owned();
            (resolved["in"] == "query").then_some(name)
        };
        let described: BTreeMap<String, BTreeSet<String>> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(path, item)| {
                let parameters = item["get"]["parameters"].as_array();
                (
                    path.clone(),
                    parameters.into_iter().flatten().filter_map(parameter).collect(),
                )
            })
            .collect();
        let names = |route: Route| route.parameters().iter().map(|&name| name.to_owned()).collect();
        let mut routed: BTreeMap<String, BTreeSet<String>> = ALL
            .map(|route| (route.template().to_owned(), names(route)))
            .into();
        routed.insert("/livez".to_owned(), names(Route::Alive));
        assert_eq!(described, routed);
    }
}
