//! Objects that have a controller, and the objects that answer for them.

use super::snapshot::SettledItems;
use crate::check::{Check, Controller};
use crate::kind::Kind;
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

    /// The controllers that may answer for it.
    pub fn controllers(&self) -> impl Iterator<Item = &Controller> {
        std::iter::once(&self.by).chain(&self.beyond)
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

    /// Adds the settled objects of a kind that are among these controllers. No other controller is ever asked for, so that
    /// a list of 100,000 settled objects stays compact.
    pub fn add_settled(&mut self, kind: Kind, settled: &SettledItems, wanted: &[Controller]) {
        let is_of_kind = |who: &&Controller| who.kind == kind.kind() && who.group == kind.group();
        let wanted: HashMap<(&str, &str), &Controller> = wanted
            .iter()
            .filter(is_of_kind)
            .map(|who| ((&*who.namespace, &*who.name), who))
            .collect();
        if wanted.is_empty() {
            return;
        }
        let found = settled.iter().filter_map(|(namespace, object)| {
            let who = wanted.get(&(&**namespace, object.name()))?;
            Some((*who).clone())
        });
        self.judged.extend(found);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Compactor;
    use crate::resource::{Deployment, ReplicaSet, Time, from_value};
    use sre_testkit::object::Deployment as Build;
    use std::sync::Arc;

    fn owned(namespace: &str, deployment: &str) -> OwnedObject {
        let object: ReplicaSet = from_value(&serde_json::json!({"metadata": {
            "namespace": namespace, "name": format!("{deployment}-1"),
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "Deployment", "name": deployment, "uid": "1", "controller": true,
            }],
        }}))
        .expect("a ReplicaSet");
        OwnedObject::new(&object).expect("it has a controller")
    }

    #[test]
    fn only_settled_objects_that_are_asked_for_are_added_and_each_answers_for_its_own() {
        let now = Time::parse(sre_testkit::clock::NOW).expect("a time");
        let mut compactor = Compactor::default();
        let mut compact = |namespace: &str, name: &str| {
            let object: Deployment = from_value(&Build::new(namespace, name).build()).expect("a Deployment");
            let compact = compactor.compact(&object, None, now).expect("a compact form");
            (Arc::<str>::from(namespace), compact)
        };
        let settled: SettledItems = vec![
            compact("shop", "api"),
            compact("shop", "web"),
            compact("bank", "web"),
        ];
        let members = [owned("shop", "web"), owned("shop", "gone"), owned("bank", "api")];
        let wanted: Vec<Controller> = members
            .iter()
            .flat_map(OwnedObject::controllers)
            .cloned()
            .collect();
        let mut graph = OwnerGraph::default();
        graph.add_settled(Kind::Deployment, &settled, &wanted);
        assert_eq!(graph.judged.len(), 1);
        let roots: Vec<Option<String>> = graph
            .roots(members.iter())
            .into_iter()
            .map(|root| root.map(|root| format!("{}/{}", root.namespace, root.name)))
            .collect();
        assert_eq!(roots, [None, Some("shop/gone".into()), Some("bank/api".into())]);
        let mut other = OwnerGraph::default();
        other.add_settled(Kind::StatefulSet, &settled, &wanted);
        assert!(other.judged.is_empty());
    }
}
