//! What people see, with and without scripts, narrow and wide, by day and by night.

use crate::browser::Browser;
use crate::harness::{RunningAgent, settings, start};
use crate::prefix_proxy::{self, PREFIX};
use serde_json::{Value, json};
use sre_agent::{PageSettings, Settings};
use sre_testkit::ApiServer;
use sre_testkit::object::Deployment;
use std::time::Duration;

const HOSTILE: &str = "</script><img src=//evil.example/x onerror=alert(1)>\u{202e}\u{1b}[2J";

/// Every other one has a cause that the others with one share.
fn broken(namespace: &str, number: usize) -> Deployment {
    let name = format!("service-{number}");
    let deployment = Deployment::new(namespace, &name).replicas(3).counts(3, 3, 0, 0);
    if number % 2 == 1 {
        return deployment;
    }
    deployment
        .condition("ReplicaFailure", "True", "FailedCreate", "2026-01-01T00:00:00Z")
        .condition_message("ReplicaFailure", &format!("{name} {HOSTILE}"))
}

async fn cluster() -> (ApiServer, RunningAgent) {
    let healthy = (0..40).map(|n| Deployment::new("calm", &format!("web-{n}")));
    let failing = (0..30).map(|n| broken(["shop", "bank", "mail"][n % 3], n));
    let server = ApiServer::builder()
        .deployments(healthy.chain(failing))
        .start()
        .await;
    let agent = start(Settings {
        page: Some(PageSettings {
            title: Some("prod-eu".into()),
            hosts: Vec::new(),
        }),
        ..settings(server.kubeconfig())
    })
    .await;
    let address = agent.address;
    tokio::task::spawn_blocking(move || wait_until_listed(address))
        .await
        .unwrap();
    (server, agent)
}

fn wait_until_listed(address: std::net::SocketAddr) {
    use std::io::{Read as _, Write as _};
    for _ in 0..600 {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream
            .write_all(b"GET /page/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        if text.contains("✗ 30") {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the agent has no list");
}

/// Runs the part of a test that waits for the browser, while the agent goes on.
async fn with_browser(test: impl FnOnce(&mut Browser) + Send + 'static) {
    let run = move || {
        let mut browser = Browser::start();
        test(&mut browser);
        assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
    };
    tokio::task::spawn_blocking(run).await.unwrap();
}

fn assert_only(browser: &Browser, origin: &str) {
    let is_elsewhere = |address: &&String| !address.starts_with(origin) && *address != "about:blank";
    let elsewhere: Vec<&String> = browser.requests.iter().filter(is_elsewhere).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    assert!(!browser.requests.is_empty());
}

/// The rules of axe-core that the page breaks.
fn broken_rules(browser: &mut Browser) -> Value {
    #[allow(clippy::disallowed_methods, reason = "make page names the file")]
    let axe = std::env::var("SRE_AXE").expect("SRE_AXE is the file of axe-core: run make page");
    let axe = std::fs::read_to_string(axe).unwrap();
    browser.value(&format!("{axe}; true"));
    browser.value(
        "axe.run(document).then(result => JSON.stringify(result.violations.map(rule => [rule.id, rule.nodes.map(n => n.html)])))",
    )
}

#[tokio::test]
#[ignore = "needs Chromium and axe-core: make page"]
async fn the_page_works_at_every_width_by_day_and_by_night() {
    let (_server, agent) = cluster().await;
    let origin = format!("http://localhost:{}", agent.address.port());
    with_browser(move |browser| {
        for scripts in [true, false] {
            browser.scripts(scripts);
            for (width, dark) in [
                (60, false),
                (360, true),
                (1280, false),
                (1280, true),
                (2500, false),
            ] {
                browser.width(width);
                browser.dark(dark);
                browser.open(&format!("{origin}/page/"));
                let sort = if dark { "dark" } else { "light" };
                let mode = if scripts { "scripts" } else { "plain" };
                browser.picture(&format!("overview-{width}-{sort}-{mode}"));
                if !scripts {
                    continue;
                }
                let overflow = browser
                    .value("document.documentElement.scrollWidth - document.documentElement.clientWidth");
                assert!(
                    overflow.as_f64().unwrap() <= 0.0,
                    "{width}: {overflow} pixels beyond the edge"
                );
                assert_eq!(browser.value("document.title"), json!("✗ 30 · prod-eu"));
                let page = browser.value("document.body.innerText");
                assert!(!page.as_str().unwrap().contains('\u{202e}'));
                assert_eq!(browser.value("document.images.length"), json!(0));
                assert_eq!(broken_rules(browser), json!("[]"), "{width} {sort}");
            }
        }
        assert_only(browser, &origin);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and axe-core: make page"]
async fn the_page_of_an_object_has_its_way_back() {
    let (_server, agent) = cluster().await;
    let origin = format!("http://localhost:{}", agent.address.port());
    with_browser(move |browser| {
        browser.width(1280);
        browser.dark(false);
        browser.open(&format!("{origin}/page/object/deployments/shop/service-0"));
        browser.picture("object-1280-light");
        assert_eq!(browser.value("document.title"), json!("✗ service-0 · prod-eu"));
        assert_eq!(broken_rules(browser), json!("[]"));
        let back = browser.value("document.querySelector('nav a').href");
        assert_eq!(back, json!(format!("{origin}/page/")));
        browser.width(60);
        browser.picture("object-60-light");
        let overflow =
            browser.value("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert!(overflow.as_f64().unwrap() <= 0.0, "{overflow}");
        assert_only(browser, &origin);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium: make page"]
async fn the_page_follows_changes_and_keeps_what_a_reader_opened_and_focused() {
    let (server, agent) = cluster().await;
    let origin = format!("http://localhost:{}", agent.address.port());
    with_browser(move |browser| {
        browser.width(1280);
        browser.open(&format!("{origin}/page/"));
        browser.value(
            "document.querySelector('details').open = false; document.querySelector('summary').focus(); true",
        );
        browser.wait_for("!document.querySelector('details').open");
        server.apply(
            Deployment::new("shop", "service-0")
                .replicas(3)
                .counts(3, 3, 3, 3),
        );
        browser.wait_for("document.title === '✗ 29 · prod-eu'");
        assert_eq!(
            browser.value("document.querySelector('details').open"),
            json!(false)
        );
        assert_eq!(browser.value("document.activeElement.tagName"), json!("SUMMARY"));
        let icon = browser.value("document.getElementById('icon').href");
        assert_eq!(icon, json!(format!("{origin}/page/icon/degraded.svg")));
        assert_only(browser, &origin);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium: make page"]
async fn the_page_works_below_a_path_and_without_the_stream() {
    let (_server, agent) = cluster().await;
    let proxy = prefix_proxy::start(agent.address).await;
    let origin = format!("http://localhost:{}{PREFIX}", proxy.port());
    with_browser(move |browser| {
        browser.width(1280);
        browser.open(&format!("{origin}/page/?namespace=shop"));
        assert_eq!(browser.value("document.title"), json!("✗ 10 · prod-eu"));
        assert_eq!(
            browser.value("getComputedStyle(document.body).margin"),
            json!("0px")
        );
        let object = browser.value("document.querySelector('.entry a').href");
        let object = object.as_str().unwrap().to_owned();
        assert!(
            object.starts_with(&format!("{origin}/page/object/deployments/shop/")),
            "{object}"
        );
        browser.open(&object);
        assert_eq!(
            browser.value("getComputedStyle(document.body).margin"),
            json!("0px")
        );
        // Its address is below the same path, and the proxy holds it back.
        let stream = browser.value("new URL(document.body.dataset.stream, location.href).pathname");
        assert_eq!(stream, json!(format!("{PREFIX}/health/changes")));
        assert_only(browser, &origin);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium: make page"]
async fn a_page_whose_agent_is_gone_says_how_old_it_is() {
    let (_server, agent) = cluster().await;
    let origin = format!("http://localhost:{}", agent.address.port());
    let stop = agent.stop.clone();
    let run = move || {
        let mut browser = Browser::start();
        let own_clock = "const skip = { ms: 0 }; window.skip = skip; const now = Date.now; Date.now = () => now() + skip.ms;";
        browser.call(
            "Page.addScriptToEvaluateOnNewDocument",
            &json!({"source": own_clock}),
        );
        browser.open(&format!("{origin}/page/"));
        assert_eq!(
            browser.value("document.getElementById('alarm').hidden"),
            json!(true)
        );
        stop.blocking_send(sre_agent::Signal::Interrupt).unwrap();
        stop.blocking_send(sre_agent::Signal::Interrupt).unwrap();
        browser.value("window.skip.ms = 200000; true");
        browser.wait_for("document.getElementById('alarm').hidden === false");
        let alarm = browser.value("document.getElementById('alarm').textContent");
        assert!(
            alarm
                .as_str()
                .unwrap()
                .starts_with("No answer from the agent for 3 min"),
            "{alarm}"
        );
        let title = browser.value("document.title");
        assert!(
            title.as_str().unwrap().starts_with("? 3 min old, was ✗ 30"),
            "{title}"
        );
        browser.picture("gone");
    };
    tokio::task::spawn_blocking(run).await.unwrap();
}
