//! Whether a namespace is active, or is deleted in due time.
//!
//! The namespace controller deletes what is in it, then takes the finalizer `kubernetes` away, and writes how far it is
//! into five conditions (`pkg/controller/namespace/deletion/status_condition_utils.go` in kubernetes/kubernetes). Each is
//! True while it holds the deletion. Pods take time to end, and finalizers clean up elsewhere, so a deletion may take
//! 15 minutes, as for any object. Then the namespace is degraded, with the conditions that are True. If none is True,
//! finalizers of the namespace itself hold it, or no controller works on it.

use super::cause::Sentence;
use super::lifecycle::{LINGER_SECONDS, Preliminaries};
use super::text::{kubectl, one_line};
use super::verdict::Verdict;
use super::{Check, Evidence};
use crate::kind::{JudgedKind, KindInfo};
use crate::report::{Cause, Code, Item, Notes, ObjectRef};
use crate::resource::{ApiService, Condition as _, Namespace, ProbedCondition, Resource as _, Time};
use crate::span::span;

/// The conditions that hold a deletion. Each is a cause. The first ones keep the controller from seeing or deleting
/// anything.
static HOLDS: [(Code, Hint); 5] = [
    (Code::NamespaceDeletionDiscoveryFailure, Hint::ApiServices),
    (
        Code::NamespaceDeletionGroupVersionParsingFailure,
        Hint::ApiServices,
    ),
    (Code::NamespaceDeletionContentFailure, Hint::Namespace),
    (Code::NamespaceFinalizersRemaining, Hint::Content),
    (Code::NamespaceContentRemaining, Hint::Content),
];

/// The command that shows more.
#[derive(Debug, Clone, Copy)]
enum Hint {
    /// It lists the parts of the API that are served elsewhere.
    ApiServices,
    /// It describes the namespace itself.
    Namespace,
    /// It lists the objects that are left in the namespace.
    Content,
}

/// The finalizer of the namespace controller.
const OWN_FINALIZER: &str = "kubernetes";

impl JudgedKind for Namespace {
    const INFO: KindInfo = KindInfo {
        short_names: &["ns"],
        ..KindInfo::new("namespace", "Namespaces")
    };
}

impl Check for Namespace {
    fn own_causes(&self, _evidence: &Evidence<'_>) -> Vec<Cause> {
        let first = self.holds().next();
        first
            .map(|(hold, hint)| cause(self, hold, hint))
            .into_iter()
            .collect()
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut notes = Notes::default();
        let verdict = verdict(self, evidence, &mut notes);
        Item {
            notes,
            ..verdict.item(self)
        }
    }
}

impl Namespace {
    fn condition(&self, kind: &str) -> Option<&ProbedCondition> {
        let conditions = self.status.as_ref().map_or(&[][..], |s| &s.conditions);
        ProbedCondition::find(conditions, kind)
    }

    /// The conditions that hold its deletion.
    fn holds(&self) -> impl Iterator<Item = (&ProbedCondition, Hint)> {
        HOLDS.iter().filter_map(|(code, hint)| {
            let condition = self.condition(code.as_str()).filter(|c| c.is_true())?;
            Some((condition, *hint))
        })
    }

    /// The plural names of what is left in it, as kubectl takes them, from `pods. has 5 resource instances, ...`.
    fn content(&self) -> Vec<&str> {
        let remaining = self
            .condition(Code::NamespaceContentRemaining.as_str())
            .filter(|c| c.is_true());
        let (_, listed) = remaining
            .and_then(|c| c.message.split_once(": "))
            .unwrap_or_default();
        let names = listed.split(", ").filter_map(|one| one.split_once(" has "));
        names.map(|(name, _)| name.trim_end_matches('.')).collect()
    }
}

fn verdict(namespace: &Namespace, evidence: &Evidence<'_>, notes: &mut Notes) -> Verdict {
    let meta = namespace.meta();
    let overdue = |deleted: &Time| evidence.now.age(*deleted) > LINGER_SECONDS;
    if let Some(deleted) = meta.deletion_timestamp.filter(overdue) {
        let age = span(evidence.now.age(deleted));
        let message = format!("being deleted for {age}: {}", reason_text(namespace));
        return Verdict::degraded(Code::NamespaceStuck, message).since(Some(deleted));
    }
    let preliminaries = Preliminaries {
        meta,
        evidence,
        has_status: namespace.status.as_ref().is_some_and(|s| !s.phase.is_empty()),
        has_generation: false,
        malformed: None,
    };
    let active = || Verdict::healthy(Code::Active, "active");
    preliminaries.verdict(notes).unwrap_or_else(active)
}

/// What holds the deletion, as a sentence.
fn reason_text(namespace: &Namespace) -> String {
    let holds: Vec<String> = namespace.holds().map(|(hold, _)| condition_text(hold)).collect();
    if holds.is_empty() {
        own_reason_text(namespace)
    } else {
        holds.join("; ")
    }
}

fn condition_text(condition: &ProbedCondition) -> String {
    let words = if condition.message.is_empty() {
        &condition.reason
    } else {
        &condition.message
    };
    match words.as_str() {
        "" => condition.kind.clone(),
        words => one_line(words),
    }
}

/// What holds a namespace if no condition is True.
fn own_reason_text(namespace: &Namespace) -> String {
    let finalizers = namespace.spec.as_ref().map_or(&[][..], |s| &s.finalizers);
    let others = namespace.meta().finalizers.iter().chain(finalizers);
    let others: Vec<&str> = others
        .map(String::as_str)
        .filter(|f| *f != OWN_FINALIZER)
        .collect();
    let unseen = namespace.status.as_ref().is_none_or(|s| s.conditions.is_empty());
    match (others.as_slice(), finalizers.iter().any(|f| f == OWN_FINALIZER)) {
        ([], true) if unseen => "the namespace controller has written no condition".to_owned(),
        ([], true) => "the namespace controller found nothing left in it, and keeps its finalizer".to_owned(),
        ([], false) => "no finalizer is set".to_owned(),
        (some, _) => format!("its own finalizers hold it: {}", some.join(", ")),
    }
}

fn cause(namespace: &Namespace, hold: &ProbedCondition, hint: Hint) -> Cause {
    let name = &namespace.meta().name;
    let hint = match (hint, namespace.content().as_slice()) {
        (Hint::ApiServices, _) => "kubectl get apiservices".to_owned(),
        (Hint::Content, [first, rest @ ..]) => {
            let resources = std::iter::once(first).chain(rest).copied().collect::<Vec<_>>();
            kubectl(name, "get", &resources.join(","))
        }
        (Hint::Namespace | Hint::Content, _) => kubectl("", "describe namespace", name),
    };
    Cause {
        example: Some(ObjectRef::named(Namespace::KIND, name)),
        hint: Some(hint),
        since: hold.last_transition_time.map(|t| t.to_string()),
        subject: api_service(hold),
        ..Sentence::literal(condition_text(hold)).into_cause(hold.kind.as_str().into())
    }
}

/// The `APIService` behind a discovery that failed, from `... server APIs: GROUP/VERSION: the server ...`. It holds every
/// namespace that is being deleted.
fn api_service(hold: &ProbedCondition) -> Option<ObjectRef> {
    let (_, failed) = hold.message.split_once("server APIs: ")?;
    let (group, version) = failed.split_once(": ")?.0.split_once('/')?;
    let is_name = |text: &str| !text.is_empty() && !text.contains([' ', ',', '/']);
    (is_name(group) && is_name(version))
        .then(|| ObjectRef::named(ApiService::KIND, &format!("{version}.{group}")))
}
