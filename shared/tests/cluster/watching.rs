//! A list that is kept up to date: its events, the version it goes on from, and how it comes back.

use super::client::client;
use sre_shared::cluster::{Client, ListOptions, Watch, WatchEvent};
use sre_shared::failure::Failure;
use sre_shared::resource::{Deployment as View, Resource as _};
use sre_testkit::object::{Deployment, Namespace};
use sre_testkit::{Access, ApiServer, Fault, GoneForm, Match, WatchFault};
use std::time::Duration;

/// Longer than any pause of the watch. A test that waits in vain ends after it.
const LIMIT: Duration = Duration::from_secs(20);

const PATH: &str = "/apis/apps/v1/deployments";

/// An event or a failure, in one line.
fn line(event: &Result<WatchEvent<View>, Failure>) -> String {
    let name = |object: &View| object.meta().name.clone();
    match event {
        Ok(WatchEvent::Listed(items)) => {
            let names: Vec<String> = items
                .iter()
                .map(|item| item.as_ref().map_or_else(|bad| format!("{}?", bad.name), name))
                .collect();
            format!("listed {}", names.join(" "))
        }
        Ok(WatchEvent::Applied(Ok(object))) => format!("applied {}", name(object)),
        Ok(WatchEvent::Applied(Err(bad))) => format!("applied {}/{}?", bad.namespace, bad.name),
        Ok(WatchEvent::Deleted { namespace, name }) => format!("deleted {namespace}/{name}"),
        Ok(WatchEvent::Bookmark) => "bookmark".into(),
        Err(failure) => format!("failed {}", failure.class.as_str()),
    }
}

/// The next event that is no bookmark: bookmarks come at any time.
async fn next(watch: &mut Watch<View>) -> String {
    let event = async {
        loop {
            let event = line(&watch.next().await);
            if event != "bookmark" {
                return event;
            }
        }
    };
    tokio::time::timeout(LIMIT, event)
        .await
        .expect("a watch reports something in the end")
}

fn d(name: &str) -> Deployment {
    Deployment::new("shop", name)
}

fn watch(client: &Client) -> Watch<View> {
    Watch::new(client, ListOptions::default())
}

/// A server with `a`, and a watch of it that is open.
async fn open() -> (ApiServer, Watch<View>) {
    let server = ApiServer::builder().deployments([d("a")]).start().await;
    let mut watch = watch(&client(&server).await);
    assert_eq!(next(&mut watch).await, "listed a");
    reopened(&mut watch).await;
    (server, watch)
}

/// Waits until the watch is open and has nothing to catch up with.
async fn reopened(watch: &mut Watch<View>) {
    let event = tokio::time::timeout(LIMIT, watch.next())
        .await
        .expect("a watch is opened in the end");
    assert_eq!(line(&event), "bookmark");
}

/// An event of that version.
fn modified(name: &str, version: u64) -> String {
    let mut object = d(name).build();
    object["metadata"]["resourceVersion"] = version.to_string().into();
    serde_json::json!({"type": "MODIFIED", "object": object}).to_string()
}

/// The versions from which watches were opened.
fn versions(server: &ApiServer) -> Vec<String> {
    let watches = server.requests_for(&Match::path(PATH).watches());
    watches
        .iter()
        .map(|request| request.parameter("resourceVersion").unwrap_or_default())
        .collect()
}

/// Waits so long that a watch which ends afterwards did not end as soon as it began.
async fn some_time() {
    tokio::time::sleep(Duration::from_millis(1100)).await;
}

#[tokio::test]
async fn changes_after_the_list_are_events_as_they_happen() {
    let (server, mut watch) = open().await;
    server.apply(d("b"));
    assert_eq!(next(&mut watch).await, "applied b");
    server.apply(d("a").replicas(2));
    server.delete("shop", "b");
    assert_eq!(next(&mut watch).await, "applied a");
    assert_eq!(next(&mut watch).await, "deleted shop/b");
    server.bookmark();
    reopened(&mut watch).await;
    assert_eq!(
        server.requests_for(&Match::path(PATH)).len(),
        2,
        "one list and one watch"
    );
    assert_eq!(watch.failures(), 0);
}

#[tokio::test]
async fn changes_between_list_and_watch_are_not_lost() {
    let server = ApiServer::builder().deployments([d("a")]).start().await;
    let mut watch = watch(&client(&server).await);
    assert_eq!(next(&mut watch).await, "listed a");
    server.apply(d("b"));
    assert_eq!(next(&mut watch).await, "applied b");
}

#[tokio::test]
async fn an_object_that_does_not_decode_is_an_event_and_not_the_end() {
    let (server, mut watch) = open().await;
    server.apply_raw(
        "shop",
        "x",
        r#"{"metadata":{"namespace":"shop","name":"x"},"spec":{"replicas":"3"}}"#,
    );
    server.apply(d("b"));
    assert_eq!(next(&mut watch).await, "applied shop/x?");
    assert_eq!(next(&mut watch).await, "applied b");
    assert_eq!(versions(&server).len(), 1);
}

#[tokio::test]
async fn a_watch_that_the_server_ends_goes_on_from_the_last_version() {
    let (server, mut watch) = open().await;
    let version = server.apply(d("b")).to_string();
    assert_eq!(next(&mut watch).await, "applied b");
    some_time().await;
    server.disturb_watches(&WatchFault::End);
    server.wait_for_watches(0).await;
    server.apply(d("c"));
    assert_eq!(next(&mut watch).await, "applied c");
    assert_eq!(versions(&server)[1..], [version]);
    assert_eq!(server.requests_for(&Match::path(PATH).lists()).len(), 1);
}

#[tokio::test]
async fn a_bookmark_moves_the_version_on() {
    let (server, mut watch) = open().await;
    let version = server.apply(Namespace::new("elsewhere")).to_string();
    server.bookmark();
    reopened(&mut watch).await;
    server.disturb_watches(&WatchFault::Cut);
    assert_eq!(next(&mut watch).await, "failed connectionLost");
    reopened(&mut watch).await;
    assert_eq!(versions(&server)[1..], [version]);
}

#[tokio::test]
async fn a_version_that_is_gone_is_a_reason_to_list_again_in_either_form() {
    for gone in [GoneForm::Event, GoneForm::Answer] {
        let (server, mut watch) = open().await;
        server.set_gone(gone);
        server.disturb_watches(&WatchFault::Cut);
        assert_eq!(next(&mut watch).await, "failed connectionLost");
        server.apply(d("b"));
        server.compact();
        assert_eq!(next(&mut watch).await, "listed a b", "{gone:?}");
        server.apply(d("c"));
        assert_eq!(next(&mut watch).await, "applied c", "{gone:?}");
    }
}

#[tokio::test]
async fn versions_that_go_back_are_a_reason_to_list_again() {
    // They do after etcd was restored from a backup.
    for event in [
        serde_json::json!({"type": "BOOKMARK", "object": {"kind": "Deployment", "metadata": {"resourceVersion": "1"}}}),
        serde_json::json!({"type": "MODIFIED", "object": {
            "kind": "Deployment", "metadata": {"namespace": "shop", "name": "a", "resourceVersion": "1"}}}),
    ] {
        let (server, mut watch) = open().await;
        server.apply(d("b"));
        assert_eq!(next(&mut watch).await, "applied b");
        server.disturb_watches(&WatchFault::Garbage(format!("{event}\n").into()));
        assert_eq!(next(&mut watch).await, "listed a b", "{event}");
    }
}

#[tokio::test]
async fn if_every_version_is_gone_at_once_the_lists_get_further_apart() {
    let server = ApiServer::builder().deployments([d("a")]).start().await;
    server.fail(Match::path(PATH).watches(), Fault::Status(410));
    let mut watch = watch(&client(&server).await);
    assert_eq!(next(&mut watch).await, "listed a");
    for failures in 0..3 {
        assert_eq!(next(&mut watch).await, "listed a");
        assert_eq!(watch.failures(), failures);
        assert_eq!(next(&mut watch).await, "failed expired");
    }
    server.clear_faults();
    assert_eq!(next(&mut watch).await, "listed a");
    reopened(&mut watch).await;
    assert_eq!(watch.failures(), 0);
}

#[tokio::test]
async fn a_line_that_is_no_event_is_an_error_and_everything_is_listed_again() {
    let blank_lines = "\n".repeat(1001);
    for garbage in [
        &blank_lines,
        "<html>sign in</html>\n",
        "{}\n",
        "{\"type\":\"EXPLODED\",\"object\":{}}\n",
        "{\"type\":\"ADDED\",\"object\":{\"metadata\":7}}\n",
        "{\"type\":\"ADDED\",\"object\":{}}\n",
        "{\"type\":\"DELETED\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"namespace\":\"shop\",\"name\":\"a\"}}}\n",
    ] {
        let (server, mut watch) = open().await;
        server.disturb_watches(&WatchFault::Garbage(garbage.into()));
        assert_eq!(next(&mut watch).await, "failed notAnApiServer", "{garbage}");
        assert_eq!(next(&mut watch).await, "listed a", "{garbage}");
        server.apply(d("b"));
        assert_eq!(next(&mut watch).await, "applied b", "{garbage}");
    }
}

/// How many lists and watches are requested in 3 s if each watch gets that answer.
async fn requests(answer: impl FnOnce(u64) -> Fault) -> usize {
    let server = ApiServer::builder().deployments([d("a")]).start().await;
    server.fail(Match::path(PATH).watches(), answer(server.resource_version()));
    let mut watch = watch(&client(&server).await);
    let following = async {
        loop {
            let _ = watch.next().await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(3), following).await;
    let asked = server.requests_for(&Match::path(PATH)).len();
    server.clear_faults();
    server.apply(d("b"));
    while !next(&mut watch).await.ends_with(" b") {}
    asked
}

#[tokio::test]
async fn a_watch_that_breaks_each_time_is_opened_less_and_less_often_even_if_it_sends_events() {
    let gone = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410}}\n";
    let body = |events: usize, then: &'static str| {
        move |version| Fault::WrongBody {
            status: 200,
            content_type: "application/json".into(),
            body: format!("{}{then}", format!("{}\n", modified("a", version)).repeat(events)).into(),
        }
    };
    let endless_line = Fault::WrongBody {
        status: 200,
        content_type: "application/json".into(),
        body: vec![b'x'; 40 << 20],
    };
    let asked = futures_util::future::join_all(vec![
        requests(Box::new(body(0, "")) as Box<dyn FnOnce(u64) -> Fault>),
        requests(Box::new(body(0, "<html>sign in</html>\n"))),
        requests(Box::new(body(0, gone))),
        requests(Box::new(body(1, ""))),
        requests(Box::new(body(1, "<html>\n"))),
        requests(Box::new(move |_| endless_line)),
        requests(Box::new(body(2, gone))),
        requests(Box::new(|_| Fault::Status(403))),
        requests(Box::new(|_| Fault::Status(500))),
        requests(Box::new(|_| Fault::Close)),
    ])
    .await;
    // Pauses of at least 125, 250, 500, 1000 and 2000 ms: five watches in 3 s, or six if the first version that is
    // gone is listed again at once. Each has at most one list.
    assert!(asked.iter().all(|requests| *requests <= 12), "{asked:?}");
}

#[tokio::test]
async fn an_error_of_the_server_ends_the_stream_and_the_version_stays() {
    let (server, mut watch) = open().await;
    let status = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":500,\"message\":\"etcd\"}}\n";
    server.disturb_watches(&WatchFault::Garbage(status.into()));
    assert_eq!(next(&mut watch).await, "failed unhealthy");
    server.apply(d("b"));
    assert_eq!(next(&mut watch).await, "applied b");
    let versions = versions(&server);
    assert_eq!(versions[0], versions[1]);
}

#[tokio::test]
async fn an_event_may_come_in_pieces_between_blank_lines() {
    let (server, mut watch) = open().await;
    let event = modified("z", server.resource_version());
    let (head, tail) = event.split_at(event.len() / 2);
    for piece in ["\n \n", head, tail, "\n\r\n", &event, "\n"] {
        server.disturb_watches(&WatchFault::Garbage(piece.into()));
    }
    assert_eq!(next(&mut watch).await, "applied z");
    assert_eq!(next(&mut watch).await, "applied z");
}

#[tokio::test]
async fn a_watch_that_falls_silent_is_given_up_and_everything_is_listed_again() {
    let server = ApiServer::builder().deployments([d("a")]).start().await;
    server.fail_times(1, Match::any(), Fault::Watch(WatchFault::Silent));
    let mut watch = watch(&client(&server).await).with_silence(Duration::from_millis(800));
    assert_eq!(next(&mut watch).await, "listed a");
    reopened(&mut watch).await;
    server.apply(d("b"));
    assert_eq!(next(&mut watch).await, "failed timeout");
    assert_eq!(next(&mut watch).await, "listed a b");
}

#[tokio::test]
async fn a_server_that_comes_back_is_followed_again() {
    let (server, mut watch) = open().await;
    server.stop();
    assert_eq!(next(&mut watch).await, "failed connectionLost");
    assert_eq!(next(&mut watch).await, "failed refused");
    assert_eq!(watch.failures(), 2);
    server.apply(d("b"));
    server.start_again();
    assert_eq!(next(&mut watch).await, "applied b");
    assert_eq!(watch.failures(), 0);
}

#[tokio::test]
async fn a_first_list_that_fails_is_tried_until_it_succeeds() {
    let server = ApiServer::builder().deployments([d("a")]).start().await;
    server.fail_times(2, Match::path(PATH), Fault::Status(500));
    let mut watch = watch(&client(&server).await);
    for expected in ["failed unhealthy", "failed unhealthy", "listed a"] {
        assert_eq!(next(&mut watch).await, expected);
    }
}

#[tokio::test]
async fn a_right_that_is_taken_away_is_reported_and_one_that_is_given_back_is_used() {
    let (server, mut watch) = open().await;
    server.set_access(
        "kubernetes-admin",
        Access::admin().without("watch", "deployments"),
    );
    server.disturb_watches(&WatchFault::Cut);
    assert_eq!(next(&mut watch).await, "failed connectionLost");
    assert_eq!(next(&mut watch).await, "failed forbidden");
    server.set_access("kubernetes-admin", Access::admin());
    server.apply(d("b"));
    assert_eq!(next(&mut watch).await, "applied b");
}

#[tokio::test]
async fn another_client_goes_on_from_the_last_version() {
    let (server, mut watch) = open().await;
    server.apply(d("b"));
    watch.use_client(&client(&server).await);
    assert_eq!(next(&mut watch).await, "applied b");
    assert_eq!(server.requests_for(&Match::path(PATH).lists()).len(), 1);
}
