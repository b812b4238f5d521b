//! Objects that change, come, go and are replaced.

use super::{deployments, eager, find, follow, named, next, not_seen, part, rolling, state, until};
use sre_shared::report::{State, Status};
use sre_shared::run::Request;
use sre_shared::run::follow::Observed;
use sre_testkit::ApiServer;
use sre_testkit::object::Deployment;

#[tokio::test]
async fn the_first_report_has_everything_and_each_change_has_another() {
    let server = ApiServer::builder().deployments([rolling("web")]).start().await;
    let mut follower = follow(&server, &named(&["web"]), eager()).await;
    let Observed::Report(first) = next(&mut follower).await else {
        panic!("the server answers");
    };
    assert_eq!(state(&first, "web"), "progressing RolloutInProgress");
    server.apply(Deployment::new("shop", "web"));
    let report = until(&mut follower, |report| report.status == Status::Ok).await;
    assert_eq!(state(&report, "web"), "healthy Ready");
    assert_eq!(report.source.mode, "direct");
}

#[tokio::test]
async fn a_newer_generation_is_not_healthy_before_it_was_observed_and_rolled_out() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let mut follower = follow(&server, &named(&["web"]), eager()).await;
    let mut seen = Vec::new();
    let steps = [
        Deployment::new("shop", "web"),
        Deployment::new("shop", "web").generation(2).observed(1),
        rolling("web").generation(2),
        Deployment::new("shop", "web").generation(2),
    ];
    let states = [
        "healthy Ready",
        "progressing NotObserved",
        "progressing RolloutInProgress",
        "healthy Ready",
    ];
    for (step, expected) in steps.into_iter().zip(states) {
        server.apply(step);
        seen.push(state(
            &until(&mut follower, |r| state(r, "web") == expected).await,
            "web",
        ));
    }
    assert_eq!(seen, states);
}

#[tokio::test]
async fn an_object_that_is_not_there_yet_is_not_found_until_it_comes() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "other")])
        .start()
        .await;
    let mut follower = follow(&server, &named(&["web"]), eager()).await;
    let report = until(&mut follower, |_| true).await;
    assert_eq!(not_seen(&report), ["deployment web: notFound"]);
    assert_eq!(report.status, Status::Unknown);
    server.apply(Deployment::new("shop", "web"));
    let report = until(&mut follower, |report| find(report, "web").is_some()).await;
    assert_eq!((report.status, not_seen(&report)), (Status::Ok, Vec::new()));
}

#[tokio::test]
async fn an_object_that_is_replaced_under_its_name_is_followed() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let mut follower = follow(&server, &named(&["web"]), eager()).await;
    until(&mut follower, |report| report.status == Status::Ok).await;
    server.delete("shop", "web");
    let gone = until(&mut follower, |report| find(report, "web").is_none()).await;
    assert_eq!(not_seen(&gone), ["deployment web: notFound"]);
    server.apply(rolling("web").uid("another"));
    let new = until(&mut follower, |report| find(report, "web").is_some()).await;
    assert_eq!(state(&new, "web"), "progressing RolloutInProgress");
}

#[tokio::test]
async fn a_named_object_that_is_being_deleted_is_not_healthy() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let mut follower = follow(&server, &named(&["web"]), eager()).await;
    until(&mut follower, |report| report.status == Status::Ok).await;
    server.apply(Deployment::new("shop", "web").deleting(sre_testkit::at(-5), &["example.com/wait"]));
    let report = until(&mut follower, |report| report.status != Status::Ok).await;
    let item = find(&report, "web").expect("it is there");
    assert_eq!((item.state, item.healthy), (State::Terminating, Some(false)));
}

#[tokio::test]
async fn in_a_large_cluster_a_report_has_what_falls_short_and_then_that_it_is_well_again() {
    let many = (0..150).map(|number| Deployment::new("shop", &format!("web-{number:03}")));
    let server = ApiServer::builder().deployments(many).start().await;
    let mut follower = follow(&server, &deployments(), eager()).await;
    let report = until(&mut follower, |_| true).await;
    assert_eq!((part(&report).summary.total, part(&report).items.len()), (150, 0));
    server.apply(rolling("web-007"));
    let report = until(&mut follower, |report| !part(report).items.is_empty()).await;
    assert_eq!(state(&report, "web-007"), "progressing RolloutInProgress");
    assert_eq!(part(&report).summary.healthy, 149);
    server.apply(Deployment::new("shop", "web-007"));
    let report = until(&mut follower, |report| part(report).summary.healthy == 150).await;
    assert_eq!(state(&report, "web-007"), "healthy Ready");
    assert_eq!((report.status, part(&report).items.len()), (Status::Ok, 1));
    // A program that asks for every object gets every object in the end.
    assert_eq!(part(&follower.whole_report().await).items.len(), 150);
}

#[tokio::test]
async fn a_namespace_that_does_not_exist_is_named() {
    let server = ApiServer::builder().namespaces(["shop"]).start().await;
    let request = Request {
        namespace: Some("shpo".into()),
        ..deployments()
    };
    let mut follower = follow(&server, &request, eager()).await;
    let report = until(&mut follower, |report| !not_seen(report).is_empty()).await;
    assert_eq!(not_seen(&report), ["namespace shpo: notFound"]);
    let hint = report.coverage.not_seen[0].hint.as_deref();
    assert_eq!(hint, Some("did you mean \"shop\"?"));
}
