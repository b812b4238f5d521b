//! Owns which path is answered by which handler, and which query parameters it takes.
//! Must not know what the handlers answer.

use crate::apiserver::probe::ProbeResult;
use crate::http::access::{self, Access};
use crate::http::answers::{Answers, Question};
use crate::http::changes::hub::ChangeHub;
use crate::http::handler::{
    alive, apiserver, changes, index, kind, metrics, openapi, ready, report, version,
};
use crate::http::query::{self, Query};
use crate::http::response::{Answer, HttpResponse, takes_gzip};
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
    Changes,
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
            Self::Changes => &["kinds", "namespace", "selector", "objects", "state", "ignore"],
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
            Self::Changes => changes::PATH,
            Self::ApiServer => "/health/apiserver",
            Self::Metrics => "/metrics",
            Self::OpenApi => "/openapi.json",
            Self::Kind(_) => "/health/{kind}",
        }
    }
}

/// Answers one request. Its body is never read.
pub async fn answer<B>(
    state: &Arc<AgentState>,
    answers: &Arc<Answers>,
    hub: &Arc<ChangeHub>,
    scope: Scope,
    request: &Request<B>,
) -> HttpResponse {
    let found = find(state, scope, request.uri().path());
    let path = found
        .as_ref()
        .map_or(UNKNOWN_PATH.to_owned(), |route| route.path(state));
    // Probes are answered however many other requests there are.
    let admitted = match &found {
        Ok(Route::Alive | Route::Ready) => Ok(None),
        _ => answers.admit().map(Some),
    };
    let mut response = match admitted {
        Err(refusal) => refusal.into_response(request.headers()),
        Ok(_admitted) => match access::refusal(state, access_of(&found), &path, request.headers()).await {
            Some(refusal) => refusal,
            None => respond(state, answers, hub, found, request).await,
        },
    };
    if state.is_stopping() {
        // A client that keeps its connection open comes back on a new one, which leads to another pod.
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    state.requests.count(path, response.status());
    response
}

/// What a request needs. A path that is not served shows nothing but the paths that are.
fn access_of(found: &Result<Route, Answer>) -> Access {
    match found {
        Ok(Route::Alive | Route::Ready) => Access::Everybody,
        Ok(_) => Access::MayGet,
        Err(_) => Access::AnyUser,
    }
}

async fn respond<B>(
    state: &Arc<AgentState>,
    answers: &Arc<Answers>,
    hub: &Arc<ChangeHub>,
    found: Result<Route, Answer>,
    request: &Request<B>,
) -> HttpResponse {
    let headers = request.headers();
    let (route, query) = match found.and_then(|route| read(route, request)) {
        Ok(understood) => understood,
        Err(refusal) => return refusal.into_response(headers),
    };
    if route == Route::Changes {
        let stream = changes::answer(state, answers, hub, request, query);
        return stream.unwrap_or_else(|refusal| refusal.into_response(headers));
    }
    let checked = match route {
        Route::ApiServer => Some(state.probe.ask().await),
        Route::Report if report::has_api_server(&query) => Some(state.probe.ask().await),
        _ => None,
    };
    let question = Question {
        target: request.uri().path_and_query().cloned(),
        gzip: takes_gzip(headers),
        check: checked.as_ref().map(|checked| checked.began),
    };
    let answer = match (route, route_kind(state, route)) {
        (Route::Alive, _) => return alive::answer(&query).into_response(headers),
        (Route::Ready, _) => return ready::answer(state, &query).into_response(headers),
        // Two scrapes are two moments.
        (Route::Metrics, _) => {
            let made = answers
                .single(question.gzip, || metrics::answer(state, headers))
                .await;
            made.map(|answer| answer.response(headers))
        }
        (_, objects) => {
            let make = || make(state, route, objects, &query, checked.as_deref());
            let shared = answers.shared(question, make).await;
            shared.map(|answer| answer.response(headers))
        }
    };
    answer.unwrap_or_else(|refusal| refusal.into_response(headers))
}

/// Reads the method and the query.
fn read<B>(route: Route, request: &Request<B>) -> Result<(Route, Query), Answer> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Answer::method_not_allowed(request.method()));
    }
    query::read(request.uri().query(), route.parameters())
        .map(|query| (route, query))
        .map_err(|invalid| Answer::error(StatusCode::BAD_REQUEST, "invalidQuery", &invalid.to_string()))
}

/// Makes the answer of a route that several requests can share.
fn make(
    state: &AgentState,
    route: Route,
    objects: Option<&dyn KindObjects>,
    query: &Query,
    checked: Option<&ProbeResult>,
) -> Answer {
    match (route, objects, checked) {
        (Route::Index, ..) => index::answer(state),
        (Route::Version, ..) => version::answer(),
        (Route::OpenApi, ..) => openapi::answer(),
        (Route::Report, ..) => report::answer(state, query, checked),
        (Route::ApiServer, _, Some(checked)) => apiserver::answer(state, checked),
        (Route::Kind(_), Some(objects), _) => kind::answer(state, objects, query),
        _ => unknown_path(),
    }
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
        ["health", "changes"] => Ok(Route::Changes),
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

    const ALL: [Route; 10] = [
        Route::Index,
        Route::Alive,
        Route::Ready,
        Route::Version,
        Route::Report,
        Route::Changes,
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
