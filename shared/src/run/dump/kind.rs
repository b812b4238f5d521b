//! The kinds of a dump, judged one by one.

use super::evidence::DumpEvidence;
use super::plural::{is_called, plural};
use super::related;
use crate::check::KindVisitor;
use crate::check::{self, Check, NamespaceDeletions};
use crate::dump::{DumpObject, Objects};
use crate::judge::{JudgeOptions, Judged, OwnerFilter, Reach, Snapshot, judge};
use crate::kind::{Kind, ResourceType};
use crate::report::NotSeen;
use crate::resource::{CustomObject, Decoded, Namespace, Resource as _};
use crate::run::not_seen::name_not_found;
use crate::run::request::{CustomTarget, KindTarget, Request};
use std::collections::BTreeSet;

/// Reads kinds out of a dump.
#[derive(Clone, Copy)]
pub(super) struct DumpReader<'a> {
    pub objects: &'a Objects,
    pub evidence: &'a DumpEvidence<'a>,
    pub request: &'a Request,
    pub owners: &'a OwnerFilter,
}

impl DumpReader<'_> {
    /// The requested kinds that the dump holds. A kind that only some clusters have is judged if the dump holds it. A
    /// live run judges it only if it is named.
    pub fn kinds(self) -> Vec<(Kind, Judged)> {
        let by_default =
            |kind: &&Kind| self.request.by_default && !kind.is_built_in() && !self.is_asked(**kind);
        let others = Kind::ALL.iter().filter(by_default);
        let others: Vec<KindTarget> = others.map(|kind| KindTarget::all(*kind)).collect();
        let targets = self.request.kinds.iter().chain(&others);
        targets
            .filter_map(|target| Some((target.kind, self.kind(target.kind, &target.names)?)))
            .collect()
    }

    /// Kinds that were not requested and whose objects count for their controllers. To read them from a dump costs
    /// nothing.
    pub fn other_kinds(self) -> Vec<Judged> {
        if self.request.kinds.is_empty() || self.request.every_object {
            return Vec::new();
        }
        let others = Kind::ALL.iter().copied();
        let others = others.filter(|kind| kind.leaves_owned() && !self.is_asked(*kind));
        others.filter_map(|kind| self.kind(kind, &[])).collect()
    }

    /// Custom resources. There is no discovery in a dump, so their kind is found by the word for it.
    pub fn custom(self, target: &CustomTarget, file: &str) -> Judged {
        let name = &target.kind;
        let kinds = self.objects.kinds_in_group(&name.group);
        let Some(kind) = kinds.iter().find(|kind| is_called(kind, &name.word)) else {
            let check = name.to_string();
            let entry = NotSeen {
                thing: check.clone(),
                resource: Some(check.clone()),
                class: "notFound".into(),
                error: Some(format!("{file} holds none")),
                hint: Some(match kinds.as_slice() {
                    [] => format!("kubectl get {check} -A -o yaml writes such a dump"),
                    some => format!("of group {} it holds {}", name.group, some.join(", ")),
                }),
                ..NotSeen::default()
            };
            return Judged::unseen(check, true, entry);
        };
        let found: Vec<DumpObject<CustomObject>> = self.objects.decode_named_kind(&name.group, kind);
        let is_in_one = |object: &CustomObject| !object.meta().namespace.is_empty();
        let resource_type = ResourceType {
            group: name.group.clone().into(),
            kind: (*kind).to_owned().into(),
            plural: plural(kind).into(),
            singular: kind.to_lowercase().into(),
            namespaced: found.iter().filter_map(|s| s.object.as_ref().ok()).any(is_in_one),
            qualified: true,
            ..ResourceType::default()
        };
        self.judged(resource_type, found, &target.names)
    }

    /// The namespaces that are being deleted and hold a judged object, or were asked for.
    pub fn namespace_deletions<'a>(
        self,
        kinds: &(impl Iterator<Item = &'a Judged> + Clone),
    ) -> NamespaceDeletions {
        let mut all = NamespaceDeletions::default();
        let namespaces = self.objects.decode_kind::<Namespace>().into_iter();
        let mut known = BTreeSet::new();
        for namespace in namespaces.filter_map(|found| found.object.ok()) {
            all.update(&namespace);
            known.insert(namespace.meta().name.clone());
        }
        let items = || kinds.clone().flat_map(Judged::all_items);
        items()
            .filter(|item| !known.contains(&item.namespace))
            .for_each(|item| all.add_refusal(item));
        if all.is_empty() {
            return all;
        }
        let asked = self.request.namespace.as_deref();
        let held: BTreeSet<&str> = items()
            .map(|item| item.namespace.as_str())
            .filter(|name| asked.is_none_or(|asked| asked == *name))
            .chain(asked)
            .collect();
        all.among(&held)
    }

    fn is_asked(self, kind: Kind) -> bool {
        self.request.kinds.iter().any(|target| target.kind == kind)
    }

    fn kind(self, kind: Kind, names: &[String]) -> Option<Judged> {
        kind.visit(DumpKindVisitor { reader: self, names })
    }

    fn judged<T: Check>(
        self,
        resource_type: ResourceType,
        found: Vec<DumpObject<T>>,
        names: &[String],
    ) -> Judged {
        let options = JudgeOptions {
            owners: self.owners,
            named: !names.is_empty(),
            heeds_annotations: !self.request.no_ignore,
            keeps_open: false,
        };
        let (snapshot, not_found) = self.snapshot(resource_type, found, names);
        let mut judged = judge(snapshot, options, self.evidence);
        judged.not_seen.extend(not_found);
        judged
    }

    /// The requested objects, and an entry for each name that no object has.
    fn snapshot<T: Check>(
        self,
        resource_type: ResourceType,
        found: Vec<DumpObject<T>>,
        names: &[String],
    ) -> (Snapshot<T>, Vec<NotSeen>) {
        let (related, related_not_seen) = related::collect(self.objects, &found);
        let replaced = check::replaced_uids(found.iter().filter_map(|s| s.object.as_ref().ok()));
        // As in kubectl, a namespace is ignored for a kind that is in none.
        let scope = self.request.namespace.as_deref();
        let scope = scope.filter(|_| resource_type.namespaced);
        let in_scope = |namespace: &str| scope.is_none_or(|wanted| wanted == namespace);
        let is_named = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
        let (mut other_names, mut passed_over) = (Vec::new(), 0);
        let mut is_asked = |object: &Decoded<T>| match object {
            Ok(object) => {
                let meta = object.meta();
                let is_selected = self.request.selector.matches(&meta.labels)
                    && self.request.field_selector.matches(&meta.namespace, &meta.name);
                if !in_scope(&meta.namespace) || !is_selected {
                    return false;
                }
                if !is_named(&meta.name) {
                    other_names.push(meta.name.clone());
                    return false;
                }
                let is_kept = !names.is_empty() || self.owners.keeps(object);
                passed_over += usize::from(!is_kept);
                is_kept
            }
            // It is not known whether the selector matches it, so it is kept.
            Err(undecodable) => {
                let fields = &self.request.field_selector;
                in_scope(&undecodable.namespace)
                    && is_named(&undecodable.name)
                    && fields.matches(&undecodable.namespace, &undecodable.name)
            }
        };
        let (mut count, mut newest) = (0, None);
        // In place: a second list of all objects would cost its memory.
        let objects = found.into_iter().filter_map(|DumpObject { index, object }| {
            if !is_asked(&object) {
                return None;
            }
            if self.evidence.is_newest(index) {
                newest = Some(count);
            }
            count += 1;
            Some(object)
        });
        let objects: Vec<Decoded<T>> = objects.collect();
        let is_there = |name: &String| objects.iter().any(|object| name_of(object) == name);
        let not_found = names.iter().filter(|name| !is_there(name));
        let not_found = not_found.map(|name| name_not_found(&resource_type, name, scope, &other_names));
        let not_found = not_found.collect();
        let snapshot = Snapshot {
            times: self.evidence.times(newest),
            resource_type,
            settled: Vec::new(),
            objects,
            replaced,
            related,
            related_not_seen,
            passed_over,
            not_seen: Vec::new(),
            reach: Reach::All,
        };
        (snapshot, not_found)
    }
}

/// Judges a kind of a dump; `None` if the dump does not hold it.
struct DumpKindVisitor<'a> {
    reader: DumpReader<'a>,
    names: &'a [String],
}

impl KindVisitor for DumpKindVisitor<'_> {
    type Output = Option<Judged>;

    fn visit<T: Check>(self, kind: Kind) -> Self::Output {
        let objects = self.reader.objects;
        objects.holds::<T>().then(|| {
            self.reader
                .judged(kind.resource_type(), objects.decode_kind::<T>(), self.names)
        })
    }
}

fn name_of<T: Check>(object: &Decoded<T>) -> &str {
    match object {
        Ok(object) => &object.meta().name,
        Err(undecodable) => &undecodable.name,
    }
}
