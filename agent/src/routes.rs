//! Owns which path is answered by which handler, and which query parameters it takes.
//! Must not know what the handlers answer.

use crate::answer::{Answer, Wire};
use crate::app::App;
use crate::handler::{alive, apiserver, index, kind, ready, report, version};
use crate::query;
use http::{Method, Request, StatusCode};
use percent_encoding::percent_decode_str;
use sre_shared::nearest::nearest;
use sre_shared::run::Kind;
use std::sync::Arc;

/// A path that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Index,
    Alive,
    Ready,
    Version,
    Report,
    ApiServer,
    /// The objects of the kind with that number.
    Kind(usize),
}

impl Route {
    /// The query parameters that the path takes.
    fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Index | Self::Version | Self::ApiServer => &[],
            Self::Alive | Self::Ready => &["verbose"],
            Self::Report => &["namespace", "selector", "state", "fail"],
            Self::Kind(_) => &["namespace", "selector", "state", "fail", "limit", "continue"],
        }
    }
}

/// Answers one request. Its body is never read.
pub async fn answer<B>(app: &Arc<App>, request: &Request<B>) -> Wire {
    let answer = match find(app, request.uri().path()) {
        Err(refusal) => refusal,
        Ok(_) if !matches!(*request.method(), Method::GET | Method::HEAD) => {
            Answer::method_not_allowed(request.method())
        }
        Ok(route) => match query::read(request.uri().query(), route.parameters()) {
            Err(invalid) => Answer::error(StatusCode::BAD_REQUEST, "invalidQuery", &invalid.to_string()),
            Ok(query) => match (route, route_kind(app, route)) {
                (Route::Index, _) => index::answer(app),
                (Route::Alive, _) => alive::answer(&query),
                (Route::Ready, _) => ready::answer(app, &query),
                (Route::Version, _) => version::answer(),
                (Route::Report, _) => report::answer(app, &query).await,
                (Route::ApiServer, _) => apiserver::answer(app).await,
                (Route::Kind(_), Some(objects)) => kind::answer(app, objects, &query),
                (Route::Kind(_), None) => unknown_path(),
            },
        },
    };
    answer.into_response(request.headers())
}

fn route_kind(app: &App, route: Route) -> Option<&dyn crate::cache::Objects> {
    match route {
        Route::Kind(number) => app.kinds.get(number).map(|objects| &**objects),
        _ => None,
    }
}

/// Finds the route; a slash at the end means the same, and each segment may be percent-encoded.
fn find(app: &App, path: &str) -> Result<Route, Answer> {
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
        [] => Ok(Route::Index),
        ["healthz" | "livez"] => Ok(Route::Alive),
        ["readyz"] => Ok(Route::Ready),
        ["version"] => Ok(Route::Version),
        ["health"] => Ok(Route::Report),
        ["health", "apiserver"] => Ok(Route::ApiServer),
        ["health", word] => match app
            .kinds
            .iter()
            .position(|objects| objects.kind().plural() == *word)
        {
            Some(number) => Ok(Route::Kind(number)),
            None => Err(unknown_kind(app, word)),
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

fn unknown_kind(app: &App, word: &str) -> Answer {
    let known =
        || std::iter::once("apiserver").chain(app.kinds.iter().map(|objects| objects.kind().plural()));
    // A word of the cluster's, in another form.
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
