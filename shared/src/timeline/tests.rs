//! Each source, and folding, by tables.

use super::*;
use crate::kind::Kind;
use crate::report::{Code, ObjectRef, Source, State, Timeline, TimelineEntry, TransitionRecord};
use crate::resource::{Event, Lease, Node, ObjectMetadata, Pod, Resource, Time, from_json, read_writers};
use serde_json::{Value, json};

/// The time of the tests, and the beginning of the window, an hour before.
const NOW: i64 = 1_000_000;

fn at(seconds_ago: i64) -> String {
    Time::from_seconds(NOW.saturating_sub(seconds_ago)).to_string()
}

fn window() -> TimeWindow {
    TimeWindow {
        since: Time::from_seconds(NOW - 3_600),
        until: None,
    }
}

fn read<T: Resource>(object: &Value) -> T {
    let bytes = object.to_string().into_bytes();
    let mut read: T = from_json(&bytes).unwrap_or_default();
    read_writers(&mut read, &bytes, true);
    read
}

fn event(kind: &str, name: &str, reason: &str, message: &str, seconds_ago: i64) -> Event {
    let namespace = if kind == "Node" { "" } else { "shop" };
    read(&json!({
        "metadata": {"name": "e"}, "reason": reason, "message": message,
        "involvedObject": {"kind": kind, "namespace": namespace, "name": name, "fieldPath": "spec.containers{api}"},
        "source": {"component": "kubelet", "host": "n7"},
        "firstTimestamp": at(seconds_ago), "lastTimestamp": at(seconds_ago), "count": 1,
    }))
}

fn timeline(scope: TimelineScope, fill: impl FnOnce(&mut TimelineBuilder)) -> Timeline {
    let mut builder = TimelineBuilder::new(window(), scope);
    fill(&mut builder);
    let pairs: Vec<_> = builder.pairs().into_iter().map(|pair| (pair, None)).collect();
    let mut timeline = Timeline::new(Source::default(), at(0));
    builder.finish(&pairs, &mut timeline);
    timeline
}

fn lines(timeline: &Timeline) -> Vec<String> {
    let line = |entry: &TimelineEntry| format!("{}  {}", entry.subject, entry.message);
    timeline.entries.iter().map(line).collect()
}

fn of_events(events: &[Event]) -> Vec<String> {
    lines(&timeline(TimelineScope::default(), |builder| {
        for event in events {
            builder.add_event(event);
        }
    }))
}

#[test]
fn each_reason_of_an_event_has_its_words() {
    for (kind, reason, message, expected) in [
        (
            "Pod",
            "Evicted",
            "The node was low on resource: memory. Threshold quantity: 100Mi",
            Some("evicted from n7: The node was low on resource: memory"),
        ),
        (
            "Pod",
            "TaintManagerEviction",
            "Marking for deletion Pod shop/x",
            Some("evicted because of a taint of its node"),
        ),
        (
            "Pod",
            "TaintManagerEviction",
            "Cancelling deletion of Pod shop/x",
            None,
        ),
        (
            "Pod",
            "Preempted",
            "Preempted by pod 1234 on node n8",
            Some("preempted by a pod of higher priority on n8"),
        ),
        (
            "Pod",
            "Killing",
            "Container api failed liveness probe, will be restarted",
            Some("container api failed its liveness probe and is restarted"),
        ),
        // A rollout stops pods too.
        ("Pod", "Killing", "Stopping container api", None),
        (
            "Pod",
            "BackOff",
            "Back-off restarting failed container api in pod x",
            Some("container api restarts again and again"),
        ),
        ("Pod", "BackOff", "Back-off pulling image \"x\"", None),
        // The node controller says it of each pod too.
        ("Pod", "NodeNotReady", "Node is not ready", None),
        (
            "Node",
            "NodeNotReady",
            "Node x status is now: NodeNotReady",
            Some("became NotReady"),
        ),
        (
            "Node",
            "RegisteredNode",
            "Node x event: Registered Node x in Controller",
            Some("registered by the node controller"),
        ),
        (
            "Node",
            "Rebooted",
            "Node x has been rebooted, boot id: 1",
            Some("rebooted"),
        ),
        (
            "Node",
            "NodeHasSufficientMemory",
            "Node x status is now: NodeHasSufficientMemory",
            None,
        ),
        (
            "HorizontalPodAutoscaler",
            "SuccessfulRescale",
            "New size: 5; reason: cpu resource utilization above target",
            Some("scaled to 5: cpu resource utilization above target"),
        ),
        (
            "ReplicaSet",
            "FailedCreate",
            "Error creating: pods \"x-1\" is forbidden: exceeded quota: compute",
            Some("pods are refused: pods \"x-1\" is forbidden: exceeded quota: compute"),
        ),
        (
            "Lease",
            "LeaderElection",
            "cp-2_6f1c became leader",
            Some("cp-2 became the leader"),
        ),
        (
            "Deployment",
            "ScalingReplicaSet",
            "Scaled up replica set x-7d9c to 5 from 3",
            Some("scaled from 3 to 5"),
        ),
        (
            "Deployment",
            "ScalingReplicaSet",
            "Scaled up replica set x-7d9c from 3 to 5",
            Some("scaled from 3 to 5"),
        ),
        (
            "Deployment",
            "ScalingReplicaSet",
            "Scaled up replica set x-7d9c to 5",
            Some("scaled to 5"),
        ),
        ("Pod", "Pulled", "Container image already present", None),
    ] {
        let found = of_events(&[event(kind, "x", reason, message, 60)]);
        let subject = if kind == "Node" {
            "Node x".to_owned()
        } else {
            format!("{kind} shop/x")
        };
        let expected: Vec<String> = expected
            .into_iter()
            .map(|words| format!("{subject}  {words}"))
            .collect();
        assert_eq!(found, expected, "{reason}: {message}");
    }
}

#[test]
fn replica_sets_that_are_scaled_against_each_other_are_a_rollout() {
    let scaled = |message: &str, ago| event("Deployment", "web", "ScalingReplicaSet", message, ago);
    let found = of_events(&[
        scaled("Scaled up replica set web-new to 1", 900),
        scaled("Scaled down replica set web-old to 2 from 3", 890),
        scaled("Scaled up replica set web-new to 2 from 1", 880),
        scaled("Scaled down replica set web-old to 0 from 2", 870),
        scaled("Scaled up replica set web-new to 6 from 3", 60),
    ]);
    assert_eq!(found, ["Deployment shop/web  scaled from 3 to 6"]);
}

#[test]
fn pods_that_are_evicted_from_a_node_are_one_line() {
    let evictions: Vec<Event> = (0..12)
        .map(|n| {
            event(
                "Pod",
                &format!("checkout-7d9c-{n}"),
                "Evicted",
                "The node was low on resource: memory.",
                300 - n,
            )
        })
        .collect();
    let all = timeline(TimelineScope::default(), |builder| {
        for eviction in &evictions {
            builder.add_event(eviction);
        }
    });
    assert_eq!(
        lines(&all),
        ["12 Pods of shop/checkout-7d9c-*  evicted from n7: The node was low on resource: memory"]
    );
    let entry = &all.entries[0];
    assert_eq!(
        (entry.count, entry.node.as_deref(), entry.objects.len()),
        (12, Some("n7"), 10)
    );
    let late = event(
        "Pod",
        "late",
        "Evicted",
        "The node was low on resource: memory.",
        100,
    );
    let apart = of_events(&[evictions[0].clone(), late]);
    assert_eq!(
        apart.len(),
        2,
        "more than two minutes lie between them: {apart:?}"
    );
}

#[test]
fn pods_that_stop_on_a_node_are_shown_if_it_was_drained() {
    let stopped = event("Pod", "web-1", "Killing", "Stopping container api", 100);
    let cordoned = event(
        "Node",
        "n7",
        "NodeNotSchedulable",
        "Node n7 status is now: NodeNotSchedulable",
        120,
    );
    assert_eq!(
        of_events(&[cordoned, stopped]),
        ["Node n7  cordoned", "Pod shop/web-1  stopped on n7"]
    );
}

#[test]
fn an_event_that_began_before_the_window_is_dated_by_its_last_time() {
    let mut old = event("Pod", "x", "BackOff", "Back-off restarting failed container", 60);
    old.first_timestamp = Time::parse(&at(90_000)).ok();
    old.count = 400;
    let all = timeline(TimelineScope::default(), |builder| builder.add_event(&old));
    assert_eq!(
        (all.entries[0].at.as_str(), all.entries[0].times),
        (at(60).as_str(), Some(400))
    );
    assert_eq!(
        all.reach.len(),
        0,
        "a source that was not marked as read says nothing"
    );
}

#[test]
fn a_component_with_a_clock_that_is_ahead_is_heard_unless_an_end_was_given() {
    let ahead = event("Pod", "x", "Evicted", "full", -300);
    assert_eq!(of_events(std::slice::from_ref(&ahead)).len(), 1);
    let mut builder = TimelineBuilder::new(
        TimeWindow {
            until: Some(Time::from_seconds(NOW)),
            ..window()
        },
        TimelineScope::default(),
    );
    builder.add_event(&ahead);
    let mut ended = Timeline::default();
    builder.finish(&[], &mut ended);
    assert!(ended.entries.is_empty());
}

#[test]
fn a_huge_list_of_events_keeps_the_newest_and_says_how_many_are_left_out() {
    let all = timeline(TimelineScope::default(), |builder| {
        let mut one = event("Pod", "x", "Evicted", "full", 0);
        for n in 0..50_000_i64 {
            let time = Time::from_seconds(NOW - 3_600 + n % 3_600);
            (one.first_timestamp, one.last_timestamp) = (Some(time), Some(time));
            if let Some(object) = &mut one.involved_object {
                object.name = format!("pod-{n}");
            }
            builder.add_event(&one);
        }
    });
    assert_eq!(all.left_out, 30_000);
    assert_eq!(all.entries.iter().map(|entry| entry.count).sum::<u64>(), 20_000);
    assert_eq!(all.entries[0].objects.len(), 10);
}

#[test]
fn a_node_shows_its_cordon_its_taints_and_its_conditions() {
    let node: Node = read(&json!({
        "metadata": {"name": "n7", "creationTimestamp": at(90_000), "managedFields": [
            {"manager": "kubectl-cordon", "operation": "Update", "time": at(600), "fieldsType": "FieldsV1",
             "fieldsV1": {"f:spec": {"f:unschedulable": {}}}},
            {"manager": "kube-controller-manager", "operation": "Update", "time": at(599), "fieldsType": "FieldsV1",
             "fieldsV1": {"f:spec": {"f:taints": {}}}}]},
        "spec": {"unschedulable": true, "taints": [
            {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": at(600)},
            {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute", "timeAdded": at(300)},
            {"key": "example.com/broken", "value": "s3cr3t", "effect": "NoExecute", "timeAdded": at(200)}]},
        "status": {"conditions": [
            {"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "PLEG", "lastTransitionTime": at(300)},
            {"type": "DiskPressure", "status": "False", "lastTransitionTime": at(90_000)}]},
    }));
    let all = timeline(TimelineScope::default(), |builder| {
        builder.add_node(&node);
        builder.add_event(&event("Node", "n7", "NodeNotReady", "x", 290));
    });
    assert_eq!(
        lines(&all),
        [
            "Node n7  cordoned by kubectl-cordon",
            "Node n7  became NotReady: KubeletNotReady: PLEG",
            "Node n7  tainted example.com/broken:NoExecute",
        ]
    );
}

#[test]
fn a_restarted_container_says_how_it_ended_and_joins_its_events() {
    let pod: Pod = read(&json!({
        "metadata": {"name": "x", "namespace": "shop"}, "spec": {"nodeName": "n7"},
        "status": {"containerStatuses": [{"name": "api", "restartCount": 4,
            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": at(60), "message": "s3cr3t"}}}]},
    }));
    let all = timeline(TimelineScope::default(), |builder| {
        builder.add_event(&event(
            "Pod",
            "x",
            "BackOff",
            "Back-off restarting failed container",
            900,
        ));
        builder.add_pod(&pod);
    });
    assert_eq!(lines(&all), ["Pod shop/x  container api restarted: OOMKilled"]);
    assert_eq!(
        (all.entries[0].at.as_str(), all.entries[0].last.as_deref()),
        (at(900).as_str(), Some(at(60).as_str()))
    );
}

#[test]
fn a_lease_shows_a_new_leader_and_a_new_api_server() {
    let lease = |name: &str, holder: &str, acquired: i64, created: i64| -> Lease {
        read(&json!({
            "metadata": {"name": name, "namespace": "kube-system", "creationTimestamp": at(created)},
            "spec": {"holderIdentity": holder, "acquireTime": at(acquired), "renewTime": at(1), "leaseTransitions": 3},
        }))
    };
    let all = timeline(TimelineScope::default(), |builder| {
        builder.add_lease(&lease("kube-scheduler", "cp-2_6f1c", 120, 90_000));
        builder.add_lease(&lease("kube-controller-manager", "cp-1_aa", 80_000, 90_000));
        builder.add_lease(&lease("apiserver-abc", "apiserver-abc_1", 80_000, 60));
    });
    assert_eq!(
        lines(&all),
        [
            "Lease kube-system/kube-scheduler  cp-2 became the leader",
            "Lease kube-system/apiserver-abc  an API server came",
        ]
    );
}

fn metadata(
    namespace: &str,
    name: &str,
    created: i64,
    manager: &str,
    fields: &Value,
    written: i64,
) -> crate::resource::ObjectMeta {
    let object: ObjectMetadata = read(&json!({"metadata": {
        "name": name, "namespace": namespace, "uid": format!("{namespace}-{name}"), "creationTimestamp": at(created),
        "managedFields": [{"manager": manager, "operation": "Update", "time": at(written), "fieldsType": "FieldsV1",
                           "fieldsV1": fields}]}}));
    object.metadata.unwrap_or_default()
}

#[test]
fn a_scaling_has_its_writer_from_the_object_and_its_numbers_from_the_event() {
    let replicas = json!({"f:spec": {"f:replicas": {}}});
    let all = timeline(TimelineScope::default(), |builder| {
        builder.add_workload(
            "Deployment",
            metadata("shop", "web", 90_000, "kubectl-scale", &replicas, 100),
        );
        builder.add_event(&event(
            "Deployment",
            "web",
            "ScalingReplicaSet",
            "Scaled up replica set web-x to 5 from 3",
            99,
        ));
    });
    assert_eq!(
        lines(&all),
        ["Deployment shop/web  scaled from 3 to 5 by kubectl-scale"]
    );
}

#[test]
fn objects_that_one_program_wrote_are_one_line_and_noise_is_none() {
    let data = json!({"f:data": {}});
    let config = crate::report::TimelineKind::Config;
    let all = timeline(TimelineScope::default(), |builder| {
        for name in ["a", "b"] {
            builder.add_object(
                "ConfigMap",
                config,
                &metadata("shop", name, 90_000, "helm", &data, 100),
            );
        }
        builder.add_object(
            "ConfigMap",
            config,
            &metadata(
                "new",
                "kube-root-ca.crt",
                50,
                "kube-controller-manager",
                &data,
                50,
            ),
        );
        builder.add_object(
            "ConfigMap",
            config,
            &metadata("shop", "old", 90_000, "helm", &data, 80_000),
        );
    });
    assert_eq!(lines(&all), ["ConfigMaps shop/a, shop/b  written by helm"]);
}

#[test]
fn a_name_belongs_to_a_workload_by_the_suffix_that_its_controllers_add() {
    let takes = |kind, name: &str, object: &str, other: &str| {
        let scope = TimelineScope {
            kinds: vec![(kind, vec![name.to_owned()])],
            ..TimelineScope::default()
        };
        scope.takes(&ObjectRef::namespaced(object, "shop", other), None)
    };
    for (kind, object, other, expected) in [
        (Kind::Deployment, "Deployment", "web", true),
        (Kind::Deployment, "Deployment", "web-api", false),
        (Kind::Deployment, "ReplicaSet", "web-7d9c8", true),
        (Kind::Deployment, "Pod", "web-7d9c8-x7k2p", true),
        (Kind::Deployment, "Pod", "web-api-7d9c8-x7k2p", false),
        (Kind::Deployment, "Pod", "web-proxy-x7k2p", false),
        (Kind::Deployment, "Pod", "web", false),
        (Kind::StatefulSet, "Pod", "web-0", true),
        (Kind::StatefulSet, "Pod", "web-0-1", false),
        (Kind::DaemonSet, "Pod", "web-x7k2p", true),
        (Kind::CronJob, "Pod", "web-29123456-x7k2p", true),
        (Kind::Deployment, "Node", "web", false),
    ] {
        assert_eq!(
            takes(kind, "web", object, other),
            expected,
            "{kind:?} {object} {other}"
        );
    }
}

#[test]
fn a_new_revision_is_shown_with_the_one_before_it_and_not_beside_its_creation() {
    let revision = |uid: &str, number: u64, created: i64| RevisionObject {
        owner_uid: format!("shop-{uid}"),
        owner: ObjectRef::namespaced("Deployment", "shop", uid),
        kind: "ReplicaSet",
        name: format!("{uid}-{number}"),
        number: Some(number),
        created: Time::from_seconds(NOW - created),
        written: None,
        came_back: false,
    };
    let spec = json!({"f:spec": {"f:template": {}}});
    let all = timeline(TimelineScope::default(), |builder| {
        builder.add_workload("Deployment", metadata("shop", "new", 200, "helm", &spec, 200));
        builder.add_revision(revision("new", 1, 199));
        builder.add_revision(revision("web", 12, 5_000));
        builder.add_revision(revision("web", 13, 100));
        builder.add_revision(revision("cut", 7, 50));
    });
    assert_eq!(
        lines(&all),
        [
            "Deployment shop/new  created by helm",
            "Deployment shop/web  revision 13 (not compared with revision 12)",
            "Deployment shop/cut  revision 7 (the revision before it is not kept)",
        ]
    );
}

// A rollback that only removes fields leaves no entry in managedFields. The entry before it is an older write; the ReplicaSet was
// written then, and again if the number of pods changed.
#[test]
fn a_rollback_is_dated_by_no_write_before_the_revision_that_it_replaced() {
    let revision = |number: u64, created: i64, written: i64| RevisionObject {
        owner_uid: "shop-web".to_owned(),
        owner: ObjectRef::namespaced("Deployment", "shop", "web"),
        kind: "ReplicaSet",
        name: format!("web-{number}"),
        number: Some(number),
        created: Time::from_seconds(NOW - created),
        written: Some(Time::from_seconds(NOW - written)),
        came_back: number == 14,
    };
    let template = json!({"f:spec": {"f:template": {}}});
    let replicas = json!({"f:spec": {"f:replicas": {}}});
    for (name, fields, workload, set, expected) in [
        ("an entry of the rollback", &template, 100, 50, Some(100)),
        ("an older entry", &template, 300, 90, Some(90)),
        (
            "an older entry, and an older ReplicaSet",
            &template,
            300,
            250,
            None,
        ),
        ("scaled since", &replicas, 80, 80, None),
    ] {
        let all = timeline(TimelineScope::default(), |builder| {
            builder.add_workload(
                "Deployment",
                metadata("shop", "web", 90_000, "helm", fields, workload),
            );
            builder.add_revision(revision(13, 200, 200));
            builder.add_revision(revision(14, 80_000, set));
        });
        let words = "a rollback, which became revision 14 (not compared with revision 13)";
        let mut rollbacks = all.entries.iter().filter(|entry| entry.message == words);
        let found = rollbacks.next().map(|entry| entry.at.clone());
        assert_eq!(found, expected.map(at), "{name}: {:?}", lines(&all));
    }
}

#[test]
fn the_last_scaling_is_by_the_program_that_asked_for_the_present_number() {
    let web: ObjectMetadata = read(&json!({"metadata": {
        "namespace": "shop", "name": "web", "uid": "shop-web", "creationTimestamp": at(90_000), "managedFields": [
            {"manager": "kubectl", "operation": "Update", "subresource": "scale", "fieldsType": "FieldsV1",
             "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status", "time": at(60)}]}}));
    let all = timeline(TimelineScope::default(), |builder| {
        builder.add_workload("Deployment", web.metadata.unwrap_or_default());
        for (message, ago) in [
            ("Scaled up replica set web-x from 2 to 3", 900),
            ("Scaled down replica set web-x from 3 to 0", 60),
        ] {
            builder.add_event(&event("Deployment", "web", "ScalingReplicaSet", message, ago));
        }
    });
    assert_eq!(
        lines(&all),
        [
            "Deployment shop/web  scaled from 2 to 3",
            "Deployment shop/web  scaled from 3 to 0 by kubectl",
        ]
    );
}

#[test]
fn a_scaling_at_the_creation_is_part_of_it() {
    let spec = json!({"f:spec": {"f:template": {}, "f:replicas": {}}});
    let all = timeline(TimelineScope::default(), |builder| {
        builder.add_workload("Deployment", metadata("shop", "web", 200, "helm", &spec, 200));
        for (message, ago) in [
            ("Scaled up replica set web-x from 0 to 3", 199),
            ("Scaled up replica set web-x from 3 to 5", 190),
        ] {
            builder.add_event(&event("Deployment", "web", "ScalingReplicaSet", message, ago));
        }
    });
    assert_eq!(
        lines(&all),
        [
            "Deployment shop/web  created by helm",
            "Deployment shop/web  scaled from 3 to 5",
        ]
    );
}

#[test]
fn an_event_of_the_new_api_without_old_times_stands_in_its_place() {
    // Its times are `eventTime` and `series`; `lastTimestamp` is null.
    let newer: Event = read(&json!({
        "metadata": {"name": "n", "creationTimestamp": at(200)}, "reason": "Evicted", "message": "full",
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "b"},
        "eventTime": at(200), "firstTimestamp": null, "lastTimestamp": null,
        "series": {"count": 3, "lastObservedTime": at(150)},
    }));
    let events = [
        event("Pod", "c", "Preempted", "Preempted by pod 1 on node n8", 10),
        newer,
        event(
            "Pod",
            "a",
            "TaintManagerEviction",
            "Marking for deletion Pod shop/a",
            3_000,
        ),
    ];
    let all = timeline(TimelineScope::default(), |builder| {
        for event in &events {
            builder.add_event(event);
        }
    });
    let names: Vec<&str> = all.entries.iter().map(|entry| entry.subject.as_str()).collect();
    assert_eq!(names, ["Pod shop/a", "Pod shop/b", "Pod shop/c"]);
    let entry = &all.entries[1];
    assert_eq!(
        (entry.times, entry.last.as_deref()),
        (Some(3), Some(at(150).as_str()))
    );
}

#[test]
fn changes_of_one_second_have_an_order_that_does_not_depend_on_the_lists() {
    let events: Vec<Event> = ["web", "api", "db"]
        .map(|name| {
            event(
                "HorizontalPodAutoscaler",
                name,
                "SuccessfulRescale",
                &format!("New size: {}", name.len()),
                60,
            )
        })
        .to_vec();
    let turned: Vec<Event> = events.iter().rev().cloned().collect();
    assert_eq!(of_events(&events).len(), 3);
    assert_eq!(of_events(&events), of_events(&turned));
}

#[test]
fn a_controller_that_writes_only_the_status_leaves_no_line() {
    let status = json!({"f:status": {"f:replicas": {}, "f:conditions": {}}});
    let all = timeline(TimelineScope::default(), |builder| {
        let meta = metadata("shop", "web", 90_000, "kube-controller-manager", &status, 5);
        builder.add_workload("Deployment", meta);
        let hash = json!({"f:metadata": {"f:annotations": {"f:deployment.kubernetes.io/revision": {}}}});
        builder.add_workload(
            "Deployment",
            metadata("shop", "api", 90_000, "kube-controller-manager", &hash, 5),
        );
    });
    assert_eq!(lines(&all), [""; 0]);
}

#[test]
fn objects_that_were_there_before_the_span_are_not_created_in_it() {
    let spec = json!({"f:spec": {"f:template": {}}});
    let all = timeline(TimelineScope::default(), |builder| {
        builder.add_workload(
            "Deployment",
            metadata("shop", "old", 90_000, "helm", &spec, 90_000),
        );
        builder.add_workload("Deployment", metadata("shop", "new", 60, "helm", &spec, 60));
    });
    assert_eq!(lines(&all), ["Deployment shop/new  created by helm"]);
}

fn transition(name: &str, from: Option<State>, to: Option<State>, seconds_ago: i64) -> TransitionRecord {
    TransitionRecord {
        at: at(seconds_ago),
        kind: "Deployment".to_owned(),
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        from,
        to,
        reason: Code::from("ReadyBelowDesired"),
        code: None,
        change: None,
    }
}

#[test]
fn verdicts_that_change_together_are_one_line_and_one_without_a_time_is_counted() {
    let (well, ill) = (Some(State::Healthy), Some(State::Degraded));
    let mut read = Vec::new();
    let all = timeline(TimelineScope::default(), |builder| {
        let broken = TransitionRecord {
            at: "soon".to_owned(),
            ..transition("c", well, ill, 0)
        };
        for one in [
            transition("a", well, ill, 100),
            transition("b", well, ill, 90),
            transition("a", ill, well, 50),
            transition("early", well, ill, 9_000),
            broken,
        ] {
            read.push(builder.add_transition(&one));
        }
    });
    assert_eq!(read, [true, true, true, true, false]);
    assert_eq!(
        lines(&all),
        [
            "Deployments shop/a, shop/b  became degraded (was healthy): ReadyBelowDesired",
            "Deployment shop/a  became healthy (was degraded)",
        ]
    );
}
