//! Which program wrote which part of an object when, by `metadata.managedFields`.
//!
//! The field sets are longer than the rest of most objects, so that they are read only of objects that may fall short. An
//! entry's time is that manager's last write of any field in it (`managedFields` in the documentation of server-side
//! apply), so that it never says when a single field was written.

use super::{ManagedFieldsEntry, ObjectMeta, Resource, Time, null_as_default};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The most entries that are read of one object. The API server merges older entries beyond ten
/// (`DefaultMaxUpdateManagers` in `k8s.io/apimachinery/pkg/util/managedfields`), but for those of server-side apply.
const MOST_ENTRIES: usize = 32;

/// The parts of an object that a manager owns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WrittenParts(u32);

impl WrittenParts {
    /// A field of the spec, or of a webhook's configuration, or of the data of a `ConfigMap`.
    pub const SPEC: Self = Self(1);
    /// A field of the pod template, or of a `CronJob`'s template of Jobs.
    pub const TEMPLATE: Self = Self(2);
    /// The number of pods.
    pub const REPLICAS: Self = Self(4);

    /// Whether a node takes new pods.
    pub const CORDON: Self = Self(8);

    /// From the number that [`ManagedFieldsEntry::parts`] holds.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The number that [`ManagedFieldsEntry::parts`] holds.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of these parts are among them.
    #[must_use]
    pub const fn has(self, parts: Self) -> bool {
        self.0 & parts.0 == parts.0
    }

    fn add(&mut self, parts: Self, is_there: bool) {
        if is_there {
            self.0 |= parts.0;
        }
    }
}

/// The fields of an entry, in the form `FieldsV1`: a map of names with `f:` before them.
#[derive(Default, Deserialize)]
#[serde(default)]
struct FieldSet {
    #[serde(rename = "f:spec")]
    spec: Option<SpecFields>,
    #[serde(rename = "f:data")]
    data: Option<IgnoredAny>,
    #[serde(rename = "f:binaryData")]
    binary_data: Option<IgnoredAny>,
    #[serde(rename = "f:webhooks")]
    webhooks: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SpecFields {
    #[serde(rename = "f:replicas")]
    replicas: Option<IgnoredAny>,
    #[serde(rename = "f:template")]
    template: Option<IgnoredAny>,
    #[serde(rename = "f:jobTemplate")]
    job_template: Option<IgnoredAny>,
    #[serde(rename = "f:unschedulable")]
    unschedulable: Option<IgnoredAny>,
}

impl FieldSet {
    fn parts(&self) -> WrittenParts {
        let mut parts = WrittenParts::default();
        let contents = self.data.is_some() || self.binary_data.is_some() || self.webhooks.is_some();
        parts.add(WrittenParts::SPEC, self.spec.is_some() || contents);
        if let Some(spec) = &self.spec {
            let template = spec.template.is_some() || spec.job_template.is_some();
            parts.add(WrittenParts::TEMPLATE, template);
            parts.add(WrittenParts::REPLICAS, spec.replicas.is_some());
            parts.add(WrittenParts::CORDON, spec.unschedulable.is_some());
        }
        parts
    }
}

/// Just the writers of an object, in protobuf.
#[derive(Clone, PartialEq, prost::Message)]
struct ProtoObject {
    #[prost(message, optional, tag = "1")]
    metadata: Option<ProtoMeta>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ProtoMeta {
    #[prost(message, repeated, tag = "17")]
    managed_fields: Vec<ProtoEntry>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ProtoEntry {
    #[prost(string, tag = "1")]
    manager: String,
    #[prost(message, optional, tag = "4")]
    time: Option<Time>,
    #[prost(message, optional, tag = "7")]
    fields: Option<ProtoFields>,
    #[prost(string, tag = "8")]
    subresource: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ProtoFields {
    /// `FieldsV1` as JSON.
    #[prost(bytes = "vec", tag = "1")]
    raw: Vec<u8>,
}

/// Just the writers of an object, in JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct JsonObject {
    metadata: Option<JsonMeta>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct JsonMeta {
    #[serde(deserialize_with = "null_as_default")]
    managed_fields: Vec<JsonEntry>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct JsonEntry {
    #[serde(deserialize_with = "null_as_default")]
    manager: String,
    time: Option<Time>,
    fields_v1: Option<FieldSet>,
    #[serde(deserialize_with = "null_as_default")]
    subresource: String,
}

impl From<ProtoEntry> for ManagedFieldsEntry {
    fn from(entry: ProtoEntry) -> Self {
        let fields = entry.fields.unwrap_or_default();
        let fields: FieldSet = serde_json::from_slice(&fields.raw).unwrap_or_default();
        Self {
            time: entry.time.filter(|time| *time != Time::from_seconds(0)),
            subresource: entry.subresource,
            manager: entry.manager,
            parts: fields.parts().bits(),
        }
    }
}

impl From<JsonEntry> for ManagedFieldsEntry {
    fn from(entry: JsonEntry) -> Self {
        Self {
            time: entry.time,
            subresource: entry.subresource,
            manager: entry.manager,
            parts: entry.fields_v1.unwrap_or_default().parts().bits(),
        }
    }
}

/// Reads the writers of an object from its bytes, if it may fall short. An object whose field sets are not understood keeps
/// the times that it has.
pub(crate) fn read_writers<T: Resource>(object: &mut T, bytes: &[u8], json: bool) {
    if !object.may_fall_short() {
        return;
    }
    if json {
        set_writers(
            object,
            json_entries(serde_json::from_slice(bytes).unwrap_or_default()),
        );
    } else {
        let read = <ProtoObject as prost::Message>::decode(bytes).unwrap_or_default();
        let entries = read.metadata.unwrap_or_default().managed_fields.into_iter();
        set_writers(object, entries.map(Into::into).collect());
    }
}

/// The same from a parsed value.
pub(crate) fn read_writers_of_value<T: Resource>(object: &mut T, value: &serde_json::Value) {
    if object.may_fall_short() {
        set_writers(
            object,
            json_entries(JsonObject::deserialize(value).unwrap_or_default()),
        );
    }
}

fn json_entries(read: JsonObject) -> Vec<ManagedFieldsEntry> {
    let entries = read.metadata.unwrap_or_default().managed_fields.into_iter();
    entries.map(Into::into).collect()
}

fn set_writers<T: Resource>(object: &mut T, entries: Vec<ManagedFieldsEntry>) {
    if let Some(meta) = object.metadata_mut().filter(|_| !entries.is_empty()) {
        meta.managed_fields = entries;
    }
}

impl ObjectMeta {
    /// The entries of managers that wrote all of these parts, the newest first. Reports of controllers about the status are
    /// left out. Empty if the writers were not read.
    #[must_use]
    pub fn writers(&self, parts: WrittenParts) -> Vec<&ManagedFieldsEntry> {
        let entries = self.managed_fields.iter();
        let mut found: Vec<&ManagedFieldsEntry> = entries
            .filter(|entry| entry.subresource != "status" && entry.time.is_some())
            .filter(|entry| WrittenParts::from_bits(entry.parts).has(parts))
            .take(MOST_ENTRIES)
            .collect();
        found.sort_by_key(|entry| std::cmp::Reverse(entry.time));
        found
    }

    /// The manager of the entries of that time; `None` if several wrote then. Times are whole seconds, so that nothing says which of
    /// them was the last.
    #[must_use]
    pub fn only_manager_at<'a>(entries: &[&'a ManagedFieldsEntry], at: Time) -> Option<&'a str> {
        let mut names = entries
            .iter()
            .filter(|entry| entry.time == Some(at))
            .map(|entry| entry.manager.as_str());
        let first = names.next().filter(|name| !name.is_empty())?;
        names.all(|name| name == first).then_some(first)
    }

    /// The manager that asked for the present number of pods through the `scale` subresource, as `kubectl scale` and autoscalers do.
    /// Its entry has no time, as the API server 1.37 writes it.
    #[must_use]
    pub fn scaled_by(&self) -> Option<&str> {
        let mut entries = self.managed_fields.iter();
        let entry = entries.find(|entry| {
            entry.subresource == "scale" && WrittenParts::from_bits(entry.parts).has(WrittenParts::REPLICAS)
        });
        entry
            .map(|entry| entry.manager.as_str())
            .filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Deployment, from_json, slim};
    use serde_json::json;

    fn read(ready: i32) -> Deployment {
        let fields = json!({"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {}}}});
        let object = json!({
            "metadata": {"name": "web", "generation": 2, "managedFields": [
                {"manager": "helm", "operation": "Update", "time": "2026-01-01T00:00:00Z",
                 "fieldsType": "FieldsV1", "fieldsV1": fields},
                {"manager": "kubectl-scale", "operation": "Update", "time": "2026-01-01T01:00:00Z",
                 "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
                {"manager": "kubectl-label", "time": "2026-01-01T03:00:00Z",
                 "fieldsV1": {"f:metadata": {"f:annotations": {"f:spec": {}}}}},
                {"manager": "kube-controller-manager", "operation": "Update", "time": "2026-01-01T02:00:00Z",
                 "subresource": "status", "fieldsV1": {"f:status": {"f:replicas": {}}}},
            ]},
            "spec": {"replicas": 1},
            "status": {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": ready,
                       "availableReplicas": ready},
        });
        let bytes = object.to_string().into_bytes();
        let mut read: Deployment = from_json(&bytes).unwrap_or_default();
        read_writers(&mut read, &bytes, true);
        slim(&mut read);
        read
    }

    #[test]
    fn the_writers_of_an_object_that_may_fall_short_are_kept_with_their_parts() {
        let object = read(0);
        let managers = |parts| -> Vec<&str> {
            let found = object.meta().writers(parts).into_iter();
            found.map(|entry| entry.manager.as_str()).collect()
        };
        assert_eq!(managers(WrittenParts::REPLICAS), ["kubectl-scale", "helm"]);
        assert_eq!(managers(WrittenParts::TEMPLATE), ["helm"]);
        assert_eq!(managers(WrittenParts::SPEC), ["kubectl-scale", "helm"]);
        assert_eq!(
            object.meta().last_spec_write().map(|t| t.to_string()).as_deref(),
            Some("2026-01-01T03:00:00Z")
        );
        assert_eq!(
            object
                .meta()
                .last_status_write()
                .map(|t| t.to_string())
                .as_deref(),
            Some("2026-01-01T02:00:00Z")
        );
    }

    #[test]
    fn an_object_that_has_all_keeps_only_the_two_times() {
        let object = read(1);
        assert_eq!(object.meta().managed_fields.len(), 2);
        assert!(
            object.meta().writers(WrittenParts::default()).is_empty() || {
                let all = object.meta().managed_fields.iter();
                all.clone().all(|entry| entry.manager.is_empty())
            }
        );
        assert!(object.meta().writers(WrittenParts::SPEC).is_empty());
    }

    #[test]
    fn protobuf_and_json_give_the_same_writers() {
        let raw = br#"{"f:spec":{"f:jobTemplate":{},"f:suspend":{}}}"#.to_vec();
        let entry = ProtoEntry {
            manager: "flux".into(),
            time: Some(Time::from_seconds(60)),
            fields: Some(ProtoFields { raw }),
            subresource: String::new(),
        };
        let json = br#"{"manager":"flux","time":"1970-01-01T00:01:00Z",
            "fieldsV1":{"f:spec":{"f:jobTemplate":{},"f:suspend":{}}}}"#;
        let json: JsonEntry = serde_json::from_slice(json).unwrap_or_default();
        let proto = ManagedFieldsEntry::from(entry);
        assert_eq!(proto, ManagedFieldsEntry::from(json));
        let parts = WrittenParts::from_bits(proto.parts);
        assert!(parts.has(WrittenParts::TEMPLATE) && !parts.has(WrittenParts::REPLICAS));
    }

    #[test]
    fn a_write_without_a_time_is_known_of_an_object_at_full_strength_too() {
        let with_time = read(1);
        assert!(!with_time.meta().has_undated_write());
        let object = json!({
            "metadata": {"name": "web", "generation": 2, "managedFields": [
                {"manager": "helm", "operation": "Update", "time": "2026-01-01T00:00:00Z",
                 "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:template": {}}}},
                {"manager": "kubectl", "operation": "Update", "subresource": "scale",
                 "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]},
            "spec": {"replicas": 1},
            "status": {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1,
                       "availableReplicas": 1},
        });
        let bytes = object.to_string().into_bytes();
        let mut read: Deployment = from_json(&bytes).unwrap_or_default();
        read_writers(&mut read, &bytes, true);
        for _ in 0..2 {
            slim(&mut read);
            let entries = read.meta().managed_fields.len();
            assert_eq!((read.meta().has_undated_write(), entries), (true, 2));
        }
        assert!(read.meta().writers(WrittenParts::SPEC).is_empty());
    }
}
