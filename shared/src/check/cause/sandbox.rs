//! Pods that cannot be set up on their node: volumes that do not mount, or a sandbox that fails, most often for the
//! network.

use super::missing_object::MissingObject;
use super::{EventsAndNodes, PodCause, Sentence, container_status, describe, pod_fields};
use crate::check::Now;
use crate::check::text::{one_line, text_behind};
use crate::report::Code;
use crate::resource::{Condition, ContainerStatus, Event, Pod, Resource as _};
use crate::shell::quoted;

/// The kubelet tries to mount a volume again after two minutes at most. It drops repetitions of an event that come more often
/// than every five minutes for long (`client-go/tools/record/events_cache.go`). An older event may be over.
const REPEATED_SECONDS: i64 = 600;

/// The kubelet's words before the message of an event that stands for many.
const COMBINED: &str = "(combined from similar events): ";

/// The fields that say which volumes a pod has, and on which node.
const VOLUMES: &str = "jsonpath={.spec.nodeName} {.spec.volumes}";

/// The text without the mount command, which the kubelet writes between its own words and the command's output
/// (`k8s.io/mount-utils`).
fn strip_command(text: &str) -> String {
    match (text.split_once("Mounting command: "), text.split_once("Output: ")) {
        (Some((before, _)), Some((_, after))) if !after.trim().is_empty() => format!("{before}{after}"),
        _ => text.to_owned(),
    }
}

/// The cause in the volumes or the sandbox of a pod.
pub(super) fn sandbox_cause(pod: &Pod, now: Now, known: &EventsAndNodes<'_>) -> Option<PodCause> {
    // A container that has started proves that both worked.
    let has_started = |c: &ContainerStatus| {
        let state = c.state.as_ref();
        c.last_state.as_ref().is_some_and(|s| s.terminated.is_some())
            || state.is_some_and(|s| s.running.is_some() || s.terminated.is_some())
    };
    // The sandbox is made once all volumes are mounted.
    let has_sandbox = pod
        .condition("PodReadyToStartContainers")
        .is_some_and(Condition::is_true);
    if has_sandbox || container_status::containers(pod).any(has_started) {
        return None;
    }
    let meta = pod.meta();
    let found = |code, says, hint| PodCause::unready(pod, code, says, hint);
    let is_mount = |e: &Event| matches!(e.reason.as_str(), "FailedMount" | "FailedAttachVolume");
    // The kubelet also writes a summary ("Unable to attach or mount volumes: ..."), which gives no reason.
    let has_reason = |e: &Event| is_mount(e) && !mount_error(e).starts_with("Unable to ");
    let newest = known
        .newest(&meta.uid, has_reason)
        .or_else(|| known.newest(&meta.uid, is_mount));
    if let Some(event) = newest {
        let text = mount_error(event);
        let missing = MissingObject::from_sentence(&meta.namespace, text);
        let fresh = event.time().is_some_and(|t| now.age(t) < REPEATED_SECONDS);
        let hard = fresh && (missing.is_some() || is_final(text));
        let hint = if event.reason == "FailedAttachVolume" {
            "kubectl get volumeattachments".to_owned()
        } else {
            pod_fields(pod, VOLUMES)
        };
        let (subject, hint) = missing.map_or((None, hint), |m| (Some(m.subject), m.hint));
        return Some(PodCause {
            hard,
            subject,
            ..found(
                Code::VolumeMount,
                Sentence::general(one_line(&strip_command(text))),
                hint,
            )
        });
    }
    let event = known.newest(&meta.uid, |e| e.reason == "FailedCreatePodSandBox")?;
    // The other pods of the node tell whether the node is at fault, and its network plugin is one of them.
    let hint = pod.node().map_or_else(
        || describe(pod),
        |node| {
            let selector = quoted(&format!("spec.nodeName={node}"));
            format!("kubectl get pods -A -o wide --field-selector {selector}")
        },
    );
    let says = Sentence::general(one_line(text_behind(&event.message, &[" desc = "])));
    Some(found(Code::Sandbox, says, hint))
}

/// The message of an event about a mount.
fn mount_error(event: &Event) -> &str {
    event.message.strip_prefix(COMBINED).unwrap_or(&event.message)
}

/// Whether an error about a mount lasts until somebody changes something: a key is missing in its object, or a directory on
/// the node (`pkg/volume` in kubernetes/kubernetes: `configmap`, `secret`, `hostpath`). It is as certain as the same trouble of
/// a container's environment, `CreateContainerConfigError`.
fn is_final(error: &str) -> bool {
    error.contains("references non-existent ") || error.contains("hostPath type check failed")
}
