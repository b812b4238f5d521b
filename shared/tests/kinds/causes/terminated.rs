//! Pods that have ended: those that their node refused, and those that are no cause.

use super::{HOUR, a, crashed, judge, lines, pod, set, web};
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_shared::report::State;
use sre_testkit::at;
use sre_testkit::object::Pod;

#[test]
fn pods_that_their_node_refuses_are_a_cause_though_they_are_replaced() {
    let refused = |name: &str, created: i64| {
        pod(name)
            .created(at(created))
            .phase("Failed")
            .reason("OutOfcpu")
            .ready(false, at(created))
            .set(
                "/status/message",
                "Pod was rejected: Node didn't have enough resource: cpu",
            )
            .build()
    };
    let all = |pods: [Value; 3]| [vec![web().build(), set().build()], pods.into()].concat();
    let lately = [
        refused("web-1-a", -5),
        refused("web-1-b", -899),
        refused("web-1-c", -900),
    ];
    let why = "OutOfcpu: Pod was rejected: Node didn't have enough resource: cpu";
    assert_eq!(
        lines(&judge(Kind::Deployment, all(lately.clone()))),
        [format!("PodFailed 2x {why}")]
    );
    // If another pod crashes, the replaced pods are no cause.
    let crashing = all([lately[0].clone(), lately[1].clone(), crashed("Error", 3).build()]);
    assert_eq!(
        lines(&judge(Kind::Deployment, crashing)),
        ["CrashLoop 1x container app exited 3 (7 restarts)"]
    );
}

#[test]
fn pods_that_are_over_or_normal_are_no_cause() {
    let sidecar = a()
        .set(
            "/spec/initContainers",
            json!([{"name": "proxy", "restartPolicy": "Always"}]),
        )
        .set(
            "/status/initContainerStatuses",
            json!([{"name": "proxy", "ready": true, "started": true, "state": {"running": {"startedAt": at(-HOUR)}}}]),
        );
    let fine = [
        pod("web-1-b")
            .phase("Failed")
            .reason("Evicted")
            .ready(false, at(-500)),
        pod("web-1-c").phase("Succeeded").ready(false, at(-500)),
        pod("web-1-d").ready(false, at(-10)).deleting(at(-10), &[]),
        // It crashed an hour ago and works since.
        pod("web-1-e").last_terminated("Error", 1, at(-HOUR)).restarts(1),
        sidecar,
    ];
    let mut objects = vec![web().build(), set().build()];
    objects.extend(fine.iter().map(Pod::build));
    let item = judge(Kind::Deployment, objects);
    assert_eq!((item.state, lines(&item)), (State::Unavailable, vec![]));
}
