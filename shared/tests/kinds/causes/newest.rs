//! The newest revision of a workload: which pods have it, and how far they are.

use super::{HOUR, judge, set, web};
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_shared::report::{Item, NewestPods, RolloutProgress};
use sre_testkit::at;
use sre_testkit::object::{Deployment, Pod, ReplicaSet};

fn of_set(set: &ReplicaSet, name: &str) -> Pod {
    Pod::new("shop", name).owned_by(set).created(at(-HOUR))
}

fn progress(item: &Item) -> RolloutProgress {
    *item.rollout.clone().expect("the facts of its rollout")
}

fn pods(item: &Item) -> NewestPods {
    progress(item).pods.expect("its pods were seen")
}

/// `CODE COUNTx, N of the newest revision` of each cause.
fn counts(item: &Item) -> Vec<String> {
    let line = |c: &sre_shared::report::Cause| format!("{} {}x, newest {:?}", c.code, c.count, c.newest);
    item.causes.iter().map(line).collect()
}

#[test]
fn pods_of_an_old_revision_do_not_count_though_their_replica_set_is_younger() {
    // An undo: the older ReplicaSet has the higher number again.
    let new = ReplicaSet::new("shop", "web-1")
        .owned_by(&web())
        .created(at(-9000))
        .revision(3);
    let old = ReplicaSet::new("shop", "web-2")
        .owned_by(&web())
        .created(at(-60))
        .revision(2);
    let image = "ErrImagePull: web:v9: not found";
    let item = judge(
        Kind::Deployment,
        vec![
            web().revision(3).build(),
            new.build(),
            old.build(),
            of_set(&old, "web-2-a").waiting("ImagePullBackOff", image).build(),
            of_set(&old, "web-2-b").waiting("ImagePullBackOff", image).build(),
            of_set(&new, "web-1-a").ready(true, at(-20)).build(),
        ],
    );
    assert_eq!(counts(&item), ["ImagePull 2x, newest Some(0)"]);
    let facts = progress(&item);
    assert_eq!(facts.revision.as_deref(), Some("3"));
    assert_eq!(
        facts.pods,
        Some(NewestPods {
            created: 1,
            scheduled: 1,
            started: 1,
            ready: 1,
            last_ready: Some(at(-20)),
            ..NewestPods::default()
        })
    );
}

#[test]
fn each_step_of_a_pod_is_counted() {
    let pod = |name: &str| of_set(&set(), name);
    let item = judge(
        Kind::Deployment,
        vec![
            web().build(),
            set().build(),
            pod("web-1-a")
                .unschedulable("0/3 nodes are available", at(-900))
                .build(),
            pod("web-1-b").waiting("ContainerCreating", "").build(),
            pod("web-1-c").ready(false, at(-HOUR)).build(),
            pod("web-1-d").ready(true, at(-900)).build(),
            pod("web-1-e").deleting(at(-20), &[]).build(),
            pod("web-1-f").phase("Failed").reason("Evicted").build(),
        ],
    );
    assert_eq!(
        pods(&item),
        NewestPods {
            created: 4,
            scheduled: 3,
            started: 2,
            ready: 1,
            was_ready: true,
            last_ready: Some(at(-900)),
            ..NewestPods::default()
        }
    );
}

#[test]
fn pods_that_crash_are_counted_with_their_fewest_restarts() {
    let crash = |name: &str, restarts: i64| {
        of_set(&set(), name)
            .waiting(
                "CrashLoopBackOff",
                "back-off 5m0s restarting failed container=app",
            )
            .last_terminated("Error", 1, at(-40))
            .restarts(restarts)
    };
    let facts = |objects: Vec<Pod>| {
        let mut all = vec![web().build(), set().build()];
        all.extend(objects.iter().map(Pod::build));
        let pods = pods(&judge(Kind::Deployment, all));
        (
            pods.created,
            pods.crashing,
            pods.least_restarts,
            pods.was_ready,
            pods.crashing_since,
        )
    };
    assert_eq!(
        facts(vec![crash("web-1-a", 7), crash("web-1-b", 2)]),
        (2, 2, Some(2), false, Some(at(-HOUR)))
    );
    // Ready for an hour, until a moment ago.
    let long = crash("web-1-a", 1).ready(false, at(-60)).set(
        "/status/containerStatuses/0/lastState/terminated/startedAt",
        Value::from(at(-HOUR)),
    );
    assert!(facts(vec![long]).3);
    // Ready for a second each time, since there is no readiness probe.
    let short = crash("web-1-a", 3).ready(false, at(-60)).set(
        "/status/containerStatuses/0/lastState/terminated/startedAt",
        Value::from(at(-41)),
    );
    assert!(!facts(vec![short]).3);
}

#[test]
fn the_facts_of_a_deployment_are_there_while_it_is_not_settled() {
    let item = |deployment: Deployment| judge(Kind::Deployment, vec![deployment.build()]);
    let settled = item(web().counts(3, 3, 3, 3).managed_fields(at(-40)));
    assert_eq!((settled.spec_written, settled.rollout), (None, None));
    assert!(settled.uid.is_some_and(|uid| uid.len() == 36));
    assert_eq!(settled.generation, Some(1));

    let short = item(web().generation(4).observed(4).managed_fields(at(-40)));
    assert_eq!(
        (short.generation, short.spec_written.clone()),
        (Some(4), Some(at(-40)))
    );
    assert_eq!(
        progress(&short),
        RolloutProgress {
            revision: Some("1".into()),
            existing: Some(3),
            deadline_seconds: Some(600),
            ..RolloutProgress::default()
        },
        "its pods were not seen"
    );

    let late =
        web()
            .progress_deadline(90)
            .condition("Progressing", "False", "ProgressDeadlineExceeded", at(-30));
    let facts = progress(&item(late));
    assert_eq!(
        (facts.deadline_seconds, facts.deadline_exceeded),
        (Some(90), Some(at(-30)))
    );
    assert_eq!(
        progress(&item(web().progress_deadline(2_147_483_647))).deadline_seconds,
        None
    );

    let paused = item(web().counts(3, 1, 3, 3).paused());
    assert!(progress(&paused).paused);
    let gone = item(web().replicas(0).counts(2, 2, 0, 0).terminating_replicas(1));
    let facts = progress(&gone);
    assert_eq!((facts.existing, facts.terminating), (Some(2), Some(1)));
}

#[test]
fn a_stateful_set_and_a_daemon_set_know_their_newest_revision_by_a_hash() {
    let owned = |kind: &str, name: &str, hash: &str, created: i64| {
        Pod::new("shop", name)
            .owner("apps/v1", kind, "db", &format!("uid-{kind}"))
            .label("controller-revision-hash", hash)
            .created(at(created))
    };
    let object = |kind: &str, spec: Value, status: Value| {
        json!({
            "apiVersion": "apps/v1", "kind": kind,
            "metadata": {"name": "db", "namespace": "shop", "uid": format!("uid-{kind}"), "generation": 2,
                         "creationTimestamp": at(-90_000)},
            "spec": spec, "status": status,
        })
    };
    let set = |partition: i64| {
        object(
            "StatefulSet",
            json!({"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": partition}}}),
            json!({"observedGeneration": 2, "replicas": 3, "readyReplicas": 2, "availableReplicas": 2,
                   "updatedReplicas": 1, "currentRevision": "db-1", "updateRevision": "db-2"}),
        )
    };
    let image = "ErrImagePull: db:v9: not found";
    let item = judge(
        Kind::StatefulSet,
        vec![
            set(0),
            owned("StatefulSet", "db-2", "db-2", -900)
                .waiting("ImagePullBackOff", image)
                .build(),
            owned("StatefulSet", "db-1", "db-1", -9000)
                .ready(true, at(-9000))
                .build(),
            owned("StatefulSet", "db-0", "db-1", -9000)
                .ready(true, at(-9000))
                .build(),
        ],
    );
    assert_eq!(counts(&item), ["ImagePull 1x, newest Some(1)"]);
    let facts = progress(&item);
    assert_eq!((facts.revision.as_deref(), facts.wanted), (Some("db-2"), None));
    assert_eq!(facts.pods.map(|pods| (pods.created, pods.ready)), Some((1, 0)));
    assert_eq!(progress(&judge(Kind::StatefulSet, vec![set(2)])).wanted, Some(1));

    let item = judge(
        Kind::DaemonSet,
        vec![
            object(
                "DaemonSet",
                json!({}),
                json!({"observedGeneration": 2, "desiredNumberScheduled": 2, "currentNumberScheduled": 2,
                       "numberReady": 1, "numberAvailable": 1, "updatedNumberScheduled": 1}),
            ),
            owned("DaemonSet", "db-a", "new", -900)
                .waiting("ImagePullBackOff", image)
                .build(),
            owned("DaemonSet", "db-b", "old", -9000)
                .ready(true, at(-9000))
                .build(),
        ],
    );
    assert_eq!(counts(&item), ["ImagePull 1x, newest Some(1)"]);
    assert_eq!(pods(&item).created, 1);
}

#[test]
fn a_count_that_json_leaves_out_is_zero_as_in_protobuf() {
    // In Go the field is `omitempty` in JSON, and always written in protobuf.
    for kind in [Kind::Deployment, Kind::StatefulSet, Kind::ReplicaSet] {
        let existing = |status: Value| {
            let object = json!({
                "apiVersion": "apps/v1", "kind": kind.kind(),
                "metadata": {"name": "web", "namespace": "shop", "generation": 1, "creationTimestamp": at(-HOUR)},
                "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}},
                "status": status,
            });
            progress(&judge(kind, vec![object])).existing
        };
        let of = [
            json!({}),
            json!({"replicas": 0}),
            json!({"replicas": 2}),
            Value::Null,
        ];
        assert_eq!(of.map(existing), [Some(0), Some(0), Some(2), None], "{kind:?}");
    }
}
