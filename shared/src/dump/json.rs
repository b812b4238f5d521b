//! JSON files: documents one after the other, each an object, a list, an array or an event of a watch.

use super::head::ObjectHead;
use super::object::Body;
use super::reader::{DEEPEST, Reader, is_deletion};
use super::yaml;
use crate::decode::{JsonList, ListError, Piece, list_meta};
use crate::resource::json_error;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::ops::Range;

/// An event of `kubectl get -w --output-watch-events`, or of a watch itself.
#[derive(Deserialize)]
struct JsonEvent<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Reads every document of a part of a file.
pub(super) fn read(part: Range<usize>, reader: &mut Reader<'_, '_>) {
    let file = reader.file;
    let bytes = &file.bytes[..part.end];
    let mut at = part.start;
    // After each break the rest is read once more, so many breaks would take for ever.
    let mut patience = 4 * part.len() + (1 << 20);
    while let Some(start) = next(bytes, at) {
        let margin = |from: usize| {
            memchr::memchr_iter(b'\n', &bytes[from..])
                .map(|newline| from + newline + 1)
                .find(|after| matches!(bytes.get(*after), Some(b'{' | b'[')))
                .unwrap_or(bytes.len())
        };
        if !matches!(bytes[start], b'{' | b'[') {
            at = margin(start);
            yaml::read(start..at, reader);
            continue;
        }
        at = match document(start, bytes.len(), reader) {
            Ok(end) => end,
            // After a break the next document begins at the next line with a bracket at its margin.
            Err(from) if patience >= bytes.len() - from => {
                patience -= bytes.len() - from;
                margin(from)
            }
            Err(_) => {
                reader.gap(
                    start,
                    "part",
                    "too many breaks: the rest of the file was not read",
                );
                return;
            }
        };
    }
}

/// The start of the next document, after blanks, commas, separators of JSON sequences and of YAML documents.
fn next(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes
            .get(at..)?
            .iter()
            .position(|b| !b.is_ascii_whitespace() && !matches!(b, b',' | 0x1e))?;
        let line = bytes[at..].split(|b| *b == b'\n').next().unwrap_or_default();
        if !matches!(line.trim_ascii_end(), b"---" | b"...") {
            return Some(at);
        }
        at += line.len();
    }
}

/// Reads the document at `at` and returns its end. If it breaks off, the error is the place from which another can begin.
fn document(at: usize, end: usize, reader: &mut Reader<'_, '_>) -> Result<usize, usize> {
    let file = reader.file;
    let bytes = &file.bytes[at..end];
    let parsed = JsonDocument::read(bytes);
    if let Some(head) = parsed.list_head() {
        // The items before a break are whole.
        parsed.take(at, bytes, &head, 1, reader);
    } else if let Ok(end) = parsed.end {
        item(at, &bytes[..end], None, 1, reader);
    }
    match &parsed.end {
        Ok(end) => Ok(at + end),
        Err((place, error)) => {
            let is_list = parsed.list.is_list();
            reader.gap(
                at + place,
                if is_list { "list" } else { "object" },
                break_message(error, is_list),
            );
            // The items before the break were read already.
            Err(if is_list { at + place } else { at })
        }
    }
}

/// A document parsed into the items of a list, if it is one.
struct JsonDocument {
    list: JsonList,
    items: Vec<Range<usize>>,
    /// The token of the next page.
    token: String,
    end: Result<usize, (usize, ListError)>,
}

impl JsonDocument {
    fn read(bytes: &[u8]) -> Self {
        // An array is read as the items of a list without a kind.
        let mut list = if bytes.first() == Some(&b'[') {
            JsonList::items()
        } else {
            JsonList::default()
        };
        let base = bytes.as_ptr() as usize;
        let (mut items, mut token) = (Vec::new(), String::new());
        let end = list.push_document(bytes, &mut |piece| match piece {
            Piece::Item(item) => {
                let start = item.as_ptr() as usize - base;
                items.push(start..start + item.len());
            }
            Piece::Meta(meta) => token = list_meta(meta, true).unwrap_or_default().continue_token,
        });
        Self {
            list,
            items,
            token,
            end,
        }
    }

    /// The head of the list; `None` for an object whose `items` is an ordinary field.
    fn list_head(&self) -> Option<ObjectHead> {
        let head = ObjectHead {
            api_version: self.list.text("apiVersion"),
            kind: self.list.text("kind"),
            object: false,
        };
        (self.list.is_list() && (head.kind.is_empty() || head.kind.ends_with("List"))).then_some(head)
    }

    fn take<'a>(
        &self,
        at: usize,
        bytes: &'a [u8],
        head: &ObjectHead,
        depth: usize,
        reader: &mut Reader<'a, '_>,
    ) {
        let typed = reader.open_list(head).unwrap_or_default();
        reader.check_pages(at, &typed, &self.token);
        for range in &self.items {
            item(
                at + range.start,
                &bytes[range.clone()],
                Some(&typed),
                depth,
                reader,
            );
        }
    }
}

fn break_message(error: &ListError, is_list: bool) -> String {
    match error {
        ListError::CutOff { items } if is_list => {
            format!("the list breaks off after its first {items} items: the rest is missing")
        }
        ListError::CutOff { .. } => "it breaks off in the middle".to_owned(),
        ListError::NotAList(_) | ListError::TooLarge => "it is not JSON from here on".to_owned(),
    }
}

fn item<'a>(
    at: usize,
    bytes: &'a [u8],
    list: Option<&ObjectHead>,
    depth: usize,
    reader: &mut Reader<'a, '_>,
) {
    let unit = if list.is_some() { "item" } else { "object" };
    if bytes.first() == Some(&b'[') && depth < DEEPEST {
        let parsed = JsonDocument::read(bytes);
        return parsed.take(at, bytes, &ObjectHead::default(), depth + 1, reader);
    }
    let Ok(head) = serde_json::from_slice::<ObjectHead>(bytes) else {
        let (why, line) = json_error::<ObjectHead>(bytes);
        let before = memchr::memchr_iter(b'\n', bytes).nth(line.saturating_sub(2));
        let place = before.filter(|_| line > 1).map_or(at, |newline| at + newline + 1);
        return reader.gap(place, unit, why);
    };
    if head.kind.is_empty()
        && head.object
        && let Ok(event) = serde_json::from_slice::<JsonEvent<'a>>(bytes)
    {
        let Some(deleted) = is_deletion(&event.kind) else {
            return;
        };
        let object = event.object.get().as_bytes();
        let head = serde_json::from_slice::<ObjectHead>(object).unwrap_or_default();
        return reader.take(at, head, list, Body::Json(object), deleted);
    }
    if head.kind.ends_with("List") {
        let parsed = JsonDocument::read(bytes);
        if parsed.end.is_ok() && parsed.list.is_list() {
            if depth == DEEPEST {
                return reader.gap(at, unit, "lists in lists, deeper than any tool writes them");
            }
            return parsed.take(at, bytes, &head, depth + 1, reader);
        }
    }
    reader.take(at, head, list, Body::Json(bytes), false);
}
