//! Namespaces that are being deleted: what is in them is left out.

use super::{in_namespace, named};
use crate::client::{ask, only_deployments, part};
use serde_json::{Value, json};
use sre_shared::digest::Digest;
use sre_shared::kind::Kind;
use sre_shared::report::{FailOn, Outcome, Report, State, Status};
use sre_shared::run::{Causes, KindTarget, Request};
use sre_testkit::object::{Deployment, Namespace};
use sre_testkit::{Access, ApiServer, ApiServerBuilder, Fault, Match, at};

fn broken(namespace: &str, name: &str) -> Deployment {
    Deployment::new(namespace, name).counts(1, 1, 0, 0)
}

fn deleted(name: &str) -> Value {
    let namespace = Namespace::new(name).terminating();
    namespace.deleting(at(-60), &[]).build()
}

/// One healthy Deployment in `shop`; one healthy and two broken ones in `gone`, which is being deleted.
fn server() -> ApiServerBuilder {
    ApiServer::builder().objects([deleted("gone")]).deployments([
        Deployment::new("shop", "web"),
        Deployment::new("gone", "api"),
        broken("gone", "web"),
        broken("gone", "worker"),
    ])
}

fn exit_code(report: &Report) -> u8 {
    FailOn::default().exit_code(Outcome::of(report))
}

/// The sentences at the time from which the test's objects count.
fn sentences(report: &Report) -> Vec<String> {
    let report = Report {
        observed_at: at(0),
        ..report.clone()
    };
    Digest::new(&report).left_out
}

fn states(report: &Report) -> Vec<(&str, &str, State, Option<bool>, &str)> {
    let items = part(report).items.iter();
    items
        .map(|i| (&*i.namespace, &*i.name, i.state, i.healthy, i.reason.as_str()))
        .collect()
}

fn lookups(server: &ApiServer) -> usize {
    server.requests_for(&Match::under("/api/v1/namespaces")).len()
}

#[tokio::test]
async fn what_is_in_a_namespace_that_is_being_deleted_is_left_out() {
    let server = server().start().await;
    let report = ask(&server, &only_deployments()).await;
    let left_out = (State::Terminating, None, "NamespaceTerminating");
    let gone = |name| ("gone", name, left_out.0, left_out.1, left_out.2);
    assert_eq!(
        states(&report),
        [
            gone("api"),
            gone("web"),
            gone("worker"),
            ("shop", "web", State::Healthy, Some(true), "Ready")
        ]
    );
    assert_eq!((report.status, exit_code(&report)), (Status::Ok, 0));
    assert_eq!(report.findings, []);
    assert_eq!(
        serde_json::to_value(&report.coverage).unwrap()["terminatingNamespaces"],
        json!([{"namespace": "gone", "since": at(-60), "leftOut": {"deployments": 3}}])
    );
    assert_eq!(
        sentences(&report),
        ["namespace gone is being deleted: 3 Deployments left out"]
    );
    assert_eq!(
        Digest::new(&report).headline.sentences,
        ["the only Deployment is healthy"]
    );
    assert_eq!(lookups(&server), 1, "one namespace falls short");
}

#[tokio::test]
async fn the_causes_of_objects_that_are_left_out_are_not_searched_for() {
    let server = server().start().await;
    let request = Request {
        causes: Causes::WithoutLogs,
        ..only_deployments()
    };
    let report = ask(&server, &request).await;
    assert_eq!(report.status, Status::Ok);
    assert_eq!(
        server
            .requests_for(&Match::under("/api/v1/namespaces/gone/pods"))
            .len(),
        0
    );
}

#[tokio::test]
async fn no_namespace_is_looked_up_if_nothing_falls_short() {
    let server = ApiServer::builder()
        .objects([deleted("gone")])
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let report = ask(&server, &only_deployments()).await;
    assert_eq!((report.status, lookups(&server)), (Status::Ok, 0));
    assert_eq!(report.coverage.terminating_namespaces, []);
}

#[tokio::test]
async fn if_many_namespaces_fall_short_all_are_listed_once() {
    let names: Vec<String> = (0..12).map(|number| format!("team-{number:02}")).collect();
    let server = ApiServer::builder()
        .objects(names.iter().skip(1).map(|name| deleted(name)))
        .deployments(names.iter().map(|name| broken(name, "web")))
        .start()
        .await;
    let report = ask(&server, &only_deployments()).await;
    assert_eq!((report.status, lookups(&server)), (Status::Degraded, 1));
    assert_eq!(
        (
            part(&report).summary.unavailable,
            part(&report).summary.terminating
        ),
        (1, 11)
    );
    assert_eq!(
        sentences(&report),
        ["11 namespaces are being deleted (team-01, team-02, team-03, ...): 11 Deployments left out"]
    );
}

#[tokio::test]
async fn an_active_namespace_excuses_nothing_and_a_failure_to_read_it_neither() {
    let server = server().deployments([broken("shop", "api")]).start().await;
    let report = ask(&server, &only_deployments()).await;
    assert_eq!((report.status, exit_code(&report)), (Status::Degraded, 2));
    assert_eq!(part(&report).summary.unavailable, 1);
    for fault in [Fault::Status(403), Fault::Status(500)] {
        server.clear_faults();
        server.fail(Match::under("/api/v1/namespaces/gone"), fault);
        let report = ask(&server, &only_deployments()).await;
        assert_eq!(part(&report).summary.unavailable, 3);
        assert_eq!(report.coverage.not_seen, [], "no verdict depends on it");
    }
}

#[tokio::test]
async fn a_refusal_to_create_pods_shows_the_deletion_of_a_namespace_that_may_not_be_read() {
    let refused = "pods \"web-1-\" is forbidden: unable to create new content in namespace gone because it is being \
                   terminated";
    let web = broken("gone", "web")
        .condition("ReplicaFailure", "True", "FailedCreate", at(-50))
        .condition_message("ReplicaFailure", refused);
    let server = ApiServer::builder()
        .objects([deleted("gone")])
        .deployments([web, broken("gone", "api")])
        .user("t", "jane", Access::admin().without("*", "namespaces"))
        .start()
        .await;
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(
        (report.status, part(&report).summary.terminating),
        (Status::Ok, 2)
    );
    assert_eq!(
        serde_json::to_value(&report.coverage).unwrap()["terminatingNamespaces"],
        json!([{"namespace": "gone", "leftOut": {"deployments": 2}}])
    );
}

#[tokio::test]
async fn an_old_refusal_says_nothing_about_a_namespace_that_is_there_again() {
    let refused = "pods \"web-1-\" is forbidden: unable to create new content in namespace back because it is being \
                   terminated";
    let web = broken("back", "web")
        .condition("ReplicaFailure", "True", "FailedCreate", at(-50))
        .condition_message("ReplicaFailure", refused);
    let server = ApiServer::builder().deployments([web]).start().await;
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(
        (report.status, part(&report).summary.unavailable),
        (Status::Degraded, 1)
    );
    assert_eq!(
        part(&report).items[0].causes[0].code.as_str(),
        "NamespaceTerminating"
    );
}

#[tokio::test]
async fn a_named_object_in_a_namespace_that_is_being_deleted_is_not_healthy() {
    let server = server().start().await;
    for name in ["api", "web"] {
        let request = Request {
            namespace: Some("gone".into()),
            ..named(name)
        };
        let report = ask(&server, &request).await;
        assert_eq!(
            states(&report),
            [(
                "gone",
                name,
                State::Terminating,
                Some(false),
                "NamespaceTerminating"
            )]
        );
        assert_eq!((report.status, exit_code(&report)), (Status::Degraded, 2));
    }
}

#[tokio::test]
async fn a_run_in_a_namespace_that_is_being_deleted_says_so() {
    let server = server().objects([deleted("empty")]).start().await;
    let headline = |report: &Report| Digest::new(report).headline.sentences;
    let report = ask(&server, &in_namespace("gone")).await;
    assert_eq!((report.status, exit_code(&report)), (Status::Ok, 0));
    assert_eq!(
        headline(&report),
        [
            "no Deployments but those being deleted",
            "namespace gone is being deleted"
        ]
    );
    let report = ask(&server, &in_namespace("empty")).await;
    assert_eq!(
        headline(&report),
        ["no Deployments found", "namespace empty is being deleted"]
    );
    let report = ask(&server, &in_namespace("shop")).await;
    assert_eq!(headline(&report), ["Deployment shop/web is healthy, 1/1 ready"]);
}

#[tokio::test]
async fn every_kind_of_object_in_it_is_left_out_and_the_namespace_itself_is_judged() {
    let long_gone = Namespace::new("gone")
        .terminating()
        .deleting(at(-3600), &[])
        .build();
    let object = |api_version: &str, kind: &str, rest: Value| {
        let mut object = json!({
            "apiVersion": api_version, "kind": kind,
            "metadata": {"namespace": "gone", "name": "x", "uid": kind, "generation": 1, "creationTimestamp": at(-7200)},
        });
        for (field, value) in rest.as_object().unwrap() {
            object[field] = value.clone();
        }
        object
    };
    let selector = json!({"matchLabels": {"app": "x"}});
    let objects = [
        long_gone,
        object(
            "apps/v1",
            "StatefulSet",
            json!({"spec": {"replicas": 1, "selector": selector}, "status": {"observedGeneration": 1}}),
        ),
        object(
            "apps/v1",
            "DaemonSet",
            json!({"spec": {"selector": selector}, "status": {"observedGeneration": 1, "desiredNumberScheduled": 2}}),
        ),
        object(
            "batch/v1",
            "Job",
            json!({"spec": {"completions": 1}, "status": {"conditions": [
            {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "lastTransitionTime": at(-600)}]}}),
        ),
        object(
            "v1",
            "Pod",
            json!({"spec": {"containers": [{"name": "a"}]}, "status": {"phase": "Failed", "reason": "Error"}}),
        ),
        object(
            "v1",
            "Service",
            json!({"spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]}}),
        ),
        object(
            "v1",
            "PersistentVolumeClaim",
            json!({"status": {"phase": "Lost"}}),
        ),
    ];
    let server = ApiServer::builder().objects(objects).start().await;
    let kinds = [
        Kind::Namespace,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::Job,
        Kind::Pod,
        Kind::Service,
        Kind::PersistentVolumeClaim,
    ];
    let request = Request {
        kinds: kinds.map(KindTarget::all).to_vec(),
        ..only_deployments()
    };
    let report = ask(&server, &request).await;
    let of = |kind: Kind| report.kinds().find(|check| check.check == kind.plural()).unwrap();
    for kind in kinds.into_iter().skip(1) {
        let items: Vec<_> = of(kind).items.iter().map(|i| (i.state, i.healthy)).collect();
        assert_eq!(items, [(State::Terminating, None)], "{kind:?}");
    }
    let namespaces = of(Kind::Namespace);
    assert_eq!(namespaces.status, Status::Degraded);
    let stuck = namespaces.items.iter().find(|item| item.name == "gone").unwrap();
    assert_eq!(stuck.reason.as_str(), "NamespaceStuck");
    assert_eq!(
        sentences(&report),
        [
            "namespace gone is being deleted for 60 min: 1 DaemonSet, 1 Job, 1 PersistentVolumeClaim, 1 Pod, 1 Service \
             and 1 StatefulSet left out; kubectl sre health ns/gone says what holds it"
        ]
    );
}
