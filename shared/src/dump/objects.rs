//! All objects of a dump, decoded by kind on demand.

use super::file::File;
use super::gap::DumpGap;
use super::index::DumpIndex;
use super::layout::Layout;
use super::object::{Body, BodyPlace, Object, meta_field};
use super::reader::Reader;
use super::yaml;
use crate::resource::{
    Decoded, Resource, Time, Undecodable, from_json, from_value, read_writers, read_writers_of_value,
};
use std::ops::Range;

/// The objects of a dump, in the order in which they stand. The files are parsed once and kept. Their objects are decoded
/// when a kind is asked for.
#[derive(Debug, Default)]
pub struct Objects {
    pub(super) files: Vec<File>,
    pub(super) index: DumpIndex,
}

/// An object of one kind, with its place in the dump.
#[derive(Debug)]
pub struct DumpObject<T> {
    /// Place among all objects of the dump.
    pub index: usize,
    /// The object.
    pub object: Decoded<T>,
}

impl Objects {
    /// Parses the files and keeps them.
    #[must_use]
    pub fn read(files: Vec<File>) -> Self {
        let mut contents = DumpIndex::default();
        let layout = Layout::from_files(&files);
        for (index, file) in files.iter().enumerate() {
            Reader {
                index,
                file,
                place: layout.meaning(&file.name),
                of_manifests: false,
                contents: &mut contents,
            }
            .read();
        }
        Self {
            files,
            index: contents,
        }
    }

    /// The parts that were not understood, and those that the dump itself reports as not read.
    #[must_use]
    pub fn gaps(&self) -> &[DumpGap] {
        self.index.gaps.all()
    }

    /// Whether the dump has an object of the kind, or a list of it that is empty.
    #[must_use]
    pub fn holds<T: Resource>(&self) -> bool {
        self.index.objects.iter().any(Object::is::<T>)
            || self
                .index
                .listed
                .iter()
                .any(|(group, kind)| group == T::GROUP && kind == T::KIND)
    }

    /// Decodes every object of a kind. Of several with the same namespace and name the newest counts: dumps are
    /// put together from several commands, and a watch writes an object each time that it changes.
    #[must_use]
    pub fn decode_kind<T: Resource>(&self) -> Vec<DumpObject<T>> {
        self.decode_named_kind(T::GROUP, T::KIND)
    }

    /// Every kind of a group, if the dump has an object or a list of it.
    #[must_use]
    pub fn kinds_in_group(&self, group: &str) -> Vec<&str> {
        let objects = self.index.objects.iter().map(|o| (&o.group, &o.kind));
        let listed = self.index.listed.iter().map(|(group, kind)| (group, kind));
        let kinds = objects.chain(listed).filter(|(of, _)| *of == group);
        let kinds: std::collections::BTreeSet<&str> = kinds.map(|(_, kind)| kind.as_str()).collect();
        kinds.into_iter().collect()
    }

    /// Group and kind of every object of the dump.
    #[must_use]
    pub fn kinds(&self) -> std::collections::BTreeSet<(&str, &str)> {
        let kinds = self
            .index
            .objects
            .iter()
            .map(|o| (o.group.as_str(), o.kind.as_str()));
        kinds.collect()
    }

    /// Decodes every object of a kind that is named, as [`Objects::decode_kind`] does.
    #[must_use]
    pub fn decode_named_kind<T: Resource>(&self, group: &str, kind: &str) -> Vec<DumpObject<T>> {
        let mut found: Vec<Option<DumpObject<T>>> = Vec::new();
        let mut known = std::collections::HashMap::new();
        let objects = self.index.objects.iter().enumerate();
        for (index, object) in objects.filter(|(_, o)| o.group == group && o.kind == kind) {
            let decoded = self.decode::<T>(object);
            let (key, version) = match &decoded {
                Ok(o) => {
                    let meta = o.meta();
                    (
                        (meta.namespace.clone(), meta.name.clone()),
                        meta.resource_version.parse().unwrap_or(0),
                    )
                }
                Err(u) => ((u.namespace.clone(), u.name.clone()), self.version(object)),
            };
            let named = !key.1.is_empty();
            let stamped = (!object.deleted).then_some(DumpObject {
                index,
                object: decoded,
            });
            match known.get(&key).copied().filter(|_| named) {
                Some((_, newer)) if newer > version => {}
                Some((at, _)) => {
                    found[at] = stamped;
                    known.insert(key, (at, version));
                }
                None => {
                    known.insert(key, (found.len(), version));
                    found.push(stamped);
                }
            }
        }
        found.into_iter().flatten().collect()
    }

    /// Decodes the object at that index, if it is of that kind and decodes.
    #[must_use]
    pub fn decode_at<T: Resource>(&self, index: usize) -> Option<T> {
        let object = self.index.objects.get(index).filter(|object| object.is::<T>())?;
        self.decode(object).ok()
    }

    fn decode<T: Resource>(&self, object: &Object) -> Decoded<T> {
        let decoded = match &object.body {
            BodyPlace::Json(place) => {
                let text = self.text(object, place);
                from_json(text).map(|mut read| {
                    read_writers(&mut read, text, true);
                    read
                })
            }
            BodyPlace::Value(value, place) => from_value(value)
                .map(|mut read| {
                    read_writers_of_value(&mut read, value);
                    read
                })
                .or_else(|wrong| {
                    // A writer of YAML 1.1 leaves text bare that reads as a number in YAML 1.2, such as 81111e1.
                    let place = place.as_ref().filter(|_| wrong.error.ends_with("has to be text"));
                    let text = place.and_then(|place| std::str::from_utf8(self.text(object, place)).ok());
                    text.and_then(yaml::parse_as::<T>).ok_or(wrong)
                }),
        };
        decoded.map_err(|wrong| {
            let (name, bytes) = self
                .files
                .get(object.file)
                .map_or(("", &[][..]), |file| (file.name.as_str(), file.bytes.as_slice()));
            let line = self.index.lines.line(object.file, bytes, object.at) + wrong.line.saturating_sub(1);
            Undecodable {
                error: format!("{}, line {line} of {name}", wrong.error),
                ..wrong
            }
        })
    }

    /// The text at that place of the object's file.
    pub(super) fn text(&self, object: &Object, place: &Range<usize>) -> &[u8] {
        let file = self.files.get(object.file);
        file.and_then(|file| file.bytes.get(place.clone()))
            .unwrap_or_default()
    }

    /// The `resourceVersion` of an object that does not decode.
    fn version(&self, object: &Object) -> u64 {
        let version = match &object.body {
            BodyPlace::Json(place) => Body::Json(self.text(object, place)).meta_field("resourceVersion"),
            BodyPlace::Value(value, _) => meta_field(value, "resourceVersion"),
        };
        version.and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// The newest time in the dump, the object it stands in, and the newest in any other object.
    #[must_use]
    pub fn newest(&self) -> Option<(Time, usize, Option<Time>)> {
        let mut newest: Option<(Time, usize, Option<Time>)> = None;
        for (index, object) in self.index.objects.iter().enumerate() {
            let Some(time) = object.newest else { continue };
            newest = Some(match newest {
                None => (time, index, None),
                Some((first, _, _)) if time > first => (time, index, Some(first)),
                Some((first, at, second)) => (first, at, second.max(Some(time))),
            });
        }
        newest
    }
}
