//! Whether a part of the API is served by what it is registered for.
//!
//! By the condition `Available`, which the API server writes: of those that it serves itself it is always True
//! (`pkg/controllers/status/local` in kubernetes/kube-aggregator), of the others it looks for the Service, its port and
//! its endpoints, and then asks them (`status/remote`). While it is not True every request for that group fails, and
//! with it `kubectl api-resources`, the deletion of namespaces and the garbage collector, whatever the group is for.

use super::lifecycle;
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS};
use crate::report::{Item, State};
use crate::resource::{ApiService, Resource as _};

impl Check for ApiService {
    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut notes = Vec::new();
        let verdict = verdict(self, evidence, &mut notes);
        Item {
            notes,
            ..verdict.item(self)
        }
    }
}

fn verdict(service: &ApiService, evidence: &Evidence<'_>, notes: &mut Vec<String>) -> Verdict {
    let meta = service.meta();
    let conditions = service.status.as_ref().map_or(&[][..], |s| &s.conditions);
    if let Some(verdict) = lifecycle::uncreated(meta, !conditions.is_empty())
        .or_else(|| lifecycle::deleting(meta, evidence, notes))
    {
        return verdict;
    }
    let Some(behind) = service.spec.as_ref().and_then(|s| s.service.as_ref()) else {
        return Verdict::healthy("Local", "served by the API server itself");
    };
    let Some(available) = conditions.iter().find(|c| c.kind == "Available") else {
        return lifecycle::without_condition(meta, "the API server", evidence);
    };
    let served = format!("served by Service {}/{}", behind.namespace, behind.name);
    let changed = meta.creation_timestamp.max(available.last_transition_time);
    let young = changed.is_some_and(|t| evidence.now.is_within(GRACE_SECONDS, t));
    match () {
        () if available.is_true() => Verdict::healthy("Available", served),
        () if young => Verdict::new(State::Progressing, false, "ApiStarting", available.words()),
        () => Verdict::degraded("ApiNotAvailable", available.words()),
    }
    .since(available.last_transition_time)
}
