//! YAML files: documents between `---` lines, each an object or a list.
//!
//! A `List` of kubectl is cut into its items at the lines that begin one, and each is parsed by itself: an item
//! with a syntax error does not take the others with it, and a large dump is never one huge tree.
//!
//! A cut is not always a syntax error in YAML. `kind: List` stands after the items, so a list without a kind was cut
//! between two of them. An object at the end of a file without its last line may be half of one. kubectl writes keys in
//! their alphabetical order, so the last key shows whether a status is whole.

use super::head::ObjectHead;
use super::json;
use super::object::Body;
use super::reader::{DEEPEST, Reader, about, is_deletion};
use crate::resource::ListMeta;
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::ops::Range;

/// Schemas in custom resource definitions are deeper than the 64 levels that the parser allows by itself.
const LEVELS: usize = 120;

/// The fields that are written last in the status of a kind, if they are written at all.
const LAST: [(&str, &[&str]); 8] = [
    ("Deployment", &["updatedReplicas"]),
    ("StatefulSet", &["updatedReplicas"]),
    ("DaemonSet", &["updatedNumberScheduled"]),
    ("ReplicaSet", &["replicas", "terminatingReplicas"]),
    ("ReplicationController", &["replicas"]),
    ("Pod", &["startTime"]),
    ("Job", &["uncountedTerminatedPods"]),
    ("Node", &["nodeInfo", "volumesAttached", "volumesInUse"]),
];

/// The text that support bundles write in place of a secret. Without quotes it is no YAML.
const REDACTED: &str = "***HIDDEN***";

/// Characters that YAML does not allow and some writers let through, in the text of a log or an annotation.
fn is_forbidden(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}')
}

/// A part of a file.
#[derive(Clone, Copy)]
struct Text<'a> {
    text: &'a str,
    /// Its offset in the file.
    at: usize,
    /// Whether it is the last part of the file.
    is_last: bool,
    /// Whether the file ends there in the middle of a line.
    is_open: bool,
}

impl Text<'_> {
    fn part(self, range: Range<usize>) -> Self {
        let ends = self.text[range.end..].trim().is_empty();
        Self {
            text: &self.text[range.clone()],
            at: self.at + range.start,
            is_last: self.is_last && ends,
            is_open: self.is_open && ends,
        }
    }

    fn end(self) -> usize {
        self.at + self.text.trim_end().len()
    }
}

/// Reads every document of a part of a file.
pub(super) fn read(part: Range<usize>, reader: &mut Reader<'_, '_>) {
    let file = reader.file;
    let bytes = &file.bytes;
    let Ok(text) = std::str::from_utf8(&bytes[part.clone()]) else {
        return reader.gap(part.start, "part", "neither UTF-8 nor UTF-16");
    };
    let is_last = bytes[part.end..].trim_ascii().is_empty();
    let all = Text {
        text,
        at: part.start,
        is_last,
        is_open: is_last && !bytes.ends_with(b"\n"),
    };
    if all.is_open && text.ends_with("\n---") {
        let why = "the file ends in the line that begins a document: the document is missing";
        reader.gap(all.end(), "object", why);
    }
    for range in documents(text) {
        let document = all.part(range);
        if is_blank(document.text) {
            continue;
        }
        // JSON is YAML too. As JSON it is read much faster, and up to a break.
        let blank = document.text.len() - document.text.trim_start().len();
        let text = &document.text[blank..];
        if text.starts_with(['{', '[']) && !is_flow(text.as_bytes()) {
            json::read(document.at + blank..document.at + document.text.len(), reader);
            continue;
        }
        match ItemLines::find(document.text) {
            Some(lines) => read_list(document, &lines, reader),
            None => read_object(document, reader),
        }
    }
}

/// Whether brackets hold bare words, as in `kubectl get -o kyaml`, and not JSON.
pub(super) fn is_flow(bytes: &[u8]) -> bool {
    let first = bytes
        .iter()
        .find(|b| !b.is_ascii_whitespace() && !b"{[".contains(b));
    first.is_some_and(|b| b.is_ascii_alphabetic() || b"#'".contains(b))
}

/// The texts between the lines that begin with `---`. A line `...` ends a document too, and so does the beginning of another:
/// a second `apiVersion` or `kind` at the margin, or a bracket. People put dumps together with `>>`.
fn documents(text: &str) -> Vec<Range<usize>> {
    let mut documents = Vec::new();
    let (mut start, mut keys) = (0, [false; 2]);
    for line in Lines::new(text) {
        let trimmed = line.text.trim_end();
        if trimmed == "---" || trimmed == "..." || line.text.starts_with("--- ") {
            documents.push(start..line.start);
            let rest = trimmed.trim_start_matches("--- ");
            start = if line.text.starts_with("--- ") && !rest.starts_with('#') {
                line.start + 4
            } else {
                line.end
            };
            keys = [false; 2];
            continue;
        }
        let key = ["apiVersion:", "kind:"]
            .iter()
            .position(|key| trimmed.starts_with(key));
        let again = key.is_some_and(|key| keys[key]);
        let bracket = line.text.starts_with(['{', '[']) && !is_blank(&text[start..line.start]);
        if again || (bracket && keys.contains(&true)) {
            documents.push(start..line.start);
            start = line.start;
            keys = [false; 2];
        }
        if let Some(key) = key {
            keys[key] = true;
        }
    }
    documents.push(start..text.len());
    documents
}

fn is_blank(document: &str) -> bool {
    document.lines().all(|l| {
        let line = l.trim();
        line.is_empty() || line.starts_with('#') || line.starts_with('%')
    })
}

/// Options without bounds on size, since the text itself is bounded. Aliases may repeat about as much as the text holds: a
/// few hundred bytes could become 150 MB otherwise.
fn options(text: &str) -> serde_saphyr::Options {
    serde_saphyr::options! {
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: text.len().max(1000),
        },
        budget: serde_saphyr::budget! {
            max_depth: LEVELS,
            max_events: 1 << 30,
            max_nodes: 1 << 30,
            max_total_scalar_bytes: 1 << 30,
        },
    }
}

/// Parses a text. The error is the first line, from 1, that is no YAML.
fn parse(text: &str) -> Result<Value, usize> {
    serde_saphyr::from_str_with_options::<Value>(text, options(text)).or_else(|error| {
        let mended = text
            .replace(REDACTED, &format!("\"{REDACTED}\""))
            .replace(is_forbidden, "\u{fffd}");
        if mended != text
            && let Ok(value) = serde_saphyr::from_str_with_options(&mended, options(&mended))
        {
            return Ok(value);
        }
        let line = error.location().map_or(1, |location| location.line());
        Err(usize::try_from(line).unwrap_or(1).max(1))
    })
}

/// Reads an object, or an item of a list, as its type: then a value that looks like a number is text if the field is text.
pub(super) fn parse_as<T: DeserializeOwned>(text: &str) -> Option<T> {
    if text.trim_start().starts_with("- ") {
        let items = serde_saphyr::from_str_with_options::<Vec<T>>(text, options(text)).ok()?;
        return items.into_iter().next();
    }
    serde_saphyr::from_str_with_options(text, options(text)).ok()
}

/// `apiVersion` and kind by their lines, for a text that cannot be parsed.
fn head_by_lines(text: &str) -> ObjectHead {
    let mut head = ObjectHead::default();
    let mut margin = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let content = line.trim_start_matches(['-', ' ']);
        let depth = line.len() - content.len();
        if *margin.get_or_insert(depth) != depth {
            continue;
        }
        let value = |key| {
            content
                .strip_prefix(key)
                .map(|v: &str| v.trim().trim_matches('"').to_owned())
        };
        if let Some(version) = value("apiVersion:") {
            head.api_version = version;
        }
        if let Some(kind) = value("kind:") {
            head.kind = kind;
        }
    }
    head
}

fn report_not_yaml(text: Text<'_>, line: usize, unit: &'static str, reader: &mut Reader<'_, '_>) {
    let head = head_by_lines(text.text);
    let before = memchr::memchr_iter(b'\n', text.text.as_bytes()).nth(line.saturating_sub(2));
    let at = before
        .filter(|_| line > 1)
        .map_or(text.at, |newline| text.at + newline + 1);
    // The first line of a document can be blank, and the mistake is in what follows.
    let about = about(&head, None);
    reader.gap_about(at, unit, "it is not YAML from here on", about);
}

/// The message about an object, or a text, in which a file ends.
fn cut_message(object: Option<&Value>) -> String {
    let of = |path: &str| object.and_then(|o| o.pointer(path)).and_then(Value::as_str);
    let named = match (of("/kind"), of("/metadata/namespace"), of("/metadata/name")) {
        (Some(kind), Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
        (Some(kind), None, Some(name)) => format!("{kind} {name}"),
        _ => "it".to_owned(),
    };
    format!("{named} breaks off in the middle: its end and everything after it are missing")
}

fn read_object<'a>(text: Text<'a>, reader: &mut Reader<'a, '_>) {
    match parse(text.text) {
        // A closed bracket is the end.
        Ok(value)
            if text.is_last
                && !reader.of_manifests
                && !text.text.trim_start().starts_with(['{', '['])
                && is_cut(&value, text.is_open) =>
        {
            reader.gap(text.end(), "object", cut_message(Some(&value)));
        }
        Ok(value) => take(text.at, value, Some(text.text), None, 0, reader),
        Err(_) if text.is_open => reader.gap(text.end(), "object", cut_message(None)),
        Err(line) => report_not_yaml(text, line, "object", reader),
    }
}

/// Whether an object with which a file ends is half of one. `is_open`: the file ends in the middle of a line, or of a list.
fn is_cut(object: &Value, is_open: bool) -> bool {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    let Some((_, last)) = LAST.iter().find(|(of, _)| *of == kind) else {
        // kubectl ends every file with a line end. Without one, nothing shows whether an object of another kind is whole.
        return is_open && !kind.is_empty();
    };
    let is_of_cluster = object.pointer("/metadata/uid").is_some();
    let Some(status) = object.get("status") else {
        return is_of_cluster || is_open;
    };
    let newest = status.as_object().and_then(|fields| fields.keys().next_back());
    is_open && !newest.is_some_and(|key| last.contains(&key.as_str()))
}

/// Takes an object, or the items of a list, or of an array.
fn take<'a>(
    at: usize,
    mut value: Value,
    text: Option<&'a str>,
    list: Option<&ObjectHead>,
    depth: usize,
    reader: &mut Reader<'a, '_>,
) {
    let unit = if list.is_some() { "item" } else { "object" };
    if depth > DEEPEST {
        return reader.gap(at, unit, "lists in lists, deeper than any tool writes them");
    }
    if let Value::Array(items) = value {
        let typed = reader.open_list(&ObjectHead::default()).unwrap_or_default();
        for item in items {
            take(at, item, None, Some(&typed), depth + 1, reader);
        }
        return;
    }
    if !value.is_object() {
        if list.is_some() || !value.is_null() {
            reader.gap(at, unit, "neither an object nor a list");
        }
        return;
    }
    let Ok(head) = ObjectHead::deserialize(&value) else {
        return reader.gap(at, unit, crate::resource::value_error::<ObjectHead>(&value));
    };
    let is_list = match value.get("items") {
        Some(Value::Array(_)) => head.kind.is_empty() || head.kind.ends_with("List"),
        Some(_) => head.kind.ends_with("List"),
        None => false,
    };
    if is_list && let Some(items) = value.get_mut("items").map(Value::take) {
        let typed = reader.open_list(&head).unwrap_or_default();
        reader.check_pages(at, &typed, &token(&value));
        if let Value::Array(items) = items {
            for item in items {
                take(at, item, None, Some(&typed), depth + 1, reader);
            }
        }
        return;
    }
    if head.kind.is_empty()
        && head.object
        && let Some(kind) = value.get("type").and_then(Value::as_str)
    {
        let Some(deleted) = is_deletion(kind) else { return };
        let object = value["object"].take();
        let head = ObjectHead::deserialize(&object).unwrap_or_default();
        return reader.take(at, head, list, Body::Value(object, None), deleted);
    }
    reader.take(at, head, list, Body::Value(value, text), false);
}

/// The token of the next page of a list.
fn token(list: &Value) -> String {
    let meta = list
        .get("metadata")
        .and_then(|meta| ListMeta::deserialize(meta).ok());
    meta.unwrap_or_default().continue_token
}

fn read_list<'a>(document: Text<'a>, lines: &ItemLines, reader: &mut Reader<'a, '_>) {
    let Text { text, at, .. } = document;
    let around = format!("{}{}", &text[..lines.begin], &text[lines.end..]);
    let around = parse(&around).unwrap_or_else(|_| {
        let head = head_by_lines(&around);
        serde_json::json!({"apiVersion": head.api_version, "kind": head.kind})
    });
    let head = ObjectHead::deserialize(&around).unwrap_or_default();
    let is_named = head.kind.ends_with("List");
    // In the middle of its last line, the kind is cut too.
    if !head.kind.is_empty() && !is_named && !document.is_open {
        // `items` of something that is no list.
        return read_object(document, reader);
    }
    let parsed: Vec<(Text<'a>, Result<Value, usize>)> = lines
        .items
        .iter()
        .map(|range| document.part(range.clone()))
        .map(|item| (item, parse(item.text)))
        .collect();
    if parsed.iter().any(|(_, item)| item.is_err()) {
        // An alias to an anchor in another item cannot be parsed alone; then the whole may still be right.
        if let Ok(value) = parse(text) {
            return take(at, value, None, None, 0, reader);
        }
    }
    let typed = reader.open_list(&head).unwrap_or_default();
    reader.check_pages(at, &typed, &token(&around));
    // Every writer of lists writes `kind`, kubectl after the items.
    let mut is_cut_off = !is_named && (document.is_open || reader.place.kind.is_none());
    for (item, value) in parsed {
        let ends = item.end() == document.end();
        match value {
            // Each was parsed as a sequence of one.
            Ok(Value::Array(values)) => {
                for value in values {
                    if is_cut_off && ends && is_half(&value) {
                        is_cut_off = false;
                        reader.gap(item.end(), "item", cut_message(Some(&value)));
                    } else {
                        take(item.at, value, Some(item.text), Some(&typed), 1, reader);
                    }
                }
            }
            Ok(_) => reader.gap(item.at, "item", "neither an object nor a list"),
            Err(_) if ends && (is_cut_off || item.is_open) => {
                is_cut_off = false;
                reader.gap(item.end(), "item", cut_message(None));
            }
            Err(line) => report_not_yaml(item, line, "item", reader),
        }
    }
    if is_cut_off {
        let why = "the list breaks off here, before its kind: the rest is missing";
        reader.gap(document.end(), "list", why);
    }
}

/// Whether the last item of a list that was cut may be half of an object.
fn is_half(item: &Value) -> bool {
    let kind = item.get("kind").and_then(Value::as_str).unwrap_or_default();
    is_cut(item, true) || kind.is_empty()
}

/// The places of the items of a top-level `items:` in a document.
struct ItemLines {
    begin: usize,
    end: usize,
    items: Vec<Range<usize>>,
}

impl ItemLines {
    /// Finds the lines of a block sequence under a top-level `items:`; `None` if there is none.
    fn find(document: &str) -> Option<Self> {
        let mut lines = Lines::new(document);
        let head = lines.find(|l| l.text.trim_end() == "items:")?;
        let mut indent = None;
        let mut items: Vec<Range<usize>> = Vec::new();
        let mut end = document.len();
        for line in lines {
            let content = line.text.trim_start_matches(' ');
            let depth = line.text.len() - content.len();
            let is_item = content.starts_with("- ") || content.trim_end() == "-";
            if content.trim().is_empty() || (indent.is_none() && content.starts_with('#')) {
                continue;
            }
            match indent {
                None if is_item => {
                    indent = Some(depth);
                    items.push(line.start..line.end);
                }
                None => return None,
                Some(at) if depth == at && is_item => {
                    if let Some(last) = items.last_mut() {
                        last.end = line.start;
                    }
                    items.push(line.start..line.end);
                }
                // A key at the margin ends the sequence.
                Some(_) if depth == 0 && !is_item && !content.starts_with('#') => {
                    end = line.start;
                    break;
                }
                Some(_) => {}
            }
        }
        if let Some(last) = items.last_mut() {
            last.end = end;
        }
        (!items.is_empty()).then_some(Self {
            begin: head.start,
            end,
            items,
        })
    }
}

/// The lines of a text with their offsets.
struct Lines<'a> {
    text: &'a str,
    at: usize,
}

struct YamlLine<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = YamlLine<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.text.get(self.at..).filter(|r| !r.is_empty())?;
        let length = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |n| n + 1);
        let line = YamlLine {
            text: &rest[..length],
            start: self.at,
            end: self.at + length,
        };
        self.at += length;
        Some(line)
    }
}
