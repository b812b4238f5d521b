//! The API server's protobuf lists.
//!
//! A body is the magic `k8s\0`, then the message `runtime.Unknown`, whose field 1 (`typeMeta`) says what it is and whose
//! field 2 (`raw`) holds the list; in the list, field 1 is its metadata and field 2 each item (`k8s.io/apimachinery/pkg/runtime/generated.proto`).

use super::{ListError, MAX_ITEM_BYTES, Piece, UnusedBytes};
use crate::resource::TypeMeta;

const MAGIC: &[u8; 4] = b"k8s\0";
const TYPE_META: u64 = 1;
/// Longer than any version and kind.
const LONGEST_TYPE_META: usize = 4 << 10;
const RAW: u64 = 2;
const META: u64 = 1;
const ITEM: u64 = 2;
const LENGTH_DELIMITED: u64 = 2;

/// A protobuf list that is being read.
#[derive(Default)]
pub struct ProtoList {
    pending: UnusedBytes,
    place: ProtoPosition,
    items: usize,
    type_meta: Option<TypeMeta>,
}

#[derive(Default, Clone, Copy)]
enum ProtoPosition {
    #[default]
    Magic,
    /// Between fields of `runtime.Unknown`; whether `raw` was seen.
    Envelope { raw_seen: bool },
    /// Between fields of the list, with so many bytes of it to come.
    List { left: usize },
    /// Inside a field that is skipped.
    Skip {
        left: usize,
        list_left: Option<usize>,
        raw_seen: bool,
    },
}

impl ProtoList {
    /// See [`super::ListReader::type_meta`].
    #[must_use]
    pub fn type_meta(&self) -> (Option<String>, Option<String>) {
        let read = |text: fn(&TypeMeta) -> &String| self.type_meta.as_ref().map(text).cloned();
        (read(|meta| &meta.api_version), read(|meta| &meta.kind))
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

    /// Reads one field or part of one; `None` if more bytes are needed.
    fn step(&mut self, data: &[u8], on_piece: &mut dyn FnMut(Piece<'_>)) -> Result<Option<usize>, ListError> {
        match self.place {
            ProtoPosition::Magic => {
                let head = &data[..data.len().min(MAGIC.len())];
                if !MAGIC.starts_with(head) {
                    return Err(ListError::NotAList(
                        "it does not begin with the protobuf magic".into(),
                    ));
                }
                if head.len() < MAGIC.len() {
                    return Ok(None);
                }
                self.place = ProtoPosition::Envelope { raw_seen: false };
                Ok(Some(MAGIC.len()))
            }
            ProtoPosition::Envelope { raw_seen } => {
                let Some((field, header, length)) = field(data)? else {
                    return Ok(None);
                };
                if field == TYPE_META && length <= LONGEST_TYPE_META {
                    let Some(value) = data.get(header..header + length) else {
                        return Ok(None);
                    };
                    self.type_meta = prost::Message::decode(value).ok();
                    return Ok(Some(header + length));
                }
                self.place = if field == RAW && !raw_seen {
                    ProtoPosition::List { left: length }
                } else {
                    ProtoPosition::Skip {
                        left: length,
                        list_left: None,
                        raw_seen,
                    }
                };
                Ok(Some(header))
            }
            ProtoPosition::List { left: 0 } => {
                self.place = ProtoPosition::Envelope { raw_seen: true };
                Ok(Some(0))
            }
            ProtoPosition::List { left } => {
                let Some((field, header, length)) = field(data)? else {
                    return Ok(None);
                };
                let whole = header + length;
                let Some(after) = left.checked_sub(whole) else {
                    return Err(ListError::NotAList("a field is longer than the list".into()));
                };
                if field != META && field != ITEM {
                    self.place = ProtoPosition::Skip {
                        left: length,
                        list_left: Some(after),
                        raw_seen: true,
                    };
                    return Ok(Some(header));
                }
                if length > MAX_ITEM_BYTES {
                    return Err(ListError::TooLarge);
                }
                let Some(value) = data.get(header..whole) else {
                    return Ok(None);
                };
                self.place = ProtoPosition::List { left: after };
                if field == ITEM {
                    self.items += 1;
                    on_piece(Piece::Item(value));
                } else {
                    on_piece(Piece::Meta(value));
                }
                Ok(Some(whole))
            }
            ProtoPosition::Skip {
                left: 0,
                list_left,
                raw_seen,
            } => {
                self.place = match list_left {
                    Some(left) => ProtoPosition::List { left },
                    None => ProtoPosition::Envelope { raw_seen },
                };
                Ok(Some(0))
            }
            ProtoPosition::Skip {
                left,
                list_left,
                raw_seen,
            } => {
                if data.is_empty() {
                    return Ok(None);
                }
                let used = left.min(data.len());
                self.place = ProtoPosition::Skip {
                    left: left - used,
                    list_left,
                    raw_seen,
                };
                Ok(Some(used))
            }
        }
    }

    /// See [`super::ListReader::finish`].
    ///
    /// # Errors
    /// As there.
    pub fn finish(&self) -> Result<(), ListError> {
        match self.place {
            ProtoPosition::Envelope { raw_seen: true } if self.pending.bytes.is_empty() => Ok(()),
            _ => Err(ListError::CutOff { items: self.items }),
        }
    }
}

/// Number, header length and value length of the field that `data` begins with; a number as value has length 0
/// and is part of the header. `None` if more bytes are needed.
fn field(data: &[u8]) -> Result<Option<(u64, usize, usize)>, ListError> {
    let Some((key, key_length)) = varint(data)? else {
        return Ok(None);
    };
    let Some((value, value_length)) = varint(&data[key_length..])? else {
        return Ok(None);
    };
    let header = key_length + value_length;
    match key & 7 {
        LENGTH_DELIMITED => {
            let length = usize::try_from(value)
                .ok()
                .filter(|l| *l <= isize::MAX as usize - header);
            let length = length.ok_or_else(|| ListError::NotAList("a field of impossible length".into()))?;
            Ok(Some((key >> 3, header, length)))
        }
        0 => Ok(Some((key >> 3, header, 0))),
        other => Err(ListError::NotAList(format!("a field of wire type {other}"))),
    }
}

/// A base-128 number and its length; `None` if more bytes are needed.
fn varint(data: &[u8]) -> Result<Option<(u64, usize)>, ListError> {
    let mut value = 0;
    for (index, byte) in data.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok(Some((value, index + 1)));
        }
    }
    if data.len() >= 10 {
        return Err(ListError::NotAList("a number longer than 64 bits".into()));
    }
    Ok(None)
}
