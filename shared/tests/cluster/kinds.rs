//! What is read for kinds that are in no namespace, that have controllers, or whose verdict needs other kinds.

use super::client::{ask, missing, names, part};
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_shared::report::{Report, State, Status};
use sre_shared::run::{KindTarget, Request};
use sre_testkit::object::{Pod, ReplicaSet};
use sre_testkit::{Access, ApiServer, ApiServerBuilder, at};

fn request_for(kind: Kind) -> Request {
    Request {
        api_server: false,
        kinds: vec![KindTarget::all(kind)],
        by_default: false,
        ..Request::everything()
    }
}

fn object(api_version: &str, kind: &str, namespace: &str, name: &str, rest: &Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {
        "namespace": namespace, "name": name, "uid": name, "creationTimestamp": at(-86_400),
    }});
    for (key, value) in rest.as_object().into_iter().flatten() {
        if key == "labels" {
            object["metadata"]["labels"] = value.clone();
        } else {
            object[key] = value.clone();
        }
    }
    object
}

fn service(namespace: &str, name: &str) -> Value {
    object(
        "v1",
        "Service",
        namespace,
        name,
        &json!({"spec": {"selector": {"app": name}}}),
    )
}

fn slice(namespace: &str, service: &str, ready: bool) -> Value {
    let rest = json!({
        "labels": {"kubernetes.io/service-name": service},
        "endpoints": [{"conditions": {"ready": ready}}],
    });
    object(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        namespace,
        &format!("{service}-abc"),
        &rest,
    )
}

/// A healthy Service, one whose pods are not ready, and one without pods.
fn three() -> ApiServerBuilder {
    ApiServer::builder().objects([
        service("shop", "web"),
        slice("shop", "web", true),
        service("shop", "api"),
        slice("shop", "api", false),
        service("pay", "typo"),
    ])
}

fn verdicts(report: &Report) -> Vec<(&str, State, &str)> {
    let items = part(report).items.iter();
    items
        .map(|i| (i.name.as_str(), i.state, i.reason.as_str()))
        .collect()
}

fn not_seen(report: &Report) -> Vec<(&str, &str, Option<&str>)> {
    let entries = report.coverage.not_seen.iter();
    entries
        .map(|n| (&*n.what().leak(), n.class.as_str(), missing(n)))
        .collect()
}

fn paths(server: &ApiServer) -> Vec<String> {
    let mut paths: Vec<String> = server.requests().iter().map(|r| r.path.clone()).collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn services_are_judged_by_their_endpoints_and_only_the_empty_ones_by_more() {
    let server = three().start().await;
    let report = ask(&server, &request_for(Kind::Service)).await;
    assert_eq!(
        verdicts(&report),
        [
            ("typo", State::Degraded, "NoPodsMatch"),
            ("api", State::Degraded, "NoReadyEndpoints"),
            ("web", State::Healthy, "Ready"),
        ]
    );
    assert_eq!((report.status, not_seen(&report)), (Status::Degraded, vec![]));
    assert_eq!(
        paths(&server),
        [
            "/api/v1/namespaces/pay",
            "/api/v1/namespaces/pay/pods",
            "/api/v1/namespaces/pay/replicationcontrollers",
            "/api/v1/namespaces/shop",
            "/api/v1/services",
            "/apis/apps/v1/namespaces/pay/daemonsets",
            "/apis/apps/v1/namespaces/pay/deployments",
            "/apis/apps/v1/namespaces/pay/replicasets",
            "/apis/apps/v1/namespaces/pay/statefulsets",
            "/apis/discovery.k8s.io/v1/namespaces/pay/endpointslices",
            "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
        ]
    );
}

#[tokio::test]
async fn related_objects_of_many_namespaces_are_read_in_one_list() {
    let names: Vec<String> = (0..9).map(|n| format!("ns{n}")).collect();
    let services = names.iter().map(|n| service(n, "web"));
    let slices = names.iter().map(|n| slice(n, "web", true));
    let server = ApiServer::builder().objects(services.chain(slices)).start().await;
    let report = ask(&server, &request_for(Kind::Service)).await;
    assert_eq!((report.status, part(&report).summary.healthy), (Status::Ok, 9));
    assert_eq!(
        paths(&server),
        ["/api/v1/services", "/apis/discovery.k8s.io/v1/endpointslices"]
    );
    let only_some = Access::namespaces(names[1..].iter().map(String::as_str)).and_namespace_list();
    server.set_access("kubernetes-admin", only_some);
    let report = ask(&server, &request_for(Kind::Service)).await;
    let forbidden = "services in namespace ns0";
    assert_eq!(
        part(&report).summary.healthy,
        8,
        "one namespace at a time where all at once is forbidden"
    );
    assert!(
        not_seen(&report).iter().any(|(what, ..)| *what == forbidden),
        "{report:?}"
    );
}

#[tokio::test]
async fn endpoints_that_may_not_be_read_leave_services_unknown_and_name_the_rule_once() {
    let server = three()
        .user("t", "jane", Access::admin().without("list", "endpointslices"))
        .start()
        .await;
    let report = ask(&server, &request_for(Kind::Service)).await;
    assert!(
        verdicts(&report)
            .iter()
            .all(|v| v.1 == State::Unknown && v.2 == "EndpointsNotSeen")
    );
    assert_eq!(report.status, Status::Unknown);
    assert_eq!(
        not_seen(&report),
        [(
            "endpointslices in namespace pay and 1 more",
            "forbidden",
            Some("discovery.k8s.io/endpointslices list")
        )]
    );
}

#[tokio::test]
async fn a_right_that_decides_nothing_is_not_missed() {
    let server = three()
        .user("t", "jane", Access::admin().without("list", "pods"))
        .start()
        .await;
    let report = ask(&server, &request_for(Kind::Service)).await;
    assert_eq!(
        (verdicts(&report)[0], not_seen(&report)),
        (("typo", State::Degraded, "NoReadyEndpoints"), vec![])
    );
    server.set_access("jane", Access::admin().without("list", "statefulsets"));
    let report = ask(&server, &request_for(Kind::Service)).await;
    assert_eq!(verdicts(&report)[0], ("typo", State::Unknown, "WorkloadsNotSeen"));
    assert_eq!(
        not_seen(&report),
        [(
            "statefulsets in namespace pay",
            "forbidden",
            Some("apps/statefulsets list")
        )]
    );
}

#[tokio::test]
async fn a_cluster_scoped_kind_is_the_same_from_each_namespace() {
    let ready = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    let mut node = object("v1", "Node", "", "n7", &ready);
    node["metadata"]["namespace"].take();
    let server = ApiServer::builder()
        .objects([node])
        .user("t", "jane", Access::admin())
        .start()
        .await;
    let in_namespace = |wanted| Request {
        namespace: Some("nowhere".into()),
        kinds: vec![wanted],
        ..request_for(Kind::Node)
    };
    let named = |name: &str| KindTarget {
        names: vec![name.into()],
        ..KindTarget::all(Kind::Node)
    };
    let report = ask(&server, &in_namespace(KindTarget::all(Kind::Node))).await;
    assert_eq!(
        (report.status, names(&part(&report).items)),
        (Status::Ok, vec!["n7"])
    );
    assert_eq!(paths(&server), ["/api/v1/nodes"]);
    let report = ask(&server, &in_namespace(named("n8"))).await;
    assert_eq!(not_seen(&report), [("node n8", "notFound", None)]);
    server.set_access("jane", Access::namespaces(["shop"]).and_namespace_list());
    server.clear_requests();
    let report = ask(&server, &request_for(Kind::Node)).await;
    assert_eq!(not_seen(&report), [("nodes", "forbidden", Some("nodes list"))]);
    let whoami = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    assert_eq!(
        paths(&server),
        ["/api/v1/nodes", whoami],
        "no namespace is asked for it"
    );
}

#[tokio::test]
async fn namespaces_are_judged_as_a_whole_whichever_namespace_is_asked_about() {
    let stuck = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "old", "uid": "old", "creationTimestamp": at(-86_400), "deletionTimestamp": at(-2400)},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Terminating", "conditions": [
            {"type": "NamespaceContentRemaining", "status": "True", "reason": "SomeResourcesRemain",
             "message": "Some resources are remaining: pods. has 1 resource instances"},
        ]},
    });
    let server = ApiServer::builder()
        .objects([stuck])
        .namespaces(["shop"])
        .start()
        .await;
    let report = ask(
        &server,
        &Request {
            namespace: Some("shop".into()),
            ..request_for(Kind::Namespace)
        },
    )
    .await;
    let unwell: Vec<_> = verdicts(&report)
        .into_iter()
        .filter(|(_, state, _)| *state != State::Healthy)
        .collect();
    assert_eq!(unwell, [("old", State::Degraded, "NamespaceStuck")]);
    assert_eq!((report.status, not_seen(&report)), (Status::Degraded, vec![]));
    assert!(verdicts(&report).contains(&("shop", State::Healthy, "Active")));
    let old = part(&report).items.iter().find(|item| item.name == "old");
    let cause = &old.expect("the namespace that does not go").causes[0];
    assert_eq!(
        (cause.code.as_str(), cause.hint.as_deref()),
        ("NamespaceContentRemaining", Some("kubectl -n old get pods"))
    );
    server.set_access("kubernetes-admin", Access::namespaces(["shop"]));
    let report = ask(&server, &request_for(Kind::Namespace)).await;
    assert_eq!(
        not_seen(&report),
        [("namespaces", "forbidden", Some("namespaces list"))]
    );
}

#[tokio::test]
async fn pods_that_a_judged_kind_controls_are_left_out_and_do_not_make_the_list_empty() {
    let set = ReplicaSet::new("shop", "web")
        .label("app", "web")
        .replicas(2)
        .build();
    let uid = set["metadata"]["uid"].as_str().expect("a uid").to_owned();
    let owned = |name: &str| {
        let pod = Pod::new("shop", name).owner("apps/v1", "ReplicaSet", "web", &uid);
        pod.label("app", "web").ready(false, at(-300)).build()
    };
    let bare = Pod::new("shop", "debug").ready(true, at(-300)).build();
    let server = ApiServer::builder()
        .objects([owned("a"), owned("b"), bare, set.clone()])
        .start()
        .await;
    let both = Request {
        kinds: [Kind::Pod, Kind::ReplicaSet].map(KindTarget::all).to_vec(),
        ..request_for(Kind::Pod)
    };
    let report = ask(&server, &both).await;
    assert_eq!(verdicts(&report), [("debug", State::Healthy, "Ready")]);
    let selected = Request {
        selector_text: "app=web".into(),
        selector: "app=web".parse().expect("a selector"),
        ..both
    };
    let report = ask(&server, &selected).await;
    assert_eq!(
        (verdicts(&report), not_seen(&report), report.status),
        (vec![], vec![], Status::Ok)
    );
    let named = Request {
        kinds: vec![KindTarget {
            kind: Kind::Pod,
            names: vec!["a".into()],
        }],
        ..request_for(Kind::Pod)
    };
    let report = ask(&server, &named).await;
    assert_eq!(verdicts(&report), [("a", State::Unavailable, "PodNotReady")]);
}

#[tokio::test]
async fn a_namespace_that_does_not_exist_is_reported_even_if_cluster_scoped_objects_were_found() {
    let ready = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    let mut node = object("v1", "Node", "", "n7", &ready);
    node["metadata"]["namespace"].take();
    let server = ApiServer::builder()
        .objects([node])
        .namespaces(["shop"])
        .start()
        .await;
    let kinds = [Kind::Deployment, Kind::Node].map(KindTarget::all);
    let in_namespace = |namespace: &str| Request {
        namespace: Some(namespace.into()),
        kinds: kinds.to_vec(),
        ..request_for(Kind::Node)
    };
    let report = ask(&server, &in_namespace("shopp")).await;
    assert_eq!(not_seen(&report), [("namespace shopp", "notFound", None)]);
    let statuses: Vec<Status> = report.kinds().map(|kind| kind.status).collect();
    assert_eq!(
        (report.status, statuses),
        (Status::Unknown, vec![Status::Unknown, Status::Ok])
    );
    let report = ask(&server, &in_namespace("shop")).await;
    assert_eq!((report.status, not_seen(&report)), (Status::Ok, vec![]));
}

#[tokio::test]
async fn events_are_read_only_of_a_load_balancer_without_an_address_and_decide_nothing() {
    let balanced = |name: &str, status: &Value| {
        let rest = json!({"spec": {"selector": {"app": name}, "type": "LoadBalancer"}, "status": status});
        object("v1", "Service", "shop", name, &rest)
    };
    let objects = |status: &Value| {
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": "SyncLoadBalancerFailed",
            "message": "Error syncing load balancer: no quota", "lastTimestamp": at(-60),
            "metadata": {"namespace": "shop", "name": "web.x"},
            "involvedObject": {"kind": "Service", "namespace": "shop", "name": "web", "uid": "web"},
        });
        [balanced("web", status), slice("shop", "web", true), event]
    };
    let events = |server: &ApiServer| {
        let requests = server.requests();
        let events = requests.iter().filter(|r| r.path.ends_with("/events"));
        let asked: Vec<String> = events
            .map(|r| format!("{} {}", r.path, r.parameter("fieldSelector").unwrap_or_default()))
            .collect();
        asked
    };
    let lacks = json!({"loadBalancer": {}});
    let server = ApiServer::builder().objects(objects(&lacks)).start().await;
    let report = ask(&server, &request_for(Kind::Service)).await;
    // The age is measured by the real clock.
    let why = |report: &Report| {
        let warnings = &part(report).items[0].warnings;
        let ends = warnings
            .iter()
            .filter_map(|w| w.split_once(" after the Service was made: "));
        ends.map(|(_, why)| why.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(why(&report), ["SyncLoadBalancerFailed: no quota"]);
    assert_eq!(
        events(&server),
        ["/api/v1/namespaces/shop/events involvedObject.kind=Service"]
    );
    let refused = ApiServer::builder()
        .objects(objects(&lacks))
        .user("t", "jane", Access::admin().without("list", "events"))
        .start()
        .await;
    let report = ask(&refused, &request_for(Kind::Service)).await;
    assert_eq!(why(&report), ["its events were not seen"]);
    assert_eq!((report.status, not_seen(&report)), (Status::Ok, vec![]));
    let has = json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}});
    let server = ApiServer::builder().objects(objects(&has)).start().await;
    ask(&server, &request_for(Kind::Service)).await;
    assert_eq!(events(&server), [""; 0]);
}
