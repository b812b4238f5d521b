//! The objects that manifests name: their kinds and metadata, in any version. Nothing else of a manifest is read.

#![allow(
    clippy::zero_sized_map_values,
    reason = "a set is not read from a map, and only the keys count"
)]

use super::file::File;
use super::index::DumpIndex;
use super::layout::PathMeaning;
use super::object::{Body, BodyPlace, Object};
use super::objects::Objects;
use super::reader::Reader;
use super::yaml;
use crate::resource::null_as_default;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use std::collections::BTreeMap;

/// An object that a manifest names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedObject {
    /// Its `apiVersion`.
    pub api_version: String,
    /// Its API group today: a Deployment of `extensions` is in `apps`. Empty for the core group.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace, if the manifest has one.
    pub namespace: Option<String>,
    /// Its name; empty if the manifest has none.
    pub name: String,
    /// The beginning of the name that the API server generates.
    pub generate_name: Option<String>,
    /// Its identity, if an API server wrote the manifest.
    pub uid: Option<String>,
    /// The number of its spec, if an API server wrote the manifest.
    pub generation: Option<i64>,
    /// Its annotations without their values.
    pub annotations: Vec<String>,
    /// File and line: `deploy.yaml, line 7`.
    pub place: String,
}

/// The part of a manifest that names its object.
#[derive(Deserialize, Default)]
#[serde(default)]
struct ManifestBody {
    metadata: Option<MapOnly>,
}

/// Metadata in the form of a map. A derived struct would also take a list, by the order of its fields.
struct MapOnly(ManifestMeta);

impl<'de> Deserialize<'de> for MapOnly {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor;

        impl<'de> Visitor<'de> for MapVisitor {
            type Value = MapOnly;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MapOnly, A::Error> {
                ManifestMeta::deserialize(MapAccessDeserializer::new(map)).map(MapOnly)
            }
        }

        deserializer.deserialize_map(MapVisitor)
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ManifestMeta {
    #[serde(deserialize_with = "null_as_default")]
    name: String,
    namespace: Option<String>,
    generate_name: Option<String>,
    uid: Option<String>,
    generation: Option<i64>,
    #[serde(deserialize_with = "null_as_default")]
    annotations: BTreeMap<String, IgnoredAny>,
}

impl Objects {
    /// Parses manifests and keeps them. Their objects are not decoded, and can be of any version.
    #[must_use]
    pub fn read_manifests(files: Vec<File>) -> Self {
        let mut contents = DumpIndex::default();
        for (index, file) in files.iter().enumerate() {
            Reader {
                index,
                file,
                place: PathMeaning::default(),
                of_manifests: true,
                contents: &mut contents,
            }
            .read();
        }
        Self {
            files,
            index: contents,
        }
    }

    /// The objects that the manifests name, in the order in which they stand.
    ///
    /// # Errors
    /// The place of an object whose metadata has not the form of metadata.
    pub fn named(&self) -> Result<Vec<NamedObject>, String> {
        let objects = self.index.objects.iter().filter(|object| !object.deleted);
        objects.map(|object| self.named_object(object)).collect()
    }

    fn named_object(&self, object: &Object) -> Result<NamedObject, String> {
        let place = self.place(object);
        let Some(body) = self.manifest_body(object) else {
            return Err(format!(
                "{place}: the metadata of this {} is not understood",
                object.kind
            ));
        };
        let metadata = body
            .metadata
            .map(|MapOnly(metadata)| metadata)
            .unwrap_or_default();
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(NamedObject {
            api_version: object.api_version.clone(),
            group: object.group.clone(),
            kind: object.kind.clone(),
            namespace: filled(metadata.namespace),
            name: metadata.name,
            generate_name: filled(metadata.generate_name),
            uid: filled(metadata.uid),
            generation: metadata.generation,
            annotations: metadata.annotations.into_keys().collect(),
            place,
        })
    }

    fn manifest_body(&self, object: &Object) -> Option<ManifestBody> {
        match &object.body {
            BodyPlace::Json(place) => Body::Json(self.text(object, place)).read(),
            BodyPlace::Value(value, place) => ManifestBody::deserialize(value).ok().or_else(|| {
                // A writer of YAML 1.1 leaves text bare that reads as a number in YAML 1.2, such as 81111e1.
                let text = std::str::from_utf8(self.text(object, place.as_ref()?)).ok()?;
                yaml::parse_as(text)
            }),
        }
    }

    fn place(&self, object: &Object) -> String {
        let file = self.files.get(object.file);
        let (name, bytes) = file.map_or(("", &[][..]), |file| (file.name.as_str(), file.bytes.as_slice()));
        let line = self.index.lines.line(object.file, bytes, object.at);
        format!("{name}, line {line}")
    }
}
