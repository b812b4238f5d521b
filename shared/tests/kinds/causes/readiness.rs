//! Pods that run and are not ready: probes, readiness gates, or no known reason.

use super::{CauseRow, DESCRIBE, a, app_field, event, row, with};
use serde_json::json;
use sre_testkit::at;
use sre_testkit::object::Pod;

pub fn rows() -> Vec<CauseRow> {
    let unready = || a().ready(false, at(-500));
    vec![
        row(
            "a readiness probe",
            with(
                unready(),
                [event(
                    &a().build(),
                    "Unhealthy",
                    "Readiness probe failed: HTTP probe failed with statuscode: 404",
                    -9,
                )],
            ),
            "ReadinessProbe",
            "container app: HTTP probe failed with statuscode: 404",
            -500,
            app_field!("readinessProbe"),
            None,
        ),
        row(
            "a readiness probe by gRPC",
            with(
                unready(),
                [event(
                    &a().build(),
                    "Unhealthy",
                    "Readiness probe failed: timeout: failed to connect service \"10.0.0.9:8080\" within 1s: context \
                     deadline exceeded",
                    -9,
                )],
            ),
            "ReadinessProbe",
            "container app: timeout: failed to connect service \"10.0.0.9:8080\" within 1s: context deadline exceeded",
            -500,
            app_field!("readinessProbe"),
            None,
        ),
        row(
            "a readiness probe whose command writes much",
            with(
                unready(),
                [event(
                    &a().build(),
                    "Unhealthy",
                    &format!(
                        "Readiness probe failed: {}cannot reach postgres",
                        "trying again\n".repeat(80)
                    ),
                    -9,
                )],
            ),
            "ReadinessProbe",
            "container app: trying again trying again trying again trying again trying again trying again trying again \
             trying again trying again trying again trying again trying again trying ... again trying again trying again \
             trying again trying again trying again trying again trying again cannot reach postgres",
            -500,
            app_field!("readinessProbe"),
            None,
        ),
        row(
            "a readiness gate that nobody has set",
            with(gated(&[]), []),
            "ReadinessGate",
            "readiness gate lb.example/ready: its controller has not set it yet",
            -500,
            DESCRIBE,
            None,
        ),
        row(
            "a readiness gate that is shut",
            with(gated(&[("lb.example/ready", "False", "Draining")]), []),
            "ReadinessGate",
            "readiness gate lb.example/ready: Draining",
            -500,
            DESCRIBE,
            None,
        ),
        row(
            "nothing that is known",
            with(unready().set("/status/containerStatuses/0/ready", false), []),
            "NotReady",
            "container app runs and is not ready",
            -500,
            "kubectl -n shop logs --tail=20 web-1-a -c app",
            None,
        ),
    ]
}

fn gated(conditions: &[(&str, &str, &str)]) -> Pod {
    let gate = json!([{"conditionType": "lb.example/ready"}]);
    let ready = a()
        .set("/spec/readinessGates", gate)
        .ready(false, at(-500))
        .condition("ContainersReady", "True", "", at(-500));
    conditions.iter().fold(ready, |pod, (kind, status, reason)| {
        pod.condition(kind, status, reason, at(-500))
    })
}
