//! An object of a dump as text, before its kind is decoded.

use crate::resource::{Resource, Time};
use serde_json::Value;
use std::ops::Range;

/// An object that is not decoded yet.
#[derive(Debug)]
pub(super) struct Object {
    pub group: String,
    /// The `apiVersion` as it stands there; empty unless the objects are manifests.
    pub api_version: String,
    pub kind: String,
    pub body: BodyPlace,
    /// The newest time in it, as an API server or kubelet wrote it.
    pub newest: Option<Time>,
    /// Whether a watch reported that it was deleted.
    pub deleted: bool,
    /// The file, and the offset of the object in it.
    pub file: usize,
    pub at: usize,
}

impl Object {
    pub fn is<T: Resource>(&self) -> bool {
        self.kind == T::KIND && self.group == T::GROUP
    }
}

/// The text of an object, as a part of its file.
#[derive(Debug)]
pub(super) enum Body<'a> {
    Json(&'a [u8]),
    /// A value, and the YAML that it is from.
    Value(Value, Option<&'a str>),
}

impl Body<'_> {
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        match self {
            Self::Json(bytes) => serde_json::from_slice(bytes).ok(),
            Self::Value(value, _) => T::deserialize(value).ok(),
        }
    }

    pub fn into_value(self) -> Option<Value> {
        match self {
            Self::Json(bytes) => serde_json::from_slice(bytes).ok(),
            Self::Value(value, _) => Some(value),
        }
    }

    /// A field of the metadata, even if the rest is broken.
    pub fn meta_field(&self, field: &str) -> Option<String> {
        match self {
            Self::Json(_) => meta_field(&self.read()?, field),
            Self::Value(value, _) => meta_field(value, field),
        }
    }

    pub fn namespace(&self) -> Option<String> {
        self.meta_field("namespace")
    }

    /// Replaces its texts by their places in the file that they are parts of.
    pub fn into_place(self, file: &[u8]) -> BodyPlace {
        let place = |text: &[u8]| {
            let start = (text.as_ptr() as usize).saturating_sub(file.as_ptr() as usize);
            start..start + text.len()
        };
        match self {
            Self::Json(bytes) => BodyPlace::Json(place(bytes)),
            Self::Value(value, text) => BodyPlace::Value(value, text.map(|text| place(text.as_bytes()))),
        }
    }
}

/// A [`Body`] that is kept: it has the place of the text in its file instead of the text.
#[derive(Debug)]
pub(super) enum BodyPlace {
    Json(Range<usize>),
    Value(Value, Option<Range<usize>>),
}

/// A field of an object's metadata, even if the rest of the object is broken.
pub(super) fn meta_field(object: &Value, field: &str) -> Option<String> {
    let text = object.get("metadata")?.get(field)?.as_str()?;
    Some(text.to_owned())
}
