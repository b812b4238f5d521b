//! Objects that have a controller, and the objects that answer for them.

use crate::check::{Check, Controller};
use crate::report::Item;
use std::collections::{HashMap, HashSet};

/// The longest chain of owners that is followed.
const MAX_DEPTH: usize = 8;

/// An object that has a controller.
#[derive(Debug)]
pub struct OwnedObject {
    /// Its controller.
    pub by: Controller,
    /// The controller of that controller, if names and labels show it.
    pub beyond: Option<Controller>,
    /// The object itself, as a controller of others.
    own: Controller,
}

impl OwnedObject {
    /// `None` if the object has no controller.
    #[must_use]
    pub fn new<T: Check>(object: &T) -> Option<Self> {
        let meta = object.meta();
        let by = Controller::from_owner(&meta.namespace, object.responsible_controller()?);
        Some(Self {
            beyond: by.own_controller(&meta.labels),
            own: Controller {
                namespace: meta.namespace.clone(),
                group: T::GROUP.to_owned(),
                kind: T::KIND.to_owned(),
                name: meta.name.clone(),
            },
            by,
        })
    }
}

/// The judged objects of a run, and the controllers of the others.
#[derive(Debug, Default)]
pub struct OwnerGraph {
    judged: HashSet<Controller>,
    links: HashMap<Controller, Controller>,
}

impl OwnerGraph {
    /// Adds objects that are judged.
    pub fn add_judged<'a>(&mut self, group: &str, items: impl IntoIterator<Item = &'a Item>) {
        self.judged.extend(items.into_iter().map(|item| Controller {
            namespace: item.namespace.clone(),
            group: group.to_owned(),
            kind: item.kind.clone(),
            name: item.name.clone(),
        }));
    }

    /// Adds the controller of an object that may stand between a pod and a workload.
    pub fn add_link(&mut self, owned: OwnedObject) {
        self.links.insert(owned.own, owned.by);
    }

    /// The controller under whose name each of these objects is reported; `None` if a judged object answers for the
    /// object.
    pub fn roots<'a>(
        &self,
        members: impl Iterator<Item = &'a OwnedObject> + Clone,
    ) -> Vec<Option<Controller>> {
        let present: HashMap<&Controller, &OwnedObject> = members.clone().map(|m| (&m.own, m)).collect();
        members.map(|m| self.root(m, &present)).collect()
    }

    fn root(&self, member: &OwnedObject, present: &HashMap<&Controller, &OwnedObject>) -> Option<Controller> {
        // A pod is judged by itself alone, and does not answer for the pods that it made.
        let answers =
            |who: &Controller| !who.is_pod() && (self.judged.contains(who) || present.contains_key(who));
        let (mut at, mut beyond) = (&member.by, &member.beyond);
        for _ in 0..MAX_DEPTH {
            if answers(at) {
                return None;
            }
            if let Some(pod) = present.get(at) {
                (at, beyond) = (&pod.by, &pod.beyond);
            } else if let Some(above) = self.links.get(at) {
                (at, beyond) = (above, &None);
            } else {
                break;
            }
        }
        let at = beyond.as_ref().unwrap_or(at);
        (!answers(at)).then(|| at.clone())
    }
}
