//! Owns the answer of each path while the agent itself works.

use crate::harness::{RunningAgent, listed_agent, settings, start};
use serde_json::{Value, json};
use sre_shared::report::{Report, Status};
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, Fault, Match};
use std::time::Duration;

fn degraded(namespace: &str, name: &str) -> Deployment {
    Deployment::new(namespace, name).replicas(3).counts(3, 3, 2, 2)
}

async fn shop() -> (ApiServer, RunningAgent) {
    let server = ApiServer::builder()
        .deployments([
            Deployment::new("shop", "web").label("tier", "front"),
            degraded("shop", "api"),
            Deployment::new("bank", "ledger").replicas(2).counts(2, 2, 0, 0),
            Deployment::new("bank", "cards"),
        ])
        .start()
        .await;
    let agent = listed_agent(&server).await;
    (server, agent)
}

#[tokio::test]
async fn deployments_are_answered_in_the_documented_shape() {
    let (_server, agent) = shop().await;
    let answer = agent.get("/health/deployments").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut body = answer.json();
    assert_eq!(answer.names(), ["cards", "ledger", "api", "web"]);
    assert_eq!(body["deployments"][2]["reason"], "ReadyBelowDesired");
    assert_eq!(body["deployments"][2]["namespace"], "shop");
    for key in ["deployments", "observedAt"] {
        assert!(!body.as_object_mut().unwrap().remove(key).unwrap().is_null());
    }
    assert!(
        body.as_object_mut()
            .unwrap()
            .remove("ageSeconds")
            .unwrap()
            .as_u64()
            .unwrap()
            < 60
    );
    let summary = json!({"total": 4, "unhealthy": 2, "healthy": 2, "acknowledged": 0, "progressing": 0, "degraded": 1,
                         "unavailable": 1, "unknown": 0, "terminating": 0});
    let not_looked_for = body.as_object_mut().unwrap().remove("causesNotSeen").unwrap();
    assert_eq!(not_looked_for[0]["class"], "turnedOff");
    let coverage = json!({"kinds": ["deployments"], "namespaces": "all", "notSeen": []});
    assert_eq!(
        body,
        json!({"status": "degraded", "summary": summary, "coverage": coverage, "stale": false, "pod": "agent-0"})
    );
}

#[tokio::test]
async fn deployments_are_selected_by_namespace_labels_and_state() {
    let (_server, agent) = shop().await;
    for (query, names, total) in [
        ("namespace=shop", &["api", "web"][..], 2),
        ("state=degraded", &["api"], 4),
        ("state=degraded,unavailable", &["ledger", "api"], 4),
        ("selector=tier%3Dfront", &["web"], 1),
        ("selector=tier+in+(front),app!=x&namespace=shop", &["web"], 1),
        ("namespace=none", &[], 0),
    ] {
        let answer = agent.get(&format!("/health/deployments?{query}")).await;
        assert_eq!(
            (answer.status, answer.names()),
            (200, names.iter().map(|n| (*n).to_owned()).collect()),
            "{query}"
        );
        assert_eq!(answer.json()["summary"]["total"], total, "{query}");
    }
}

#[tokio::test]
async fn an_acknowledged_object_fails_a_probe_only_if_annotations_are_ignored() {
    let known = degraded("shop", "api").annotation("sre/ignore", "ReadyBelowDesired until 2999-12-31, known");
    let server = ApiServer::builder().deployments([known]).start().await;
    let agent = listed_agent(&server).await;
    for path in ["/health", "/health/deployments", "/health/deployments/shop/api"] {
        let answer = agent.get(&format!("{path}?fail=degraded")).await;
        assert_eq!(
            (answer.status, &answer.json()["status"]),
            (200, &json!("ok")),
            "{path}"
        );
        assert_eq!(answer.json()["summary"]["unhealthy"], 0, "{path}");
        let answer = agent.get(&format!("{path}?fail=degraded&ignore=false")).await;
        assert_eq!(
            (answer.status, &answer.json()["status"]),
            (500, &json!("degraded")),
            "{path}"
        );
    }
    let item = &agent.get("/health/deployments").await.json()["deployments"][0];
    assert_eq!(
        (&item["state"], &item["healthy"], &item["acknowledged"]["until"]),
        (&json!("degraded"), &json!(false), &json!("2999-12-31"))
    );
    assert_eq!(agent.get("/health?ignore=maybe").await.status, 400);
}

#[tokio::test]
async fn the_report_lists_findings_cause_first() {
    let refused = |name| {
        degraded("shop", name)
            .condition("ReplicaFailure", "True", "FailedCreate", "2026-01-01T00:00:00Z")
            .condition_message(
                "ReplicaFailure",
                "pods \"x\" is forbidden: exceeded quota: compute, requested: pods=1",
            )
    };
    let server = ApiServer::builder()
        .deployments([refused("api"), refused("web"), Deployment::new("shop", "fine")])
        .start()
        .await;
    let agent = listed_agent(&server).await;
    let findings = &agent.get("/health").await.json()["findings"];
    assert_eq!(
        (
            findings.as_array().map(Vec::len),
            &findings[0]["subject"],
            &findings[0]["items"]
        ),
        (
            Some(1),
            &json!("ResourceQuota/shop/compute"),
            &json!(["Deployment/shop/api", "Deployment/shop/web"])
        )
    );
    let others = agent.get("/health?namespace=bank").await.json();
    assert_eq!(others["findings"], json!(null));
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let (server, agent) = shop().await;
    let (mut names, mut path) = (Vec::new(), "/health/deployments?limit=1".to_owned());
    loop {
        let answer = agent.get(&path).await;
        assert_eq!(
            answer.json()["summary"]["total"].as_u64(),
            Some(4),
            "the summary counts all"
        );
        names.extend(answer.names());
        match answer.json()["continue"].as_str() {
            Some(token) => path = format!("/health/deployments?limit=1&continue={token}"),
            None => break,
        }
        if names.len() == 1 {
            // The next page comes even if the last object of this one is deleted.
            server.delete("bank", "cards");
            agent.until("/health/deployments", |a| a.names().len() == 3).await;
            server.apply(Deployment::new("bank", "cards"));
            agent.until("/health/deployments", |a| a.names().len() == 4).await;
        }
    }
    assert_eq!(names, ["cards", "ledger", "api", "web"]);
    let whole = agent.get("/health/deployments?limit=4").await;
    assert_eq!(
        (whole.names().len(), whole.json().get("continue").is_some()),
        (4, false)
    );
}

#[tokio::test]
async fn a_probe_that_looks_at_the_code_only_is_served() {
    let (server, agent) = shop().await;
    for path in ["/health", "/health/deployments"] {
        for (query, status) in [
            ("", 200),
            ("?fail=degraded", 500),
            ("?fail=progressing,unknown", 200),
            ("?fail=progressing,degraded,unknown&namespace=shop", 500),
            ("?fail=degraded&namespace=none", 200),
        ] {
            let answer = agent.get(&format!("{path}{query}")).await;
            assert_eq!(answer.status, status, "{path}{query}");
            assert!(answer.json()["status"].is_string(), "the body is the same");
        }
    }
    server.apply_raw("shop", "web", "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"resourceVersion\":\"9999\"},\"spec\":{\"replicas\":\"3\"}}");
    agent
        .until("/health/deployments?fail=unknown", |a| a.status == 500)
        .await;
}

#[tokio::test]
async fn the_report_is_one_that_the_plugin_reads() {
    let (_server, agent) = shop().await;
    let answer = agent
        .until("/health", |a| a.json()["source"]["version"].is_string())
        .await;
    let report: Report = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        (answer.status, report.status, report.stale),
        (200, Status::Degraded, false)
    );
    assert_eq!(
        (report.source.mode.as_str(), report.source.pod.as_deref()),
        ("agent", Some("agent-0"))
    );
    assert_eq!(report.coverage.kinds, ["deployments"]);
    assert_eq!(report.api_server().unwrap().status, Status::Ok);
    let kind = report.kinds().next().unwrap();
    assert_eq!(
        (kind.check.as_str(), kind.summary.total, kind.items.len()),
        ("deployments", 4, 4)
    );
    // The agent writes the report field by field, so it must have exactly the fields of the type.
    assert_eq!(serde_json::to_value(&report).unwrap(), answer.json());
    let narrow = agent.get("/health?namespace=shop&state=degraded").await.json();
    assert_eq!(narrow["coverage"]["namespaces"], json!(["shop"]));
    assert_eq!(narrow["checks"][1]["items"].as_array().unwrap().len(), 1);
    assert_eq!(narrow["checks"][1]["summary"]["total"], 2);
}

#[tokio::test]
async fn an_unknown_path_or_an_invalid_query_is_refused_in_json() {
    let (_server, agent) = shop().await;
    for (method, path, status, code, part) in [
        ("GET", "/nix", 404, "unknownPath", "/ lists"),
        ("GET", "//health", 404, "unknownPath", ""),
        (
            "GET",
            "/health/deployments/shop",
            404,
            "unknownPath",
            "one object is /health/deployments/NAMESPACE/NAME",
        ),
        ("GET", "/%ff", 404, "unknownPath", ""),
        (
            "GET",
            "/health/deploy",
            404,
            "unknownKind",
            "did you mean /health/deployments?",
        ),
        (
            "GET",
            "/health/zzz",
            404,
            "unknownKind",
            "there are: apiserver, deployments",
        ),
        ("POST", "/nix", 404, "unknownPath", ""),
        ("POST", "/version", 405, "methodNotAllowed", "POST"),
        ("POST", "/health/changes", 405, "methodNotAllowed", "POST"),
        ("DELETE", "/health/deployments", 405, "methodNotAllowed", "DELETE"),
        (
            "GET",
            "/health/deployments?stat=degraded",
            400,
            "invalidQuery",
            "did you mean \\\"state\\\"?",
        ),
        ("GET", "/health/deployments?limit=0", 400, "invalidQuery", "limit"),
        (
            "GET",
            "/health/deployments?state=%zz",
            400,
            "invalidQuery",
            "percent",
        ),
        (
            "GET",
            "/health/deployments?namespace=a&namespace=b",
            400,
            "invalidQuery",
            "twice",
        ),
        ("GET", "/health?limit=3", 400, "invalidQuery", "limit"),
        ("GET", "/health/apiserver?x=1", 400, "invalidQuery", "takes none"),
    ] {
        let answer = agent.ask(method, path, "").await;
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (status, Some(code)),
            "{method} {path}"
        );
        assert!(answer.text().contains(part), "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let allowed = match path {
            "/health/deployments" => "GET, HEAD, POST",
            _ => "GET, HEAD",
        };
        assert_eq!(answer.header("allow"), (status == 405).then_some(allowed));
        assert!(answer.json().get("kind").is_none() && answer.header("retry-after").is_none());
    }
}

#[tokio::test]
async fn a_path_may_end_in_a_slash_and_be_percent_encoded() {
    let (_server, agent) = shop().await;
    for path in [
        "/health/deployments/",
        "/health/deploy%6Dents",
        "/he%61lth/deployments",
    ] {
        assert_eq!(agent.get(path).await.status, 200, "{path}");
    }
    assert_eq!(agent.get("/health%2Fdeployments").await.status, 404);
}

#[tokio::test]
async fn the_small_paths_answer() {
    let (_server, agent) = shop().await;
    for path in ["/healthz", "/livez", "/readyz"] {
        let answer = agent.get(path).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "ok"), "{path}");
        assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    }
    let verbose = agent.get("/readyz?verbose").await.text();
    assert_eq!(verbose, "[+]server ok\n[+]deployments ok\nreadyz check passed\n");
    let version = agent.get("/version").await.json();
    assert_eq!(
        (&version["name"], &version["apiVersion"]),
        (&json!("sre-agent"), &json!("sre/v1"))
    );
    let index = agent.get("/").await.json();
    for entry in index["paths"].as_array().unwrap() {
        let path = entry["path"].as_str().unwrap();
        // The answer of this path has no end.
        let method = if path == "/health/changes" { "HEAD" } else { "GET" };
        assert_eq!(agent.ask(method, path, "").await.status, 200, "{entry}");
    }
}

#[tokio::test]
async fn head_answers_the_same_head_without_a_body() {
    let (_server, agent) = shop().await;
    for path in ["/healthz", "/version", "/health/deployments", "/nix"] {
        let (get, head) = (agent.get(path).await, agent.ask("HEAD", path, "").await);
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        assert_eq!(
            head.header("content-length"),
            Some(get.body.len().to_string().as_str()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_large_body_is_compressed_if_the_client_accepts_it() {
    let server = ApiServer::builder()
        .deployments((0..20).map(|n| degraded("shop", &format!("web-{n}"))))
        .start()
        .await;
    let agent = listed_agent(&server).await;
    let ask = async |path: &str, headers: &str| agent.ask("GET", path, headers).await;
    let packed = ask("/health/deployments", "accept-encoding: gzip\r\n").await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("vary"), Some("Accept-Encoding"));
    let mut plain = String::new();
    std::io::Read::read_to_string(
        &mut flate2::read::GzDecoder::new(packed.body.as_slice()),
        &mut plain,
    )
    .unwrap();
    let plain: Value = serde_json::from_str(&plain).unwrap();
    assert_eq!(plain["deployments"].as_array().unwrap().len(), 20);
    for (path, headers) in [
        ("/health/deployments", ""),
        ("/health/deployments", "accept-encoding: gzip;q=0\r\n"),
        ("/health/deployments?limit=1", "accept-encoding: gzip\r\n"),
    ] {
        assert_eq!(
            ask(path, headers).await.header("content-encoding"),
            None,
            "{path} {headers}"
        );
    }
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let (server, agent) = shop().await;
    for path in [
        "/health/deployments?namespace=shop",
        "/health",
        "/health/apiserver",
    ] {
        let first = agent.get(path).await;
        let tag = first
            .header("etag")
            .unwrap_or_else(|| panic!("{path} has an ETag"));
        assert!(tag.starts_with("W/\""), "{tag}");
        let again = agent.ask("GET", path, &format!("if-none-match: {tag}\r\n")).await;
        assert_eq!(
            (again.status, again.body.len(), again.header("etag")),
            (304, 0, Some(tag)),
            "{path}"
        );
        let other = agent.ask("GET", path, "if-none-match: \"x\"\r\n").await;
        assert_eq!(other.status, 200);
    }
    let before = agent.get("/health/deployments").await;
    server.bookmark();
    server.apply(degraded("shop", "web"));
    let tag = before.header("etag").unwrap().to_owned();
    agent
        .until("/health/deployments", |a| a.header("etag") != Some(tag.as_str()))
        .await;
    let failing = agent.get("/health/deployments?fail=degraded").await;
    assert_eq!(
        (failing.status, failing.header("etag")),
        (500, None),
        "a failure has to be seen"
    );
}

#[tokio::test]
async fn readiness_waits_for_the_first_list_and_not_for_ever() {
    let server = ApiServer::builder().start().await;
    server.fail(Match::any(), Fault::Hang);
    let mut settings = settings(server.kubeconfig());
    settings.request_timeout = Duration::from_mins(1);
    settings.cluster.deadlines.idle = settings.request_timeout;
    settings.cluster.deadlines.request = Some(settings.request_timeout);
    let mut impatient = settings.clone();
    settings.pace.patience = Duration::from_hours(1);
    let agent = start(settings).await;
    let answer = agent.get("/readyz").await;
    assert_eq!(answer.status, 500);
    assert_eq!(
        answer.text(),
        "[+]server ok\n[-]deployments the first list has not finished\nreadyz check failed\n"
    );
    assert_eq!(agent.get("/livez").await.status, 200);
    impatient.pace.patience = Duration::ZERO;
    let agent = start(impatient).await;
    assert_eq!(agent.get("/readyz").await.status, 200);
    assert!(
        agent
            .get("/readyz?verbose")
            .await
            .text()
            .contains("[+]deployments unknown: not listed yet")
    );
    let health = agent.get("/health/deployments").await;
    assert_eq!(
        (health.status, &health.json()["status"]),
        (500, &json!("unknown"))
    );
    assert_eq!(health.json()["notSeen"][0]["class"], "notListed");
}

#[tokio::test]
async fn every_path_of_the_description_is_answered_and_every_answer_of_the_index_is_described() {
    let (_server, agent) = shop().await;
    let answer = agent.get("/openapi.json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.json();
    let described = document["paths"].as_object().unwrap();
    for (path, item) in described {
        let concrete = path.replace("{kind}", "deployments");
        // The answer of this path has no end.
        let method = if path == "/health/changes" { "HEAD" } else { "GET" };
        let code = agent.ask(method, &concrete, "").await.status.to_string();
        assert!(item["get"]["responses"][&code].is_object(), "{path} {code}");
    }
    for entry in agent.get("/").await.json()["paths"].as_array().unwrap() {
        let path = entry["path"].as_str().unwrap();
        assert!(
            described.contains_key(&path.replace("deployments", "{kind}")),
            "{path}"
        );
    }
}
