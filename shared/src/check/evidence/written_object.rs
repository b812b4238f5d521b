//! Another object that a workload depends on, and when it was written.

use crate::report::{ChangeKind, ObjectRef};
use crate::resource::{ObjectMeta, Resource, Time, Webhook, WrittenParts};

/// A quota, a webhook, a `ConfigMap` or a node that was written, by its metadata alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenObject {
    /// The object.
    pub object: ObjectRef,
    /// The subject of the causes that it may explain: the object itself, or a webhook of a configuration.
    pub subject: ObjectRef,
    /// What its change is called.
    pub what: ChangeKind,
    /// When its contents were last written.
    pub at: Time,
    /// The field manager that wrote them, if it is known.
    pub by: Option<String>,
}

impl WrittenObject {
    /// `None` if the metadata does not say when the contents were written.
    #[must_use]
    pub fn new(meta: &ObjectMeta, object: ObjectRef, what: ChangeKind) -> Option<Self> {
        // A controller writes the taint of a cordoned node into the spec, too.
        let parts = match what {
            ChangeKind::Node => WrittenParts::CORDON,
            _ => WrittenParts::SPEC,
        };
        let writers = meta.writers(parts);
        let at = writers.first()?.time?;
        Some(Self {
            subject: object.clone(),
            object,
            what,
            at,
            by: ObjectMeta::only_manager_at(&writers, at).map(str::to_owned),
        })
    }

    /// One entry for each webhook of a configuration. A webhook stands in causes by its own name, and is written with its
    /// configuration.
    #[must_use]
    pub fn of_webhooks<T: Resource>(configuration: &T, hooks: &[Webhook]) -> Vec<Self> {
        let meta = configuration.meta();
        let object = ObjectRef::named(T::KIND, &meta.name);
        let Some(written) = Self::new(meta, object, ChangeKind::Webhook) else {
            return Vec::new();
        };
        let hooks = hooks.iter().map(|hook| Self {
            subject: ObjectRef::named("Webhook", &hook.name),
            ..written.clone()
        });
        hooks.collect()
    }
}
