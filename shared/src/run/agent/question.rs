//! The path and query by which an agent is asked what a request asks.

use super::answer::is_refused_query;
use crate::cluster::ServiceResponse;
use crate::run::request::{AgentItems, Request};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Asks for the report that answers `request`. `get` fetches a path of the agent. If the agent is too old for the
/// parameter `kinds`, it refuses the request. Then it is asked for everything that it watches.
///
/// # Errors
/// Those of `get`.
pub async fn ask_agent<E>(
    request: &Request,
    get: impl AsyncFn(String) -> Result<ServiceResponse, E>,
) -> Result<ServiceResponse, E> {
    let served = get(path(request, true)).await?;
    if is_refused_query(&served) {
        return get(path(request, false)).await;
    }
    Ok(served)
}

/// Path and query of the report that answers `request`: of its kinds, or of everything that the agent watches.
fn path(request: &Request, with_kinds: bool) -> String {
    let named = request.kinds.iter().any(|wanted| !wanted.names.is_empty());
    let items = (request.items == AgentItems::Notable && !named).then_some(("items", "notable".to_owned()));
    let at = request.at.map(|at| ("at", at.to_string()));
    query(request, "/health", with_kinds, items.into_iter().chain(at))
}

/// Path and query of the changes of the report that answers `request`.
pub(super) fn changes_path(request: &Request) -> String {
    let objects = request.kinds.iter().flat_map(|target| {
        let plural = target.kind.plural();
        target.names.iter().map(move |name| format!("{plural}/{name}"))
    });
    let objects: Vec<String> = objects.collect();
    let objects = Some(("objects", objects.join(","))).filter(|(_, names)| !names.is_empty());
    query(request, "/health/changes", true, objects.into_iter())
}

fn query<'a>(
    request: &Request,
    path: &str,
    with_kinds: bool,
    further: impl Iterator<Item = (&'a str, String)>,
) -> String {
    let mut path = format!("{path}?");
    let mut add = |name: &str, value: &str| {
        path.push_str(name);
        path.push('=');
        path.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        path.push('&');
    };
    let kinds: Vec<&str> = request
        .api_server
        .then_some("apiserver")
        .into_iter()
        .chain(request.kinds.iter().map(|wanted| wanted.kind.plural()))
        .collect();
    if with_kinds && !kinds.is_empty() {
        add("kinds", &kinds.join(","));
    }
    if let Some(namespace) = &request.namespace {
        add("namespace", namespace);
    }
    if !request.selector_text.is_empty() {
        add("selector", &request.selector_text);
    }
    for (name, value) in further {
        add(name, &value);
    }
    if request.no_ignore {
        add("ignore", "false");
    }
    path.pop();
    path
}
