//! Containers that crash: exit codes, signals, memory, probes and hooks.

use super::{
    CauseRow, LOGS, a, app_field, crashed, ended, event, judge, lines, pod, row, set, web, with, young,
};
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_shared::report::State;
use sre_testkit::at;
use sre_testkit::object::Pod;

const TOP: &str = "kubectl -n shop top pod web-1-a --containers";

fn limit(memory: &str) -> Value {
    json!({"limits": {"memory": memory, "cpu": 1}})
}

pub fn rows() -> Vec<CauseRow> {
    let quiet = || {
        a().ready(false, at(-500))
            .set("/status/containerStatuses/0/ready", false)
    };
    let liveness = |code| {
        let pod = crashed("Error", code);
        let said = "Liveness probe failed: HTTP probe failed with statuscode: 503\n";
        let event = event(&pod.build(), "Unhealthy", said, -45);
        with(pod, [event])
    };
    let startup = "Startup probe errored and resulted in unknown state: no such file";
    vec![
        row(
            "an exit code",
            with(crashed("Error", 3), []),
            "CrashLoop",
            "container app exited 3 (7 restarts)",
            -40,
            LOGS,
            None,
        ),
        row(
            "a container that waits for its next start with the state of its last run: the kubelet keeps no log before it",
            with(crashed("Error", 3).terminated("Error", 4, at(-15)), []),
            "CrashLoop",
            "container app exited 4 (7 restarts)",
            -15,
            "kubectl -n shop logs web-1-a -c app",
            None,
        ),
        row(
            "an exit code of 0 of a container that should not end",
            with(crashed("Completed", 0).restarts(1), []),
            "CrashLoop",
            "container app exited 0 (1 restart)",
            -40,
            LOGS,
            None,
        ),
        row(
            "the last line of a termination message",
            with(
                crashed("Error", 2).set(
                    "/status/containerStatuses/0/lastState/terminated/message",
                    "goroutine 1\npanic: DATABASE_URL is not set\n\n",
                ),
                [],
            ),
            "CrashLoop",
            "container app exited 2 (7 restarts): panic: DATABASE_URL is not set",
            -40,
            LOGS,
            None,
        ),
        row(
            "a signal by the shell's convention",
            with(crashed("Error", 139), []),
            "CrashLoop",
            "container app was killed by signal 11 (7 restarts)",
            -40,
            LOGS,
            None,
        ),
        row(
            "a signal that the runtime reports",
            with(
                crashed("Error", 0).set("/status/containerStatuses/0/lastState/terminated/signal", 9),
                [],
            ),
            "CrashLoop",
            "container app was killed by signal 9 (7 restarts)",
            -40,
            LOGS,
            None,
        ),
        row(
            "out of memory",
            with(crashed("OOMKilled", 137), []),
            "OutOfMemory",
            "container app ran out of memory: it has no limit of its own, so its node had none left (7 restarts)",
            -40,
            TOP,
            None,
        ),
        row(
            "out of memory at the limit of the container",
            with(
                crashed("OOMKilled", 137).set("/spec/containers/0/resources", limit("128Mi")),
                [],
            ),
            "OutOfMemory",
            "container app ran out of memory, its limit is 128Mi (7 restarts)",
            -40,
            TOP,
            None,
        ),
        row(
            "out of memory at the limit of the pod",
            with(
                crashed("OOMKilled", 137)
                    .set("/spec/containers/0/resources", limit("0"))
                    .set("/spec/resources", limit("1Gi")),
                [],
            ),
            "OutOfMemory",
            "container app ran out of memory, the limit of its pod is 1Gi (7 restarts)",
            -40,
            TOP,
            None,
        ),
        row(
            "a crash between two waits",
            with(quiet().last_terminated("Error", 1, at(-60)).restarts(2), []),
            "CrashLoop",
            "container app exited 1 (2 restarts)",
            -60,
            LOGS,
            None,
        ),
        row(
            "a liveness probe that ends the container again and again",
            liveness(137),
            "LivenessProbe",
            "container app: HTTP probe failed with statuscode: 503 (7 restarts)",
            -40,
            app_field!("livenessProbe"),
            None,
        ),
        row(
            "a liveness probe that failed before the container failed by itself",
            liveness(1),
            "CrashLoop",
            "container app exited 1 (7 restarts)",
            -40,
            LOGS,
            None,
        ),
        row(
            "a startup probe",
            with(
                crashed("Error", 143),
                [event(&a().build(), "Unhealthy", startup, -50)],
            ),
            "StartupProbe",
            "container app: no such file (7 restarts)",
            -40,
            app_field!("startupProbe"),
            None,
        ),
        row(
            "a hook that fails",
            with(
                crashed("Error", 137),
                [event(
                    &a().build(),
                    "FailedPostStartHook",
                    "PostStartHook failed",
                    -50,
                )],
            ),
            "ContainerHook",
            "container app: PostStartHook failed (7 restarts)",
            -40,
            app_field!("lifecycle"),
            None,
        ),
        row(
            "an init container",
            with(
                a().init_waiting("migrate", "CrashLoopBackOff", "back-off", 4)
                    .set("/status/initContainerStatuses/0/lastState", ended(5, -30)),
                [],
            ),
            "CrashLoop",
            "init container migrate exited 5 (4 restarts)",
            -30,
            "kubectl -n shop logs web-1-a -c migrate --previous",
            None,
        ),
        row(
            "a sidecar",
            with(
                a().init_waiting("proxy", "CrashLoopBackOff", "back-off", 4)
                    .set("/spec/initContainers/0/restartPolicy", "Always")
                    .set("/status/initContainerStatuses/0/lastState", ended(6, -30)),
                [],
            ),
            "CrashLoop",
            "sidecar proxy exited 6 (4 restarts)",
            -30,
            "kubectl -n shop logs web-1-a -c proxy --previous",
            None,
        ),
    ]
}

/// A pod that is not ready, with two containers in these states.
fn pair(pod: Pod, first: Value, second: Value) -> Pod {
    let mut containers = [first, second];
    for (container, name) in containers.iter_mut().zip(["app", "proxy"]) {
        container["name"] = name.into();
        container["image"] = format!("r.example/{name}:1").into();
    }
    pod.ready(false, at(-500))
        .set("/status/containerStatuses", json!(containers))
}

#[test]
fn each_failing_container_is_one_cause_a_pod() {
    let crashes = |code: i64| {
        json!({"ready": false, "restartCount": 7, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": code, "reason": "Error", "finishedAt": at(-40)}}})
    };
    let pull = || {
        json!({"ready": false, "restartCount": 0, "state": {"waiting": {"reason": "ImagePullBackOff", "message":
            "Back-off pulling image: ErrImagePull: dial tcp: lookup r.example: no such host"}}})
    };
    let two = [pod("web-1-a"), pod("web-1-b")].map(|pod| pair(pod, crashes(2), crashes(7)).build());
    let [one, other] = two;
    let item = judge(Kind::Deployment, vec![web().build(), set().build(), one, other]);
    assert_eq!(
        lines(&item),
        [
            "CrashLoop 2x container app exited 2 (7 restarts)",
            "CrashLoop 2x container proxy exited 7 (7 restarts)",
        ]
    );
    // Both images come from one registry, so there is one cause.
    let item = judge(Kind::Deployment, with(pair(a(), pull(), pull()), []));
    assert_eq!(
        lines(&item),
        ["ImagePull 1x container app: dial tcp: lookup r.example: no such host"]
    );
}

#[test]
fn a_pod_does_not_wait_for_a_ready_container() {
    let runs = |ready: bool| json!({"ready": ready, "started": ready, "restartCount": 0, "state": {"running": {"startedAt": at(-30)}}});
    let once = json!({"ready": true, "restartCount": 1, "state": {"running": {"startedAt": at(-590)}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": at(-600)}}});
    let pod_a = pair(a(), once, runs(false));
    let mut unhealthy = event(&pod_a.build(), "Unhealthy", "Readiness probe failed: refused", -9);
    unhealthy["involvedObject"]["fieldPath"] = "spec.containers{proxy}".into();
    let item = judge(Kind::Deployment, with(pod_a, [unhealthy]));
    assert_eq!(lines(&item), ["ReadinessProbe 1x container proxy: refused"]);

    // An init container that succeeded at its second try does not end the grace of the pod.
    let tried = json!([{"name": "wait", "ready": true, "restartCount": 1,
        "state": {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": at(-12)}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": at(-14)}}}]);
    let item = young(
        |p| {
            p.set("/status/containerStatuses/0/ready", false)
                .set("/status/initContainerStatuses", tried.clone())
        },
        Vec::new(),
    );
    assert_eq!((item.state, lines(&item)), (State::Progressing, Vec::new()));
}

#[test]
fn a_container_that_is_not_started_again_has_failed() {
    let alone = |policy: &str| {
        Pod::new("shop", "migrate")
            .terminated("Error", 2, at(-500))
            .ready(false, at(-500))
            .set("/spec/restartPolicy", policy)
    };
    let found = |pod: Pod| {
        let item = judge(Kind::Pod, vec![pod.build()]);
        let hint = item.causes.first().and_then(|cause| cause.hint.clone());
        (lines(&item), hint.unwrap_or_default())
    };
    let logs = "kubectl -n shop logs migrate -c app";
    let failed = vec!["ContainerFailed 1x container app exited 2".to_owned()];
    assert_eq!(
        found(alone("Never").phase("Failed")),
        (failed.clone(), logs.to_owned())
    );
    // Another container still runs.
    assert_eq!(found(alone("Never")), (failed, logs.to_owned()));
    let restarted = alone("OnFailure").restarts(4).phase("Failed");
    assert_eq!(
        lines(&judge(Kind::Pod, vec![restarted.build()])),
        ["ContainerFailed 1x container app exited 2 (4 restarts)"]
    );
    // The kubelet is about to start it again.
    assert_eq!(found(alone("Always")).0, ["CrashLoop 1x container app exited 2"]);
    let own = alone("Always").set("/spec/containers/0/restartPolicy", "Never");
    assert_eq!(found(own).0, ["ContainerFailed 1x container app exited 2"]);
    // A pod that is over uses no memory.
    let killed = alone("Never")
        .terminated("OOMKilled", 137, at(-500))
        .phase("Failed");
    assert_eq!(
        found(killed.set("/spec/containers/0/resources", limit("64Mi"))),
        (
            vec!["OutOfMemory 1x container app ran out of memory, its limit is 64Mi".to_owned()],
            logs.to_owned()
        )
    );
}
