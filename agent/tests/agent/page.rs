//! Owns the page for browsers, as its HTTP answers show it.

use crate::harness::{Answer, RunningAgent, settings, start};
use serde_json::json;
use sre_agent::{PageSettings, Settings};
use sre_testkit::ApiServer;
use sre_testkit::object::Deployment;

fn with_page(server: &ApiServer) -> Settings {
    Settings {
        page: Some(PageSettings {
            title: Some("prod-eu".into()),
            hosts: vec!["sre.example.com".into()],
        }),
        ..settings(server.kubeconfig())
    }
}

async fn shop() -> (ApiServer, RunningAgent) {
    let server = ApiServer::builder()
        .deployments([
            Deployment::new("shop", "web").replicas(3).counts(3, 3, 0, 0),
            Deployment::new("bank", "cards"),
        ])
        .start()
        .await;
    let agent = start(with_page(&server)).await;
    listed(&agent).await;
    (server, agent)
}

async fn listed(agent: &RunningAgent) {
    let mut answer = ask(agent, "/health/deployments", "localhost").await;
    while !answer.text().contains("observedAt") {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        answer = ask(agent, "/health/deployments", "localhost").await;
    }
}

async fn ask(agent: &RunningAgent, path: &str, host: &str) -> Answer {
    let text = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    Answer::parse(&agent.exchange(text.as_bytes()).await)
}

#[tokio::test]
async fn the_page_is_off_unless_it_is_asked_for() {
    let server = ApiServer::builder().start().await;
    let agent = start(settings(server.kubeconfig())).await;
    for path in [
        "/page",
        "/page/",
        "/page/style.css",
        "/page/object/deployments/shop/web",
    ] {
        let answer = agent.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text().contains("--page turns it on"), "{path}");
    }
    // And any host may ask.
    assert_eq!(agent.get("/health").await.status, 200);
}

#[tokio::test]
async fn every_answer_forbids_scripts_frames_and_requests_to_elsewhere() {
    let (_server, agent) = shop().await;
    for (path, status, content_type) in [
        ("/page/", 200, "text/html; charset=utf-8"),
        ("/page/?namespace=shop", 200, "text/html; charset=utf-8"),
        (
            "/page/object/deployments/shop/web",
            200,
            "text/html; charset=utf-8",
        ),
        ("/page/style.css", 200, "text/css; charset=utf-8"),
        ("/page/script.js", 200, "text/javascript; charset=utf-8"),
        ("/page/icon/degraded.svg", 200, "image/svg+xml"),
        ("/page/?namespace=NO", 400, "text/html; charset=utf-8"),
        ("/page/?name=x", 400, "text/html; charset=utf-8"),
        ("/page/icon/other.svg", 404, "text/html; charset=utf-8"),
        (
            "/page/object/deployments/shop/gone",
            404,
            "text/html; charset=utf-8",
        ),
        ("/page/object/%3Cimg%3E/shop/web", 404, "text/html; charset=utf-8"),
    ] {
        let answer = ask(&agent, path, "localhost:8080").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, Some(content_type)),
            "{path}"
        );
        let policy = answer.header("content-security-policy").unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}: {name}");
        }
        assert!(!answer.text().contains("<img"), "{path}");
    }
}

#[tokio::test]
async fn the_page_shows_the_verdict_and_each_object_that_falls_short() {
    let (_server, agent) = shop().await;
    let page = ask(&agent, "/page/", "localhost").await.text();
    assert!(page.contains("<title>✗ 1 · prod-eu</title>"), "{page}");
    assert!(page.contains("href=\"object/deployments/shop/web\""), "{page}");
    assert!(page.contains("0/3 ready"), "{page}");
    assert!(
        !page.contains("cards"),
        "healthy objects are only counted: {page}"
    );
    let bank = ask(&agent, "/page/?namespace=bank", "localhost").await.text();
    assert!(bank.contains("<title>✓ ok · prod-eu</title>"), "{bank}");
    let object = ask(&agent, "/page/object/deployments/shop/web", "localhost")
        .await
        .text();
    assert!(object.contains("<title>✗ web · prod-eu</title>"), "{object}");
    let healthy = ask(&agent, "/page/object/deployments/bank/cards", "localhost")
        .await
        .text();
    assert!(healthy.contains("<title>✓ cards · prod-eu</title>"), "{healthy}");
}

#[tokio::test]
async fn an_address_with_another_end_leads_to_the_right_one_by_a_relative_way() {
    let (_server, agent) = shop().await;
    for (path, location) in [
        ("/page", "page/"),
        ("/page?namespace=shop", "page/?namespace=shop"),
        ("/page/object/deployments/shop/web/", "../web"),
        ("/page/style.css/", "../style.css"),
    ] {
        let answer = ask(&agent, path, "localhost").await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (308, Some(location)),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_foreign_name_at_the_loopback_address_is_refused_on_every_path_but_those_of_probes() {
    let (_server, agent) = shop().await;
    for (host, path, status) in [
        ("evil.example", "/page/", 421),
        ("evil.example:8080", "/page/script.js", 421),
        ("evil.example", "/health", 421),
        ("evil.example", "/health/changes", 421),
        ("evil.example", "/healthz", 200),
        ("evil.example", "/readyz", 200),
        ("localhost:8080", "/page/", 200),
        ("127.0.0.1:8080", "/page/", 200),
        ("[::1]:8080", "/page/", 200),
        ("sre.example.com", "/page/", 200),
    ] {
        assert_eq!(ask(&agent, path, host).await.status, status, "{host}{path}");
    }
    let refusal = ask(&agent, "/health", "evil.example").await.json();
    assert_eq!(refusal["error"], json!("foreignHost"));
}

#[tokio::test]
async fn with_authentication_the_page_and_its_files_need_a_token() {
    let server = ApiServer::builder().start().await;
    let agent = start(Settings {
        authenticate: true,
        ..with_page(&server)
    })
    .await;
    for path in ["/page/", "/page/style.css", "/page/object/deployments/shop/web"] {
        let answer = ask(&agent, path, "localhost").await;
        assert_eq!(answer.status, 401, "{path}");
    }
}
