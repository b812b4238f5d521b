//! Whether the server behind a part of the API answers.

use crate::*;
use sre_shared::resource::ApiService;

fn served(conditions: &[Value], more: &[(&str, Value)]) -> Value {
    let mut fields = vec![
        (
            "/spec/service",
            json!({"namespace": "kube-system", "name": "metrics-server", "port": 443}),
        ),
        ("/status/conditions", json!(conditions)),
    ];
    fields.extend_from_slice(more);
    object("", "v1beta1.metrics.k8s.io", &fields)
}

#[test]
fn every_api_service_gets_its_state() {
    let available =
        |status: &str, reason: &str, message: &str| condition("Available", status, reason, message);
    let by = "served by Service kube-system/metrics-server";
    let missing = || {
        available(
            "False",
            "ServiceNotFound",
            "service/metrics-server in \"kube-system\" is not present",
        )
    };
    let missing_message = "ServiceNotFound: service/metrics-server in \"kube-system\" is not present";
    assert_rows::<ApiService>(&[
        row(
            "answers",
            served(&[available("True", "Passed", "all checks passed")], &[]),
            HEALTHY,
            "Available",
            by,
        ),
        row(
            "local",
            served(
                &[available("True", "Local", "")],
                &[("/spec/service", json!(null))],
            ),
            HEALTHY,
            "Local",
            "served by the API server itself",
        ),
        row(
            "local without conditions",
            served(&[], &[("/spec/service", json!(null))]),
            HEALTHY,
            "Local",
            "served by the API server itself",
        ),
        row(
            "without its Service",
            served(&[missing()], &[]),
            DEGRADED,
            "ApiNotAvailable",
            missing_message,
        ),
        row(
            "new and without its Service",
            served(&[missing()], &[aged(20)]),
            PROGRESSING,
            "ApiStarting",
            missing_message,
        ),
        row(
            "without endpoints",
            served(&[available("False", "MissingEndpoints", "no addresses")], &[]),
            DEGRADED,
            "ApiNotAvailable",
            "MissingEndpoints: no addresses",
        ),
        row(
            "could not be checked",
            served(&[available("Unknown", "ServiceAccessError", "")], &[]),
            DEGRADED,
            "ApiNotAvailable",
            "ServiceAccessError",
        ),
        row(
            "never checked",
            served(&[], &[]),
            DEGRADED,
            "ControllerNotObserving",
            "the API server does not act: it has written no condition yet",
        ),
        row(
            "just made",
            served(&[], &[aged(3)]),
            PROGRESSING,
            "NotObserved",
            "the API server has not seen it yet",
        ),
        row(
            "being deleted",
            served(&[missing()], &[deleting()]),
            TERMINATING,
            "Deleting",
            "being deleted",
        ),
        row(
            "a manifest",
            json!({"metadata": {"name": "v1.x"}, "spec": {"service": {"name": "x"}}}),
            UNKNOWN,
            "Manifest",
            "has neither uid nor creation time: a manifest, not an object of a cluster",
        ),
    ]);
}
