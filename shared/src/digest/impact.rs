//! What the trouble of an object means for the users of the cluster. The list of problems is in that order.

use super::Severity;
use crate::kind::Kind;
use crate::report::{Code, Item, State};
use std::cmp::Reverse;

/// What the trouble of an object means for users, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// It serves nothing: none of its pods is ready, a Service has no endpoint, an API has no server, or a webhook blocks.
    ServesNothing,
    /// It serves with fewer pods than it asks for.
    ServesLess,
    /// All of its pods serve, and a change of it does not end.
    Stalled,
    /// It serves nobody directly: a Job, an autoscaler, a budget, a claim.
    Indirect,
}

impl Impact {
    /// The impact of an item that is a problem.
    #[must_use]
    pub fn from_item(item: &Item) -> Self {
        let serves_nothing = matches!(
            item.reason,
            Code::NoReadyEndpoints
                | Code::NoPodsMatch
                | Code::PortNotFound
                | Code::ApiNotAvailable
                | Code::WebhookBlocks
        );
        match (item.state, item.missing_pods()) {
            (State::Unavailable, _) => Self::ServesNothing,
            (State::Degraded, _) if serves_nothing => Self::ServesNothing,
            (_, Some(missing)) if missing > 0 && item.ready == Some(0) => Self::ServesNothing,
            (_, Some(missing)) if missing > 0 => Self::ServesLess,
            (_, Some(_)) => Self::Stalled,
            (_, None) => Self::Indirect,
        }
    }
}

/// Whether an item serves with as many pods as it asks for.
pub(super) fn serves_all(item: &Item) -> bool {
    item.missing_pods() == Some(0)
}

/// The order of all items of a report: problems first, in the order of the screen, then what nobody has to look at by
/// namespace and name.
#[must_use]
pub fn worst_first(item: &Item) -> impl Ord + use<> {
    let rank = Rank::from_items(&[item]);
    (rank.is_none(), rank, item.namespace.clone(), item.name.clone())
}

/// The order of items and of groups of items: problems before changes that are under way, then by impact, by the number of
/// missing pods, by the number of objects, and by kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    urgency: u8,
    impact: Impact,
    severity: Severity,
    missing: Reverse<i64>,
    objects: Reverse<usize>,
    kind: usize,
}

impl Rank {
    /// The rank of a group by its worst item; it has the missing pods of all.
    pub fn from_items(items: &[&Item]) -> Option<Self> {
        let alone = |item: &&Item| {
            let severity = Severity::from_item(item)?;
            let kind = Kind::from_kind(&item.kind);
            Some(Self {
                urgency: match severity {
                    Severity::Broken | Severity::Warning => 0,
                    Severity::Unknown => 1,
                    Severity::Progressing => 2,
                },
                impact: Impact::from_item(item),
                severity,
                missing: Reverse(0),
                objects: Reverse(items.len()),
                kind: Kind::ALL
                    .iter()
                    .position(|known| Some(*known) == kind)
                    .unwrap_or(Kind::ALL.len()),
            })
        };
        let worst = items.iter().filter_map(alone).min()?;
        let missing = items.iter().filter_map(|item| item.missing_pods()).sum();
        Some(Self {
            missing: Reverse(missing),
            ..worst
        })
    }
}
