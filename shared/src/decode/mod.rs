//! List bodies in, items out, one at a time as the bytes arrive.
//!
//! A list of 10,000 Deployments is 50 to 110 MB. Only the item that is being read is kept. Sans-IO: the caller pushes the
//! bytes, from a socket or from a file. Knows nothing of kinds: an item is a slice.

mod event_stream;
mod json;
mod proto;

pub use event_stream::{EventStreamParser, LongEventError, ServerSentEvent};
pub use json::JsonList;
pub use proto::ProtoList;

use crate::resource::ListMeta;

/// The largest single object that is accepted. etcd refuses objects over 1.5 MiB by default; anything near this
/// bound is not a Kubernetes object.
pub const MAX_ITEM_BYTES: usize = 32 << 20;

/// Why a body is not a list, or stopped being one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The body does not begin like a list.
    #[error("the body is not a list: {0}")]
    NotAList(String),
    /// The body ended in the middle.
    #[error("the list was cut off after {items} items")]
    CutOff {
        /// Items that were read whole before the end.
        items: usize,
    },
    /// One item is larger than [`MAX_ITEM_BYTES`].
    #[error("an item is larger than {} MiB", MAX_ITEM_BYTES >> 20)]
    TooLarge,
}

/// One piece of a list.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The list's own metadata, JSON or protobuf as the body is.
    Meta(&'a [u8]),
    /// One item's bytes.
    Item(&'a [u8]),
}

/// A list body that is being read, in either encoding.
pub enum ListReader {
    /// `application/json`
    Json(JsonList),
    /// `application/vnd.kubernetes.protobuf`
    Proto(ProtoList),
}

impl ListReader {
    /// A reader for a body of that content type. Every type but the API server's protobuf is read as JSON.
    #[must_use]
    pub fn for_content_type(content_type: &str) -> Self {
        if content_type.starts_with("application/vnd.kubernetes.protobuf") {
            Self::Proto(ProtoList::default())
        } else {
            Self::Json(JsonList::default())
        }
    }

    /// Takes the next bytes of the body and hands on each piece that is complete.
    ///
    /// # Errors
    /// [`ListError::NotAList`] and [`ListError::TooLarge`]. The reader must not be used afterwards.
    pub fn push(&mut self, bytes: &[u8], on_piece: &mut dyn FnMut(Piece<'_>)) -> Result<(), ListError> {
        match self {
            Self::Json(list) => list.push(bytes, on_piece),
            Self::Proto(list) => list.push(bytes, on_piece),
        }
    }

    /// `apiVersion` and `kind` of the list, as far as they were read; they may stand after the items.
    #[must_use]
    pub fn type_meta(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::Json(list) => list.type_meta(),
            Self::Proto(list) => list.type_meta(),
        }
    }

    /// Ends the reading at the end of the body.
    ///
    /// # Errors
    /// [`ListError::CutOff`] if the list has not ended.
    pub fn finish(&self) -> Result<(), ListError> {
        match self {
            Self::Json(list) => list.finish(),
            Self::Proto(list) => list.finish(),
        }
    }
}

/// Reads the bytes of a [`Piece::Meta`]; `None` if they are no list metadata.
#[must_use]
pub fn list_meta(bytes: &[u8], json: bool) -> Option<ListMeta> {
    if json {
        serde_json::from_slice::<Option<ListMeta>>(bytes)
            .ok()
            .map(Option::unwrap_or_default)
    } else {
        prost::Message::decode(bytes).ok()
    }
}

/// Bytes that were pushed and are not used up yet.
#[derive(Default)]
struct UnusedBytes {
    bytes: Vec<u8>,
}

impl UnusedBytes {
    /// The unused bytes followed by the new ones. Nothing is copied if no byte was left over.
    fn join<'a>(&'a mut self, new: &'a [u8]) -> std::borrow::Cow<'a, [u8]> {
        if self.bytes.is_empty() {
            return std::borrow::Cow::Borrowed(new);
        }
        self.bytes.extend_from_slice(new);
        std::borrow::Cow::Owned(std::mem::take(&mut self.bytes))
    }

    fn keep(&mut self, rest: &[u8]) -> Result<(), ListError> {
        if rest.len() > MAX_ITEM_BYTES {
            return Err(ListError::TooLarge);
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(rest);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
