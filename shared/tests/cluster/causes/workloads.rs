//! Pods and ReplicaSets of workloads that are not healthy.

use super::{
    BrokenDeployment, CRASHED, broken_deployment, deployments, item, lines, other_requests, server,
    system_time, unseen_causes,
};
use crate::client::{ask, part};
use serde_json::json;
use sre_shared::report::{Item, State, Status};
use sre_shared::run::{Causes, Request};
use sre_testkit::object::{Deployment, Pod, ReplicaSet};
use sre_testkit::{Access, ApiServer, Clock, Fault, Match, at};

#[tokio::test]
async fn healthy_objects_cost_no_request_and_neither_does_a_run_without_causes() {
    let well = server(&[]).start().await;
    let report = ask(&well, &deployments()).await;
    assert_eq!(report.status, Status::Ok);
    assert_eq!(other_requests(&well), Vec::<String>::new());

    let ill = server(&[broken_deployment("shop", "web")]).start().await;
    let report = ask(
        &ill,
        &Request {
            causes: Causes::None,
            ..deployments()
        },
    )
    .await;
    assert_eq!(item(&report, "web").state, State::Unavailable);
    assert_eq!(lines(item(&report, "web")), Vec::<String>::new());
    assert_eq!(other_requests(&ill), Vec::<String>::new());
}

#[tokio::test]
async fn the_pods_of_one_workload_are_listed_in_its_namespace_by_its_selector() {
    let server = server(&[broken_deployment("shop", "web")]).start().await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(lines(item(&report, "web")), [CRASHED]);
    assert_eq!(unseen_causes(&report), []);
    assert_eq!(
        other_requests(&server),
        [
            "/api/v1/namespaces/shop/pods?labelSelector=app=web&resourceVersion=0",
            "/apis/apps/v1/namespaces/shop/replicasets?labelSelector=app=web&resourceVersion=0",
        ]
    );
}

#[tokio::test]
async fn the_pods_of_fifty_workloads_in_many_namespaces_are_listed_at_once() {
    let all: Vec<BrokenDeployment> = (0..50)
        .map(|i| broken_deployment(&format!("team-{}", i % 10), &format!("web-{i:02}")))
        .collect();
    let server = server(&all).start().await;
    let report = ask(&server, &deployments()).await;
    let unhealthy: Vec<&Item> = part(&report)
        .items
        .iter()
        .filter(|i| !i.state.is_fine())
        .collect();
    assert_eq!(unhealthy.len(), 50);
    for item in unhealthy {
        assert_eq!(lines(item), [CRASHED], "{}", item.name);
    }
    // The worst first, then by namespace and identity.
    let asked = other_requests(&server);
    assert_eq!(asked.len(), 2, "{asked:?}");
    for (at, path) in ["/api/v1/pods", "/apis/apps/v1/replicasets"].iter().enumerate() {
        let values = asked[at]
            .strip_prefix(&format!("{path}?labelSelector=app in ("))
            .and_then(|rest| rest.strip_suffix(")&resourceVersion=0"))
            .expect("one list by the label that they share");
        let mut values: Vec<&str> = values.split(',').collect();
        values.sort_unstable();
        let names: Vec<String> = (0..50).map(|i| format!("web-{i:02}")).collect();
        assert_eq!(values, names);
    }
}

#[tokio::test]
async fn pods_are_matched_by_their_owner_and_not_by_their_labels() {
    let (a, b) = (broken_deployment("shop", "web"), broken_deployment("bank", "web"));
    let b = b.change_pod(|p| p.last_terminated("Error", 4, at(-40)));
    let stray = Pod::new("shop", "stray")
        .label("app", "web")
        .waiting("ErrImagePull", "x");
    let server = server(&[a, b]).objects([stray.build()]).start().await;
    let report = ask(&server, &deployments()).await;
    let found: Vec<Vec<String>> = part(&report)
        .items
        .iter()
        .filter(|i| i.name == "web")
        .map(lines)
        .collect();
    assert_eq!(
        found,
        [["CrashLoop 1x container app exited 4 (7 restarts)"], [CRASHED]]
    );
}

#[tokio::test]
async fn a_selector_of_expressions_is_sent_as_it_is() {
    let expressions =
        json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "old"]}]});
    let mut one = broken_deployment("shop", "web");
    one.deployment = one.deployment.set("/spec/selector", expressions);
    let server = server(&[one]).start().await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(lines(item(&report, "web")), [CRASHED]);
    assert_eq!(
        other_requests(&server)[0],
        "/api/v1/namespaces/shop/pods?labelSelector=app in (web,old)&resourceVersion=0"
    );
}

#[tokio::test]
async fn nine_hundred_broken_workloads_cost_few_short_requests_and_the_rest_is_reported() {
    let all: Vec<BrokenDeployment> = (0..900)
        .map(|i| {
            broken_deployment(
                &format!("team-{}", i % 100),
                &format!("a-service-with-a-long-name-{i:04}"),
            )
        })
        .collect();
    let server = server(&all).start().await;
    let report = ask(&server, &deployments()).await;
    let requests = other_requests(&server);
    assert!(requests.len() <= 15, "{}", requests.len());
    let longest = server
        .requests()
        .iter()
        .map(|r| r.path.len() + r.query.len())
        .max();
    assert!(longest < Some(7 << 10), "{longest:?}");
    let told = part(&report)
        .items
        .iter()
        .filter(|i| !i.causes.is_empty())
        .count();
    assert!((400..900).contains(&told), "{told}");
    assert_eq!(part(&report).summary.unavailable, 900);
    let what = format!("causes of {} of 900 objects that are not healthy", 900 - told);
    assert_eq!(unseen_causes(&report), [(what.as_str(), "tooMany", None)]);
    assert_eq!(report.status, Status::Degraded);
}

#[tokio::test]
async fn lists_that_are_forbidden_across_namespaces_are_read_in_the_namespaces_that_matter() {
    let all: Vec<BrokenDeployment> = ["a", "b", "c", "d"].map(|n| broken_deployment(n, "web")).into();
    let server = server(&all)
        .user(
            "t",
            "somebody",
            Access::namespaces(["a", "b", "calm"]).and_namespace_list(),
        )
        .start()
        .await;
    let report = ask(&server, &deployments()).await;
    let found: Vec<(&str, Vec<String>)> = part(&report)
        .items
        .iter()
        .filter(|i| i.name == "web")
        .map(|i| (i.namespace.as_str(), lines(i)))
        .collect();
    assert_eq!(
        found,
        [("a", vec![CRASHED.to_owned()]), ("b", vec![CRASHED.to_owned()])]
    );

    // The Deployments may be read everywhere, the pods in no namespace.
    let all: Vec<BrokenDeployment> = ["a", "b", "c", "d"].map(|n| broken_deployment(n, "web")).into();
    let server = super::server(&all)
        .user("t", "somebody", Access::admin().without("list", "pods"))
        .start()
        .await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        (report.status, part(&report).status),
        (Status::Degraded, Status::Degraded)
    );
    assert_eq!(report.coverage.not_seen, []);
    assert!(part(&report).items.iter().all(|i| i.causes.is_empty()));
    assert_eq!(unseen_causes(&report), [("pods", "forbidden", Some("pods list"))]);
    assert!(server.requests().len() <= 1 + 15);
}

#[tokio::test]
async fn a_missing_answer_costs_the_cause_and_not_the_verdict() {
    let server = server(&[broken_deployment("shop", "web")]).start().await;
    server.fail(Match::under("/api/v1/namespaces/shop/pods"), Fault::Hang);
    let report = ask(&server, &deployments()).await;
    assert_eq!(item(&report, "web").state, State::Unavailable);
    assert_eq!(report.coverage.not_seen, []);
    assert_eq!(
        unseen_causes(&report),
        [("pods in namespace shop", "timeout", None)]
    );
}

#[tokio::test]
async fn an_overloaded_server_is_not_asked_again_for_optional_evidence() {
    let server = server(&[broken_deployment("shop", "web")]).start().await;
    server.fail(
        Match::under("/api/v1/namespaces/shop/pods"),
        Fault::TooManyRequests(1),
    );
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        unseen_causes(&report),
        [("pods in namespace shop", "overloaded", None)]
    );
    assert_eq!(other_requests(&server).len(), 2);
}

#[tokio::test]
async fn live_pods_decide_as_the_pods_of_a_dump_do() {
    let clock = Clock::standing_at(&system_time());
    let fresh = Deployment::new("shop", "web")
        .clock(clock)
        .counts(1, 1, 0, 0)
        .condition("Available", "False", "MinimumReplicasUnavailable", clock.at(-5));
    let set = ReplicaSet::new("shop", "web-1").clock(clock).owned_by(&fresh);
    let pod = Pod::new("shop", "web-1-a")
        .clock(clock)
        .owned_by(&set)
        .created(clock.at(-5));
    let bad = pod.waiting("InvalidImageName", "");
    let all = [fresh.build(), set.build(), bad.build()];
    let server = ApiServer::builder().objects(all).start().await;
    let without = Request {
        causes: Causes::None,
        ..deployments()
    };
    let report = ask(&server, &without).await;
    assert_eq!(
        (item(&report, "web").state, item(&report, "web").notes.texts()),
        (State::Progressing, vec!["podsNotSeen"])
    );
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        (item(&report, "web").state, item(&report, "web").notes.texts()),
        (State::Unavailable, vec![])
    );
}

#[tokio::test]
async fn replica_sets_without_their_pods_do_not_pass_for_a_workload_that_has_none() {
    let clock = Clock::standing_at(&system_time());
    let fresh = Deployment::new("shop", "web")
        .clock(clock)
        .counts(1, 1, 0, 0)
        .condition("Available", "False", "MinimumReplicasUnavailable", clock.at(-5));
    let set = ReplicaSet::new("shop", "web-1").clock(clock).owned_by(&fresh);
    let server = ApiServer::builder()
        .objects([fresh.build(), set.build()])
        .user("t", "somebody", Access::admin().without("list", "pods"))
        .start()
        .await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        (item(&report, "web").state, item(&report, "web").notes.texts()),
        (State::Progressing, vec!["podsNotSeen"])
    );
    assert_eq!(
        unseen_causes(&report),
        [("pods in namespace shop", "forbidden", Some("pods list"))]
    );
}
