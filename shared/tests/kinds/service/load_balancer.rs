//! The load balancers of Services.

use super::{READY, slice, svc};
use crate::*;
use sre_shared::resource::Service;

fn balanced(more: &[(&str, Value)]) -> Value {
    let mut fields = vec![("/spec/type", json!("LoadBalancer")), aged(3 * DAY)];
    fields.extend_from_slice(more);
    svc("web", &fields)
}

fn event(reason: &str, kind: &str, message: &str, seconds: i64) -> Value {
    json!({
        "metadata": {"namespace": "shop", "name": format!("web.{reason}")},
        "involvedObject": {"kind": "Service", "namespace": "shop", "name": "web", "uid": "uid-of-web"},
        "type": kind, "reason": reason, "message": message, "lastTimestamp": at(-seconds),
    })
}

fn with_events(events: Option<&[Value]>) -> RelatedObjects {
    let mut known = RelatedObjects::default();
    add_related(&mut known, RelatedKind::EndpointSlices, &[slice("web", &[READY])]);
    match events {
        Some(events) => add_related(&mut known, RelatedKind::ServiceEvents, events),
        None => known.mark_unread(RelatedKind::ServiceEvents, None),
    }
    known
}

fn failed() -> Value {
    event(
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
    let older = event("AllocationFailed", "Warning", "no pool", 900);
    let began = event("EnsuringLoadBalancer", "Normal", "Ensuring load balancer", 60);
    let noise = event("FailedToUpdateEndpointSlices", "Warning", "conflict", 1);
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
        assert_rows_with_related::<Service>(&with_events(events.as_deref()), &[row]);
    }
}

#[test]
fn only_a_service_without_an_address_needs_events() {
    let wants = |object: &Value| {
        let wants = view::<Service>(object).related_needs(&RelatedObjects::default());
        wants.iter().any(|(kind, _)| *kind == RelatedKind::ServiceEvents)
    };
    let place = ingress(json!([{"ip": "192.0.2.1"}]));
    assert!(wants(&balanced(&[])));
    assert!(!wants(&svc("web", &[])));
    assert!(!wants(&balanced(&[place.clone()])));
    assert!(wants(&balanced(&[place, deleting()])));
    let no_selector = ("/spec/selector", json!(null));
    assert!(view::<Service>(&balanced(&[no_selector.clone()])).is_judged_by_default());
    assert!(!view::<Service>(&svc("web", &[no_selector])).is_judged_by_default());
}
