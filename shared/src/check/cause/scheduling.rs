//! Pods without a node: the scheduler's own sentence, or the claim behind it.
//!
//! A scheduling gate is deliberate and no failure (`PodScheduled` is False with the reason `SchedulingGated`): the pod
//! waits.

use super::claim::{self, ClaimCause};
use super::missing_object::MissingObject;
use super::node_reasons::NodeReasons;
use super::{EventsAndNodes, Outlook, PodCause, Sentence, describe, pod_fields};
use crate::check::text::{kubectl, one_line, quoted_behind};
use crate::check::{GRACE_SECONDS, Now};
use crate::report::{Code, ObjectRef};
use crate::resource::{Event, Pod, Resource as _, Time};

/// A node that the cluster autoscaler has ordered may take this many seconds to arrive.
const SCALE_UP_SECONDS: i64 = 5 * 60;

/// The field with the gates that hold a pod.
const GATES: &str = "jsonpath={.spec.schedulingGates[*].name}";

/// Whether the scheduler says that a claim of the pod has no volume, or that its volume is elsewhere.
pub(super) fn waits_for_a_claim(pod: &Pod) -> bool {
    let Some(scheduled) = pod.unscheduled() else {
        return false;
    };
    let text = scheduled.message.to_lowercase();
    ["persistentvolumeclaim", "persistent volume", "\"volumebinding\""]
        .iter()
        .any(|words| text.contains(words))
}

/// When a node was last ordered for the pod: by the cluster autoscaler (`TriggeredScaleUp`) or by Karpenter (`Nominated`).
fn node_ordered(pod: &Pod, known: &EventsAndNodes<'_>) -> Option<Time> {
    let is_order = |event: &Event| matches!(event.reason.as_str(), "TriggeredScaleUp" | "Nominated");
    known.newest(&pod.meta().uid, is_order).and_then(Event::time)
}

/// Why a pod has no node, once the scheduler has had time for it.
pub(super) fn scheduling_cause(pod: &Pod, now: Now, known: &EventsAndNodes<'_>) -> Option<PodCause> {
    let meta = pod.meta();
    let scheduled = pod.unscheduled()?;
    let since = scheduled.last_transition_time.or(meta.creation_timestamp);
    let settled = since.is_none_or(|t| !now.is_within(GRACE_SECONDS, t));
    let missing = MissingObject::from_sentence(&meta.namespace, &scheduled.message);
    if !settled && missing.is_none() {
        return None;
    }
    if scheduled.reason == "SchedulingGated" {
        return Some(PodCause {
            code: Code::Waiting,
            hard: false,
            says: Sentence::without_reason(one_line(&scheduled.message)),
            subject: None,
            since,
            last: None,
            hint: pod_fields(pod, GATES),
            outlook: Outlook::default(),
        });
    }
    // The second means an error instead of a refusal, such as a volume that is not made in time.
    if !matches!(scheduled.reason.as_str(), "Unschedulable" | "SchedulerError") {
        return None;
    }
    let ordered = node_ordered(pod, known);
    let growing = ordered.is_some_and(|time| now.age(time) < SCALE_UP_SECONDS);
    // Its attempts to make room for the pod are no reason.
    let text = scheduled
        .message
        .split(" preemption: ")
        .next()
        .unwrap_or_default();
    let found = |code, says, subject, hint| PodCause {
        code,
        hard: !growing,
        says,
        subject,
        since,
        last: None,
        hint,
        outlook: Outlook {
            node_ordered: ordered,
            ..Outlook::default()
        },
    };
    let reasons = NodeReasons::parse(text);
    if waits_for_a_claim(pod) {
        let claim = missing.as_ref().map(|missing| &missing.subject.name);
        let said = match (claim, reasons) {
            (Some(claim), _) => format!("persistentvolumeclaim \"{claim}\" not found"),
            (None, Some(reasons)) => reasons.sentence(pod),
            (None, None) => text.to_owned(),
        };
        let (says, subject, hint) = claim_cause(pod, &said, missing, known);
        return Some(found(Code::VolumeClaim, says, subject, hint));
    }
    let place = pod
        .made_for()
        .map_or(String::new(), |node| format!("for node {node}: "));
    let awaited = if growing {
        "the autoscaler is adding a node: "
    } else {
        ""
    };
    let before = format!("{awaited}{place}");
    let hint = match (pod.made_for(), &reasons) {
        (Some(node), _) => kubectl("", "describe node", node),
        (None, Some(reasons)) => reasons.hint(pod),
        (None, None) => describe(pod),
    };
    let says = match reasons {
        // Pods are alike if the reasons that matter are, though each asks for its own amounts.
        Some(reasons) => Sentence {
            message: format!("{before}{}", reasons.sentence(pod)),
            ..Sentence::general(format!("{before}{}", reasons.head()))
        },
        None => Sentence::general(one_line(&format!("{before}{text}"))),
    };
    Some(found(Code::Unschedulable, says, None, hint))
}

/// The sentence, the subject and the command of a pod that waits for a claim, about which the scheduler says this.
fn claim_cause(
    pod: &Pod,
    said: &str,
    missing: Option<MissingObject>,
    known: &EventsAndNodes<'_>,
) -> (Sentence, Option<ObjectRef>, String) {
    let meta = pod.meta();
    let namespace = &meta.namespace;
    let named = quoted_behind(said, "persistentvolumeclaim ");
    let mut claims = pod.claims();
    let only = claims.next().filter(|_| claims.next().is_none());
    // The scheduler knows only that the volume is missing. The claim's own events say why.
    let failed = pod.claims().find_map(|claim| {
        let events = known.about_claim(namespace, claim, meta.creation_timestamp);
        match claim::cause_from_events(events)? {
            ClaimCause::Failed { words, hint } => Some((claim, words, hint)),
            ClaimCause::WaitsForPod => None,
        }
    });
    let (claim, says, hint) = match (failed, named, only) {
        (Some((claim, words, hint)), ..) => (
            Some(claim),
            format!("claim {claim}: {words}"),
            hint.map(str::to_owned),
        ),
        (None, None, Some(claim)) => (Some(claim), format!("claim {claim}: {said}"), None),
        (None, named, _) => (named, said.to_owned(), missing.map(|missing| missing.hint)),
    };
    let describe = || kubectl(namespace, "describe pvc", claim.unwrap_or_default());
    (
        Sentence::general(one_line(&says)),
        claim.map(|claim| ObjectRef::namespaced("PersistentVolumeClaim", namespace, claim)),
        hint.unwrap_or_else(describe),
    )
}
