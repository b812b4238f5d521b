//! Pods that have ended or are being deleted: those of a failed Job, and those that should be gone.

use super::{
    EventsAndNodes, Outlook, PodCause, Sentence, WRITERS, container, container_status, describe, pod_fields,
};
use crate::check::text::{kubectl, one_line};
use crate::check::{GRACE_SECONDS, Now};
use crate::report::Code;
use crate::resource::{Pod, Resource as _};

/// How a pod failed for good. It is evidence for a Job and for a pod by itself. Other controllers have replaced such a
/// pod, which says nothing about the present then.
pub(super) fn failure_causes(pod: &Pod, now: Now, known: &EventsAndNodes<'_>) -> Vec<PodCause> {
    let Some(status) = pod.status.as_ref().filter(|s| s.phase == "Failed") else {
        return Vec::new();
    };
    let words = [status.reason.as_str(), status.message.as_str()];
    let words: Vec<&str> = words.into_iter().filter(|text| !text.is_empty()).collect();
    let containers = if words.is_empty() {
        container::container_causes(pod, now, known)
    } else {
        Vec::new()
    };
    if !containers.is_empty() {
        return containers;
    }
    vec![PodCause {
        code: Code::PodFailed,
        hard: false,
        says: if words.is_empty() {
            Sentence::without_reason("it failed")
        } else {
            Sentence::general(one_line(&words.join(": ")))
        },
        subject: None,
        since: None,
        last: None,
        // The deadline is the pod's own. Else its node refused it or ended it.
        hint: match pod.node() {
            Some(node) if status.reason != "DeadlineExceeded" => kubectl("", "describe node", node),
            _ => describe(pod),
        },
        outlook: Outlook::default(),
    }]
}

/// How a pod failed that its controller has replaced, as long as that says something about the present: a node may refuse
/// such pods, or an eviction may repeat.
pub(super) fn recent_failure_causes(pod: &Pod, now: Now) -> Vec<PodCause> {
    let meta = pod.meta();
    let recent = meta
        .creation_timestamp
        .is_some_and(|t| now.age(t) < container_status::CRASH_SECONDS);
    let as_a_whole = pod.status.as_ref().is_some_and(|s| !s.reason.is_empty());
    if recent && as_a_whole && meta.deletion_timestamp.is_none() {
        failure_causes(pod, now, &EventsAndNodes::default())
    } else {
        Vec::new()
    }
}

/// Why the deletion of a pod does not end. The deletion timestamp already is the end of the grace period.
pub(super) fn deletion_cause(pod: &Pod, now: Now) -> Option<PodCause> {
    let meta = pod.meta();
    let deleted = meta.deletion_timestamp?;
    if now.age(deleted) < GRACE_SECONDS {
        return None;
    }
    let why = match (meta.finalizers.as_slice(), pod.node()) {
        ([], Some(node)) => format!("the kubelet of node {node} has not ended it"),
        ([], None) => "and nothing is known to hold it back".to_owned(),
        (some, _) => format!("finalizers: {}", some.join(", ")),
    };
    let message = one_line(&format!("its deletion does not end: {why}"));
    Some(PodCause {
        code: Code::StuckDeleting,
        hard: false,
        // A controller is behind a finalizer of many; nothing else is behind several.
        says: if meta.finalizers.is_empty() {
            Sentence::without_reason(message)
        } else {
            Sentence::general(message)
        },
        subject: None,
        since: Some(deleted),
        last: None,
        hint: match (meta.finalizers.as_slice(), pod.node()) {
            ([], Some(node)) => kubectl("", "describe node", node),
            ([], None) => describe(pod),
            // One of those who wrote to it set the finalizer.
            _ => pod_fields(pod, WRITERS),
        },
        outlook: Outlook::default(),
    })
}
