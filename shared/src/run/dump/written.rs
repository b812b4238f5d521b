//! Quotas, webhooks, nodes and ConfigMaps in a dump: when they were last written, and by which program.

use crate::check::WrittenObject;
use crate::dump::Objects;
use crate::report::{ChangeKind, ObjectRef};
use crate::resource::{
    MutatingWebhookConfiguration, Node, ObjectMetadata, Resource, ValidatingWebhookConfiguration, Webhook,
};

/// The kinds of which only the metadata is read.
const KINDS: [(&str, ChangeKind); 3] = [
    ("ResourceQuota", ChangeKind::Quota),
    ("LimitRange", ChangeKind::Quota),
    ("ConfigMap", ChangeKind::Config),
];

/// Every such object whose metadata says when it was written.
pub(super) fn written_objects(objects: &Objects) -> Vec<WrittenObject> {
    let mut found = Vec::new();
    for (kind, what) in KINDS {
        for entry in objects.decode_named_kind::<ObjectMetadata>("", kind) {
            let Ok(object) = entry.object else { continue };
            let meta = object.meta();
            let name = ObjectRef::namespaced(kind, &meta.namespace, &meta.name);
            found.extend(WrittenObject::new(meta, name, what));
        }
    }
    for entry in objects.decode_kind::<Node>() {
        let Ok(node) = entry.object else { continue };
        if node.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true) {
            let name = ObjectRef::named(Node::KIND, &node.meta().name);
            found.extend(WrittenObject::new(node.meta(), name, ChangeKind::Node));
        }
    }
    add_webhooks::<ValidatingWebhookConfiguration>(objects, &mut found, |object| &object.webhooks);
    add_webhooks::<MutatingWebhookConfiguration>(objects, &mut found, |object| &object.webhooks);
    found
}

fn add_webhooks<T: Resource>(
    objects: &Objects,
    found: &mut Vec<WrittenObject>,
    hooks: impl Fn(&T) -> &Vec<Webhook>,
) {
    for entry in objects.decode_kind::<T>() {
        if let Ok(object) = entry.object {
            found.extend(WrittenObject::of_webhooks(&object, hooks(&object)));
        }
    }
}
