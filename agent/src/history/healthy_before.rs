//! Owns since when objects are no longer healthy, for objects whose earlier health was seen. It tells whether the revision before
//! a rollout worked.
//! Must not know where transitions are kept.

use sre_shared::check::undo_command;
use sre_shared::report::{Item, State, TransitionRecord};
use sre_shared::resource::Time;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// The most objects. Objects beyond them are as if nothing had been seen.
const OBJECTS: usize = 10_000;

/// When objects that are not healthy now were last healthy.
#[derive(Debug, Default)]
pub struct HealthyBefore {
    left: HashMap<(String, String, String), Time>,
}

impl HealthyBefore {
    /// Notes a transition.
    pub fn note(&mut self, record: &TransitionRecord) {
        let Ok(at) = Time::parse(&record.at) else { return };
        let key = (record.kind.clone(), record.namespace.clone(), record.name.clone());
        match (record.from, record.to) {
            (_, None | Some(State::Healthy)) | (None, _) => {
                self.left.remove(&key);
            }
            (Some(State::Healthy), Some(_)) if self.left.len() < OBJECTS => {
                self.left.insert(key, at);
            }
            _ => {}
        }
    }

    /// The objects of a kind, seen without a break since that time.
    pub fn of_kind(&self, kind: &str, since: Time) -> HealthyObjects {
        let mut found = HealthyObjects {
            since,
            left: BTreeMap::new(),
        };
        for ((_, namespace, name), at) in self.left.iter().filter(|((own, ..), _)| own == kind) {
            found.left.insert((namespace.clone(), name.clone()), *at);
        }
        found
    }
}

/// When the objects of a kind that are not healthy now were last healthy.
#[derive(Debug)]
pub struct HealthyObjects {
    since: Time,
    left: BTreeMap<(String, String), Time>,
}

impl HealthyObjects {
    /// The item, with the way back to its earlier revision if the object was healthy when that revision was replaced.
    pub fn noted<'a>(&self, item: Cow<'a, Item>) -> Cow<'a, Item> {
        let undo = item.change.as_ref().and_then(|change| change.undo.as_ref());
        let Some(undo) = undo.filter(|undo| !undo.worked) else {
            return item;
        };
        let changed = item
            .change
            .as_ref()
            .and_then(|change| Time::parse(&change.at).ok());
        let key = (item.namespace.clone(), item.name.clone());
        let left = self.left.get(&key).copied();
        // It was healthy from before the change until after it.
        let was_healthy = changed
            .zip(left)
            .is_some_and(|(changed, left)| self.since < changed && left >= changed);
        let command = undo_command(&item, &undo.revision).filter(|_| was_healthy);
        let Some(command) = command else { return item };
        let mut noted = item.into_owned();
        if let Some(undo) = noted.change.as_mut().and_then(|change| change.undo.as_mut()) {
            undo.worked = true;
            undo.command = Some(command);
        }
        Cow::Owned(noted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use sre_shared::report::{Code, ObjectRef};

    fn record(at: i64, from: State, to: State) -> TransitionRecord {
        TransitionRecord {
            at: Time::from_seconds(at).to_string(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: "web".into(),
            from: Some(from),
            to: Some(to),
            reason: Code::from("ReadyBelowDesired"),
            code: None,
            change: None,
        }
    }

    /// An item whose revision 12 was replaced at that second.
    fn item(changed: i64) -> Item {
        let object = ObjectRef::namespaced("Deployment", "shop", "web");
        let change = json!({"at": Time::from_seconds(changed).to_string(), "what": "rollout", "revision": "13",
            "from": "12", "undo": {"revision": "12", "worked": false}});
        Item {
            change: serde_json::from_value(change).ok(),
            ..Item::new(
                object,
                State::Degraded,
                Code::from("ReadyBelowDesired"),
                String::new(),
            )
        }
    }

    #[test]
    fn the_way_back_is_offered_if_the_object_was_seen_healthy_until_its_revision_was_replaced() {
        let mut before = HealthyBefore::default();
        before.note(&record(100, State::Healthy, State::Degraded));
        // A worse state afterwards says nothing about the time before.
        before.note(&record(110, State::Degraded, State::Unavailable));
        let undo = |since: i64, changed: i64| {
            let objects = before.of_kind("Deployment", Time::from_seconds(since));
            let item = item(changed);
            let undo = objects
                .noted(Cow::Borrowed(&item))
                .change
                .clone()
                .and_then(|change| change.undo);
            undo.and_then(|undo| undo.command.filter(|_| undo.worked))
        };
        let command = "kubectl -n shop rollout undo deployment web --to-revision=12";
        assert_eq!(undo(50, 90).as_deref(), Some(command));
        assert_eq!(undo(50, 101), None, "it was broken before the change");
        assert_eq!(undo(95, 90), None, "nobody watched at the time of the change");
        before.note(&record(120, State::Unavailable, State::Healthy));
        assert!(before.left.is_empty());
    }
}
