//! Conditions. Their fields are the same in every kind, and protobuf numbers them in one of three ways.

use super::{Time, null_as_default};
use serde::Deserialize;

/// A condition of any kind.
pub trait Condition: Sized {
    /// Which condition it is.
    fn kind(&self) -> &str;
    /// `True`, `False` or `Unknown`.
    fn status(&self) -> &str;
    /// A stable word in CamelCase.
    fn reason(&self) -> &str;
    /// The controller's sentence.
    fn message(&self) -> &str;
    /// Drops times that protobuf writes for "none".
    fn drop_zero_times(&mut self);

    /// Whether the status is `True`.
    #[must_use]
    fn is_true(&self) -> bool {
        self.status() == "True"
    }

    /// Whether the status is `False`.
    #[must_use]
    fn is_false(&self) -> bool {
        self.status() == "False"
    }

    /// The reason and the sentence; empty parts are left out.
    #[must_use]
    fn words(&self) -> String {
        match (self.reason(), self.message()) {
            ("", message) => message.to_owned(),
            (reason, "") => reason.to_owned(),
            (reason, message) => format!("{reason}: {message}"),
        }
    }

    /// The condition of that type.
    #[must_use]
    fn find<'a>(conditions: &'a [Self], kind: &str) -> Option<&'a Self> {
        conditions.iter().find(|c| c.kind() == kind)
    }
}

macro_rules! condition {
    ($type:ident: $($time:ident),+) => {
        impl Condition for $type {
            fn kind(&self) -> &str {
                &self.kind
            }

            fn status(&self) -> &str {
                &self.status
            }

            fn reason(&self) -> &str {
                &self.reason
            }

            fn message(&self) -> &str {
                &self.message
            }

            fn drop_zero_times(&mut self) {
                $(Time::drop_zero(&mut self.$time);)+
            }
        }
    };
}

condition!(DeploymentCondition: last_update_time, last_transition_time);
condition!(ProbedCondition: last_transition_time);
condition!(PlainCondition: last_transition_time);

/// A condition of a Deployment (`apps/v1` DeploymentCondition) or of a Rollout.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentCondition {
    /// `Available`, `Progressing` or `ReplicaFailure`; a Rollout has more.
    #[prost(string, tag = "1")]
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub status: String,
    /// A stable word in CamelCase.
    #[prost(string, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// The controller's sentence.
    #[prost(string, tag = "5")]
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
    /// When the controller last wrote the condition because something moved.
    #[prost(message, optional, tag = "6")]
    pub last_update_time: Option<Time>,
    /// When `status` last changed.
    #[prost(message, optional, tag = "7")]
    pub last_transition_time: Option<Time>,
}

/// A condition of a kind whose conditions also have a probe time, in tag 3: Job, Pod, Node, PersistentVolumeClaim.
/// Service and PodDisruptionBudget have a `metav1.Condition`, with the observed generation in that place.
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

/// A condition with one time only: of a ReplicaSet, HorizontalPodAutoscaler or APIService.
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
