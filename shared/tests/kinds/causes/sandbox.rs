//! Pods that their node cannot set up: volumes and the sandbox.

use super::{CauseRow, HOUR, a, event, judge, lines, row, set, web, with};
use serde_json::Value;
use sre_shared::kind::Kind;
use sre_shared::report::State;
use sre_testkit::at;
use sre_testkit::object::Pod;

const VOLUMES: &str = "kubectl -n shop get pod web-1-a -o 'jsonpath={.spec.nodeName} {.spec.volumes}'";

pub fn rows() -> Vec<CauseRow> {
    let creating = || a().waiting("ContainerCreating", "");
    let of = |reason: &str, message: &str| with(creating(), [event(&a().build(), reason, message, -20)]);
    vec![
        row(
            "a mount error that quotes the command",
            of(
                "FailedMount",
                "MountVolume.SetUp failed for volume \"d\" : mount failed: exit status 32\nMounting command: \
                 mount\nMounting arguments: -t nfs 10.0.0.1:/x \
                 /var/lib/kubelet/pods/5052dc23-5ab2-4472-95f1-bb7decd46d71/volumes/kubernetes.io~nfs/d\nOutput: \
                 mount: unknown filesystem type 'nfs'.",
            ),
            "VolumeMount",
            "MountVolume.SetUp failed for volume \"d\" : mount failed: exit status 32 mount: unknown filesystem type \
             'nfs'.",
            -HOUR,
            VOLUMES,
            None,
        ),
        row(
            "a volume of a missing Secret",
            of(
                "FailedMount",
                "MountVolume.SetUp failed for volume \"tls\" : secret \"web-tls\" not found",
            ),
            "VolumeMount",
            "MountVolume.SetUp failed for volume \"tls\" : secret \"web-tls\" not found",
            -HOUR,
            "kubectl get secrets -A --field-selector metadata.name=web-tls",
            Some("Secret/shop/web-tls"),
        ),
        row(
            "a volume that does not attach",
            of(
                "FailedAttachVolume",
                "Multi-Attach error for volume \"pvc-1\": it is used by pod(s) web-0",
            ),
            "VolumeMount",
            "Multi-Attach error for volume \"pvc-1\": it is used by pod(s) web-0",
            -HOUR,
            "kubectl get volumeattachments",
            None,
        ),
        row(
            "a summary that stands for many events, after the event that says why",
            with(
                creating(),
                [
                    event(
                        &a().build(),
                        "FailedMount",
                        "MountVolume.SetUp failed for volume \"r\" : configmap \"service-render\" not found",
                        -90,
                    ),
                    event(
                        &a().build(),
                        "FailedMount",
                        "(combined from similar events): Unable to attach or mount volumes: unmounted volumes=[r]",
                        -20,
                    ),
                ],
            ),
            "VolumeMount",
            "MountVolume.SetUp failed for volume \"r\" : configmap \"service-render\" not found",
            -HOUR,
            "kubectl get configmaps -A --field-selector metadata.name=service-render",
            Some("ConfigMap/shop/service-render"),
        ),
        row(
            "a directory that is not on the node",
            of(
                "FailedMount",
                "MountVolume.SetUp failed for volume \"h\" : hostPath type check failed: /srv/x is not a directory",
            ),
            "VolumeMount",
            "MountVolume.SetUp failed for volume \"h\" : hostPath type check failed: /srv/x is not a directory",
            -HOUR,
            VOLUMES,
            None,
        ),
        row(
            "a sandbox",
            of(
                "FailedCreatePodSandBox",
                "Failed to create pod sandbox: rpc error: code = Unknown desc = no network plugin",
            ),
            "Sandbox",
            "no network plugin",
            -HOUR,
            "kubectl get pods -A -o wide --field-selector spec.nodeName=node-1",
            None,
        ),
    ]
}

/// A Deployment whose rollout is under way, with a pod of this age that waits for an object.
fn rolling(pod: Pod, age: i64, events: &[(&str, &str, i64)]) -> Vec<Value> {
    let pod = pod.created(at(-age)).ready(false, at(-age));
    let mut objects = vec![
        web()
            .replicas(1)
            .counts(1, 1, 0, 0)
            .condition("Available", "False", "MinimumReplicasUnavailable", at(-age))
            .condition("Progressing", "True", "ReplicaSetUpdated", at(-age.min(500)))
            .build(),
        set().replicas(1).created(at(-age)).build(),
        pod.build(),
    ];
    for (reason, message, seconds) in events {
        objects.push(event(&pod.build(), reason, message, *seconds));
    }
    objects
}

#[test]
fn a_missing_object_has_one_verdict_in_every_place_that_names_it() {
    let creating = || a().waiting("ContainerCreating", "");
    let mount = |why: &str| format!("MountVolume.SetUp failed for volume \"v\" : {why}");
    let (none, claim) = (String::new(), "persistentvolumeclaim \"data\" not found");
    let denied = "Back-off pulling image: ErrImagePull: pull access denied";
    for (place, pod, mounting) in [
        (
            "the environment",
            a().waiting("CreateContainerConfigError", "configmap \"c\" not found"),
            none.clone(),
        ),
        (
            "a volume of a ConfigMap",
            creating(),
            mount("configmap \"c\" not found"),
        ),
        (
            "a volume of a Secret",
            creating(),
            mount("secret \"s\" not found"),
        ),
        (
            "a projected volume",
            creating(),
            mount("[configmap \"c\" not found, secret \"s\" not found]"),
        ),
        (
            "a key of a volume",
            creating(),
            mount("configmap references non-existent config key: app.yaml"),
        ),
        (
            "a directory of the node",
            creating(),
            mount("hostPath type check failed: /srv/x is not a directory"),
        ),
        ("a claim", a().unschedulable(claim, at(-20)), none.clone()),
        ("a pull secret", a().waiting("ImagePullBackOff", denied), none),
    ] {
        for age in [20, 90, 500] {
            let events: Vec<_> = [("FailedMount", mounting.as_str(), -10)]
                .into_iter()
                .filter(|(_, message, _)| !message.is_empty())
                .collect();
            let item = judge(Kind::Deployment, rolling(pod.clone(), age, &events));
            assert_eq!(
                (item.state, item.healthy, item.reason.as_str()),
                (State::Unavailable, Some(false), "ReadyBelowDesired"),
                "{place} after {age} s: {}",
                item.message
            );
        }
    }
}

#[test]
fn an_error_about_a_volume_that_may_be_over_ends_no_rollout() {
    let missing = "MountVolume.SetUp failed for volume \"v\" : configmap \"c\" not found";
    let creating = || a().waiting("ContainerCreating", "");
    let found = |pod: Pod, message: &str, seconds| {
        let item = judge(
            Kind::Deployment,
            rolling(pod, 1_000, &[("FailedMount", message, seconds)]),
        );
        (item.state, item.reason.to_string(), lines(&item))
    };
    let rolls = |causes: &[&str]| {
        let causes: Vec<String> = causes.iter().map(|c| (*c).to_owned()).collect();
        (State::Progressing, "RolloutInProgress".to_owned(), causes)
    };
    // The kubelet reads the object again within ten minutes and says that it is missing.
    assert_eq!(
        found(creating(), missing, -600),
        rolls(&[&format!("VolumeMount 1x {missing}")])
    );
    // The kubelet has not got the object yet.
    let cache = "MountVolume.SetUp failed for volume \"v\" : failed to sync configmap cache: timed out waiting for the \
                 condition";
    assert_eq!(
        found(creating(), cache, -20),
        rolls(&[&format!("VolumeMount 1x {cache}")])
    );
    // The sandbox is there, so the volumes are mounted. The image is being pulled.
    let mounted = creating().condition("PodReadyToStartContainers", "True", "", at(-5));
    assert_eq!(
        found(mounted, missing, -20),
        rolls(&["Waiting 1x container app: ContainerCreating"])
    );
}
