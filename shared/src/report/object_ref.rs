//! A reference to one object, as the text of a report writes it.

use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A reference to one object, or to another thing that can be behind many objects, such as a registry. Its text is
/// `Kind/namespace/name`, or `Kind/name` without a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "String", into = "String")]
pub struct ObjectRef {
    /// The kind, such as `Deployment`; empty if the text has none.
    pub kind: String,
    /// The namespace. Empty if the object has none, or is in the namespace of the item that names it.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// The kind whose names contain slashes. It is a thing that is named like an object.
const WITH_SLASHES: &str = "Image";

impl ObjectRef {
    /// An object in a namespace.
    #[must_use]
    pub fn namespaced(kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// An object without a namespace, or in the namespace of the item that names it.
    #[must_use]
    pub fn named(kind: &str, name: &str) -> Self {
        Self::namespaced(kind, "", name)
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.kind, &self.namespace] {
            if !part.is_empty() {
                write!(f, "{part}/")?;
            }
        }
        f.write_str(&self.name)
    }
}

impl From<&str> for ObjectRef {
    fn from(text: &str) -> Self {
        let (kind, rest) = text.split_once('/').unwrap_or(("", text));
        match rest.split_once('/') {
            Some((namespace, name)) if kind != WITH_SLASHES => Self::namespaced(kind, namespace, name),
            _ => Self::named(kind, rest),
        }
    }
}

impl From<String> for ObjectRef {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<ObjectRef> for String {
    fn from(object: ObjectRef) -> Self {
        object.to_string()
    }
}

impl FromStr for ObjectRef {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::ObjectRef;

    #[test]
    fn an_object_is_read_from_its_own_text() {
        for (text, object) in [
            ("Node/n7", ObjectRef::named("Node", "n7")),
            (
                "ResourceQuota/shop/compute",
                ObjectRef::namespaced("ResourceQuota", "shop", "compute"),
            ),
            (
                "Registry/r.example:5000",
                ObjectRef::named("Registry", "r.example:5000"),
            ),
            (
                "Image/r.example/a/b:1",
                ObjectRef::named("Image", "r.example/a/b:1"),
            ),
            (
                "Deployment/shop/",
                ObjectRef::namespaced("Deployment", "shop", ""),
            ),
            ("of-a-newer-version", ObjectRef::named("", "of-a-newer-version")),
        ] {
            assert_eq!(ObjectRef::from(text), object);
            assert_eq!(object.to_string(), text);
        }
    }
}
