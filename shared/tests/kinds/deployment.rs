//! The vectors of the Deployment check: one row a case, each an object as an API server writes it.
//!
//! Rows 1 to 26 are the cases that docs/checks.md explains; the others hold the cases between them. Rows 24 and 25 are
//! about reading, not judging: see `gathering.rs`.

use super::{DAY, DEGRADED, HEALTHY, PROGRESSING, SETTLING, TERMINATING, UNAVAILABLE, UNKNOWN, now};
use serde_json::Value;
use sre_shared::check::{self, Check as _, Evidence, Pods};
use sre_shared::report::{Item, State};
use sre_shared::resource::{Deployment as View, Pod as PodView, Time, from_value};
use sre_testkit::at;
use sre_testkit::object::{Deployment, Pod, ReplicaSet};

fn view(value: &Value) -> View {
    from_value(value).expect("the builder writes what an API server writes")
}

fn judge(deployment: Deployment) -> Item {
    view(&deployment.build()).judge(&Evidence::new(now()))
}

fn d() -> Deployment {
    Deployment::new("shop", "checkout").created(at(-DAY))
}

/// A rollout that makes progress: Progressing is True with a reason other than NewReplicaSetAvailable.
fn moving(deployment: Deployment, updated: i64) -> Deployment {
    deployment.condition("Progressing", "True", "ReplicaSetUpdated", at(updated))
}

fn stalled(deployment: Deployment) -> Deployment {
    deployment.condition("Progressing", "False", "ProgressDeadlineExceeded", at(-300))
}

fn unavailable(deployment: Deployment, since: i64) -> Deployment {
    deployment.condition("Available", "False", "MinimumReplicasUnavailable", at(since))
}

fn available(deployment: Deployment, since: i64) -> Deployment {
    deployment.condition("Available", "True", "MinimumReplicasAvailable", at(since))
}

fn quota(deployment: Deployment) -> Deployment {
    deployment
        .condition("ReplicaFailure", "True", "FailedCreate", at(-30))
        .condition_message(
            "ReplicaFailure",
            "pods \"x\" is forbidden: exceeded quota: compute",
        )
}

struct DeploymentRow {
    name: &'static str,
    object: Deployment,
    state: State,
    healthy: Option<bool>,
    reason: &'static str,
    message: &'static str,
    notes: &'static [&'static str],
}

fn row(
    name: &'static str,
    object: Deployment,
    (state, healthy): (State, Option<bool>),
    reason: &'static str,
    message: &'static str,
    notes: &'static [&'static str],
) -> DeploymentRow {
    DeploymentRow {
        name,
        object,
        state,
        healthy,
        reason,
        message,
        notes,
    }
}

#[test]
fn every_vector_gets_its_state_reason_message_and_notes() {
    let infinite = i64::from(i32::MAX);
    let rows = vec![
        row(
            "1 complete",
            d().replicas(3).counts(3, 3, 3, 3),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
            &[],
        ),
        row(
            "2 replicas absent",
            d().without_replicas().counts(1, 1, 1, 1),
            HEALTHY,
            "Ready",
            "1 of 1 ready",
            &[],
        ),
        row(
            "3 replicas absent, no Progressing",
            d().without_replicas()
                .counts(1, 1, 0, 0)
                .without_condition("Progressing"),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 1 ready",
            &[],
        ),
        row(
            "4 empty status, 5 s old",
            d().replicas(3)
                .created(at(-5))
                .unobserved()
                .counts(0, 0, 0, 0)
                .without_conditions(),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 1 yet (observed: none yet)",
            &[],
        ),
        row(
            "5 scaled to zero",
            d().replicas(0).counts(0, 0, 0, 0),
            HEALTHY,
            "ScaledToZero",
            "scaled to zero",
            &[],
        ),
        row(
            "6 one missing though Available is True",
            d().replicas(4).counts(4, 4, 3, 3),
            DEGRADED,
            "ReadyBelowDesired",
            "3 of 4 ready",
            &[],
        ),
        row(
            "7 none ready after a finished rollout",
            d().replicas(3).counts(3, 3, 0, 0),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 3 ready",
            &[],
        ),
        row(
            "8 mid-roll",
            moving(d().replicas(4).counts(5, 2, 4, 4), -20),
            SETTLING,
            "RolloutInProgress",
            "4 of 4 ready, rolling out: 2 of 4 updated",
            &[],
        ),
        row(
            "9 stalled, old revision serving",
            stalled(d().replicas(1).counts(2, 1, 1, 1)),
            DEGRADED,
            "RolloutStalled",
            "rollout stalled, old revision still serving: 1 of 1 ready, 1 of 1 updated",
            &[],
        ),
        row(
            "10 the same before the deadline",
            moving(d().replicas(1).counts(2, 1, 1, 1), -20),
            SETTLING,
            "RolloutInProgress",
            "1 of 1 ready, rolling out: 1 of 1 updated",
            &[],
        ),
        row(
            "11 quota",
            quota(d().replicas(4).counts(2, 2, 2, 2)),
            DEGRADED,
            "ReadyBelowDesired",
            "2 of 4 ready",
            &[],
        ),
        row(
            "12 quota from the start",
            quota(d().replicas(3).counts(0, 0, 0, 0)),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 3 ready",
            &[],
        ),
        row(
            "13 a new spec since an unknown time",
            d().replicas(3).generation(5).observed(4).counts(3, 3, 3, 3),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 5 yet (observed: 4)",
            &[],
        ),
        row(
            "14 paused",
            d().replicas(3).counts(3, 3, 3, 3).paused(),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
            &["paused"],
        ),
        row(
            "15 paused is no excuse",
            d().replicas(3).counts(3, 3, 0, 0).paused(),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 3 ready",
            &["paused"],
        ),
        row(
            "16 being deleted",
            d().replicas(3).counts(3, 3, 3, 3).deleting(at(-60), &["x/y"]),
            TERMINATING,
            "Deleting",
            "being deleted",
            &[],
        ),
        row(
            "17 inside minReadySeconds",
            unavailable(d().replicas(3).counts(3, 3, 3, 0).min_ready_seconds(60), -20),
            SETTLING,
            "Settling",
            "3 of 3 ready, 0 available: inside minReadySeconds",
            &[],
        ),
        row(
            "inside minReadySeconds and the grace after it",
            unavailable(d().replicas(3).counts(3, 3, 3, 0).min_ready_seconds(60), -119),
            SETTLING,
            "Settling",
            "3 of 3 ready, 0 available: inside minReadySeconds",
            &[],
        ),
        row(
            "after both",
            unavailable(d().replicas(3).counts(3, 3, 3, 0).min_ready_seconds(60), -120),
            DEGRADED,
            "AvailableBelowDesired",
            "3 of 3 ready, 0 available: too few for longer than minReadySeconds (60)",
            &[],
        ),
        row(
            "after both, in a rollout that has time",
            unavailable(
                moving(d().replicas(3).counts(4, 2, 3, 2).min_ready_seconds(60), -300),
                -300,
            ),
            SETTLING,
            "RolloutInProgress",
            "3 of 3 ready, rolling out: 2 of 3 updated",
            &[],
        ),
        row(
            "a status that is written all the time settles nothing for ever",
            unavailable(d().replicas(3).counts(3, 3, 3, 0).min_ready_seconds(60), -720)
                .managed_fields(at(-DAY))
                .managed_status(at(-5)),
            DEGRADED,
            "AvailableBelowDesired",
            "3 of 3 ready, 0 available: too few for longer than minReadySeconds (60)",
            &[],
        ),
        row(
            "full and mid-roll past its deadline, which the controller does not say",
            moving(d().replicas(4).counts(5, 2, 4, 4), -600),
            DEGRADED,
            "RolloutStalled",
            "rollout stalled, old revision still serving: 4 of 4 ready, 2 of 4 updated",
            &[],
        ),
        row(
            "full and mid-roll without a deadline",
            d().replicas(4)
                .counts(5, 2, 4, 4)
                .progress_deadline(infinite)
                .without_condition("Progressing")
                .managed_fields(at(-900))
                .managed_status(at(-599)),
            SETTLING,
            "RolloutInProgress",
            "4 of 4 ready, rolling out: 2 of 4 updated",
            &[],
        ),
        row(
            "the same, and it stands still",
            d().replicas(4)
                .counts(5, 2, 4, 4)
                .progress_deadline(infinite)
                .without_condition("Progressing")
                .managed_fields(at(-900))
                .managed_status(at(-600)),
            DEGRADED,
            "RolloutStalled",
            "rollout stalled, old revision still serving: 4 of 4 ready, 2 of 4 updated",
            &[],
        ),
        row(
            "the same since nobody knows when",
            d().replicas(4)
                .counts(5, 2, 4, 4)
                .progress_deadline(infinite)
                .without_condition("Progressing"),
            UNKNOWN,
            "NotDated",
            "4 of 4 ready, rolling out: 2 of 4 updated; nothing says since when; its pods would, or --show-managed-fields",
            &[],
        ),
        row(
            "mid-roll, and the condition is still that of the rollout before",
            d().replicas(4).counts(5, 2, 4, 4),
            SETTLING,
            "RolloutInProgress",
            "4 of 4 ready, rolling out: 2 of 4 updated",
            &["nothing says since when"],
        ),
        row(
            "a rollout that never makes it Available",
            unavailable(moving(d().replicas(3).counts(3, 3, 1, 1), -5), -3600),
            DEGRADED,
            "ReadyBelowDesired",
            "1 of 3 ready",
            &[],
        ),
        row(
            "back a moment ago",
            available(d().replicas(3).counts(3, 3, 3, 3), -59),
            SETTLING,
            "JustRecovered",
            "3 of 3 ready, back for 59 s",
            &[],
        ),
        row(
            "back for a minute",
            available(d().replicas(3).counts(3, 3, 3, 3), -60),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
            &[],
        ),
        row(
            "its first start",
            available(d().created(at(-600)).replicas(3).counts(3, 3, 3, 3), -20),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
            &[],
        ),
        row(
            "a rollout that ended then",
            available(d().replicas(3).counts(3, 3, 3, 3), -20).condition(
                "Progressing",
                "True",
                "NewReplicaSetAvailable",
                at(-20),
            ),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
            &[],
        ),
        row(
            "scaled up from nothing",
            available(d().replicas(3).counts(3, 3, 3, 3), -20).managed_fields(at(-90)),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
            &[],
        ),
        row(
            "scaled up by an autoscaler, which leaves no time, and nothing is known of the pods",
            available(d().replicas(3).counts(3, 3, 3, 3), -20)
                .managed_fields(at(-DAY))
                .managed_scale("keda"),
            SETTLING,
            "JustRecovered",
            "3 of 3 ready, back for 20 s",
            &[],
        ),
        row(
            "a control plane that writes no observedGeneration",
            d().replicas(3).unobserved().counts(3, 3, 3, 3),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
            &[
                "its control plane writes no observedGeneration, so whether its counts are of generation 1 is not known",
            ],
        ),
        row(
            "18 scaled up 15 s ago",
            unavailable(d().replicas(10).counts(10, 10, 3, 3), -15),
            PROGRESSING,
            "PodsStarting",
            "3 of 10 ready, 7 starting",
            &["podsNotSeen"],
        ),
        row(
            "19 scaled up 10 min ago",
            unavailable(d().replicas(10).counts(10, 10, 3, 3), -600),
            DEGRADED,
            "ReadyBelowDesired",
            "3 of 10 ready",
            &[],
        ),
        row(
            "20 a negative count",
            d().replicas(3)
                .counts(3, 3, 3, 3)
                .set("/status/readyReplicas", -1),
            UNKNOWN,
            "Malformed",
            "malformed: status.readyReplicas is -1",
            &[],
        ),
        row(
            "21 no conditions",
            d().replicas(2).counts(2, 2, 2, 2).without_conditions(),
            HEALTHY,
            "Ready",
            "2 of 2 ready",
            &[],
        ),
        row(
            "22 Recreate between revisions",
            unavailable(moving(d().replicas(3).recreate().counts(0, 0, 0, 0), -10), -10),
            PROGRESSING,
            "RolloutInProgress",
            "0 of 3 ready, rolling out: 0 of 3 updated",
            &[],
        ),
        // The cases between them.
        row(
            "a scale-down in progress is no shortage",
            d().replicas(3).counts(4, 4, 4, 4),
            HEALTHY,
            "Ready",
            "4 of 3 ready",
            &[],
        ),
        row(
            "observed newer than generation is fine",
            d().replicas(1).generation(4).observed(5).counts(1, 1, 1, 1),
            HEALTHY,
            "Ready",
            "1 of 1 ready",
            &[],
        ),
        row(
            "unobserved for 61 s",
            d().replicas(3)
                .created(at(-61))
                .unobserved()
                .counts(0, 0, 0, 0)
                .without_conditions(),
            UNAVAILABLE,
            "ControllerNotObserving",
            "its controller does not act: generation 1 is not observed (observed: none yet)",
            &[],
        ),
        row(
            "unobserved for 60 s",
            d().replicas(3)
                .created(at(-60))
                .unobserved()
                .counts(0, 0, 0, 0)
                .without_conditions(),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 1 yet (observed: none yet)",
            &[],
        ),
        row(
            "a new spec unobserved for long, by managedFields",
            d().replicas(3)
                .generation(5)
                .observed(4)
                .counts(3, 3, 3, 3)
                .managed_fields(at(-120))
                .managed_status(at(-1)),
            DEGRADED,
            "ControllerNotObserving",
            "its controller does not act: generation 5 is not observed (observed: 4)",
            &[],
        ),
        row(
            "a new spec unobserved for long, by a controller that has reported nothing since",
            d().replicas(3)
                .generation(5)
                .observed(4)
                .counts(3, 3, 3, 3)
                .managed_fields(at(-120))
                .managed_status(at(-DAY)),
            DEGRADED,
            "ControllerNotObserving",
            "its controller does not act: generation 5 is not observed (observed: 4)",
            &[],
        ),
        // kubectl scale and autoscalers leave no time.
        row(
            "a scaling that nobody has observed yet, long after the last write that has a time",
            d().replicas(5)
                .generation(5)
                .observed(4)
                .counts(1, 1, 1, 1)
                .managed_fields(at(-DAY))
                .managed_scale("kubectl"),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 5 yet (observed: 4)",
            &[],
        ),
        // Neither does kubectl set env NAME-.
        row(
            "a removed field that nobody has observed yet, long after everything was observed",
            d().replicas(3)
                .generation(5)
                .observed(4)
                .counts(3, 3, 3, 3)
                .managed_fields(at(-DAY))
                .managed_status(at(-DAY + 100)),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 5 yet (observed: 4)",
            &[],
        ),
        row(
            "stale conditions of an unobserved spec are ignored",
            quota(d().replicas(3).generation(5).observed(4).counts(5, 2, 0, 0)),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 5 yet (observed: 4)",
            &[],
        ),
        row(
            "past the progress deadline the controller's word is not waited for",
            unavailable(moving(d().replicas(3).counts(3, 3, 1, 1), -600), -700),
            DEGRADED,
            "ReadyBelowDesired",
            "1 of 3 ready",
            &[],
        ),
        row(
            "its own deadline counts",
            unavailable(
                moving(d().replicas(3).progress_deadline(1200).counts(3, 3, 1, 1), -600),
                -700,
            ),
            PROGRESSING,
            "RolloutInProgress",
            "1 of 3 ready, rolling out: 3 of 3 updated",
            &[],
        ),
        row(
            "without a deadline a young shortage is a rollout",
            unavailable(
                d().replicas(3)
                    .progress_deadline(infinite)
                    .without_condition("Progressing")
                    .counts(3, 1, 1, 1),
                -599,
            ),
            PROGRESSING,
            "RolloutInProgress",
            "1 of 3 ready, rolling out: 1 of 3 updated",
            &[],
        ),
        row(
            "and an old one is not",
            unavailable(
                d().replicas(3)
                    .progress_deadline(infinite)
                    .without_condition("Progressing")
                    .counts(3, 1, 1, 1),
                -600,
            ),
            DEGRADED,
            "ReadyBelowDesired",
            "1 of 3 ready",
            &[],
        ),
        row(
            "paused with an old deadline exceeded, full",
            stalled(d().replicas(3).counts(3, 3, 3, 3)).paused(),
            HEALTHY,
            "Ready",
            "3 of 3 ready",
            &["paused, its rollout had stalled"],
        ),
        row(
            "paused and short a moment ago",
            unavailable(d().replicas(3).counts(3, 3, 1, 1), -5).paused(),
            DEGRADED,
            "ReadyBelowDesired",
            "1 of 3 ready",
            &["paused"],
        ),
        row(
            "ReplicaSetCreateError stalls too",
            d().replicas(3).counts(3, 0, 3, 3).condition(
                "Progressing",
                "False",
                "ReplicaSetCreateError",
                at(-5),
            ),
            DEGRADED,
            "RolloutStalled",
            "rollout stalled, old revision still serving: 3 of 3 ready, 0 of 3 updated",
            &[],
        ),
        row(
            "0 of 2 with Available True",
            d().replicas(2).counts(2, 2, 0, 0).condition(
                "Available",
                "True",
                "MinimumReplicasAvailable",
                at(-DAY),
            ),
            UNAVAILABLE,
            "ReadyBelowDesired",
            "0 of 2 ready",
            &[],
        ),
        row(
            "scaled to zero, stalled before",
            stalled(d().replicas(0).counts(0, 0, 0, 0)),
            HEALTHY,
            "ScaledToZero",
            "scaled to zero",
            &[],
        ),
        row(
            "scaled to zero, pods on their way out",
            d().replicas(0).counts(2, 2, 1, 1),
            HEALTHY,
            "ScaledToZero",
            "scaled to zero",
            &["2 pods still going"],
        ),
        row(
            "scaled to zero, a pod that does not go",
            d().replicas(0)
                .counts(0, 0, 0, 0)
                .terminating_replicas(1)
                .managed_fields(at(-901)),
            HEALTHY,
            "ScaledToZero",
            "scaled to zero",
            &["1 pod still going after 15 min"],
        ),
        row(
            "a deletion that hangs",
            d().replicas(3)
                .counts(3, 3, 3, 3)
                .deleting(at(-901), &["x/y", "z"]),
            TERMINATING,
            "Deleting",
            "being deleted",
            &["being deleted for 15 min, finalizers: x/y, z"],
        ),
        row(
            "more ready than there are pods",
            d().replicas(3).counts(2, 2, 3, 3),
            UNKNOWN,
            "Malformed",
            "malformed: readyReplicas 3 is more than replicas 2",
            &[],
        ),
        row(
            "more available than ready",
            d().replicas(3).counts(3, 3, 2, 3),
            UNKNOWN,
            "Malformed",
            "malformed: availableReplicas 3 is more than readyReplicas 2",
            &[],
        ),
        row(
            "malformed and being deleted",
            d().replicas(-2).counts(3, 3, 3, 3).deleting(at(0), &[]),
            UNKNOWN,
            "Malformed",
            "malformed: spec.replicas is -2",
            &[],
        ),
        row(
            "a clock that is behind",
            unavailable(d().replicas(3).counts(3, 3, 1, 1), 30),
            PROGRESSING,
            "PodsStarting",
            "1 of 3 ready, 2 starting",
            &["podsNotSeen"],
        ),
        row(
            "a manifest",
            d().replicas(3).no_status().remove("/metadata/generation"),
            UNKNOWN,
            "Manifest",
            "has neither status nor generation: a manifest, not an object of a cluster",
            &[],
        ),
        row(
            "a spec of null is its defaults",
            d().counts(1, 1, 1, 1).set("/spec", Value::Null),
            HEALTHY,
            "Ready",
            "1 of 1 ready",
            &[],
        ),
    ];
    for row in rows {
        let item = judge(row.object);
        assert_eq!(
            (
                item.state,
                item.healthy,
                item.reason.as_str(),
                item.message.as_str()
            ),
            (row.state, row.healthy, row.reason, row.message),
            "{}",
            row.name
        );
        assert_eq!(item.notes.texts(), row.notes, "{}", row.name);
    }
}

#[test]
fn the_message_of_the_controller_is_the_cause() {
    let item = judge(quota(stalled(d().replicas(4).counts(2, 2, 2, 2))));
    let causes: Vec<(&str, &str)> = item
        .causes
        .iter()
        .map(|c| (c.code.as_str(), c.message.as_str()))
        .collect();
    assert_eq!(causes[0], ("Quota", "exceeded quota: compute"));
    assert_eq!(causes[1].0, "ProgressDeadlineExceeded");
    assert_eq!(
        item.causes[0].hint.as_deref(),
        Some("kubectl -n shop describe quota compute")
    );
    assert!(judge(d()).causes.is_empty());
}

#[test]
fn a_named_object_that_is_being_deleted_is_not_healthy() {
    let object = view(&d().deleting(at(-1), &[]).build());
    let item = object.judge(&Evidence {
        named: true,
        ..Evidence::new(now())
    });
    assert_eq!((item.state, item.healthy), (State::Terminating, Some(false)));
}

#[test]
fn an_agent_that_saw_the_spec_first_knows_its_age() {
    let object = view(&d().generation(5).observed(4).build());
    let first_seen = |ago: i64| Time::parse(&at(-ago)).ok();
    let state = |ago| {
        object
            .judge(&Evidence {
                first_seen: first_seen(ago),
                ..Evidence::new(now())
            })
            .state
    };
    assert_eq!((state(60), state(61)), (State::Progressing, State::Degraded));
}

#[test]
fn a_deployment_that_is_scaled_now_and_then_is_back_if_its_pods_are_old() {
    let deployment = available(d().replicas(1).counts(1, 1, 1, 1), -20)
        .managed_fields(at(-DAY))
        .managed_scale("keda");
    let set = ReplicaSet::new("shop", "checkout-7d9c").owned_by(&deployment);
    let reason = |created: i64| {
        let pod = Pod::new("shop", "checkout-7d9c-0")
            .owned_by(&set)
            .created(at(created));
        let pod: PodView = from_value(&pod.ready(true, at(-20)).build()).expect("a pod");
        let evidence = Evidence {
            pods: Some(Pods {
                pods: vec![(&pod, now())],
                ..Pods::default()
            }),
            ..Evidence::new(now())
        };
        check::judge(&view(&deployment.build()), &evidence).reason
    };
    assert_eq!(reason(-30), "Ready", "it was added");
    assert_eq!(reason(-DAY), "JustRecovered");
}

/// Three ready pods and seven that are not, `age` seconds old, made by `change`.
fn scaled_up(age: i64, change: impl Fn(Pod) -> Pod) -> Item {
    let deployment = d().replicas(10).counts(10, 10, 3, 3);
    let set = ReplicaSet::new("shop", "checkout-7d9c").owned_by(&deployment);
    let pods: Vec<PodView> = (0..10)
        .map(|i| {
            let pod = Pod::new("shop", &format!("checkout-7d9c-{i}")).owned_by(&set);
            let pod = if i < 3 {
                pod
            } else {
                change(pod.created(at(-age)).ready(false, at(-age)))
            };
            from_value(&pod.build()).expect("a pod")
        })
        .collect();
    let pods = Pods {
        pods: pods.iter().map(|p| (p, now())).collect(),
        ..Pods::default()
    };
    let evidence = Evidence {
        pods: Some(pods),
        ..Evidence::new(now())
    };
    check::judge(&view(&deployment.build()), &evidence)
}

#[test]
fn young_pods_excuse_a_shortage_and_old_ones_do_not() {
    let item = scaled_up(15, |p| p);
    assert_eq!(
        (item.state, item.healthy, item.notes.len()),
        (State::Progressing, Some(false), 0)
    );
    assert_eq!(scaled_up(59, |p| p).state, State::Progressing);
    assert_eq!(scaled_up(60, |p| p).state, State::Degraded);
    // A pod that is being deleted does not count, and a replica without a pod is never young.
    assert_eq!(scaled_up(15, |p| p.deleting(at(-1), &[])).state, State::Degraded);
}

#[test]
fn a_hard_cause_in_the_pods_ends_the_grace() {
    let of = |change: &dyn Fn(Pod) -> Pod, age| {
        let item = scaled_up(age, change);
        let causes: Vec<String> = item
            .causes
            .iter()
            .map(|c| format!("{} {}x {}", c.code, c.count, c.message))
            .collect();
        (item.state, causes)
    };
    assert_eq!(
        of(&|p| p.waiting("ImagePullBackOff", "no such image"), 15),
        (
            State::Degraded,
            vec!["ImagePull 7x container app: no such image".into()]
        )
    );
    assert_eq!(
        of(&|p| p.unschedulable("0/3 nodes: Insufficient cpu", at(-600)), 600),
        (
            State::Degraded,
            vec!["Unschedulable 7x 0/3 nodes: Insufficient cpu".into()]
        )
    );
    assert_eq!(
        of(&|p| p.unschedulable("Insufficient cpu", at(-15)), 15),
        (State::Progressing, vec![])
    );
    assert_eq!(
        of(&|p| p.not_scheduled("SchedulingGated", "a gate", at(-15)), 15),
        (State::Progressing, vec![])
    );
    let crashed = |ago: i64| move |p: Pod| p.last_terminated("Error", 1, at(-ago)).restarts(7);
    assert_eq!(
        of(&crashed(899), 15),
        (
            State::Degraded,
            vec!["CrashLoop 7x container app exited 1 (7 restarts)".into()]
        )
    );
    assert_eq!(of(&crashed(900), 15), (State::Progressing, vec![]));
}

#[test]
fn a_shortage_is_as_old_as_the_first_sign_of_it() {
    let since = |deployment: Deployment| judge(deployment).since;
    let short = || unavailable(d().replicas(2).counts(2, 2, 0, 0), -660);
    assert_eq!(since(short()), Some(at(-660)));
    // The controller gives up later; the shortage does not begin anew.
    let gave_up = short().condition("Progressing", "False", "ProgressDeadlineExceeded", at(-86));
    assert_eq!(since(gave_up), Some(at(-660)));
    // It has been short since its status was last written.
    assert_eq!(since(short().managed_status(at(-900))), Some(at(-900)));
    assert_eq!(
        since(moving(d().replicas(4).counts(4, 4, 3, 3), -20)),
        Some(at(-20))
    );
}

/// The start of the shortage of a Deployment with two of three pods ready, and pods that are not ready since these times.
fn unready_since(times: &[i64]) -> Option<String> {
    let deployment = unavailable(d().replicas(3).counts(5, 3, 2, 2), -300);
    let set = ReplicaSet::new("shop", "checkout-7d9c").owned_by(&deployment);
    let pods: Vec<PodView> = times
        .iter()
        .map(|since| {
            let pod = Pod::new("shop", &format!("checkout-7d9c{since}")).owned_by(&set);
            from_value(&pod.created(at(-DAY)).ready(false, at(*since)).build()).expect("a pod")
        })
        .collect();
    let evidence = Evidence {
        pods: Some(Pods {
            pods: pods.iter().map(|p| (p, now())).collect(),
            ..Pods::default()
        }),
        ..Evidence::new(now())
    };
    view(&deployment.build()).judge(&evidence).since
}

#[test]
fn pods_say_since_when_this_many_are_missing() {
    assert_eq!(unready_since(&[-800]), Some(at(-800)));
    assert_eq!(unready_since(&[-100]), Some(at(-300)), "the condition is older");
    // One pod is missing and three are not ready: two of the three were replaced before the third failed.
    assert_eq!(unready_since(&[-3000, -400, -2000]), Some(at(-400)));
}
