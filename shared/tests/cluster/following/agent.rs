//! Objects that are followed through an agent, whose streams are scripted. Time is paused.

use super::deployments;
use crate::client::now;
use bytes::Bytes;
use serde_json::{Value, json};
use sre_shared::cluster::{ServiceName, ServiceResponse};
use sre_shared::failure::{Class, Failure};
use sre_shared::report::{ApiServerCheck, NotSeen, Report, Source, State, Status};
use sre_shared::run::follow::Observed;
use sre_shared::run::{
    AgentConnection, AgentFollower, AgentPace, AgentRefusal, OpenedStream, Request, StreamBody,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// A step of a stream.
#[derive(Debug, Clone)]
enum Step {
    Bytes(String),
    Pause(u64),
    /// Nothing comes any more.
    Silence,
    /// The connection breaks.
    Break,
}

/// What becomes of a request for a stream.
#[derive(Debug, Clone)]
enum Opening {
    Stream(Vec<Step>),
    Answer(u16, String),
    Refused(Class),
}

/// A request for a stream: seconds since the beginning, and the id of the last event.
type OpenedAt = (u64, Option<String>);

/// The script, and what was asked.
struct ScriptState {
    openings: VecDeque<Opening>,
    answers: VecDeque<(u16, String)>,
    opened: Vec<OpenedAt>,
    paths: Vec<String>,
}

/// An agent that plays a script. Its last opening and its last answer are repeated.
#[derive(Clone)]
struct ScriptedAgent {
    begun: Instant,
    state: Arc<Mutex<ScriptState>>,
    own: Option<ApiServerCheck>,
}

struct ScriptedBody(VecDeque<Step>);

impl StreamBody for ScriptedBody {
    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            match self.0.front().cloned() {
                None => return Ok(None),
                Some(Step::Bytes(text)) => {
                    self.0.pop_front();
                    return Ok(Some(Bytes::from(text)));
                }
                Some(Step::Pause(seconds)) => {
                    sleep(Duration::from_secs(seconds)).await;
                    self.0.pop_front();
                }
                Some(Step::Silence) => std::future::pending().await,
                Some(Step::Break) => return Err(Failure::new(Class::ConnectionLost, "it broke")),
            }
        }
    }
}

impl ScriptedAgent {
    fn new(openings: impl IntoIterator<Item = Opening>) -> Self {
        let state = ScriptState {
            openings: openings.into_iter().collect(),
            answers: VecDeque::new(),
            opened: Vec::new(),
            paths: Vec::new(),
        };
        Self {
            begun: Instant::now(),
            state: Arc::new(Mutex::new(state)),
            own: None,
        }
    }

    fn answering(self, answers: impl IntoIterator<Item = (u16, String)>) -> Self {
        self.state.lock().expect("one thread").answers.extend(answers);
        self
    }

    fn opened(&self) -> Vec<OpenedAt> {
        self.state.lock().expect("one thread").opened.clone()
    }

    fn paths(&self) -> Vec<String> {
        self.state.lock().expect("one thread").paths.clone()
    }

    fn follow(&self, request: &Request) -> AgentFollower<Self> {
        AgentFollower::start(self.clone(), request, now, AgentPace::default())
    }
}

fn next_of<T: Clone>(script: &mut VecDeque<T>) -> Option<T> {
    match script.len() {
        0 | 1 => script.front().cloned(),
        _ => script.pop_front(),
    }
}

impl AgentConnection for ScriptedAgent {
    type Body = ScriptedBody;

    async fn get(&self, path: String) -> Result<ServiceResponse, AgentRefusal> {
        let mut state = self.state.lock().expect("one thread");
        state.paths.push(path);
        match next_of(&mut state.answers) {
            Some((status, body)) => Ok(ServiceResponse {
                status,
                body: body.into_bytes(),
            }),
            None => Err(Failure::new(Class::Refused, "scripted").into()),
        }
    }

    async fn open(
        &self,
        path: String,
        last_event_id: Option<String>,
    ) -> Result<OpenedStream<ScriptedBody>, AgentRefusal> {
        let mut state = self.state.lock().expect("one thread");
        state.paths.push(path);
        state.opened.push((self.begun.elapsed().as_secs(), last_event_id));
        match next_of(&mut state.openings).expect("an opening is scripted") {
            Opening::Stream(steps) => Ok(OpenedStream::Events(ScriptedBody(steps.into()))),
            Opening::Answer(status, body) => Ok(OpenedStream::Other(ServiceResponse {
                status,
                body: body.into_bytes(),
            })),
            Opening::Refused(class) => Err(Failure::new(class, "scripted").into()),
        }
    }

    async fn own_view(&self) -> Option<ApiServerCheck> {
        self.own.clone()
    }

    async fn namespace_not_seen(&self, namespace: String) -> Option<NotSeen> {
        Some(NotSeen {
            thing: format!("namespace {namespace}"),
            class: "notFound".to_owned(),
            ..NotSeen::default()
        })
    }

    fn source(&self) -> Source {
        Source {
            mode: "agent".to_owned(),
            agent: Some("sre-tools/sre-agent".to_owned()),
            ..Source::default()
        }
    }

    fn service(&self) -> Option<&ServiceName> {
        None
    }
}

fn item(name: &str, state: &str) -> Value {
    json!({
        "kind": "Deployment", "namespace": "shop", "name": name, "state": state, "healthy": state == "healthy",
        "desired": 1, "ready": i32::from(state == "healthy"), "reason": "Available", "message": state,
    })
}

/// A report of an agent that counts so many Deployments in each state.
fn report(healthy: u64, degraded: u64, items: &[Value]) -> Value {
    let status = if degraded == 0 { "ok" } else { "degraded" };
    json!({
        "apiVersion": "sre/v1", "kind": "HealthReport", "status": status, "observedAt": "2026-11-23T18:00:00Z",
        "source": {"mode": "agent"}, "coverage": {"kinds": ["deployments"], "namespaces": "all", "notSeen": []},
        "checks": [{
            "check": "deployments", "status": status, "items": items,
            "summary": {"total": healthy + degraded, "healthy": healthy, "degraded": degraded},
        }],
    })
}

fn change(report: Value, gone: &[&str]) -> Value {
    let gone = gone
        .iter()
        .map(|name| json!({"check": "deployments", "kind": "Deployment", "namespace": "shop", "name": name}));
    let mut change = report;
    change["gone"] = gone.collect();
    change
}

fn event(name: &str, id: u64, data: &Value) -> Step {
    Step::Bytes(format!("id: f-{id}\nevent: {name}\ndata: {data}\n\n"))
}

fn comment() -> Step {
    Step::Bytes(":\n\n".to_owned())
}

fn healthy() -> Step {
    event("report", 1, &report(1, 0, &[item("web", "healthy")]))
}

fn degraded() -> Step {
    event(
        "change",
        2,
        &change(report(0, 1, &[item("web", "degraded")]), &[]),
    )
}

/// What is observed next.
async fn next(follower: &mut AgentFollower<ScriptedAgent>) -> Observed {
    timeout(Duration::from_hours(1), follower.next())
        .await
        .expect("a follower reports something in the end")
}

async fn next_report(follower: &mut AgentFollower<ScriptedAgent>) -> Report {
    match next(follower).await {
        Observed::Report(report) => *report,
        Observed::Away(failure) => panic!("away: {failure}"),
    }
}

async fn next_away(follower: &mut AgentFollower<ScriptedAgent>) -> Failure {
    match next(follower).await {
        Observed::Report(report) => panic!("seen: {report:#?}"),
        Observed::Away(failure) => *failure,
    }
}

fn states(report: &Report) -> Vec<(&str, State)> {
    let items = report.kinds().flat_map(|check| &check.items);
    items.map(|item| (item.name.as_str(), item.state)).collect()
}

/// Lets a follower run for so long, and drops what it observes.
async fn run_for(follower: &mut AgentFollower<ScriptedAgent>, seconds: u64) {
    let observing = async {
        loop {
            follower.next().await;
        }
    };
    let _ = timeout(Duration::from_secs(seconds), observing).await;
}

#[tokio::test(start_paused = true)]
async fn events_are_reports_and_a_change_is_added_to_the_report_before_it() {
    let two = event(
        "report",
        1,
        &report(2, 0, &[item("api", "healthy"), item("web", "healthy")]),
    );
    let gone = event("change", 3, &change(report(0, 1, &[]), &["api"]));
    let agent = ScriptedAgent::new([Opening::Stream(vec![
        two,
        Step::Pause(1),
        event(
            "change",
            2,
            &change(report(1, 1, &[item("web", "degraded")]), &[]),
        ),
        Step::Pause(1),
        event("of-a-newer-agent", 0, &json!("x")),
        gone,
        Step::Silence,
    ])]);
    let mut follower = agent.follow(&deployments());
    let first = next_report(&mut follower).await;
    assert_eq!(
        (first.status, states(&first)),
        (Status::Ok, vec![("api", State::Healthy), ("web", State::Healthy)])
    );
    assert_eq!(first.source.agent.as_deref(), Some("sre-tools/sre-agent"));
    let second = next_report(&mut follower).await;
    assert_eq!(
        (second.status, states(&second)),
        (
            Status::Degraded,
            vec![("api", State::Healthy), ("web", State::Degraded)]
        )
    );
    assert_eq!(second.findings.len(), 0, "a workload without a cause");
    let third = next_report(&mut follower).await;
    assert_eq!(states(&third), [("web", State::Degraded)]);
    assert_eq!(agent.paths(), ["/health/changes?kinds=deployments"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_silent_for_45_s_is_opened_again_after_the_last_event() {
    // Bytes that are neither an event nor a comment are silence.
    let trickle = (0..20).flat_map(|_| [Step::Pause(10), Step::Bytes("x".to_owned())]);
    let alive = (0..40).flat_map(|_| [Step::Pause(15), comment()]);
    let agent = ScriptedAgent::new([
        Opening::Stream([healthy()].into_iter().chain(trickle).collect()),
        Opening::Stream(vec![comment(), Step::Silence]),
        Opening::Stream(
            [comment()]
                .into_iter()
                .chain(alive)
                .chain([Step::Silence])
                .collect(),
        ),
    ]);
    let mut follower = agent.follow(&deployments());
    next_report(&mut follower).await;
    run_for(&mut follower, 44).await;
    assert_eq!(agent.opened(), [(0, None)]);
    run_for(&mut follower, 600).await;
    let last = Some("f-1".to_owned());
    assert_eq!(agent.opened(), [(0, None), (45, last.clone()), (90, last)]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_breaks_off_is_never_taken() {
    let Step::Bytes(whole) = degraded() else {
        unreachable!()
    };
    let cut = whole.trim_end_matches('\n').to_owned() + "\n";
    for end in [vec![Step::Break], vec![]] {
        let steps = [vec![healthy(), Step::Bytes(cut.clone())], end].concat();
        let agent = ScriptedAgent::new([
            Opening::Stream(steps),
            Opening::Stream(vec![comment(), Step::Pause(5), degraded(), Step::Silence]),
        ]);
        let mut follower = agent.follow(&deployments());
        assert_eq!(
            states(&next_report(&mut follower).await),
            [("web", State::Healthy)]
        );
        // A stream that ends is no outage.
        assert_eq!(
            states(&next_report(&mut follower).await),
            [("web", State::Degraded)]
        );
        assert_eq!(agent.opened()[1].1.as_deref(), Some("f-1"));
        assert_eq!(agent.begun.elapsed().as_secs(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_cannot_be_asked_is_away_until_it_says_that_nothing_is_newer() {
    let agent = ScriptedAgent::new([
        Opening::Stream(vec![healthy(), Step::Pause(20), comment()]),
        Opening::Refused(Class::Refused),
        Opening::Refused(Class::Refused),
        Opening::Stream(vec![comment(), Step::Silence]),
    ]);
    let mut follower = agent.follow(&deployments());
    next_report(&mut follower).await;
    assert_eq!(next_away(&mut follower).await.class, Class::Refused);
    assert_eq!(follower.present_report().status, Status::Unknown);
    let back = next_report(&mut follower).await;
    assert_eq!(
        (back.status, states(&back)),
        (Status::Ok, vec![("web", State::Healthy)])
    );
    assert_eq!(agent.opened().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn each_failure_is_tried_again_with_longer_pauses() {
    let refused = Opening::Refused(Class::Refused);
    let page = Opening::Answer(502, "<html>".to_owned());
    let garbage = Opening::Stream(vec![event("report", 1, &json!("garbage"))]);
    let nothing = Opening::Stream(vec![]);
    let short = Opening::Stream(vec![healthy()]);
    let only_comments = Opening::Stream(vec![comment()]);
    let expired = json!({"error": "unauthenticated", "message": "the token has expired"}).to_string();
    let expired = Opening::Answer(401, expired);
    for opening in [refused, page, garbage, nothing, short, only_comments, expired] {
        let agent = ScriptedAgent::new([opening.clone()]);
        let mut follower = agent.follow(&deployments());
        run_for(&mut follower, 60).await;
        let opened = agent.opened().len();
        // 0.25, 0.5, 1, 2, 4 s, then every 5 s, each give or take a quarter.
        assert!((11..=22).contains(&opened), "{opening:?}: {opened}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_agent_is_left_alone_for_a_second() {
    let busy = json!({"error": "tooManyRequests", "message": "too many changes are followed"}).to_string();
    let agent = ScriptedAgent::new([
        Opening::Answer(429, busy),
        Opening::Stream(vec![healthy(), Step::Silence]),
    ]);
    let mut follower = agent.follow(&deployments());
    assert_eq!(next_away(&mut follower).await.class, Class::AgentNotReady);
    next_report(&mut follower).await;
    assert_eq!(agent.opened(), [(0, None), (1, None)]);
}

#[tokio::test(start_paused = true)]
async fn garbage_is_a_failure_and_the_next_stream_begins_with_a_whole_report() {
    let of_a_newer_version = json!({"apiVersion": "sre/v9", "kind": "HealthReport", "gone": []});
    let more_than_counted = change(report(0, 0, &[item("api", "healthy")]), &[]);
    for (garbage, class) in [
        (event("change", 2, &json!({"kind": "List"})), Class::NotAnAgent),
        (event("change", 2, &report(1, 0, &[])), Class::NotAnAgent),
        (event("change", 2, &more_than_counted), Class::NotAnAgent),
        (
            Step::Bytes("event: report\ndata: {\"kind\": \n\n".to_owned()),
            Class::NotAnAgent,
        ),
        (event("report", 2, &of_a_newer_version), Class::AgentVersion),
    ] {
        let agent = ScriptedAgent::new([
            Opening::Stream(vec![healthy(), Step::Pause(9), garbage.clone()]),
            Opening::Stream(vec![healthy(), Step::Silence]),
        ]);
        let mut follower = agent.follow(&deployments());
        next_report(&mut follower).await;
        let (seen, words) = match next(&mut follower).await {
            Observed::Away(failure) => (failure.class, failure.to_string()),
            // A decision is reported, and no outage.
            Observed::Report(report) => {
                let entry = &report.coverage.not_seen[0];
                let class = Class::from_word(&entry.class).expect("a class");
                (class, entry.error.clone().unwrap_or_default())
            }
        };
        assert_eq!(seen, class, "{garbage:?}: {words}");
        next_report(&mut follower).await;
        assert_eq!(agent.opened(), [(0, None), (9, None)], "{garbage:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_begins_with_a_change_is_no_agents() {
    let agent = ScriptedAgent::new([Opening::Stream(vec![degraded(), Step::Silence])]);
    let failure = next_away(&mut agent.follow(&deployments())).await;
    assert_eq!(failure.class, Class::NotAnAgent);
    assert!(failure.message.contains("begins with a change"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_says_ok_is_not_believed_if_its_items_or_counts_say_otherwise() {
    let by_items = report(1, 0, &[item("web", "degraded")]);
    let mut by_counts = report(0, 1, &[]);
    by_counts["status"] = json!("ok");
    by_counts["checks"][0]["status"] = json!("ok");
    let mut other_namespaces = report(1, 0, &[]);
    other_namespaces["coverage"]["namespaces"] = json!(["bank"]);
    for (data, status) in [
        (by_items, Status::Degraded),
        (by_counts, Status::Degraded),
        (other_namespaces, Status::Unknown),
    ] {
        let first = Opening::Stream(vec![event("report", 1, &data), Step::Silence]);
        let later = vec![
            healthy(),
            Step::Pause(1),
            event("change", 2, &change(data.clone(), &[])),
            Step::Silence,
        ];
        let seen = next_report(&mut ScriptedAgent::new([first]).follow(&deployments())).await;
        assert_eq!(seen.status, status, "{data}");
        let agent = ScriptedAgent::new([Opening::Stream(later)]);
        let mut follower = agent.follow(&deployments());
        assert_eq!(next_report(&mut follower).await.status, Status::Ok);
        assert_eq!(next_report(&mut follower).await.status, status, "{data}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_without_counts_is_unknown_or_no_agents() {
    let mut data = report(1, 0, &[]);
    data["checks"][0]
        .as_object_mut()
        .expect("a part")
        .remove("summary");
    let agent = ScriptedAgent::new([Opening::Stream(vec![event("report", 1, &data), Step::Silence])]);
    let seen = next_report(&mut agent.follow(&deployments())).await;
    assert_eq!(
        (seen.status, seen.coverage.not_seen[0].class.as_str()),
        (Status::Unknown, "agentVersion")
    );
    let steps = vec![
        healthy(),
        Step::Pause(1),
        event("change", 2, &change(data, &[])),
        Step::Silence,
    ];
    let agent = ScriptedAgent::new([Opening::Stream(steps)]);
    let mut follower = agent.follow(&deployments());
    next_report(&mut follower).await;
    let failure = next_away(&mut follower).await;
    assert_eq!(
        failure.message,
        "the agent's stream lists more deployments than it counts"
    );
}

#[tokio::test(start_paused = true)]
async fn an_agent_whose_own_view_is_old_says_so() {
    let mut stale = report(1, 0, &[]);
    stale["stale"] = json!(true);
    stale["ageSeconds"] = json!(120);
    let agent = ScriptedAgent::new([Opening::Stream(vec![
        healthy(),
        Step::Pause(1),
        event("change", 2, &change(stale, &[])),
        Step::Silence,
    ])]);
    let mut follower = agent.follow(&deployments());
    assert!(!next_report(&mut follower).await.stale);
    let report = next_report(&mut follower).await;
    assert_eq!((report.stale, report.age_seconds), (true, 120));
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_sends_no_events_is_asked_again_and_again_and_the_stream_is_tried_now_and_then() {
    let old = json!({"error": "unknownKind", "message": "nothing called \"changes\" is watched"}).to_string();
    let strange =
        json!({"error": "invalidQuery", "message": "there is no parameter \"objects\""}).to_string();
    let busy = json!({"error": "tooManyRequests", "message": "too many changes are followed"}).to_string();
    let many = json!({"error": "tooManyObjects", "message": "6000 objects fall short"});
    for (opening, why) in [
        (Opening::Answer(404, old), "it is older than this plugin"),
        (
            Opening::Answer(404, "no such page".to_owned()),
            "it is older than this plugin",
        ),
        (Opening::Answer(400, strange), "there is no parameter \"objects\""),
        (
            Opening::Stream(vec![event("error", 0, &many)]),
            "6000 objects fall short",
        ),
        // A gateway that takes only short URLs.
        (
            Opening::Answer(414, "<html>".to_owned()),
            "the question has too many names",
        ),
        // A gateway, or too many streams, while answers come through.
        (
            Opening::Answer(504, "<html>".to_owned()),
            "a server before the agent answers HTTP 504",
        ),
        (
            Opening::Answer(429, busy),
            "the agent has more requests than it can answer",
        ),
        (
            Opening::Stream(vec![]),
            "its stream ended, or was silent, before the first event",
        ),
    ] {
        let first = report(1, 0, &[item("web", "healthy")]).to_string();
        let second = report(0, 1, &[item("web", "degraded")]).to_string();
        let agent = ScriptedAgent::new([opening]).answering([(200, first), (200, second)]);
        let mut follower = agent.follow(&deployments());
        assert_eq!(
            states(&next_report(&mut follower).await),
            [("web", State::Healthy)]
        );
        assert_eq!(agent.begun.elapsed().as_secs(), 0);
        let warning =
            format!("agent sre-tools/sre-agent sends no events about this ({why}), so it is asked every 5 s");
        assert_eq!(follower.warnings(), [warning]);
        assert_eq!(
            states(&next_report(&mut follower).await),
            [("web", State::Degraded)]
        );
        assert_eq!(agent.begun.elapsed().as_secs(), 5);
        run_for(&mut follower, 120).await;
        let times: Vec<u64> = agent.opened().into_iter().map(|(at, _)| at).collect();
        assert_eq!(times, [0, 60, 120]);
        assert_eq!(follower.warnings(), [] as [&str; 0], "said once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_ends_each_stream_after_a_minute_is_no_outage_and_no_news() {
    let minute = vec![comment(), Step::Pause(30), comment(), Step::Pause(30)];
    let agent = ScriptedAgent::new([
        Opening::Stream([vec![healthy()], minute.clone()].concat()),
        Opening::Stream(minute),
    ]);
    let mut follower = agent.follow(&deployments());
    next_report(&mut follower).await;
    for _ in 0..20 {
        next_report(&mut follower).await;
        assert!(follower.repeats(), "only because time has passed");
    }
    assert_eq!(agent.begun.elapsed().as_secs(), 600);
    assert_eq!(agent.opened().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_only_says_that_it_is_alive_is_none() {
    let comments = (0..100).flat_map(|_| [comment(), Step::Pause(15)]);
    let agent = ScriptedAgent::new([Opening::Stream(comments.collect())]);
    let mut follower = agent.follow(&deployments());
    let failure = next_away(&mut follower).await;
    assert_eq!(
        failure.message,
        "its stream ended, or was silent, before the first event"
    );
    assert_eq!(agent.begun.elapsed().as_secs(), 45);
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_is_a_decision_and_no_outage() {
    let refusal = json!({"error": "forbidden", "message": "x"}).to_string();
    let agent = ScriptedAgent::new([Opening::Answer(401, refusal)]);
    let report = next_report(&mut agent.follow(&deployments())).await;
    let entry = &report.coverage.not_seen[0];
    assert_eq!(
        (entry.class.as_str(), report.status),
        ("forbidden", Status::Unknown)
    );
}

#[tokio::test(start_paused = true)]
async fn the_api_server_is_seen_from_here_too_and_the_first_report_waits_for_that() {
    let request = Request {
        api_server: true,
        ..deployments()
    };
    let mut data = report(1, 0, &[item("web", "healthy")]);
    let api_server = json!({"check": "apiserver", "status": "ok", "version": "v1"});
    data["checks"]
        .as_array_mut()
        .expect("parts")
        .insert(0, api_server);
    let agent = ScriptedAgent {
        own: Some(ApiServerCheck {
            status: Status::Degraded,
            ..ApiServerCheck::default()
        }),
        ..ScriptedAgent::new([Opening::Stream(vec![event("report", 1, &data), Step::Silence])])
    };
    let report = next_report(&mut agent.follow(&request)).await;
    let check = report.api_server().expect("a part");
    assert_eq!((report.status, check.vantage.is_some()), (Status::Degraded, true));
    assert_eq!(agent.paths(), ["/health/changes?kinds=apiserver%2Cdeployments"]);
}

#[tokio::test(start_paused = true)]
async fn named_objects_and_the_namespace_are_part_of_the_question() {
    let agent = ScriptedAgent::new([Opening::Stream(vec![
        event("report", 1, &{
            let mut report = report(0, 0, &[]);
            report["coverage"]["namespaces"] = json!(["shop"]);
            report
        }),
        Step::Silence,
    ])]);
    let report = next_report(&mut agent.follow(&super::named(&["web", "api"]))).await;
    let unseen: Vec<String> = report.coverage.not_seen.iter().map(NotSeen::what).collect();
    assert_eq!(unseen, ["deployment web", "deployment api"]);
    assert_eq!(
        agent.paths(),
        ["/health/changes?kinds=deployments&namespace=shop&objects=deployments%2Fweb%2Cdeployments%2Fapi"]
    );
    // A namespace with nothing in it is looked up.
    let request = Request {
        namespace: Some("shop".to_owned()),
        ..deployments()
    };
    let mut follower = agent.follow(&request);
    next_report(&mut follower).await;
    run_for(&mut follower, 1).await;
    let report = follower.present_report();
    assert_eq!(report.coverage.not_seen[0].thing, "namespace shop");
}
