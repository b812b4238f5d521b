//! Namespaces that are being deleted, and the verdict about the objects in them.
//!
//! The namespace controller deletes everything in such a namespace, and the API server refuses to create anything in it
//! (`plugin/pkg/admission/namespace/lifecycle` in kubernetes/kubernetes), so no controller can replace a pod there. An
//! object in it is as good as being deleted itself. Whether the deletion is stuck is the verdict about the namespace.

use crate::report::{Code, Item, Notes, State};
use crate::resource::{Namespace, Resource as _, Time};
use std::collections::{BTreeMap, BTreeSet};

/// The namespaces that are being deleted, each with the time of its deletion if that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamespaceDeletions(BTreeMap<String, Option<Time>>);

impl NamespaceDeletions {
    /// Adds the namespace if it is being deleted, else removes it: it may have been created again.
    pub fn update(&mut self, namespace: &Namespace) {
        let meta = namespace.meta();
        match meta.deletion_timestamp {
            Some(time) => self.0.insert(meta.name.clone(), Some(time)),
            None => self.0.remove(&meta.name),
        };
    }

    /// Adds the namespace of an object if the API server refused to create pods there because of the deletion.
    pub fn add_refusal(&mut self, item: &Item) {
        let is_refusal = item
            .causes
            .iter()
            .any(|cause| cause.code == Code::NamespaceTerminating);
        if is_refusal {
            self.0.entry(item.namespace.clone()).or_default();
        }
    }

    /// Adds those of others.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Those among these namespaces.
    #[must_use]
    pub fn among(&self, namespaces: &BTreeSet<&str>) -> Self {
        let some = self
            .0
            .iter()
            .filter(|(name, _)| namespaces.contains(name.as_str()));
        Self(some.map(|(name, time)| (name.clone(), *time)).collect())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether that namespace is being deleted.
    #[must_use]
    pub fn contains(&self, namespace: &str) -> bool {
        self.0.contains_key(namespace)
    }

    /// The namespaces in order, each with the time of its deletion.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<Time>)> {
        self.0.iter().map(|(name, time)| (name.as_str(), *time))
    }

    /// Replaces the verdict about an object in such a namespace. `named` is whether the user named the object: it is not
    /// healthy then, like an object that is being deleted itself. Returns whether the object is in such a namespace.
    pub fn judge(&self, item: &mut Item, named: bool) -> bool {
        let Some(time) = self.0.get(&item.namespace) else {
            return false;
        };
        if item.reason != Code::Deleting {
            item.reason = Code::NamespaceTerminating;
            "its namespace is being deleted".clone_into(&mut item.message);
            item.detail = None;
            item.since = time.map(|time| time.to_string());
        }
        item.state = State::Terminating;
        item.healthy = named.then_some(false);
        item.warnings.clear();
        item.causes.clear();
        item.acknowledged = None;
        if !named {
            // The namespace has one note for all of its objects.
            item.notes = Notes::default();
        }
        true
    }
}
