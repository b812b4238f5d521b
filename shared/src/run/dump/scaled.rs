//! Facts in a dump about controllers that have no verdict.

use crate::check::{Controller, ControllerFacts};
use crate::dump::Objects;
use crate::resource::{Resource as _, ScaledObject};
use std::collections::HashMap;

/// Objects that ask for a number of pods, by their kind. Each kind is decoded once.
#[derive(Default)]
pub(super) struct ScaledObjects(HashMap<(String, String), HashMap<Controller, ControllerFacts>>);

impl ScaledObjects {
    /// The facts that a controller reports about itself.
    pub fn facts(&mut self, objects: &Objects, controller: &Controller) -> ControllerFacts {
        let (group, kind) = (&controller.group, &controller.kind);
        let read = || {
            let all = objects.decode_named_kind::<ScaledObject>(group, kind).into_iter();
            let decoded = all.filter_map(|entry| entry.object.ok());
            decoded.map(|object| entry(&object, group, kind)).collect()
        };
        let all = self.0.entry((group.clone(), kind.clone())).or_insert_with(read);
        all.get(controller).copied().unwrap_or_default()
    }
}

fn entry(object: &ScaledObject, group: &str, kind: &str) -> (Controller, ControllerFacts) {
    let meta = object.meta();
    let controller = Controller {
        namespace: meta.namespace.clone(),
        group: group.to_owned(),
        kind: kind.to_owned(),
        name: meta.name.clone(),
    };
    let facts = ControllerFacts {
        asked: object.spec.as_ref().and_then(|spec| spec.replicas),
        changed: meta.last_spec_write().max(meta.creation_timestamp),
        is_done: object.status.as_ref().is_some_and(|status| status.is_done),
    };
    (controller, facts)
}
