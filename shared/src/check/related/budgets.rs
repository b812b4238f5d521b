//! PodDisruptionBudgets as other ones need them: their selectors, and whether they expect pods.

use super::{Related, RelatedKind, RelatedObjects};
use crate::resource::{LabelSelector, PodDisruptionBudget, Resource as _};

/// The fields of a PodDisruptionBudget that others need.
#[derive(Debug)]
pub(in crate::check) struct BudgetFacts {
    pub name: String,
    pub selector: LabelSelector,
    pub expects_pods: bool,
}

impl RelatedObjects {
    /// Whether all PodDisruptionBudgets of a namespace were seen.
    pub(in crate::check) fn has_seen_budgets(&self, namespace: &str) -> bool {
        self.is_seen(RelatedKind::PodDisruptionBudgets, namespace)
    }

    /// The PodDisruptionBudgets of a namespace that select pods, as far as they were seen.
    pub(in crate::check) fn budgets(&self, namespace: &str) -> &[BudgetFacts] {
        self.budgets.get(namespace).map_or(&[], Vec::as_slice)
    }
}

impl Related for PodDisruptionBudget {
    fn counts(&self) -> bool {
        self.selector().is_some() && self.meta().deletion_timestamp.is_none()
    }

    fn add_to(&self, known: &mut RelatedObjects) {
        let meta = self.meta();
        let Some(selector) = self.selector() else { return };
        let expected = self.status.as_ref().and_then(|s| s.expected_pods);
        let budget = BudgetFacts {
            name: meta.name.clone(),
            selector: selector.clone(),
            expects_pods: expected.unwrap_or(0) > 0,
        };
        known
            .budgets
            .entry(meta.namespace.clone())
            .or_default()
            .push(budget);
    }
}
