//! A run whose reader wants only items worth showing keeps no others, and counts them.

use super::{in_namespace, named};
use crate::client::{ask, names, only_deployments, part};
use sre_shared::report::{Report, State, Status};
use sre_shared::run::{AgentItems, Request};
use sre_testkit::object::{Deployment, Namespace};
use sre_testkit::{ApiServer, ApiServerBuilder, at};

fn server() -> ApiServerBuilder {
    ApiServer::builder().deployments([
        Deployment::new("bank", "ledger"),
        Deployment::new("shop", "api").counts(1, 1, 0, 0),
        Deployment::new("shop", "paused").set("/spec/paused", true),
        Deployment::new("shop", "web"),
        Deployment::new("shop", "zero").replicas(0),
    ])
}

fn notable(request: Request) -> Request {
    Request {
        items: AgentItems::Notable,
        ..request
    }
}

fn facts(report: &Report) -> (Status, u64, u64, Vec<&str>) {
    let part = part(report);
    (
        part.status,
        part.summary.total,
        part.summary.healthy,
        names(&part.items),
    )
}

#[tokio::test]
async fn objects_that_nobody_wants_to_see_are_counted_and_not_kept() {
    let server = server().start().await;
    let all = ask(&server, &only_deployments()).await;
    let every = vec!["ledger", "api", "paused", "web", "zero"];
    assert_eq!(facts(&all), (Status::Degraded, 5, 4, every));
    let few = ask(&server, &notable(only_deployments())).await;
    assert_eq!(facts(&few), (Status::Degraded, 5, 4, vec!["api", "paused"]));
    assert_eq!((few.status, &few.findings), (all.status, &all.findings));
    let shown = part(&all)
        .items
        .iter()
        .filter(|item| ["api", "paused"].contains(&item.name.as_str()));
    assert!(part(&few).items.iter().eq(shown));
}

#[tokio::test]
async fn the_only_object_and_a_named_one_are_always_kept() {
    let server = server().start().await;
    let only = ask(&server, &notable(in_namespace("bank"))).await;
    assert_eq!(facts(&only), (Status::Ok, 1, 1, vec!["ledger"]));
    let named = ask(
        &server,
        &notable(Request {
            namespace: Some("shop".into()),
            ..named("web")
        }),
    )
    .await;
    assert_eq!(facts(&named), (Status::Ok, 1, 1, vec!["web"]));
    let nothing = ask(&server, &notable(in_namespace("other"))).await;
    assert_eq!(part(&nothing).summary.total, 0);
}

#[tokio::test]
async fn healthy_objects_in_a_deleted_namespace_are_left_out_as_ever() {
    let gone = Namespace::new("gone")
        .terminating()
        .deleting(at(-60), &[])
        .build();
    let server = ApiServer::builder().objects([gone]).deployments([
        Deployment::new("gone", "api").counts(1, 1, 0, 0),
        Deployment::new("gone", "web"),
        Deployment::new("shop", "web"),
    ]);
    let server = server.start().await;
    let report = ask(&server, &notable(only_deployments())).await;
    let part = part(&report);
    assert_eq!(
        (part.summary.total, part.summary.healthy, part.summary.terminating),
        (3, 1, 2)
    );
    assert!(part.items.iter().all(|item| item.state == State::Terminating));
    let left_out = &report.coverage.terminating_namespaces[0].left_out;
    assert_eq!(left_out.get("deployments"), Some(&2));
}
