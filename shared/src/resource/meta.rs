//! Metadata that every object carries, and that of a list.

use super::{Time, null_as_default};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Formatter;

/// The annotation with which a person acknowledges findings about an object.
pub const IGNORE: &str = "sre/ignore";

/// The annotation of a Job that a person has started from a CronJob.
pub const INSTANTIATE: &str = "cronjob.kubernetes.io/instantiate";

/// The annotations with the number of a revision, of a Deployment and of a Rollout. Their ReplicaSets have them too.
pub const DEPLOYMENT_REVISION: &str = "deployment.kubernetes.io/revision";
/// See [`DEPLOYMENT_REVISION`].
pub const ROLLOUT_REVISION: &str = "rollout.argoproj.io/revision";

/// Annotations with which a person pauses a custom resource of Crossplane, Cluster API, KEDA, Strimzi or
/// `CloudNativePG`.
pub const HOLDS: [&str; 6] = [
    "crossplane.io/paused",
    "cluster.x-k8s.io/paused",
    "autoscaling.keda.sh/paused",
    "autoscaling.keda.sh/paused-replicas",
    "strimzi.io/pause-reconciliation",
    "cnpg.io/hibernation",
];

/// The most writers that are kept of one object.
const MOST_WRITERS: usize = 12;

/// The annotation with the reason for a revision that a person, or `kubectl --record`, has written.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";
/// The annotation with the numbers that a Deployment's ReplicaSet had before a rollback made it the newest one again.
pub const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";

/// The annotation of a ReplicaSet with the pods that its Deployment asks for.
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";

/// The annotations that a rule reads besides [`HOLDS`].
const READ: [&str; 7] = [
    IGNORE,
    INSTANTIATE,
    DEPLOYMENT_REVISION,
    ROLLOUT_REVISION,
    CHANGE_CAUSE,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
];

/// Whether a rule reads that annotation.
fn is_read(key: &str) -> bool {
    READ.contains(&key) || HOLDS.contains(&key)
}

/// The part of `metav1.ObjectMeta` that a verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectMeta {
    /// Name, unique within the namespace and kind.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Namespace; empty for cluster-scoped objects.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub namespace: String,
    /// Identity that a new object of the same name does not share; owner references point to it.
    #[prost(string, tag = "5")]
    #[serde(deserialize_with = "null_as_default")]
    pub uid: String,
    /// Version of this object; opaque.
    #[prost(string, tag = "6")]
    #[serde(deserialize_with = "null_as_default")]
    pub resource_version: String,
    /// Counts changes of the spec; absent in a manifest that no API server has seen.
    #[prost(int64, optional, tag = "7")]
    pub generation: Option<i64>,
    /// When the object was created, by the API server's clock.
    #[prost(message, optional, tag = "8")]
    pub creation_timestamp: Option<Time>,
    /// Set once the object is being deleted.
    #[prost(message, optional, tag = "9")]
    pub deletion_timestamp: Option<Time>,
    /// Labels, for a selector that is applied on our side (the agent's `?selector=`).
    #[prost(btree_map = "string, string", tag = "11")]
    #[serde(deserialize_with = "null_as_default")]
    pub labels: BTreeMap<String, String>,
    /// The annotations that a rule reads; all others are dropped as the object is decoded, since one of them can hold
    /// the whole object once more.
    #[prost(btree_map = "string, string", tag = "12")]
    #[serde(deserialize_with = "read_annotations")]
    pub annotations: BTreeMap<String, String>,
    /// Owners; at most one of them is the controller.
    #[prost(message, repeated, tag = "13")]
    #[serde(deserialize_with = "null_as_default")]
    pub owner_references: Vec<OwnerReference>,
    /// Tasks that must be done before a deletion completes.
    #[prost(string, repeated, tag = "14")]
    #[serde(deserialize_with = "null_as_default")]
    pub finalizers: Vec<String>,
    /// The writers of the fields. Only their times are decoded, the field sets are skipped.
    #[prost(message, repeated, tag = "17")]
    #[serde(deserialize_with = "null_as_default")]
    pub managed_fields: Vec<ManagedFieldsEntry>,
}

impl ObjectMeta {
    /// Metadata of an object that carries none.
    pub(super) const EMPTY: Self = Self {
        name: String::new(),
        namespace: String::new(),
        uid: String::new(),
        resource_version: String::new(),
        generation: None,
        creation_timestamp: None,
        deletion_timestamp: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        owner_references: Vec::new(),
        finalizers: Vec::new(),
        managed_fields: Vec::new(),
    };

    /// Drops values that only protobuf brings: zero times, and annotations that no rule reads.
    pub(super) fn drop_zero_times(&mut self) {
        // A new map, since a map keeps the memory of removed entries.
        let annotations = std::mem::take(&mut self.annotations).into_iter();
        self.annotations = annotations.filter(|(key, _)| is_read(key)).collect();
        Time::drop_zero(&mut self.creation_timestamp);
        Time::drop_zero(&mut self.deletion_timestamp);
        self.managed_fields
            .iter_mut()
            .for_each(|m| Time::drop_zero(&mut m.time));
    }

    /// The owner that controls this object, if there is one.
    #[must_use]
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|o| o.controller)
    }

    /// When something other than the status was last written, by `managedFields`.
    #[must_use]
    pub fn last_spec_write(&self) -> Option<Time> {
        self.managed_fields
            .iter()
            .filter(|m| m.subresource != "status")
            .filter_map(|m| m.time)
            .max()
    }

    /// Whether something other than the status was written by a program whose entry in `managedFields` has no time, so that
    /// [`Self::last_spec_write`] may be too early. Entries of the `scale` subresource have none, as the API servers 1.30 and 1.37 write
    /// them.
    #[must_use]
    pub fn has_undated_write(&self) -> bool {
        let mut others = self.managed_fields.iter().filter(|m| m.subresource != "status");
        others.any(|m| m.time.is_none())
    }

    /// When the status was last changed, by `managedFields`. The API server moves the time of an entry only if a value
    /// changed.
    #[must_use]
    pub fn last_status_write(&self) -> Option<Time> {
        self.managed_fields
            .iter()
            .filter(|m| m.subresource == "status")
            .filter_map(|m| m.time)
            .max()
    }

    /// Keeps only the two times of `managedFields` that are read, the writers that were read, and whether there is one without a time.
    pub(super) fn slim(&mut self) {
        let entry = |time, subresource: &str| ManagedFieldsEntry {
            time,
            subresource: subresource.to_owned(),
            ..ManagedFieldsEntry::default()
        };
        let spec = self.last_spec_write().map(|time| entry(Some(time), ""));
        let status = self.last_status_write().map(|time| entry(Some(time), "status"));
        let undated = self.has_undated_write().then(|| entry(None, ""));
        let times = spec.into_iter().chain(status).chain(undated);
        let entries = std::mem::take(&mut self.managed_fields).into_iter();
        let writers = entries.filter(|entry| entry.parts != 0 && entry.subresource != "status");
        self.managed_fields = times.chain(writers.take(MOST_WRITERS)).collect();
    }
}

/// Reads the annotations that [`is_read`] names and skips the rest without copying it.
fn read_annotations<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    struct AnnotationVisitor;

    impl<'de> Visitor<'de> for AnnotationVisitor {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
            f.write_str("a map of annotations")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(BTreeMap::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut read = BTreeMap::new();
            while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                if is_read(&key) {
                    read.insert(key.into_owned(), map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(read)
        }
    }

    deserializer.deserialize_any(AnnotationVisitor)
}

/// One entry of `metadata.ownerReferences`.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// Kind of the owner.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub kind: String,
    /// Name of the owner, in the same namespace or in none.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Identity of the owner.
    #[prost(string, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub uid: String,
    /// API group and version of the owner's kind, such as `apps/v1`.
    #[prost(string, tag = "5")]
    #[serde(deserialize_with = "null_as_default")]
    pub api_version: String,
    /// Whether the owner is the one that manages this object.
    #[prost(bool, tag = "6")]
    #[serde(deserialize_with = "null_as_default")]
    pub controller: bool,
}

/// One entry of `metadata.managedFields`, without the fields.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ManagedFieldsEntry {
    /// When this manager last changed one of its fields.
    #[prost(message, optional, tag = "4")]
    pub time: Option<Time>,
    /// The subresource that was written through; `status` for a controller's reports.
    #[prost(string, tag = "8")]
    #[serde(deserialize_with = "null_as_default")]
    pub subresource: String,
    /// The name of the program, if the object may fall short: see [`ObjectMeta::writers`]. It is read on its own, and never
    /// under this number.
    #[prost(string, tag = "1001")]
    #[serde(skip)]
    pub manager: String,
    /// The parts that it wrote, as [`WrittenParts::bits`](super::WrittenParts::bits). It is read on its own, too.
    #[prost(uint32, tag = "1002")]
    #[serde(skip)]
    pub parts: u32,
}

/// `metav1.ListMeta`: the version of a list, and the token of its next page.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ListMeta {
    /// Version of the whole list; a watch starts from it.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub resource_version: String,
    /// Opaque token of the next page; empty on the last one.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default", rename = "continue")]
    pub continue_token: String,
    /// The number of items that follow this page; absent if the server does not count them, as with a selector.
    #[prost(int64, optional, tag = "4")]
    pub remaining_item_count: Option<i64>,
}

/// Just enough of any object to name it when the rest does not decode.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
pub(super) struct OnlyMeta {
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<NameOnly>,
}

#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
pub(super) struct NameOnly {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "3")]
    pub namespace: String,
}
