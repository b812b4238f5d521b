use crate::*;
use sre_shared::resource::CustomObject;

fn cr(conditions: &[Value], more: &[(&str, Value)]) -> Value {
    let mut fields = vec![
        ("/metadata/generation", json!(2)),
        ("/status/observedGeneration", json!(2)),
        ("/status/conditions", json!(conditions)),
    ];
    fields.extend_from_slice(more);
    object("shop", "tls", &fields)
}

fn since(mut condition: Value, seconds: i64) -> Value {
    set(&mut condition, "/lastTransitionTime", json!(at(-seconds)));
    condition
}

fn ready(status: &str) -> Value {
    condition("Ready", status, "DoesNotExist", "Secret \"tls\" does not exist")
}

#[test]
fn every_custom_object_gets_its_state() {
    let told = "Ready: DoesNotExist: Secret \"tls\" does not exist";
    let good = condition("Ready", "True", "Issued", "");
    let reconciling = || condition("Reconciling", "True", "ProgressingWithRetry", "");
    let stalled = condition("Stalled", "True", "BuildFailed", "no such path");
    let of_generation = |generation: i64| {
        let mut condition = good.clone();
        set(&mut condition, "/observedGeneration", json!(generation));
        condition
    };
    let without = ("/status/observedGeneration", json!(null));
    let nothing = "it has no conditions, so nothing tells whether it is well";
    assert_rows::<CustomObject>(&[
        row(
            "ready",
            cr(&[good.clone()], &[]),
            HEALTHY,
            "Ready",
            "Ready: Issued",
        ),
        row(
            "not ready",
            cr(&[ready("False")], &[]),
            DEGRADED,
            "NotReady",
            told,
        ),
        row(
            "not ready for a moment",
            cr(&[since(ready("False"), 59)], &[]),
            PROGRESSING,
            "NotReadyYet",
            told,
        ),
        row(
            "not known whether ready",
            cr(&[since(ready("Unknown"), 599)], &[]),
            PROGRESSING,
            "NotReadyYet",
            told,
        ),
        row(
            "not known for long",
            cr(&[since(ready("Unknown"), 600)], &[]),
            DEGRADED,
            "NotReady",
            told,
        ),
        row(
            "stalled",
            cr(&[good.clone(), stalled], &[]),
            DEGRADED,
            "Stalled",
            "Stalled: BuildFailed: no such path",
        ),
        row(
            "available and degraded",
            cr(
                &[
                    condition("Available", "True", "", ""),
                    condition("Degraded", "True", "OperandFailed", ""),
                ],
                &[],
            ),
            DEGRADED,
            "Failed",
            "Degraded: OperandFailed",
        ),
        row(
            "not stalled",
            cr(&[good.clone(), condition("Stalled", "False", "", "")], &[]),
            HEALTHY,
            "Ready",
            "Ready: Issued",
        ),
        row(
            "reconciling",
            cr(&[ready("False"), since(reconciling(), 500)], &[]),
            PROGRESSING,
            "Reconciling",
            "Reconciling: ProgressingWithRetry",
        ),
        row(
            "reconciling and ready",
            cr(&[good.clone(), since(reconciling(), 500)], &[]),
            SETTLING,
            "Reconciling",
            "Reconciling: ProgressingWithRetry",
        ),
        row(
            "reconciling in vain",
            cr(&[ready("False"), reconciling()], &[]),
            DEGRADED,
            "NotReady",
            told,
        ),
        row(
            "available",
            cr(&[condition("Available", "True", "MinimumReplicas", "")], &[]),
            HEALTHY,
            "Ready",
            "Available: MinimumReplicas",
        ),
        row(
            "not available",
            cr(&[condition("Available", "False", "", "")], &[]),
            DEGRADED,
            "NotReady",
            "Available",
        ),
        row(
            "Ready sums up the others",
            cr(&[condition("Available", "False", "", ""), good.clone()], &[]),
            HEALTHY,
            "Ready",
            "Ready: Issued",
        ),
        row(
            "a newer spec",
            cr(&[good.clone()], &[("/metadata/generation", json!(3))]),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 3 yet (observed: 2)",
        ),
        row(
            "a generation written as text",
            cr(&[good.clone()], &[("/status/observedGeneration", json!("2"))]),
            HEALTHY,
            "Ready",
            "Ready: Issued",
        ),
        row(
            "only the condition tells its generation",
            cr(&[of_generation(1)], &[without.clone()]),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 2 yet (observed: 1)",
        ),
        row(
            "nothing tells its generation",
            cr(&[good.clone()], &[without]),
            HEALTHY,
            "Ready",
            "Ready: Issued",
        ),
        row("no conditions", cr(&[], &[]), UNKNOWN, "NoConditions", nothing),
        row(
            "new and no conditions",
            cr(&[], &[aged(20)]),
            PROGRESSING,
            "NotObserved",
            "its controller has not written a condition yet",
        ),
        row(
            "no status",
            object("shop", "tls", &[]),
            UNKNOWN,
            "NoConditions",
            nothing,
        ),
        row(
            "a phase alone",
            object("shop", "tls", &[("/status/phase", json!("Running"))]),
            UNKNOWN,
            "NoConditions",
            nothing,
        ),
        row(
            "a status that is a word",
            object("shop", "tls", &[("/status", json!("fine"))]),
            UNKNOWN,
            "NoConditions",
            nothing,
        ),
        row(
            "conditions of its own",
            cr(&[condition("Synced", "True", "", ""), json!(7)], &[]),
            UNKNOWN,
            "NoConditions",
            "none of its conditions is one that tells whether it is well: Synced, ",
        ),
        row(
            "a time that is none",
            cr(
                &[json!({"type": "Ready", "status": "False", "lastTransitionTime": "soon"})],
                &[],
            ),
            DEGRADED,
            "NotReady",
            "Ready",
        ),
        row(
            "being deleted",
            cr(&[ready("False")], &[deleting()]),
            TERMINATING,
            "Deleting",
            "being deleted",
        ),
        row(
            "a manifest",
            json!({"metadata": {"name": "tls"}, "spec": {}}),
            UNKNOWN,
            "Manifest",
            "has neither uid nor creation time: a manifest, not an object of a cluster",
        ),
    ]);
}
