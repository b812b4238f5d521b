//! An object that reports its own health: by `status.conditions`, by counts of pods, or by a word such as
//! `status.phase`. It reads custom resources, whose kinds are unknown here.
//!
//! Only the fields of spec and status that are named here are read. The rest of an object costs nothing.

use super::{ObjectMeta, Resource, Time, has_metadata};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Formatter;

/// The most conditions that are read of one object. A Gateway has the most: 64 listeners with 8 each.
const MOST_CONDITIONS: usize = 1024;

/// Lists of a status whose entries have conditions of their own, and what one entry is called: of the Gateway API and
/// of Routes of `OpenShift`.
const NESTED: [(&str, &str); 4] = [
    ("listeners", "listener"),
    ("parents", "parent"),
    ("ancestors", "ancestor"),
    ("ingress", "ingress"),
];

/// Fields of a status that hold a word about the whole object, or an object that holds it.
const WORDS: [&str; 16] = [
    "phase",
    "state",
    "health",
    "status",
    "printableStatus",
    "robustness",
    "lifecycleState",
    "applicationState",
    "jobStatus",
    "jobDeploymentStatus",
    "clusterStatus",
    "PostgresClusterStatus",
    "cluster",
    "ceph",
    "sync",
    "operationState",
];

/// Fields of a status that count pods.
const COUNTS: [&str; 18] = [
    "replicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
    "updatedReplicas",
    "upToDateReplicas",
    "expectedUpdatedReplicas",
    "instances",
    "readyInstances",
    "pods",
    "readyPods",
    "desiredNumberScheduled",
    "numberReady",
    "numberAvailable",
    "updatedNumberScheduled",
    "desiredReplicas",
    "currentReplicas",
    "fullyLabeledReplicas",
];

/// The other fields of a status that are read.
const OTHERS: [&str; 9] = [
    "observedGeneration",
    "conditions",
    "message",
    "reason",
    "ready",
    "readyToUse",
    "error",
    "failureReason",
    "failureMessage",
];

/// Fields of a spec that say how many pods there should be, or that the object is paused or stopped.
const SPEC: [&str; 19] = [
    "replicas",
    "instances",
    "suspend",
    "suspended",
    "pause",
    "paused",
    "stop",
    "stopped",
    "halted",
    "shutdown",
    "hibernate",
    "hibernated",
    "running",
    "runStrategy",
    "state",
    "desiredState",
    "powerState",
    "updateStrategy",
    "job",
];

/// The fields of such an object that a verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomObject {
    /// Name, generation, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Its controller's last report.
    #[prost(message, optional, tag = "2")]
    #[serde(deserialize_with = "status")]
    pub status: Option<CustomStatus>,
    /// The desired state.
    #[prost(message, optional, tag = "3")]
    #[serde(deserialize_with = "spec")]
    pub spec: Option<CustomSpec>,
}

/// The fields of a spec that many kinds share.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct CustomSpec {
    /// How many pods are asked for.
    #[prost(int64, optional, tag = "1")]
    pub replicas: Option<i64>,
    /// Fields that can say that it is paused or stopped, by their path in the spec.
    #[prost(btree_map = "string, string", tag = "2")]
    pub words: BTreeMap<String, String>,
}

/// The fields of a status that many kinds share.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct CustomStatus {
    /// The newest generation that the controller has acted upon.
    #[prost(int64, optional, tag = "1")]
    pub observed_generation: Option<i64>,
    /// The conditions: its own, then those of listeners and parents.
    #[prost(message, repeated, tag = "2")]
    pub conditions: Vec<CustomCondition>,
    /// Counts of pods, by the name of the field.
    #[prost(btree_map = "string, int64", tag = "3")]
    pub counts: BTreeMap<String, i64>,
    /// Words about the object as a whole.
    #[prost(message, repeated, tag = "4")]
    pub words: Vec<CustomWord>,
    /// A boolean field that says whether it can be used.
    #[prost(bool, optional, tag = "5")]
    pub ready: Option<bool>,
    /// The error that its controller reports outside of conditions.
    #[prost(string, tag = "6")]
    pub failure: String,
    /// Whether it has more conditions than are read.
    #[prost(bool, tag = "7")]
    pub cut: bool,
}

/// One word about the whole object, such as `status.phase`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct CustomWord {
    /// The field that it stands in.
    #[prost(string, tag = "1")]
    pub field: String,
    /// The word.
    #[prost(string, tag = "2")]
    pub word: String,
    /// The sentence beside it.
    #[prost(string, tag = "3")]
    pub message: String,
    /// When it last changed.
    #[prost(message, optional, tag = "4")]
    pub changed: Option<Time>,
}

impl CustomWord {
    /// Field, word and sentence.
    #[must_use]
    pub fn words(&self) -> String {
        joined(&[&self.field, &self.word, &self.message])
    }
}

/// `metav1.Condition`, with any of its fields missing.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct CustomCondition {
    /// Which condition it is.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    pub status: String,
    /// The generation that it is about.
    #[prost(int64, optional, tag = "3")]
    pub observed_generation: Option<i64>,
    /// When `status` last changed.
    #[prost(message, optional, tag = "4")]
    pub last_transition_time: Option<Time>,
    /// A stable word in CamelCase.
    #[prost(string, tag = "5")]
    pub reason: String,
    /// The controller's sentence.
    #[prost(string, tag = "6")]
    pub message: String,
    /// `Error`, `Warning` or `Info` of a condition that is not True, in Cluster API and Knative.
    #[prost(string, tag = "7")]
    pub severity: String,
    /// The part of the object that it is about, such as a listener; empty for the whole.
    #[prost(string, tag = "8")]
    pub part: String,
}

impl CustomCondition {
    /// Part, type, reason and sentence; empty ones are left out.
    #[must_use]
    pub fn words(&self) -> String {
        joined(&[&self.part, &self.kind, &self.reason, &self.message])
    }
}

fn joined(parts: &[&str]) -> String {
    let some: Vec<&str> = parts.iter().copied().filter(|p| !p.is_empty()).collect();
    some.join(": ")
}

/// The named fields of a map; nothing if the value is no map.
struct PickedFields(&'static [&'static [&'static str]]);

impl PickedFields {
    fn read<'de, D: Deserializer<'de>>(
        keys: &'static [&'static [&'static str]],
        deserializer: D,
    ) -> Result<Option<BTreeMap<String, Value>>, D::Error> {
        Self(keys).deserialize(deserializer)
    }
}

impl<'de> DeserializeSeed<'de> for PickedFields {
    type Value = Option<BTreeMap<String, Value>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PickedFields {
    type Value = Option<BTreeMap<String, Value>>;

    fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Some(BTreeMap::new()))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Some(BTreeMap::new()))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Some(BTreeMap::new()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Some(BTreeMap::new()))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Some(BTreeMap::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some(BTreeMap::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut picked = BTreeMap::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if self.0.iter().any(|keys| keys.contains(&&*key)) {
                picked.insert(key.into_owned(), map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Some(picked))
    }
}

fn spec<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<CustomSpec>, D::Error> {
    const KEYS: &[&[&str]] = &[&SPEC];
    let Some(spec) = PickedFields::read(KEYS, deserializer)? else {
        return Ok(None);
    };
    let mut words = BTreeMap::new();
    for (field, value) in &spec {
        words.extend(plain(value).map(|word| (field.clone(), word)));
        for inner in ["paused", "partition", "state"] {
            let word = value.get(inner).and_then(plain);
            words.extend(word.map(|word| (format!("{field}.{inner}"), word)));
        }
    }
    let replicas = spec.get("replicas").or_else(|| spec.get("instances"));
    Ok(Some(CustomSpec {
        replicas: replicas.and_then(number),
        words,
    }))
}

/// Reads fields in their usual places and skips all else: a status may have any form.
fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<CustomStatus>, D::Error> {
    const KEYS: &[&[&str]] = &[
        &OTHERS,
        &WORDS,
        &COUNTS,
        &["listeners", "parents", "ancestors", "ingress"],
    ];
    let Some(status) = PickedFields::read(KEYS, deserializer)? else {
        return Ok(None);
    };
    let mut read = CustomStatus {
        observed_generation: status.get("observedGeneration").and_then(number),
        ready: ["ready", "readyToUse"]
            .iter()
            .find_map(|field| status.get(*field)?.as_bool()),
        failure: failure(&status),
        ..CustomStatus::default()
    };
    read.add_conditions(status.get("conditions"), "");
    for (field, name) in NESTED {
        for entry in status.get(field).and_then(Value::as_array).into_iter().flatten() {
            read.add_conditions(entry.get("conditions"), &part(name, entry));
        }
    }
    let sentence = || {
        ["message", "reason"]
            .iter()
            .find_map(|field| status.get(*field)?.as_str())
    };
    for field in WORDS {
        let Some(mut word) = status.get(field).and_then(|value| word(field, value)) else {
            continue;
        };
        if word.message.is_empty() && status.get(field).is_some_and(Value::is_string) {
            sentence().unwrap_or_default().clone_into(&mut word.message);
        }
        read.words.push(word);
    }
    for field in COUNTS {
        read.counts
            .extend(status.get(field).and_then(number).map(|n| (field.to_owned(), n)));
    }
    Ok(Some(read))
}

impl CustomStatus {
    fn add_conditions(&mut self, conditions: Option<&Value>, part: &str) {
        for value in conditions.and_then(Value::as_array).into_iter().flatten() {
            if self.conditions.len() >= MOST_CONDITIONS {
                self.cut = true;
                return;
            }
            self.conditions.push(condition(value, part));
        }
    }
}

/// The name of an entry with conditions of its own: a listener has a name, a parent a reference.
fn part(name: &str, entry: &Value) -> String {
    let of = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str);
    let called = [
        "/name",
        "/parentRef/name",
        "/ancestorRef/name",
        "/routerName",
        "/host",
    ]
    .iter()
    .find_map(|pointer| of(pointer));
    match called {
        Some(called) => format!("{name} {called}"),
        None => name.to_owned(),
    }
}

/// The word in a field, which is the word itself or an object that holds it.
fn word(field: &str, value: &Value) -> Option<CustomWord> {
    let inner = ["phase", "state", "status", "health"];
    let word = match value {
        Value::String(word) => word,
        Value::Object(object) => inner.iter().find_map(|field| object.get(*field)?.as_str())?,
        _ => return None,
    };
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
    Some(CustomWord {
        field: field.to_owned(),
        word: word.to_owned(),
        message: [text("message"), text("errorMessage")].concat(),
        changed: Time::parse(text("lastTransitionTime")).ok(),
    })
}

/// Errors beside the conditions. `failureReason` and `failureMessage` of Cluster API do not pass by themselves.
fn failure(status: &BTreeMap<String, Value>) -> String {
    let text = |field: &str| status.get(field).and_then(Value::as_str).unwrap_or_default();
    let error = status.get("error");
    let error = error.and_then(|e| e.as_str().or_else(|| e.get("message")?.as_str()));
    joined(&[
        text("failureReason"),
        text("failureMessage"),
        error.unwrap_or_default(),
    ])
}

/// A number, which some controllers write as text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A value that is one word.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

fn condition(value: &Value, part: &str) -> CustomCondition {
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
    CustomCondition {
        kind: text("type").to_owned(),
        status: value.get("status").and_then(plain).unwrap_or_default(),
        observed_generation: value.get("observedGeneration").and_then(number),
        last_transition_time: Time::parse(text("lastTransitionTime")).ok(),
        reason: text("reason").to_owned(),
        message: text("message").to_owned(),
        severity: text("severity").to_owned(),
        part: part.to_owned(),
    }
}

/// It has no kind of its own: the caller gives its path.
impl k8s_openapi::Resource for CustomObject {
    const API_VERSION: &'static str = "";
    const GROUP: &'static str = "";
    const KIND: &'static str = "";
    const VERSION: &'static str = "";
    const URL_PATH_SEGMENT: &'static str = "";
    type Scope = k8s_openapi::NamespaceResourceScope;
}

impl Resource for CustomObject {
    type Whole = Self;
    const PROTOBUF: bool = false;

    has_metadata!();
}
