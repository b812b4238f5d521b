//! `v1` Status, with which the API server says no, and `v1` Namespace, of which only the name matters.

use super::{ObjectMeta, Resource, null_as_default};
use serde::Deserialize;

/// `metav1.Status`: the body of an API server's refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// `Status` in a real one; anything else is another server's answer.
    #[serde(deserialize_with = "null_as_default")]
    pub kind: String,
    /// The sentence to show.
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
    /// A stable word such as `Forbidden` or `Expired`.
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// The HTTP status code.
    #[serde(deserialize_with = "null_as_default")]
    pub code: u16,
}

/// A namespace.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
pub struct Namespace {
    /// Its name.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
}

impl Resource for Namespace {
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const KIND: &'static str = "Namespace";
    const PLURAL: &'static str = "namespaces";

    fn meta(&self) -> &ObjectMeta {
        static EMPTY: ObjectMeta = ObjectMeta::EMPTY;
        self.metadata.as_ref().unwrap_or(&EMPTY)
    }
}
