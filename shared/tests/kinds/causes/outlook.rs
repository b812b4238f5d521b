//! Whether a cause passes by itself: by its code, unless the cause knows better.

use super::{a, event, judge, with};
use sre_shared::kind::Kind;
use sre_shared::report::PassesByItself::{self, Maybe, No};
use sre_testkit::at;
use sre_testkit::object::Pod;

fn passes(pod: Pod) -> PassesByItself {
    let item = judge(Kind::Deployment, with(pod, []));
    item.causes.first().expect("a cause").passes.expect("a word")
}

#[test]
fn a_container_that_waits_passes_by_itself_unless_its_template_or_its_image_is_at_fault() {
    let pull = |why: &str| format!("Back-off pulling image \"r.example/web:v9\": ErrImagePull: {why}");
    let not_found = "rpc error: code = NotFound desc = failed to resolve reference \"r.example/web:v9\": \
                     r.example/web:v9: not found";
    let refused =
        "failed to resolve image: pull access denied, repository does not exist or may require authorization";
    let silent = "dial tcp: lookup r.example: no such host";
    let no_command = "failed to create containerd task: OCI runtime create failed: runc create failed: unable to start \
                      container process: exec: \"/nope\": stat /nope: no such file or directory: unknown";
    let mount = "error mounting \"/var/lib/x\" to rootfs at \"/y\": no such file or directory";
    for (reason, message, expected) in [
        ("ImagePullBackOff", pull(not_found), No),
        ("ImagePullBackOff", pull("manifest unknown: manifest unknown"), No),
        ("ImagePullBackOff", pull(refused), Maybe),
        ("ImagePullBackOff", pull(silent), Maybe),
        (
            "ImagePullBackOff",
            pull("503 Service Unavailable: not found"),
            Maybe,
        ),
        (
            "ImagePullBackOff",
            "Back-off pulling image \"web:v9\"".into(),
            Maybe,
        ),
        (
            "InvalidImageName",
            "couldn't parse image name \"UPPER:1\"".into(),
            No,
        ),
        (
            "ErrImageNeverPull",
            "Container image \"web\" is not present".into(),
            No,
        ),
        (
            "CreateContainerConfigError",
            "secret \"db\" not found".into(),
            Maybe,
        ),
        (
            "CreateContainerConfigError",
            "container has runAsNonRoot and image will run as root".into(),
            No,
        ),
        ("RunContainerError", no_command.into(), No),
        ("CreateContainerError", mount.into(), Maybe),
        ("CreateContainerError", "context deadline exceeded".into(), Maybe),
        ("CrashLoopBackOff", String::new(), Maybe),
    ] {
        assert_eq!(
            passes(a().waiting(reason, &message)),
            expected,
            "{reason}: {message}"
        );
    }
}

#[test]
fn an_image_that_is_not_found_may_come_if_a_pull_secret_is_missing() {
    let pod = a().waiting(
        "ImagePullBackOff",
        "Back-off pulling image \"web:v9\": ErrImagePull: web:v9: not found",
    );
    let missing = event(
        &pod.build(),
        "FailedToRetrieveImagePullSecret",
        "Unable to retrieve some image pull secrets (pull); attempting to pull the image may not succeed.",
        -30,
    );
    let item = judge(Kind::Deployment, with(pod, [missing]));
    assert_eq!(item.causes[0].passes, Some(Maybe));
}

#[test]
fn a_pod_without_a_node_says_when_one_was_ordered_for_it() {
    let stuck = a().unschedulable("0/3 nodes are available: 3 Insufficient cpu.", at(-600));
    for (reason, expected) in [
        ("TriggeredScaleUp", Some(at(-90))),
        ("Nominated", Some(at(-90))),
        ("NotTriggerScaleUp", None),
    ] {
        let ordered = event(&stuck.build(), reason, "pod triggered scale-up", -90);
        let item = judge(Kind::Deployment, with(stuck.clone(), [ordered]));
        assert_eq!(item.causes[0].node_ordered, expected, "{reason}");
    }
}
