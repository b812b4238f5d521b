//! Watches that break, die silently or may not be opened, and API servers that go away.

use super::{
    LIMIT, NEVER, deployments, eager, find, follow, named, next, not_seen, part, rolling, state, until,
    until_away,
};
use sre_shared::report::Status;
use sre_shared::run::follow::{FollowPace, Observed};
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, Fault, GoneForm, Match, WatchFault};
use std::time::Duration;

const PATH: &str = "/apis/apps/v1/namespaces/shop/deployments";

/// A server with a healthy Deployment, followed by its name once its watch is open.
async fn server() -> ApiServer {
    ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await
}

#[tokio::test]
async fn a_watch_that_dies_silently_is_found_by_reading_again_and_opened_again() {
    let server = server().await;
    server.fail_times(1, Match::path(PATH), Fault::Watch(WatchFault::Silent));
    let pace = FollowPace {
        recheck: Duration::from_millis(300),
        ..eager()
    };
    let mut follower = follow(&server, &named(&["web"]), pace).await;
    until(&mut follower, |report| report.status == Status::Ok).await;
    server.wait_for_watches(1).await;
    server.apply(rolling("web"));
    let report = until(&mut follower, |report| report.status != Status::Ok).await;
    assert_eq!(state(&report, "web"), "progressing RolloutInProgress");
    let watches = Match::path(PATH).watches();
    assert_eq!(server.wait_for_requests(&watches, 2).await.len(), 2);
}

#[tokio::test]
async fn of_a_whole_kind_only_open_objects_are_read_again() {
    let many = (0..30).map(|number| Deployment::new("shop", &format!("web-{number:02}")));
    let server = ApiServer::builder()
        .deployments(many.chain([rolling("api")]))
        .start()
        .await;
    server.fail_times(
        1,
        Match::path("/apis/apps/v1/deployments"),
        Fault::Watch(WatchFault::Silent),
    );
    let pace = FollowPace {
        recheck: Duration::from_millis(300),
        ..eager()
    };
    let mut follower = follow(&server, &deployments(), pace).await;
    until(&mut follower, |report| find(report, "api").is_some()).await;
    server
        .wait_for_requests(&Match::path("/apis/apps/v1/deployments").watches(), 1)
        .await;
    let again = Match::path(PATH).lists();
    let read = server.wait_for_requests(&again, 1).await;
    assert_eq!(
        read[0].parameter("fieldSelector").as_deref(),
        Some("metadata.name=api")
    );
    server.apply(Deployment::new("shop", "api"));
    until(&mut follower, |report| report.status == Status::Ok).await;
    let names = server
        .requests_for(&again)
        .into_iter()
        .filter_map(|r| r.parameter("fieldSelector"));
    assert!(names.into_iter().all(|name| name == "metadata.name=api"));
}

#[tokio::test]
async fn an_api_server_that_goes_away_is_away_and_is_followed_again_when_it_is_back() {
    let server = server().await;
    let mut follower = follow(&server, &named(&["web"]), eager()).await;
    until(&mut follower, |report| report.status == Status::Ok).await;
    server.wait_for_watches(1).await;
    server.stop();
    assert_eq!(until_away(&mut follower).await, "refused");
    server.apply(rolling("web"));
    server.start_again();
    let report = until(&mut follower, |report| report.status != Status::Ok).await;
    assert_eq!(state(&report, "web"), "progressing RolloutInProgress");
    assert_eq!(not_seen(&report), [""; 0]);
}

#[tokio::test]
async fn an_api_server_that_is_away_from_the_start_is_away_until_it_comes() {
    let server = server().await;
    let kubeconfig = server.kubeconfig().to_owned();
    server.stop();
    let client = crate::client::try_client(&kubeconfig, crate::client::PATIENT)
        .await
        .expect("the server's own kubeconfig");
    let mut follower =
        sre_shared::run::follow::Follower::start(&client, &named(&["web"]), crate::client::now, eager());
    let Observed::Away(failure) = next(&mut follower).await else {
        panic!("nothing listens");
    };
    assert_eq!(failure.class.as_str(), "refused");
    server.start_again();
    until(&mut follower, |report| report.status == Status::Ok).await;
}

#[tokio::test]
async fn errors_of_the_server_are_an_outage_and_no_verdict() {
    for (fault, class) in [
        (Fault::Status(500), "unhealthy"),
        (Fault::Status(503), "unhealthy"),
        (Fault::TooManyRequests(1), "overloaded"),
        (Fault::captive_portal(), "connectionLost"),
    ] {
        let server = server().await;
        let mut follower = follow(&server, &named(&["web"]), eager()).await;
        until(&mut follower, |report| report.status == Status::Ok).await;
        server.wait_for_watches(1).await;
        server.fail(Match::any(), fault);
        server.disturb_watches(&WatchFault::Cut);
        assert_eq!(until_away(&mut follower).await, class);
        server.clear_faults();
        until(&mut follower, |report| report.status == Status::Ok).await;
    }
}

#[tokio::test]
async fn one_break_of_a_watch_is_no_outage() {
    let server = server().await;
    let mut follower = follow(&server, &named(&["web"]), eager()).await;
    until(&mut follower, |report| report.status == Status::Ok).await;
    server.wait_for_watches(1).await;
    server.disturb_watches(&WatchFault::Cut);
    server.apply(rolling("web"));
    let Observed::Report(report) = next(&mut follower).await else {
        panic!("the server answers");
    };
    assert_eq!(state(&report, "web"), "progressing RolloutInProgress");
}

#[tokio::test]
async fn a_version_that_is_gone_costs_one_list_and_no_report() {
    for gone in [GoneForm::Event, GoneForm::Answer] {
        let server = server().await;
        server.set_gone(gone);
        let mut follower = follow(&server, &named(&["web"]), eager()).await;
        until(&mut follower, |report| report.status == Status::Ok).await;
        server.wait_for_watches(1).await;
        server.apply(rolling("other"));
        server.compact();
        server.disturb_watches(&WatchFault::Cut);
        let lists = Match::path(PATH).lists();
        server.wait_for_requests(&lists, 2).await;
        server.wait_for_watches(1).await;
        server.apply(rolling("web"));
        let Observed::Report(report) = next(&mut follower).await else {
            panic!("the server answers");
        };
        assert_eq!(state(&report, "web"), "progressing RolloutInProgress", "{gone:?}");
        assert_eq!(server.requests_for(&lists).len(), 2, "{gone:?}");
    }
}

#[tokio::test]
async fn objects_that_may_be_listed_and_not_watched_are_listed_again_and_the_missing_right_is_named() {
    let server = server().await;
    server.set_access(
        "kubernetes-admin",
        Access::admin().without("watch", "deployments"),
    );
    let mut follower = follow(&server, &named(&["web"]), eager()).await;
    until(&mut follower, |report| report.status == Status::Ok).await;
    server.apply(rolling("web"));
    let report = until(&mut follower, |report| report.status != Status::Ok).await;
    assert_eq!(state(&report, "web"), "progressing RolloutInProgress");
    assert_eq!(not_seen(&report), [""; 0]);
    let warned = async {
        loop {
            if let [warning] = follower.warnings().as_slice() {
                return warning.clone();
            }
            follower.next().await;
        }
    };
    server.apply(Deployment::new("shop", "web").replicas(2));
    let warning = tokio::time::timeout(LIMIT, warned)
        .await
        .expect("a warning comes");
    assert!(
        warning.contains("grant apps/deployments watch to see changes at once"),
        "{warning}"
    );
}

#[tokio::test]
async fn rights_that_are_taken_away_are_a_gap_with_the_missing_rule_and_no_outage() {
    let server = server().await;
    let mut follower = follow(&server, &named(&["web"]), eager()).await;
    until(&mut follower, |report| report.status == Status::Ok).await;
    server.wait_for_watches(1).await;
    server.set_access("kubernetes-admin", Access::none());
    server.disturb_watches(&WatchFault::Cut);
    let report = until(&mut follower, |report| !not_seen(report).is_empty()).await;
    assert_eq!(not_seen(&report), ["deployments in namespace shop: forbidden"]);
    let missing = report.coverage.not_seen[0]
        .missing
        .as_ref()
        .map(ToString::to_string);
    assert_eq!(missing.as_deref(), Some("apps/deployments list"));
    // The object as it was last seen stays, so that nobody takes it for deleted.
    assert_eq!(state(&report, "web"), "healthy Ready");
    server.set_access("kubernetes-admin", Access::admin());
    until(&mut follower, |report| report.status == Status::Ok).await;
}

#[tokio::test]
async fn a_kind_that_may_not_be_read_from_the_start_is_a_gap() {
    let server = server().await;
    server.set_access("kubernetes-admin", Access::admin().without("list", "deployments"));
    let mut follower = follow(&server, &deployments(), eager()).await;
    let report = until(&mut follower, |_| true).await;
    assert_eq!(not_seen(&report), ["deployments: forbidden"]);
    assert_eq!(part(&report).status, Status::Unknown);
}

#[tokio::test]
async fn a_report_comes_now_and_then_although_nothing_changes() {
    let server = server().await;
    let pace = FollowPace {
        heartbeat: Duration::from_millis(300),
        ..eager()
    };
    let mut follower = follow(&server, &named(&["web"]), pace).await;
    for _ in 0..3 {
        next(&mut follower).await;
    }
    let quiet = FollowPace {
        heartbeat: NEVER,
        ..eager()
    };
    let mut follower = follow(&server, &named(&["web"]), quiet).await;
    next(&mut follower).await;
    let silence = tokio::time::timeout(Duration::from_secs(1), follower.next()).await;
    assert!(silence.is_err(), "{silence:?}");
}
