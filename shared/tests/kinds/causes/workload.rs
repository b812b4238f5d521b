//! The causes of a workload: grouped, counted and ordered, and which of its pods count.

use super::{a, event, judge, lines, pod, set, stateful, web, young};
use sre_shared::kind::Kind;
use sre_shared::report::State;
use sre_testkit::at;
use sre_testkit::object::{Pod, ReplicaSet};

#[test]
fn causes_are_grouped_and_counted_and_the_hardest_comes_first() {
    let pull = "Back-off pulling image \"x\": ErrImagePull: x: not found";
    let pods = [
        pod("web-1-a").waiting("ContainerCreating", ""),
        pod("web-1-b")
            .ready(false, at(-500))
            .set("/status/containerStatuses/0/ready", false),
        pod("web-1-c").unschedulable("0/3 nodes are available", at(-500)),
        pod("web-1-d").waiting("ImagePullBackOff", pull),
        pod("web-1-e")
            .waiting("ErrImagePull", "x: not found")
            .created(at(-600)),
        pod("web-1-f")
            .waiting("CrashLoopBackOff", "")
            .last_terminated("Error", 1, at(-9))
            .restarts(3),
        pod("web-1-g").waiting("ContainerCreating", "").created(at(-700)),
        pod("web-1-h"),
    ];
    let probed = pods[1].build();
    let mounted = pods[6].build();
    let mut objects = vec![web().build(), set().build()];
    objects.extend(pods.iter().map(Pod::build));
    objects.push(event(&probed, "Unhealthy", "Readiness probe failed: refused", -9));
    objects.push(event(&mounted, "FailedMount", "no such volume", -9));
    let item = judge(Kind::Deployment, objects);
    assert_eq!(
        lines(&item),
        [
            "CrashLoop 1x container app exited 1 (3 restarts)",
            "ImagePull 2x container app: x: not found",
            "Unschedulable 1x 0/3 nodes are available",
            "VolumeMount 1x no such volume",
            "ReadinessProbe 1x container app: refused",
            "Waiting 1x container app: ContainerCreating",
        ]
    );
    assert_eq!(
        item.causes[1].example,
        Some("Pod/web-1-e".into()),
        "the newest is the example"
    );
}

#[test]
fn pods_of_the_old_and_the_new_revision_count_and_those_of_others_do_not() {
    let new = ReplicaSet::new("shop", "web-2").owned_by(&web()).revision(2);
    let other = ReplicaSet::new("shop", "web-3").label("app", "web");
    let bad = |pod: Pod| pod.waiting("ImagePullBackOff", "x: not found");
    let objects = vec![
        web().build(),
        set().build(),
        new.build(),
        other.build(),
        bad(pod("web-1-a")).build(),
        bad(Pod::new("shop", "web-2-a").owned_by(&new)).build(),
        bad(Pod::new("shop", "web-3-a").owned_by(&other)).build(),
        bad(Pod::new("shop", "web").label("app", "web")).build(),
    ];
    assert_eq!(
        lines(&judge(Kind::Deployment, objects)),
        ["ImagePull 2x container app: x: not found"]
    );
}

#[test]
fn a_stalled_rollout_has_the_reason_behind_it_first() {
    let stalled = web()
        .replicas(1)
        .counts(2, 1, 1, 1)
        .condition("Progressing", "False", "ProgressDeadlineExceeded", at(-300))
        .condition_message("Progressing", "ReplicaSet \"web-1\" has timed out progressing.");
    let item = judge(
        Kind::Deployment,
        vec![
            stalled.build(),
            set().build(),
            a().waiting("ImagePullBackOff", "x: not found").build(),
        ],
    );
    assert_eq!(
        (item.state, item.reason.as_str()),
        (State::Degraded, "RolloutStalled")
    );
    assert_eq!(
        lines(&item),
        [
            "ImagePull 1x container app: x: not found",
            "ProgressDeadlineExceeded 1x ReplicaSet \"web-1\" has timed out progressing.",
        ]
    );
}

#[test]
fn the_pods_of_a_stateful_set_are_its_own() {
    let pod = Pod::new("shop", "db-0")
        .owner("apps/v1", "StatefulSet", "db", "sts")
        .waiting("CrashLoopBackOff", "")
        .last_terminated("Error", 8, at(-9))
        .restarts(4);
    let item = judge(Kind::StatefulSet, vec![stateful(0, 1), pod.build()]);
    assert_eq!(lines(&item), ["CrashLoop 1x container app exited 8 (4 restarts)"]);
}

#[test]
fn only_a_hard_cause_changes_a_verdict() {
    let soft = young(|p| p.waiting("ContainerCreating", ""), Vec::new());
    assert_eq!((soft.state, lines(&soft)), (State::Progressing, Vec::new()));

    let about = pod("web-1-3").build();
    let mount = event(&about, "FailedMount", "no such volume", -5);
    let explained = young(|p| p.waiting("ContainerCreating", ""), vec![mount]);
    assert_eq!(
        (explained.state, lines(&explained)),
        (
            State::Progressing,
            vec!["VolumeMount 1x no such volume".to_owned()]
        )
    );

    let hard = young(
        |p| p.waiting("CreateContainerConfigError", "secret \"x\" not found"),
        Vec::new(),
    );
    assert_eq!(
        (hard.state, lines(&hard)),
        (
            State::Degraded,
            vec!["ContainerConfig 7x container app: secret \"x\" not found".to_owned()]
        )
    );
}

#[test]
fn a_note_says_that_pods_were_not_seen_if_they_could_change_the_verdict() {
    let fresh = web().condition("Available", "False", "MinimumReplicasUnavailable", at(-20));
    let item = judge(Kind::Deployment, vec![fresh.build()]);
    assert_eq!(
        (item.state, item.notes.texts()),
        (State::Progressing, vec!["podsNotSeen"])
    );
    let objects = vec![
        fresh.build(),
        set().build(),
        a().waiting("InvalidImageName", "").build(),
    ];
    let item = judge(Kind::Deployment, objects);
    assert_eq!((item.state, item.notes.texts()), (State::Unavailable, vec![]));
}

#[test]
fn a_paused_rollout_is_the_cause_if_nothing_else_is() {
    let paused = web().set("/spec/paused", true);
    let found = |objects| {
        let item = judge(Kind::Deployment, objects);
        let hint = item.causes.first().and_then(|cause| cause.hint.clone());
        (lines(&item), hint.unwrap_or_default())
    };
    assert_eq!(
        found(vec![
            paused.counts(0, 0, 0, 0).build(),
            set().counts(0, 0, 0).build()
        ]),
        (
            vec!["RolloutPaused 1x no pod of a new revision is made until its rollout is resumed".to_owned()],
            "kubectl -n shop rollout resume deployment/web".to_owned()
        )
    );
    let crash = a()
        .waiting("CrashLoopBackOff", "")
        .last_terminated("Error", 1, at(-9))
        .restarts(3);
    let (causes, _) = found(vec![
        web().set("/spec/paused", true).build(),
        set().build(),
        crash.build(),
    ]);
    assert_eq!(causes, ["CrashLoop 1x container app exited 1 (3 restarts)"]);
}
