//! An object of an unknown kind that asks for a number of pods as a Deployment does.

use super::{ObjectMeta, Resource, has_metadata};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// The fields of such an object: how many pods it asks for, and their labels.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
pub struct ScaledObject {
    /// Its name, and when it was last changed.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    #[serde(deserialize_with = "spec")]
    pub spec: Option<ScaledSpec>,
    /// Its controller's last report.
    #[prost(message, optional, tag = "3")]
    #[serde(deserialize_with = "status")]
    pub status: Option<ScaledStatus>,
}

/// The fields of a spec that such kinds share.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ScaledSpec {
    /// How many pods it asks for, if it says so.
    #[prost(int64, optional, tag = "1")]
    pub replicas: Option<i64>,
    /// The labels of its pods: of its template, else of its selector.
    #[prost(btree_map = "string, string", tag = "2")]
    pub labels: BTreeMap<String, String>,
}

/// The fields of a status that such kinds share.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct ScaledStatus {
    /// Whether it says that it has ended well, by its phase or by a condition.
    #[prost(bool, tag = "1")]
    pub is_done: bool,
}

/// Phases and conditions of objects that have ended well: workflows, runs, foreign Jobs.
const DONE: [&str; 3] = ["Succeeded", "Completed", "Complete"];

/// Reads the phase and the conditions, and skips all else.
fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ScaledStatus>, D::Error> {
    let status = Option::<Value>::deserialize(deserializer)?;
    let is_word = |value: Option<&Value>| value.and_then(Value::as_str).is_some_and(|w| DONE.contains(&w));
    let is_true = |c: &Value| c.get("status").and_then(Value::as_str) == Some("True");
    Ok(status.map(|status| {
        let conditions = status.get("conditions").and_then(Value::as_array);
        let mut conditions = conditions.into_iter().flatten();
        ScaledStatus {
            is_done: is_word(status.get("phase")) || conditions.any(|c| is_word(c.get("type")) && is_true(c)),
        }
    }))
}

/// Reads fields in the places that built-in kinds use, and skips all else: a spec may have any form.
fn spec<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ScaledSpec>, D::Error> {
    let spec = Option::<Value>::deserialize(deserializer)?;
    Ok(spec.map(|spec| {
        let at = |pointer: &str| labels(spec.pointer(pointer)?);
        let places = ["/template/metadata/labels", "/selector/matchLabels", "/selector"];
        ScaledSpec {
            replicas: spec.get("replicas").and_then(Value::as_i64).filter(|n| *n >= 0),
            labels: places.into_iter().find_map(at).unwrap_or_default(),
        }
    }))
}

/// A map of labels that holds some and nothing else.
fn labels(value: &Value) -> Option<BTreeMap<String, String>> {
    let label = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    let labels: BTreeMap<String, String> = value.as_object()?.iter().map(label).collect::<Option<_>>()?;
    Some(labels).filter(|labels| !labels.is_empty())
}

/// It has no kind of its own: the caller gives its path.
impl k8s_openapi::Resource for ScaledObject {
    const API_VERSION: &'static str = "";
    const GROUP: &'static str = "";
    const KIND: &'static str = "";
    const VERSION: &'static str = "";
    const URL_PATH_SEGMENT: &'static str = "";
    type Scope = k8s_openapi::NamespaceResourceScope;
}

impl Resource for ScaledObject {
    type Whole = Self;
    const PROTOBUF: bool = false;

    has_metadata!();
}
