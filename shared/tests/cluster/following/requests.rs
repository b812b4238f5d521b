//! What following costs: every request, counted.

use super::{deployments, eager, follow, named, part, requests, starting, state, until};
use serde_json::{Value, json};
use sre_shared::kind::{Kind, ResourceArg};
use sre_shared::report::Status;
use sre_shared::run::follow::FollowPace;
use sre_shared::run::{CustomTarget, KindTarget, Request};
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, Fault, Match, at};

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/shop/deployments";

/// A server with a rollout among many other Deployments.
async fn crowded() -> ApiServer {
    let others = (0..200).map(|number| Deployment::new("calm", &format!("web-{number}")).build());
    ApiServer::builder()
        .objects(others)
        .objects(starting("web"))
        .start()
        .await
}

#[tokio::test]
async fn a_settled_object_costs_one_list_and_one_watch_however_large_the_cluster_is() {
    let server = crowded().await;
    server.apply(Deployment::new("shop", "web"));
    let mut follower = follow(&server, &named(&["web"]), eager()).await;
    until(&mut follower, |report| report.status == Status::Ok).await;
    server.wait_for_watches(1).await;
    assert_eq!(
        requests(&server),
        [
            format!("get {DEPLOYMENTS} metadata.name=web"),
            format!("watch {DEPLOYMENTS} metadata.name=web"),
        ]
    );
}

#[tokio::test]
async fn a_rollout_costs_at_most_six_requests_and_two_watches_to_begin_with() {
    let server = crowded().await;
    let mut follower = follow(&server, &named(&["web"]), FollowPace::default()).await;
    until(&mut follower, |report| {
        state(report, "web") == "progressing RolloutInProgress"
    })
    .await;
    server.wait_for_watches(2).await;
    server
        .wait_for_requests(&Match::path("/apis/apps/v1/namespaces/shop/replicasets"), 1)
        .await;
    server
        .wait_for_requests(&Match::path("/api/v1/namespaces/shop"), 1)
        .await;
    let events = Match::path("/api/v1/namespaces/shop/events");
    server.wait_for_requests(&events, 1).await;
    let mut sent = requests(&server);
    // The object that they are about has another uid in each run.
    for request in &mut sent {
        if let Some(at) = request.find(" involvedObject.uid=") {
            request.truncate(at);
        }
    }
    assert_eq!(
        sent,
        [
            "get /api/v1/namespaces/shop".to_owned(),
            "get /api/v1/namespaces/shop/events".to_owned(),
            "get /api/v1/namespaces/shop/pods app=web".to_owned(),
            format!("get {DEPLOYMENTS} metadata.name=web"),
            "get /apis/apps/v1/namespaces/shop/replicasets app=web".to_owned(),
            "watch /api/v1/namespaces/shop/pods app=web".to_owned(),
            format!("watch {DEPLOYMENTS} metadata.name=web"),
        ]
    );
}

#[tokio::test]
async fn few_names_have_a_watch_each_and_many_have_one_of_their_namespace() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let all = names.map(|name| Deployment::new("shop", name));
    let others = ["x", "y"].map(|name| Deployment::new("shop", name));
    let server = ApiServer::builder()
        .deployments(all.into_iter().chain(others))
        .start()
        .await;
    let mut few = follow(&server, &named(&names[..5]), eager()).await;
    let report = until(&mut few, |report| report.status == Status::Ok).await;
    assert_eq!(part(&report).items.len(), 5);
    server.wait_for_watches(5).await;
    drop(few);
    server.wait_for_watches(0).await;
    server.clear_requests();
    let mut many = follow(&server, &named(&names), eager()).await;
    let report = until(&mut many, |report| report.status == Status::Ok).await;
    assert_eq!(part(&report).items.len(), 6, "only those that were named");
    server.wait_for_watches(1).await;
    assert_eq!(
        requests(&server),
        [format!("get {DEPLOYMENTS}"), format!("watch {DEPLOYMENTS}")]
    );
    // Other objects of the namespace change nothing.
    server.apply(super::rolling("x"));
    server.apply(super::rolling("f"));
    let report = until(&mut many, |report| report.status != Status::Ok).await;
    assert_eq!(part(&report).summary.total, 6);
}

#[tokio::test]
async fn everything_costs_one_list_and_one_watch_a_kind() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let request = Request {
        kinds: Kind::by_default().map(KindTarget::all).collect(),
        ..deployments()
    };
    let mut follower = follow(&server, &request, eager()).await;
    until(&mut follower, |report| report.status == Status::Ok).await;
    server.wait_for_watches(5).await;
    let mut expected = Vec::new();
    for path in [
        "apps/v1/daemonsets",
        "apps/v1/deployments",
        "apps/v1/statefulsets",
        "batch/v1/cronjobs",
        "batch/v1/jobs",
    ] {
        expected.push(format!("get /apis/{path}"));
        expected.push(format!("watch /apis/{path}"));
    }
    expected.sort();
    assert_eq!(requests(&server), expected);
}

#[tokio::test]
async fn namespace_and_labels_narrow_every_list_and_watch() {
    let server = ApiServer::builder()
        .deployments([
            Deployment::new("shop", "web").label("tier", "front"),
            Deployment::new("shop", "db"),
        ])
        .start()
        .await;
    let request = Request {
        namespace: Some("shop".into()),
        selector_text: "tier=front".into(),
        selector: "tier=front".parse().expect("a selector"),
        ..deployments()
    };
    let mut follower = follow(&server, &request, eager()).await;
    let report = until(&mut follower, |report| report.status == Status::Ok).await;
    assert_eq!(part(&report).summary.total, 1);
    server.wait_for_watches(1).await;
    assert_eq!(
        requests(&server),
        [
            format!("get {DEPLOYMENTS} tier=front"),
            format!("watch {DEPLOYMENTS} tier=front"),
        ]
    );
}

fn certificate(ready: &str) -> Value {
    json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": {"namespace": "shop", "name": "tls", "uid": "tls", "generation": 1, "creationTimestamp": at(-86_400)},
        "status": {"conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": at(-3600)}]},
    })
}

/// Serves the documents by which Certificates are found.
fn install_certificates(server: &ApiServer) {
    let serve = |path: &str, body: Value| {
        let fault = Fault::WrongBody {
            status: 200,
            content_type: "application/json".into(),
            body: body.to_string().into(),
        };
        server.fail(Match::path(path), fault);
    };
    let version = json!({"groupVersion": "cert-manager.io/v1", "version": "v1"});
    serve(
        "/apis/cert-manager.io",
        json!({"kind": "APIGroup", "name": "cert-manager.io", "preferredVersion": version, "versions": [version]}),
    );
    serve(
        "/apis/cert-manager.io/v1",
        json!({"kind": "APIResourceList", "resources": [{"name": "certificates", "singularName": "certificate",
            "shortNames": ["cert"], "kind": "Certificate", "namespaced": true}]}),
    );
}

#[tokio::test]
async fn custom_resources_are_followed_by_the_same_lists_and_watches() {
    let server = ApiServer::builder().objects([certificate("False")]).start().await;
    install_certificates(&server);
    let request = Request {
        kinds: Vec::new(),
        custom: vec![CustomTarget {
            kind: ResourceArg::parse("certificates.cert-manager.io").expect("a kind with its group"),
            names: vec!["tls".into()],
        }],
        namespace: Some("shop".into()),
        ..deployments()
    };
    let mut follower = follow(&server, &request, eager()).await;
    let report = until(&mut follower, |report| report.status == Status::Degraded).await;
    let item = &part(&report).items[0];
    assert_eq!((item.kind.as_str(), item.name.as_str()), ("Certificate", "tls"));
    assert_eq!(part(&report).check, "certificates.cert-manager.io");
    server.wait_for_watches(1).await;
    server.apply(certificate("True"));
    until(&mut follower, |report| report.status == Status::Ok).await;
    let path = "/apis/cert-manager.io/v1/namespaces/shop/certificates metadata.name=tls";
    let own: Vec<String> = requests(&server)
        .into_iter()
        .filter(|line| line.contains("namespaces/shop/"))
        .collect();
    assert_eq!(own, [format!("get {path}"), format!("watch {path}")]);
}

#[tokio::test]
async fn a_kind_of_custom_resources_that_is_installed_later_is_found_then() {
    let server = ApiServer::builder().objects([certificate("True")]).start().await;
    let request = Request {
        kinds: Vec::new(),
        custom: vec![CustomTarget {
            kind: ResourceArg::parse("certificates.cert-manager.io").expect("a kind with its group"),
            names: Vec::new(),
        }],
        ..deployments()
    };
    let mut follower = follow(&server, &request, eager()).await;
    let report = until(&mut follower, |_| true).await;
    assert_eq!(report.status, Status::Unknown);
    assert_eq!(report.coverage.not_seen[0].class, "notFound");
    install_certificates(&server);
    let report = until(&mut follower, |report| report.status == Status::Ok).await;
    assert_eq!(part(&report).summary.total, 1);
}
