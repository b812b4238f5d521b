//! Rollouts of Argo, as `rollout/sync.go` and `utils/rollout/rolloututil.go` in argoproj/argo-rollouts write them.

use crate::*;
use sre_shared::report::Item;
use sre_shared::resource::Rollout;

/// A canary of five pods without an update, with these fields.
fn rollout(fields: &[(&str, Value)]) -> Value {
    let steps = json!([{"setWeight": 20}, {"pause": {}}, {"analysis": {"templates": []}}, {"pause": {"duration": "10m"}}]);
    let mut all = vec![
        ("/metadata/generation", json!(7)),
        ("/spec/replicas", json!(5)),
        ("/spec/strategy/canary/steps", steps),
        ("/status/observedGeneration", json!("7")),
        ("/status/replicas", json!(5)),
        ("/status/updatedReplicas", json!(5)),
        ("/status/readyReplicas", json!(5)),
        ("/status/availableReplicas", json!(5)),
        ("/status/currentPodHash", json!("new")),
        ("/status/stableRS", json!("new")),
        ("/status/phase", json!("Healthy")),
        (
            "/status/conditions",
            json!([
                available("True"),
                progressing("True", "NewReplicaSetAvailable", 3600)
            ]),
        ),
    ];
    all.extend_from_slice(fields);
    object("shop", "front", &all)
}

fn available(status: &str) -> Value {
    condition("Available", status, "AvailableReason", "")
}

fn progressing(status: &str, reason: &str, ago: i64) -> Value {
    let mut condition = condition("Progressing", status, reason, "what Argo says");
    condition["lastUpdateTime"] = json!(at(-ago));
    condition["lastTransitionTime"] = json!(at(-ago));
    condition
}

/// One of five is of a new revision, in this phase.
fn updating(phase: &str, progressing: Value, fields: &[(&str, Value)]) -> Value {
    let mut all = vec![
        ("/status/updatedReplicas", json!(1)),
        ("/status/stableRS", json!("old")),
        ("/status/phase", json!(phase)),
        ("/status/conditions", json!([available("True"), progressing])),
    ];
    all.extend_from_slice(fields);
    rollout(&all)
}

fn paused(reason: &str, ago: i64) -> (&'static str, Value) {
    (
        "/status/pauseConditions",
        json!([{"reason": reason, "startTime": at(-ago)}]),
    )
}

fn step(at: i64) -> (&'static str, Value) {
    ("/status/currentStepIndex", json!(at))
}

#[test]
fn every_rollout_gets_its_state() {
    let moving = |ago| progressing("True", "ReplicaSetUpdated", ago);
    let waits = || progressing("Unknown", "RolloutPaused", 7200);
    let ready = |n: i64| {
        [
            ("/status/readyReplicas", json!(n)),
            ("/status/availableReplicas", json!(n)),
        ]
    };
    let with = |more: &[(&'static str, Value)], fields: &[(&'static str, Value)]| [more, fields].concat();
    let aborted = || progressing("False", "RolloutAborted", 3600);
    let serves = "its update was aborted, the stable revision goes on serving: 5 of 5 ready";
    assert_rows::<Rollout>(&[
        row("at rest", rollout(&[]), HEALTHY, "Ready", "5 of 5 ready"),
        row(
            "without a phase",
            rollout(&[("/status/phase", json!(null))]),
            HEALTHY,
            "Ready",
            "5 of 5 ready",
        ),
        row(
            "too few, whatever the phase says",
            rollout(&ready(3)),
            DEGRADED,
            "ReadyBelowDesired",
            "3 of 5 ready",
        ),
        row(
            "none",
            rollout(&ready(0)),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 5 ready",
        ),
        row(
            "scaled to zero",
            rollout(&with(
                &ready(0),
                &[
                    ("/spec/replicas", json!(0)),
                    ("/status/replicas", json!(0)),
                    ("/status/updatedReplicas", json!(0)),
                ],
            )),
            HEALTHY,
            "ScaledToZero",
            "scaled to zero",
        ),
        row(
            "rolling out",
            updating("Progressing", moving(60), &[]),
            SETTLING,
            "RolloutInProgress",
            "5 of 5 ready, rolling out: 1 of 5 updated",
        ),
        row(
            "rolling out for too long, and nobody says so",
            updating("Progressing", moving(1200), &[]),
            DEGRADED,
            "RolloutStalled",
            "5 of 5 ready, rolling out: 1 of 5 updated, without progress for 20 min, which its controller does not report",
        ),
        row(
            "short and rolling out",
            updating("Progressing", moving(60), &ready(4)),
            PROGRESSING,
            "RolloutInProgress",
            "4 of 5 ready, rolling out: 1 of 5 updated",
        ),
        row(
            "all updated, and steps are left",
            updating(
                "Progressing",
                moving(60),
                &[
                    ("/status/updatedReplicas", json!(5)),
                    ("/status/message", json!("waiting for all steps to complete")),
                ],
            ),
            SETTLING,
            "RolloutInProgress",
            "5 of 5 ready, rolling out: waiting for all steps to complete",
        ),
        row(
            "the same without a phase",
            updating("", moving(60), &[("/status/updatedReplicas", json!(5))]),
            SETTLING,
            "RolloutInProgress",
            "5 of 5 ready, rolling out",
        ),
        row(
            "an analysis that takes its time",
            updating("Progressing", moving(7200), &[step(2)]),
            HEALTHY,
            "Ready",
            "5 of 5 ready, rolling out: 1 of 5 updated",
        )
        .warns(&["its update has waited 120 min for an analysis or an experiment, at step 3 of 4"]),
        row(
            "aborted",
            updating("Degraded", aborted(), &[("/status/abort", json!(true))]),
            DEGRADED,
            "RolloutAborted",
            serves,
        ),
        row(
            "aborted, by the condition alone",
            updating("", aborted(), &[]),
            DEGRADED,
            "RolloutAborted",
            serves,
        ),
        row(
            "aborted, by the field alone",
            updating("Progressing", moving(60), &[("/status/abort", json!(true))]),
            DEGRADED,
            "RolloutAborted",
            serves,
        ),
        row(
            "aborted and none is left",
            updating(
                "Degraded",
                aborted(),
                &with(&ready(0), &[("/status/abort", json!(true))]),
            ),
            UNAVAILABLE,
            "RolloutAborted",
            "0 of 5 ready, its update was aborted",
        ),
        row(
            "past its deadline",
            updating(
                "Degraded",
                progressing("False", "ProgressDeadlineExceeded", 3600),
                &[],
            ),
            DEGRADED,
            "RolloutStalled",
            "rollout stalled, the stable revision goes on serving: 5 of 5 ready, 1 of 5 updated",
        ),
        row(
            "degraded by its phase alone",
            updating(
                "Degraded",
                moving(60),
                &[("/status/message", json!("no such service"))],
            ),
            DEGRADED,
            "RolloutStalled",
            "5 of 5 ready, 1 of 5 updated: no such service",
        ),
        row(
            "a spec that is none",
            rollout(&[(
                "/status/conditions",
                json!([
                    available("True"),
                    condition("InvalidSpec", "True", "InvalidSpec", "no strategy")
                ]),
            )]),
            DEGRADED,
            "InvalidSpec",
            "5 of 5 ready, and nothing is done about its spec: no strategy",
        ),
        row(
            "paused by a step",
            updating("Paused", waits(), &[paused("CanaryPauseStep", 7200), step(1)]),
            SUSPENDED,
            "RolloutPaused",
            "5 of 5 ready, update paused at step 2 of 4",
        ),
        row(
            "paused for ten minutes",
            updating("Paused", waits(), &[paused("CanaryPauseStep", 900), step(3)]),
            SUSPENDED,
            "RolloutPaused",
            "5 of 5 ready, update paused at step 4 of 4 for 10m",
        ),
        row(
            "paused for ten minutes, for half an hour",
            updating("Paused", waits(), &[paused("CanaryPauseStep", 1800), step(3)]),
            DEGRADED,
            "RolloutStalled",
            "5 of 5 ready, its pause of 10m is over and its controller does not go on",
        )
        .notes(&["paused"]),
        row(
            "paused for a time of two units, which is over",
            updating(
                "Paused",
                waits(),
                &[
                    paused("CanaryPauseStep", 6001),
                    step(0),
                    (
                        "/spec/strategy/canary/steps",
                        json!([{"pause": {"duration": "1h30m"}}]),
                    ),
                ],
            ),
            DEGRADED,
            "RolloutStalled",
            "5 of 5 ready, its pause of 1h30m is over and its controller does not go on",
        )
        .notes(&["paused"]),
        row(
            "blue-green before its promotion",
            updating("Paused", waits(), &[paused("BlueGreenPause", 60)]),
            SUSPENDED,
            "RolloutPaused",
            "5 of 5 ready, update paused until it is promoted",
        ),
        row(
            "an analysis that came to nothing",
            updating("Paused", waits(), &[paused("InconclusiveAnalysisRun", 60)]),
            SUSPENDED,
            "RolloutPaused",
            "5 of 5 ready, update paused after an inconclusive analysis",
        )
        .warns(&["its analysis is inconclusive: somebody has to promote or abort the update"]),
        row(
            "paused by hand in the middle",
            updating("Paused", waits(), &[("/spec/paused", json!(true))]),
            SUSPENDED,
            "RolloutPaused",
            "5 of 5 ready, update paused by spec.paused",
        ),
        row(
            "paused by hand at rest",
            rollout(&[("/spec/paused", json!(true))]),
            HEALTHY,
            "Ready",
            "5 of 5 ready",
        )
        .notes(&["paused"]),
        row(
            "a pause is no excuse",
            updating(
                "Paused",
                waits(),
                &with(&ready(2), &[paused("CanaryPauseStep", 7200), step(1)]),
            ),
            DEGRADED,
            "ReadyBelowDesired",
            "2 of 5 ready",
        )
        .notes(&["paused"]),
        row(
            "a pause that was lifted",
            updating(
                "Progressing",
                progressing("Unknown", "RolloutResumed", 20),
                &[("/status/controllerPause", json!(true))],
            ),
            SETTLING,
            "RolloutInProgress",
            "5 of 5 ready, rolling out: 1 of 5 updated",
        ),
        row(
            "a newer spec",
            rollout(&[("/metadata/generation", json!(8))]),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 8 yet (observed: 7)",
        ),
        row(
            "a number instead of text",
            rollout(&[("/status/observedGeneration", json!(7))]),
            HEALTHY,
            "Ready",
            "5 of 5 ready",
        ),
        row(
            "the hash of version 0.9",
            rollout(&[("/status/observedGeneration", json!("5f9d8cf"))]),
            HEALTHY,
            "Ready",
            "5 of 5 ready",
        ),
        row(
            "a generation that is never written",
            rollout(&[("/status/observedGeneration", json!(null))]),
            HEALTHY,
            "Ready",
            "5 of 5 ready",
        )
        .notes(&["its control plane writes no observedGeneration, so whether its counts are of generation 7 is not known"]),
        row(
            "nobody acts",
            object(
                "shop",
                "front",
                &[("/metadata/generation", json!(1)), ("/spec/replicas", json!(2))],
            ),
            UNAVAILABLE,
            "ControllerNotObserving",
            "its controller does not act: generation 1 is not observed (observed: none yet)",
        ),
        row(
            "a manifest",
            json!({"metadata": {"name": "front"}, "spec": {"replicas": 2}}),
            UNKNOWN,
            "Manifest",
            "has neither status nor generation: a manifest, not an object of a cluster",
        ),
        row(
            "a number that cannot be",
            rollout(&[("/status/readyReplicas", json!(-1))]),
            UNKNOWN,
            "Malformed",
            "malformed: status.readyReplicas is -1",
        ),
        row(
            "being deleted",
            rollout(&[deleting()]),
            TERMINATING,
            "Deleting",
            "being deleted",
        ),
        row(
            "the template of another workload, before the number is written",
            rollout(&with(
                &ready(4),
                &[
                    ("/spec/replicas", json!(null)),
                    ("/spec/workloadRef", json!({"name": "front"})),
                ],
            )),
            DEGRADED,
            "ReadyBelowDesired",
            "4 of 5 ready",
        ),
    ]);
}

#[test]
fn old_pods_that_stay_for_a_while_are_not_an_update() {
    let blue_green = |fields: &[(&'static str, Value)]| {
        let mut all = vec![
            ("/spec/strategy", json!({"blueGreen": {"activeService": "front"}})),
            ("/status/blueGreen", json!({"activeSelector": "new"})),
            ("/status/replicas", json!(10)),
        ];
        all.extend_from_slice(fields);
        rollout(&all)
    };
    let moving = json!([available("True"), progressing("True", "ReplicaSetUpdated", 60)]);
    assert_rows::<Rollout>(&[
        row(
            "the old pods of a blue-green",
            blue_green(&[]),
            HEALTHY,
            "Ready",
            "5 of 5 ready",
        ),
        row(
            "the same without a phase",
            blue_green(&[("/status/phase", json!(""))]),
            HEALTHY,
            "Ready",
            "5 of 5 ready",
        ),
        row(
            "a preview that is ready does not stand for what serves",
            blue_green(&[
                ("/status/readyReplicas", json!(8)),
                ("/status/availableReplicas", json!(3)),
            ]),
            DEGRADED,
            "ReadyBelowDesired",
            "3 of 5 ready",
        ),
        row(
            "the Service leads to the old one",
            blue_green(&[
                ("/status/phase", json!("")),
                ("/status/blueGreen", json!({"activeSelector": "old"})),
                ("/status/conditions", moving.clone()),
            ]),
            SETTLING,
            "RolloutInProgress",
            "5 of 5 ready, rolling out",
        ),
        row(
            "old pods of a canary by their number",
            rollout(&[
                ("/status/phase", json!("")),
                ("/status/replicas", json!(6)),
                ("/status/conditions", moving),
            ]),
            SETTLING,
            "RolloutInProgress",
            "5 of 5 ready, rolling out",
        ),
        row(
            "old pods of a canary by its traffic",
            rollout(&[
                ("/status/phase", json!("")),
                ("/status/replicas", json!(6)),
                ("/spec/strategy/canary/trafficRouting", json!({"nginx": {}})),
            ]),
            HEALTHY,
            "Ready",
            "5 of 5 ready",
        ),
    ]);
}

#[test]
fn the_message_of_argo_is_the_cause() {
    let mut told = progressing("False", "RolloutAborted", 3600);
    told["message"] = json!("metric \"errors\" assessed Failed");
    let item: Item = judge::<Rollout>(&updating("Degraded", told, &[("/status/abort", json!(true))]));
    let causes: Vec<_> = item
        .causes
        .iter()
        .map(|c| {
            (
                c.code.as_str(),
                c.message.as_str(),
                c.example.clone(),
                c.hint.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        causes,
        [(
            "RolloutAborted",
            "metric \"errors\" assessed Failed",
            Some("Rollout/front".into()),
            Some("kubectl -n shop describe rollout front"),
        )]
    );
    assert_eq!(item.kind, "Rollout");
}

#[test]
fn rollouts_from_the_field_are_judged_as_a_person_would() {
    assert_rows::<Rollout>(&[
        // Pods crash long after the update was over, and the controller says that it is progressing.
        row(
            "pods that crash after the update",
            rollout(&[
                ("/status/readyReplicas", json!(0)),
                ("/status/availableReplicas", json!(0)),
                ("/status/phase", json!("Progressing")),
                (
                    "/status/message",
                    json!("updated replicas are still becoming available"),
                ),
                (
                    "/status/conditions",
                    json!([
                        available("False"),
                        progressing("True", "NewReplicaSetAvailable", 86_400)
                    ]),
                ),
            ]),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 5 ready",
        ),
        // A version whose generation is a hash counts the old stack of a blue-green among the pods.
        row(
            "blue-green of version 0.9",
            rollout(&[
                ("/spec/replicas", json!(1)),
                ("/spec/strategy", json!({"blueGreen": {}})),
                ("/status/observedGeneration", json!("5d4d9cd75b")),
                ("/status/phase", json!("")),
                ("/status/replicas", json!(2)),
                ("/status/readyReplicas", json!(2)),
                ("/status/updatedReplicas", json!(1)),
                ("/status/availableReplicas", json!(1)),
                ("/status/blueGreen", json!({"activeSelector": "new"})),
            ]),
            HEALTHY,
            "Ready",
            "1 of 1 ready",
        ),
        // The first revision has an image that does not exist: there is no stable one to go back to.
        row(
            "a first revision that never ran",
            updating(
                "Degraded",
                progressing("False", "ProgressDeadlineExceeded", 600),
                &[
                    ("/status/stableRS", json!("")),
                    ("/status/updatedReplicas", json!(5)),
                    ("/status/readyReplicas", json!(0)),
                    ("/status/availableReplicas", json!(0)),
                ],
            ),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 5 ready",
        ),
    ]);
}
