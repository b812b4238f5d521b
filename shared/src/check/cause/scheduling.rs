//! Pods without a node: the scheduler's own sentence, or the claim behind it.
//!
//! A scheduling gate is deliberate and no failure (`PodScheduled` is False with the reason `SchedulingGated`): the pod
//! waits.

use super::claim::{self, ClaimCause};
use super::{EventsAndNodes, PodCause, Sentence, describe};
use crate::check::text::{kubectl, quoted_behind, shorten};
use crate::check::{GRACE_SECONDS, Now};
use crate::report::{Code, ObjectRef};
use crate::resource::{Event, Pod, Resource as _};

/// A node that the cluster autoscaler has ordered may take this many seconds to arrive.
const SCALE_UP_SECONDS: i64 = 5 * 60;

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

/// Why a pod has no node, once the scheduler has had time for it.
pub(super) fn scheduling_cause(pod: &Pod, now: Now, known: &EventsAndNodes<'_>) -> Option<PodCause> {
    let meta = pod.meta();
    let scheduled = pod.unscheduled()?;
    let since = scheduled.last_transition_time.or(meta.creation_timestamp);
    let settled = since.is_none_or(|t| !now.is_within(GRACE_SECONDS, t));
    if !settled {
        return None;
    }
    if scheduled.reason == "SchedulingGated" {
        return Some(PodCause {
            code: Code::Waiting,
            hard: false,
            says: Sentence::without_reason(shorten(&scheduled.message)),
            subject: None,
            since,
            last: None,
            hint: describe(pod),
        });
    }
    // The second means an error instead of a refusal, such as a volume that is not made in time.
    if !matches!(scheduled.reason.as_str(), "Unschedulable" | "SchedulerError") {
        return None;
    }
    let growing = known
        .newest(&meta.uid, |event| event.reason == "TriggeredScaleUp")
        .and_then(Event::time)
        .is_some_and(|time| now.age(time) < SCALE_UP_SECONDS);
    // Its attempts to make room for the pod are no reason.
    let text = scheduled
        .message
        .split(" preemption: ")
        .next()
        .unwrap_or_default();
    if waits_for_a_claim(pod) {
        let named = quoted_behind(text, "persistentvolumeclaim ");
        let mut claims = pod.claims();
        let only = claims.next().filter(|_| claims.next().is_none());
        // The claim's own events say more than the scheduler, which only sees that there is no volume.
        let failed = pod.claims().find_map(|claim| {
            match claim::cause_from_events(known.about_claim(
                &meta.namespace,
                claim,
                meta.creation_timestamp,
            ))? {
                ClaimCause::Failed(words) => Some((claim, words)),
                ClaimCause::WaitsForPod => None,
            }
        });
        let claim = failed.as_ref().map(|(claim, _)| *claim).or(named).or(only);
        return Some(PodCause {
            code: Code::VolumeClaim,
            hard: !growing,
            says: Sentence::general(match (&failed, named, only) {
                (Some((claim, words)), ..) => shorten(&format!("claim {claim}: {words}")),
                (None, None, Some(claim)) => shorten(&format!("claim {claim}: {text}")),
                _ => shorten(text),
            }),
            subject: claim
                .map(|claim| ObjectRef::namespaced("PersistentVolumeClaim", &meta.namespace, claim)),
            since,
            last: None,
            hint: kubectl(&meta.namespace, "describe pvc", claim.unwrap_or_default()),
        });
    }
    let place = pod
        .made_for()
        .map_or(String::new(), |node| format!("for node {node}: "));
    let awaited = if growing {
        "the autoscaler is adding a node: "
    } else {
        ""
    };
    Some(PodCause {
        code: Code::Unschedulable,
        hard: !growing,
        says: Sentence::general(shorten(&format!("{awaited}{place}{text}"))),
        subject: None,
        since,
        last: None,
        hint: describe(pod),
    })
}
