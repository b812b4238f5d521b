//! Dumps of a cluster: files of JSON or YAML in, objects out. One broken object does not spoil the rest, and nothing is
//! dropped in silence: what was not understood is a [`Gap`].
//!
//! What comes out is what `kubectl get -o json|yaml` puts in: single objects, `List`s, typed lists as the API
//! server writes them (`DeploymentList`, whose items have no kind of their own), arrays, events of a watch, and any number
//! of documents in a file. Sans-IO; knows nothing of verdicts.

mod file;
mod gap;
mod json;
mod layout;
mod refusal;
mod stamp;
mod version;
mod yaml;

pub use file::File;
pub use gap::{Gap, UnseenObjects};
pub(crate) use version::resource_of;

use crate::resource::{ApiStatus, Decoded, Resource, Time, Undecodable, from_json, from_value};
use gap::Gaps;
use layout::{Layout, PathMeaning};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use version::VersionSupport;

/// Lists in lists deeper than this are no dump.
const DEEPEST: usize = 4;

/// Everything a dump holds, in the order in which it was found. The files are parsed once and kept; their objects are
/// decoded when a kind is asked for.
#[derive(Debug, Default)]
pub struct Objects {
    files: Vec<File>,
    objects: Vec<Object>,
    /// Group and kind of every list that was seen, though it be empty.
    listed: Vec<(String, String)>,
    gaps: Gaps,
    lines: LineCounter,
}

/// One object, not decoded yet.
#[derive(Debug)]
struct Object {
    group: String,
    kind: String,
    body: Stored,
    /// The newest time in it, as an API server or kubelet wrote it.
    newest: Option<Time>,
    /// Whether a watch said that it was deleted.
    deleted: bool,
    /// Where it stands: the file and the offset in it.
    file: usize,
    at: usize,
}

/// The text of an object, as a part of its file.
#[derive(Debug)]
enum Body<'a> {
    Json(&'a [u8]),
    /// A value, and the YAML that it is from.
    Value(Value, Option<&'a str>),
}

/// A [`Body`] that is kept: instead of text, the place of the text in its file.
#[derive(Debug)]
enum Stored {
    Json(Range<usize>),
    Value(Value, Option<Range<usize>>),
}

/// An object of one kind, with the newest time it carries.
#[derive(Debug)]
pub struct Stamped<T> {
    /// Place among all objects of the dump.
    pub index: usize,
    /// The object.
    pub object: Decoded<T>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "camelCase", default)]
struct ObjectHead {
    #[serde(deserialize_with = "crate::resource::null_as_default")]
    api_version: String,
    #[serde(deserialize_with = "crate::resource::null_as_default")]
    kind: String,
    /// Whether it has an `object`, as an event of a watch does.
    #[serde(deserialize_with = "is_there")]
    object: bool,
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl ObjectHead {
    /// What the items of a list are: of an empty kind in the untyped `List`; `None` for what is no list.
    fn items(&self) -> Option<Self> {
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

impl Objects {
    /// Parses the files and keeps them.
    #[must_use]
    pub fn read(files: Vec<File>) -> Self {
        let mut objects = Self::default();
        let layout = Layout::of(&files);
        for (index, file) in files.iter().enumerate() {
            Reader {
                index,
                file,
                place: layout.place(&file.name),
                objects: &mut objects,
            }
            .read();
        }
        objects.files = files;
        objects
    }

    /// What was not understood, and what the dump says itself that was not read.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        self.gaps.all()
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
    /// put together from several commands, and a watch writes an object each time that it changes.
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

    /// Group and kind of every object of the dump.
    #[must_use]
    pub fn kinds(&self) -> std::collections::BTreeSet<(&str, &str)> {
        let kinds = self.objects.iter().map(|o| (o.group.as_str(), o.kind.as_str()));
        kinds.collect()
    }

    /// The same as [`Objects::of_kind`] of a kind that is named.
    #[must_use]
    pub fn of<T: Resource>(&self, group: &str, kind: &str) -> Vec<Stamped<T>> {
        let mut found: Vec<Option<Stamped<T>>> = Vec::new();
        let mut known = std::collections::HashMap::new();
        let objects = self.objects.iter().enumerate();
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
            let stamped = (!object.deleted).then_some(Stamped {
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

    fn decode<T: Resource>(&self, object: &Object) -> Decoded<T> {
        let decoded = match &object.body {
            Stored::Json(place) => from_json(self.text(object, place)),
            Stored::Value(value, place) => from_value(value).or_else(|wrong| {
                // A writer of YAML 1.1 leaves text bare that reads as a number in YAML 1.2, such as 81111e1.
                let place = place.as_ref().filter(|_| wrong.error.ends_with("has to be text"));
                let text = place.and_then(|place| std::str::from_utf8(self.text(object, place)).ok());
                text.and_then(yaml::typed::<T>).ok_or(wrong)
            }),
        };
        decoded.map_err(|wrong| {
            let (name, bytes) = self
                .files
                .get(object.file)
                .map_or(("", &[][..]), |file| (file.name.as_str(), file.bytes.as_slice()));
            let line = self.lines.line(object.file, bytes, object.at) + wrong.line.saturating_sub(1);
            Undecodable {
                error: format!("{}, line {line} of {name}", wrong.error),
                ..wrong
            }
        })
    }

    /// The text at that place of the object's file.
    fn text(&self, object: &Object, place: &Range<usize>) -> &[u8] {
        let file = self.files.get(object.file);
        file.and_then(|file| file.bytes.get(place.clone()))
            .unwrap_or_default()
    }

    /// The `resourceVersion` of an object that does not decode.
    fn version(&self, object: &Object) -> u64 {
        let version = match &object.body {
            Stored::Json(place) => Body::Json(self.text(object, place)).meta_field("resourceVersion"),
            Stored::Value(value, _) => meta_field(value, "resourceVersion"),
        };
        version.and_then(|text| text.parse().ok()).unwrap_or(0)
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
}

/// Counts lines from the last place that was asked for, since most questions go forward through a file.
#[derive(Debug, Default)]
struct LineCounter {
    /// File, offset and line.
    last: Mutex<(usize, usize, usize)>,
}

impl LineCounter {
    /// The line of an offset in a file with these bytes, from 1.
    fn line(&self, index: usize, bytes: &[u8], at: usize) -> usize {
        let at = at.min(bytes.len());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, offset, line) = *last;
        let (from, line) = if file == index && offset <= at && line > 0 {
            (offset, line)
        } else {
            (0, 1)
        };
        let line = line + memchr::memchr_iter(b'\n', &bytes[from..at]).count();
        *last = (index, at, line);
        line
    }
}

/// Reads one file.
struct Reader<'a, 'o> {
    index: usize,
    file: &'a File,
    place: PathMeaning<'a>,
    objects: &'o mut Objects,
}

impl<'a> Reader<'a, '_> {
    fn read(&mut self) {
        if self.place.is_log {
            return;
        }
        let file = self.file;
        for remark in &file.remarks {
            self.objects.gaps.add(Gap {
                file: file.name.clone(),
                line: remark.line,
                count: remark.count,
                unit: remark.unit,
                why: remark.why.clone(),
                about: remark.about.clone(),
                refusal: remark.refusal,
            });
        }
        if let Some(folder) = self.place.errors_of
            && self.errors(folder)
        {
            return;
        }
        match file.bytes.iter().find(|b| !b.is_ascii_whitespace()) {
            None if file.cleared || !file.remarks.is_empty() => {}
            None => self.objects.gaps.add(Gap {
                file: file.name.clone(),
                line: None,
                count: 1,
                unit: "file",
                why: "the file is empty".into(),
                about: None,
                refusal: false,
            }),
            Some(b'{' | b'[') if !yaml::is_flow(&file.bytes) => json::read(0..file.bytes.len(), self),
            Some(_) => yaml::read(0..file.bytes.len(), self),
        }
    }

    fn line(&self, at: usize) -> usize {
        self.objects.lines.line(self.index, &self.file.bytes, at)
    }

    /// Tells of a part of the file that was not understood.
    fn gap(&mut self, at: usize, unit: &'static str, why: impl Into<String>) {
        self.gap_about(at, unit, why, None);
    }

    fn gap_about(
        &mut self,
        at: usize,
        unit: &'static str,
        why: impl Into<String>,
        about: Option<UnseenObjects>,
    ) {
        let line = Some(self.line(at));
        self.objects.gaps.add(Gap {
            file: self.file.name.clone(),
            line,
            count: 1,
            unit,
            why: why.into(),
            about,
            refusal: false,
        });
    }

    fn refused(&mut self, at: Option<usize>, refusal: refusal::ReportedGap) {
        let line = at.map(|at| self.line(at));
        self.objects.gaps.add(Gap {
            file: self.file.name.clone(),
            line,
            count: 1,
            unit: "object",
            why: refusal.message,
            about: refusal.about,
            refusal: true,
        });
    }

    /// Reads what a bundle could not collect: errors by namespace, or of the whole cluster. Whether it is such a file.
    fn errors(&mut self, folder: &str) -> bool {
        let resource = layout::resource_of(folder);
        let errors: Vec<(Option<String>, Value)> = match serde_json::from_slice(&self.file.bytes) {
            Ok(Value::Object(of)) => of
                .into_iter()
                .map(|(namespace, e)| (Some(namespace), e))
                .collect(),
            Ok(Value::Array(all)) => all.into_iter().map(|e| (None, e)).collect(),
            Ok(Value::Null) => Vec::new(),
            _ => return self.file.bytes.trim_ascii().is_empty(),
        };
        if errors.iter().any(|(_, error)| !error.is_string()) {
            return false;
        }
        for (namespace, error) in errors {
            let message = error.as_str().unwrap_or_default();
            let mut refusal = refusal::of_message(message);
            refusal.about.get_or_insert_with(|| UnseenObjects {
                resource: Some(resource.to_owned()),
                namespace: namespace.filter(|n| !n.contains('/')),
                group: None,
            });
            self.refused(None, refusal);
        }
        true
    }

    /// Takes note of a list and says what its items are; `None` for what is no list. One without a kind is what the path
    /// of the file says.
    fn open_list(&mut self, head: &ObjectHead) -> Option<ObjectHead> {
        let items = match (head.items(), self.place.kind) {
            (None, Some((version, kind))) if head.kind.is_empty() => ObjectHead {
                api_version: version.to_owned(),
                kind: kind.to_owned(),
                object: false,
            },
            (items, _) => items?,
        };
        if !items.kind.is_empty() {
            let group = match version::reading(&items.api_version, &items.kind) {
                VersionSupport::As(group, _) => group.to_owned(),
                VersionSupport::Unknown(_) | VersionSupport::Other => group_of(&items.api_version),
            };
            self.objects.listed.push((group, items.kind.clone()));
        }
        Some(items)
    }

    /// What is known of a list's completeness from its own metadata.
    fn check_pages(&mut self, at: usize, items: &ObjectHead, token: &str) {
        if token.is_empty() {
            return;
        }
        let about = (!items.kind.is_empty()).then(|| about(items, None)).flatten();
        let why = "one page of a list that goes on: take it with kubectl get, which reads every page";
        self.gap_about(at, "list", why, about);
    }

    fn unknown_version(
        &mut self,
        at: usize,
        unit: &'static str,
        head: &ObjectHead,
        plural: &str,
        namespace: Option<String>,
    ) {
        let ObjectHead {
            api_version, kind, ..
        } = head;
        let why = format!("{kind} in {api_version}: a version of this kind that is not known here");
        let about = UnseenObjects {
            group: None,
            resource: Some(plural.to_owned()),
            namespace,
        };
        self.gap_about(at, unit, why, Some(about));
    }

    /// Takes an object. One without a kind is of the kind of its list, or of that which the path of the file says.
    fn take(
        &mut self,
        at: usize,
        head: ObjectHead,
        list: Option<&ObjectHead>,
        body: Body<'a>,
        deleted: bool,
    ) {
        let typed = match (list, self.place.kind) {
            _ if !head.kind.is_empty() => None,
            (Some(list), _) => Some(list.clone()).filter(|list| !list.kind.is_empty()),
            (None, Some((version, kind))) if body.meta_field("name").is_some() => Some(ObjectHead {
                api_version: version.to_owned(),
                kind: kind.to_owned(),
                object: false,
            }),
            (None, _) => None,
        };
        let inherited = typed.is_some();
        let head = typed.unwrap_or(head);
        let unit = if list.is_some() { "item" } else { "object" };
        match head.kind.as_str() {
            "" if self.place.foreign => return,
            "" => return self.gap(at, unit, "no kind: nothing says what it is"),
            "Status" if group_of(&head.api_version).is_empty() => {
                let refusal = body
                    .read::<ApiStatus>()
                    .and_then(|status| refusal::of_status(&status));
                if let Some(refusal) = refusal {
                    self.refused(Some(at), refusal);
                }
                return;
            }
            "Table" | "PartialObjectMetadata" if group_of(&head.api_version) == "meta.k8s.io" => {
                let why =
                    "a table or metadata alone, which leaves most of an object out: write it with -o json";
                return self.gap(at, unit, why);
            }
            _ => {}
        }
        let newest = match &body {
            Body::Json(bytes) => stamp::newest_json(bytes),
            Body::Value(value, _) => stamp::newest_value(value),
        };
        let (group, body) = match version::reading(&head.api_version, &head.kind) {
            VersionSupport::Other => (group_of(&head.api_version), body),
            VersionSupport::Unknown(plural) => {
                let namespace = body.namespace();
                return self.unknown_version(at, unit, &head, plural, namespace);
            }
            VersionSupport::As(group, None) if !inherited || head.api_version != OLD_CRON_JOB => {
                (group.to_owned(), body)
            }
            VersionSupport::As(group, convert) => {
                let namespace = body.namespace();
                let Some(mut value) = body.into_value() else {
                    return self.gap(at, unit, "it cannot be understood");
                };
                if let Err(why) = convert.map_or(Ok(()), |convert| convert.apply(&mut value)) {
                    let about = about(&head, namespace);
                    return self.gap_about(at, unit, why, about);
                }
                if let Some(fields) = value.as_object_mut() {
                    fields.insert("apiVersion".to_owned(), Value::String(head.api_version));
                }
                (group.to_owned(), Body::Value(value, None))
            }
        };
        let body = body.stored(&self.file.bytes);
        self.objects.objects.push(Object {
            group,
            kind: head.kind,
            body,
            newest,
            deleted,
            file: self.index,
            at,
        });
    }
}

/// What a gap is about that is of that version and kind.
fn about(head: &ObjectHead, namespace: Option<String>) -> Option<UnseenObjects> {
    let group = group_of(&head.api_version);
    let resource = match version::reading(&head.api_version, &head.kind) {
        VersionSupport::As(_, _) | VersionSupport::Unknown(_) => version::plural_of(&head.kind)?.to_owned(),
        VersionSupport::Other if head.kind.is_empty() => return None,
        VersionSupport::Other => head.kind.to_lowercase(),
    };
    Some(UnseenObjects {
        group: Some(group),
        resource: Some(resource),
        namespace,
    })
}

/// The version whose objects have to say so themselves, as their check looks at it.
const OLD_CRON_JOB: &str = "batch/v1beta1";

/// What the type of an event of a watch says of its object (`k8s.io/apimachinery/pkg/watch`): whether it was deleted.
/// `None` for a bookmark, which is no object of the cluster.
fn watched(kind: &str) -> Option<bool> {
    match kind {
        "BOOKMARK" => None,
        kind => Some(kind == "DELETED"),
    }
}

impl Body<'_> {
    fn read<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        match self {
            Self::Json(bytes) => serde_json::from_slice(bytes).ok(),
            Self::Value(value, _) => T::deserialize(value).ok(),
        }
    }

    fn into_value(self) -> Option<Value> {
        match self {
            Self::Json(bytes) => serde_json::from_slice(bytes).ok(),
            Self::Value(value, _) => Some(value),
        }
    }

    /// A field of the metadata, whatever the rest is like.
    fn meta_field(&self, field: &str) -> Option<String> {
        match self {
            Self::Json(_) => meta_field(&self.read()?, field),
            Self::Value(value, _) => meta_field(value, field),
        }
    }

    fn namespace(&self) -> Option<String> {
        self.meta_field("namespace")
    }

    /// Replaces its texts by their places in the file that they are parts of.
    fn stored(self, file: &[u8]) -> Stored {
        let place = |text: &[u8]| {
            let start = (text.as_ptr() as usize).saturating_sub(file.as_ptr() as usize);
            start..start + text.len()
        };
        match self {
            Self::Json(bytes) => Stored::Json(place(bytes)),
            Self::Value(value, text) => Stored::Value(value, text.map(|text| place(text.as_bytes()))),
        }
    }
}

/// A field of an object's metadata, whatever the rest of the object is like.
fn meta_field(object: &Value, field: &str) -> Option<String> {
    let text = object.get("metadata")?.get(field)?.as_str()?;
    Some(text.to_owned())
}

impl Object {
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
