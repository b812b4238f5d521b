//! Pods that the API server refuses to create: quota, limits, Pod Security, a webhook, a missing ServiceAccount.
//!
//! The sentences come from the admission plugins (`plugin/pkg/admission` and `staging/src/k8s.io/apiserver` in
//! kubernetes/kubernetes). A ReplicaSet keeps the first one in its condition `ReplicaFailure`, but the refusal can have
//! another reason by now. So the newest FailedCreate event is believed first.

use super::missing_object::MissingObject;
use super::quota::QuotaShortage;
use super::{EventsAndNodes, Outlook, PodCause, Sentence, WRITERS};
use crate::check::text::{kubectl, one_line, print_fields, quoted_behind, text_behind};
use crate::check::{NewestRevision, Now, Pods};
use crate::report::{Cause, Code, ObjectRef};
use crate::resource::{Event, ObjectMeta, ReplicaSet, Resource as _, Time};

/// A controller tries again after 1000 seconds at most. An older refusal says nothing about the present.
const REFUSED_SECONDS: i64 = 20 * 60;

/// The kinds of webhooks.
const WEBHOOKS: &str = "validatingwebhookconfigurations,mutatingwebhookconfigurations";
/// The fields that say which webhooks a configuration has, and who answers for them.
const WEBHOOK_COLUMNS: &str = "custom-columns=NAME:.metadata.name,WEBHOOKS:.webhooks[*].name,\
                               POLICY:.webhooks[*].failurePolicy,SERVICE:.webhooks[*].clientConfig.service.name";
/// The policy that denies a pod: `ValidatingAdmissionPolicy 'NAME' with binding 'BINDING' denied request: why`.
fn denying_policy(sentence: &str) -> Option<&str> {
    let (_, rest) = sentence.split_once("ValidatingAdmissionPolicy '")?;
    Some(rest.split_once('\'')?.0)
}

/// The cause in the sentence of a refusal.
fn refusal_cause(namespace: &str, kind: &str, name: &str, sentence: &str, since: Option<Time>) -> PodCause {
    // `Error creating: pods "x-" is forbidden: why`; a StatefulSet's begins with `create Pod x in StatefulSet ...`.
    let why = text_behind(
        sentence,
        &["Error creating: ", "failed error: ", "is forbidden: "],
    );
    let quotas = QuotaShortage::all_in(sentence);
    let room: Vec<String> = quotas.iter().filter_map(QuotaShortage::words).collect();
    let hook = ["admission webhook ", "failed calling webhook "]
        .iter()
        .find_map(|phrase| quoted_behind(sentence, phrase));
    let account = MissingObject::from_sentence(namespace, sentence);
    let account = account.filter(|missing| missing.subject.kind == "ServiceAccount");
    let (code, subject, hint) = if let Some(quota) = quotas.first() {
        (
            Code::Quota,
            Some(ObjectRef::namespaced("ResourceQuota", namespace, quota.name)),
            quota.hint(namespace),
        )
    } else if sentence.contains("violates PodSecurity") {
        (
            Code::PodSecurity,
            Some(ObjectRef::named("Namespace", namespace)),
            // The sentence has the level and the fields. Either the namespace or the template was changed.
            print_fields("", "namespace", namespace, WRITERS),
        )
    } else if let Some(hook) = hook {
        (
            Code::AdmissionWebhook,
            Some(ObjectRef::named("Webhook", hook)),
            print_fields("", WEBHOOKS, "", WEBHOOK_COLUMNS),
        )
    } else if let Some(missing) = account {
        (Code::ServiceAccount, Some(missing.subject), missing.hint)
    } else if sentence.contains("because it is being terminated") {
        (
            Code::NamespaceTerminating,
            Some(ObjectRef::named("Namespace", namespace)),
            kubectl("", "describe namespace", namespace),
        )
    } else if sentence.contains(" usage per ") || sentence.contains("limit to request ratio per ") {
        (
            Code::LimitRange,
            Some(ObjectRef::named("Namespace", namespace)),
            kubectl(namespace, "describe limitrange", ""),
        )
    } else if sentence.contains("no PriorityClass with name ") {
        (Code::FailedCreate, None, "kubectl get priorityclasses".to_owned())
    } else if let Some(policy) = denying_policy(sentence) {
        let describe = kubectl("", "describe validatingadmissionpolicy", policy);
        (Code::FailedCreate, None, describe)
    } else {
        let describe = format!("describe {}", kind.to_lowercase());
        (Code::FailedCreate, None, kubectl(namespace, &describe, name))
    };
    let message = match code {
        Code::Quota if room.len() == quotas.len() => one_line(&room.join(", and ")),
        // Several rules of a LimitRange are in brackets.
        Code::LimitRange => one_line(why.trim_matches(['[', ']'])),
        Code::PodSecurity => one_line(why),
        _ => one_line(why),
    };
    PodCause {
        code,
        hard: true,
        says: Sentence::general(message),
        subject,
        since,
        last: None,
        hint,
        outlook: Outlook::default(),
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
pub(super) fn replica_set_refusal(pods: &Pods<'_>, newest_revision: NewestRevision<'_>) -> Option<Cause> {
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
    let cause = refusal(
        &meta.namespace,
        ReplicaSet::KIND,
        &meta.name,
        sentence,
        condition.last_transition_time,
    );
    Some(Cause {
        newest: newest_revision.count_set(set),
        ..cause
    })
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
