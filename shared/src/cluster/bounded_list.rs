//! A part of a list, for what explains and does not decide: bounded in pages and bytes, and asked for once. A server
//! that is overloaded is not asked again for what can be done without.

use crate::cluster::api::list::{ACCEPT, Expected, of_list};
use crate::cluster::{Client, ListOptions, Refusal};
use crate::decode::{ListError, ListReader, Piece, list_meta};
use crate::failure::Failure;
use crate::resource::{Resource, from_json, from_proto};

/// How much is read.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Requests, one a page.
    pub pages: u32,
    /// Bytes of all pages together, unpacked.
    pub bytes: usize,
}

/// What was read.
#[derive(Debug)]
pub struct Part<T> {
    /// The objects that decode; of the others nothing can be told.
    pub items: Vec<T>,
    /// Whether that was all.
    pub whole: bool,
}

/// Reads a list within bounds. Without a page size it comes in one answer and from the API server's cache, which costs
/// it a fraction and may be a moment behind.
///
/// # Errors
/// The first failure.
pub async fn list_part<T: Resource>(
    client: &Client,
    options: &ListOptions,
    bounds: Bounds,
) -> Result<Part<T>, Failure> {
    let mut part = Part {
        items: Vec::new(),
        whole: false,
    };
    let mut room = bounds.bytes;
    let mut token = None;
    let expected = Expected::list::<T>(options);
    for _ in 0..bounds.pages {
        let mut path = options.path::<T>(token.as_deref())?;
        if options.page_size == 0 && token.is_none() {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str("resourceVersion=0");
        }
        match page(client, &path, &expected, &mut part.items, &mut room).await? {
            Next::Page(next) => token = Some(next),
            Next::End => {
                part.whole = true;
                break;
            }
            Next::NoRoom => break,
        }
    }
    Ok(part)
}

enum Next {
    Page(String),
    End,
    NoRoom,
}

async fn page<T: Resource>(
    client: &Client,
    path: &str,
    expected: &Expected,
    items: &mut Vec<T>,
    room: &mut usize,
) -> Result<Next, Failure> {
    let mut answer = match client.get_compressed(path, ACCEPT).await?.refusal().await? {
        Refusal::None(answer) => answer,
        Refusal::Failed(failure) => return Err(failure),
    };
    let failed = |error: ListError| of_list(&error);
    let mut reader = ListReader::for_content_type(&answer.content_type);
    let is_json = matches!(reader, ListReader::Json(_));
    let mut next = None;
    while let Some(chunk) = answer.chunk().await? {
        let Some(rest) = room.checked_sub(chunk.len()) else {
            return Ok(Next::NoRoom);
        };
        *room = rest;
        reader
            .push(&chunk, &mut |piece| match piece {
                Piece::Item(bytes) => {
                    let item = if is_json {
                        from_json(bytes)
                    } else {
                        from_proto(bytes)
                    };
                    items.extend(item.ok());
                }
                Piece::Meta(bytes) => next = list_meta(bytes, is_json).map(|meta| meta.continue_token),
            })
            .map_err(failed)?;
    }
    reader.finish().map_err(failed)?;
    let (api_version, kind) = reader.type_meta();
    expected.is(api_version, kind, true)?;
    Ok(match next {
        Some(token) if token.is_empty() => Next::End,
        Some(token) => Next::Page(token),
        // Its metadata is missing or broken: whether there is more is not known.
        None => Next::NoRoom,
    })
}
