//! The page of the agent, as a browser reaches it in a cluster.

use sre_e2e::deadline::until;
use sre_e2e::http::{Answer, ask, ask_with};
use sre_e2e::node::{RUNS, RestrictedNamespace, deployment};
use sre_e2e::{Release, portforward::PortForward};
use std::net::SocketAddr;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(30);
const TITLE: &str = "✗ unpullable · prod-eu";

#[test]
fn the_page_comes_through_the_service_proxy_and_a_forwarded_port_and_refuses_foreign_hosts() {
    let shop = RestrictedNamespace::new("shop");
    // Pods that crash are ready for a moment now and then; an image that is not on the node never is.
    let mut broken = deployment("unpullable", 2, &["false"]);
    broken["spec"]["template"]["spec"]["containers"][0]["image"] = "sre-e2e-absent:1".into();
    shop.create(broken);
    let release = Release::install("sre-tools", &["--set=page.enabled=true,page.title=prod-eu"]);
    let space = &release.space.0;

    let forward = PortForward::start(space, "service/sre-agent", 8080);
    let port = forward.address();
    until("the page shows what is broken", RUNS, || {
        let page = page(port, "/page/object/deployments/shop/unpullable").body;
        if page.contains(TITLE) { Ok(()) } else { Err(page) }
    });
    assert_whole(port, "");
    let local = ask_with(
        port,
        "/page/",
        &format!("Host: localhost:{}", port.port()),
        WITHIN,
    );
    assert_eq!(local.map(|answer| answer.code), Ok(200));
    // The name of a page from elsewhere, which resolves to the loopback address.
    for path in ["/page/", "/page/script.js", "/health"] {
        let foreign = ask_with(port, path, "Host: rebound.example.com", WITHIN);
        assert_eq!(foreign.map(|answer| answer.code), Ok(421), "{path}");
    }

    let proxy = PortForward::api();
    let prefix = format!("/api/v1/namespaces/{space}/services/sre-agent:http/proxy");
    assert_whole(proxy.address(), &prefix);
}

/// The page and all that its relative links name are below the prefix.
#[track_caller]
fn assert_whole(address: SocketAddr, prefix: &str) {
    let overview = page(address, &format!("{prefix}/page/"));
    assert!(overview.body.contains(" · prod-eu</title>"), "{}", overview.body);
    for link in ["style.css", "script.js", "object/deployments/shop/unpullable"] {
        // The service proxy may write an absolute path in place of a relative one.
        let is_named = [link.to_owned(), format!("{prefix}/page/{link}")]
            .iter()
            .any(|address| overview.body.contains(&format!("\"{address}\"")));
        assert!(is_named, "{link}: {}", overview.body);
        page(address, &format!("{prefix}/page/{link}"));
    }
    let object = page(
        address,
        &format!("{prefix}/page/object/deployments/shop/unpullable"),
    );
    assert!(object.body.contains(TITLE), "{}", object.body);
    assert!(
        object
            .body
            .contains("../../../../health/deployments/shop/unpullable")
    );
    page(address, &format!("{prefix}/page/?namespace=shop"));
}

/// An answer of the page: 200, with its policy.
#[track_caller]
fn page(address: SocketAddr, path: &str) -> Answer {
    let answer = ask(address, "GET", path, WITHIN).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(answer.code, 200, "{path}: {answer:?}");
    let head = answer.head.to_ascii_lowercase();
    assert!(
        head.contains("content-security-policy: default-src 'none'"),
        "{path}: {head}"
    );
    assert!(head.contains("x-content-type-options: nosniff"), "{path}: {head}");
    answer
}
