//! Nothing is progressing for ever: an object that is progressing at first is judged again an hour and a day later, without
//! any change.

use crate::*;
use sre_shared::check::Pods;
use sre_shared::resource::{
    ApiService, CustomObject, DaemonSet, Deployment, HorizontalPodAutoscaler, Job, Node, Pod, ReplicaSet,
    StatefulSet,
};

/// An object of generation 2 whose spec and status were written this many seconds ago.
fn written(spec: i64, status: i64, fields: &[(&str, Value)]) -> Value {
    let entry = |subresource: &str, ago: i64| json!({"manager": "m", "operation": "Update", "subresource": subresource, "time": at(-ago)});
    let mut all = vec![
        ("/metadata/generation", json!(2)),
        ("/status/observedGeneration", json!(2)),
        (
            "/metadata/managedFields",
            json!([entry("", spec), entry("status", status)]),
        ),
    ];
    all.extend_from_slice(fields);
    object("shop", "web", &all)
}

fn replicas(counts: [i64; 4]) -> Vec<(&'static str, Value)> {
    vec![
        ("/spec/replicas", json!(3)),
        ("/status/replicas", json!(counts[0])),
        ("/status/updatedReplicas", json!(counts[1])),
        ("/status/readyReplicas", json!(counts[2])),
        ("/status/availableReplicas", json!(counts[3])),
    ]
}

fn nodes(counts: [i64; 3]) -> Vec<(&'static str, Value)> {
    vec![
        ("/status/desiredNumberScheduled", json!(3)),
        ("/status/updatedNumberScheduled", json!(counts[0])),
        ("/status/numberReady", json!(counts[1])),
        ("/status/numberAvailable", json!(counts[2])),
    ]
}

fn conditions(all: &[(&str, &str, &str, i64)]) -> (&'static str, Value) {
    let of = |(kind, status, reason, ago): &(&str, &str, &str, i64)| json!({"type": kind, "status": status, "reason": reason, "lastTransitionTime": at(-ago), "lastUpdateTime": at(-ago)});
    ("/status/conditions", all.iter().map(of).collect())
}

fn young_pod(ready: &str, last: &Value) -> Value {
    object(
        "shop",
        "web-0",
        &[
            aged(20),
            conditions(&[("Ready", ready, "", 5)]),
            ("/status/phase", json!("Running")),
            (
                "/status/containerStatuses",
                json!([{"name": "app", "ready": ready == "True", "restartCount": 1, "lastState": last,
            "state": {"running": {"startedAt": at(-5)}}}]),
            ),
        ],
    )
}

/// Judges the object now and later, with these pods if there are any.
fn ends<T: Check>(name: &str, reason: &str, object: &Value, pods: Option<&[Value]>) {
    let object: T = view(object);
    let pods: Option<Vec<Pod>> = pods.map(|pods| pods.iter().map(view).collect());
    let judged = |later: i64| {
        let now = Now::known(Time::from_seconds(now().time().seconds + later));
        let known = pods.as_ref().map(|pods| Pods {
            pods: pods.iter().map(|pod| (pod, now)).collect(),
            ..Pods::default()
        });
        let item = object.judge(&Evidence {
            pods: known,
            ..Evidence::new(now)
        });
        (item.state, item.reason.to_string())
    };
    assert_eq!(judged(0), (State::Progressing, reason.to_owned()), "{name}");
    for later in [3600, DAY, 400 * DAY] {
        let (state, later_reason) = judged(later);
        assert_ne!(
            state,
            State::Progressing,
            "{name} after {later} s: {later_reason}"
        );
    }
}

#[test]
fn every_progressing_of_a_workload_has_an_end() {
    let with = |spec, status, parts: &[&[(&str, Value)]]| written(spec, status, &parts.concat());
    let min_ready = [("/spec/minReadySeconds", json!(30))];
    let endless = [("/spec/progressDeadlineSeconds", json!(i32::MAX))];
    let moving = |ago| [conditions(&[("Progressing", "True", "ReplicaSetUpdated", ago)])];
    let over = |ago| ("Progressing", "True", "NewReplicaSetAvailable", ago);
    let ready = [
        young_pod("True", &json!({})),
        young_pod("True", &json!({})),
        young_pod("True", &json!({})),
    ];
    let starting = [young_pod("False", &json!({}))];
    let deployments = [
        (
            "unobserved",
            "NotObserved",
            written(30, 30, &[("/status/observedGeneration", json!(1))]),
            None,
        ),
        (
            "short",
            "PodsStarting",
            with(
                DAY,
                DAY,
                &[
                    &replicas([3, 3, 2, 2]),
                    &[conditions(&[("Available", "False", "", 20), over(DAY)])],
                ],
            ),
            None,
        ),
        (
            "short, with pods",
            "PodsStarting",
            with(DAY, 20, &[&replicas([3, 3, 2, 2])]),
            Some(&starting[..]),
        ),
        (
            "short rollout",
            "RolloutInProgress",
            with(30, 20, &[&replicas([3, 1, 2, 2]), &moving(20)]),
            None,
        ),
        (
            "short rollout without a deadline",
            "RolloutInProgress",
            with(
                30,
                20,
                &[
                    &replicas([3, 1, 2, 2]),
                    &endless,
                    &[conditions(&[("Available", "False", "", 20)])],
                ],
            ),
            None,
        ),
        (
            "a condition without a deadline",
            "RolloutInProgress",
            with(30, 20, &[&replicas([3, 1, 2, 2]), &endless, &moving(20)]),
            None,
        ),
        (
            "full rollout",
            "RolloutInProgress",
            with(30, 20, &[&replicas([4, 1, 3, 3]), &moving(20)]),
            None,
        ),
        (
            "full rollout without a deadline",
            "RolloutInProgress",
            with(30, 20, &[&replicas([4, 1, 3, 3]), &endless]),
            None,
        ),
        (
            "the same with pods",
            "RolloutInProgress",
            with(30, 20, &[&replicas([4, 1, 3, 3]), &endless]),
            Some(&ready[..]),
        ),
        (
            "full rollout, condition of the last one",
            "RolloutInProgress",
            with(30, 20, &[&replicas([4, 1, 3, 3]), &[conditions(&[over(DAY)])]]),
            None,
        ),
        (
            "settling",
            "Settling",
            with(
                DAY,
                20,
                &[
                    &replicas([3, 3, 3, 1]),
                    &min_ready,
                    &[conditions(&[("Available", "False", "", 20), over(DAY)])],
                ],
            ),
            None,
        ),
        (
            "settling, with pods",
            "Settling",
            with(DAY, 20, &[&replicas([3, 3, 3, 1]), &min_ready]),
            Some(&ready[..]),
        ),
        (
            "just recovered",
            "JustRecovered",
            with(
                DAY,
                20,
                &[
                    &replicas([3, 3, 3, 3]),
                    &[conditions(&[("Available", "True", "", 20), over(DAY)])],
                ],
            ),
            None,
        ),
    ];
    for (name, reason, object, pods) in &deployments {
        ends::<Deployment>(name, reason, object, *pods);
    }
    let revisions = [
        ("/status/currentRevision", json!("web-1")),
        ("/status/updateRevision", json!("web-2")),
    ];
    let sets = [
        (
            "unobserved",
            "NotObserved",
            written(30, 30, &[("/status/observedGeneration", json!(1))]),
            None,
        ),
        (
            "short",
            "PodsStarting",
            with(DAY, 20, &[&replicas([3, 3, 2, 2])]),
            None,
        ),
        (
            "short, with pods",
            "PodsStarting",
            with(DAY, DAY, &[&replicas([3, 3, 2, 2])]),
            Some(&starting[..]),
        ),
        (
            "short rollout",
            "RolloutInProgress",
            with(30, 20, &[&replicas([3, 1, 2, 2]), &revisions]),
            None,
        ),
        (
            "full rollout",
            "RolloutInProgress",
            with(30, 20, &[&replicas([3, 1, 3, 3]), &revisions]),
            None,
        ),
        (
            "full rollout, with pods",
            "RolloutInProgress",
            with(DAY, DAY, &[&replicas([3, 1, 3, 3]), &revisions]),
            Some(&ready[..]),
        ),
        (
            "settling",
            "Settling",
            with(DAY, 20, &[&replicas([3, 3, 3, 1]), &min_ready]),
            None,
        ),
        (
            "settling, with pods",
            "Settling",
            with(DAY, DAY, &[&replicas([3, 3, 3, 1]), &min_ready]),
            Some(&ready[..]),
        ),
    ];
    for (name, reason, object, pods) in &sets {
        ends::<StatefulSet>(name, reason, object, *pods);
    }
    let daemons = [
        ("short", "PodsStarting", with(DAY, 20, &[&nodes([3, 2, 2])]), None),
        (
            "short rollout",
            "RolloutInProgress",
            with(30, 20, &[&nodes([1, 2, 2])]),
            None,
        ),
        (
            "full rollout",
            "RolloutInProgress",
            with(30, 20, &[&nodes([1, 3, 3])]),
            None,
        ),
        (
            "full rollout, with pods",
            "RolloutInProgress",
            with(DAY, DAY, &[&nodes([1, 3, 3])]),
            Some(&ready[..]),
        ),
        (
            "settling",
            "Settling",
            with(DAY, 20, &[&nodes([3, 3, 1]), &min_ready]),
            None,
        ),
        (
            "settling, with pods",
            "Settling",
            with(DAY, DAY, &[&nodes([3, 3, 1]), &min_ready]),
            Some(&ready[..]),
        ),
    ];
    for (name, reason, object, pods) in &daemons {
        ends::<DaemonSet>(name, reason, object, *pods);
    }
    let replica_sets = [
        (
            "short",
            "PodsStarting",
            with(DAY, 20, &[&replicas([3, 3, 2, 2])]),
            None,
        ),
        (
            "settling",
            "Settling",
            with(DAY, 20, &[&replicas([3, 3, 3, 1]), &min_ready]),
            None,
        ),
        (
            "settling, with pods",
            "Settling",
            with(DAY, DAY, &[&replicas([3, 3, 3, 1]), &min_ready]),
            Some(&ready[..]),
        ),
    ];
    for (name, reason, object, pods) in &replica_sets {
        ends::<ReplicaSet>(name, reason, object, *pods);
    }
}

#[test]
fn every_progressing_of_another_kind_has_an_end() {
    ends::<Pod>(
        "a bare pod",
        "PodsStarting",
        &young_pod("False", &json!({})),
        None,
    );
    let crashed = json!({"terminated": {"exitCode": 1, "finishedAt": at(-15)}});
    let mut back = young_pod("True", &crashed);
    set(&mut back, "/metadata/creationTimestamp", json!(at(-DAY)));
    ends::<Pod>("a bare pod that came back", "JustRecovered", &back, None);
    let status = |kind: &str, value: &str| conditions(&[(kind, value, "Why", 20)]);
    ends::<Node>(
        "a node",
        "NodeStarting",
        &object("", "n", &[aged(20), status("Ready", "False")]),
        None,
    );
    ends::<Node>(
        "a node that nobody knows",
        "NotObserved",
        &object("", "n", &[aged(20)]),
        None,
    );
    let hpa = |fields: &[(&str, Value)]| object("shop", "web", fields);
    ends::<HorizontalPodAutoscaler>(
        "metrics",
        "MetricsStarting",
        &hpa(&[status("ScalingActive", "False")]),
        None,
    );
    ends::<HorizontalPodAutoscaler>("a new autoscaler", "NotObserved", &hpa(&[aged(20)]), None);
    let service = ("/spec/service", json!({"namespace": "shop", "name": "metrics"}));
    let api = object("", "v1.metrics", &[service, status("Available", "False")]);
    ends::<ApiService>("a part of the API", "ApiStarting", &api, None);
    for (name, reason, value) in [
        ("False", "NotReadyYet", "False"),
        ("Unknown", "NotReadyYet", "Unknown"),
    ] {
        ends::<CustomObject>(
            name,
            reason,
            &object("shop", "c", &[status("Ready", value)]),
            None,
        );
    }
    ends::<CustomObject>(
        "reconciling",
        "Reconciling",
        &object("shop", "c", &[status("Reconciling", "True")]),
        None,
    );
    let job = |active: i64, failed: i64| {
        written(
            20,
            20,
            &[
                ("/spec/completions", json!(1)),
                ("/status/startTime", json!(at(-20))),
                ("/status/active", json!(active)),
                ("/status/ready", json!(0)),
                ("/status/failed", json!(failed)),
            ],
        )
    };
    ends::<Job>("a Job whose pod starts", "PodsStarting", &job(1, 0), None);
    ends::<Job>("a Job without a pod", "PodsStarting", &job(0, 0), None);
    ends::<Job>("a Job that tries again", "Retrying", &job(0, 2), None);
}
