//! What verdicts need of other kinds.

use crate::check::{Check, RelatedKind, RelatedObjects};
use crate::resource::Decoded;
use std::collections::{BTreeMap, BTreeSet};

/// The namespaces in which each related kind is needed.
pub type RelatedNeeds = BTreeMap<RelatedKind, BTreeSet<String>>;

/// What verdicts about these objects need and was not asked for yet.
pub fn related_needs<'a, T: Check>(
    objects: impl IntoIterator<Item = &'a Decoded<T>>,
    known: &RelatedObjects,
) -> RelatedNeeds {
    let mut needs = RelatedNeeds::new();
    for (kind, namespace) in objects.into_iter().flatten().flat_map(|o| o.wants(known)) {
        if !known.is_asked(kind, &namespace) {
            needs.entry(kind).or_default().insert(namespace);
        }
    }
    needs
}
