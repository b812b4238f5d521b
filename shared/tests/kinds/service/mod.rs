//! Services and their endpoints.

mod load_balancer;

use crate::*;
use sre_shared::resource::Service;

const WORKLOADS: [RelatedKind; 5] = [
    RelatedKind::Deployments,
    RelatedKind::StatefulSets,
    RelatedKind::DaemonSets,
    RelatedKind::ReplicaSets,
    RelatedKind::ReplicationControllers,
];

fn svc(name: &str, more: &[(&str, Value)]) -> Value {
    let mut fields = vec![
        ("/spec/selector", json!({"app": name})),
        ("/spec/type", json!("ClusterIP")),
    ];
    fields.extend_from_slice(more);
    object("shop", name, &fields)
}

/// A slice of that Service, written an hour ago; `[ready, terminating]` of each endpoint.
fn slice(service: &str, endpoints: &[[Option<bool>; 2]]) -> Value {
    let endpoints: Vec<Value> = endpoints
        .iter()
        .map(|[ready, terminating]| json!({"conditions": {"ready": ready, "terminating": terminating}}))
        .collect();
    object(
        "shop",
        &format!("{service}-abc"),
        &[
            ("/metadata/labels", json!({"kubernetes.io/service-name": service})),
            (
                "/metadata/managedFields",
                json!([{"manager": "kube-controller-manager", "time": at(-3600)}]),
            ),
            ("/addressType", json!("IPv4")),
            ("/endpoints", json!(endpoints)),
        ],
    )
}

const READY: [Option<bool>; 2] = [Some(true), Some(false)];

const NOT_READY: [Option<bool>; 2] = [Some(false), Some(false)];

const LEAVING: [Option<bool>; 2] = [Some(false), Some(true)];

const SILENT: [Option<bool>; 2] = [None, None];

/// A workload whose pods have the label `app` of its name.
fn workload(name: &str, replicas: i64) -> Value {
    object(
        "shop",
        name,
        &[
            ("/spec/replicas", json!(replicas)),
            (
                "/spec/template/metadata/labels",
                json!({"app": name, "tier": "web"}),
            ),
        ],
    )
}

fn daemon(name: &str, nodes: i64) -> Value {
    let mut daemon = workload(name, 1);
    set(&mut daemon, "/status/desiredNumberScheduled", json!(nodes));
    daemon
}

fn pod(app: &str, phase: &str) -> Value {
    object(
        "shop",
        &format!("{app}-0"),
        &[
            ("/metadata/labels", json!({"app": app})),
            ("/status/phase", json!(phase)),
        ],
    )
}

/// Every related object that the rows below need.
fn all() -> RelatedObjects {
    let mut known = RelatedObjects::default();
    let mut recent = slice("recent", &[NOT_READY]);
    set(&mut recent, "/metadata/managedFields/0/time", json!(at(-30)));
    let mut second_family = slice("dual", &[READY]);
    set(&mut second_family, "/addressType", json!("IPv6"));
    set(&mut second_family, "/metadata/name", json!("dual-v6"));
    add_related(
        &mut known,
        RelatedKind::EndpointSlices,
        &[
            slice("web", &[READY, READY, NOT_READY]),
            slice("silent", &[SILENT]),
            slice("broken", &[NOT_READY, NOT_READY, LEAVING]),
            slice("leaving", &[LEAVING]),
            slice("dual", &[READY]),
            second_family,
            recent,
        ],
    );
    let mut old = workload("two", 0);
    set(&mut old, "/metadata/name", json!("old"));
    let mut owned_set = workload("revision", 0);
    set(&mut owned_set, owned("Deployment").0, owned("Deployment").1);
    let mut rollout = workload("rollout", 0);
    set(&mut rollout, owned("Rollout").0, owned("Rollout").1);
    add_related(
        &mut known,
        RelatedKind::Deployments,
        &[
            workload("idle", 0),
            workload("leaving", 0),
            workload("pending", 3),
            workload("two", 2),
            old,
        ],
    );
    add_related(&mut known, RelatedKind::StatefulSets, &[workload("db", 0)]);
    add_related(
        &mut known,
        RelatedKind::DaemonSets,
        &[daemon("gpu", 0), daemon("log", 2)],
    );
    // Two revisions of one owner: the older one asks for no pods because the newer one does.
    let [mut older, mut newer] = [workload("older", 0), workload("newer", 2)];
    for revision in [&mut older, &mut newer] {
        set(revision, owned("DeploymentConfig").0, owned("DeploymentConfig").1);
        set(
            revision,
            "/metadata/ownerReferences/0/uid",
            json!("uid-of-config"),
        );
    }
    add_related(&mut known, RelatedKind::ReplicaSets, &[owned_set, rollout]);
    add_related(
        &mut known,
        RelatedKind::ReplicationControllers,
        &[older, newer, workload("legacy", 0)],
    );
    add_related(
        &mut known,
        RelatedKind::Pods,
        &[
            pod("bare", "Pending"),
            pod("done", "Succeeded"),
            pod("dead", "Failed"),
        ],
    );
    known
}

#[test]
fn every_service_gets_its_state() {
    let nothing = |name: &'static str, message| row(name, svc(name, &[]), DEGRADED, "NoPodsMatch", message);
    assert_rows_with_related::<Service>(
        &all(),
        &[
            row("web", svc("web", &[]), HEALTHY, "Ready", "2 of 3 endpoints ready"),
            row(
                "an endpoint without a word",
                svc("silent", &[]),
                HEALTHY,
                "Ready",
                "1 of 1 endpoints ready",
            ),
            row(
                "two families are the same pods",
                svc("dual", &[]),
                HEALTHY,
                "Ready",
                "1 of 1 endpoints ready",
            ),
            row(
                "none ready",
                svc("broken", &[]),
                DEGRADED,
                "NoReadyEndpoints",
                "0 of 2 endpoints ready",
            ),
            row(
                "just gone",
                svc("recent", &[]),
                PROGRESSING,
                "EndpointsStarting",
                "0 of 1 endpoints ready",
            ),
            row(
                "new",
                svc("broken", &[aged(20)]),
                PROGRESSING,
                "EndpointsStarting",
                "0 of 2 endpoints ready",
            ),
            row(
                "scaled to zero",
                svc("idle", &[]),
                HEALTHY,
                "ScaledToZero",
                "no endpoint, Deployment idle asks for no pod",
            ),
            row(
                "scaled to zero, the last one leaving",
                svc("leaving", &[]),
                HEALTHY,
                "ScaledToZero",
                "no endpoint, Deployment leaving asks for no pod",
            ),
            row(
                "a StatefulSet scaled to zero",
                svc("db", &[]),
                HEALTHY,
                "ScaledToZero",
                "no endpoint, StatefulSet db asks for no pod",
            ),
            row(
                "meant for no node",
                svc("gpu", &[]),
                HEALTHY,
                "ScaledToZero",
                "no endpoint, DaemonSet gpu asks for no pod",
            ),
            row(
                "another controller's at zero",
                svc("rollout", &[]),
                HEALTHY,
                "ScaledToZero",
                "no endpoint, ReplicaSet rollout asks for no pod",
            ),
            row(
                "a DaemonSet without pods",
                svc("log", &[]),
                DEGRADED,
                "NoReadyEndpoints",
                "no endpoint, DaemonSet log has no pod with an address",
            ),
            row(
                "pods without an address",
                svc("pending", &[]),
                DEGRADED,
                "NoReadyEndpoints",
                "no endpoint, Deployment pending has no pod with an address",
            ),
            row(
                "one of two workloads at zero",
                svc("two", &[]),
                DEGRADED,
                "NoReadyEndpoints",
                "no endpoint, Deployment two has no pod with an address",
            ),
            row(
                "a bare pod without an address",
                svc("bare", &[]),
                DEGRADED,
                "NoReadyEndpoints",
                "no endpoint, Pod bare-0 has no address or is over",
            ),
            row(
                "a pod that failed",
                svc("dead", &[]),
                DEGRADED,
                "NoReadyEndpoints",
                "no endpoint, Pod dead-0 has no address or is over",
            ),
            row(
                "pods that have finished",
                svc("done", &[]),
                HEALTHY,
                "PodsFinished",
                "no endpoint, its pods have finished",
            ),
            nothing("typo", "no pod, and no workload's, has app=typo"),
            nothing("revision", "no pod, and no workload's, has app=revision"),
            nothing("older", "no pod, and no workload's, has app=older"),
            row(
                "a controller of another time at zero",
                svc("legacy", &[]),
                HEALTHY,
                "ScaledToZero",
                "no endpoint, ReplicationController legacy asks for no pod",
            ),
            row(
                "one label too many",
                svc(
                    "idle",
                    &[("/spec/selector", json!({"app": "idle", "tier": "db"}))],
                ),
                DEGRADED,
                "NoPodsMatch",
                "no pod, and no workload's, has app=idle,tier=db",
            ),
            row(
                "an alias",
                svc(
                    "x",
                    &[
                        ("/spec/type", json!("ExternalName")),
                        ("/spec/externalName", json!("db.example.com")),
                    ],
                ),
                HEALTHY,
                "ExternalName",
                "an alias of db.example.com, which is not looked at",
            ),
            row(
                "no selector",
                svc("x", &[("/spec/selector", json!(null))]),
                HEALTHY,
                "NoSelector",
                "it selects no pods: somebody else keeps its endpoints",
            ),
            row(
                "being deleted",
                svc("broken", &[deleting()]),
                TERMINATING,
                "Deleting",
                "being deleted",
            ),
            row(
                "a manifest",
                json!({"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}}}),
                UNKNOWN,
                "Manifest",
                "has neither uid nor creation time: a manifest, not an object of a cluster",
            ),
        ],
    );
}

#[test]
fn a_port_that_no_ready_pod_has_is_not_served() {
    let with_ports = |app: &str, ready, ports: Value| {
        let mut slice = slice(app, &[ready]);
        set(&mut slice, "/ports", ports);
        slice
    };
    let mut known = RelatedObjects::default();
    add_related(
        &mut known,
        RelatedKind::EndpointSlices,
        &[
            with_ports("web", READY, json!(null)),
            with_ports("some", READY, json!([{"name": "http", "port": 80}])),
            with_ports("only", READY, json!([{"name": "", "port": 80}])),
            with_ports("starting", NOT_READY, json!(null)),
        ],
    );
    let named = json!([
        {"name": "http", "port": 80, "targetPort": "web"},
        {"name": "metrics", "port": 90, "targetPort": "prom"},
    ]);
    let ports = |app: &str, ports: &Value| svc(app, &[("/spec/ports", ports.clone())]);
    let numbers = json!([{"port": 80, "targetPort": 8080}]);
    assert_rows_with_related::<Service>(
        &known,
        &[
            row(
                "all of them",
                ports("web", &named),
                DEGRADED,
                "PortNotFound",
                "no ready pod has a port named web, no ready pod has a port named prom",
            ),
            row(
                "by their numbers",
                ports("web", &numbers),
                HEALTHY,
                "Ready",
                "1 of 1 endpoints ready",
            ),
            row(
                "without ports",
                svc("web", &[]),
                HEALTHY,
                "Ready",
                "1 of 1 endpoints ready",
            ),
            row(
                "one without a name",
                ports("only", &json!([{"port": 80, "targetPort": "web"}])),
                HEALTHY,
                "Ready",
                "1 of 1 endpoints ready",
            ),
            row(
                "none ready",
                ports("starting", &named),
                DEGRADED,
                "NoReadyEndpoints",
                "0 of 1 endpoints ready",
            ),
            row(
                "just made",
                svc("web", &[aged(20), ("/spec/ports", named.clone())]),
                PROGRESSING,
                "EndpointsStarting",
                "no ready pod has a port named web, no ready pod has a port named prom",
            ),
        ],
    );
    let some = judge_with_related::<Service>(&known, &ports("some", &named));
    assert_eq!(
        (some.reason.as_str(), some.healthy, some.warnings.as_slice()),
        (
            "Ready",
            Some(true),
            &["no ready pod has a port named prom".to_owned()][..]
        )
    );
}

#[test]
fn a_service_is_never_ok_and_never_degraded_if_its_related_objects_were_not_seen() {
    let unseen = "its EndpointSlices were not seen, so whether anything answers is not known";
    let unsure = "no endpoint, and whether it is meant to have one is not known: not all workloads were seen";
    assert_rows::<Service>(&[row(
        "nothing",
        svc("web", &[]),
        UNKNOWN,
        "EndpointsNotSeen",
        unseen,
    )]);
    let mut known = RelatedObjects::default();
    known.mark_unread(RelatedKind::EndpointSlices, None);
    assert_rows_with_related::<Service>(
        &known,
        &[row(
            "forbidden",
            svc("web", &[]),
            UNKNOWN,
            "EndpointsNotSeen",
            unseen,
        )],
    );
    let mut known = RelatedObjects::default();
    add_related(
        &mut known,
        RelatedKind::EndpointSlices,
        &[json!({"metadata": {"name": "x"}, "endpoints": 3})],
    );
    assert_rows_with_related::<Service>(
        &known,
        &[row(
            "undecodable",
            svc("web", &[]),
            UNKNOWN,
            "EndpointsNotSeen",
            unseen,
        )],
    );
    let mut known = RelatedObjects::default();
    add_related(
        &mut known,
        RelatedKind::EndpointSlices,
        &[slice("broken", &[NOT_READY])],
    );
    add_related(
        &mut known,
        RelatedKind::Deployments,
        &[workload("idle", 0), workload("pending", 1)],
    );
    add_related(&mut known, RelatedKind::Pods, &[]);
    assert_rows_with_related::<Service>(
        &known,
        &[
            row(
                "an endpoint that is not ready",
                svc("broken", &[]),
                DEGRADED,
                "NoReadyEndpoints",
                "0 of 1 endpoints ready",
            ),
            row(
                "a workload that asks",
                svc("pending", &[]),
                DEGRADED,
                "NoReadyEndpoints",
                "no endpoint, Deployment pending has no pod with an address",
            ),
            row(
                "a workload that asks for none",
                svc("idle", &[]),
                HEALTHY,
                "ScaledToZero",
                "no endpoint, Deployment idle asks for no pod",
            ),
            row(
                "a workload that was not seen",
                svc("db", &[]),
                UNKNOWN,
                "WorkloadsNotSeen",
                unsure,
            ),
        ],
    );
    for kind in WORKLOADS {
        add_related(&mut known, kind, &[]);
    }
    known.mark_unread(RelatedKind::Pods, None);
    assert_rows_with_related::<Service>(
        &known,
        &[row(
            "pods that were not seen",
            svc("db", &[]),
            DEGRADED,
            "NoReadyEndpoints",
            "no endpoint, and no workload makes pods with app=db",
        )],
    );
}

#[test]
fn a_service_needs_a_related_kind_only_if_its_verdict_depends_on_it() {
    let mut known = RelatedObjects::default();
    let wants = |name: &str, known: &RelatedObjects| {
        let wants = view::<Service>(&svc(name, &[])).related_needs(known);
        wants.into_iter().map(|(kind, _)| kind).collect::<Vec<_>>()
    };
    assert_eq!(wants("web", &known), [RelatedKind::EndpointSlices]);
    add_related(
        &mut known,
        RelatedKind::EndpointSlices,
        &[slice("web", &[READY]), slice("broken", &[NOT_READY])],
    );
    assert_eq!((wants("web", &known), wants("broken", &known)), (vec![], vec![]));
    assert_eq!(wants("empty", &known), WORKLOADS[..4]);
    for kind in WORKLOADS {
        add_related(&mut known, kind, &[workload("idle", 0)]);
    }
    assert_eq!(
        wants("empty", &known),
        [RelatedKind::ReplicationControllers, RelatedKind::Pods]
    );
    assert!(
        wants("idle", &known)
            .iter()
            .all(|kind| known.is_asked(*kind, "shop"))
    );
    let external = svc("x", &[("/spec/type", json!("ExternalName"))]);
    assert_eq!(
        view::<Service>(&external).related_needs(&RelatedObjects::default()),
        []
    );
    assert!(!view::<Service>(&external).is_judged_by_default());
    assert!(view::<Service>(&svc("web", &[])).is_judged_by_default());
}

#[test]
fn the_cause_of_a_service_without_endpoints_names_a_pod_or_a_workload() {
    let mut known = all();
    let mut targets = slice("targets", &[NOT_READY, NOT_READY]);
    for number in 0..2 {
        let pod = json!({"kind": "Pod", "namespace": "shop", "name": format!("targets-7d9c-{number}")});
        set(&mut targets, &format!("/endpoints/{number}/targetRef"), pod);
    }
    add_related(&mut known, RelatedKind::EndpointSlices, &[targets]);
    let behind = |name: &str| {
        let item = judge_with_related::<Service>(&known, &svc(name, &[]));
        item.causes
            .into_iter()
            .filter_map(|cause| cause.subject)
            .map(|subject| subject.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(behind("targets"), ["Pod/shop/targets-7d9c-0"]);
    assert_eq!(behind("pending"), ["Deployment/shop/pending"]);
    assert_eq!(behind("web"), [""; 0]);
    assert_eq!(behind("idle"), [""; 0]);
}

#[test]
fn terminating_endpoints_answer_until_they_are_gone() {
    let leaving = |name: &str| {
        let mut slice = slice(name, &[LEAVING, LEAVING]);
        set(&mut slice, "/endpoints/0/conditions/serving", json!(true));
        slice
    };
    let mut known = RelatedObjects::default();
    add_related(
        &mut known,
        RelatedKind::EndpointSlices,
        &[leaving("web"), leaving("idle")],
    );
    let workloads = [workload("web", 2), workload("idle", 0)];
    add_related(&mut known, RelatedKind::Deployments, &workloads);
    for kind in &WORKLOADS[1..] {
        add_related(&mut known, *kind, &[]);
    }
    assert_rows_with_related::<Service>(
        &known,
        &[
            row(
                "nobody takes their place",
                svc("web", &[]),
                DEGRADED,
                "NoReadyEndpoints",
                "1 endpoint, on its way out and the last to answer: Deployment web has no other that is ready",
            ),
            row(
                "nobody has to",
                svc("idle", &[]),
                HEALTHY,
                "ScaledToZero",
                "no endpoint, Deployment idle asks for no pod",
            ),
        ],
    );
}
