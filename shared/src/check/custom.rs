//! What an object of any kind says of itself by its conditions: for custom resources.
//!
//! By the rules of kstatus (`pkg/kstatus/status` in kubernetes-sigs/cli-utils), with three differences. `Ready` that is
//! False is under way there for ever, and here only for a minute from its last change; `Unknown`, and `Reconciling`, are
//! for as long as a rollout may take from step to step. And an object without any condition that is known is current
//! there and `unknown` here, since nothing was seen of it. `status.phase` is not read: its words are of each kind's own.

use super::common::{self, Finding};
use super::workload::STEP_SECONDS;
use super::{Evidence, GRACE_SECONDS, Judged};
use crate::report::{Item, State};
use crate::resource::{CustomCondition, CustomObject, Resource as _};

/// Conditions that are bad where they are True. `Stalled` is kstatus's, the others are as common.
const FAILED: [&str; 3] = ["Stalled", "Degraded", "Failed"];
/// Conditions that are good where they are True. The first that there is counts, since it sums up the others.
const READY: [&str; 6] = [
    "Ready",
    "Available",
    "Healthy",
    "Established",
    "Programmed",
    "Succeeded",
];

impl Judged for CustomObject {
    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut notes = Vec::new();
        let finding = finding(self, evidence, &mut notes);
        Item {
            notes,
            ..finding.item(self)
        }
    }
}

fn finding(object: &CustomObject, evidence: &Evidence<'_>, notes: &mut Vec<String>) -> Finding {
    let meta = object.meta();
    let status = object.status.clone().unwrap_or_default();
    if let Some(finding) =
        common::uncreated(meta, object.status.is_some()).or_else(|| common::deleting(meta, evidence, notes))
    {
        return finding;
    }
    let find = |kind: &str| status.conditions.iter().find(|c| c.kind == kind);
    let ready = READY.into_iter().find_map(find);
    let observed = status
        .observed_generation
        .or(ready.and_then(|c| c.observed_generation));
    if observed.is_some()
        && let Some(finding) = common::unobserved(meta, observed, State::Degraded, evidence)
    {
        return finding;
    }
    let since = |c: &CustomCondition| c.last_transition_time.or(meta.creation_timestamp);
    let within = |c: &CustomCondition, seconds| since(c).is_some_and(|t| evidence.now.is_within(seconds, t));
    let failed = FAILED
        .into_iter()
        .find_map(|kind| find(kind).filter(|c| c.status == "True"));
    if let Some(failed) = failed {
        return Finding::degraded(
            if failed.kind == "Stalled" {
                "Stalled"
            } else {
                "Failed"
            },
            failed.words(),
        )
        .since(since(failed));
    }
    let is_ready = ready.is_some_and(|c| c.status == "True");
    let reconciling = find("Reconciling").filter(|c| c.status == "True" && within(c, STEP_SECONDS));
    if let Some(condition) = reconciling {
        return Finding::new(State::Progressing, is_ready, "Reconciling", condition.words())
            .since(since(condition));
    }
    let Some(ready) = ready else {
        return without(object, &status.conditions, evidence);
    };
    let patience = if ready.status == "False" {
        GRACE_SECONDS
    } else {
        STEP_SECONDS
    };
    let finding = match () {
        () if is_ready => Finding::healthy("Ready", ready.words()),
        () if within(ready, patience) => {
            Finding::new(State::Progressing, false, "NotReadyYet", ready.words())
        }
        () => Finding::degraded("NotReady", ready.words()),
    };
    finding.since(since(ready))
}

/// An object that says nothing which is understood.
fn without(object: &CustomObject, conditions: &[CustomCondition], evidence: &Evidence<'_>) -> Finding {
    let created = object.meta().creation_timestamp;
    if conditions.is_empty() && created.is_some_and(|t| evidence.now.is_within(GRACE_SECONDS, t)) {
        return Finding::new(
            State::Progressing,
            false,
            "NotObserved",
            "its controller has not written a condition yet",
        )
        .since(created);
    }
    let told: Vec<&str> = conditions.iter().map(|c| c.kind.as_str()).collect();
    Finding::unknown(
        "NoConditions",
        if told.is_empty() {
            "it has no conditions, so nothing tells whether it is well".to_owned()
        } else {
            format!(
                "none of its conditions is one that tells whether it is well: {}",
                told.join(", ")
            )
        },
    )
}
