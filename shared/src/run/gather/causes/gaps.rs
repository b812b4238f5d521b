//! Lists that a search could not see.

use super::limits::{NARROW, TOO_MANY};
use crate::failure::Failure;
use crate::kind::ResourceType;
use crate::report::{NotSeen, Scope};
use crate::resource::Resource;
use crate::run::not_seen::not_seen;
use std::collections::{BTreeMap, BTreeSet};

/// A list that was not seen.
pub(super) struct UnseenList {
    resource_type: ResourceType,
    /// The namespace in which it was not seen; `None` for all.
    pub namespace: Option<String>,
    reason: GapReason,
}

/// Why a list was not seen.
pub(super) enum GapReason {
    Failed(Failure),
    /// The list is longer than a search reads.
    TooMuch,
}

impl UnseenList {
    pub fn new<T: Resource>(namespace: Option<String>, reason: GapReason) -> Self {
        Self::of_type(ResourceType::from_view::<T>(), namespace, reason)
    }

    pub fn of_type(resource_type: ResourceType, namespace: Option<String>, reason: GapReason) -> Self {
        Self {
            resource_type,
            namespace,
            reason,
        }
    }
}

/// One entry for each kind and class of failure.
pub(super) fn group_gaps(gaps: Vec<UnseenList>) -> Vec<NotSeen> {
    let mut groups: BTreeMap<(String, &str), Vec<UnseenList>> = BTreeMap::new();
    for gap in gaps {
        let class = match &gap.reason {
            GapReason::Failed(failure) => failure.class.as_str(),
            GapReason::TooMuch => TOO_MANY,
        };
        groups
            .entry((gap.resource_type.name(), class))
            .or_default()
            .push(gap);
    }
    let groups = groups.into_values();
    groups.filter_map(|group| entry(&group)).collect()
}

fn entry(group: &[UnseenList]) -> Option<NotSeen> {
    let UnseenList {
        resource_type,
        reason,
        ..
    } = group.first()?;
    let names: BTreeSet<&str> = group.iter().filter_map(|gap| gap.namespace.as_deref()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let entry = match reason {
        GapReason::Failed(failure) => not_seen(resource_type.name(), failure, Some(&resource_type.rule())),
        GapReason::TooMuch => NotSeen {
            thing: resource_type.name(),
            class: TOO_MANY.into(),
            error: Some("more came than is read for causes".into()),
            hint: Some(NARROW.into()),
            ..NotSeen::default()
        },
    };
    Some(NotSeen {
        scope: Scope::of_all(&names),
        resource: Some(resource_type.resource()),
        ..entry
    })
}
