//! The workload behind an object that makes no pods, such as that of a Service.

use crate::kind::{Kind, PodNames};
use crate::report::{Cause, Item, ObjectRef};
use std::collections::HashMap;

/// The workload behind an item, if one of the item's causes names it: a Service has no endpoint because of its workload.
pub(super) fn backing_item<'a>(
    item: &Item,
    cause: &Cause,
    items: &HashMap<ObjectRef, &'a Item>,
) -> Option<&'a Item> {
    let subject = cause.subject.as_ref().filter(|_| !item.is_workload())?;
    let named = items.get(subject).copied().filter(|other| other.is_workload());
    named.or_else(|| workload_of_pod(subject, items))
}

/// The workload of a pod, by the names that controllers give: `NAME-HASH-SUFFIX` through a ReplicaSet or a Job, else
/// `NAME-SUFFIX`. A healthy workload is not among the items and so is never found.
fn workload_of_pod<'a>(pod: &ObjectRef, items: &HashMap<ObjectRef, &'a Item>) -> Option<&'a Item> {
    if pod.kind != Kind::Pod.kind() || pod.namespace.is_empty() {
        return None;
    }
    let (owner, _) = pod.name.rsplit_once('-')?;
    let through = owner.rsplit_once('-').map(|(name, _)| name);
    let named = |names: PodNames, name: &str| {
        let kinds = Kind::ALL.iter().filter(|kind| kind.info().pods == names);
        let mut found = kinds.filter_map(|kind| {
            let candidate = ObjectRef::namespaced(kind.kind(), &pod.namespace, name);
            items.get(&candidate).copied()
        });
        found.next()
    };
    through
        .and_then(|name| named(PodNames::HashAndSuffix, name))
        .or_else(|| named(PodNames::Suffix, owner))
}
