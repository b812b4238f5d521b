//! What one run reads, page by page and namespace by namespace, and what becomes of the parts that it cannot.

use super::client::{
    IMPATIENT, PATIENT, ask, ask_with, client, names, only_deployments, part, try_client, with_deployments,
};
use sre_shared::cluster::{Deadlines, ListOptions, RunLimit, list};
use sre_shared::kind::Kind;
use sre_shared::report::{Namespaces, NotSeen, Report, State, Status};
use sre_shared::resource::Deployment as View;
use sre_shared::run::{KindTarget, Request};
use sre_testkit::object::{Deployment, List};
use sre_testkit::{Access, ApiServer, ApiServerBuilder, Fault, Match};
use std::io::Write as _;
use std::time::Duration;

const LISTS: &str = "/apis/apps/v1/deployments";

/// Seven Deployments, `a` to `g`.
fn seven() -> ApiServerBuilder {
    ApiServer::builder().deployments(('a'..='g').map(|name| Deployment::new("shop", &name.to_string())))
}

fn pages_of(size: u32) -> Request {
    Request {
        page_size: size,
        ..only_deployments()
    }
}

fn pages_asked_for(server: &ApiServer) -> Vec<u32> {
    server
        .requests_for(&Match::path(LISTS))
        .iter()
        .map(sre_testkit::Recorded::page)
        .collect()
}

fn named(name: &str) -> Request {
    let wanted = KindTarget {
        kind: Kind::Deployment,
        names: vec![name.into()],
    };
    Request {
        kinds: vec![wanted],
        ..only_deployments()
    }
}

fn in_namespace(name: &str) -> Request {
    Request {
        namespace: Some(name.into()),
        ..only_deployments()
    }
}

/// What was not seen, where that is one thing.
fn not_seen(report: &Report) -> &NotSeen {
    match report.coverage.not_seen.as_slice() {
        [one] => one,
        other => panic!("{other:?}"),
    }
}

/// Nothing was judged, and the one reason has this class.
fn assert_nothing_seen(report: &Report, class: &str) {
    assert_eq!(
        (report.status, part(report).status),
        (Status::Unknown, Status::Unknown),
        "{report:?}"
    );
    assert_eq!(part(report).items, [], "a part of a list is no list");
    assert_eq!(
        (not_seen(report).what().as_str(), not_seen(report).class.as_str()),
        ("deployments", class)
    );
    assert!(
        not_seen(report).hint.is_some() && not_seen(report).error.is_some(),
        "{report:?}"
    );
}

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
async fn metadata_after_the_items_is_as_good() {
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
async fn a_first_page_that_is_read_again_is_not_mixed_with_the_second_page_of_before() {
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
async fn where_all_at_once_is_forbidden_each_namespace_is_read_by_itself() {
    let spaces: Vec<String> = (0..20).map(|number| format!("team-{number:02}")).collect();
    let readable = spaces
        .iter()
        .map(String::as_str)
        .filter(|name| *name != "team-07");
    let access =
        Access::namespaces(readable.chain(["default", "kube-system", "kube-public", "kube-node-lease"]));
    let server = ApiServer::builder()
        .user("t", "jane", access.and_namespace_list())
        .deployments(spaces.iter().map(|space| Deployment::new(space, "web")))
        .start()
        .await;
    let report = ask(&server, &only_deployments()).await;
    let entry = not_seen(&report);
    assert_eq!(entry.what(), "deployments in namespace team-07");
    assert_eq!(
        (entry.class.as_str(), entry.missing.as_deref()),
        ("forbidden", Some("apps/deployments list"))
    );
    assert_eq!(
        (report.status, part(&report).status),
        (Status::Unknown, Status::Unknown)
    );
    assert_eq!(
        (part(&report).summary.total, part(&report).summary.healthy),
        (19, 19)
    );
    assert_eq!(report.coverage.namespaces, Namespaces::default());
    let server_side: Vec<u32> = server
        .requests_for(&Match::under("/apis/apps/v1/namespaces/team-07/"))
        .iter()
        .map(sre_testkit::Recorded::page)
        .collect();
    assert_eq!(
        server_side,
        [1],
        "a right that is missing does not come by asking again"
    );
}

#[tokio::test]
async fn what_is_broken_elsewhere_is_degraded_though_a_namespace_is_forbidden() {
    let server = ApiServer::builder()
        .user("t", "jane", Access::namespaces(["shop"]).and_namespace_list())
        .deployments([Deployment::new("shop", "web").replicas(3).counts(3, 3, 0, 0)])
        .start()
        .await;
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(report.status, Status::Degraded);
    assert_eq!(report.coverage.not_seen.len(), 4, "{:?}", report.coverage);
}

#[tokio::test]
async fn where_namespaces_cannot_be_listed_the_contexts_own_is_judged_and_the_rest_is_not_seen() {
    let server = seven()
        .user("t", "jane", Access::namespaces(["shop"]))
        .default_namespace("shop")
        .start()
        .await;
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(part(&report).summary.healthy, 7);
    assert_eq!(report.coverage.namespaces, Namespaces::These(vec!["shop".into()]));
    let entry = not_seen(&report);
    assert_eq!(entry.what(), "deployments in all namespaces but shop");
    assert_eq!(
        (entry.class.as_str(), entry.missing.as_deref()),
        ("forbidden", Some("apps/deployments list"))
    );
    assert!(
        entry
            .hint
            .as_deref()
            .is_some_and(|hint| hint.contains("-n NAMESPACE")),
        "{entry:?}"
    );
    assert_eq!(report.status, Status::Unknown);
    // What -n asks for is all there is to see.
    assert_eq!(ask(&server, &in_namespace("shop")).await.status, Status::Ok);
    let report = ask(&server, &in_namespace("bank")).await;
    assert_eq!(not_seen(&report).what(), "deployments in namespace bank");
    assert_eq!(
        not_seen(&report).missing.as_deref(),
        Some("apps/deployments list")
    );
}

#[tokio::test]
async fn where_nothing_may_be_read_one_entry_names_the_rule() {
    let server = seven().user("t", "nobody", Access::none()).start().await;
    let report = ask(&server, &with_deployments()).await;
    assert_nothing_seen(&report, "forbidden");
    assert_eq!(
        not_seen(&report).missing.as_deref(),
        Some("apps/deployments list")
    );
    assert_eq!(report.coverage.namespaces, Namespaces::default());
    assert_eq!(report.api_server().map(|check| check.status), Some(Status::Ok));
}

#[tokio::test]
async fn an_empty_list_that_was_read_is_ok() {
    let server = ApiServer::builder().start().await;
    let report = ask(&server, &with_deployments()).await;
    assert_eq!((report.status, part(&report).summary.total), (Status::Ok, 0));
    assert_eq!(report.coverage.not_seen, []);
}

#[tokio::test]
async fn an_empty_namespace_is_ok_where_it_exists() {
    let server = seven().namespaces(["bank"]).start().await;
    assert_eq!(ask(&server, &in_namespace("bank")).await.status, Status::Ok);
    // The list was allowed and empty; that the namespace itself may not be read changes nothing.
    server.set_access("kubernetes-admin", Access::admin().without("get", "namespaces"));
    assert_eq!(ask(&server, &in_namespace("bank")).await.status, Status::Ok);
    server.set_access("kubernetes-admin", Access::admin());
    server.fail(Match::path("/api/v1/namespaces/bank"), Fault::Status(500));
    let report = ask(&server, &in_namespace("bank")).await;
    assert_eq!(
        (report.status, not_seen(&report).class.as_str()),
        (Status::Unknown, "unhealthy")
    );
}

#[tokio::test]
async fn a_namespace_that_does_not_exist_is_not_found_with_the_nearest() {
    let server = seven().start().await;
    for wanted in [
        in_namespace("shopp"),
        Request {
            namespace: Some("shopp".into()),
            ..named("a")
        },
    ] {
        let report = ask(&server, &wanted).await;
        let entry = not_seen(&report);
        assert_eq!(
            (entry.what().as_str(), entry.class.as_str()),
            ("namespace shopp", "notFound")
        );
        assert_eq!(entry.hint.as_deref(), Some("did you mean \"shop\"?"));
        assert_eq!(report.status, Status::Unknown);
    }
}

#[tokio::test]
async fn a_selector_is_the_servers_work_and_one_without_a_match_is_not_found() {
    let server = seven().start().await;
    let selected = |text: &str| Request {
        selector_text: text.into(),
        selector: text.parse().expect("a selector"),
        ..only_deployments()
    };
    let report = ask(&server, &selected("app!=b,app")).await;
    assert_eq!(names(&part(&report).items).concat(), "acdefg");
    let sent = server.requests_for(&Match::path(LISTS));
    assert_eq!(sent[0].parameter("labelSelector").as_deref(), Some("app!=b,app"));
    let report = ask(&server, &selected("app=none")).await;
    assert_eq!(not_seen(&report).class, "notFound");
    assert_eq!(
        not_seen(&report).error.as_deref(),
        Some("no Deployments match \"app=none\"")
    );
    assert_eq!(report.status, Status::Unknown);
}

#[tokio::test]
async fn a_named_object_is_found_in_every_namespace_and_a_missing_one_has_a_nearest() {
    let server = seven()
        .deployments([
            Deployment::new("shop", "checkout"),
            Deployment::new("bank", "checkout"),
        ])
        .start()
        .await;
    let report = ask(&server, &named("checkout")).await;
    assert_eq!((report.status, part(&report).summary.total), (Status::Ok, 2));
    let report = ask(&server, &named("chekout")).await;
    assert_eq!(not_seen(&report).what(), "deployment chekout");
    assert_eq!(
        not_seen(&report).hint.as_deref(),
        Some("did you mean \"checkout\"?")
    );
    assert_eq!(report.status, Status::Unknown);
    let report = ask(
        &server,
        &Request {
            namespace: Some("bank".into()),
            ..named("a")
        },
    )
    .await;
    assert_eq!(
        not_seen(&report).error.as_deref(),
        Some("there is no deployment a in namespace bank")
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

#[tokio::test]
async fn slow_is_fine_as_long_as_bytes_come_and_silence_is_not() {
    let server = seven().start().await;
    let impatient = try_client(server.kubeconfig(), IMPATIENT)
        .await
        .expect("a client");
    // The whole takes longer than the longest silence that is allowed.
    let slow = Fault::SlowBody {
        bytes: 600,
        every: Duration::from_millis(30),
    };
    let id = server.fail(Match::path(LISTS), slow);
    let report = ask_with(&impatient, &only_deployments()).await;
    assert_eq!(names(&part(&report).items).concat(), "abcdefg");
    server.clear_fault(id);
    server.fail(
        Match::path(LISTS).page(2),
        Fault::SlowHeaders(Duration::from_mins(1)),
    );
    let report = ask_with(&impatient, &pages_of(3)).await;
    assert_nothing_seen(&report, "timeout");
    assert_eq!(not_seen(&report).error.as_deref(), Some("no byte for 0.3 s"));
}

#[tokio::test]
async fn a_short_retry_after_is_waited_for_and_a_long_one_is_the_answer() {
    let server = seven().start().await;
    server.fail_times(1, Match::path(LISTS), Fault::RetryAfter(429, 1));
    let report = ask(&server, &only_deployments()).await;
    assert_eq!((report.status, pages_asked_for(&server).len()), (Status::Ok, 2));
    server.clear_requests();
    server.fail(Match::path(LISTS), Fault::TooManyRequests(60));
    let report = ask(&server, &only_deployments()).await;
    assert_nothing_seen(&report, "overloaded");
    assert_eq!(pages_asked_for(&server).len(), 1);
    // Longer than any clock goes.
    server.clear_faults();
    server.fail(Match::path(LISTS), Fault::RetryAfter(429, u64::MAX));
    let run = Some(RunLimit::from_now(Duration::from_secs(30)));
    let client = try_client(server.kubeconfig(), Deadlines { run, ..PATIENT })
        .await
        .expect("a client");
    assert_nothing_seen(&ask_with(&client, &only_deployments()).await, "overloaded");
}

#[tokio::test]
async fn only_a_failure_that_passes_is_tried_again() {
    for (code, class, tries) in [
        (400, "rejected", 1),
        (401, "unauthenticated", 1),
        (404, "notFound", 1),
        (500, "unhealthy", 1),
        (502, "unhealthy", 3),
        (503, "unhealthy", 3),
        (504, "unhealthy", 3),
    ] {
        let server = seven().start().await;
        server.fail(Match::path(LISTS), Fault::Status(code));
        let report = ask(&server, &only_deployments()).await;
        assert_nothing_seen(&report, class);
        assert_eq!(pages_asked_for(&server).len(), tries, "{code}");
        server.clear_faults();
        server.fail_times(2, Match::path(LISTS), Fault::Status(503));
        assert_eq!(ask(&server, &only_deployments()).await.status, Status::Ok);
    }
}

#[tokio::test]
async fn a_page_of_html_is_not_an_api_server() {
    let server = seven().start().await;
    server.fail(Match::any(), Fault::captive_portal());
    let report = ask(&server, &with_deployments()).await;
    assert_nothing_seen(&report, "notAnApiServer");
    let check = report.api_server().expect("it was asked for");
    assert_eq!(
        (check.status, check.class.as_deref()),
        (Status::Unknown, Some("notAnApiServer"))
    );
    assert!(
        check
            .error
            .as_deref()
            .is_some_and(|e| e.contains("<!DOCTYPE html>")),
        "{check:?}"
    );
    server.clear_faults();
    server.fail(
        Match::any(),
        Fault::Redirect("https://login.example.test/".into()),
    );
    let report = ask(&server, &with_deployments()).await;
    assert_nothing_seen(&report, "notAnApiServer");
}

#[tokio::test]
async fn what_is_json_and_no_list_is_not_an_api_server() {
    let server = seven().start().await;
    for body in [
        "{}",
        "[]",
        "\"ok\"",
        "",
        r#"{"kind":"Status","status":"Success"}"#,
        // Whether there is a next page cannot be known: what was read may be a part only.
        r#"{"metadata":{"continue":5},"items":[]}"#,
    ] {
        server.clear_faults();
        server.fail(Match::path(LISTS), wrong(body));
        assert_nothing_seen(&ask(&server, &only_deployments()).await, "notAnApiServer");
    }
}

fn wrong(body: &str) -> Fault {
    Fault::WrongBody {
        status: 200,
        content_type: "application/octet-stream".into(),
        body: body.into(),
    }
}

#[tokio::test]
async fn a_list_of_an_unknown_content_type_is_read_as_json() {
    let server = ApiServer::builder().start().await;
    let body = List::new("DeploymentList", "apps/v1")
        .items([Deployment::new("shop", "web")])
        .to_json();
    server.fail(Match::path(LISTS), wrong(&body));
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(
        (report.status, names(&part(&report).items)),
        (Status::Ok, vec!["web"])
    );
}

/// Answers every connection with this gzip as a list, and returns a kubeconfig for it.
fn serve_gzip(packed: Vec<u8>) -> tempfile::NamedTempFile {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("the loopback gives a port");
    let address = listener.local_addr().expect("a bound socket has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            let mut request = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut request);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                packed.len()
            );
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&packed));
        }
    });
    let mut kubeconfig = tempfile::NamedTempFile::new().expect("a temporary file");
    write!(
        kubeconfig,
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- name: a\n  context: {{cluster: a, user: a}}\n\
         clusters:\n- name: a\n  cluster: {{server: 'http://{address}'}}\nusers:\n- name: a\n  user: {{token: t}}\n"
    )
    .expect("it can be written to");
    kubeconfig
}

#[tokio::test]
async fn a_compressed_list_is_read_and_a_broken_one_is_not() {
    let many = (0..500).map(|number| Deployment::new("shop", &format!("web-{number:03}")));
    let body = List::new("DeploymentList", "apps/v1").items(many).to_json();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder
        .write_all(body.as_bytes())
        .expect("a vector takes everything");
    let packed = encoder.finish().expect("a vector takes everything");
    let read = async |packed: Vec<u8>| {
        let kubeconfig = serve_gzip(packed);
        let client = try_client(kubeconfig.path(), super::client::PATIENT)
            .await
            .expect("a client");
        ask_with(&client, &only_deployments()).await
    };
    let report = read(packed.clone()).await;
    assert_eq!((report.status, part(&report).summary.healthy), (Status::Ok, 500));

    // Cut in the middle, without its checksum, with a wrong one, and nothing of the kind at all.
    let half = packed[..packed.len() / 2].to_vec();
    let unfinished = packed[..packed.len() - 8].to_vec();
    let mut wrong = packed.clone();
    let checksum = wrong.len() - 8;
    wrong[checksum] ^= 1;
    for broken in [half, unfinished, wrong, body.into_bytes(), Vec::new()] {
        assert_nothing_seen(&read(broken).await, "connectionLost");
    }
}

/// The default kinds without the API server.
fn every_kind() -> Request {
    Request {
        api_server: false,
        ..Request::everything()
    }
}

fn cron_job(namespace: &str) -> serde_json::Value {
    serde_json::json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"name": "nightly", "namespace": namespace, "labels": {"app": "nightly"},
                     "creationTimestamp": "2026-03-01T12:00:00Z", "generation": 1},
        "spec": {"schedule": "0 3 * * *", "suspend": true}, "status": {},
    })
}

fn job_of_nightly() -> serde_json::Value {
    serde_json::json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": "nightly-1", "namespace": "shop", "creationTimestamp": "2026-03-01T12:00:00Z", "generation": 1,
                     "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "1",
                                          "controller": true}]},
        "spec": {}, "status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]},
    })
}

/// What was judged of each kind.
fn totals(report: &Report) -> Vec<(&str, Status, u64)> {
    let parts = report.kinds();
    parts
        .map(|k| (k.check.as_str(), k.status, k.summary.total))
        .collect()
}

#[tokio::test]
async fn every_default_kind_is_read_and_reported_in_one_order() {
    let server = seven()
        .objects([cron_job("shop"), job_of_nightly()])
        .start()
        .await;
    let report = ask(&server, &every_kind()).await;
    assert_eq!(
        totals(&report),
        [
            ("deployments", Status::Ok, 7),
            ("statefulsets", Status::Ok, 0),
            ("daemonsets", Status::Ok, 0),
            // The CronJob answers for it.
            ("jobs", Status::Ok, 0),
            ("cronjobs", Status::Ok, 1),
        ]
    );
    assert_eq!((report.status, report.coverage.not_seen.len()), (Status::Ok, 0));
    let named = Request {
        kinds: vec![KindTarget {
            kind: Kind::Job,
            names: vec!["nightly-1".into()],
        }],
        ..every_kind()
    };
    assert_eq!(ask(&server, &named).await.status, Status::Degraded);
}

#[tokio::test]
async fn no_more_than_four_kinds_are_read_at_the_same_time() {
    let server = seven().start().await;
    server.fail(Match::under("/apis/"), Fault::Hang);
    let client = client(&server).await;
    let run = tokio::spawn(async move { ask_with(&client, &every_kind()).await });
    server.wait_for_requests(&Match::under("/apis/"), 4).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let asked: Vec<String> = server.requests().iter().map(|r| r.path.clone()).collect();
    run.abort();
    assert_eq!(asked.len(), 4, "{asked:?}");
}

#[tokio::test]
async fn where_no_api_server_is_reached_no_further_kind_is_waited_for() {
    let server = seven().start().await;
    server.fail(Match::any(), Fault::Hang);
    let impatient = try_client(server.kubeconfig(), IMPATIENT)
        .await
        .expect("a client");
    let report = ask_with(&impatient, &every_kind()).await;
    let classes: Vec<&str> = report
        .coverage
        .not_seen
        .iter()
        .map(|n| n.class.as_str())
        .collect();
    assert_eq!(classes, ["timeout"; 5]);
    assert_eq!(server.requests_for(&Match::under("/apis/")).len(), 4);
    // One list that takes too long is no reason to leave the others out.
    server.clear_faults();
    server.fail(Match::path(LISTS), Fault::Hang);
    let report = ask_with(&impatient, &every_kind()).await;
    assert_eq!(not_seen(&report).what(), "deployments");
}

#[tokio::test]
async fn a_kind_that_may_not_be_read_is_not_seen_and_the_hint_leaves_it_out() {
    let access = Access::admin().without("list", "cronjobs");
    let server = seven().user("t", "jane", access).start().await;
    let report = ask(&server, &Request::everything()).await;
    assert_eq!(report.status, Status::Unknown);
    assert_eq!(totals(&report)[0], ("deployments", Status::Ok, 7));
    assert_eq!(totals(&report)[4], ("cronjobs", Status::Unknown, 0));
    let entry = not_seen(&report);
    assert_eq!(
        (entry.what().as_str(), entry.missing.as_deref()),
        ("cronjobs", Some("batch/cronjobs list"))
    );
    let hint = entry.hint.as_deref().expect("there is a next step");
    assert!(
        hint.ends_with(
            "; or leave it out on purpose: --kinds apiserver,deployments,statefulsets,daemonsets,jobs"
        ),
        "{hint}"
    );
    // Named, it is as unknown, and there is nothing to leave it out of.
    let only = Request {
        kinds: vec![KindTarget::all(Kind::CronJob)],
        ..every_kind()
    };
    let report = ask(&server, &only).await;
    assert_eq!(report.status, Status::Unknown);
    assert!(
        !not_seen(&report)
            .hint
            .as_deref()
            .unwrap_or_default()
            .contains("--kinds")
    );
}

#[tokio::test]
async fn a_kind_that_the_server_does_not_serve_is_not_seen_in_its_own_words() {
    let server = seven().start().await;
    server.fail(Match::path("/apis/batch/v1/cronjobs"), Fault::Status(404));
    let report = ask(&server, &every_kind()).await;
    let entry = not_seen(&report);
    assert_eq!(
        (entry.what().as_str(), entry.class.as_str()),
        ("cronjobs", "notFound")
    );
    let error = entry.error.as_deref().expect("there is an error");
    assert!(
        error.starts_with("the server does not serve batch/cronjobs: "),
        "{error}"
    );
    let hint = entry.hint.as_deref().expect("there is a next step");
    assert!(
        hint.starts_with("kubectl api-resources --api-group=batch "),
        "{hint}"
    );
    assert_eq!((report.status, entry.missing.as_deref()), (Status::Unknown, None));
}

#[tokio::test]
async fn a_selector_has_to_match_something_of_all_kinds_together() {
    let server = seven().objects([cron_job("shop")]).start().await;
    let selected = |text: &str| Request {
        selector_text: text.into(),
        selector: text.parse().expect("a selector"),
        ..every_kind()
    };
    let report = ask(&server, &selected("app=nightly")).await;
    assert_eq!((report.status, report.coverage.not_seen.len()), (Status::Ok, 0));
    assert_eq!(totals(&report)[4], ("cronjobs", Status::Ok, 1));
    let report = ask(&server, &selected("app=none")).await;
    let entry = not_seen(&report);
    assert_eq!(entry.what(), "objects matching app=none");
    assert_eq!(
        entry.error.as_deref(),
        Some("no Deployments, StatefulSets, DaemonSets, Jobs or CronJobs match \"app=none\"")
    );
    assert!(
        report.kinds().all(|kind| kind.status == Status::Unknown),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_namespace_is_looked_up_once_and_only_where_nothing_is_in_it() {
    let server = seven().namespaces(["bank"]).start().await;
    let of = |namespace: &str| Request {
        namespace: Some(namespace.into()),
        ..every_kind()
    };
    let lookups = || server.requests_for(&Match::under("/api/v1/namespaces")).len();
    assert_eq!(ask(&server, &of("shop")).await.status, Status::Ok);
    assert_eq!(lookups(), 0);
    assert_eq!(ask(&server, &of("bank")).await.status, Status::Ok);
    assert_eq!(lookups(), 1);
    let report = ask(&server, &of("shopp")).await;
    assert_eq!(not_seen(&report).what(), "namespace shopp");
    assert!(
        report.kinds().all(|kind| kind.status == Status::Unknown),
        "{report:?}"
    );
}

#[tokio::test]
async fn the_names_of_all_namespaces_are_read_once_for_all_kinds() {
    let access = Access::namespaces(["shop", "default", "kube-system", "kube-public", "kube-node-lease"]);
    let server = seven()
        .user("t", "jane", access.and_namespace_list())
        .start()
        .await;
    let report = ask(&server, &every_kind()).await;
    assert_eq!(
        (report.status, totals(&report)[0].2),
        (Status::Ok, 7),
        "{report:?}"
    );
    assert_eq!(server.requests_for(&Match::path("/api/v1/namespaces")).len(), 1);
}

#[tokio::test]
async fn what_is_seen_of_one_namespace_only_says_so_unless_a_kind_is_seen_everywhere() {
    let server = seven()
        .user("t", "jane", Access::namespaces(["shop"]))
        .default_namespace("shop")
        .start()
        .await;
    let report = ask(&server, &every_kind()).await;
    assert_eq!(report.coverage.namespaces, Namespaces::These(vec!["shop".into()]));
    assert_eq!(
        (report.status, report.coverage.not_seen.len()),
        (Status::Unknown, 5)
    );
}
