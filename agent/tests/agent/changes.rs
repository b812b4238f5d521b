//! Owns `/health/changes`: its events, what a client that comes back gets, and when a stream ends.

use crate::harness::{Answer, LIMIT, RunningAgent, listed_agent, settings, start};
use serde_json::{Value, json};
use sre_agent::{ReviewPace, Settings, Signal};
use sre_shared::decode::{EventStreamParser, ServerSentEvent};
use sre_shared::report::{GoneItem, Report, ReportChange};
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const READER: &str = "system:serviceaccount:sre-tools:sre-agent-reader";

fn degraded(name: &str) -> Deployment {
    Deployment::new("shop", name).replicas(3).counts(3, 3, 2, 2)
}

fn healthy(name: &str) -> Deployment {
    Deployment::new("shop", name)
}

/// A client that follows changes.
struct StreamClient {
    stream: TcpStream,
    head: Answer,
    /// Bytes of chunks that were not taken apart yet.
    raw: Vec<u8>,
    parser: EventStreamParser,
    is_over: bool,
    events: VecDeque<ServerSentEvent>,
}

impl StreamClient {
    async fn open(agent: &RunningAgent, query: &str) -> Self {
        Self::open_with(agent, query, "").await
    }

    /// `headers` are whole lines.
    async fn open_with(agent: &RunningAgent, query: &str, headers: &str) -> Self {
        let mut stream = agent.connect().await;
        let request = format!("GET /health/changes{query} HTTP/1.1\r\nhost: agent\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
                break end + 4;
            }
            assert_ne!(read(&mut stream, &mut bytes).await, 0, "closed before its head");
        };
        Self {
            raw: bytes.split_off(end),
            head: Answer::parse(&bytes),
            stream,
            parser: EventStreamParser::new(64 << 20),
            is_over: false,
            events: VecDeque::new(),
        }
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<ServerSentEvent> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if self.is_over {
                return None;
            }
            while let Some(data) = take_chunk(&mut self.raw) {
                self.is_over |= data.is_empty();
                let mut events = Vec::new();
                self.parser.push(&data, &mut events).unwrap();
                self.events.extend(events);
            }
            if self.events.is_empty() && !self.is_over {
                let bytes = read(&mut self.stream, &mut self.raw).await;
                let raw = String::from_utf8_lossy(&self.raw);
                assert_ne!(bytes, 0, "the stream breaks off: {}: {raw:?}", self.head.head);
            }
        }
    }

    async fn report(&mut self) -> (ServerSentEvent, Value) {
        let event = self.next().await.expect("a report");
        assert_eq!(event.name, "report");
        let value = serde_json::from_slice(&event.data).unwrap();
        (event, value)
    }

    /// The next change that fits, and its event.
    async fn change(&mut self, fits: impl Fn(&Value) -> bool) -> (ServerSentEvent, Value) {
        // Signs of life keep the connection busy, so that each read alone has an end.
        let fitting = async {
            loop {
                let event = self.next().await.expect("a change");
                assert_eq!(event.name, "change");
                let value: Value = serde_json::from_slice(&event.data).unwrap();
                if fits(&value) {
                    return (event, value);
                }
            }
        };
        timeout(LIMIT, fitting).await.expect("a change comes in time")
    }
}

async fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> usize {
    timeout(LIMIT, stream.read_buf(bytes))
        .await
        .expect("something comes in time")
        .unwrap()
}

/// The first chunk, if all of it is here.
fn take_chunk(raw: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = raw.windows(2).position(|w| w == b"\r\n")?;
    let length = usize::from_str_radix(std::str::from_utf8(&raw[..end]).unwrap(), 16).unwrap();
    let whole = end + 2 + length + 2;
    if raw.len() < whole {
        return None;
    }
    let rest = raw.split_off(whole);
    let chunk = std::mem::replace(raw, rest);
    Some(chunk[end + 2..end + 2 + length].to_vec())
}

/// The names and states of the items of an event.
fn items(event: &Value) -> Vec<(String, String)> {
    let checks = event["checks"].as_array().unwrap();
    let items = checks
        .iter()
        .flat_map(|check| check["items"].as_array().into_iter().flatten());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items
        .map(|item| (text(&item["name"]), text(&item["state"])))
        .collect()
}

fn item(name: &str, state: &str) -> (String, String) {
    (name.to_owned(), state.to_owned())
}

/// A report without what is of its moment.
fn essence(mut report: Value) -> Value {
    for field in ["observedAt", "ageSeconds"] {
        report.as_object_mut().unwrap().remove(field);
    }
    report
}

fn apply(to: &mut Report, event: &ServerSentEvent) {
    let value: Value = serde_json::from_slice(&event.data).unwrap();
    let gone: Vec<GoneItem> = serde_json::from_value(value["gone"].clone()).unwrap();
    let report = serde_json::from_value(value).unwrap();
    ReportChange { report, gone }.apply(to);
}

async fn streams(agent: &RunningAgent, count: usize) {
    let line = format!("sre_change_streams {count}\n");
    agent.until("/metrics", |a| a.text().contains(&line)).await;
}

#[tokio::test]
async fn the_first_event_is_the_report_and_a_change_has_only_what_changed() {
    let server = ApiServer::builder()
        .deployments([healthy("api"), degraded("web")])
        .start()
        .await;
    let agent = listed_agent(&server).await;
    server.wait_for_watches(1).await;
    let mut client = StreamClient::open(&agent, "?kinds=deployments").await;
    assert_eq!(
        (client.head.status, client.head.header("content-type")),
        (200, Some("text/event-stream"))
    );
    assert_eq!(client.head.header("transfer-encoding"), Some("chunked"));
    assert_eq!(client.head.header("x-accel-buffering"), Some("no"));
    let (first, report) = client.report().await;
    let whole = agent.get("/health?kinds=deployments").await.json();
    assert_eq!(essence(report), essence(whole));
    let mut mirror: Report = serde_json::from_slice(&first.data).unwrap();

    server.apply(degraded("api"));
    let (event, change) = client.change(|_| true).await;
    assert_eq!(items(&change), [item("api", "degraded")]);
    assert_eq!(change["gone"], json!([]));
    assert_eq!(change["checks"][0]["summary"]["degraded"], 2);
    apply(&mut mirror, &event);

    server.delete("shop", "web");
    server.apply(healthy("db"));
    let mut gone = Vec::new();
    while mirror.checks.len() != 1 || gone.is_empty() || change_lacks(&mirror, "db") {
        let (event, change) = client.change(|_| true).await;
        gone.extend(change["gone"].as_array().unwrap().clone());
        apply(&mut mirror, &event);
    }
    assert_eq!(
        gone,
        [json!({"check": "deployments", "kind": "Deployment", "namespace": "shop", "name": "web"})]
    );
    let whole: Report = serde_json::from_value(agent.get("/health?kinds=deployments").await.json()).unwrap();
    assert_eq!(mirror.checks, whole.checks);
    assert_eq!(mirror.findings, whole.findings);
}

fn change_lacks(report: &Report, name: &str) -> bool {
    let mut items = report.kinds().flat_map(|check| &check.items);
    !items.any(|item| item.name == name)
}

#[tokio::test]
async fn of_many_objects_those_worth_showing_are_listed_and_one_that_recovers_is_a_change() {
    let server = ApiServer::builder()
        .deployments(
            (0..101)
                .map(|n| healthy(&format!("d{n:03}")))
                .chain([degraded("web")]),
        )
        .start()
        .await;
    let agent = listed_agent(&server).await;
    server.wait_for_watches(1).await;
    let mut client = StreamClient::open(&agent, "?kinds=deployments").await;
    let (_, report) = client.report().await;
    assert_eq!(items(&report), [item("web", "degraded")]);
    assert_eq!(report["checks"][0]["summary"]["total"], 102);
    server.apply(healthy("web"));
    let (_, change) = client.change(|_| true).await;
    assert_eq!(
        (items(&change), &change["gone"]),
        (vec![item("web", "healthy")], &json!([]))
    );
    // Named objects are listed in each state, and counted alone.
    let mut named = StreamClient::open(&agent, "?kinds=deployments&objects=deploy/d000,deploy/nix").await;
    let (_, report) = named.report().await;
    assert_eq!(items(&report), [item("d000", "healthy")]);
    assert_eq!(report["checks"][0]["summary"]["total"], 1);
    server.apply(degraded("web"));
    server.apply(degraded("d000"));
    let (_, change) = named.change(|_| true).await;
    assert_eq!(items(&change), [item("d000", "degraded")]);
}

#[tokio::test]
async fn changes_that_come_together_are_one_event_for_all_clients() {
    let server = ApiServer::builder()
        .deployments((0..20).map(|n| healthy(&format!("d{n:02}"))))
        .start()
        .await;
    let mut settings = settings(server.kubeconfig());
    settings.pace.streams.coalesce = Duration::from_millis(500);
    let agent = start(settings).await;
    agent
        .until("/health/deployments", |a| a.json()["observedAt"].is_string())
        .await;
    server.wait_for_watches(1).await;
    let mut one = StreamClient::open(&agent, "?kinds=deployments").await;
    let mut two = StreamClient::open(&agent, "?kinds=deployments").await;
    let (first, report) = one.report().await;
    assert_eq!(items(&report).len(), 20);
    assert_eq!(two.report().await.0, first, "the same bytes");
    for number in 0..20 {
        server.apply(degraded(&format!("d{number:02}")));
    }
    let (event, change) = one.change(|_| true).await;
    assert_eq!(items(&change).len(), 20);
    assert_eq!(two.change(|_| true).await.0, event);
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_it_missed_or_a_whole_report() {
    let server = ApiServer::builder()
        .deployments([healthy("api"), healthy("web")])
        .start()
        .await;
    let agent = listed_agent(&server).await;
    server.wait_for_watches(1).await;
    let mut client = StreamClient::open(&agent, "?kinds=deployments").await;
    let (first, _) = client.report().await;
    drop(client);
    streams(&agent, 0).await;
    server.apply(degraded("web"));
    agent
        .until("/health/deployments", |a| a.json()["status"] == "degraded")
        .await;
    let back = |id: &str| format!("last-event-id: {id}\r\n");
    let mut client = StreamClient::open_with(&agent, "?kinds=deployments", &back(&first.id)).await;
    let (second, change) = client.change(|_| true).await;
    assert_eq!(items(&change), [item("web", "degraded")]);
    assert_ne!(second.id, first.id);
    // The id of another question, of another process or of nobody.
    for (query, id) in [
        ("?kinds=deployments&namespace=shop", first.id.as_str()),
        ("?kinds=deployments", "0000000000000000-1"),
        ("?kinds=deployments", "nix"),
        ("?kinds=deployments", &format!("{}9", second.id)),
    ] {
        let mut client = StreamClient::open_with(&agent, query, &back(id)).await;
        let (_, report) = client.report().await;
        assert_eq!(items(&report).len(), 2, "{id}");
    }
    let again = start(settings(server.kubeconfig())).await;
    let mut client = StreamClient::open_with(&again, "?kinds=deployments", &back(&second.id)).await;
    client.report().await;
}

#[tokio::test]
async fn a_quiet_stream_has_a_comment_now_and_then_and_a_change_at_times() {
    let server = ApiServer::builder().deployments([healthy("web")]).start().await;
    let mut settings = settings(server.kubeconfig());
    settings.pace.streams.comment = Duration::from_millis(20);
    settings.pace.streams.refresh = Duration::from_millis(200);
    settings.pace.streams.tick = Duration::from_millis(50);
    let agent = start(settings).await;
    agent
        .until("/health/deployments", |a| a.json()["observedAt"].is_string())
        .await;
    let mut client = StreamClient::open(&agent, "?kinds=deployments").await;
    client.report().await;
    let signs = client.parser.signs();
    let (_, change) = client.change(|_| true).await;
    assert_eq!((items(&change), &change["gone"]), (vec![], &json!([])));
    assert!(client.parser.signs() > signs + 1, "comments came before it");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_and_harms_nobody() {
    let names: Vec<String> = (0..100).map(|n| format!("{}{n:03}", "x".repeat(200))).collect();
    let server = ApiServer::builder()
        .deployments(names.iter().map(|name| degraded(name)))
        .start()
        .await;
    let mut settings = settings(server.kubeconfig());
    settings.pace.write_timeout = Duration::from_millis(300);
    settings.pace.streams.coalesce = Duration::from_millis(5);
    settings.pace.streams.pause = Duration::from_millis(5);
    let agent = start(settings).await;
    agent
        .until("/health/deployments", |a| a.json()["status"] == "degraded")
        .await;
    let silent = StreamClient::open(&agent, "?kinds=deployments").await;
    let mut reading = StreamClient::open(&agent, "?kinds=deployments").await;
    reading.report().await;
    streams(&agent, 2).await;
    for round in 0.. {
        if agent
            .get("/metrics")
            .await
            .text()
            .contains("sre_change_streams 1\n")
        {
            break;
        }
        assert!(round < 1000, "it is never dropped");
        for name in &names {
            // A number that comes again is no change, if the agent is rounds behind.
            server.apply(degraded(name).replicas(4 + round));
        }
        reading
            .change(|change| items(change).len() == names.len() || round > 0)
            .await;
    }
    drop(silent);
}

#[tokio::test]
async fn streams_have_a_share_of_the_connections_and_one_more_is_refused() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.max_connections = 8;
    let agent = start(settings).await;
    agent.until("/readyz", |a| a.status == 200).await;
    let mut first = StreamClient::open(&agent, "").await;
    let mut second = StreamClient::open(&agent, "").await;
    first.report().await;
    second.report().await;
    let refused = agent.get("/health/changes").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert_eq!(
        refused.json(),
        json!({
            "error": "tooManyRequests",
            "message": "this agent is busy: too many changes are followed; ask again in a second",
        })
    );
    // Idle clients take all other places, and no stream is given up for them.
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(agent.connect().await);
        assert_eq!(agent.get("/healthz").await.status, 200);
    }
    streams(&agent, 2).await;
    drop(first);
    streams(&agent, 1).await;
    StreamClient::open(&agent, "").await.report().await;
}

#[tokio::test]
async fn only_so_many_questions_are_followed_at_the_same_time() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.max_connections = 64;
    let agent = start(settings).await;
    agent.until("/readyz", |a| a.status == 200).await;
    let mut clients = Vec::new();
    for number in 0..8 {
        let query = format!("?namespace=n{number}");
        let mut client = StreamClient::open(&agent, &query).await;
        client.report().await;
        clients.push(client);
    }
    let refused = agent.get("/health/changes?namespace=n8").await;
    assert_eq!(refused.status, 429);
    assert!(
        refused.text().contains("too many different questions"),
        "{}",
        refused.text()
    );
    StreamClient::open(&agent, "?namespace=n0").await.report().await;
    // A question that nobody follows any more makes room.
    clients.pop();
    streams(&agent, 7).await;
    StreamClient::open(&agent, "?namespace=n8").await.report().await;
}

#[tokio::test]
async fn if_too_many_objects_fall_short_the_stream_says_so_and_ends() {
    let names = |count: usize| (0..count).map(|number| degraded(&format!("d{number:04}")));
    let server = ApiServer::builder().deployments(names(5000)).start().await;
    let agent = listed_agent(&server).await;
    server.wait_for_watches(1).await;
    let mut client = StreamClient::open(&agent, "?kinds=deployments").await;
    let (_, report) = client.report().await;
    assert_eq!(items(&report).len(), 5000);
    server.apply(degraded("one-more"));
    let refusal = json!({
        "error": "tooManyObjects",
        "message": "5001 objects fall short, and at most 5000 are followed: narrow with kinds, namespace or selector, \
                    or ask /health again and again",
    });
    let event = client.next().await.expect("an event");
    assert_eq!(event.name, "error");
    assert_eq!(serde_json::from_slice::<Value>(&event.data).unwrap(), refusal);
    assert_eq!(client.next().await, None);
    // A narrower question can be followed.
    StreamClient::open(&agent, "?kinds=deployments&objects=deployments/d0000")
        .await
        .report()
        .await;
}

#[tokio::test]
async fn streams_end_as_soon_as_the_process_is_asked_to_stop() {
    let server = ApiServer::builder().deployments([healthy("web")]).start().await;
    let mut settings = settings(server.kubeconfig());
    settings.shutdown_delay = Duration::from_hours(1);
    let agent = start(settings.clone()).await;
    agent.until("/readyz", |a| a.status == 200).await;
    let mut client = StreamClient::open(&agent, "").await;
    client.report().await;
    agent.stop.send(Signal::Terminate).await.unwrap();
    assert_eq!(client.next().await, None);
    assert!(!agent.is_over());
    // One that comes during the delay gets its answer, and then another pod.
    let mut late = StreamClient::open(&agent, "").await;
    late.report().await;
    assert_eq!(late.next().await, None);
    agent.stop.send(Signal::Terminate).await.unwrap();
    agent.wait_for_end().await;
    let agent = start(settings).await;
    agent.until("/readyz", |a| a.status == 200).await;
    let mut client = StreamClient::open(&agent, "").await;
    client.report().await;
    agent.stop.send(Signal::Interrupt).await.unwrap();
    assert_eq!(client.next().await, None);
    agent.wait_for_end().await;
}

fn authenticating(server: &ApiServer) -> Settings {
    let mut settings = settings(server.kubeconfig());
    settings.authenticate = true;
    settings.review = ReviewPace {
        fresh: Duration::from_millis(20),
        ..ReviewPace::default()
    };
    settings.pace.streams.review = Duration::from_millis(20);
    settings
}

#[tokio::test]
async fn a_stream_needs_a_token_and_ends_once_it_is_no_longer_good() {
    let server = ApiServer::builder().start().await;
    server.set_access(READER, Access::paths(["/health"]));
    let agent = start(authenticating(&server)).await;
    agent.until("/readyz", |a| a.status == 200).await;
    assert_eq!(agent.get("/health/changes").await.status, 401);
    let [token, other] = [(); 2].map(|()| server.issue(READER, "sre-agent"));
    let header = format!("x-sre-token: {token}\r\n");
    let mut revoked = StreamClient::open_with(&agent, "", &header).await;
    revoked.report().await;
    server.revoke(&token);
    assert_eq!(revoked.next().await, None);
    // The right to the path can be taken away too.
    let header = format!("x-sre-token: {other}\r\n");
    let mut forbidden = StreamClient::open_with(&agent, "", &header).await;
    forbidden.report().await;
    server.set_access(READER, Access::paths(["/metrics"]));
    assert_eq!(forbidden.next().await, None);
}

#[tokio::test]
async fn a_wrong_query_is_refused_and_a_head_request_opens_no_stream() {
    let server = ApiServer::builder().start().await;
    let agent = listed_agent(&server).await;
    for (query, words) in [
        ("?items=all", "there is no parameter \\\"items\\\""),
        ("?objects=a/b", "no KIND/NAME"),
        ("?kinds=nix", "kinds: \\\"nix\\\" is none of"),
    ] {
        let answer = agent.get(&format!("/health/changes{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.text().contains(words), "{}", answer.text());
    }
    let head = agent.ask("HEAD", "/health/changes", "").await;
    assert_eq!(
        (head.status, head.header("content-type"), head.body.len()),
        (200, Some("text/event-stream"), 0)
    );
    assert_eq!(agent.ask("POST", "/health/changes", "").await.status, 405);
}
