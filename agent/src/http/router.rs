//! Owns which path is answered by which handler, and which query parameters it takes.
//! Must not know what the handlers answer.

use crate::apiserver::probe::ProbeResult;
use crate::http::access::{self, Access};
use crate::http::answers::{Answers, Question};
use crate::http::changes::hub::ChangeHub;
use crate::http::handler::{
    alive, apiserver, changes, history, index, kind, metrics, openapi, page, past, ready, report, version,
};
use crate::http::host::{self, IsLoopback};
use crate::http::query::{self, Query};
use crate::http::response::{Answer, HttpResponse, takes_gzip};
use crate::page::file::PageFile;
use crate::page::links::encoded;
use crate::requests::UNKNOWN_PATH;
use crate::state::AgentState;
use http::header::{CONNECTION, HeaderValue};
use http::{Request, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use sre_shared::kind::Kind;
use sre_shared::live::KindObjects;
use sre_shared::nearest::nearest;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::time::Instant;

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
    History,
    ApiServer,
    Metrics,
    OpenApi,
    /// The page for browsers.
    Page,
    /// The page of one object of the kind with that number.
    ObjectPage {
        kind: usize,
        namespaced: bool,
    },
    /// A file of every page.
    PageFile(PageFile),
    /// The objects of the kind with that number.
    Kind(usize),
    /// One object of the kind with that number.
    Object {
        kind: usize,
        namespaced: bool,
    },
}

/// The object that a path names.
#[derive(Debug, PartialEq, Eq)]
struct NamedObject {
    namespace: Option<String>,
    name: String,
}

/// A route, and the object that the path names.
type Found = (Route, Option<NamedObject>);

impl Route {
    /// The query parameters that the path takes.
    fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Index
            | Self::Version
            | Self::ApiServer
            | Self::Metrics
            | Self::OpenApi
            | Self::ObjectPage { .. }
            | Self::PageFile(_) => &[],
            Self::Page => &["namespace"],
            Self::Alive | Self::Ready => &["verbose"],
            Self::Report => &[
                "kinds",
                "namespace",
                "selector",
                "state",
                "items",
                "fail",
                "ignore",
                "at",
            ],
            Self::History => &["since", "until", "namespace", "kind", "name", "limit", "continue"],
            Self::Changes => &["kinds", "namespace", "selector", "objects", "state", "ignore"],
            Self::Object { .. } => &["items", "fail", "ignore"],
            Self::Kind(_) => &[
                "namespace",
                "name",
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

    /// The methods that the path takes. Webhooks such as Flagger's can only post. A stream has no end, which they would wait
    /// for.
    fn methods(self) -> &'static str {
        match self {
            Self::Report | Self::ApiServer | Self::Kind(_) | Self::Object { .. } => "GET, HEAD, POST",
            Self::Index
            | Self::Alive
            | Self::Ready
            | Self::Version
            | Self::Changes
            | Self::History
            | Self::Metrics
            | Self::OpenApi
            | Self::Page
            | Self::ObjectPage { .. }
            | Self::PageFile(_) => "GET, HEAD",
        }
    }

    /// Whether people see the answer in a browser.
    fn is_page(self) -> bool {
        matches!(self, Self::Page | Self::ObjectPage { .. } | Self::PageFile(_))
    }

    /// The path that a client needs the right to get. Objects have that of their kind, and all pages one.
    fn guarded_path(self, state: &AgentState) -> String {
        match self {
            Self::Object { kind, .. } => Self::Kind(kind).path(state),
            _ if self.is_page() => page::PATH.to_owned(),
            _ => self.path(state),
        }
    }

    /// The path; the first one if the route has two. Names of objects stay open.
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
            Self::History => history::PATH,
            Self::ApiServer => "/health/apiserver",
            Self::Metrics => "/metrics",
            Self::OpenApi => "/openapi.json",
            Self::Page => page::PATH,
            Self::ObjectPage { namespaced: true, .. } => "/page/object/{kind}/{namespace}/{name}",
            Self::ObjectPage {
                namespaced: false, ..
            } => "/page/object/{kind}/{name}",
            Self::PageFile(file) => file.template(),
            Self::Kind(_) => "/health/{kind}",
            Self::Object { namespaced: true, .. } => "/health/{kind}/{namespace}/{name}",
            Self::Object {
                namespaced: false, ..
            } => "/health/{kind}/{name}",
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
    let began = Instant::now();
    let found = find(state, scope, request.uri());
    let path = found
        .as_ref()
        .map_or(UNKNOWN_PATH.to_owned(), |(route, _)| route.path(state));
    let guarded = found
        .as_ref()
        .map_or(UNKNOWN_PATH.to_owned(), |(route, _)| route.guarded_path(state));
    let is_stream = matches!(found, Ok((Route::Changes, _)));
    // Probes are answered however many other requests there are.
    let admitted = match &found {
        Ok((Route::Alive | Route::Ready, _)) => Ok(None),
        _ => answers.admit().map(Some),
    };
    let headers = request.headers();
    let mut response = match admitted {
        Err(refusal) => refusal.into_response(headers),
        Ok(_admitted) => match foreign_host(state, &found, request) {
            Some(refusal) => refusal.into_response(headers),
            None => match access::refusal(state, access_of(&found), &guarded, headers).await {
                Some(refusal) => refusal,
                None => respond(state, answers, hub, found, request).await,
            },
        },
    };
    if state.is_stopping() {
        // A client that keeps its connection open comes back on a new one, which leads to another pod.
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if !is_stream {
        state.requests.time(began.elapsed());
    }
    state.requests.count(path, response.status());
    response
}

/// The refusal of a foreign name at the loopback address. Only browsers can be led there under one, and an agent without the page
/// is not for them.
fn foreign_host<B>(
    state: &AgentState,
    found: &Result<Found, Answer>,
    request: &Request<B>,
) -> Option<Answer> {
    let page = state.page.as_ref()?;
    let is_probe = matches!(found, Ok((Route::Alive | Route::Ready, _)));
    let IsLoopback(is_loopback) = request.extensions().get().copied().unwrap_or(IsLoopback(true));
    if is_probe || !is_loopback {
        return None;
    }
    host::refusal(request.uri(), request.headers(), &page.hosts)
}

/// What a request needs. A path that is not served shows nothing but the paths that are.
fn access_of(found: &Result<Found, Answer>) -> Access {
    match found {
        Ok((Route::Alive | Route::Ready, _)) => Access::Everybody,
        Ok(_) => Access::MayGet,
        Err(_) => Access::AnyUser,
    }
}

async fn respond<B>(
    state: &Arc<AgentState>,
    answers: &Arc<Answers>,
    hub: &Arc<ChangeHub>,
    found: Result<Found, Answer>,
    request: &Request<B>,
) -> HttpResponse {
    let headers = request.headers();
    let (route, query) = match found.and_then(|found| read(found, request)) {
        Ok(understood) => understood,
        Err(refusal) => return refusal.into_response(headers),
    };
    if route == Route::Changes {
        let stream = changes::answer(state, answers, hub, request, query);
        return stream.unwrap_or_else(|refusal| refusal.into_response(headers));
    }
    let checked = match route {
        Route::ApiServer => Some(state.probe.ask().await),
        Route::Report if query.at.is_none() && report::has_api_server(&query) => {
            Some(state.probe.ask().await)
        }
        Route::Page => Some(state.probe.ask().await),
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
fn read<B>((route, object): Found, request: &Request<B>) -> Result<(Route, Query), Answer> {
    let method = request.method();
    let methods = route.methods();
    if !methods.split(", ").any(|allowed| allowed == method.as_str()) {
        return Err(Answer::method_not_allowed(method, methods));
    }
    let mut query = query::read(request.uri().query(), route.parameters()).map_err(|invalid| {
        let message = invalid.to_string();
        if route.is_page() {
            return page::refusal(StatusCode::BAD_REQUEST, &message);
        }
        Answer::error(StatusCode::BAD_REQUEST, "invalidQuery", &message)
    })?;
    if let Some(NamedObject { namespace, name }) = object {
        query.selection.namespace = namespace;
        query.selection.names = BTreeSet::from([name]);
    }
    Ok((route, query))
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
        (Route::History, ..) => history::answer(state, query),
        (Route::Report, ..) => match query.at {
            Some(at) => past::answer(state, query, at.time(state.answer_time().now)),
            None => report::answer(state, query, checked),
        },
        (Route::ApiServer, _, Some(checked)) => apiserver::answer(state, checked),
        (Route::Page, ..) => page::overview(state, query, checked),
        (Route::ObjectPage { .. }, Some(objects), _) => page::object(state, objects, query),
        (Route::PageFile(file), ..) => page::file(file),
        (Route::Kind(_) | Route::Object { .. }, Some(objects), _) => kind::answer(state, objects, query),
        _ => unknown_path(),
    }
}

fn route_kind(state: &AgentState, route: Route) -> Option<&dyn KindObjects> {
    match route {
        Route::Kind(number) | Route::Object { kind: number, .. } | Route::ObjectPage { kind: number, .. } => {
            state.kinds.get(number).map(|objects| &**objects)
        }
        _ => None,
    }
}

/// Finds the route. A slash at the end changes nothing, and each segment may be percent-encoded.
fn find(state: &AgentState, scope: Scope, uri: &Uri) -> Result<Found, Answer> {
    let path = uri.path();
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
    let route = match segments.as_slice() {
        ["metrics"] if scope == Scope::Health => Err(elsewhere()),
        ["metrics"] => Ok(Route::Metrics),
        ["healthz" | "livez"] => Ok(Route::Alive),
        _ if scope == Scope::Metrics => Err(only_metrics()),
        [] => Ok(Route::Index),
        ["readyz"] => Ok(Route::Ready),
        ["openapi.json"] => Ok(Route::OpenApi),
        ["version"] => Ok(Route::Version),
        ["history"] => Ok(Route::History),
        ["page", rest @ ..] => return find_page(state, rest, uri),
        ["health"] => Ok(Route::Report),
        ["health", "apiserver"] => Ok(Route::ApiServer),
        ["health", "changes"] => Ok(Route::Changes),
        ["health", word] => Ok(Route::Kind(kind_number(state, word)?)),
        ["health", word, object @ ..] => return find_object(state, word, object),
        _ => Err(unknown_path()),
    };
    route.map(|route| (route, None))
}

fn kind_number(state: &AgentState, word: &str) -> Result<usize, Answer> {
    let mut kinds = state.kinds.iter();
    let number = kinds.position(|objects| objects.kind().plural() == word);
    number.ok_or_else(|| unknown_kind(state, word))
}

/// Finds the route of an object, whose namespace and name follow its kind.
fn find_object(state: &AgentState, word: &str, segments: &[&str]) -> Result<Found, Answer> {
    if matches!(word, "apiserver" | "changes") {
        return Err(unknown_path());
    }
    let number = kind_number(state, word)?;
    let namespaced = state
        .kinds
        .get(number)
        .is_some_and(|objects| objects.kind().is_namespaced());
    let object = match (segments, namespaced) {
        ([namespace, name], true) if !namespace.is_empty() && !name.is_empty() => NamedObject {
            namespace: Some((*namespace).to_owned()),
            name: (*name).to_owned(),
        },
        ([name], false) if !name.is_empty() => NamedObject {
            namespace: None,
            name: (*name).to_owned(),
        },
        _ => {
            let place = if namespaced { "NAMESPACE/NAME" } else { "NAME" };
            return Err(Answer::error(
                StatusCode::NOT_FOUND,
                "unknownPath",
                &format!("there is no such path; one object is /health/{word}/{place}"),
            ));
        }
    };
    let route = Route::Object {
        kind: number,
        namespaced,
    };
    Ok((route, Some(object)))
}

/// Finds a route below `/page`. Addresses on a page are relative, so a slash at its end matters.
fn find_page(state: &AgentState, segments: &[&str], uri: &Uri) -> Result<Found, Answer> {
    if state.page.is_none() {
        return Err(Answer::error(
            StatusCode::NOT_FOUND,
            "unknownPath",
            "the page is off; --page turns it on (the chart's value page.enabled)",
        ));
    }
    let has_slash = uri.path().ends_with('/');
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    match segments {
        [] if !has_slash => Err(page::redirect(&format!("page/{query}"))),
        [] => Ok((Route::Page, None)),
        [.., last] if has_slash => Err(page::redirect(&format!("../{}{query}", encoded(last)))),
        ["object", word, object @ ..] => {
            let found = find_object(state, word, object).map_err(|_| {
                let message = format!(
                    "there is no page of that object: {word} are not watched, or the address has other parts"
                );
                page::refusal(StatusCode::NOT_FOUND, &message)
            })?;
            Ok(match found {
                (Route::Object { kind, namespaced }, object) => {
                    (Route::ObjectPage { kind, namespaced }, object)
                }
                other => other,
            })
        }
        file => match PageFile::from_path(file) {
            Some(file) => Ok((Route::PageFile(file), None)),
            None => Err(page::refusal(StatusCode::NOT_FOUND, "there is no such page")),
        },
    }
}

fn unknown_path() -> Answer {
    Answer::error(
        StatusCode::NOT_FOUND,
        "unknownPath",
        "there is no such path; / lists all of them",
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
    use std::collections::BTreeMap;

    const ALL: [Route; 19] = [
        Route::Index,
        Route::Alive,
        Route::Ready,
        Route::Version,
        Route::Report,
        Route::Changes,
        Route::History,
        Route::ApiServer,
        Route::Metrics,
        Route::OpenApi,
        Route::Page,
        Route::ObjectPage {
            kind: 0,
            namespaced: true,
        },
        Route::ObjectPage {
            kind: 0,
            namespaced: false,
        },
        Route::PageFile(PageFile::Style),
        Route::PageFile(PageFile::Script),
        Route::PageFile(PageFile::Icon(sre_shared::digest::OverallHealth::Ok)),
        Route::Kind(0),
        Route::Object {
            kind: 0,
            namespaced: true,
        },
        Route::Object {
            kind: 0,
            namespaced: false,
        },
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
                if let Some(post) = item.get("post") {
                    let without_id = |operation: &serde_json::Value| {
                        let mut copy = operation.as_object().unwrap().clone();
                        copy.remove("operationId");
                        copy.remove("summary");
                        copy.remove("requestBody");
                        copy
                    };
                    assert_eq!(without_id(post), without_id(&item["get"]), "{path}");
                }
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
        for route in ALL {
            let has_post = document["paths"][route.template()].get("post").is_some();
            assert_eq!(has_post, route.methods().contains("POST"), "{route:?}");
        }
    }
}
