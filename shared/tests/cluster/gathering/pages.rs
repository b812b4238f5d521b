//! The pages of a list and their items.

use super::{LISTS, assert_nothing_seen, pages_asked_for, pages_of, seven};
use crate::client::{ask, client, names, only_deployments, part};
use sre_shared::cluster::{ListOptions, list};
use sre_shared::report::{State, Status};
use sre_shared::resource::Deployment as View;
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, Fault, Match};
use std::time::Duration;

#[tokio::test]
async fn several_pages_are_one_list_in_the_servers_order() {
    let server = seven().start().await;
    let report = ask(&server, &pages_of(3)).await;
    assert_eq!(names(&part(&report).items), ["a", "b", "c", "d", "e", "f", "g"]);
    assert_eq!((report.status, report.coverage.not_seen.len()), (Status::Ok, 0));
    assert_eq!(pages_asked_for(&server), [1, 2, 3]);
    let requests = server.requests_for(&Match::path(LISTS));
    assert!(
        requests
            .iter()
            .all(|r| r.parameter("limit").as_deref() == Some("3")),
        "{requests:?}"
    );
}

#[tokio::test]
async fn later_pages_of_small_items_are_larger() {
    let names = (0..1000).map(|number| Deployment::new("shop", &format!("web-{number:04}")));
    let server = ApiServer::builder().deployments(names).start().await;
    let report = ask(&server, &pages_of(100)).await;
    assert_eq!(part(&report).summary.total, 1000);
    let requests = server.requests_for(&Match::path(LISTS));
    let limits: Vec<_> = requests.iter().filter_map(|r| r.parameter("limit")).collect();
    // The second page is requested before the size of an item is known.
    assert_eq!(limits, ["100", "100", "5000"]);
}

#[tokio::test]
async fn the_version_of_a_list_is_that_of_its_first_page() {
    let server = seven().start().await;
    let options = ListOptions {
        page_size: 3,
        ..ListOptions::default()
    };
    let listed = list::<View>(&client(&server).await, &options)
        .await
        .expect("a list");
    assert_eq!(listed.resource_version, server.resource_version().to_string());
}

#[tokio::test]
async fn metadata_after_the_items_is_read_as_well() {
    let server = seven().items_first().start().await;
    let report = ask(&server, &pages_of(3)).await;
    assert_eq!(names(&part(&report).items).concat(), "abcdefg");
    assert_eq!(pages_asked_for(&server), [1, 2, 3]);
}

#[tokio::test]
async fn a_page_that_is_gone_makes_the_list_start_again_once() {
    let server = seven().start().await;
    server.fail_times(1, Match::path(LISTS).page(2), Fault::Status(410));
    let report = ask(&server, &pages_of(3)).await;
    assert_eq!(names(&part(&report).items).concat(), "abcdefg");
    assert_eq!(report.status, Status::Ok);
    assert_eq!(pages_asked_for(&server), [1, 2, 1, 2, 3]);
}

#[tokio::test]
async fn a_page_that_is_gone_twice_is_unknown_and_never_a_partial_verdict() {
    let server = seven().start().await;
    server.fail(Match::path(LISTS).page(2), Fault::Status(410));
    let report = ask(&server, &pages_of(3)).await;
    assert_nothing_seen(&report, "expired");
    assert_eq!(pages_asked_for(&server), [1, 2, 1, 2]);
}

#[tokio::test]
async fn a_first_page_that_is_read_again_is_not_mixed_with_an_older_second_page() {
    let server = seven().start().await;
    let first = Match::path(LISTS).page(1);
    // Far enough for the token of the next page, not for the items.
    server.fail_times(1, first.clone(), Fault::CutStream(300));
    server.fail_times(1, first, Fault::SlowHeaders(Duration::from_millis(300)));
    let asking = async { ask(&server, &pages_of(3)).await };
    let changing = async {
        server.wait_for_requests(&Match::path(LISTS).page(2), 1).await;
        // It pushes `c` from the first page of a new list to its second.
        server.apply(Deployment::new("shop", "aa"));
    };
    let (report, ()) = tokio::join!(asking, changing);
    assert_eq!(names(&part(&report).items).join(" "), "a aa b c d e f g");
}

#[tokio::test]
async fn an_item_that_does_not_decode_is_unknown_by_name_and_the_rest_is_judged() {
    let server = seven()
        .deployments([Deployment::new("shop", "b").set("/spec/replicas", "3")])
        .start()
        .await;
    let report = ask(&server, &pages_of(3)).await;
    let items = &part(&report).items;
    assert_eq!(names(items).concat(), "abcdefg");
    assert_eq!(
        (items[1].state, items[1].reason.as_str()),
        (State::Unknown, "Undecodable")
    );
    assert_eq!(items[1].desired, None);
    assert_eq!(items.iter().filter(|i| i.state == State::Healthy).count(), 6);
    assert_eq!(
        (report.status, part(&report).summary.unknown),
        (Status::Unknown, 1)
    );
}

#[tokio::test]
async fn a_shortage_comes_before_an_item_that_does_not_decode() {
    let short = Deployment::new("shop", "g").replicas(3).counts(3, 3, 1, 1);
    let raw = r#"{"metadata":{"name":"x","namespace":"shop"},"status":7}"#;
    let server = seven()
        .deployments([short])
        .raw_deployment("shop", "x", raw)
        .start()
        .await;
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(
        (report.status, part(&report).summary.unknown),
        (Status::Degraded, 1)
    );
}

#[tokio::test]
async fn a_list_that_breaks_off_is_read_again_and_then_given_up_whole() {
    let server = seven().start().await;
    let page = Match::path(LISTS).page(2);
    let fault = server.fail(page.clone(), Fault::CutStream(900));
    let report = ask(&server, &pages_of(3)).await;
    assert_nothing_seen(&report, "connectionLost");
    assert_eq!(server.requests_for(&page).len(), 3);
    server.clear_fault(fault);
    server.fail_times(2, page, Fault::CutStream(900));
    let report = ask(&server, &pages_of(3)).await;
    assert_eq!(names(&part(&report).items).concat(), "abcdefg");
}
