//! Pods whose node does not answer. What such a pod says is old.
//!
//! On node loss the node controller sets the pod's Ready condition to False and leaves the containers' own `ready` true
//! (`pkg/controller/nodelifecycle` in kubernetes/kubernetes). Nothing else does so for long. A container that started
//! after that proves that the kubelet works. Five minutes later the pods are deleted, and stay until the kubelet says
//! that they have ended: a pod that is being deleted on a lost node waits for the node. The pod garbage collector
//! (`pkg/controller/podgc`) removes pods of a node that does not exist any more, unless a finalizer holds them.

use super::{EventsAndNodes, Outlook, PodCause, Sentence};
use crate::check::text::{kubectl, one_line};
use crate::check::{GRACE_SECONDS, Now};
use crate::report::{Code, ObjectRef};
use crate::resource::{Condition, ContainerStatus, Pod, Resource as _};

/// The cause in the node of a pod, if the node does not answer or does not exist any more.
pub(super) fn node_cause(pod: &Pod, now: Now, known: &EventsAndNodes<'_>) -> Option<PodCause> {
    let name = pod.node().or(pod.made_for())?;
    let found = |why: &str, since| PodCause {
        code: Code::NodeNotReady,
        hard: false,
        says: Sentence::general(one_line(&format!("node {name} is not ready: {why}"))),
        subject: Some(ObjectRef::named("Node", name)),
        since,
        last: None,
        hint: kubectl("", "describe node", name),
        outlook: Outlook::default(),
    };
    if let Some(node) = known.node(name) {
        let ready = node.condition("Ready")?;
        let why = if ready.message.is_empty() {
            &ready.reason
        } else {
            &ready.message
        };
        return (ready.status != "True").then(|| found(why, ready.last_transition_time));
    }
    if known.is_gone(name) {
        let meta = pod.meta();
        return Some(PodCause {
            code: Code::NodeGone,
            hard: false,
            says: Sentence::general(one_line(&match meta.finalizers.as_slice() {
                [] => format!("node {name} does not exist any more"),
                some => format!(
                    "node {name} does not exist any more, finalizers: {}",
                    some.join(", ")
                ),
            })),
            subject: Some(ObjectRef::named("Node", name)),
            since: meta.deletion_timestamp,
            last: None,
            hint: "kubectl get nodes".to_owned(),
            outlook: Outlook::default(),
        });
    }
    if !looks_lost(pod) {
        return None;
    }
    let since = pod.condition("Ready")?.last_transition_time;
    let lasting = since.is_none_or(|t| !now.is_within(GRACE_SECONDS, t));
    lasting.then(|| found("its containers were ready when it was last heard of", since))
}

/// Whether the pod is not Ready although everything that makes it Ready is.
pub(in crate::check) fn looks_lost(pod: &Pod) -> bool {
    let containers = pod.status.iter().flat_map(|s| &s.container_statuses);
    let ready = pod.condition("Ready").filter(|c| c.is_false());
    let since = ready.and_then(|c| c.last_transition_time);
    let started = |c: &ContainerStatus| c.state.as_ref()?.running.as_ref()?.started_at;
    let is_newer = |c: &ContainerStatus| since.is_some() && started(c) > since;
    ready.is_some()
        && !containers.clone().any(is_newer)
        && pod.condition("ContainersReady").is_some_and(Condition::is_true)
        && pod.spec.as_ref().is_none_or(|s| s.readiness_gates.is_empty())
        && containers.clone().next().is_some()
        && containers.clone().all(|c| c.ready)
}
