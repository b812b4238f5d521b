//! Containers that wait: images, configuration, commands and hooks.

use super::{CauseRow, DESCRIBE, HOUR, a, app_field, crashed, event, judge, row, with};
use sre_shared::kind::Kind;
use sre_testkit::at;

const IMAGES: &str = "kubectl -n shop get pod web-1-a -o 'custom-columns=IMAGES:.spec.containers[*].image,\
                      PULLSECRETS:.spec.imagePullSecrets[*].name,NODE:.spec.nodeName'";

const COMMANDS: &str = "kubectl -n shop get pod web-1-a -o 'custom-columns=IMAGE:.spec.containers[*].image,\
                        COMMAND:.spec.containers[*].command,ARGS:.spec.containers[*].args'";

pub fn rows() -> Vec<CauseRow> {
    let on_pull = |message: &str| with(a().waiting("ImagePullBackOff", message), []);
    vec![
        row(
            "an image that the registry does not have",
            on_pull(
                "Back-off pulling image \"r.example/web:v9\": ErrImagePull: rpc error: code = NotFound desc = failed \
                 to pull and unpack image \"r.example/web:v9\": failed to resolve reference \"r.example/web:v9\": \
                 r.example/web:v9: not found",
            ),
            "ImagePull",
            "container app: r.example/web:v9: not found",
            -HOUR,
            IMAGES,
            Some("Image/registry.example.test/app:1.0"),
        ),
        row(
            "a registry that does not answer",
            on_pull(
                "Back-off pulling image \"x\": ErrImagePull: failed to resolve image: failed to do request: Head \
                 \"https://r/v2/\": dial tcp 10.0.0.9:443: connect: connection refused",
            ),
            "ImagePull",
            "container app: Head \"https://r/v2/\": dial tcp 10.0.0.9:443: connect: connection refused",
            -HOUR,
            IMAGES,
            Some("Registry/registry.example.test"),
        ),
        row(
            "a back-off that says nothing, with the event that does",
            with(
                a().waiting("ImagePullBackOff", "Back-off pulling image \"web:v9\""),
                [
                    event(
                        &a().build(),
                        "Failed",
                        "Failed to pull image \"web:v9\": 401 Unauthorized",
                        -90,
                    ),
                    event(&a().build(), "Failed", "Error: ImagePullBackOff", -60),
                ],
            ),
            "ImagePull",
            "container app: 401 Unauthorized",
            -HOUR,
            IMAGES,
            Some("Image/registry.example.test/app:1.0"),
        ),
        row(
            "an image that may not be pulled",
            with(
                a().waiting(
                    "ErrImageNeverPull",
                    "Container image \"web\" is not present with pull policy of Never",
                ),
                [],
            ),
            "ImagePull",
            "container app: Container image \"web\" is not present with pull policy of Never",
            -HOUR,
            IMAGES,
            Some("Image/registry.example.test/app:1.0"),
        ),
        row(
            "a name that no image can have",
            with(a().waiting("InvalidImageName", ""), []),
            "ImagePull",
            "container app: InvalidImageName",
            -HOUR,
            IMAGES,
            Some("Image/registry.example.test/app:1.0"),
        ),
        row(
            "a missing Secret",
            with(
                a().waiting("CreateContainerConfigError", "secret \"db\" not found"),
                [],
            ),
            "ContainerConfig",
            "container app: secret \"db\" not found",
            -HOUR,
            "kubectl get secrets -A --field-selector metadata.name=db",
            Some("Secret/shop/db"),
        ),
        row(
            "a missing key",
            with(
                a().waiting(
                    "CreateContainerConfigError",
                    "couldn't find key url in ConfigMap shop/settings",
                ),
                [],
            ),
            "ContainerConfig",
            "container app: couldn't find key url in ConfigMap shop/settings",
            -HOUR,
            "kubectl -n shop describe configmap settings",
            Some("ConfigMap/shop/settings"),
        ),
        row(
            "a command that is not there",
            with(
                a().waiting(
                    "RunContainerError",
                    "failed to create containerd task: OCI runtime create failed: runc create failed: unable to start \
                     container process: error during container init: exec: \"/nope\": no such file or directory",
                ),
                [],
            ),
            "ContainerCreate",
            "container app: exec: \"/nope\": no such file or directory",
            -HOUR,
            COMMANDS,
            None,
        ),
        row(
            "a command that is not there, after its first tries",
            with(
                crashed("StartError", 128).set(
                    "/status/containerStatuses/0/lastState/terminated/message",
                    "unable to start container process: exec: \"/nope\": no such file or directory",
                ),
                [],
            ),
            "ContainerCreate",
            "container app: exec: \"/nope\": no such file or directory",
            -40,
            COMMANDS,
            None,
        ),
        row(
            "a hook that the kubelet waits for",
            with(a().waiting("PostStartHookError", "exit status 7"), []),
            "ContainerHook",
            "container app: exit status 7",
            -HOUR,
            app_field!("lifecycle"),
            None,
        ),
        row(
            "a container that is only being created",
            with(a().waiting("ContainerCreating", ""), []),
            "Waiting",
            "container app: ContainerCreating",
            -HOUR,
            DESCRIBE,
            None,
        ),
        row(
            "a scheduling gate, which somebody has set",
            with(
                a().not_scheduled("SchedulingGated", "Scheduling is blocked", at(-HOUR)),
                [],
            ),
            "Waiting",
            "Scheduling is blocked",
            -HOUR,
            "kubectl -n shop get pod web-1-a -o 'jsonpath={.spec.schedulingGates[*].name}'",
            None,
        ),
    ]
}

#[test]
fn a_missing_pull_secret_is_named_if_the_registry_asks_for_one() {
    let pull = |why: &str| {
        let message = format!("Back-off pulling image: ErrImagePull: {why}");
        let pod = a().waiting("ImagePullBackOff", &message);
        let said = "Unable to retrieve some image pull secrets (regcred, other); attempting to pull the image may not \
                    succeed.";
        let missing = event(&pod.build(), "FailedToRetrieveImagePullSecret", said, -20);
        let item = judge(Kind::Deployment, with(pod, [missing]));
        let cause = item.causes.into_iter().next().expect("a cause");
        (cause.message, cause.subject, cause.hint)
    };
    let denied = "pull access denied, repository does not exist or may require authorization";
    assert_eq!(
        pull(denied),
        (
            format!("container app: image pull secret regcred, other is missing: {denied}"),
            Some("Secret/shop/regcred".into()),
            Some("kubectl get secrets -A --field-selector metadata.name=regcred".into())
        )
    );
    // If the registry does not answer, the missing secret is not the cause.
    let (message, subject, _) = pull("dial tcp: network is unreachable");
    assert_eq!(message, "container app: dial tcp: network is unreachable");
    assert_eq!(subject, Some("Registry/registry.example.test".into()));
}
