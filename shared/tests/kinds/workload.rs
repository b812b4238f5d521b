//! Objects of any kind as JSON, and tables of their verdicts.

use serde_json::{Map, Value, json};
use sre_shared::check::{Check, Evidence, Pods};
use sre_shared::report::{Item, State};
use sre_shared::resource::{Pod as PodView, from_value};
use sre_testkit::object::Pod;
use sre_testkit::{Clock, at};
use std::fmt::Write as _;

pub(crate) use super::{
    DAY, DEGRADED, HEALTHY, PROGRESSING, SETTLING, SUCCEEDED, SUSPENDED, TERMINATING, UNAVAILABLE, UNKNOWN,
    now,
};

/// A case: its name, the object, state and answer, reason, message, notes.
pub type Row = (
    &'static str,
    Object,
    (State, Option<bool>),
    &'static str,
    &'static str,
    &'static [&'static str],
);

/// An object, created a day ago; its spec and its status were last written then.
#[derive(Debug, Clone)]
pub struct Object(Value);

impl Object {
    pub fn new(spec: Value, status: Value) -> Self {
        let entry = |subresource: &str| {
            let mut entry =
                json!({"manager": "kube-controller-manager", "operation": "Update", "time": at(-DAY)});
            if !subresource.is_empty() {
                entry["subresource"] = subresource.into();
            }
            entry
        };
        Self(json!({
            "metadata": {
                "name": "search", "namespace": "shop", "uid": "0a1b", "generation": 1,
                "creationTimestamp": at(-DAY), "managedFields": [entry(""), entry("status")],
            },
            "spec": spec, "status": status,
        }))
    }

    /// Sets a field, and creates the objects above it.
    pub fn set(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let mut place = &mut self.0;
        for step in pointer.split('/').skip(1) {
            if place.is_null() {
                *place = Value::Object(Map::new());
            }
            place = match step.parse::<usize>() {
                Ok(index) => &mut place[index],
                Err(_) => &mut place[step],
            };
        }
        *place = value.into();
        self
    }

    pub fn without(mut self, parent: &str, field: &str) -> Self {
        let place = self.0.pointer_mut(parent).expect("the parent exists");
        place
            .as_object_mut()
            .expect("the parent is an object")
            .remove(field);
        self
    }

    pub fn created(self, ago: i64) -> Self {
        self.set("/metadata/creationTimestamp", at(-ago))
            .changed(ago)
            .moved(ago)
    }

    /// When the spec was last written.
    pub fn changed(self, ago: i64) -> Self {
        self.set("/metadata/managedFields/0/time", at(-ago))
    }

    /// When the status was last changed.
    pub fn moved(self, ago: i64) -> Self {
        self.set("/metadata/managedFields/1/time", at(-ago))
    }

    /// Makes the spec newer than the one that the controller has seen.
    pub fn unseen(self, ago: i64) -> Self {
        self.set("/metadata/generation", 2).changed(ago)
    }

    pub fn deleting(self, ago: i64, finalizers: &[&str]) -> Self {
        self.set("/metadata/deletionTimestamp", at(-ago))
            .set("/metadata/finalizers", finalizers)
    }

    /// The object as `kubectl create --dry-run=client` writes it.
    pub fn manifest(self) -> Self {
        self.without("/metadata", "generation").set("/status", json!({}))
    }

    pub fn view<T: Check>(&self) -> T {
        from_value(&self.0).expect("the object is of that kind")
    }

    pub fn judge<T: Check>(&self) -> Item {
        self.view::<T>().judge(&Evidence::new(now()))
    }

    /// Judges it with these pods.
    pub fn judge_with<T: Check>(&self, pods: impl IntoIterator<Item = Pod>) -> Item {
        let pods: Vec<PodView> = pods
            .into_iter()
            .map(|pod| from_value(&pod.build()).expect("a pod"))
            .collect();
        self.view::<T>().judge(&Evidence {
            pods: Some(Pods {
                pods: pods.iter().map(|pod| (pod, now())).collect(),
                ..Pods::default()
            }),
            ..Evidence::new(now())
        })
    }
}

/// A pod of that age that is not ready.
pub fn starting(name: &str, ago: i64) -> Pod {
    Pod::new("shop", name).created(at(-ago)).ready(false, at(-ago))
}

pub fn state(item: &Item) -> (State, Option<bool>) {
    (item.state, item.healthy)
}

/// Judges every row by the object alone, and reports all that differ at once.
pub fn assert_verdicts<T: Check>(rows: impl IntoIterator<Item = Row>) {
    assert_eq!(Clock::fixed().at(0), at(0));
    let mut differ = String::new();
    for (name, object, expected, reason, message, notes) in rows {
        let item = object.judge::<T>();
        let found = (
            (item.kind.as_str(), item.name.as_str()),
            state(&item),
            item.reason.as_str(),
            item.message.as_str(),
        );
        let wanted = ((T::KIND, "search"), expected, reason, message);
        if found != wanted || item.notes.texts() != notes {
            let _ = writeln!(
                differ,
                "{name}\n  {found:?} {:?}\n  {wanted:?} {notes:?}",
                item.notes
            );
        }
    }
    assert!(differ.is_empty(), "found, and expected:\n{differ}");
}
