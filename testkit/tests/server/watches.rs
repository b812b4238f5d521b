//! Owns watches: the changes that they replay and follow, and the faults of their streams.
//! Must not know how a client uses the events.

use crate::client::Client;
use serde_json::Value;
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, ApiServerBuilder, Fault, GoneForm, Match, WatchFault};

const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";

fn plain() -> ApiServerBuilder {
    ApiServer::builder()
        .token("secret")
        .plain_http()
        .deployments([Deployment::new("shop", "web")])
}

fn target(version: u64, more: &str) -> String {
    format!("{DEPLOYMENTS}?watch=true&resourceVersion={version}{more}")
}

fn event(kind: &str, name: &str, version: u64) -> (String, String, String) {
    (kind.to_owned(), name.to_owned(), version.to_string())
}

#[tokio::test]
async fn a_watch_follows_every_change_after_its_version() {
    let server = ApiServer::builder()
        .token("secret")
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let start = server.resource_version();
    let mut stream = Client::admin(&server).await.watch(&target(start, "")).await;
    assert_eq!(stream.status, 200);
    let modified = server.apply(Deployment::new("shop", "web").replicas(2));
    let added = server.apply(Deployment::new("bank", "ledger"));
    assert!(server.delete("shop", "web"));
    assert!(!server.delete("shop", "web"));
    assert_eq!(stream.event().await, event("MODIFIED", "web", modified));
    assert_eq!(stream.event().await, event("ADDED", "ledger", added));
    assert_eq!(stream.event().await, event("DELETED", "web", added + 1));
    assert_eq!(added, modified + 2, "the namespace came with the object");
}

#[tokio::test]
async fn a_watch_keeps_to_its_namespace_and_selector() {
    let server = plain().start().await;
    let path =
        "/apis/apps/v1/namespaces/shop/deployments?watch=1&labelSelector=tier%3Dfront&resourceVersion=";
    let mut stream = Client::admin(&server)
        .await
        .watch(&format!("{path}{}", server.resource_version()))
        .await;
    server.apply(Deployment::new("bank", "web").label("tier", "front"));
    server.apply(Deployment::new("shop", "api"));
    let entered = server.apply(Deployment::new("shop", "web").label("tier", "front"));
    let left = server.apply(Deployment::new("shop", "web"));
    assert_eq!(stream.event().await, event("ADDED", "web", entered));
    assert_eq!(stream.event().await, event("DELETED", "web", left));
}

#[tokio::test]
async fn a_watch_replays_from_an_older_version_and_without_one_starts_with_everything() {
    let server = plain().start().await;
    let start = server.resource_version();
    let one = server.apply(Deployment::new("shop", "api"));
    let two = server.apply(Deployment::new("shop", "api").replicas(2));
    let mut old = Client::admin(&server).await.watch(&target(start, "")).await;
    assert_eq!(old.event().await, event("ADDED", "api", one));
    assert_eq!(old.event().await, event("MODIFIED", "api", two));
    let mut fresh = Client::admin(&server)
        .await
        .watch(&format!(
            "{DEPLOYMENTS}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true"
        ))
        .await;
    assert_eq!(fresh.event().await, event("ADDED", "api", two));
    assert_eq!(fresh.event().await, event("ADDED", "web", start));
    let line = fresh
        .line()
        .await
        .expect("the stream is sound")
        .expect("a bookmark ends the first events");
    let bookmark: Value = serde_json::from_str(&line).expect("an event is JSON");
    assert_eq!(bookmark["type"], "BOOKMARK");
    assert_eq!(
        bookmark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
}

#[tokio::test]
async fn bookmarks_reach_only_watches_that_allow_them() {
    let server = plain().start().await;
    let start = server.resource_version();
    let mut with = Client::admin(&server)
        .await
        .watch(&target(start, "&allowWatchBookmarks=true"))
        .await;
    let mut without = Client::admin(&server).await.watch(&target(start, "")).await;
    server.wait_for_watches(2).await;
    server.bookmark();
    let version = server.apply(Deployment::new("shop", "api"));
    assert_eq!(with.event().await, event("BOOKMARK", "", start));
    assert_eq!(with.event().await, event("ADDED", "api", version));
    assert_eq!(without.event().await, event("ADDED", "api", version));
}

#[tokio::test]
async fn a_forgotten_version_is_gone_as_an_event_or_as_an_answer() {
    let server = plain().start().await;
    let start = server.resource_version();
    let latest = server.apply(Deployment::new("shop", "api"));
    server.compact();
    let mut client = Client::admin(&server).await;
    let mut stream = client.watch(&target(start, "")).await;
    assert_eq!(stream.status, 200);
    let line = stream
        .line()
        .await
        .expect("the stream is sound")
        .expect("an error comes");
    assert_eq!(
        line,
        format!(
            "{{\"type\":\"ERROR\",\"object\":{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\
             \"status\":\"Failure\",\"message\":\"too old resource version: {start} ({latest})\",\
             \"reason\":\"Expired\",\"code\":410}}}}"
        )
    );
    assert_eq!(stream.line().await.expect("the stream is sound"), None);
    server.set_gone(GoneForm::Answer);
    let answer = client.get(&target(start, "")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["reason"].as_str()),
        (410, Some("Expired"))
    );
    let mut current = Client::admin(&server).await.watch(&target(latest, "")).await;
    let next = server.apply(Deployment::new("shop", "api").replicas(2));
    assert_eq!(current.event().await, event("MODIFIED", "api", next));
}

#[tokio::test]
async fn open_watches_end_go_silent_break_or_send_garbage() {
    let server = plain().start().await;
    let start = server.resource_version();

    let mut client = Client::admin(&server).await;
    let mut ended = client.watch(&target(start, "")).await;
    server.disturb_watches(&WatchFault::End);
    assert_eq!(ended.line().await.expect("the stream is sound"), None);
    assert_eq!(
        client.get("/version").await.status,
        200,
        "its connection can be used again"
    );
    server.wait_for_watches(0).await;

    let mut garbage = Client::admin(&server).await.watch(&target(start, "")).await;
    server.disturb_watches(&WatchFault::Garbage(b"{\"type\":\n".to_vec()));
    let version = server.apply(Deployment::new("shop", "api"));
    assert_eq!(
        garbage.line().await.expect("it is text").as_deref(),
        Some("{\"type\":")
    );
    assert_eq!(garbage.event().await, event("ADDED", "api", version));

    server.disturb_watches(&WatchFault::Silent);
    server.apply(Deployment::new("shop", "unseen"));
    server.bookmark();
    server.disturb_watches(&WatchFault::Garbage(b"last\n".to_vec()));
    assert_eq!(garbage.line().await.expect("it is text").as_deref(), Some("last"));

    server.disturb_watches(&WatchFault::Cut);
    assert!(garbage.line().await.is_err());
    server.wait_for_watches(0).await;
}

#[tokio::test]
async fn a_watch_fault_can_hit_later_watches_from_their_start() {
    let server = plain().start().await;
    let start = server.resource_version();
    let version = server.apply(Deployment::new("shop", "api"));
    let watches = || Match::path(DEPLOYMENTS).watches();
    let mut client = Client::admin(&server).await;

    server.fail_times(1, watches(), Fault::Watch(WatchFault::End));
    assert_eq!(client.get(DEPLOYMENTS).await.status, 200);
    let mut stream = client.watch(&target(start, "")).await;
    assert_eq!(stream.event().await, event("ADDED", "api", version));
    assert_eq!(stream.line().await.expect("the stream is sound"), None);

    server.fail_times(1, watches(), Fault::Watch(WatchFault::Silent));
    let mut stream = Client::admin(&server).await.watch(&target(start, "")).await;
    server.disturb_watches(&WatchFault::End);
    assert_eq!(stream.line().await.expect("the stream is sound"), None);

    server.fail_times(1, watches(), Fault::Status(403));
    let refused = client.get(&target(start, "")).await.json();
    assert!(
        refused["message"]
            .as_str()
            .is_some_and(|text| text.contains("cannot watch resource"))
    );

    server.fail_times(1, watches(), Fault::CutStream(20));
    let mut stream = client.watch(&target(start, "")).await;
    assert!(stream.line().await.is_err());
}

#[tokio::test]
async fn a_watch_ends_at_its_timeout_and_when_its_client_goes() {
    let server = plain().start().await;
    let mut client = Client::admin(&server).await;
    let mut stream = client
        .watch(&target(server.resource_version(), "&timeoutSeconds=0"))
        .await;
    assert_eq!(stream.line().await.expect("the stream is sound"), None);
    let stream = client.watch(&target(server.resource_version(), "")).await;
    server.wait_for_watches(1).await;
    drop((stream, client));
    server.wait_for_watches(0).await;
    server.wait_for_connections(0).await;
}

#[tokio::test]
async fn a_stop_breaks_watches_and_versions_go_on_after_it() {
    let server = plain().start().await;
    let start = server.resource_version();
    let mut stream = Client::admin(&server).await.watch(&target(start, "")).await;
    server.stop();
    assert!(stream.line().await.is_err());
    let version = server.apply(Deployment::new("shop", "api"));
    server.start_again();
    let mut stream = Client::admin(&server).await.watch(&target(start, "")).await;
    assert_eq!(stream.event().await, event("ADDED", "api", version));
}
