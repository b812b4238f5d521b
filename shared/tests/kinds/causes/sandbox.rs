//! Pods that their node cannot set up: volumes and the sandbox.

use super::{CauseRow, DESCRIBE, HOUR, a, event, row, with};

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
            DESCRIBE,
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
            "kubectl -n shop get secret web-tls",
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
            DESCRIBE,
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
            DESCRIBE,
            None,
        ),
    ]
}
