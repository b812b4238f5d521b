//! Reads a list body in pieces of any length, and compares what came out.

use crate::memory;
use sre_shared::decode::{ListError, ListReader, Piece};

/// Memory that reading needs for its own: buffers that grow to twice their content, and copies of keys.
const START: usize = 64 << 10;

/// Everything that a reader said about a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Reading {
    /// The items in their order.
    pub items: Vec<Vec<u8>>,
    /// The list's metadata.
    pub metas: Vec<Vec<u8>>,
    /// `apiVersion` and `kind`.
    pub type_meta: (Option<String>, Option<String>),
    /// Why the body is no list.
    pub error: Option<ListError>,
}

impl Reading {
    /// Reads the body, `step` bytes at a time.
    pub fn new(body: &[u8], content_type: &str, step: usize) -> Self {
        let mut reader = ListReader::for_content_type(content_type);
        let (mut items, mut metas) = (Vec::new(), Vec::new());
        let mut error = None;
        for bytes in body.chunks(step.max(1)) {
            let mut take = |piece: Piece<'_>| match piece {
                Piece::Item(item) => items.push(item.to_vec()),
                Piece::Meta(meta) => metas.push(meta.to_vec()),
            };
            if let Err(why) = reader.push(bytes, &mut take) {
                error = Some(why);
                break;
            }
        }
        let error = error.or_else(|| reader.finish().err());
        Self {
            items,
            metas,
            type_meta: reader.type_meta(),
            error,
        }
    }

    /// Whether the body is a whole list.
    pub fn is_whole(&self) -> bool {
        self.error.is_none()
    }
}

/// The reading of a body. However the body is divided, it is the same, and needs memory in proportion to the body.
pub fn read_in_any_steps(body: &[u8], content_type: &str, step: usize) -> Reading {
    let read = |step| memory::bounded(body, START, 40, || Reading::new(body, content_type, step));
    let whole = read(body.len());
    let divided = read(step);
    assert_eq!(whole.items, divided.items, "in steps of {step} bytes");
    assert_eq!(whole.metas, divided.metas, "in steps of {step} bytes");
    assert_eq!(whole.is_whole(), divided.is_whole(), "in steps of {step} bytes");
    if whole.is_whole() {
        assert_eq!(whole.type_meta, divided.type_meta, "in steps of {step} bytes");
    }
    whole
}

/// Holds if a list that breaks off is not read as whole, unless it has every item: only fields behind the items are missing
/// then.
pub fn a_cut_list_is_not_whole(list: &Reading, body: &[u8], kept: usize, content_type: &str) {
    let head = Reading::new(body.get(..kept).unwrap_or(body), content_type, body.len());
    let differs = (&head.items, &head.metas) != (&list.items, &list.metas);
    assert!(!head.is_whole() || !differs, "cut after {kept} bytes");
}
