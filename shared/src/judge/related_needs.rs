//! The related objects that verdicts need.

use crate::check::{Check, RelatedKind, RelatedObjects};
use crate::resource::Decoded;
use std::collections::{BTreeMap, BTreeSet};

/// The namespaces in which each related kind is needed.
pub type RelatedNeeds = BTreeMap<RelatedKind, BTreeSet<String>>;

/// The related objects that verdicts about these objects need and that were not requested yet.
pub fn related_needs<'a, T: Check>(
    objects: impl IntoIterator<Item = &'a Decoded<T>>,
    known: &RelatedObjects,
) -> RelatedNeeds {
    let mut needs = RelatedNeeds::new();
    for (kind, namespace) in objects.into_iter().flatten().flat_map(|o| o.related_needs(known)) {
        if !known.is_asked(kind, &namespace) {
            needs.entry(kind).or_default().insert(namespace);
        }
    }
    needs
}
