//! Custom resources, as the systems that own them write them.

mod conditions;
mod counts;
mod field;
mod intent;
mod words;

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
    let nothing = "it has no conditions, so nothing says whether it is well";
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
            "ConditionNotMet",
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
            "ConditionNotMet",
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
            cr(&[since(ready("False"), 500), since(reconciling(), 500)], &[]),
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
            "reconciling again and again, and not ready for an hour",
            cr(&[ready("False"), since(reconciling(), 30)], &[]),
            DEGRADED,
            "ConditionNotMet",
            told,
        ),
        row(
            "reconciling in vain",
            cr(&[ready("False"), reconciling()], &[]),
            DEGRADED,
            "ConditionNotMet",
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
            "ConditionNotMet",
            "Available",
        ),
        row(
            "Ready hides no other",
            cr(&[condition("Available", "False", "", ""), good.clone()], &[]),
            DEGRADED,
            "ConditionNotMet",
            "Available",
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
            HEALTHY,
            "Ready",
            "phase: Running",
        ),
        row(
            "a phase of its own",
            object("shop", "tls", &[("/status/phase", json!("Blue"))]),
            UNKNOWN,
            "NoConditions",
            "it has no conditions, and what it says is not known: phase is Blue",
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
            cr(&[condition("Whatever", "True", "", ""), json!(7)], &[]),
            UNKNOWN,
            "NoConditions",
            "none of its conditions says whether it is well: Whatever",
        ),
        row(
            "a time that is none",
            cr(
                &[json!({"type": "Ready", "status": "False", "lastTransitionTime": "soon"})],
                &[],
            ),
            DEGRADED,
            "ConditionNotMet",
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

/// An object of a system with this spec and status, at its first generation.
fn of(spec: Value, status: Value) -> Value {
    object(
        "shop",
        "x",
        &[
            ("/metadata/generation", json!(1)),
            ("/spec", spec),
            ("/status", status),
        ],
    )
}

/// Conditions written as `Type=Status Reason`, changed an hour ago, or with `@SECONDS` at the end that many seconds ago.
fn says(conditions: &[&str]) -> Value {
    let one = |text: &&str| {
        let (text, ago) = match text.split_once('@') {
            Some((text, ago)) => (text, ago.parse().expect("seconds")),
            None => (*text, 3600),
        };
        let (kind, rest) = text.split_once('=').expect("a type and a status");
        let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        since(condition(kind, status, reason.trim(), ""), ago)
    };
    conditions.iter().map(one).collect()
}

/// Such an object whose controller has acted upon its generation.
fn seen(spec: Value, mut status: Value) -> Value {
    status["observedGeneration"] = json!(1);
    of(spec, status)
}

fn conditions(conditions: &[&str]) -> Value {
    of(json!({}), json!({ "conditions": says(conditions) }))
}

fn annotated(mut object: Value, key: &str, value: &str) -> Value {
    object["metadata"]["annotations"] = json!({ key: value });
    object
}
