//! JSON lists: finds where each item begins and ends, and leaves its content to serde.

use super::{ListError, Piece, UnusedBytes};
use serde::de::IgnoredAny;

/// A JSON list that is being read.
///
/// It looks at strings and brackets only. Each value of the outermost object is bounded in size as an item is. Only
/// `metadata` and the items are passed on.
#[derive(Default)]
pub struct JsonList {
    pending: UnusedBytes,
    place: JsonPosition,
    /// The value that is being scanned at the front of the pending bytes, and how far the scan is.
    scan: Scan,
    key: Vec<u8>,
    items: usize,
    items_seen: bool,
    /// `apiVersion` and `kind` as they stand, quotes included.
    api_version: Vec<u8>,
    kind: Vec<u8>,
    /// Whether the outermost value is an array, whose elements are the items.
    is_array: bool,
}

/// What may come next. Commas are counted, since a list with a comma too many or too few was damaged, and may lack items.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum JsonPosition {
    #[default]
    Start,
    FirstKey,
    Key,
    Colon,
    Value,
    AfterValue,
    FirstItem,
    Item,
    AfterItem,
    End,
}

/// Progress through one JSON value.
#[derive(Default, Clone, Copy)]
struct Scan {
    at: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl JsonList {
    /// Whether the outermost object is a list: it has a key `items` with an array.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.items_seen
    }

    /// A reader of a plain array, whose elements are the items.
    #[must_use]
    pub fn items() -> Self {
        Self {
            is_array: true,
            ..Self::default()
        }
    }

    /// The text of `apiVersion` or `kind`, empty if it was not seen or is no string.
    #[must_use]
    pub fn text(&self, key: &str) -> String {
        let raw = if key == "kind" {
            &self.kind
        } else {
            &self.api_version
        };
        serde_json::from_slice(raw).unwrap_or_default()
    }

    /// See [`super::ListReader::type_meta`].
    #[must_use]
    pub fn type_meta(&self) -> (Option<String>, Option<String>) {
        let read = |raw: &[u8]| (!raw.is_empty()).then(|| serde_json::from_slice(raw).unwrap_or_default());
        (read(&self.api_version), read(&self.kind))
    }

    /// Reads the one document that `bytes` begin with, and says where it ends. The pieces are slices of `bytes`.
    ///
    /// # Errors
    /// As for [`super::ListReader::push`], and [`ListError::CutOff`] if the document does not end. With it comes the
    /// place of the value that is not whole.
    pub fn push_document(
        &mut self,
        bytes: &[u8],
        on_piece: &mut dyn FnMut(Piece<'_>),
    ) -> Result<usize, (usize, ListError)> {
        let mut at = 0;
        while self.place != JsonPosition::End {
            match self.step(&bytes[at..], on_piece) {
                Ok(Some(used)) => at += used,
                Ok(None) => return Err((at, ListError::CutOff { items: self.items })),
                Err(error) => return Err((at, error)),
            }
        }
        Ok(at)
    }

    /// See [`super::ListReader::push`].
    ///
    /// # Errors
    /// As there.
    pub fn push(&mut self, bytes: &[u8], on_piece: &mut dyn FnMut(Piece<'_>)) -> Result<(), ListError> {
        let mut pending = std::mem::take(&mut self.pending);
        let data = pending.join(bytes);
        let mut rest: &[u8] = &data;
        while let Some(used) = self.step(rest, on_piece)? {
            rest = &rest[used..];
        }
        self.pending.keep(rest)
    }

    /// See [`super::ListReader::finish`].
    ///
    /// # Errors
    /// As there; a complete object without `items` is not a list.
    pub fn finish(&self) -> Result<(), ListError> {
        match self.place {
            JsonPosition::End if self.items_seen => Ok(()),
            JsonPosition::End => Err(ListError::NotAList("it has no items".into())),
            JsonPosition::Start => Err(ListError::NotAList("it is empty".into())),
            _ => Err(ListError::CutOff { items: self.items }),
        }
    }

    fn step(&mut self, data: &[u8], on_piece: &mut dyn FnMut(Piece<'_>)) -> Result<Option<usize>, ListError> {
        if self.scan.at > 0 {
            return self.value(data, on_piece);
        }
        let Some(blank) = data.iter().position(|byte| !is_blank(*byte)) else {
            return Ok((!data.is_empty()).then_some(data.len()));
        };
        if blank > 0 {
            return Ok(Some(blank));
        }
        let byte = data[0];
        self.place = match (self.place, byte) {
            (JsonPosition::Start, b'{') if !self.is_array => JsonPosition::FirstKey,
            (JsonPosition::Start, b'[') if self.is_array => self.begin_items(),
            (JsonPosition::Start, _) => {
                let head = String::from_utf8_lossy(&data[..data.len().min(40)]).into_owned();
                return Err(ListError::NotAList(format!("it begins with {head:?}")));
            }
            (JsonPosition::FirstKey | JsonPosition::Key, b'"') => return self.value(data, on_piece),
            (JsonPosition::FirstKey | JsonPosition::AfterValue, b'}') => JsonPosition::End,
            (JsonPosition::AfterValue, b',') => JsonPosition::Key,
            (JsonPosition::Colon, b':') => JsonPosition::Value,
            (JsonPosition::Value, b'[') if self.key == b"items" => self.begin_items(),
            (JsonPosition::FirstItem | JsonPosition::AfterItem, b']') if self.is_array => JsonPosition::End,
            (JsonPosition::FirstItem | JsonPosition::AfterItem, b']') => JsonPosition::AfterValue,
            (JsonPosition::AfterItem, b',') => JsonPosition::Item,
            // No value begins with one of these. The scan would find an empty value again and again without moving on.
            (
                JsonPosition::Value | JsonPosition::FirstItem | JsonPosition::Item,
                b'}' | b']' | b',' | b':',
            ) => {
                return Err(ListError::NotAList(format!(
                    "{:?} where a value belongs",
                    byte as char
                )));
            }
            (JsonPosition::Value | JsonPosition::FirstItem | JsonPosition::Item, _) => {
                return self.value(data, on_piece);
            }
            _ => {
                return Err(ListError::NotAList(format!(
                    "{:?} where none belongs",
                    byte as char
                )));
            }
        };
        Ok(Some(1))
    }

    fn begin_items(&mut self) -> JsonPosition {
        self.items_seen = true;
        JsonPosition::FirstItem
    }

    /// Scans the value at the front of `data` and hands it on once it is whole.
    ///
    /// # Errors
    /// If a value beside the items is no JSON. What an item holds is decoded later.
    fn value(
        &mut self,
        data: &[u8],
        on_piece: &mut dyn FnMut(Piece<'_>),
    ) -> Result<Option<usize>, ListError> {
        let Some(end) = self.scan.run(data) else {
            return Ok(None);
        };
        self.scan = Scan::default();
        let value = &data[..end];
        if matches!(self.place, JsonPosition::FirstItem | JsonPosition::Item) {
            self.items += 1;
            self.place = JsonPosition::AfterItem;
            on_piece(Piece::Item(value));
            return Ok(Some(end));
        }
        serde_json::from_slice::<IgnoredAny>(value)
            .map_err(|error| ListError::NotAList(format!("a value beside the items is no JSON: {error}")))?;
        if self.place != JsonPosition::Value {
            self.key = value[1..end - 1].to_vec();
            self.place = JsonPosition::Colon;
            return Ok(Some(end));
        }
        if self.key == b"items" && value == b"null" {
            // A nil slice of Go: an empty list that was read.
            self.items_seen = true;
        }
        match self.key.as_slice() {
            b"metadata" => on_piece(Piece::Meta(value)),
            b"apiVersion" => self.api_version = value.to_vec(),
            b"kind" => self.kind = value.to_vec(),
            _ => {}
        }
        self.place = JsonPosition::AfterValue;
        Ok(Some(end))
    }
}

/// Whether JSON allows the byte between values (RFC 8259, 2). ASCII has more blanks, such as form feeds.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

impl Scan {
    /// Goes on from the end of the last call. Returns the end of the value, or `None` if more bytes are needed.
    fn run(&mut self, data: &[u8]) -> Option<usize> {
        let mut at = self.at;
        while at < data.len() {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    at += 1;
                    continue;
                }
                let Some(stop) = memchr::memchr2(b'"', b'\\', &data[at..]) else {
                    at = data.len();
                    break;
                };
                at += stop + 1;
                if data[at - 1] == b'\\' {
                    self.escaped = true;
                } else {
                    self.in_string = false;
                    if self.depth == 0 {
                        return Some(at);
                    }
                }
                continue;
            }
            match data[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth == 0 => return Some(at),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                b',' if self.depth == 0 => return Some(at),
                byte if self.depth == 0 && is_blank(byte) => return Some(at),
                _ => {}
            }
            at += 1;
        }
        self.at = at;
        None
    }
}
