//! Conditions. The same five fields in every kind, in one of two numberings where they are protobuf.

use super::{Time, null_as_default};
use serde::Deserialize;

/// A condition whose kind also has the time at which it was last probed: of Jobs, Pods, Nodes, PodDisruptionBudgets
/// and custom resources (`metav1.Condition` has the observed generation in that place).
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ProbedCondition {
    /// Which condition it is.
    #[prost(string, tag = "1")]
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub status: String,
    /// When `status` last changed.
    #[prost(message, optional, tag = "4")]
    pub last_transition_time: Option<Time>,
    /// A stable word in CamelCase.
    #[prost(string, tag = "5")]
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// The controller's sentence.
    #[prost(string, tag = "6")]
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
}

impl ProbedCondition {
    /// Whether the condition's status is `True`.
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }

    /// The reason and the sentence, as far as there are any.
    #[must_use]
    pub fn words(&self) -> String {
        words(&self.reason, &self.message)
    }

    pub(super) fn drop_zero_times(conditions: &mut [Self]) {
        for condition in conditions {
            Time::drop_zero(&mut condition.last_transition_time);
        }
    }
}

/// A condition of a kind that has none of the other times: of ReplicaSets, HorizontalPodAutoscalers and APIServices.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct PlainCondition {
    /// Which condition it is.
    #[prost(string, tag = "1")]
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub status: String,
    /// When `status` last changed.
    #[prost(message, optional, tag = "3")]
    pub last_transition_time: Option<Time>,
    /// A stable word in CamelCase.
    #[prost(string, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// The controller's sentence.
    #[prost(string, tag = "5")]
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
}

impl PlainCondition {
    /// Whether the condition's status is `True`.
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }

    /// The reason and the sentence, as far as there are any.
    #[must_use]
    pub fn words(&self) -> String {
        words(&self.reason, &self.message)
    }

    pub(super) fn drop_zero_times(conditions: &mut [Self]) {
        for condition in conditions {
            Time::drop_zero(&mut condition.last_transition_time);
        }
    }
}

fn words(reason: &str, message: &str) -> String {
    match (reason, message) {
        ("", message) => message.to_owned(),
        (reason, "") => reason.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    }
}
