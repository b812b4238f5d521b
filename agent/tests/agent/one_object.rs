//! Owns the questions of programs that look at one object or at one number: paths of objects, names, summaries, and POST.

use crate::harness::{Answer, LIMIT, RunningAgent, listed_agent, read_answer, read_to_end, settings, start};
use serde_json::json;
use sre_shared::kind::Kind;
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, Fault, Match};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// As Flagger 1.x posts it to a webhook.
const WEBHOOK: &str =
    r#"{"name":"web","namespace":"shop","phase":"Progressing","checksum":"85d557f47b","metadata":{}}"#;

async fn shop() -> (ApiServer, RunningAgent) {
    let degraded = Deployment::new("shop", "api").replicas(3).counts(3, 3, 2, 2);
    let server = ApiServer::builder()
        .deployments([
            Deployment::new("shop", "web"),
            degraded,
            Deployment::new("bank", "web"),
        ])
        .start()
        .await;
    let agent = listed_agent(&server).await;
    (server, agent)
}

async fn post(agent: &RunningAgent, path: &str, body: &str) -> Answer {
    let length = body.len();
    let head = format!("content-type: application/json\r\ncontent-length: {length}\r\n");
    let text = format!("POST {path} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\n{head}\r\n{body}");
    Answer::parse(&agent.exchange(text.as_bytes()).await)
}

#[tokio::test]
async fn one_object_is_answered_by_its_path_and_by_its_name() {
    let (_server, agent) = shop().await;
    for (path, status, names) in [
        ("/health/deployments/shop/web", 200, &["web"][..]),
        ("/health/deployments/shop/api", 200, &["api"]),
        ("/health/deployments/shop/api?fail=degraded", 500, &["api"]),
        // Another object of the namespace does not count.
        (
            "/health/deployments/shop/web/?fail=degraded,unknown",
            200,
            &["web"],
        ),
        ("/health/deployments/sh%6Fp/web", 200, &["web"]),
        ("/health/deployments?name=api&namespace=shop", 200, &["api"]),
        ("/health/deployments?name=web", 200, &["web", "web"]),
        ("/health/deployments?name=api&fail=degraded", 500, &["api"]),
        // The verdict is about the object even if it is not shown.
        ("/health/deployments/shop/api?items=none&fail=degraded", 500, &[]),
    ] {
        let answer = agent.get(path).await;
        assert_eq!(
            (answer.status, answer.names()),
            (status, names.iter().map(|name| (*name).to_owned()).collect()),
            "{path}"
        );
        assert_eq!(answer.json()["coverage"]["notSeen"], json!([]), "{path}");
    }
    assert_eq!(
        agent.get("/health/deployments/shop/api").await.json()["summary"]["total"],
        1
    );
}

#[tokio::test]
async fn an_object_that_is_not_there_is_a_404_with_words() {
    let (_server, agent) = shop().await;
    for (path, code, words) in [
        (
            "/health/deployments/shop/wbe",
            "unknownObject",
            "there is no deployment \"wbe\" in namespace shop; /health/deployments lists all of them",
        ),
        (
            "/health/deployments/bank/api?fail=unknown",
            "unknownObject",
            "there is no deployment \"api\" in namespace bank; /health/deployments lists all of them",
        ),
        (
            "/health/deployments?name=nix",
            "unknownObject",
            "there is no deployment \"nix\"; /health/deployments lists all of them",
        ),
        (
            "/health/deployments/shop/web/pods",
            "unknownPath",
            "there is no such path; one object is /health/deployments/NAMESPACE/NAME",
        ),
        (
            "/health/deployments//web",
            "unknownPath",
            "there is no such path; one object is /health/deployments/NAMESPACE/NAME",
        ),
        (
            "/health/deploy/shop/web",
            "unknownKind",
            "nothing called \"deploy\" is watched; did you mean /health/deployments?",
        ),
        (
            "/health/apiserver/web",
            "unknownPath",
            "there is no such path; / lists all of them",
        ),
    ] {
        let answer = agent.get(path).await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, json!({"error": code, "message": words})),
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_object_that_could_not_be_seen_is_unknown_and_never_a_404() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let mut watching_bank = settings(server.kubeconfig());
    watching_bank.namespaces = vec!["bank".to_owned()];
    let agent = start(watching_bank).await;
    let path = "/health/deployments/shop/web";
    agent
        .until("/health/deployments/bank/web", |answer| answer.status == 404)
        .await;
    let answer = agent.get(path).await;
    assert_eq!(answer.json()["notSeen"][0]["class"], "notWatched");
    assert_eq!(answer.json()["status"], "unknown");
    let failing = agent.get(&format!("{path}?fail=unknown")).await;
    assert_eq!(failing.status, 500);
    // The first list never comes.
    let silent = ApiServer::builder().start().await;
    silent.fail(Match::any(), Fault::Hang);
    let agent = start(settings(silent.kubeconfig())).await;
    let answer = agent.get(path).await;
    assert_eq!(
        (answer.status, &answer.json()["status"]),
        (500, &json!("unknown"))
    );
}

#[tokio::test]
async fn a_kind_without_namespaces_has_the_name_after_it_and_a_pod_is_judged_with_its_controller() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.kinds = vec![Kind::Node, Kind::Pod];
    let agent = start(settings).await;
    let missing = |answer: &Answer| answer.status == 404;
    let node = agent.until("/health/nodes/node-9", missing).await;
    assert_eq!(
        node.json()["message"],
        "there is no node \"node-9\"; /health/nodes lists all of them"
    );
    let wrong = agent.get("/health/nodes/shop/node-9").await;
    assert_eq!(
        wrong.json()["message"],
        "there is no such path; one object is /health/nodes/NAME"
    );
    let pod = agent.until("/health/pods/shop/web-x", missing).await;
    assert_eq!(
        pod.json()["message"],
        "no pod \"web-x\" in namespace shop is judged by itself: it is not there, or it is judged with its controller; ask \
         for the controller"
    );
}

#[tokio::test]
async fn the_summary_alone_has_one_number_for_all_that_falls_short() {
    let (_server, agent) = shop().await;
    let (report, kind) = (
        agent.get("/health?items=none").await,
        agent.get("/health/deployments?items=none").await,
    );
    for answer in [&report, &kind] {
        let json = answer.json();
        assert_eq!((answer.status, &json["status"]), (200, &json!("degraded")));
        assert_eq!(json["summary"]["unhealthy"], 1);
        assert_eq!(json["summary"]["total"], 3);
        assert_eq!(json["findings"], json!(null));
    }
    assert_eq!(kind.json()["deployments"], json!([]));
    assert_eq!(report.json()["checks"][1]["items"], json!([]));
    assert_eq!(report.json()["checks"][1]["summary"]["unhealthy"], 1);
    let failing = agent.get("/health?items=none&fail=degraded").await;
    assert_eq!(failing.status, 500);
    // The stream has no such form.
    assert_eq!(agent.get("/health/changes?items=none").await.status, 400);
}

#[tokio::test]
async fn a_post_is_answered_as_a_get_and_its_body_is_ignored() {
    let (_server, agent) = shop().await;
    for path in [
        "/health?kinds=deployments",
        "/health/deployments",
        "/health/deployments/shop/web",
        "/health/deployments/shop/api?fail=degraded",
        "/health/deployments/shop/nix",
        "/health/deployments?stat=x",
    ] {
        for body in ["", WEBHOOK, "not JSON {"] {
            let (get, post) = (agent.get(path).await, post(&agent, path, body).await);
            assert_eq!(post.status, get.status, "{path} {body}");
            let without_age = |answer: &Answer| {
                let mut json = answer.json();
                json["ageSeconds"] = json!(null);
                json["observedAt"] = json!(null);
                json
            };
            assert_eq!(without_age(&post), without_age(&get), "{path} {body}");
        }
    }
    assert_eq!(post(&agent, "/health/apiserver", WEBHOOK).await.status, 200);
    for path in [
        "/metrics",
        "/readyz",
        "/healthz",
        "/version",
        "/",
        "/openapi.json",
        "/health/changes",
    ] {
        let answer = post(&agent, path, WEBHOOK).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("GET, HEAD")),
            "{path}"
        );
    }
    // Names of objects make no series of their own.
    let metrics = agent.get("/metrics").await.text();
    let series: Vec<&str> = metrics
        .lines()
        .filter(|line| line.contains("path=\"/health/deployments/"))
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(series, _)| series)
        .collect();
    let object = "sre_http_requests_total{path=\"/health/deployments/{namespace}/{name}\"";
    assert_eq!(
        series,
        [200, 404, 500].map(|code| format!("{object},code=\"{code}\"}}"))
    );
}

#[tokio::test]
async fn a_connection_stays_open_after_a_whole_body_and_ends_after_a_longer_one() {
    let (_server, agent) = shop().await;
    let head = |length: usize| {
        format!("POST /health/deployments HTTP/1.1\r\nhost: agent\r\ncontent-length: {length}\r\n\r\n")
    };
    let mut stream = agent.connect().await;
    // The body comes in two pieces, and is no request.
    let body = "GET /healthz HTTP/1.1\r\n\r\n";
    stream.write_all(head(body.len()).as_bytes()).await.unwrap();
    stream.write_all(&body.as_bytes()[..4]).await.unwrap();
    tokio::task::yield_now().await;
    stream.write_all(&body.as_bytes()[4..]).await.unwrap();
    let first = read_answer(&mut stream).await;
    assert_eq!((first.status, first.header("connection")), (200, None));
    stream
        .write_all(b"GET /health/deployments?limit=1 HTTP/1.1\r\nhost: agent\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(read_answer(&mut stream).await.names(), ["web"]);
    // One byte more than is read, of a body that is longer still.
    let mut stream = agent.connect().await;
    stream.write_all(head(10 << 20).as_bytes()).await.unwrap();
    stream.write_all(&vec![b' '; (1 << 20) + 1]).await.unwrap();
    let answer = Answer::parse(&read_to_end(&mut stream).await);
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
}

#[tokio::test]
async fn a_client_that_does_not_send_its_body_is_answered_all_the_same() {
    let (server, _) = shop().await;
    let mut impatient = settings(server.kubeconfig());
    impatient.pace.header = Duration::from_millis(200);
    let agent = start(impatient).await;
    let mut stream = agent.connect().await;
    stream
        .write_all(b"POST /health HTTP/1.1\r\nhost: agent\r\ncontent-length: 9\r\n\r\n{")
        .await
        .unwrap();
    let answer = Answer::parse(&read_to_end(&mut stream).await);
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
}

#[tokio::test]
async fn clients_that_hold_back_their_bodies_keep_nobody_from_the_probes() {
    let (server, _) = shop().await;
    let mut few = settings(server.kubeconfig());
    few.max_connections = 4;
    few.pace.header = LIMIT;
    let agent = start(few).await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        let mut stream = agent.connect().await;
        stream
            .write_all(b"POST /health HTTP/1.1\r\nhost: agent\r\ncontent-length: 9\r\n\r\n{")
            .await
            .unwrap();
        slow.push(stream);
    }
    assert_eq!(agent.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn one_object_needs_the_right_to_the_path_of_its_kind_however_it_is_asked() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let reader = "system:serviceaccount:sre-tools:sre-agent-reader";
    server.set_access(reader, Access::paths(["/health/deployments"]));
    let token = server.issue(reader, "sre-agent");
    let mut authenticating = settings(server.kubeconfig());
    authenticating.authenticate = true;
    authenticating.kinds = vec![Kind::Deployment, Kind::StatefulSet];
    let agent = start(authenticating).await;
    agent.until("/readyz", |answer| answer.status == 200).await;
    let header = format!("x-sre-token: {token}\r\n");
    for (method, path, status) in [
        ("GET", "/health/deployments/shop/web", 200),
        ("POST", "/health/deployments/shop/web", 200),
        ("POST", "/health/statefulsets/shop/web", 401),
    ] {
        assert_eq!(
            agent.ask(method, path, &header).await.status,
            status,
            "{method} {path}"
        );
    }
    let nobody = agent.ask("POST", "/health/deployments/shop/web", "").await;
    assert_eq!(
        (nobody.status, &nobody.json()["error"]),
        (401, &json!("unauthenticated"))
    );
}
