//! Builders of objects as an API server writes them, as `serde_json::Value`.
//! They must not know which objects are healthy: a test sets the fields and states the verdict.

mod condition;
mod deployment;
mod list;
mod metadata;
mod namespace;
mod pod;
mod replica_set;

pub use deployment::Deployment;
pub use list::{List, Order, list};
pub use metadata::uid_of;
pub use namespace::Namespace;
pub use pod::Pod;
pub use replica_set::ReplicaSet;

use serde_json::Value;

/// Writes a value at a JSON pointer. Objects on the way that are missing are added.
///
/// # Panics
/// If the pointer runs through a value that is neither an object nor an array with that index.
pub fn set(object: &mut Value, pointer: &str, value: Value) {
    let mut place = object;
    for step in pointer.split('/').skip(1) {
        if place.is_null() {
            *place = Value::Object(serde_json::Map::new());
        }
        place = match place {
            Value::Object(map) => map.entry(step.to_owned()).or_insert(Value::Null),
            Value::Array(items) => step
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get_mut(index))
                .expect("a pointer into an array names one of its items"),
            _ => panic!("{pointer} runs through a value that has no fields"),
        };
    }
    *place = value;
}

/// Removes the value at a JSON pointer, if there is one.
pub fn remove(object: &mut Value, pointer: &str) {
    let Some((parent, field)) = pointer.rsplit_once('/') else {
        return;
    };
    match object.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.remove(field);
        }
        Some(Value::Array(items)) => {
            if let Ok(index) = field.parse::<usize>()
                && index < items.len()
            {
                items.remove(index);
            }
        }
        _ => {}
    }
}

/// A JSON object as text with `kind` and `apiVersion` first, in the order of an API server. A sorted map would put
/// `apiVersion` first, and would not reveal a client that relies on the order.
pub(crate) fn to_ordered_json(object: &Value, with_type: bool) -> String {
    const FIRST: [&str; 5] = ["kind", "apiVersion", "metadata", "spec", "status"];
    let Some(map) = object.as_object() else {
        return object.to_string();
    };
    let head = FIRST.iter().filter_map(|name| map.get_key_value(*name));
    let tail = map.iter().filter(|(name, _)| !FIRST.contains(&name.as_str()));
    let fields = head
        .chain(tail)
        .filter(|(name, _)| with_type || (*name != "kind" && *name != "apiVersion"))
        .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
        .collect::<Vec<_>>();
    format!("{{{}}}", fields.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn set_makes_missing_objects_and_remove_takes_one_field_away() {
        let mut object = json!({"spec": {"list": [{"a": 1}, {"a": 2}]}});
        set(&mut object, "/status/readyReplicas", json!(-1));
        set(&mut object, "/spec/list/1/a", json!(3));
        remove(&mut object, "/spec/list/0");
        remove(&mut object, "/nowhere/at/all");
        assert_eq!(
            object,
            json!({"spec": {"list": [{"a": 3}]}, "status": {"readyReplicas": -1}})
        );
    }

    #[test]
    fn ordered_text_starts_with_the_type_or_leaves_it_out() {
        let object = json!({"status": 1, "data": 2, "apiVersion": "v1", "metadata": {}, "kind": "K"});
        assert_eq!(
            to_ordered_json(&object, true),
            r#"{"kind":"K","apiVersion":"v1","metadata":{},"status":1,"data":2}"#
        );
        assert_eq!(
            to_ordered_json(&object, false),
            r#"{"metadata":{},"status":1,"data":2}"#
        );
    }
}
