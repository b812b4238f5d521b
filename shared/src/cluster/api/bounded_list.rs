//! A list that is read up to a bound of pages and bytes: for evidence that explains and does not decide. It is requested once,
//! since an overloaded server should not be asked again for something optional.

use crate::cluster::api::accept;
use crate::cluster::api::expected_type::ExpectedType;
use crate::cluster::api::list_options::{ListOptions, ListPart};
use crate::cluster::api::page::decode_failure;
use crate::cluster::client::Client;
use crate::decode::{ListError, ListReader, Piece, list_meta};
use crate::failure::Failure;
use crate::kind::ResourceType;
use crate::resource::{ObjectMetadata, Resource, from_json, from_proto, read_writers};

/// How much of a list is read.
#[derive(Debug, Clone, Copy)]
pub struct ListBounds {
    /// Requests, one a page.
    pub pages: u32,
    /// Bytes of all pages together, unpacked.
    pub bytes: usize,
}

/// A list, or its beginning.
#[derive(Debug)]
pub struct BoundedList<T> {
    /// The objects that decode; the others are skipped.
    pub items: Vec<T>,
    /// Whether these are all.
    pub complete: bool,
}

/// Reads a list within bounds. Without a page size it comes in one response and from the API server's cache, which costs
/// the server a fraction and may be a moment behind.
///
/// # Errors
/// The first failure.
pub async fn bounded_list<T: Resource>(
    client: &Client,
    options: &ListOptions,
    bounds: ListBounds,
) -> Result<BoundedList<T>, Failure> {
    let accepted = if T::PROTOBUF {
        accept::PROTOBUF_OR_JSON
    } else {
        accept::JSON
    };
    read(
        client,
        options,
        bounds,
        (accepted, ExpectedType::list::<T>(options)),
    )
    .await
}

/// Reads the metadata of the objects in a list within bounds, with their writers. The API server leaves out the rest, so that no
/// content is transferred. `options` may name no type.
///
/// # Errors
/// The first failure.
pub async fn bounded_metadata_list(
    client: &Client,
    resource_type: ResourceType,
    options: ListOptions,
    bounds: ListBounds,
) -> Result<BoundedList<ObjectMetadata>, Failure> {
    let expected = ExpectedType::metadata_list(&resource_type);
    let options = ListOptions {
        resource_type: Some(resource_type),
        ..options
    };
    read(client, &options, bounds, (accept::METADATA_LIST, expected)).await
}

/// Reads a list within bounds as [`bounded_list`] does, and hands over each object as it comes. Returns whether these were all.
///
/// # Errors
/// The first failure. The objects before it were handed over.
pub async fn for_each_in_list<T: Resource>(
    client: &Client,
    options: &ListOptions,
    bounds: ListBounds,
    keep: &mut (dyn FnMut(T) + Send),
) -> Result<bool, Failure> {
    let accepted = if T::PROTOBUF {
        accept::PROTOBUF_OR_JSON
    } else {
        accept::JSON
    };
    let expected = ExpectedType::list::<T>(options);
    read_each(client, options, bounds, (accepted, expected), keep).await
}

/// Reads the metadata of a list as [`bounded_metadata_list`] does, and hands over that of each object as it comes. Returns
/// whether these were all.
///
/// # Errors
/// As [`for_each_in_list`].
pub async fn for_each_metadata(
    client: &Client,
    resource_type: ResourceType,
    options: ListOptions,
    bounds: ListBounds,
    keep: &mut (dyn FnMut(ObjectMetadata) + Send),
) -> Result<bool, Failure> {
    let expected = ExpectedType::metadata_list(&resource_type);
    let options = ListOptions {
        resource_type: Some(resource_type),
        ..options
    };
    read_each(client, &options, bounds, (accept::METADATA_LIST, expected), keep).await
}

async fn read<T: Resource>(
    client: &Client,
    options: &ListOptions,
    bounds: ListBounds,
    form: (&'static str, ExpectedType),
) -> Result<BoundedList<T>, Failure> {
    let mut items = Vec::new();
    let complete = read_each(client, options, bounds, form, &mut |item| items.push(item)).await?;
    Ok(BoundedList { items, complete })
}

async fn read_each<T: Resource>(
    client: &Client,
    options: &ListOptions,
    bounds: ListBounds,
    (accepted, expected): (&'static str, ExpectedType),
    keep: &mut (dyn FnMut(T) + Send),
) -> Result<bool, Failure> {
    let mut room = bounds.bytes;
    let mut token = None;
    for _ in 0..bounds.pages {
        let mut path = options.path::<T>(
            token.as_deref().map_or(ListPart::First, ListPart::After),
            options.page_size,
        )?;
        if options.page_size == 0 && token.is_none() {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str("resourceVersion=0");
        }
        match read_page(client, (&path, accepted), &expected, keep, &mut room).await? {
            PageEnd::Next(next) => token = Some(next),
            PageEnd::Last => return Ok(true),
            PageEnd::NoRoom => break,
        }
    }
    Ok(false)
}

/// How the reading goes on after a page.
enum PageEnd {
    Next(String),
    Last,
    NoRoom,
}

async fn read_page<T: Resource>(
    client: &Client,
    (path, accepted): (&str, &'static str),
    expected: &ExpectedType,
    keep: &mut (dyn FnMut(T) + Send),
    room: &mut usize,
) -> Result<PageEnd, Failure> {
    let mut response = client
        .get_compressed(path, accepted)
        .await?
        .error_for_status()
        .await?;
    let failed = |error: ListError| decode_failure(&error);
    let mut reader = ListReader::for_content_type(&response.content_type);
    let is_json = matches!(reader, ListReader::Json(_));
    let mut next = None;
    while let Some(chunk) = response.chunk().await? {
        let Some(rest) = room.checked_sub(chunk.len()) else {
            return Ok(PageEnd::NoRoom);
        };
        *room = rest;
        reader
            .push(&chunk, &mut |piece| match piece {
                Piece::Item(bytes) => {
                    let item = if is_json {
                        from_json::<T>(bytes)
                    } else {
                        from_proto::<T>(bytes)
                    };
                    if let Ok(mut object) = item {
                        read_writers(&mut object, bytes, is_json);
                        keep(object);
                    }
                }
                Piece::Meta(bytes) => next = list_meta(bytes, is_json).map(|meta| meta.continue_token),
            })
            .map_err(failed)?;
    }
    reader.finish().map_err(failed)?;
    let (api_version, kind) = reader.type_meta();
    expected.check(api_version, kind, true)?;
    Ok(match next {
        Some(token) if token.is_empty() => PageEnd::Last,
        Some(token) => PageEnd::Next(token),
        // The metadata is missing or broken, so it is not known whether there is another page.
        None => PageEnd::NoRoom,
    })
}
