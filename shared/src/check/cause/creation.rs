//! Pods that the API server refuses to create: quota, limits, Pod Security, a webhook, a missing ServiceAccount.
//!
//! The sentences come from the admission plugins (`plugin/pkg/admission` and `staging/src/k8s.io/apiserver` in
//! kubernetes/kubernetes). A ReplicaSet keeps the first one in its condition `ReplicaFailure`, but the refusal can have
//! another reason by now. So the newest FailedCreate event is believed first.

use super::{EventsAndNodes, PodCause, Sentence};
use crate::check::text::{kubectl, quoted_behind, shorten, text_behind};
use crate::check::{Now, Pods};
use crate::report::{Cause, Code, ObjectRef};
use crate::resource::{Event, ObjectMeta, ReplicaSet, Resource as _, Time};

/// A controller tries again after 1000 seconds at most. An older refusal says nothing about the present.
const REFUSED_SECONDS: i64 = 20 * 60;

/// The cause in the sentence of a refusal.
fn refusal_cause(namespace: &str, kind: &str, name: &str, sentence: &str, since: Option<Time>) -> PodCause {
    // `Error creating: pods "x-" is forbidden: why`; a StatefulSet's begins with `create Pod x in StatefulSet ...`.
    let why = text_behind(
        sentence,
        &["Error creating: ", "failed error: ", "is forbidden: "],
    );
    let quota = ["exceeded quota: ", "failed quota: "]
        .iter()
        .find_map(|phrase| sentence.split_once(phrase))
        .and_then(|(_, rest)| rest.split([',', ':', ' ']).next());
    let hook = ["admission webhook ", "failed calling webhook "]
        .iter()
        .find_map(|phrase| quoted_behind(sentence, phrase));
    let account = quoted_behind(sentence, "serviceaccount ").filter(|_| sentence.contains("not found"));
    let (code, subject, hint) = if let Some(quota) = quota {
        (
            Code::Quota,
            Some(ObjectRef::namespaced("ResourceQuota", namespace, quota)),
            kubectl(namespace, "describe quota", quota),
        )
    } else if sentence.contains("violates PodSecurity") {
        (
            Code::PodSecurity,
            Some(ObjectRef::named("Namespace", namespace)),
            kubectl("", "get namespace --show-labels", namespace),
        )
    } else if let Some(hook) = hook {
        (
            Code::AdmissionWebhook,
            Some(ObjectRef::named("Webhook", hook)),
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations".to_owned(),
        )
    } else if let Some(account) = account {
        (
            Code::ServiceAccount,
            Some(ObjectRef::namespaced("ServiceAccount", namespace, account)),
            kubectl(namespace, "get serviceaccount", account),
        )
    } else if sentence.contains(" usage per ") || sentence.contains("limit to request ratio per ") {
        (
            Code::LimitRange,
            Some(ObjectRef::named("Namespace", namespace)),
            kubectl(namespace, "describe limitrange", ""),
        )
    } else {
        let describe = format!("describe {}", kind.to_lowercase());
        (Code::FailedCreate, None, kubectl(namespace, &describe, name))
    };
    PodCause {
        code,
        hard: true,
        says: Sentence::general(shorten(why)),
        subject,
        since,
        last: None,
        hint,
    }
}

/// The cause in a condition of the workload itself, or in an event about it.
pub(in crate::check) fn refusal(
    namespace: &str,
    kind: &str,
    name: &str,
    sentence: &str,
    since: Option<Time>,
) -> Cause {
    refusal_cause(namespace, kind, name, sentence, since).into_cause(ObjectRef::named(kind, name))
}

/// The refusal of the newest ReplicaSet that cannot create pods.
pub(super) fn replica_set_refusal(pods: &Pods<'_>) -> Option<Cause> {
    let sets = pods
        .replica_sets
        .iter()
        .filter_map(|set| set.failed_create().map(|condition| (set, condition)));
    let (set, condition) = sets.max_by_key(|(set, _)| set.meta().creation_timestamp)?;
    let meta = set.meta();
    let newest = pods
        .events_and_nodes
        .and_then(|known| known.newest(&meta.uid, is_failed_create));
    let sentence = newest.map_or(&condition.message, |event| &event.message);
    Some(refusal(
        &meta.namespace,
        ReplicaSet::KIND,
        &meta.name,
        sentence,
        condition.last_transition_time,
    ))
}

fn is_failed_create(event: &Event) -> bool {
    event.reason == "FailedCreate"
}

/// The refusal of a workload that creates its pods itself and has no condition for it.
pub(super) fn workload_refusal(
    known: &EventsAndNodes<'_>,
    now: Now,
    kind: &str,
    meta: &ObjectMeta,
) -> Option<Cause> {
    let event = known.newest(&meta.uid, is_failed_create)?;
    let time = event.time().filter(|time| now.age(*time) < REFUSED_SECONDS)?;
    Some(refusal(
        &meta.namespace,
        kind,
        &meta.name,
        &event.message,
        Some(time),
    ))
}
