//! A long list is read whole, from the cache of a server that writes it as a stream.

use super::{LISTS, assert_nothing_seen, every_kind, pages_asked_for, pages_of};
use crate::client::{ask, ask_with, client, only_deployments, part};
use serde_json::json;
use sre_shared::cluster::{ListOptions, list, version};
use sre_shared::report::{Report, Status};
use sre_shared::resource::Deployment as View;
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, ApiServerBuilder, Fault, Match, RecordedRequest};

/// The fewest Deployments that are worth the whole list: the first page has 500, and 1,000 follow.
const LONG: usize = 1500;

fn deployments(count: usize) -> impl Iterator<Item = Deployment> {
    (0..count).map(|number| Deployment::new("shop", &format!("web-{number:04}")))
}

fn server(count: usize) -> ApiServerBuilder {
    ApiServer::builder().deployments(deployments(count))
}

fn whole() -> Match {
    Match::path(LISTS).parameter("resourceVersionMatch", "NotOlderThan")
}

/// What each list asks for: limit, page, and the version that it may not be older than.
fn lists(server: &ApiServer) -> Vec<(Option<String>, u32, Option<String>)> {
    let of = |request: &RecordedRequest| {
        let match_word = request.parameter("resourceVersionMatch");
        assert_eq!(
            match_word.is_some(),
            request.parameter("resourceVersion").is_some(),
            "{request:?}"
        );
        (
            request.parameter("limit"),
            request.page(),
            request.parameter("resourceVersion"),
        )
    };
    server.requests_for(&Match::path(LISTS)).iter().map(of).collect()
}

fn versions_asked_for(server: &ApiServer) -> usize {
    server.requests_for(&Match::path("/version")).len()
}

/// Every Deployment was judged once.
fn assert_complete(report: &Report, count: usize) {
    let items = &part(report).items;
    let mut names: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
    names.dedup();
    assert_eq!((names.len(), items.len()), (count, count));
    assert!(names.is_sorted());
    assert_eq!((report.status, report.coverage.not_seen.len()), (Status::Ok, 0));
}

fn page(limit: u32, page: u32) -> (Option<String>, u32, Option<String>) {
    (Some(limit.to_string()), page, None)
}

#[tokio::test]
async fn a_long_list_is_read_whole_and_as_new_as_its_first_page() {
    let server = server(LONG).start().await;
    let report = ask(&server, &only_deployments()).await;
    assert_complete(&report, LONG);
    let version = server.resource_version().to_string();
    assert_eq!(lists(&server), [page(500, 1), (None, 1, Some(version))]);
    assert_eq!(versions_asked_for(&server), 1);
}

#[tokio::test]
async fn a_list_that_its_first_pages_nearly_hold_is_read_by_pages_and_costs_no_further_request() {
    let server = server(LONG - 1).start().await;
    let report = ask(&server, &only_deployments()).await;
    assert_complete(&report, LONG - 1);
    assert_eq!(pages_asked_for(&server), [1, 2, 3]);
    assert_eq!(versions_asked_for(&server), 0);
    assert!(server.requests_for(&whole()).is_empty());
}

#[tokio::test]
async fn the_version_of_a_whole_list_is_its_own() {
    let server = server(LONG).start().await;
    let client = client(&server).await;
    let options = ListOptions {
        page_size: 500,
        ..ListOptions::default()
    };
    let reading = async { list::<View>(&client, &options).await.expect("a list") };
    let changing = async {
        server.fail_times(
            1,
            whole(),
            Fault::SlowHeaders(std::time::Duration::from_millis(200)),
        );
        server.wait_for_requests(&Match::path("/version"), 1).await;
        server.apply(Deployment::new("shop", "new"))
    };
    let (listed, changed) = tokio::join!(reading, changing);
    assert_eq!(listed.resource_version, changed.to_string());
    assert_eq!(listed.items.len(), LONG + 1);
}

#[tokio::test]
async fn a_server_that_would_make_the_list_in_memory_is_never_asked_for_all_of_it() {
    let server = server(LONG).git_version("v1.32.9").start().await;
    let report = ask(&server, &only_deployments()).await;
    assert_complete(&report, LONG);
    assert_eq!(lists(&server), [page(500, 1), page(500, 2), page(5000, 3)]);
    assert_eq!(versions_asked_for(&server), 1);
}

#[tokio::test]
async fn a_server_of_unknown_version_is_never_asked_for_all_of_it() {
    let server = server(LONG)
        .user("reader", "reader", Access::admin().without_path("/version"))
        .start()
        .await;
    let kubeconfig = server.kubeconfig_for("reader");
    let client = crate::client::try_client(&kubeconfig, crate::client::PATIENT)
        .await
        .expect("a client");
    let report = ask_with(&client, &only_deployments()).await;
    assert_complete(&report, LONG);
    assert_eq!(pages_asked_for(&server), [1, 2, 3]);
    assert!(server.requests_for(&whole()).is_empty());
}

#[tokio::test]
async fn a_version_that_is_known_is_not_asked_for_again() {
    let server = server(LONG).start().await;
    let client = client(&server).await;
    version(&client).await.0.expect("a version");
    let report = ask_with(&client, &only_deployments()).await;
    assert_complete(&report, LONG);
    assert_eq!(versions_asked_for(&server), 1);
    assert_eq!(server.requests_for(&whole()).len(), 1);
}

#[tokio::test]
async fn several_long_lists_ask_for_the_version_once() {
    let sets = (0..LONG).map(|number| {
        json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": format!("db-{number:04}"), "namespace": "shop", "generation": 1},
            "spec": {"replicas": 0}, "status": {"observedGeneration": 1, "replicas": 0},
        })
    });
    let server = server(LONG).objects(sets).start().await;
    let report = ask(&server, &every_kind()).await;
    let long = report.kinds().filter(|kind| kind.summary.total == LONG as u64);
    assert_eq!(long.count(), 2);
    assert_eq!(versions_asked_for(&server), 1);
    let match_word = Match::any().parameter("resourceVersionMatch", "NotOlderThan");
    assert_eq!(server.requests_for(&match_word).len(), 2);
}

#[tokio::test]
async fn a_long_answer_that_is_cut_is_read_by_pages_and_not_tried_again() {
    let server = server(LONG).start().await;
    server.fail(whole(), Fault::CutStream(100_000));
    let report = ask(&server, &only_deployments()).await;
    assert_complete(&report, LONG);
    let version = server.resource_version().to_string();
    assert_eq!(
        lists(&server),
        [
            page(500, 1),
            (None, 1, Some(version)),
            page(500, 2),
            page(5000, 3)
        ]
    );
}

#[tokio::test]
async fn a_refused_whole_list_is_read_by_pages_once_the_server_allows_it() {
    for fault in [
        // The cache is not as new as the first page.
        Fault::RetryAfter(504, 1),
        Fault::TooManyRequests(1),
        Fault::Status(400),
        Fault::Status(410),
    ] {
        let server = server(LONG).start().await;
        server.fail(whole(), fault.clone());
        let report = ask(&server, &only_deployments()).await;
        assert_complete(&report, LONG);
        assert_eq!(pages_asked_for(&server), [1, 1, 2, 3], "{fault:?}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_long_pause_is_not_asked_for_pages_at_once() {
    let server = server(LONG).start().await;
    server.fail(whole(), Fault::TooManyRequests(60));
    let report = ask(&server, &only_deployments()).await;
    assert_nothing_seen(&report, "overloaded");
    assert_eq!(pages_asked_for(&server), [1, 1]);
}

#[tokio::test]
async fn a_whole_list_that_has_a_next_page_is_not_taken_for_whole_and_pages_are_read() {
    let server = server(LONG).start().await;
    let body = json!({
        "kind": "DeploymentList", "apiVersion": "apps/v1",
        "metadata": {"resourceVersion": "1", "continue": "nowhere"}, "items": [],
    });
    let page = Fault::WrongBody {
        status: 200,
        content_type: "application/json".into(),
        body: body.to_string().into_bytes(),
    };
    server.fail(whole(), page);
    let report = ask(&server, &only_deployments()).await;
    assert_complete(&report, LONG);
    assert_eq!(lists(&server).len(), 4);
}

#[tokio::test]
async fn a_list_with_a_selector_has_no_count_and_is_read_whole() {
    let labelled = deployments(12).map(|deployment| deployment.label("team", "a"));
    let server = ApiServer::builder().deployments(labelled).start().await;
    let request = sre_shared::run::Request {
        selector_text: "team=a".into(),
        ..pages_of(5)
    };
    let report = ask(&server, &request).await;
    assert_eq!(part(&report).summary.total, 12);
    assert_eq!(server.requests_for(&whole()).len(), 1);
    assert_eq!(pages_asked_for(&server), [1, 1]);
}

/// The fewest items that are worth a list of each namespace: the first page has 500, and 5,000 follow.
const VERY_LONG: usize = 5500;

/// That many Deployments, in turn in the namespaces `a` to that many.
fn spread(count: usize, namespaces: usize) -> ApiServerBuilder {
    let place = move |number: usize| format!("team-{:03}", number % namespaces);
    let names: Vec<String> = (0..namespaces).map(place).collect();
    let objects = (0..count).map(move |number| Deployment::new(&place(number), &format!("web-{number:04}")));
    ApiServer::builder()
        .namespaces(names.iter().map(String::as_str))
        .deployments(objects)
}

/// The lists of single namespaces and of all that were asked for, without the first page.
fn parts(server: &ApiServer) -> Vec<String> {
    let is_part = |request: &RecordedRequest| request.parameter("resourceVersionMatch").is_some();
    let requests = server.requests();
    let mut paths: Vec<String> = requests
        .iter()
        .filter(|request| is_part(request))
        .map(|request| request.path.clone())
        .collect();
    paths.sort();
    paths
}

fn part_of(namespace: &str) -> String {
    format!("/apis/apps/v1/namespaces/{namespace}/deployments")
}

#[tokio::test]
async fn a_very_long_list_is_read_by_namespaces_and_is_complete() {
    let server = spread(VERY_LONG, 5).start().await;
    let report = ask(&server, &only_deployments()).await;
    let items = &part(&report).items;
    let mut names: Vec<_> = items.iter().map(|item| (&item.namespace, &item.name)).collect();
    assert!(names.is_sorted());
    names.dedup();
    assert_eq!((names.len(), report.status), (VERY_LONG, Status::Ok));
    assert_eq!(
        parts(&server),
        [
            "default",
            "kube-node-lease",
            "kube-public",
            "kube-system",
            "team-000",
            "team-001",
            "team-002",
            "team-003",
            "team-004"
        ]
        .map(part_of)
    );
    assert_eq!(pages_asked_for(&server), [1]);
}

#[tokio::test]
async fn namespaces_that_are_too_many_or_may_not_be_listed_leave_the_list_one_answer() {
    let all = || vec![LISTS.to_owned()];
    let server = spread(VERY_LONG, 101).start().await;
    assert_eq!(ask(&server, &only_deployments()).await.status, Status::Ok);
    assert_eq!(
        parts(&server),
        all(),
        "50 items are worth a request, and no fewer"
    );

    let server = spread(VERY_LONG, 5)
        .user("reader", "reader", Access::admin().without("list", "namespaces"))
        .start()
        .await;
    let client = crate::client::try_client(&server.kubeconfig_for("reader"), crate::client::PATIENT)
        .await
        .expect("a client");
    assert_eq!(
        part(&ask_with(&client, &only_deployments()).await).summary.total,
        VERY_LONG as u64
    );
    assert_eq!(parts(&server), all());
}

#[tokio::test]
async fn a_namespace_that_cannot_be_read_leads_to_one_answer_with_every_object_once() {
    let server = spread(VERY_LONG, 5).start().await;
    server.fail_times(1, Match::path(&part_of("team-003")), Fault::Status(500));
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(
        (part(&report).summary.total, report.status),
        (VERY_LONG as u64, Status::Ok)
    );
    assert!(parts(&server).contains(&LISTS.to_owned()));
}

#[tokio::test]
async fn a_watch_goes_on_from_one_list_and_never_from_parts() {
    let server = spread(VERY_LONG, 5).start().await;
    let client = client(&server).await;
    let options = ListOptions {
        page_size: 500,
        ..ListOptions::default()
    };
    let listed = list::<View>(&client, &options).await.expect("a list");
    assert_eq!(listed.resource_version, server.resource_version().to_string());
    assert_eq!(parts(&server), [LISTS]);
}
