//! Pods that cannot be set up on their node: volumes that do not mount, or a sandbox that fails, most often for the
//! network.

use super::config_source::missing_source;
use super::{EventsAndNodes, PodCause, Sentence, container_status, describe};
use crate::check::text::{kubectl, quoted_behind, shorten, text_behind};
use crate::report::{Code, ObjectRef};
use crate::resource::{ContainerStatus, Event, Pod, Resource as _};

/// The text without the mount command, which the kubelet writes between its own words and the command's output
/// (`k8s.io/mount-utils`).
fn strip_command(text: &str) -> String {
    match (text.split_once("Mounting command: "), text.split_once("Output: ")) {
        (Some((before, _)), Some((_, after))) if !after.trim().is_empty() => format!("{before}{after}"),
        _ => text.to_owned(),
    }
}

/// The cause in the volumes or the sandbox of a pod.
pub(super) fn sandbox_cause(pod: &Pod, known: &EventsAndNodes<'_>) -> Option<PodCause> {
    // A container that has started proves that both worked.
    let has_started = |c: &ContainerStatus| {
        let state = c.state.as_ref();
        c.last_state.as_ref().is_some_and(|s| s.terminated.is_some())
            || state.is_some_and(|s| s.running.is_some() || s.terminated.is_some())
    };
    if container_status::containers(pod).any(has_started) {
        return None;
    }
    let meta = pod.meta();
    let is_mount = |e: &Event| matches!(e.reason.as_str(), "FailedMount" | "FailedAttachVolume");
    // The kubelet also writes a summary ("Unable to attach or mount volumes: ..."), which gives no reason.
    let has_reason = |e: &Event| is_mount(e) && !e.message.starts_with("Unable to attach or mount volumes");
    let newest = known
        .newest(&meta.uid, has_reason)
        .or_else(|| known.newest(&meta.uid, is_mount));
    if let Some(event) = newest {
        let text = &event.message;
        let claim = || {
            let claim = quoted_behind(text, "persistentvolumeclaim ")?;
            Some((
                ObjectRef::namespaced("PersistentVolumeClaim", &meta.namespace, claim),
                kubectl(&meta.namespace, "describe pvc", claim),
            ))
        };
        let (subject, hint) = missing_source(&meta.namespace, text)
            .or_else(claim)
            .map_or_else(|| (None, describe(pod)), |(subject, hint)| (Some(subject), hint));
        return Some(PodCause {
            code: Code::VolumeMount,
            hard: false,
            says: Sentence::general(shorten(&strip_command(text))),
            subject,
            since: container_status::unready_since(pod),
            last: None,
            hint,
        });
    }
    let event = known.newest(&meta.uid, |e| e.reason == "FailedCreatePodSandBox")?;
    Some(PodCause {
        code: Code::Sandbox,
        hard: false,
        says: Sentence::general(shorten(text_behind(&event.message, &[" desc = "]))),
        subject: None,
        since: container_status::unready_since(pod),
        last: None,
        hint: describe(pod),
    })
}
