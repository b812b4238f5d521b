//! Reads the objects of one file into the index of the dump.

use super::file::File;
use super::gap::{DumpGap, UnseenObjects};
use super::head::{ObjectHead, group_of};
use super::index::DumpIndex;
use super::layout::{self, PathMeaning};
use super::object::{Body, Object};
use super::refusal;
use super::version::{self, VersionSupport};
use super::{json, stamp, yaml};
use crate::resource::ApiStatus;
use serde_json::Value;

/// Lists in lists deeper than this are no dump.
pub(super) const DEEPEST: usize = 4;

/// Reads one file.
pub(super) struct Reader<'a, 'o> {
    pub index: usize,
    pub file: &'a File,
    pub place: PathMeaning<'a>,
    /// Whether the files are manifests: only the metadata of their objects is read, in any version, and an object without a
    /// status is whole.
    pub of_manifests: bool,
    pub contents: &'o mut DumpIndex,
}

impl<'a> Reader<'a, '_> {
    pub fn read(&mut self) {
        if self.place.is_log {
            return;
        }
        let file = self.file;
        for remark in &file.remarks {
            self.contents.gaps.add(DumpGap {
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
            && self.read_errors(folder)
        {
            return;
        }
        match file.bytes.iter().find(|b| !b.is_ascii_whitespace()) {
            None if file.cleared || !file.remarks.is_empty() => {}
            None => self.contents.gaps.add(DumpGap {
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
        self.contents.lines.line(self.index, &self.file.bytes, at)
    }

    /// Reports a part of the file that was not understood.
    pub fn gap(&mut self, at: usize, unit: &'static str, why: impl Into<String>) {
        self.gap_about(at, unit, why, None);
    }

    pub fn gap_about(
        &mut self,
        at: usize,
        unit: &'static str,
        why: impl Into<String>,
        about: Option<UnseenObjects>,
    ) {
        let line = Some(self.line(at));
        self.contents.gaps.add(DumpGap {
            file: self.file.name.clone(),
            line,
            count: 1,
            unit,
            why: why.into(),
            about,
            refusal: false,
        });
    }

    fn report_refusal(&mut self, at: Option<usize>, refusal: refusal::ReportedGap) {
        let line = at.map(|at| self.line(at));
        self.contents.gaps.add(DumpGap {
            file: self.file.name.clone(),
            line,
            count: 1,
            unit: "object",
            why: refusal.message,
            about: refusal.about,
            refusal: true,
        });
    }

    /// Reads the errors of a bundle, by namespace or of the whole cluster. Returns whether the file holds such errors.
    fn read_errors(&mut self, folder: &str) -> bool {
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
            let mut refusal = refusal::gap_of_message(message);
            refusal.about.get_or_insert_with(|| UnseenObjects {
                resource: Some(resource.to_owned()),
                namespace: namespace.filter(|n| !n.contains('/')),
                group: None,
            });
            self.report_refusal(None, refusal);
        }
        true
    }

    /// Notes a list, and returns version and kind of its items; `None` if it is no list. If it has no kind, the path of the
    /// file decides.
    pub fn open_list(&mut self, head: &ObjectHead) -> Option<ObjectHead> {
        let items = match (head.items(), self.place.kind) {
            (None, Some((version, kind))) if head.kind.is_empty() => ObjectHead {
                api_version: version.to_owned(),
                kind: kind.to_owned(),
                object: false,
            },
            (items, _) => items?,
        };
        if !items.kind.is_empty() {
            let group = match version::support(&items.api_version, &items.kind) {
                VersionSupport::As(group, _) => group.to_owned(),
                VersionSupport::Unknown(_) | VersionSupport::Other => group_of(&items.api_version),
            };
            self.contents.listed.push((group, items.kind.clone()));
        }
        Some(items)
    }

    /// Reports a list whose metadata says that another page follows.
    pub fn check_pages(&mut self, at: usize, items: &ObjectHead, token: &str) {
        if token.is_empty() {
            return;
        }
        let about = (!items.kind.is_empty()).then(|| about(items, None)).flatten();
        let why = "one page of a list that goes on: take it with kubectl get, which reads every page";
        self.gap_about(at, "list", why, about);
    }

    fn report_unknown_version(
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

    /// Takes an object. If it has no kind, its list decides, else the path of the file.
    pub fn take(
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
                    .and_then(|status| refusal::gap_of_status(&status));
                if let Some(refusal) = refusal {
                    self.report_refusal(Some(at), refusal);
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
        let api_version = if self.of_manifests {
            head.api_version.clone()
        } else {
            String::new()
        };
        let (group, body) = match version::support(&head.api_version, &head.kind) {
            VersionSupport::As(group, _) if self.of_manifests => (group.to_owned(), body),
            VersionSupport::Unknown(_) if self.of_manifests => (group_of(&head.api_version), body),
            VersionSupport::Other => (group_of(&head.api_version), body),
            VersionSupport::Unknown(plural) => {
                let namespace = body.namespace();
                return self.report_unknown_version(at, unit, &head, plural, namespace);
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
        let body = body.into_place(&self.file.bytes);
        self.contents.objects.push(Object {
            group,
            api_version,
            kind: head.kind,
            body,
            newest,
            deleted,
            file: self.index,
            at,
        });
    }
}

/// The objects that a gap of that version and kind is about.
pub(super) fn about(head: &ObjectHead, namespace: Option<String>) -> Option<UnseenObjects> {
    let group = group_of(&head.api_version);
    let resource = match version::support(&head.api_version, &head.kind) {
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

/// The version that an object must carry itself, since its check reads it.
const OLD_CRON_JOB: &str = "batch/v1beta1";

/// Whether an event of a watch deleted its object (`k8s.io/apimachinery/pkg/watch`). `None` for a bookmark, which is no
/// object of the cluster.
pub(super) fn is_deletion(kind: &str) -> Option<bool> {
    match kind {
        "BOOKMARK" => None,
        kind => Some(kind == "DELETED"),
    }
}
