//! Whether the Service behind a part of the API answers.
//!
//! By the condition `Available`, which the API server writes. It is always True for parts that the API server serves
//! itself (`pkg/controllers/status/local` in kubernetes/kube-aggregator). For the others it looks for the Service, its
//! port and its endpoints, and then asks them (`status/remote`). While it is not True, every request for that group
//! fails. So do `kubectl api-resources`, the deletion of namespaces and the garbage collector, even if nobody uses the group.

use super::lifecycle::{self, Preliminaries};
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS};
use crate::kind::{JudgedKind, KindInfo};
use crate::report::{Code, Item, Notes, State};
use crate::resource::{ApiService, Condition, Resource as _};

impl JudgedKind for ApiService {
    const INFO: KindInfo = KindInfo::new("apiservice", "APIServices");
}

impl Check for ApiService {
    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut notes = Notes::default();
        let verdict = verdict(self, evidence, &mut notes);
        Item {
            notes,
            ..verdict.item(self)
        }
    }
}

fn verdict(service: &ApiService, evidence: &Evidence<'_>, notes: &mut Notes) -> Verdict {
    let meta = service.meta();
    let conditions = service.status.as_ref().map_or(&[][..], |s| &s.conditions);
    let preliminaries = Preliminaries {
        meta,
        evidence,
        has_status: !conditions.is_empty(),
        has_generation: false,
        malformed: None,
    };
    if let Some(verdict) = preliminaries.verdict(notes) {
        return verdict;
    }
    let Some(behind) = service.spec.as_ref().and_then(|s| s.service.as_ref()) else {
        return Verdict::healthy(Code::Local, "served by the API server itself");
    };
    let Some(available) = Condition::find(conditions, "Available") else {
        return lifecycle::missing_condition_verdict(meta, "the API server", evidence);
    };
    let served = format!("served by Service {}/{}", behind.namespace, behind.name);
    let changed = meta.creation_timestamp.max(available.last_transition_time);
    let young = changed.is_some_and(|t| evidence.now.is_within(GRACE_SECONDS, t));
    match () {
        () if available.is_true() => Verdict::healthy(Code::Available, served),
        () if young => Verdict::new(State::Progressing, false, Code::ApiStarting, available.words()),
        () => Verdict::degraded(Code::ApiNotAvailable, available.words()),
    }
    .since(available.last_transition_time)
}
