//! Pods of objects that are not settled: their changes cause a search, though their workload does not change.

use super::{
    NEVER, crashing, deployments, eager, find, follow, named, pod_of, requests, rolling, starting, until,
};
use sre_shared::report::{Report, Status};
use sre_shared::run::follow::FollowPace;
use sre_shared::run::{Causes, Request};
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, Match};
use std::time::Duration;

const PODS: &str = "/api/v1/namespaces/shop/pods";

/// The causes of an object, each as its code and count.
fn causes(report: &Report, name: &str) -> Vec<String> {
    let causes = find(report, name).into_iter().flat_map(|item| &item.causes);
    causes
        .map(|cause| format!("{} {}x", cause.code, cause.count))
        .collect()
}

#[tokio::test]
async fn a_pod_that_begins_to_crash_is_a_cause_although_its_workload_does_not_change() {
    let server = ApiServer::builder().objects(starting("web")).start().await;
    let mut follower = follow(&server, &named(&["web"]), eager()).await;
    until(&mut follower, |report| report.status != Status::Ok).await;
    server.wait_for_watches(2).await;
    let (_, pod) = pod_of(&rolling("web"), "web");
    server.apply(crashing(pod.clone(), 1).build());
    let report = until(&mut follower, |report| !causes(report, "web").is_empty()).await;
    assert_eq!(causes(&report, "web"), ["CrashLoop 1x"]);
    // The pod is deleted, and another one starts.
    server.delete_object("v1", "Pod", "shop", "web-1-a");
    until(&mut follower, |report| causes(report, "web").is_empty()).await;
}

#[tokio::test]
async fn pods_are_watched_only_as_long_as_their_workload_is_not_settled() {
    let server = ApiServer::builder().objects(starting("web")).start().await;
    let mut follower = follow(&server, &named(&["web"]), eager()).await;
    until(&mut follower, |report| report.status != Status::Ok).await;
    server.wait_for_watches(2).await;
    server.apply(Deployment::new("shop", "web"));
    until(&mut follower, |report| report.status == Status::Ok).await;
    server.wait_for_watches(1).await;
}

#[tokio::test]
async fn many_changes_of_pods_cost_few_searches() {
    let server = ApiServer::builder().objects(starting("web")).start().await;
    let pace = FollowPace {
        search_pause: NEVER,
        ..eager()
    };
    let mut follower = follow(&server, &named(&["web"]), pace).await;
    until(&mut follower, |report| report.status != Status::Ok).await;
    server.wait_for_watches(2).await;
    let lists = Match::path(PODS).lists();
    server.wait_for_requests(&lists, 1).await;
    let (_, pod) = pod_of(&rolling("web"), "web");
    for restarts in 1..30 {
        server.apply(crashing(pod.clone(), restarts).build());
    }
    // The changes of the workload are reported meanwhile.
    server.apply(Deployment::new("shop", "web"));
    until(&mut follower, |report| report.status == Status::Ok).await;
    assert_eq!(server.requests_for(&lists).len(), 1);
}

#[tokio::test]
async fn a_change_of_a_pod_that_says_nothing_new_causes_no_search() {
    let server = ApiServer::builder().objects(starting("web")).start().await;
    let mut follower = follow(&server, &named(&["web"]), eager()).await;
    until(&mut follower, |report| report.status != Status::Ok).await;
    server.wait_for_watches(2).await;
    let lists = Match::path(PODS).lists();
    server.wait_for_requests(&lists, 1).await;
    let (_, pod) = pod_of(&rolling("web"), "web");
    let pod = pod.waiting("ContainerCreating", "");
    for number in 0..5 {
        server.apply(
            pod.clone()
                .annotation("example.com/number", &number.to_string())
                .build(),
        );
    }
    server.apply(crashing(pod, 1).build());
    until(&mut follower, |report| !causes(report, "web").is_empty()).await;
    assert_eq!(server.requests_for(&lists).len(), 2);
}

#[tokio::test]
async fn of_more_than_twenty_workloads_in_a_namespace_one_watch_sees_all_pods() {
    let objects = (0..21).flat_map(|number| starting(&format!("web-{number}")));
    let server = ApiServer::builder().objects(objects).start().await;
    let mut follower = follow(&server, &deployments(), eager()).await;
    until(&mut follower, |report| report.status != Status::Ok).await;
    server.wait_for_watches(2).await;
    let watches = server.requests_for(&Match::path(PODS).watches());
    assert_eq!(watches.len(), 1);
    assert_eq!(watches[0].parameter("labelSelector").unwrap_or_default(), "");
    let (_, pod) = pod_of(&rolling("web-7"), "web-7");
    server.apply(crashing(pod, 1).build());
    let report = until(&mut follower, |report| !causes(report, "web-7").is_empty()).await;
    assert_eq!(causes(&report, "web-7"), ["CrashLoop 1x"]);
}

#[tokio::test]
async fn without_the_right_to_watch_pods_causes_are_searched_for_again_and_again() {
    let server = ApiServer::builder().objects(starting("web")).start().await;
    server.set_access("kubernetes-admin", Access::admin().without("watch", "pods"));
    let pace = FollowPace {
        search_again: Duration::from_millis(200),
        ..eager()
    };
    let mut follower = follow(&server, &named(&["web"]), pace).await;
    until(&mut follower, |report| report.status != Status::Ok).await;
    let (_, pod) = pod_of(&rolling("web"), "web");
    server.apply(crashing(pod, 1).build());
    let report = until(&mut follower, |report| !causes(report, "web").is_empty()).await;
    assert_eq!(causes(&report, "web"), ["CrashLoop 1x"]);
}

#[tokio::test]
async fn without_causes_no_pod_is_read() {
    let server = ApiServer::builder().objects(starting("web")).start().await;
    let request = Request {
        causes: Causes::None,
        ..named(&["web"])
    };
    let mut follower = follow(&server, &request, eager()).await;
    until(&mut follower, |report| report.status != Status::Ok).await;
    server.apply(Deployment::new("shop", "web"));
    until(&mut follower, |report| report.status == Status::Ok).await;
    assert!(requests(&server).iter().all(|line| !line.contains("pods")));
}
