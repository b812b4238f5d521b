//! The other objects whose last write may say why a problem began.

use crate::report::{Code, Item};
use std::collections::BTreeSet;

/// Objects that the causes of items name, and whose writers are worth reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WrittenNeeds {
    /// Namespaces with a quota that refuses pods.
    pub quotas: BTreeSet<String>,
    /// Namespaces with a `LimitRange` that refuses pods.
    pub limit_ranges: BTreeSet<String>,
    /// Whether a webhook refuses pods.
    pub webhooks: bool,
    /// Whether pods find no node.
    pub nodes: bool,
}

impl WrittenNeeds {
    /// The needs of one item.
    #[must_use]
    pub fn from_item(item: &Item) -> Self {
        let mut needs = Self::default();
        for cause in &item.causes {
            match cause.code {
                Code::Quota => {
                    needs.quotas.insert(item.namespace.clone());
                }
                Code::LimitRange => {
                    needs.limit_ranges.insert(item.namespace.clone());
                }
                Code::AdmissionWebhook => needs.webhooks = true,
                Code::Unschedulable => needs.nodes = true,
                _ => {}
            }
        }
        needs
    }

    /// The needs of many.
    #[must_use]
    pub fn union<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        all.into_iter().fold(Self::default(), |mut sum, needs| {
            sum.quotas.extend(needs.quotas.iter().cloned());
            sum.limit_ranges.extend(needs.limit_ranges.iter().cloned());
            sum.webhooks |= needs.webhooks;
            sum.nodes |= needs.nodes;
            sum
        })
    }

    /// Whether nothing is needed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
