//! Whether as many pods are healthy as a PodDisruptionBudget wants.
//!
//! By the counts that the disruption controller writes (`pkg/controller/disruption` in kubernetes/kubernetes). A budget
//! breaks nothing: what falls short is the workload, which is judged by itself. So fewer healthy pods than wanted are a
//! warning, and a budget that allows no disruption is a note: a drain waits. Where the controller cannot work the
//! budget out it says so, `DisruptionAllowed` False with `SyncFailed`, lets nothing be evicted, and leaves the counts
//! and the observed generation as they were: that is degraded.

use super::common::{self, Finding};
use super::{Evidence, Judged};
use crate::report::{Item, State};
use crate::resource::{PodDisruptionBudget, PodDisruptionBudgetStatus, Resource as _};

impl Judged for PodDisruptionBudget {
    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let (mut notes, mut warnings) = (Vec::new(), Vec::new());
        let finding = finding(self, evidence, &mut notes, &mut warnings);
        Item {
            notes,
            warnings,
            ..finding.item(self)
        }
    }
}

fn finding(
    budget: &PodDisruptionBudget,
    evidence: &Evidence<'_>,
    notes: &mut Vec<String>,
    warnings: &mut Vec<String>,
) -> Finding {
    let meta = budget.meta();
    let status = budget.status.clone().unwrap_or_default();
    let written = status != PodDisruptionBudgetStatus::default();
    let count = |n: Option<i32>| i64::from(n.unwrap_or(0));
    let numbers = [
        ("status.disruptionsAllowed", status.disruptions_allowed),
        ("status.currentHealthy", status.current_healthy),
        ("status.desiredHealthy", status.desired_healthy),
        ("status.expectedPods", status.expected_pods),
    ]
    .map(|(name, n)| (name, n.map(i64::from)));
    if let Some(finding) = common::uncreated(meta, written)
        .or_else(|| common::malformed(common::negative(&numbers)))
        .or_else(|| common::deleting(meta, evidence, notes))
    {
        return finding;
    }
    let failed = status
        .conditions
        .iter()
        .find(|c| c.kind == "DisruptionAllowed" && c.status == "False" && c.reason == "SyncFailed");
    if let Some(failed) = failed {
        return Finding::degraded("SyncFailed", failed.words()).since(failed.last_transition_time);
    }
    let observed = status.observed_generation.filter(|o| *o != 0);
    if let Some(finding) = common::unobserved(meta, observed, State::Degraded, evidence) {
        return finding;
    }
    let (healthy, desired) = (count(status.current_healthy), count(status.desired_healthy));
    let allowed = count(status.disruptions_allowed);
    let told = format!("{healthy} healthy, {desired} wanted, {allowed} may be evicted");
    if count(status.expected_pods) == 0 {
        return Finding::healthy("NoPods", "no pod is meant");
    }
    if healthy < desired {
        warnings.push(format!(
            "{healthy} of {desired} wanted pods are healthy: none may be evicted, a drain waits"
        ));
        return Finding::healthy("BelowDesiredHealthy", told);
    }
    if allowed == 0 {
        notes.push("no pod may be evicted, a drain waits".to_owned());
        return Finding::healthy("NoDisruptionAllowed", told);
    }
    Finding::healthy("DisruptionAllowed", told)
}
