//! Owns the way of a request: it is recorded, hit by a fault if one fits, authenticated, authorised, and answered from the
//! store.
//! Must not know sockets.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode, request};

use super::access::{ANONYMOUS, Access, Users};
use super::body::Body;
use super::continue_token::ContinueToken;
use super::fault::{Fault, WatchFault};
use super::request::RecordedRequest;
use super::resource::Target;
use super::selector::Selector;
use super::state::{GoneForm, ServerState, SharedState};
use super::status::Status;
use super::store::{PageError, event};
use super::version;
use super::watch::Watcher;
use crate::object::List;

type Answer = Response<Body>;

const TOKEN_REVIEWS: &str = "/apis/authentication.k8s.io/v1/tokenreviews";
const ACCESS_REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

/// Answers a request. An error closes the connection.
pub(crate) async fn answer(
    shared: Arc<SharedState>,
    request: &request::Parts,
    body: &[u8],
    peer: SocketAddr,
) -> io::Result<Answer> {
    let request = RecordedRequest::new(request, body, peer);
    let fault = shared.change(|state| {
        state.requests.push(request.clone());
        state.faults.take(&request)
    });
    let right = || respond(&shared, &request, None);
    let wrong = |code: u16, retry_after: Option<u64>| {
        let user = user(&shared, &request).map_or_else(|| ANONYMOUS.to_owned(), |(user, _)| user);
        if code == 410 && !request.is_watch() {
            return status_answer(&Status::expired_continue(&renewed_token(&request)));
        }
        status_answer(&Status::from_code(
            code,
            &user,
            verb(&request),
            &request.path,
            retry_after,
        ))
    };
    let mut answer = match fault {
        None => right(),
        Some(Fault::Hang | Fault::HangTls) => std::future::pending().await,
        Some(Fault::Close) => return Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
        Some(Fault::SlowHeaders(delay)) => {
            tokio::time::sleep(delay).await;
            right()
        }
        Some(Fault::SlowBody { bytes, every }) => right().map(|body| body.slow(bytes, every)),
        Some(Fault::CutStream(bytes)) => right().map(|body| body.cut_after(bytes)),
        Some(Fault::Status(code)) => wrong(code, None),
        Some(Fault::RetryAfter(code, seconds)) => with_retry_after(wrong(code, Some(seconds)), seconds),
        Some(Fault::TooManyRequests(seconds)) => {
            let body = "Too many requests, please try again later.\n";
            with_retry_after(text(StatusCode::TOO_MANY_REQUESTS, body), seconds.into())
        }
        Some(Fault::Challenge(body)) => {
            let mut answer = typed(StatusCode::UNAUTHORIZED, "application/json", body);
            answer
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            answer
        }
        Some(Fault::Redirect(location)) => {
            let mut answer = typed(
                StatusCode::FOUND,
                "text/html; charset=utf-8",
                "<a href=\"/login\">Found</a>.\n",
            );
            let location = HeaderValue::from_str(&location).expect("a test redirects to a valid address");
            answer.headers_mut().insert(LOCATION, location);
            answer
        }
        Some(Fault::WrongBody {
            status,
            content_type,
            body,
        }) => {
            let status = StatusCode::from_u16(status).expect("a test names a valid status code");
            typed(status, &content_type, body)
        }
        Some(Fault::Watch(fault)) => respond(&shared, &request, Some(&fault)),
    };
    let (number, flow) = shared.change(|state| {
        state.answered += 1;
        (state.answered, state.flow_control.clone())
    });
    let headers = answer.headers_mut();
    if let Some([schema, level]) = flow {
        headers.insert("x-kubernetes-pf-flowschema-uid", header(&schema));
        headers.insert("x-kubernetes-pf-prioritylevel-uid", header(&level));
    }
    headers.insert(
        "audit-id",
        header(&crate::object::uid_of("Audit", "", &number.to_string())),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    Ok(answer)
}

fn header(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("a header value is visible text")
}

fn typed(status: StatusCode, content_type: &str, body: impl Into<bytes::Bytes>) -> Answer {
    let mut answer = Response::new(Body::whole(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, header(content_type));
    answer
}

fn json(status: StatusCode, mut body: String) -> Answer {
    body.push('\n');
    typed(status, "application/json", body)
}

fn text(status: StatusCode, body: impl Into<String>) -> Answer {
    let mut answer = typed(status, "text/plain; charset=utf-8", body.into());
    answer
        .headers_mut()
        .insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    answer
}

fn status_answer(status: &Status) -> Answer {
    json(status.code, status.to_json())
}

fn with_retry_after(mut answer: Answer, seconds: u64) -> Answer {
    answer
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

fn user(shared: &SharedState, request: &RecordedRequest) -> Option<(String, Access)> {
    // A header that is not text is a wrong token, not a missing one.
    let authorization = request
        .headers
        .get(http::header::AUTHORIZATION)
        .map(|value| value.to_str().unwrap_or_default());
    shared.lock().users.authenticate(authorization)
}

fn verb(request: &RecordedRequest) -> &'static str {
    if request.method == "PATCH" {
        return "patch";
    }
    match Target::parse(&request.path) {
        Some(target) if target.name.is_none() && request.is_watch() => "watch",
        Some(target) if target.name.is_none() => "list",
        _ => "get",
    }
}

/// The token with which a client could go on after its own has expired.
fn renewed_token(request: &RecordedRequest) -> String {
    let token = request
        .parameter("continue")
        .and_then(|token| ContinueToken::parse(&token));
    token.map_or_else(String::new, |token| token.inconsistent().to_text())
}

/// The right answer. A watch fault hits the watch once it is open.
fn respond(shared: &Arc<SharedState>, request: &RecordedRequest, watch_fault: Option<&WatchFault>) -> Answer {
    let Some((user, access)) = user(shared, request) else {
        return status_answer(&Status::unauthorized());
    };
    if request.method == "POST"
        && let Some(review) = review(&request.path, &user, &access)
    {
        return json(StatusCode::CREATED, review.to_string());
    }
    if request.method == "POST"
        && let Some(answer) = token_answer(&mut shared.lock().users, request, &user, &access)
    {
        return answer;
    }
    let target = Target::parse(&request.path);
    let verb = verb(request);
    match &target {
        Some(target) if !access.permits(verb, target) => {
            return status_answer(&Status::forbidden(&user, verb, target));
        }
        None if !access.permits_path(&request.path) => {
            return status_answer(&Status::forbidden_path(&user, &request.path));
        }
        _ => {}
    }
    if let Some(target) = target
        .as_ref()
        .filter(|target| verb == "patch" && target.name.is_some())
    {
        let answer = merge_patch(shared, request, target);
        shared.changed.signal();
        return answer;
    }
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return status_answer(&Status::method_not_allowed());
    }
    let mut state = shared.lock();
    let Some(target) = target else {
        return path_answer(&state, request);
    };
    if target.name.is_some() {
        return object(&state, request, &target);
    }
    let selector = match Selector::from_request(request, &target) {
        Ok(selector) => selector,
        Err(message) => return status_answer(&Status::bad_request(message)),
    };
    if verb == "list" {
        return list(&mut state, request, &target, &selector);
    }
    let answer = watch(&mut state, request, &target, &selector, watch_fault, shared);
    drop(state);
    shared.changed.signal();
    answer
}

/// The answer to a review, by which users ask about themselves.
fn review(path: &str, user: &str, access: &Access) -> Option<serde_json::Value> {
    let group = if user == ANONYMOUS {
        "system:unauthenticated"
    } else {
        "system:authenticated"
    };
    match path {
        "/apis/authentication.k8s.io/v1/selfsubjectreviews" => Some(serde_json::json!({
            "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1",
            "status": {"userInfo": {"username": user, "groups": [group]}}
        })),
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews" => Some(serde_json::json!({
            "kind": "SelfSubjectRulesReview", "apiVersion": "authorization.k8s.io/v1", "spec": {},
            "status": {"resourceRules": access.rules(), "nonResourceRules": [], "incomplete": false}
        })),
        _ => None,
    }
}

/// The answer to a question about a token or its user, or to a request for one. Asking needs the right to create it.
fn token_answer(users: &mut Users, request: &RecordedRequest, user: &str, access: &Access) -> Option<Answer> {
    let path = request.path.as_str();
    let (group, resource) = match path {
        TOKEN_REVIEWS => ("authentication.k8s.io", "tokenreviews"),
        ACCESS_REVIEWS => ("authorization.k8s.io", "subjectaccessreviews"),
        _ if path.ends_with("/token") => ("", "serviceaccounts/token"),
        _ => return None,
    };
    if !access.permits_create(resource) {
        return Some(status_answer(&Status::forbidden_create(
            user, group, resource, path,
        )));
    }
    let mut answer = request.json.clone();
    let spec = answer["spec"].clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let audiences: Vec<String> = spec["audiences"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text)
        .collect();
    answer["status"] = match path {
        TOKEN_REVIEWS => users.review(&text(&spec["token"]), &audiences),
        ACCESS_REVIEWS => {
            let path = text(&spec["nonResourceAttributes"]["path"]);
            serde_json::json!({"allowed": users.permits_path(&text(&spec["user"]), &path)})
        }
        _ => {
            let account = path.strip_prefix("/api/v1/namespaces/")?.strip_suffix("/token")?;
            let (namespace, name) = account.split_once("/serviceaccounts/")?;
            let user = format!("system:serviceaccount:{namespace}:{name}");
            serde_json::json!({"token": users.issue(&user, &audiences), "expirationTimestamp": null})
        }
    };
    Some(json(StatusCode::CREATED, answer.to_string()))
}

/// A Lease that was renewed just now.
#[allow(
    clippy::disallowed_methods,
    reason = "the server says what time it is in its Date header, too"
)]
fn renewed_lease(namespace: &str, name: &str) -> serde_json::Value {
    let now = jiff::Timestamp::now();
    serde_json::json!({
        "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"holderIdentity": "testkit_1", "leaseDurationSeconds": 15, "renewTime": format!("{now:.6}")}
    })
}

fn path_answer(state: &ServerState, request: &RecordedRequest) -> Answer {
    match request.path.as_str() {
        "/version" | "/version/" => json_of_version(&state.git_version),
        path @ ("/readyz" | "/livez" | "/healthz") => {
            let verbose = request.parameter("verbose").is_some();
            let excluded = request.parameters("exclude");
            match state.checks.answer(path, verbose, &excluded) {
                (true, body) => text(StatusCode::OK, body),
                (false, body) => text(StatusCode::INTERNAL_SERVER_ERROR, body + "\n"),
            }
        }
        path => match proxied_service(path) {
            Some(service) => status_answer(&Status::no_endpoints(service)),
            None => text(StatusCode::NOT_FOUND, "404 page not found\n"),
        },
    }
}

/// The Service that a path asks through the proxy, as the path names it. No Service has a pod here.
fn proxied_service(path: &str) -> Option<&str> {
    let (_, rest) = path
        .strip_prefix("/api/v1/namespaces/")?
        .split_once("/services/")?;
    let (service, _) = rest.split_once("/proxy")?;
    Some(service)
}

fn json_of_version(git_version: &str) -> Answer {
    typed(StatusCode::OK, "application/json", version::to_json(git_version))
}

/// An object without its content, as a client may ask for it.
fn metadata_alone(object: &str) -> serde_json::Value {
    let object: serde_json::Value = serde_json::from_str(object).unwrap_or_default();
    serde_json::json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"],
    })
}

fn object(state: &ServerState, request: &RecordedRequest, target: &Target) -> Answer {
    let name = target.name.as_deref().unwrap_or_default();
    let namespace = target.namespace.as_deref().unwrap_or_default();
    match state.store.get(target.resource, namespace, name) {
        Some(object) if request.asks_for_metadata() => {
            json(StatusCode::OK, metadata_alone(&object).to_string())
        }
        Some(object) => json(StatusCode::OK, object.to_string()),
        None if state.leaders
            && target.resource.plural == "leases"
            && namespace == "kube-system"
            && ["kube-controller-manager", "kube-scheduler"].contains(&name) =>
        {
            json(StatusCode::OK, renewed_lease(namespace, name).to_string())
        }
        None => status_answer(&Status::not_found(Some(target))),
    }
}

/// Merges the fields of `spec` into an object, and stores it unless it stays as it was.
fn merge_patch(shared: &Arc<SharedState>, request: &RecordedRequest, target: &Target) -> Answer {
    if request.header("content-type") != Some("application/merge-patch+json") {
        return status_answer(&Status::bad_request("only merge patches are understood"));
    }
    let name = target.name.as_deref().unwrap_or_default();
    let namespace = target.namespace.as_deref().unwrap_or_default();
    let mut state = shared.lock();
    let Some(stored) = state.store.get(target.resource, namespace, name) else {
        return status_answer(&Status::not_found(Some(target)));
    };
    let before: serde_json::Value = serde_json::from_str(&stored).unwrap_or_default();
    let mut after = before.clone();
    for (field, value) in request.json["spec"].as_object().into_iter().flatten() {
        after["spec"][field] = value.clone();
    }
    if after != before {
        let changes = state.store.apply(after);
        state.send(&changes);
    }
    let stored = state.store.get(target.resource, namespace, name);
    json(
        StatusCode::OK,
        stored.map(|text| text.to_string()).unwrap_or_default(),
    )
}

fn list(state: &mut ServerState, request: &RecordedRequest, target: &Target, selector: &Selector) -> Answer {
    let limit = match request
        .parameter("limit")
        .filter(|limit| !limit.is_empty())
        .map(|limit| limit.parse())
    {
        None | Some(Ok(0)) => None,
        Some(Ok(limit)) => Some(limit),
        Some(Err(_)) => return status_answer(&Status::bad_request("limit must be a number")),
    };
    let page = match request.parameter("continue").filter(|token| !token.is_empty()) {
        // An API server answers from its watch cache without pages.
        None if request.parameter("resourceVersion").as_deref() == Some("0") => {
            state.store.first_page(target.resource, selector, None)
        }
        None => state.store.first_page(target.resource, selector, limit),
        Some(token) => match state.store.next_page(target.resource, selector, &token, limit) {
            Ok(page) => page,
            Err(PageError::Invalid) => {
                return status_answer(&Status::bad_request("continue key is not valid"));
            }
            Err(PageError::Expired) => {
                return status_answer(&Status::expired_continue(&renewed_token(request)));
            }
        },
    };
    let mut list = List::new(
        &format!("{}List", target.resource.kind),
        &target.resource.api_version(),
    )
    .resource_version(&page.version.to_string())
    .order(state.order);
    for item in &page.items {
        list = list.raw_item(item.as_ref());
    }
    if let Some(next) = page.next.map(ContinueToken::to_text) {
        list = list.continue_token(&next);
        // With a selector an API server does not know how many objects remain.
        if !selector.is_narrow() {
            list = list.remaining(page.remaining as u64);
        }
    }
    json(StatusCode::OK, list.to_json())
}

fn watch(
    state: &mut ServerState,
    request: &RecordedRequest,
    target: &Target,
    selector: &Selector,
    fault: Option<&WatchFault>,
    shared: &Arc<SharedState>,
) -> Answer {
    let version = match request
        .parameter("resourceVersion")
        .filter(|version| !version.is_empty())
    {
        None => None,
        Some(text) => match text.parse::<u64>() {
            Ok(0) => None,
            Ok(version) => Some(version),
            Err(_) => {
                return status_answer(&Status::bad_request(format!(
                    "invalid resource version: {text:?}"
                )));
            }
        },
    };
    let expired = version
        .filter(|version| *version < state.store.compacted())
        .map(|version| Status::expired_version(version, state.store.compacted()));
    if let (Some(status), GoneForm::Answer) = (&expired, state.gone) {
        return status_answer(status);
    }
    let timeout = request
        .parameter("timeoutSeconds")
        .and_then(|seconds| seconds.parse().ok())
        .map(Duration::from_secs);
    let resource = target.resource;
    let bookmarks = request.flag("allowWatchBookmarks");
    let (mut watcher, stream) =
        Watcher::open(resource, selector.clone(), bookmarks, timeout, &shared.changed);
    if fault == Some(&WatchFault::Silent) {
        watcher.disturb(&WatchFault::Silent);
    }
    match (expired, version) {
        (Some(status), _) => {
            watcher.send(event("ERROR", &status.to_json()));
            watcher.disturb(&WatchFault::End);
        }
        (None, Some(version)) => {
            state
                .store
                .changes_after(version)
                .for_each(|change| watcher.send_change(change));
        }
        (None, None) => {
            for object in state.store.objects(resource, selector) {
                watcher.send(event("ADDED", &object));
            }
            if request.flag("sendInitialEvents") {
                watcher.send_bookmark(state.store.version(), true);
            }
        }
    }
    if let Some(fault) = fault.filter(|fault| **fault != WatchFault::Silent) {
        watcher.disturb(fault);
    }
    state.watchers.push(watcher);
    let mut answer = Response::new(Body::watch(stream));
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
