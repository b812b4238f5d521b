//! Related objects in a dump, which the verdicts about other objects need.

use super::gaps;
use crate::check::{Check, Related, RelatedKind, RelatedKindVisitor, RelatedObjects};
use crate::dump::{DumpObject, Objects};
use crate::judge::related_needs;
use crate::report::NotSeen;
use crate::resource::ScaledObject;

/// Collects the related objects that the verdicts about these objects need. Returns the entries for those that the dump
/// does not hold, too.
pub(super) fn collect<T: Check>(
    objects: &Objects,
    found: &[DumpObject<T>],
) -> (RelatedObjects, Vec<NotSeen>) {
    let (mut known, mut not_seen) = (RelatedObjects::default(), Vec::new());
    loop {
        let needs = related_needs(found.iter().map(|entry| &entry.object), &known);
        if needs.is_empty() {
            return (known, not_seen);
        }
        for kind in needs.into_keys() {
            let known = &mut known;
            let is_held = kind.visit(DumpRelatedVisitor { objects, known });
            if kind.is_optional() {
                continue;
            }
            let before = not_seen.len();
            not_seen.extend(gaps::related_gaps(objects, kind).map(|(_, entry)| entry));
            if !is_held && not_seen.len() == before {
                not_seen.push(not_held(kind));
            }
        }
    }
}

/// Adds the objects of a related kind that a dump holds. Returns whether it holds any.
struct DumpRelatedVisitor<'a> {
    objects: &'a Objects,
    known: &'a mut RelatedObjects,
}

impl RelatedKindVisitor for DumpRelatedVisitor<'_> {
    type Output = bool;

    fn visit<T: Related>(self, kind: RelatedKind) -> bool {
        if !kind.is_rare() && !self.objects.holds::<T>() {
            self.known.mark_unread(kind, None);
            return false;
        }
        let found = self.objects.decode_kind::<T>().into_iter();
        let found: Vec<_> = found.map(|entry| entry.object).collect();
        self.known.add(kind, None, &found);
        if kind.is_rare() {
            // Custom kinds that ask for pods are rare too. Their groups have a dot, which few groups of Kubernetes
            // have.
            let others = self.objects.kinds().into_iter();
            for (group, kind) in others.filter(|(group, _)| group.contains('.')) {
                let all = self
                    .objects
                    .decode_named_kind::<ScaledObject>(group, kind)
                    .into_iter();
                all.filter_map(|entry| entry.object.ok())
                    .for_each(|object| self.known.add_scaled(kind, &object));
            }
        }
        for (namespace, _) in gaps::related_gaps(self.objects, kind) {
            self.known.mark_unread(kind, namespace);
        }
        true
    }
}

/// The entry for a kind that the dump holds no object of.
fn not_held(kind: RelatedKind) -> NotSeen {
    let plural = kind.plural();
    NotSeen {
        thing: plural.to_owned(),
        resource: Some(kind.resource_type().resource()),
        class: "notFound".into(),
        error: Some(format!("the dump holds no {plural}")),
        hint: Some(format!(
            "take the dump with them: kubectl get ...,{plural} -A -o yaml"
        )),
        ..NotSeen::default()
    }
}
