//! YAML files: documents between `---` lines, each an object or a list.
//!
//! A `List` of kubectl is cut into its items at the lines that begin one, and each is parsed by itself: an item
//! with a syntax error does not take the others with it, and a large dump is never one huge tree.

use super::{Body, Head, Objects};
use serde::Deserialize as _;
use serde_json::Value;

/// Reads every document of a file.
pub(super) fn read(file: &str, text: &str, objects: &mut Objects<'_>) {
    for (number, document) in documents(text).into_iter().enumerate() {
        let place = if number == 0 {
            file.to_owned()
        } else {
            format!("{file}, document {}", number + 1)
        };
        if is_blank(document) {
            continue;
        }
        match ItemLines::find(document) {
            Some(lines) => list(&place, document, &lines, objects),
            None => whole(&place, document, objects),
        }
    }
}

/// The texts between the lines that begin with `---`; a line `...` ends a document too.
fn documents(text: &str) -> Vec<&str> {
    let mut documents = Vec::new();
    let mut start = 0;
    for line in Lines::of(text) {
        let trimmed = line.text.trim_end();
        if trimmed == "---" || trimmed == "..." || line.text.starts_with("--- ") {
            documents.push(&text[start..line.start]);
            start = if line.text.starts_with("--- ") && !trimmed.trim_start_matches("--- ").starts_with('#') {
                line.start + 4
            } else {
                line.end
            };
        }
    }
    documents.push(&text[start..]);
    documents
}

fn is_blank(document: &str) -> bool {
    document.lines().all(|l| {
        let line = l.trim();
        line.is_empty() || line.starts_with('#') || line.starts_with('%')
    })
}

fn parse(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str::<Value>(text).map_err(|error| {
        let text = error.to_string();
        text.lines().next().unwrap_or_default().to_owned()
    })
}

fn whole(place: &str, document: &str, objects: &mut Objects<'_>) {
    match parse(document) {
        Ok(value) => take(place, value, None, objects),
        Err(error) => objects.break_off(place, error),
    }
}

/// Takes an object, or the items of a list, or of an array.
fn take(place: &str, mut value: Value, typed: Option<&Head>, objects: &mut Objects<'_>) {
    if let Value::Array(items) = value {
        for item in items {
            take(place, item, None, objects);
        }
        return;
    }
    if !value.is_object() {
        if typed.is_some() || !value.is_null() {
            objects.break_off(place, "not an object");
        }
        return;
    }
    let head = match Head::deserialize(&value) {
        Ok(head) => head,
        Err(error) => return objects.break_off(place, error.to_string()),
    };
    if let Some(items) = value.get_mut("items").map(Value::take)
        && head.kind.ends_with("List")
    {
        let typed = objects.open_list(&head);
        if let Value::Array(items) = items {
            for (number, item) in items.into_iter().enumerate() {
                take(
                    &format!("{place}, item {}", number + 1),
                    item,
                    typed.as_ref(),
                    objects,
                );
            }
        }
        return;
    }
    objects.take(place, head, typed, Body::Value(value));
}

fn list(place: &str, document: &str, lines: &ItemLines, objects: &mut Objects<'_>) {
    let around = format!("{}{}", &document[..lines.begin], &document[lines.end..]);
    let head = parse(&around)
        .ok()
        .and_then(|v| Head::deserialize(&v).ok())
        .unwrap_or_default();
    if !head.kind.ends_with("List") {
        // `items` of something that is no list.
        return whole(place, document, objects);
    }
    let parsed: Vec<Result<Value, String>> = lines
        .items
        .iter()
        .map(|range| parse(&document[range.clone()]))
        .collect();
    if parsed.iter().any(Result::is_err) {
        // An alias to an anchor in another item cannot be parsed alone; then the whole may still be right.
        if let Ok(value) = parse(document) {
            return take(place, value, None, objects);
        }
    }
    let typed = objects.open_list(&head);
    for (number, item) in parsed.into_iter().enumerate() {
        let place = format!("{place}, item {}", number + 1);
        match item {
            // Each was parsed as a sequence of one.
            Ok(Value::Array(items)) => {
                for item in items {
                    take(&place, item, typed.as_ref(), objects);
                }
            }
            Ok(_) => objects.break_off(place, "not an item"),
            Err(error) => objects.break_off(place, error),
        }
    }
}

/// Where the items of a top-level `items:` stand in a document.
struct ItemLines {
    begin: usize,
    end: usize,
    items: Vec<std::ops::Range<usize>>,
}

impl ItemLines {
    /// Finds the lines of a block sequence under a top-level `items:`; `None` where there is none.
    fn find(document: &str) -> Option<Self> {
        let mut lines = Lines::of(document);
        let head = lines.find(|l| l.text.trim_end() == "items:")?;
        let mut indent = None;
        let mut items: Vec<std::ops::Range<usize>> = Vec::new();
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

/// Lines with where they stand.
struct Lines<'a> {
    text: &'a str,
    at: usize,
}

struct Line<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.text.get(self.at..).filter(|r| !r.is_empty())?;
        let length = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |n| n + 1);
        let line = Line {
            text: &rest[..length],
            start: self.at,
            end: self.at + length,
        };
        self.at += length;
        Some(line)
    }
}
