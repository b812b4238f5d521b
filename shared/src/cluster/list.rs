//! Lists, page by page, decoded item by item while the bytes arrive.
//!
//! The API server writes a list's metadata before its items, so the token of the next page is known as soon as
//! a page begins. The next page is asked for at that moment: the server encodes it while this one is still read.

use super::retry::retrying;
use super::{Class, Client, Collection, Failure, Refusal};
use crate::decode::{ListError, ListReader, Piece};
use crate::resource::{Decoded, Resource};
use kube::core::params::{ListParams, WatchParams};
use kube::core::request::Request;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Protobuf is half the bytes of JSON and a fraction of the work on both sides; a server or proxy that does not
/// speak it answers in JSON, which is read as well.
pub(super) const ACCEPT: &str = "application/vnd.kubernetes.protobuf,application/json";
/// JSON only, where a single object or a stream of events is asked for.
pub(super) const ACCEPT_JSON: &str = "application/json";
/// Larger than any object.
const OBJECT_LIMIT: usize = crate::decode::MAX_ITEM_BYTES;
/// Everything that has a meaning in an address is escaped.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// One namespace; `None` for all.
    pub namespace: Option<String>,
    /// Label selector in kubectl's syntax, empty for none.
    pub label_selector: String,
    /// Field selector in kubectl's syntax, empty for none.
    pub field_selector: String,
    /// Items a page; 0 for one page.
    pub page_size: u32,
    /// Where the objects are kept, where their type does not tell.
    pub collection: Option<Collection>,
}

/// A list that was read to its end.
#[derive(Debug)]
pub struct Listed<T> {
    /// Every item, in the order of the server: sorted by namespace and name.
    pub items: Vec<Decoded<T>>,
    /// The version of the list; a watch goes on from it.
    pub resource_version: String,
    /// How many were read and not kept.
    pub passed_over: usize,
}

/// Path of the collection of `T`, in one namespace or in all.
#[must_use]
pub fn path_of<T: Resource>(namespace: Option<&str>) -> String {
    let root = if T::GROUP.is_empty() {
        format!("/api/{}", T::VERSION)
    } else {
        format!("/apis/{}/{}", T::GROUP, T::VERSION)
    };
    // As kubectl: what is in no namespace is the same from each.
    match namespace.filter(|_| T::NAMESPACED) {
        Some(namespace) => format!("{root}/namespaces/{}/{}", escape(namespace), T::PLURAL),
        None => format!("{root}/{}", T::PLURAL),
    }
}

pub(crate) fn escape(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

impl ListOptions {
    fn place<T: Resource>(&self) -> String {
        let namespace = self.namespace.as_deref();
        match &self.collection {
            Some(collection) => collection.path(namespace),
            None => path_of::<T>(namespace),
        }
    }

    /// Path and query of one page, of the first where there is no token.
    ///
    /// # Errors
    /// `rejected`, where what was asked for makes no request.
    pub(super) fn path<T: Resource>(&self, token: Option<&str>) -> Result<String, Failure> {
        let params = ListParams {
            label_selector: given(&self.label_selector),
            field_selector: given(&self.field_selector),
            limit: Some(self.page_size).filter(|size| *size > 0),
            continue_token: token.map(str::to_owned),
            ..ListParams::default()
        };
        path_and_query(Request::new(self.place::<T>()).list(&params))
    }

    /// Path and query of a watch that goes on from that version, with bookmarks; the server ends it after so many
    /// seconds.
    ///
    /// # Errors
    /// As [`ListOptions::path`].
    pub(super) fn watch_path<T: Resource>(&self, version: &str, seconds: u32) -> Result<String, Failure> {
        let params = WatchParams {
            label_selector: given(&self.label_selector),
            field_selector: given(&self.field_selector),
            timeout: Some(seconds),
            bookmarks: true,
            ..WatchParams::default()
        };
        path_and_query(Request::new(path_of::<T>(self.namespace.as_deref())).watch(&params, version))
    }
}

fn given(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// Of a request that kube built: it is sent by connections of our own.
pub(super) fn path_and_query(
    built: Result<http::Request<Vec<u8>>, kube::core::request::Error>,
) -> Result<String, Failure> {
    match built {
        // It begins every query with a separator, also where nothing stands before it.
        Ok(request) => Ok(request
            .uri()
            .to_string()
            .replacen("?&", "?", 1)
            .trim_end_matches('?')
            .to_owned()),
        Err(error) => Err(Failure::new(
            Class::Rejected,
            format!("impossible request: {error}"),
        )),
    }
}

/// Reads one object.
///
/// # Errors
/// As [`Client::get_whole`]; `notAnApiServer` where the answer does not decode.
pub async fn get<T: Resource>(client: &Client, namespace: Option<&str>, name: &str) -> Result<T, Failure> {
    let path = format!("{}/{}", path_of::<T>(namespace), escape(name));
    let body = retrying(client, || client.get_whole(&path, ACCEPT_JSON, OBJECT_LIMIT)).await?;
    crate::resource::from_json(&body).map_err(|undecodable| Failure {
        endpoint: format!("{}{path}", client.server()),
        ..Failure::new(Class::NotAnApiServer, undecodable.error)
    })
}

/// Reads a whole list. A page that is gone (410) makes it start again, once: parts of two lists are never mixed.
///
/// # Errors
/// The first failure that retries did not mend. There is no partial list.
pub async fn list<T: Resource>(client: &Client, options: &ListOptions) -> Result<Listed<T>, Failure> {
    list_where(client, options, |_| true).await
}

/// The same, of which only some objects are kept: the others are dropped one by one as they are decoded.
///
/// # Errors
/// As [`list`].
pub async fn list_where<T: Resource>(
    client: &Client,
    options: &ListOptions,
    keep: fn(&T) -> bool,
) -> Result<Listed<T>, Failure> {
    match pages(client, options, keep).await {
        Err(failure) if failure.class == Class::Expired => pages(client, options, keep).await,
        result => result,
    }
}

struct Page<T> {
    items: Vec<Decoded<T>>,
    passed_over: usize,
    resource_version: String,
    next: Option<String>,
    /// The list's metadata does not decode: whether there is a next page is then unknown.
    meta_broken: bool,
}

/// A page on its way. Dropping it ends the request.
struct Coming<T> {
    /// The token of the following page, sent as soon as it is known.
    next: oneshot::Receiver<Option<String>>,
    page: JoinSet<Result<Page<T>, Failure>>,
}

fn ask<T: Resource>(client: &Client, path: String, keep: fn(&T) -> bool) -> Coming<T> {
    let (tell, next) = oneshot::channel();
    let client = client.clone();
    let mut page = JoinSet::new();
    page.spawn(async move {
        let mut tell = Some(tell);
        // The tries are one after the other, so a lock is never waited for.
        let tell = std::sync::Mutex::new(&mut tell);
        retrying(&client, || read_page(&client, &path, keep, &tell)).await
    });
    Coming { next, page }
}

async fn pages<T: Resource>(
    client: &Client,
    options: &ListOptions,
    keep: fn(&T) -> bool,
) -> Result<Listed<T>, Failure> {
    let next = |token: &str| Ok(ask::<T>(client, options.path::<T>(Some(token))?, keep));
    let mut listed = Listed {
        items: Vec::new(),
        resource_version: String::new(),
        passed_over: 0,
    };
    let mut coming = ask::<T>(client, options.path::<T>(None)?, keep);
    loop {
        let early = match (&mut coming.next).await {
            Ok(Some(token)) => {
                let page = next(&token)?;
                Some((token, page))
            }
            _ => None,
        };
        let page = match coming.page.join_next().await {
            Some(Ok(page)) => page?,
            Some(Err(_)) | None => {
                return Err(Failure::new(
                    Class::ConnectionLost,
                    "reading the list was interrupted",
                ));
            }
        };
        if listed.items.is_empty() {
            listed.items = page.items;
        } else {
            listed.items.extend(page.items);
        }
        listed.passed_over += page.passed_over;
        if listed.resource_version.is_empty() {
            listed.resource_version = page.resource_version;
        }
        coming = match (early, page.next) {
            // A page that was read again is of a newer list than the token that its first try told.
            (Some((early, page)), Some(token)) if early == token => page,
            (_, Some(token)) => next(&token)?,
            (_, None) => return Ok(listed),
        };
    }
}

type Tell<'a> = std::sync::Mutex<&'a mut Option<oneshot::Sender<Option<String>>>>;

async fn read_page<T: Resource>(
    client: &Client,
    path: &str,
    keep: fn(&T) -> bool,
    tell: &Tell<'_>,
) -> Result<Page<T>, Failure> {
    let accept = if T::PROTOBUF { ACCEPT } else { ACCEPT_JSON };
    let mut answer = match client.get_compressed(path, accept).await?.refusal().await? {
        Refusal::None(answer) => answer,
        Refusal::Failed(failure) => return Err(failure),
    };
    let mut reader = ListReader::for_content_type(&answer.content_type);
    let mut page = Page {
        items: Vec::new(),
        passed_over: 0,
        resource_version: String::new(),
        next: None,
        meta_broken: false,
    };
    let not_a_list = |error: ListError, answer: &super::Answer| {
        let class = match error {
            ListError::CutOff { .. } => Class::ConnectionLost,
            ListError::NotAList(_) | ListError::TooLarge => Class::NotAnApiServer,
        };
        Failure {
            endpoint: format!(
                "{}{}",
                client.server(),
                path.split('?').next().unwrap_or_default()
            ),
            elapsed: answer.elapsed(),
            ..Failure::new(class, error.to_string())
        }
    };
    while let Some(chunk) = answer.chunk().await? {
        let mut pieces = PieceSink {
            page: &mut page,
            keep,
            tell,
            json: matches!(reader, ListReader::Json(_)),
        };
        reader
            .push(&chunk, &mut |piece| pieces.take(&piece))
            .map_err(|e| not_a_list(e, &answer))?;
    }
    reader.finish().map_err(|e| not_a_list(e, &answer))?;
    if page.meta_broken {
        let error = ListError::NotAList("its metadata does not decode".into());
        return Err(not_a_list(error, &answer));
    }
    Ok(page)
}

struct PieceSink<'a, 'b, T> {
    page: &'a mut Page<T>,
    keep: fn(&T) -> bool,
    tell: &'a Tell<'b>,
    json: bool,
}

impl<T: Resource> PieceSink<'_, '_, T> {
    fn take(&mut self, piece: &Piece<'_>) {
        match *piece {
            Piece::Item(bytes) => {
                let mut item: Decoded<T> = if self.json {
                    crate::resource::from_json(bytes)
                } else {
                    crate::resource::from_proto(bytes)
                };
                if let Ok(object) = &mut item {
                    if !(self.keep)(object) {
                        self.page.passed_over += 1;
                        return;
                    }
                    crate::resource::slim(object);
                }
                self.page.items.push(item);
            }
            Piece::Meta(bytes) => {
                let Some(meta) = crate::decode::list_meta(bytes, self.json) else {
                    self.page.meta_broken = true;
                    return;
                };
                let next = Some(meta.continue_token).filter(|t| !t.is_empty());
                self.page.resource_version = meta.resource_version;
                if let Some(tell) = self.tell.lock().ok().and_then(|mut tell| tell.take()) {
                    // Nobody waits any more where the list was given up.
                    let _ = tell.send(next.clone());
                }
                self.page.next = next;
            }
        }
    }
}
