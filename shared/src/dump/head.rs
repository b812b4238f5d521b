//! Version and kind of an object, which are read before the object is.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// The head of an object, a list or an event of a watch.
#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ObjectHead {
    #[serde(deserialize_with = "crate::resource::null_as_default")]
    pub api_version: String,
    #[serde(deserialize_with = "crate::resource::null_as_default")]
    pub kind: String,
    /// Whether it has an `object`, as an event of a watch does.
    #[serde(deserialize_with = "is_there")]
    pub object: bool,
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl ObjectHead {
    /// Version and kind of the items of a list, empty for the untyped `List`; `None` if it is no list.
    pub fn items(&self) -> Option<Self> {
        let kind = self.kind.strip_suffix("List")?;
        Some(if kind.is_empty() {
            Self::default()
        } else {
            Self {
                api_version: self.api_version.clone(),
                kind: kind.to_owned(),
                object: false,
            }
        })
    }
}

/// The group of an `apiVersion`.
pub(super) fn group_of(api_version: &str) -> String {
    api_version
        .split_once('/')
        .map_or(String::new(), |(group, _)| group.to_owned())
}
