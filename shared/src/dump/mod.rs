//! Dumps of a cluster: files of JSON or YAML in, objects out. One broken object does not spoil the rest.
//!
//! What comes out is what `kubectl get -o json|yaml` puts in: single objects, `List`s, typed lists as the API
//! server writes them (`DeploymentList`, whose items have no kind of their own), arrays, and any number of
//! documents in a file. Sans-IO; knows nothing of verdicts.

mod json;
mod stamp;
mod yaml;

use crate::resource::{Decoded, Resource, Time, from_json, from_value};
use serde::Deserialize;
use serde_json::Value;

/// One file of a dump.
#[derive(Debug)]
pub struct File {
    /// What to call it in a message.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A part of a file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The file, and where in it.
    pub place: String,
    /// Why.
    pub error: String,
}

/// Everything a dump holds, in the order in which it was found.
#[derive(Debug, Default)]
pub struct Objects<'a> {
    objects: Vec<Object<'a>>,
    /// Group and kind of every list that was seen, though it be empty.
    listed: Vec<(String, String)>,
    /// What could not be read.
    pub broken: Vec<Broken>,
}

/// One object, not decoded yet.
#[derive(Debug)]
struct Object<'a> {
    group: String,
    kind: String,
    body: Body<'a>,
    /// The newest time in it, as an API server or kubelet wrote it.
    newest: Option<Time>,
}

#[derive(Debug)]
enum Body<'a> {
    Json(&'a [u8]),
    Value(Value),
}

/// An object of one kind, with the newest time it carries.
#[derive(Debug)]
pub struct Stamped<T> {
    /// Place among all objects of the dump.
    pub index: usize,
    /// The object.
    pub object: Decoded<T>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Head {
    #[serde(deserialize_with = "crate::resource::null_as_default")]
    api_version: String,
    #[serde(deserialize_with = "crate::resource::null_as_default")]
    kind: String,
}

impl<'a> Objects<'a> {
    /// Reads the files.
    #[must_use]
    pub fn read(files: &'a [File]) -> Self {
        let mut objects = Self::default();
        for file in files {
            let bytes = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.bytes);
            match bytes.iter().find(|b| !b.is_ascii_whitespace()) {
                None => objects.break_off(&file.name, "the file is empty"),
                Some(b'{' | b'[') => json::read(&file.name, bytes, &mut objects),
                Some(_) => match std::str::from_utf8(bytes) {
                    Ok(text) => yaml::read(&file.name, text, &mut objects),
                    Err(error) => objects.break_off(&file.name, format!("neither JSON nor YAML: {error}")),
                },
            }
        }
        objects
    }

    /// Whether the dump holds that kind: an object of it, or a list of it that is empty.
    #[must_use]
    pub fn holds<T: Resource>(&self) -> bool {
        self.objects.iter().any(Object::is::<T>)
            || self
                .listed
                .iter()
                .any(|(group, kind)| group == T::GROUP && kind == T::KIND)
    }

    /// Decodes every object of a kind. Of several with the same namespace and name the newest counts: dumps are
    /// put together from several commands.
    #[must_use]
    pub fn of_kind<T: Resource>(&self) -> Vec<Stamped<T>> {
        self.of(T::GROUP, T::KIND)
    }

    /// Every kind of a group that the dump holds objects or lists of.
    #[must_use]
    pub fn kinds_of(&self, group: &str) -> Vec<&str> {
        let objects = self.objects.iter().map(|o| (&o.group, &o.kind));
        let listed = self.listed.iter().map(|(group, kind)| (group, kind));
        let kinds = objects.chain(listed).filter(|(of, _)| *of == group);
        let kinds: std::collections::BTreeSet<&str> = kinds.map(|(_, kind)| kind.as_str()).collect();
        kinds.into_iter().collect()
    }

    /// The same as [`Objects::of_kind`] of a kind that is named.
    #[must_use]
    pub fn of<T: Resource>(&self, group: &str, kind: &str) -> Vec<Stamped<T>> {
        let mut found: Vec<Stamped<T>> = Vec::new();
        let mut known = std::collections::HashMap::new();
        let objects = self.objects.iter().enumerate();
        for (index, object) in objects.filter(|(_, o)| o.group == group && o.kind == kind) {
            let decoded: Decoded<T> = match &object.body {
                Body::Json(bytes) => from_json(bytes),
                Body::Value(value) => from_value(value),
            };
            let (key, version) = match &decoded {
                Ok(o) => {
                    let meta = o.meta();
                    (
                        (meta.namespace.clone(), meta.name.clone()),
                        meta.resource_version.parse().unwrap_or(0),
                    )
                }
                Err(u) => ((u.namespace.clone(), u.name.clone()), 0_u64),
            };
            let named = !key.1.is_empty();
            match known.get(&key).copied().filter(|_| named) {
                Some((_, newer)) if newer > version => {}
                Some((at, _)) => {
                    found[at] = Stamped {
                        index,
                        object: decoded,
                    };
                    known.insert(key, (at, version));
                }
                None => {
                    known.insert(key, (found.len(), version));
                    found.push(Stamped {
                        index,
                        object: decoded,
                    });
                }
            }
        }
        found
    }

    /// The newest time in the dump, the object it stands in, and the newest in any other object.
    #[must_use]
    pub fn newest(&self) -> Option<(Time, usize, Option<Time>)> {
        let mut newest: Option<(Time, usize, Option<Time>)> = None;
        for (index, object) in self.objects.iter().enumerate() {
            let Some(time) = object.newest else { continue };
            newest = Some(match newest {
                None => (time, index, None),
                Some((first, _, _)) if time > first => (time, index, Some(first)),
                Some((first, at, second)) => (first, at, second.max(Some(time))),
            });
        }
        newest
    }

    fn break_off(&mut self, place: impl Into<String>, error: impl Into<String>) {
        self.broken.push(Broken {
            place: place.into(),
            error: error.into(),
        });
    }

    /// Takes an object. One without a kind is of the kind of its list; an item of an untyped list has to have its
    /// own. Outside of lists it belongs to something else than Kubernetes and is passed over.
    fn take(&mut self, place: &str, head: Head, list: Option<&Head>, body: Body<'a>) {
        let head = match list {
            Some(list) if head.kind.is_empty() => Head {
                api_version: list.api_version.clone(),
                kind: list.kind.clone(),
            },
            _ => head,
        };
        if head.kind.is_empty() {
            if list.is_some() {
                self.break_off(place, "an item without a kind");
            }
            return;
        }
        let newest = match &body {
            Body::Json(bytes) => stamp::newest_json(bytes),
            Body::Value(value) => stamp::newest_value(value),
        };
        self.objects.push(Object {
            group: group_of(&head.api_version),
            kind: head.kind,
            body,
            newest,
        });
    }

    /// Takes note of a list and says what its items are: of an empty kind in the untyped `List`; `None` for what is
    /// no list.
    fn open_list(&mut self, head: &Head) -> Option<Head> {
        let kind = head.kind.strip_suffix("List")?;
        if kind.is_empty() {
            return Some(Head::default());
        }
        self.listed.push((group_of(&head.api_version), kind.to_owned()));
        Some(Head {
            api_version: head.api_version.clone(),
            kind: kind.to_owned(),
        })
    }
}

impl Object<'_> {
    fn is<T: Resource>(&self) -> bool {
        self.kind == T::KIND && self.group == T::GROUP
    }
}

fn group_of(api_version: &str) -> String {
    api_version
        .split_once('/')
        .map_or(String::new(), |(group, _)| group.to_owned())
}

#[cfg(test)]
mod tests;
