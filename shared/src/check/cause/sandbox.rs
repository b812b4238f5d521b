//! Pods that cannot be set up on their node: volumes that do not mount, or a sandbox that fails, most often for the
//! network.

use super::config_source::missing_source;
use super::{EventsAndNodes, PodCause, Sentence, container_status, describe};
use crate::check::text::{behind, kubectl, quoted_behind, shorten};
use crate::report::{Code, ObjectRef};
use crate::resource::{ContainerStatus, Event, Pod, Resource as _};

/// The text without the mount command, which the kubelet writes between its own words and the command's output
/// (`k8s.io/mount-utils`).
fn without_command(text: &str) -> String {
    match (text.split_once("Mounting command: "), text.split_once("Output: ")) {
        (Some((before, _)), Some((_, after))) if !after.trim().is_empty() => format!("{before}{after}"),
        _ => text.to_owned(),
    }
}

pub(super) fn of_pod(pod: &Pod, around: &EventsAndNodes<'_>) -> Option<PodCause> {
    // A container that has started proves that both worked.
    let begun = |c: &ContainerStatus| {
        let state = c.state.as_ref();
        c.last_state.as_ref().is_some_and(|s| s.terminated.is_some())
            || state.is_some_and(|s| s.running.is_some() || s.terminated.is_some())
    };
    if container_status::all(pod).any(begun) {
        return None;
    }
    let meta = pod.meta();
    let mount = |e: &Event| matches!(e.reason.as_str(), "FailedMount" | "FailedAttachVolume");
    // The kubelet also writes a summary ("Unable to attach or mount volumes: ..."), which gives no reason.
    let own = |e: &Event| mount(e) && !e.message.starts_with("Unable to attach or mount volumes");
    let newest = around
        .newest(&meta.uid, own)
        .or_else(|| around.newest(&meta.uid, mount));
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
            says: Sentence::general(shorten(&without_command(text))),
            subject,
            since: container_status::since(pod),
            last: None,
            hint,
        });
    }
    let event = around.newest(&meta.uid, |e| e.reason == "FailedCreatePodSandBox")?;
    Some(PodCause {
        code: Code::Sandbox,
        hard: false,
        says: Sentence::general(shorten(behind(&event.message, &[" desc = "]))),
        subject: None,
        since: container_status::since(pod),
        last: None,
        hint: describe(pod),
    })
}
