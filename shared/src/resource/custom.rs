//! Any object that says of itself how it is by `status.conditions`: of custom resources, whose kinds are not known here.

use super::{ObjectMeta, Resource, Time, has_metadata};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The fields of such an object that a verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomObject {
    /// Name, generation, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What its controller last wrote.
    #[prost(message, optional, tag = "2")]
    #[serde(deserialize_with = "status")]
    pub status: Option<CustomStatus>,
}

/// What of a status many kinds share.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct CustomStatus {
    /// The newest generation that the controller has acted upon.
    #[prost(int64, optional, tag = "1")]
    pub observed_generation: Option<i64>,
    /// The conditions.
    #[prost(message, repeated, tag = "2")]
    pub conditions: Vec<CustomCondition>,
}

/// `metav1.Condition`, as far as it is there.
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
}

impl CustomCondition {
    /// Its type, reason and sentence, as far as there are any.
    #[must_use]
    pub fn words(&self) -> String {
        let parts = [&self.kind, &self.reason, &self.message].map(String::as_str);
        let some: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
        some.join(": ")
    }
}

/// Reads what is where it is in other kinds and passes over all else: a status may have any form.
fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<CustomStatus>, D::Error> {
    let status = Option::<Value>::deserialize(deserializer)?;
    Ok(status.map(|status| CustomStatus {
        observed_generation: status.get("observedGeneration").and_then(number),
        conditions: status
            .get("conditions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(condition)
            .collect(),
    }))
}

/// A number, which some controllers write as text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn condition(value: &Value) -> CustomCondition {
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
    CustomCondition {
        kind: text("type").to_owned(),
        status: text("status").to_owned(),
        observed_generation: value.get("observedGeneration").and_then(number),
        last_transition_time: Time::parse(text("lastTransitionTime")).ok(),
        reason: text("reason").to_owned(),
        message: text("message").to_owned(),
    }
}

/// It is of no kind of its own: where it is kept is told beside it.
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
