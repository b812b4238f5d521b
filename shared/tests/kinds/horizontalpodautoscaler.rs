//! Whether a HorizontalPodAutoscaler can scale.

use crate::*;
use sre_shared::resource::HorizontalPodAutoscaler;

fn hpa(conditions: &[Value], more: &[(&str, Value)]) -> Value {
    let mut fields = vec![
        (
            "/spec/scaleTargetRef",
            json!({"kind": "Deployment", "name": "web"}),
        ),
        ("/spec/minReplicas", json!(2)),
        ("/spec/maxReplicas", json!(10)),
        ("/status/currentReplicas", json!(4)),
        ("/status/desiredReplicas", json!(4)),
        ("/status/conditions", json!(conditions)),
    ];
    fields.extend_from_slice(more);
    object("shop", "web", &fields)
}

fn able() -> Value {
    condition(
        "AbleToScale",
        "True",
        "ReadyForNewScale",
        "recommended size matches current size",
    )
}

fn active() -> Value {
    condition("ScalingActive", "True", "ValidMetricFound", "")
}

fn blind() -> Value {
    condition(
        "ScalingActive",
        "False",
        "FailedGetResourceMetric",
        "no metrics returned from resource metrics API",
    )
}

/// The condition, changed half a minute ago.
fn just(mut condition: Value) -> Value {
    set(&mut condition, "/lastTransitionTime", json!(at(-30)));
    condition
}

fn limited(status: &str, reason: &str) -> Value {
    condition("ScalingLimited", status, reason, "")
}

#[test]
fn every_autoscaler_gets_its_state() {
    let no_target = condition(
        "AbleToScale",
        "False",
        "FailedGetScale",
        "deployments.apps \"web\" not found",
    );
    let off = condition(
        "ScalingActive",
        "False",
        "ScalingDisabled",
        "the replica count of the target is zero",
    );
    let told = "4 replicas, of 2 to 10";
    let unseen = [
        ("/metadata/generation", json!(3)),
        ("/status/observedGeneration", json!(2)),
    ];
    let blind_message = "FailedGetResourceMetric: no metrics returned from resource metrics API";
    assert_rows::<HorizontalPodAutoscaler>(&[
        row(
            "at work",
            hpa(&[able(), active(), limited("False", "DesiredWithinRange")], &[]),
            HEALTHY,
            "Scaling",
            told,
        ),
        row(
            "minReplicas absent",
            hpa(&[able(), active()], &[("/spec/minReplicas", json!(null))]),
            HEALTHY,
            "Scaling",
            "4 replicas, of 1 to 10",
        ),
        row(
            "at its maximum",
            hpa(&[able(), active(), limited("True", "TooManyReplicas")], &[]),
            HEALTHY,
            "Scaling",
            told,
        )
        .warns(&["at its maximum of 10, its metrics ask for more"]),
        row(
            "pinned by somebody, and its metrics ask for more",
            hpa(
                &[able(), active(), limited("True", "TooManyReplicas")],
                &[("/spec/minReplicas", json!(4)), ("/spec/maxReplicas", json!(4))],
            ),
            HEALTHY,
            "Scaling",
            "4 replicas, of 4 to 4",
        )
        .notes(&["pinned to 4 replicas: minReplicas and maxReplicas are the same"]),
        row(
            "at its floor",
            hpa(&[able(), active(), limited("True", "TooFewReplicas")], &[]),
            HEALTHY,
            "Scaling",
            told,
        ),
        row(
            "scaling as fast as it may",
            hpa(&[able(), active(), limited("True", "ScaleUpLimit")], &[]),
            HEALTHY,
            "Scaling",
            told,
        ),
        row(
            "without metrics",
            hpa(&[able(), blind()], &[]),
            DEGRADED,
            "NoMetrics",
            blind_message,
        ),
        row(
            "new and without metrics",
            hpa(&[able(), blind()], &[aged(30)]),
            PROGRESSING,
            "MetricsStarting",
            blind_message,
        ),
        row(
            "without a target",
            hpa(&[no_target.clone()], &[]),
            DEGRADED,
            "CannotScale",
            "FailedGetScale: deployments.apps \"web\" not found",
        ),
        row(
            "new and without a target",
            hpa(&[no_target.clone()], &[aged(30)]),
            DEGRADED,
            "CannotScale",
            "FailedGetScale: deployments.apps \"web\" not found",
        ),
        row(
            "without metrics for a moment",
            hpa(&[able(), just(blind())], &[]),
            PROGRESSING,
            "MetricsStarting",
            blind_message,
        ),
        row(
            "without a target for a moment",
            hpa(&[just(no_target.clone())], &[]),
            PROGRESSING,
            "ScaleStarting",
            "FailedGetScale: deployments.apps \"web\" not found",
        ),
        row(
            "without a word whether its metrics are there",
            hpa(&[able(), condition("ScalingActive", "Unknown", "", "")], &[]),
            DEGRADED,
            "NoMetrics",
            "",
        ),
        row(
            "waiting for its pace, as before 1.12",
            hpa(
                &[
                    condition("AbleToScale", "False", "BackoffBoth", "too soon"),
                    active(),
                ],
                &[],
            ),
            HEALTHY,
            "Scaling",
            told,
        ),
        row(
            "target scaled to zero",
            hpa(&[able(), off], &[]),
            HEALTHY,
            "ScalingDisabled",
            "switched off: its target asks for 0 replicas",
        ),
        row(
            "never seen",
            hpa(&[], &[]),
            DEGRADED,
            "ControllerNotObserving",
            "its controller does not act: it has written no condition yet",
        ),
        row(
            "just made",
            hpa(&[], &[aged(10)]),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen it yet",
        ),
        row(
            "a newer spec",
            hpa(&[able(), active()], &unseen),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 3 yet (observed: 2)",
        ),
        row(
            "a newer spec and without metrics",
            hpa(&[able(), blind()], &unseen),
            DEGRADED,
            "NoMetrics",
            blind_message,
        ),
        row(
            "a generation and an older controller",
            hpa(&[able(), active()], &[("/metadata/generation", json!(3))]),
            HEALTHY,
            "Scaling",
            told,
        ),
        row(
            "negative",
            hpa(&[able()], &[("/status/currentReplicas", json!(-4))]),
            UNKNOWN,
            "Malformed",
            "malformed: status.currentReplicas is -4",
        ),
        row(
            "bounds that cross",
            hpa(&[able()], &[("/spec/minReplicas", json!(11))]),
            UNKNOWN,
            "Malformed",
            "malformed: minReplicas 11 is more than maxReplicas 10",
        ),
        row(
            "being deleted",
            hpa(&[blind()], &[deleting()]),
            TERMINATING,
            "Deleting",
            "being deleted",
        ),
    ]);
}
