//! The vectors of the kinds: one file a kind, one row a case, each an object as an API server writes it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot build its object has failed"
)]
#![allow(clippy::needless_pass_by_value, reason = "a row ends where it is judged")]
#![allow(
    clippy::cloned_ref_to_slice_refs,
    reason = "rows with one and with many read alike"
)]

mod apiservice;
mod causes;
mod changes;
mod cronjob;
mod custom;
mod daemonset;
mod deployment;
mod dumps;
mod ends;
mod horizontalpodautoscaler;
mod job;
mod namespace;
mod node;
mod persistentvolumeclaim;
mod pod;
mod poddisruptionbudget;
mod replicaset;
mod rollout;
mod service;
mod statefulset;
mod webhookconfiguration;
mod wire;
mod workload;

use serde_json::{Value, json};
use sre_shared::check::{Check, Evidence, Now, Related, RelatedKind, RelatedKindVisitor, RelatedObjects};
use sre_shared::report::{Item, State};
use sre_shared::resource::{Decoded, Time, from_value};
use sre_testkit::object::set;
use sre_testkit::{Clock, at};

const DAY: i64 = 86_400;

const HEALTHY: (State, Option<bool>) = (State::Healthy, Some(true));
const PROGRESSING: (State, Option<bool>) = (State::Progressing, Some(false));
const SETTLING: (State, Option<bool>) = (State::Progressing, Some(true));
const SUSPENDED: (State, Option<bool>) = (State::Suspended, Some(true));
const SUCCEEDED: (State, Option<bool>) = (State::Succeeded, Some(true));
const DEGRADED: (State, Option<bool>) = (State::Degraded, Some(false));
const UNAVAILABLE: (State, Option<bool>) = (State::Unavailable, Some(false));
const UNKNOWN: (State, Option<bool>) = (State::Unknown, Some(false));
const TERMINATING: (State, Option<bool>) = (State::Terminating, None);

fn now() -> Now {
    Now::known(Time::parse(&Clock::fixed().at(0)).expect("the test clock is a time"))
}

/// An object that is a day old, with these fields.
fn object(namespace: &str, name: &str, fields: &[(&str, Value)]) -> Value {
    let mut object = json!({"metadata": {
        "name": name,
        "uid": format!("uid-of-{name}"),
        "creationTimestamp": at(-DAY),
    }});
    if !namespace.is_empty() {
        set(&mut object, "/metadata/namespace", json!(namespace));
    }
    for (pointer, value) in fields {
        set(&mut object, pointer, value.clone());
    }
    object
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": at(-3600)})
}

/// The field of an object that has been terminating for a minute.
fn deleting() -> (&'static str, Value) {
    ("/metadata/deletionTimestamp", json!(at(-60)))
}

/// The field of an object that is this many seconds old.
fn aged(seconds: i64) -> (&'static str, Value) {
    ("/metadata/creationTimestamp", json!(at(-seconds)))
}

/// The field of an object with a controller.
fn owned(kind: &str) -> (&'static str, Value) {
    (
        "/metadata/ownerReferences",
        json!([{"kind": kind, "name": "owner", "uid": "uid-of-owner", "controller": true}]),
    )
}

struct Row {
    name: &'static str,
    object: Value,
    state: (State, Option<bool>),
    reason: &'static str,
    message: &'static str,
    notes: &'static [&'static str],
    warnings: &'static [&'static str],
}

fn row(
    name: &'static str,
    object: Value,
    state: (State, Option<bool>),
    reason: &'static str,
    message: &'static str,
) -> Row {
    Row {
        name,
        object,
        state,
        reason,
        message,
        notes: &[],
        warnings: &[],
    }
}

impl Row {
    fn notes(self, notes: &'static [&'static str]) -> Self {
        Self { notes, ..self }
    }

    fn warns(self, warnings: &'static [&'static str]) -> Self {
        Self { warnings, ..self }
    }

    fn assert(&self, item: &Item) {
        let of = |lines: &[String]| lines.join(" | ");
        let got = (
            item.state,
            item.healthy,
            item.reason.as_str(),
            item.message.as_str(),
            item.notes.texts().join(" | "),
            of(&item.warnings),
        );
        let expected = (
            self.state.0,
            self.state.1,
            self.reason,
            self.message,
            self.notes.join(" | "),
            self.warnings.join(" | "),
        );
        assert_eq!(got, expected, "{}", self.name);
    }
}

fn view<T: Check>(value: &Value) -> T {
    from_value(value).expect("the row is written as an API server writes it")
}

fn judge<T: Check>(value: &Value) -> Item {
    view::<T>(value).judge(&Evidence::new(now()))
}

/// Judges every row by the object alone.
fn assert_rows<T: Check>(rows: &[Row]) {
    for row in rows {
        row.assert(&judge::<T>(&row.object));
    }
}

/// Judges every row with these related objects.
fn assert_rows_with_related<T: Check>(known: &RelatedObjects, rows: &[Row]) {
    for row in rows {
        row.assert(&judge_with_related::<T>(known, &row.object));
    }
}

fn judge_with_related<T: Check>(known: &RelatedObjects, value: &Value) -> Item {
    view::<T>(value).judge(&Evidence {
        related: Some(known),
        ..Evidence::new(now())
    })
}

/// Adds the objects of a related kind, in all namespaces.
fn add_related(known: &mut RelatedObjects, kind: RelatedKind, objects: &[Value]) {
    struct AddObjects<'a>(&'a mut RelatedObjects, &'a [Value]);
    impl RelatedKindVisitor for AddObjects<'_> {
        type Output = ();
        fn visit<T: Related>(self, kind: RelatedKind) {
            let objects: Vec<Decoded<T>> = self.1.iter().map(from_value).collect();
            self.0.add(kind, None, &objects);
        }
    }
    kind.visit(AddObjects(known, objects));
}
