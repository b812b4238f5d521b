//! Custom resources: found by discovery, read as far as is allowed, judged by their conditions.

use super::client::{ask, missing, names, part};
use serde_json::{Value, json};
use sre_shared::kind::{Kind, ResourceArg};
use sre_shared::report::{Report, State, Status};
use sre_shared::run::{Causes, CustomTarget, KindTarget, Request};
use sre_testkit::{Access, ApiServer, Fault, Match, at};

fn certificate(namespace: &str, name: &str, ready: &str) -> Value {
    json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": {"namespace": namespace, "name": name, "uid": name, "creationTimestamp": at(-86_400)},
        "status": {"conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": at(-3600)}]},
    })
}

fn request_for(kind: &str, names: &[&str]) -> Request {
    let kind = ResourceArg::parse(kind).expect("a kind with its group");
    let names = names.iter().map(|n| (*n).to_owned()).collect();
    Request {
        api_server: false,
        kinds: Vec::new(),
        custom: vec![CustomTarget { kind, names }],
        by_default: false,
        ..Request::everything()
    }
}

/// Serves a document at a path.
fn serve(server: &ApiServer, path: &str, body: &Value) {
    let fault = Fault::WrongBody {
        status: 200,
        content_type: "application/json".into(),
        body: body.to_string().into(),
    };
    server.fail(Match::path(path), fault);
}

/// A server of two Certificates, with the group's documents; `v1alpha2` serves what `v1` does not.
async fn server() -> ApiServer {
    let objects = [
        certificate("pay", "good", "True"),
        certificate("shop", "bad", "False"),
    ];
    let server = ApiServer::builder()
        .objects(objects)
        .user("t", "jane", Access::admin())
        .start()
        .await;
    let version =
        |version: &str| json!({"groupVersion": format!("cert-manager.io/{version}"), "version": version});
    let group = json!({"kind": "APIGroup", "name": "cert-manager.io", "preferredVersion": version("v1"),
        "versions": [version("v1alpha2"), version("v1")]});
    serve(&server, "/apis/cert-manager.io", &group);
    serve(
        &server,
        "/apis",
        &json!({"kind": "APIGroupList", "groups": [{"name": "apps"}, group]}),
    );
    let served = |name: &str, singular: &str, short: &str, kind: &str| json!({"name": name, "singularName": singular, "shortNames": [short], "kind": kind, "namespaced": true});
    let certificates = served("certificates", "certificate", "cert", "Certificate");
    let status = served("certificates/status", "", "", "Certificate");
    serve(
        &server,
        "/apis/cert-manager.io/v1",
        &json!({"kind": "APIResourceList", "resources": [status, certificates]}),
    );
    let orders = served("orders", "order", "o", "Order");
    serve(
        &server,
        "/apis/cert-manager.io/v1alpha2",
        &json!({"kind": "APIResourceList", "resources": [orders]}),
    );
    server
}

fn not_seen(report: &Report) -> Vec<(&str, &str, Option<&str>)> {
    let entries = report.coverage.not_seen.iter();
    entries
        .map(|n| (&*n.what().leak(), n.class.as_str(), missing(n)))
        .collect()
}

fn hint(report: &Report) -> &str {
    report.coverage.not_seen[0].hint.as_deref().unwrap_or_default()
}

#[tokio::test]
async fn a_custom_resource_is_found_by_each_of_its_names_and_judged_by_its_conditions() {
    let server = server().await;
    for name in [
        "certificates.cert-manager.io",
        "cert.cert-manager.io",
        "certificate.v1.cert-manager.io",
    ] {
        server.clear_requests();
        let report = ask(&server, &request_for(name, &[])).await;
        let items: Vec<_> = part(&report)
            .items
            .iter()
            .map(|i| (i.kind.as_str(), i.name.as_str(), i.state))
            .collect();
        assert_eq!(
            items,
            [
                ("Certificate", "good", State::Healthy),
                ("Certificate", "bad", State::Degraded)
            ],
            "{name}"
        );
        assert_eq!(part(&report).check, "certificates.cert-manager.io");
        assert_eq!(
            (report.status, report.coverage.kinds.join(",")),
            (Status::Degraded, part(&report).check.clone())
        );
        let paths: Vec<String> = server.requests().iter().map(|r| r.path.clone()).collect();
        assert_eq!(
            paths,
            [
                "/apis/cert-manager.io",
                "/apis/cert-manager.io/v1",
                "/apis/cert-manager.io/v1/certificates",
                // One Certificate falls short: its namespace may be in deletion.
                "/api/v1/namespaces/shop"
            ]
        );
    }
    let report = ask(&server, &request_for("certificates.cert-manager.io", &["good"])).await;
    assert_eq!(
        (report.status, names(&part(&report).items)),
        (Status::Ok, vec!["good"])
    );
    let in_shop = Request {
        namespace: Some("shop".into()),
        ..request_for("certificates.cert-manager.io", &[])
    };
    assert_eq!(names(&part(&ask(&server, &in_shop).await).items), ["bad"]);
}

#[tokio::test]
async fn a_kind_that_is_not_served_is_not_seen_and_gets_the_nearest_name() {
    let server = server().await;
    for (name, error, told) in [
        (
            "certificates.cert-manger.io",
            "the API server serves no group cert-manger.io",
            "did you mean certificates.cert-manager.io?",
        ),
        (
            "certificats.cert-manager.io",
            "group cert-manager.io has no certificats",
            "did you mean certificates.cert-manager.io?",
        ),
        (
            "x.v2.cert-manager.io",
            "group cert-manager.io has no version v2",
            "it has v1, v1alpha2",
        ),
    ] {
        let report = ask(&server, &request_for(name, &[])).await;
        assert_eq!(
            (report.status, not_seen(&report)),
            (Status::Unknown, vec![(name, "notFound", None)])
        );
        assert_eq!(report.coverage.not_seen[0].error.as_deref(), Some(error));
        assert_eq!(hint(&report), told);
    }
    let report = ask(&server, &request_for("certificates.cert-manager.io", &["goood"])).await;
    assert_eq!(
        not_seen(&report),
        [("certificate.cert-manager.io goood", "notFound", None)]
    );
    assert_eq!(hint(&report), "did you mean \"good\"?");
}

#[tokio::test]
async fn custom_resources_are_read_namespace_by_namespace_if_the_list_of_all_is_forbidden() {
    let server = server().await;
    server.set_access(
        "jane",
        Access::namespaces(["shop", "default", "kube-system"]).and_namespace_list(),
    );
    // Every authenticated user may read discovery.
    let report = ask(&server, &request_for("certificates.cert-manager.io", &[])).await;
    assert_eq!(names(&part(&report).items), ["bad"]);
    let pay = not_seen(&report)
        .into_iter()
        .find(|entry| entry.0.ends_with("pay"));
    assert_eq!(
        pay,
        Some((
            "certificates.cert-manager.io in namespace pay",
            "forbidden",
            Some("cert-manager.io/certificates list")
        ))
    );
}

#[tokio::test]
async fn a_group_whose_discovery_fails_is_not_seen_with_the_class_of_the_failure() {
    let server = server().await;
    server.clear_faults();
    server.fail(Match::path("/apis/cert-manager.io"), Fault::Status(500));
    let report = ask(&server, &request_for("certificates.cert-manager.io", &[])).await;
    assert_eq!(
        not_seen(&report),
        [("certificates.cert-manager.io", "unhealthy", None)]
    );
    assert_eq!(
        (report.status, part(&report).status),
        (Status::Unknown, Status::Unknown)
    );
}

/// A request for Rollouts: as one of all kinds, or by name.
fn rollouts(all_kinds: bool) -> Request {
    Request {
        api_server: false,
        kinds: vec![KindTarget::all(Kind::Rollout)],
        all_kinds,
        by_default: false,
        causes: Causes::WithoutLogs,
        ..Request::everything()
    }
}

#[tokio::test]
async fn a_kind_that_a_cluster_does_not_have_is_left_out_of_all_and_not_found_if_it_is_named() {
    let server = ApiServer::builder().start().await;
    let report = ask(&server, &rollouts(true)).await;
    assert_eq!(
        (report.status, part(&report).served, not_seen(&report)),
        (Status::Ok, Some(false), Vec::new())
    );
    let report = ask(&server, &rollouts(false)).await;
    assert_eq!(
        (report.status, part(&report).served, not_seen(&report)),
        (Status::Unknown, None, vec![("rollouts", "notFound", None)])
    );
    let error = report.coverage.not_seen[0].error.as_deref().unwrap_or_default();
    assert!(
        error.starts_with("the server does not serve argoproj.io/rollouts"),
        "{error}"
    );
}

/// A server with the documents of Argo's group, and a Rollout that lacks a pod.
async fn argo() -> ApiServer {
    let owner = |uid: &str, kind: &str| json!([{"kind": kind, "name": uid, "uid": uid, "controller": true}]);
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"namespace": "shop", "name": "front-1", "uid": "set", "ownerReferences": owner("ro", "Rollout"),
            "labels": {"app": "front"}, "creationTimestamp": at(-3600)},
        "spec": {"replicas": 1}, "status": {"observedGeneration": 1, "replicas": 1},
    });
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": "shop", "name": "front-1-x", "uid": "pod", "ownerReferences": owner("set", "ReplicaSet"),
            "labels": {"app": "front"}, "creationTimestamp": at(-3600)},
        "spec": {"nodeName": "n", "containers": [{"name": "app"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": at(-3600)}],
            "containerStatuses": [{"name": "app", "restartCount": 7, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 3, "finishedAt": at(-60)}}}]},
    });
    let server = ApiServer::builder()
        .objects([set, pod])
        .user("t", "jane", Access::admin())
        .start()
        .await;
    let version = json!({"groupVersion": "argoproj.io/v1alpha1", "version": "v1alpha1"});
    let group = json!({"name": "argoproj.io", "preferredVersion": version, "versions": [version]});
    serve(&server, "/apis/argoproj.io", &group);
    let served =
        json!({"name": "rollouts", "singularName": "rollout", "kind": "Rollout", "namespaced": true});
    serve(
        &server,
        "/apis/argoproj.io/v1alpha1",
        &json!({"resources": [served]}),
    );
    let rollout = json!({
        "metadata": {"namespace": "shop", "name": "front", "uid": "ro", "generation": 1, "creationTimestamp": at(-86_400)},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "front"}}},
        "status": {"observedGeneration": "1", "replicas": 1, "updatedReplicas": 1, "phase": "Progressing"},
    });
    let list = json!({"kind": "RolloutList", "apiVersion": "argoproj.io/v1alpha1", "metadata": {"resourceVersion": "1"}, "items": [rollout]});
    serve(&server, "/apis/argoproj.io/v1alpha1/rollouts", &list);
    server
}

#[tokio::test]
async fn the_pods_of_a_rollout_are_found_through_its_replica_sets() {
    let server = argo().await;
    for all_kinds in [true, false] {
        let report = ask(&server, &rollouts(all_kinds)).await;
        let item = &part(&report).items[0];
        let causes: Vec<(&str, &str)> = item
            .causes
            .iter()
            .map(|c| (c.code.as_str(), c.message.as_str()))
            .collect();
        assert_eq!(
            (item.kind.as_str(), item.name.as_str(), item.state, causes),
            (
                "Rollout",
                "front",
                State::Unavailable,
                vec![("CrashLoop", "container app exited 3 (7 restarts)")]
            )
        );
    }
}

#[tokio::test]
async fn a_kind_that_is_served_and_cannot_be_read_is_not_seen_among_all_either() {
    let server = argo().await;
    server.clear_faults();
    let version = json!({"groupVersion": "argoproj.io/v1alpha1", "version": "v1alpha1"});
    serve(
        &server,
        "/apis/argoproj.io",
        &json!({"name": "argoproj.io", "versions": [version]}),
    );
    let served = json!({"name": "rollouts", "kind": "Rollout", "namespaced": true});
    serve(
        &server,
        "/apis/argoproj.io/v1alpha1",
        &json!({"resources": [served]}),
    );
    server.fail(
        Match::path("/apis/argoproj.io/v1alpha1/rollouts"),
        Fault::Status(500),
    );
    let report = ask(&server, &rollouts(true)).await;
    assert_eq!(
        (report.status, not_seen(&report)),
        (Status::Unknown, vec![("rollouts", "unhealthy", None)])
    );
}
