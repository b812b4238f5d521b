//! Owns `--authenticate`: which token is good for which path, what is remembered, and what holds while the API server is
//! away.

use crate::harness::{Answer, RunningAgent, settings, start};
use serde_json::{Value, json};
use sre_agent::{ReviewPace, Settings};
use sre_testkit::{Access, ApiServer, Fault, Match};
use std::time::Duration;

const TOKEN_REVIEWS: &str = "/apis/authentication.k8s.io/v1/tokenreviews";
const ACCESS_REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
const READER: &str = "system:serviceaccount:sre-tools:sre-agent-reader";

fn authenticating(server: &ApiServer) -> Settings {
    Settings {
        authenticate: true,
        ..settings(server.kubeconfig())
    }
}

/// A server with a reader, an agent that authenticates, and the reader's token.
async fn reader_and_agent(change: impl FnOnce(&mut Settings)) -> (ApiServer, RunningAgent, String) {
    let server = ApiServer::builder().start().await;
    server.set_access(READER, Access::paths(["/health", "/metrics"]));
    let token = server.issue(READER, "sre-agent");
    let mut settings = authenticating(&server);
    change(&mut settings);
    let agent = start(settings).await;
    agent.until("/readyz", |answer| answer.status == 200).await;
    (server, agent, token)
}

async fn with_token(agent: &RunningAgent, path: &str, token: &str) -> Answer {
    agent.ask("GET", path, &format!("x-sre-token: {token}\r\n")).await
}

fn reviews(server: &ApiServer, path: &str) -> Vec<Value> {
    let all = server.requests_for(&Match::path(path));
    all.into_iter().map(|request| request.json).collect()
}

/// Status, code of the error, and the challenge.
fn refusal(answer: &Answer) -> (u16, String, Option<&str>) {
    let body = answer.json();
    assert_eq!(body["kind"], Value::Null, "no body is of kind Status");
    let error = body["error"].as_str().unwrap().to_owned();
    (answer.status, error, answer.header("www-authenticate"))
}

#[tokio::test]
async fn without_a_token_only_the_probes_are_answered() {
    let (_server, agent, _) = reader_and_agent(|_| {}).await;
    for path in ["/healthz", "/livez", "/readyz", "/healthz?verbose"] {
        assert_eq!(agent.get(path).await.status, 200, "{path}");
    }
    for path in [
        "/",
        "/version",
        "/openapi.json",
        "/metrics",
        "/health",
        "/health/apiserver",
        "/health/deployments",
        "/health/deployments?namespace=x",
        "/nix",
        "/health/nix",
        "/%68ealth",
        "/health/",
        "//health",
    ] {
        let answer = agent.get(path).await;
        assert_eq!(
            answer.json(),
            json!({
                "error": "unauthenticated",
                "message": "a token is needed, which kubectl sre of this release sends; others send it as \
                            \"Authorization: Bearer TOKEN\", or through the API server's service proxy as \
                            \"X-Sre-Token: TOKEN\""
            }),
            "{path}"
        );
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (401, Some("Bearer")),
            "{path}"
        );
    }
    assert_eq!(agent.ask("POST", "/health", "").await.status, 401);
}

#[tokio::test]
async fn a_token_for_the_agent_is_reviewed_with_its_user_and_the_path() {
    let (server, agent, token) = reader_and_agent(|_| {}).await;
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(
        agent.ask("GET", "/health?kinds=apiserver", &bearer).await.status,
        200
    );
    assert_eq!(
        agent.ask("HEAD", "/health/deployments", &bearer).await.status,
        200
    );
    assert_eq!(
        with_token(&agent, "/%68ealth/deployments/", &token).await.status,
        200
    );
    assert_eq!(
        reviews(&server, TOKEN_REVIEWS),
        [json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
            "spec": {"token": token, "audiences": ["sre-agent"]}
        })]
    );
    let access = |path: &str| {
        json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {
                "user": READER, "uid": format!("uid-of-{READER}"), "groups": ["system:authenticated"],
                "extra": {"example.com/of": [READER]},
                "nonResourceAttributes": {"path": path, "verb": "get"}
            }
        })
    };
    assert_eq!(
        reviews(&server, ACCESS_REVIEWS),
        [access("/health"), access("/health/deployments")]
    );
    // A path that is not served is the same for every good token, and no review is made for it.
    assert_eq!(with_token(&agent, "/nix", &token).await.status, 404);
    assert_eq!(reviews(&server, ACCESS_REVIEWS).len(), 2);
}

#[tokio::test]
async fn a_token_for_the_api_server_is_refused() {
    let (server, agent, _) = reader_and_agent(|_| {}).await;
    let invalid = (
        401,
        "unauthenticated".to_owned(),
        Some("Bearer error=\"invalid_token\""),
    );
    for token in ["testkit-token", "unknown", &server.issue(READER, "other")] {
        assert_eq!(
            refusal(&with_token(&agent, "/health", token).await),
            invalid,
            "{token}"
        );
    }
    // An authenticator that knows no audiences names none, though it accepts the token.
    let unaware = json!({
        "kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1",
        "status": {"authenticated": true, "user": {"username": "jane", "groups": null}}
    });
    let fault = |body: &Value| Fault::WrongBody {
        status: 201,
        content_type: "application/json".into(),
        body: body.to_string().into_bytes(),
    };
    server.fail_times(1, Match::path(TOKEN_REVIEWS), fault(&unaware));
    assert_eq!(refusal(&with_token(&agent, "/health", "x").await), invalid);
    let mut other = unaware.clone();
    other["status"]["audiences"] = json!(["https://kubernetes.default.svc"]);
    server.fail_times(1, Match::path(TOKEN_REVIEWS), fault(&other));
    assert_eq!(refusal(&with_token(&agent, "/health", "y").await), invalid);
    assert_eq!(reviews(&server, ACCESS_REVIEWS), [] as [Value; 0]);
}

#[tokio::test]
async fn a_user_without_the_right_learns_which_rule_is_missing() {
    let (server, agent, _) = reader_and_agent(|_| {}).await;
    let token = server.issue("system:serviceaccount:shop:web", "sre-agent");
    let answer = with_token(&agent, "/health/deployments", &token).await;
    assert_eq!(
        refusal(&answer),
        (
            401,
            "forbidden".to_owned(),
            Some("Bearer error=\"insufficient_scope\"")
        )
    );
    assert_eq!(
        answer.json()["message"],
        "system:serviceaccount:shop:web may not get /health/deployments: the rule nonResourceURL /health/deployments get is \
         missing; a cluster admin grants it: kubectl create clusterrole sre-agent-reader --verb=get \
         --non-resource-url=/health/deployments && kubectl create clusterrolebinding sre-shop:web \
         --clusterrole=sre-agent-reader --serviceaccount=shop:web (or the chart's reader)"
    );
    // The refusal is of that path only.
    server.set_access("system:serviceaccount:shop:web", Access::paths(["/health"]));
    assert_eq!(with_token(&agent, "/health", &token).await.status, 200);
}

#[tokio::test]
async fn requests_with_one_token_share_one_review() {
    let (server, agent, token) = reader_and_agent(|_| {}).await;
    let slow = Fault::SlowHeaders(Duration::from_millis(200));
    server.fail(Match::path(TOKEN_REVIEWS), slow);
    let asked = (0..10).map(|_| with_token(&agent, "/openapi.json", &token));
    let answers = futures_util::future::join_all(asked).await;
    let refused: Vec<_> = answers.iter().map(|answer| refusal(answer).1).collect();
    assert_eq!(refused, ["forbidden"; 10]);
    assert_eq!(reviews(&server, TOKEN_REVIEWS).len(), 1);
    assert_eq!(
        reviews(&server, ACCESS_REVIEWS).len(),
        1,
        "a refusal is remembered too"
    );
    with_token(&agent, "/health", "garbage").await;
    with_token(&agent, "/health", "garbage").await;
    assert_eq!(reviews(&server, TOKEN_REVIEWS).len(), 2);
}

#[tokio::test]
async fn a_token_that_is_revoked_is_refused_once_it_is_reviewed_again() {
    let (server, agent, token) = reader_and_agent(|settings| {
        settings.review.fresh = Duration::from_millis(50);
    })
    .await;
    assert_eq!(with_token(&agent, "/health", &token).await.status, 200);
    server.revoke(&token);
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(
        refusal(&with_token(&agent, "/health", &token).await).1,
        "unauthenticated"
    );
}

#[tokio::test]
async fn while_the_api_server_is_away_a_good_token_stays_good_and_no_other_becomes_so() {
    let (server, agent, token) = reader_and_agent(|settings| {
        settings.review.fresh = Duration::from_millis(20);
        settings.review.kept = Duration::from_hours(1);
    })
    .await;
    let other = server.issue(READER, "sre-agent");
    assert_eq!(with_token(&agent, "/health", &token).await.status, 200);
    server.stop();
    tokio::time::sleep(Duration::from_millis(30)).await;
    for _ in 0..3 {
        assert_eq!(with_token(&agent, "/health", &token).await.status, 200);
    }
    let answer = with_token(&agent, "/health", &other).await;
    assert_eq!(
        (answer.status, answer.json()),
        (
            500,
            json!({
                "error": "cannotAuthenticate",
                "message": "whether the token may get this path is not known, since the API server did not review it \
                            (refused): ask again in a moment; the agent's log has more"
            })
        )
    );
    assert_eq!(answer.header("www-authenticate"), None);
    // Whether the user may get another path was never known.
    assert_eq!(
        refusal(&with_token(&agent, "/health/apiserver", &token).await).1,
        "cannotAuthenticate"
    );
    assert_eq!(agent.get("/healthz").await.status, 200);
    server.start_again();
    let header = format!("x-sre-token: {other}\r\n");
    let mut last = 0;
    for _ in 0..1000 {
        last = agent.ask("GET", "/health", &header).await.status;
        if last == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(last, 200, "it recovers by itself");
}

#[tokio::test]
async fn a_good_token_is_no_longer_good_after_the_documented_time() {
    let (server, agent, token) = reader_and_agent(|settings| {
        settings.review.fresh = Duration::from_millis(20);
        settings.review.kept = Duration::from_millis(200);
    })
    .await;
    assert_eq!(with_token(&agent, "/health", &token).await.status, 200);
    server.stop();
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(
        refusal(&with_token(&agent, "/health", &token).await).1,
        "cannotAuthenticate"
    );
    assert_eq!(ReviewPace::default().kept, Duration::from_mins(10));
}

#[tokio::test]
async fn a_review_that_hangs_ends_at_its_deadline() {
    let (server, agent, token) = reader_and_agent(|settings| {
        settings.review.fresh = Duration::from_millis(20);
        settings.review.limit = Duration::from_millis(200);
    })
    .await;
    assert_eq!(with_token(&agent, "/health", &token).await.status, 200);
    server.fail(Match::path(TOKEN_REVIEWS), Fault::Hang);
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(with_token(&agent, "/health", &token).await.status, 200);
    let answer = with_token(&agent, "/health", "new").await;
    assert_eq!(refusal(&answer).1, "cannotAuthenticate");
    assert!(answer.text().contains("(timeout)"), "{}", answer.text());
}

#[tokio::test]
async fn garbage_neither_floods_the_api_server_nor_delays_a_good_token() {
    let (server, agent, token) = reader_and_agent(|settings| {
        settings.max_connections = 256;
        settings.review.fresh = Duration::from_millis(20);
    })
    .await;
    assert_eq!(with_token(&agent, "/health", &token).await.status, 200);
    server.clear_requests();
    server.fail(Match::path(TOKEN_REVIEWS), Fault::Hang);
    let mut floods = Vec::new();
    for number in 0..50 {
        let mut stream = agent.connect().await;
        let text = format!("GET /health HTTP/1.1\r\nhost: agent\r\nx-sre-token: garbage-{number}\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut stream, text.as_bytes())
            .await
            .unwrap();
        floods.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(reviews(&server, TOKEN_REVIEWS).len(), 8);
    server.clear_faults();
    assert_eq!(with_token(&agent, "/health", &token).await.status, 200);
    assert_eq!(agent.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn while_the_api_server_is_away_eight_unknown_tokens_wait_and_the_next_is_refused_at_once() {
    let (server, agent, _) = reader_and_agent(|settings| {
        settings.cluster.deadlines.idle = Duration::from_hours(1);
        settings.cluster.deadlines.request = None;
        settings.review.limit = Duration::from_hours(1);
    })
    .await;
    server.fail(Match::path(TOKEN_REVIEWS), Fault::Hang);
    server.fail(Match::path("/readyz"), Fault::Close);
    // A check of the API server begins after the one before has failed.
    agent
        .until("/health/apiserver", |_| {
            server.requests_for(&Match::path("/readyz")).len() >= 6
        })
        .await;
    let mut floods = Vec::new();
    for number in 0..8 {
        let mut stream = agent.connect().await;
        let text = format!("GET /health HTTP/1.1\r\nhost: agent\r\nx-sre-token: garbage-{number}\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut stream, text.as_bytes())
            .await
            .unwrap();
        floods.push(stream);
    }
    agent
        .until("/healthz", |_| reviews(&server, TOKEN_REVIEWS).len() == 8)
        .await;
    let answer = with_token(&agent, "/health", "another").await;
    assert_eq!(
        (refusal(&answer).1, reviews(&server, TOKEN_REVIEWS).len()),
        ("cannotAuthenticate".to_owned(), 8)
    );
}

#[tokio::test]
async fn an_agent_that_may_not_review_tokens_says_so_and_refuses_all() {
    let server = ApiServer::builder()
        .user("t", "agent", Access::admin().without("create", "tokenreviews"))
        .start()
        .await;
    let agent = start(authenticating(&server)).await;
    let answer = with_token(&agent, "/health", "any").await;
    assert_eq!(refusal(&answer).1, "cannotAuthenticate");
    assert!(answer.text().contains("(forbidden)"), "{}", answer.text());
}

#[tokio::test]
async fn the_metrics_port_needs_a_token_too() {
    let (_server, agent, token) = reader_and_agent(|settings| {
        settings.metrics_address = Some("127.0.0.1:0".parse().unwrap());
    })
    .await;
    let metrics = RunningAgentAt(&agent);
    assert_eq!(metrics.ask("/healthz", "").await.status, 200);
    assert_eq!(metrics.ask("/metrics", "").await.status, 401);
    let bearer = format!("authorization: Bearer {token}\r\n");
    assert_eq!(metrics.ask("/metrics", &bearer).await.status, 200);
}

/// The metrics address of an agent.
struct RunningAgentAt<'a>(&'a RunningAgent);

impl RunningAgentAt<'_> {
    async fn ask(&self, path: &str, headers: &str) -> Answer {
        let mut stream = tokio::net::TcpStream::connect(self.0.metrics).await.unwrap();
        let text = format!("GET {path} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\n{headers}\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut stream, text.as_bytes())
            .await
            .unwrap();
        Answer::parse(&crate::harness::read_to_end(&mut stream).await)
    }
}
