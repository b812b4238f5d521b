//! Dumps of the kinds that need other kinds, and of custom resources.

use crate::*;
use sre_shared::dump::{File, Objects};
use sre_shared::kind::{Kind, ResourceArg};
use sre_shared::report::{Report, Status};
use sre_shared::run::{CustomTarget, KindTarget, Request, clock, dump};

fn judged(objects: &[Value], ask: Request) -> Report {
    judged_at(objects, ask, Time::parse(&at(0)).ok())
}

fn judged_at(objects: &[Value], ask: Request, now: Option<Time>) -> Report {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let file = File::new("dump.json", list.to_string().into());
    let ask = Request {
        api_server: false,
        by_default: false,
        ..ask
    };
    dump(&Objects::read(vec![file]), "dump.json", &ask, now, clock::system)
}

fn of(kind: Kind) -> Request {
    Request {
        kinds: vec![KindTarget::all(kind)],
        ..Request::default()
    }
}

fn custom(kind: &str, names: &[&str]) -> Request {
    let kind = ResourceArg::parse(kind).expect("a kind with its group");
    let names = names.iter().map(|n| (*n).to_owned()).collect();
    Request {
        custom: vec![CustomTarget { kind, names }],
        ..Request::default()
    }
}

fn typed(api_version: &str, kind: &str, mut object: Value) -> Value {
    set(&mut object, "/apiVersion", json!(api_version));
    set(&mut object, "/kind", json!(kind));
    object
}

fn verdicts(report: &Report) -> Vec<(String, &str, State, &str)> {
    let checks = report.kinds();
    checks
        .flat_map(|check| {
            check.items.iter().map(|i| {
                (
                    format!("{} {}", check.check, i.kind),
                    i.name.as_str(),
                    i.state,
                    i.reason.as_str(),
                )
            })
        })
        .collect()
}

fn not_seen(report: &Report) -> Vec<(&str, &str)> {
    let entries = report.coverage.not_seen.iter();
    entries.map(|n| (&*n.what().leak(), n.class.as_str())).collect()
}

fn service(name: &str) -> Value {
    typed(
        "v1",
        "Service",
        object("shop", name, &[("/spec/selector", json!({"app": name}))]),
    )
}

fn slice(service: &str) -> Value {
    let fields = [
        ("/metadata/labels", json!({"kubernetes.io/service-name": service})),
        ("/endpoints", json!([{"conditions": {"ready": true}}])),
    ];
    typed(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        object("shop", service, &fields),
    )
}

fn certificate(name: &str, ready: &str) -> Value {
    let conditions = json!([condition("Ready", ready, "", "")]);
    typed(
        "cert-manager.io/v1",
        "Certificate",
        object("shop", name, &[("/status/conditions", conditions)]),
    )
}

#[test]
fn a_service_of_a_dump_is_judged_by_the_other_objects_of_the_dump() {
    let idle = [
        ("/spec/replicas", json!(0)),
        ("/spec/template/metadata/labels", json!({"app": "idle"})),
    ];
    let deployment = typed("apps/v1", "Deployment", object("shop", "idle", &idle));
    let objects = [service("web"), slice("web"), service("idle"), deployment];
    let report = judged(&objects, of(Kind::Service));
    let services = || "services Service".to_owned();
    assert_eq!(
        verdicts(&report),
        [
            (services(), "idle", State::Healthy, "ScaledToZero"),
            (services(), "web", State::Healthy, "Ready"),
        ]
    );
    assert_eq!((report.status, not_seen(&report)), (Status::Ok, vec![]));
}

#[test]
fn without_the_related_kinds_a_verdict_of_a_dump_is_unknown_and_names_them() {
    let report = judged(&[service("web")], of(Kind::Service));
    assert_eq!(verdicts(&report)[0].3, "EndpointsNotSeen");
    assert_eq!(
        (report.status, not_seen(&report)),
        (Status::Unknown, vec![("endpointslices", "notFound")])
    );
    let report = judged(&[service("web"), slice("api")], of(Kind::Service));
    assert_eq!(verdicts(&report)[0].3, "WorkloadsNotSeen");
    let missing: Vec<&str> = not_seen(&report).iter().map(|entry| entry.0).collect();
    assert_eq!(
        missing,
        ["deployments", "statefulsets", "daemonsets", "replicasets", "pods"]
    );
}

#[test]
fn the_newest_time_of_a_dump_excuses_nothing_if_it_is_behind_the_judged_object() {
    let mut behind = slice("web");
    set(&mut behind, "/endpoints/0/conditions/ready", json!(false));
    set(&mut behind, "/metadata/managedFields", json!([{"time": at(-30)}]));
    let objects = [service("web"), behind];
    let reasons = |objects: &[Value], now| {
        verdicts(&judged_at(objects, of(Kind::Service), now))[0]
            .3
            .to_owned()
    };
    assert_eq!(reasons(&objects, None), "NoReadyEndpoints");
    assert_eq!(reasons(&objects, Time::parse(&at(0)).ok()), "EndpointsStarting");
    let witness = typed(
        "v1",
        "Node",
        object("", "n7", &[("/metadata/creationTimestamp", json!(at(-10)))]),
    );
    assert_eq!(
        reasons(&[&objects[..], &[witness]].concat(), None),
        "EndpointsStarting"
    );
}

#[test]
fn custom_resources_of_a_dump_are_found_by_every_name_of_their_kind() {
    let objects = [certificate("bad", "False"), certificate("good", "True")];
    for name in ["certificates.cert-manager.io", "certificate.v1.cert-manager.io"] {
        let report = judged(&objects, custom(name, &[]));
        let check = || "certificates.cert-manager.io Certificate".to_owned();
        assert_eq!(
            verdicts(&report),
            [
                (check(), "bad", State::Degraded, "ConditionNotMet"),
                (check(), "good", State::Healthy, "Ready"),
            ],
            "{name}"
        );
    }
    let report = judged(&objects, custom("certificates.cert-manager.io", &["good"]));
    assert_eq!((report.status, verdicts(&report).len()), (Status::Ok, 1));
    let report = judged(&objects, custom("certificates.cert-manager.io", &["goood"]));
    assert_eq!(
        not_seen(&report),
        [("certificate.cert-manager.io goood", "notFound")]
    );
    let report = judged(&objects, custom("issuers.cert-manager.io", &[]));
    assert_eq!(
        (report.status, not_seen(&report)),
        (Status::Unknown, vec![("issuers.cert-manager.io", "notFound")])
    );
    let hint = report.coverage.not_seen[0].hint.as_deref();
    assert_eq!(hint, Some("of group cert-manager.io it holds Certificate"));
}

#[test]
fn a_namespace_that_the_dump_lacks_is_reported_though_cluster_wide_objects_were_found() {
    let node = json!({"metadata": {"name": "n7", "uid": "n7", "creationTimestamp": at(-DAY)},
                      "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    let service = json!({"metadata": {"name": "web", "namespace": "shop", "uid": "web", "creationTimestamp": at(-DAY)},
                         "spec": {"type": "ExternalName", "externalName": "example.com"}});
    let objects = [typed("v1", "Node", node), typed("v1", "Service", service)];
    let of = |namespace: &str| Request {
        namespace: Some(namespace.into()),
        kinds: [Kind::Node, Kind::Service].map(KindTarget::all).to_vec(),
        ..Request::default()
    };
    let report = judged(&objects, of("shopp"));
    let entries: Vec<_> = report.coverage.not_seen.iter().collect();
    assert_eq!(
        (
            entries[0].what().as_str(),
            entries[0].error.as_deref(),
            entries.len()
        ),
        (
            "namespace shopp",
            Some("the dump holds no Services of namespace shopp"),
            1
        )
    );
    assert_eq!(report.status, Status::Unknown);
    assert_eq!(judged(&objects, of("shop")).status, Status::Ok);
}

#[test]
fn objects_in_a_namespace_that_is_being_deleted_are_left_out_of_a_dump() {
    let namespace = |deleted: bool| {
        let mut namespace = json!({"metadata": {"name": "shop", "uid": "n"}, "status": {"phase": "Active"}});
        if deleted {
            set(&mut namespace, "/metadata/deletionTimestamp", json!(at(-60)));
        }
        typed("v1", "Namespace", namespace)
    };
    let broken = json!({
        "metadata": {"namespace": "shop", "name": "web", "uid": "w", "generation": 1, "creationTimestamp": at(-86_400)},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}},
        "status": {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2},
    });
    let certificate = json!({
        "metadata": {"namespace": "shop", "name": "tls", "uid": "c", "creationTimestamp": at(-86_400)},
        "status": {"conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": at(-3600)}]},
    });
    let objects = |deleted| {
        [
            namespace(deleted),
            typed("apps/v1", "Deployment", broken.clone()),
            typed("cert-manager.io/v1", "Certificate", certificate.clone()),
        ]
    };
    let ask = Request {
        kinds: vec![KindTarget::all(Kind::Deployment)],
        ..custom("certificates.cert-manager.io", &[])
    };
    let report = judged(&objects(false), ask.clone());
    assert_eq!(
        (report.status, &report.coverage.terminating_namespaces),
        (Status::Degraded, &vec![])
    );
    let report = judged(&objects(true), ask.clone());
    assert_eq!(
        verdicts(&report),
        [
            (
                "deployments Deployment".to_owned(),
                "web",
                State::Terminating,
                "NamespaceTerminating"
            ),
            (
                "certificates.cert-manager.io Certificate".to_owned(),
                "tls",
                State::Terminating,
                "NamespaceTerminating"
            )
        ]
    );
    assert_eq!(report.status, Status::Ok);
    assert_eq!(
        serde_json::to_value(&report.coverage.terminating_namespaces).unwrap(),
        json!([{"namespace": "shop", "since": at(-60),
                "leftOut": {"certificates.cert-manager.io": 1, "deployments": 1}}])
    );
    // A name was asked for: the object will not stay.
    let named = Request {
        kinds: vec![KindTarget {
            kind: Kind::Deployment,
            names: vec!["web".to_owned()],
        }],
        custom: Vec::new(),
        ..ask
    };
    assert_eq!(judged(&objects(true), named).status, Status::Degraded);
}
