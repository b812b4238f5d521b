//! Owns the metadata of every object: name, uid, times, labels, owners, managed fields.
//! Must not know any kind.

use serde_json::{Map, Value, json};

use crate::clock::{Clock, DAY};

/// The uid of an object that is built with these names. It depends only on them, so that an owner can be named before it
/// is built.
pub fn uid_of(kind: &str, namespace: &str, name: &str) -> String {
    let text = format!("{kind}/{namespace}/{name}");
    let fnv = |start: u64| {
        text.bytes().fold(start, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let (high, low) = (fnv(0xcbf2_9ce4_8422_2325), fnv(0x8422_2325_cbf2_9ce4));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// The fields of `metadata`, and the edits of the finished object.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub clock: Clock,
    pub kind: &'static str,
    pub api_version: &'static str,
    pub namespace: Option<String>,
    pub name: String,
    pub uid: String,
    pub resource_version: String,
    pub generation: Option<i64>,
    pub created: Option<String>,
    pub deleted: Option<(String, Vec<String>)>,
    pub labels: Map<String, Value>,
    pub annotations: Map<String, Value>,
    pub owners: Vec<Value>,
    pub managed_fields: Vec<Value>,
    pub edits: Vec<Edit>,
}

/// A change to the finished object, applied last and in order.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Set(String, Value),
    Remove(String),
}

impl Metadata {
    pub fn new(kind: &'static str, api_version: &'static str, namespace: Option<&str>, name: &str) -> Self {
        Self {
            clock: Clock::fixed(),
            kind,
            api_version,
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
            uid: uid_of(kind, namespace.unwrap_or_default(), name),
            resource_version: "1000".to_owned(),
            generation: None,
            created: None,
            deleted: None,
            labels: Map::new(),
            annotations: Map::new(),
            owners: Vec::new(),
            managed_fields: Vec::new(),
            edits: Vec::new(),
        }
    }

    /// The time of creation: the one that was set, else a day before the clock.
    pub fn created_at(&self) -> String {
        self.created.clone().unwrap_or_else(|| self.clock.at(-DAY))
    }

    pub fn add_owner(&mut self, api_version: &str, kind: &str, name: &str, uid: &str) {
        self.owners.push(json!({
            "apiVersion": api_version,
            "kind": kind,
            "name": name,
            "uid": uid,
            "controller": true,
            "blockOwnerDeletion": true,
        }));
    }

    pub fn manage(&mut self, manager: &str, subresource: Option<&str>, fields: &Value, time: &str) {
        let mut entry = json!({
            "manager": manager,
            "operation": "Update",
            "apiVersion": self.api_version,
            "time": time,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields,
        });
        if let Some(subresource) = subresource {
            entry["subresource"] = Value::from(subresource);
        }
        self.managed_fields.push(entry);
    }

    /// The whole object, with its other top-level fields and with the edits applied.
    pub fn wrap(&self, fields: Vec<(&str, Value)>) -> Value {
        let mut metadata = Map::new();
        metadata.insert("name".to_owned(), Value::from(self.name.as_str()));
        if let Some(namespace) = &self.namespace {
            metadata.insert("namespace".to_owned(), Value::from(namespace.as_str()));
        }
        metadata.insert("uid".to_owned(), Value::from(self.uid.as_str()));
        metadata.insert(
            "resourceVersion".to_owned(),
            Value::from(self.resource_version.as_str()),
        );
        if let Some(generation) = self.generation {
            metadata.insert("generation".to_owned(), Value::from(generation));
        }
        metadata.insert("creationTimestamp".to_owned(), Value::from(self.created_at()));
        if let Some((time, finalizers)) = &self.deleted {
            metadata.insert("deletionTimestamp".to_owned(), Value::from(time.as_str()));
            metadata.insert("deletionGracePeriodSeconds".to_owned(), Value::from(0));
            if !finalizers.is_empty() {
                metadata.insert("finalizers".to_owned(), Value::from(finalizers.clone()));
            }
        }
        if !self.labels.is_empty() {
            metadata.insert("labels".to_owned(), Value::Object(self.labels.clone()));
        }
        if !self.annotations.is_empty() {
            metadata.insert("annotations".to_owned(), Value::Object(self.annotations.clone()));
        }
        if !self.owners.is_empty() {
            metadata.insert("ownerReferences".to_owned(), Value::Array(self.owners.clone()));
        }
        if !self.managed_fields.is_empty() {
            metadata.insert(
                "managedFields".to_owned(),
                Value::Array(self.managed_fields.clone()),
            );
        }

        let mut object = Map::new();
        object.insert("kind".to_owned(), Value::from(self.kind));
        object.insert("apiVersion".to_owned(), Value::from(self.api_version));
        object.insert("metadata".to_owned(), Value::Object(metadata));
        for (name, value) in fields {
            object.insert(name.to_owned(), value);
        }
        let mut object = Value::Object(object);
        for edit in &self.edits {
            match edit {
                Edit::Set(pointer, value) => super::set(&mut object, pointer, value.clone()),
                Edit::Remove(pointer) => super::remove(&mut object, pointer),
            }
        }
        object
    }
}

/// The methods that every builder has, over its field `metadata`.
macro_rules! metadata_methods {
    ($builder:ident) => {
        impl $builder {
            /// Counts the default times from this clock. Times that are already set stay.
            pub fn clock(mut self, clock: $crate::clock::Clock) -> Self {
                self.metadata.clock = clock;
                self
            }

            /// Sets `metadata.creationTimestamp`.
            pub fn created(mut self, time: impl Into<String>) -> Self {
                self.metadata.created = Some(time.into());
                self
            }

            /// Sets `metadata.deletionTimestamp`, and the finalizers that keep the object.
            pub fn deleting(mut self, time: impl Into<String>, finalizers: &[&str]) -> Self {
                let finalizers = finalizers.iter().map(|name| (*name).to_owned()).collect();
                self.metadata.deleted = Some((time.into(), finalizers));
                self
            }

            /// Sets `metadata.uid`, which by default is made from kind, namespace and name.
            pub fn uid(mut self, uid: impl Into<String>) -> Self {
                self.metadata.uid = uid.into();
                self
            }

            /// Sets `metadata.resourceVersion`. A scripted server replaces it.
            pub fn resource_version(mut self, version: impl Into<String>) -> Self {
                self.metadata.resource_version = version.into();
                self
            }

            /// Adds or replaces a label.
            pub fn label(mut self, key: &str, value: &str) -> Self {
                self.metadata
                    .labels
                    .insert(key.to_owned(), ::serde_json::Value::from(value));
                self
            }

            /// Adds or replaces an annotation.
            pub fn annotation(mut self, key: &str, value: &str) -> Self {
                self.metadata
                    .annotations
                    .insert(key.to_owned(), ::serde_json::Value::from(value));
                self
            }

            /// Writes any value at a JSON pointer of the finished object, such as a malformed number or a field of a newer
            /// release.
            pub fn set(mut self, pointer: &str, value: impl Into<::serde_json::Value>) -> Self {
                self.metadata
                    .edits
                    .push($crate::object::metadata::Edit::Set(
                        pointer.to_owned(),
                        value.into(),
                    ));
                self
            }

            /// Removes the value at a JSON pointer of the finished object.
            pub fn remove(mut self, pointer: &str) -> Self {
                self.metadata
                    .edits
                    .push($crate::object::metadata::Edit::Remove(pointer.to_owned()));
                self
            }
        }

        impl From<$builder> for ::serde_json::Value {
            fn from(builder: $builder) -> Self {
                builder.build()
            }
        }
    };
}
pub(crate) use metadata_methods;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_has_the_form_of_version_4_and_depends_on_the_names() {
        let uid = uid_of("Deployment", "shop", "checkout");
        assert_eq!(uid, uid_of("Deployment", "shop", "checkout"));
        assert_ne!(uid, uid_of("ReplicaSet", "shop", "checkout"));
        assert_ne!(uid, uid_of("Deployment", "shop", "basket"));
        let lengths = uid.split('-').map(str::len).collect::<Vec<_>>();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&uid[14..15], "4");
    }
}
