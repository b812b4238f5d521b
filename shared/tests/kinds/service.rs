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

/// Everything that the rows below want.
fn all() -> RelatedObjects {
    let mut known = RelatedObjects::default();
    let mut recent = slice("recent", &[NOT_READY]);
    set(&mut recent, "/metadata/managedFields/0/time", json!(at(-30)));
    let mut second_family = slice("dual", &[READY]);
    set(&mut second_family, "/addressType", json!("IPv6"));
    set(&mut second_family, "/metadata/name", json!("dual-v6"));
    read(
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
    read(
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
    read(&mut known, RelatedKind::StatefulSets, &[workload("db", 0)]);
    read(
        &mut known,
        RelatedKind::DaemonSets,
        &[daemon("gpu", 0), daemon("log", 2)],
    );
    // Two revisions of one owner: the older one asks for nothing because the newer one does.
    let [mut older, mut newer] = [workload("older", 0), workload("newer", 2)];
    for revision in [&mut older, &mut newer] {
        set(revision, owned("DeploymentConfig").0, owned("DeploymentConfig").1);
        set(
            revision,
            "/metadata/ownerReferences/0/uid",
            json!("uid-of-config"),
        );
    }
    read(&mut known, RelatedKind::ReplicaSets, &[owned_set, rollout]);
    read(
        &mut known,
        RelatedKind::ReplicationControllers,
        &[older, newer, workload("legacy", 0)],
    );
    read(
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
    assert_rows_beside::<Service>(
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
fn a_port_that_no_ready_pod_has_leads_nowhere() {
    let with_ports = |app: &str, ready, ports: Value| {
        let mut slice = slice(app, &[ready]);
        set(&mut slice, "/ports", ports);
        slice
    };
    let mut known = RelatedObjects::default();
    read(
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
    assert_rows_beside::<Service>(
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
    let some = judge_beside::<Service>(&known, &ports("some", &named));
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
fn what_was_not_seen_beside_a_service_is_never_ok_and_never_degraded() {
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
    known.miss(RelatedKind::EndpointSlices, None);
    assert_rows_beside::<Service>(
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
    read(
        &mut known,
        RelatedKind::EndpointSlices,
        &[json!({"metadata": {"name": "x"}, "endpoints": 3})],
    );
    assert_rows_beside::<Service>(
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
    read(
        &mut known,
        RelatedKind::EndpointSlices,
        &[slice("broken", &[NOT_READY])],
    );
    read(
        &mut known,
        RelatedKind::Deployments,
        &[workload("idle", 0), workload("pending", 1)],
    );
    read(&mut known, RelatedKind::Pods, &[]);
    assert_rows_beside::<Service>(
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
        read(&mut known, kind, &[]);
    }
    known.miss(RelatedKind::Pods, None);
    assert_rows_beside::<Service>(
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
fn a_service_wants_more_only_as_far_as_what_is_known_leaves_it_open() {
    let mut known = RelatedObjects::default();
    let wants = |name: &str, known: &RelatedObjects| {
        let wants = view::<Service>(&svc(name, &[])).wants(known);
        wants
            .into_iter()
            .map(|(companion, _)| companion)
            .collect::<Vec<_>>()
    };
    assert_eq!(wants("web", &known), [RelatedKind::EndpointSlices]);
    read(
        &mut known,
        RelatedKind::EndpointSlices,
        &[slice("web", &[READY]), slice("broken", &[NOT_READY])],
    );
    assert_eq!((wants("web", &known), wants("broken", &known)), (vec![], vec![]));
    assert_eq!(wants("empty", &known), WORKLOADS[..4]);
    for kind in WORKLOADS {
        read(&mut known, kind, &[workload("idle", 0)]);
    }
    assert_eq!(
        wants("empty", &known),
        [RelatedKind::ReplicationControllers, RelatedKind::Pods]
    );
    assert!(
        wants("idle", &known)
            .iter()
            .all(|companion| known.is_asked(*companion, "shop"))
    );
    let external = svc("x", &[("/spec/type", json!("ExternalName"))]);
    assert_eq!(view::<Service>(&external).wants(&RelatedObjects::default()), []);
    assert!(!view::<Service>(&external).answers_for_itself());
    assert!(view::<Service>(&svc("web", &[])).answers_for_itself());
}

#[test]
fn a_service_that_nobody_answers_for_names_what_is_behind_it() {
    let mut known = all();
    let mut targets = slice("targets", &[NOT_READY, NOT_READY]);
    for number in 0..2 {
        let pod = json!({"kind": "Pod", "namespace": "shop", "name": format!("targets-7d9c-{number}")});
        set(&mut targets, &format!("/endpoints/{number}/targetRef"), pod);
    }
    read(&mut known, RelatedKind::EndpointSlices, &[targets]);
    let behind = |name: &str| {
        let item = judge_beside::<Service>(&known, &svc(name, &[]));
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

fn balanced(more: &[(&str, Value)]) -> Value {
    let mut fields = vec![("/spec/type", json!("LoadBalancer")), aged(3 * DAY)];
    fields.extend_from_slice(more);
    svc("web", &fields)
}

fn told(reason: &str, kind: &str, message: &str, seconds: i64) -> Value {
    json!({
        "metadata": {"namespace": "shop", "name": format!("web.{reason}")},
        "involvedObject": {"kind": "Service", "namespace": "shop", "name": "web", "uid": "uid-of-web"},
        "type": kind, "reason": reason, "message": message, "lastTimestamp": at(-seconds),
    })
}

fn with_events(events: Option<&[Value]>) -> RelatedObjects {
    let mut known = RelatedObjects::default();
    read(&mut known, RelatedKind::EndpointSlices, &[slice("web", &[READY])]);
    match events {
        Some(events) => read(&mut known, RelatedKind::ServiceEvents, events),
        None => known.miss(RelatedKind::ServiceEvents, None),
    }
    known
}

fn failed() -> Value {
    told(
        "SyncLoadBalancerFailed",
        "Warning",
        "Error syncing load balancer: failed to ensure load balancer: no quota",
        120,
    )
}

fn ingress(ingress: Value) -> (&'static str, Value) {
    ("/status/loadBalancer/ingress", ingress)
}

#[test]
fn a_load_balancer_without_an_address_is_a_warning_with_its_reason() {
    let class = ("/spec/loadBalancerClass", json!("x.example/lb"));
    let older = told("AllocationFailed", "Warning", "no pool", 900);
    let began = told("EnsuringLoadBalancer", "Normal", "Ensuring load balancer", 60);
    let noise = told("FailedToUpdateEndpointSlices", "Warning", "conflict", 1);
    let pool = (
        "/status/conditions",
        json!([condition(
            "cilium.io/IPAMRequestSatisfied",
            "False",
            "no_pool",
            "no pool for it"
        )]),
    );
    let changed = (
        "/metadata/managedFields",
        json!([{"manager": "kubectl", "time": at(-60)}]),
    );
    let fine = |name: &'static str, object| row(name, object, HEALTHY, "Ready", "1 of 1 endpoints ready");
    let rows: Vec<(Option<Vec<Value>>, Row)> = vec![
        (
            Some(vec![]),
            fine("an address", balanced(&[ingress(json!([{"ip": "192.0.2.1", "ipMode": "Proxy"}]))])),
        ),
        (
            Some(vec![]),
            fine("a name", balanced(&[ingress(json!([{"hostname": "lb.example"}]))])),
        ),
        (
            Some(vec![older, failed(), began.clone(), noise]),
            fine("it failed", balanced(&[])).warns(&["its load balancer has no address, 3 days after the Service was \
                made: SyncLoadBalancerFailed: failed to ensure load balancer: no quota"]),
        ),
        (
            Some(vec![failed()]),
            fine("it failed within the grace", balanced(&[aged(130)])).warns(&["its load balancer has no address, \
                2 min after the Service was made: SyncLoadBalancerFailed: failed to ensure load balancer: no quota"]),
        ),
        (
            Some(vec![]),
            fine("within the grace", balanced(&[aged(299), class.clone()]))
                .notes(&["its load balancer of class x.example/lb has no address yet"]),
        ),
        (
            Some(vec![]),
            fine("after it", balanced(&[aged(301), class])).warns(&["its load balancer of class x.example/lb has no \
                address, 5 min after the Service was made: no event says that a controller for it runs"]),
        ),
        (
            Some(vec![]),
            fine("made one a minute ago", balanced(&[changed])).notes(&["its load balancer has no address yet"]),
        ),
        (
            Some(vec![began]),
            fine("it began", balanced(&[ingress(json!([{}]))])).warns(&["its load balancer has no address, 3 days after \
                the Service was made: its controller began and has not ended"]),
        ),
        (
            Some(vec![]),
            fine("a condition", balanced(&[pool, aged(3 * 3600)])).warns(&["its load balancer has no address, 3 h after \
                the Service was made: no_pool: no pool for it"]),
        ),
        (
            None,
            fine("events may not be read", balanced(&[])).warns(&["its load balancer has no address, 3 days after the \
                Service was made: its events were not seen"]),
        ),
        (
            Some(vec![]),
            fine(
                "a port that it does not serve",
                balanced(&[ingress(json!([{"ip": "192.0.2.1", "ports": [
                    {"port": 80, "protocol": "TCP"},
                    {"port": 53, "protocol": "UDP", "error": "MixedProtocolNotSupported"}]}]))]),
            )
            .warns(&["its load balancer does not serve port 53: MixedProtocolNotSupported"]),
        ),
        (
            Some(vec![]),
            row(
                "endpoints of somebody else",
                balanced(&[("/spec/selector", json!(null))]),
                HEALTHY,
                "NoSelector",
                "it selects no pods: somebody else keeps its endpoints",
            )
            .warns(&["its load balancer has no address, 3 days after the Service was made: no event says that a \
                controller for it runs"]),
        ),
        (
            Some(vec![failed()]),
            row(
                "not taken down",
                balanced(&[deleting(), ingress(json!([{"ip": "192.0.2.1"}]))]),
                TERMINATING,
                "Deleting",
                "being deleted",
            )
            .warns(&["its load balancer is not taken down: SyncLoadBalancerFailed: failed to ensure load balancer: \
                no quota"]),
        ),
    ];
    for (events, row) in rows {
        assert_rows_beside::<Service>(&with_events(events.as_deref()), &[row]);
    }
}

#[test]
fn events_are_asked_for_of_a_service_without_an_address_alone() {
    let wants = |object: &Value| {
        let wants = view::<Service>(object).wants(&RelatedObjects::default());
        wants
            .iter()
            .any(|(companion, _)| *companion == RelatedKind::ServiceEvents)
    };
    let place = ingress(json!([{"ip": "192.0.2.1"}]));
    assert!(wants(&balanced(&[])));
    assert!(!wants(&svc("web", &[])));
    assert!(!wants(&balanced(&[place.clone()])));
    assert!(wants(&balanced(&[place, deleting()])));
    let no_selector = ("/spec/selector", json!(null));
    assert!(view::<Service>(&balanced(&[no_selector.clone()])).answers_for_itself());
    assert!(!view::<Service>(&svc("web", &[no_selector])).answers_for_itself());
}

#[test]
fn endpoints_on_their_way_out_answer_until_they_are_gone() {
    let leaving = |name: &str| {
        let mut slice = slice(name, &[LEAVING, LEAVING]);
        set(&mut slice, "/endpoints/0/conditions/serving", json!(true));
        slice
    };
    let mut known = RelatedObjects::default();
    read(
        &mut known,
        RelatedKind::EndpointSlices,
        &[leaving("web"), leaving("idle")],
    );
    let workloads = [workload("web", 2), workload("idle", 0)];
    read(&mut known, RelatedKind::Deployments, &workloads);
    for companion in &WORKLOADS[1..] {
        read(&mut known, *companion, &[]);
    }
    assert_rows_beside::<Service>(
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
