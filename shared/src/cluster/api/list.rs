//! Lists, page by page, decoded item by item while the bytes arrive.
//!
//! The API server writes a list's metadata before its items, so the token of the next page is known as soon as
//! a page begins. The next page is asked for at that moment: the server encodes it while this one is still read.

use crate::cluster::api::retry::retrying;
use crate::cluster::{Client, Collection, Refusal};
use crate::decode::{ListError, ListReader, Piece};
use crate::failure::{Class, Failure};
use crate::resource::{Decoded, Resource};
use kube::core::params::{ListParams, WatchParams};
use kube::core::request::Request;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Protobuf is half the bytes of JSON and a fraction of the work on both sides; a server or proxy that does not
/// speak it answers in JSON, which is read as well.
pub(crate) const ACCEPT: &str = "application/vnd.kubernetes.protobuf,application/json";
/// JSON only, where a single object or a stream of events is asked for.
pub(crate) const ACCEPT_JSON: &str = "application/json";
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
    pub(crate) fn path<T: Resource>(&self, token: Option<&str>) -> Result<String, Failure> {
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
    pub(crate) fn watch_path<T: Resource>(&self, version: &str, seconds: u32) -> Result<String, Failure> {
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
pub(crate) fn path_and_query(
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
    object(&body).map_err(|failure| Failure {
        endpoint: format!("{}{path}", client.server()),
        ..failure
    })
}

/// Reads the answer to the request for one object, which has to be of its kind.
///
/// # Errors
/// `notAnApiServer`
pub(crate) fn object<T: Resource>(body: &[u8]) -> Result<T, Failure> {
    #[derive(Default, serde::Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Head {
        api_version: Option<String>,
        kind: Option<String>,
    }
    let Head { api_version, kind } = serde_json::from_slice(body)
        .map_err(|error| Failure::new(Class::NotAnApiServer, error.to_string()))?;
    let expected = Expected {
        api_version: api_version_of(T::GROUP, T::VERSION),
        kind: T::KIND.to_owned(),
        is_open: false,
    };
    expected.is(api_version, kind, true)?;
    crate::resource::from_json(body)
        .map_err(|undecodable| Failure::new(Class::NotAnApiServer, undecodable.error))
}

fn api_version_of(group: &str, version: &str) -> String {
    match group {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    }
}

/// What an answer has to be: something else that decodes would be an empty list, and so "ok".
pub(crate) struct Expected {
    api_version: String,
    kind: String,
    /// Whether a list may have another name: that of a custom kind is its `listKind`, which discovery does not tell.
    is_open: bool,
}

impl Expected {
    /// A list of that type.
    pub fn list<T: Resource>(options: &ListOptions) -> Self {
        match &options.collection {
            Some(collection) => Self {
                api_version: api_version_of(&collection.group, &collection.version),
                kind: format!("{}List", collection.kind),
                is_open: true,
            },
            None => Self {
                api_version: api_version_of(T::GROUP, T::VERSION),
                kind: format!("{}List", T::KIND),
                is_open: false,
            },
        }
    }

    /// Whether it is that, as far as was read; `ended` once all was.
    ///
    /// # Errors
    /// `notAnApiServer`, with what it is instead.
    pub fn is(&self, api_version: Option<String>, kind: Option<String>, ended: bool) -> Result<(), Failure> {
        let fits = |given: &Option<String>, fits: &dyn Fn(&str) -> bool| match given {
            Some(given) => fits(given),
            None => !ended,
        };
        let of_kind = |kind: &str| kind == self.kind || (self.is_open && kind.ends_with("List"));
        if fits(&api_version, &|version| version == self.api_version) && fits(&kind, &of_kind) {
            return Ok(());
        }
        let said = |given: Option<String>| given.map(|text| shortened(&text)).unwrap_or_default();
        let (version, kind) = (said(api_version), said(kind));
        let is = match (kind.as_str(), version.as_str()) {
            ("", _) => "says of no kind that it is".to_owned(),
            (kind, "") => format!("is a {kind} of no version"),
            (kind, version) => format!("is a {kind} of {version}"),
        };
        Err(Failure::new(
            Class::NotAnApiServer,
            format!(
                "the answer {is}, and a {} of {} was asked for",
                self.kind, self.api_version
            ),
        ))
    }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// How much one list may be: no cluster has as much, and whoever asks must not die of what answers.
pub(crate) struct Budget {
    /// Bytes of memory for what is kept, roughly.
    kept: AtomicU64,
    /// Bytes that are read, unpacked.
    read: AtomicU64,
    /// Items without a name, of which an API server has none.
    nameless: AtomicU64,
}

/// A view of a Deployment takes about a kilobyte: these are some 250,000 of them.
const MOST_KEPT: u64 = 512 << 20;
const MOST_READ: u64 = 16 << 30;
const MOST_NAMELESS: u64 = 1000;
/// With 500 items each, ten million.
const MOST_PAGES: usize = 20_000;

impl Default for Budget {
    fn default() -> Self {
        Self {
            kept: AtomicU64::new(MOST_KEPT),
            read: AtomicU64::new(MOST_READ),
            nameless: AtomicU64::new(MOST_NAMELESS),
        }
    }
}

impl Budget {
    /// What an item takes: its own size, and what it points to, which is about twice what it is written as.
    fn cost<T: Resource>(item: &Decoded<T>) -> usize {
        let points_to = match item {
            Ok(object) => 2 * object.encoded_len(),
            Err(undecodable) => {
                undecodable.namespace.len() + undecodable.name.len() + undecodable.error.len()
            }
        };
        size_of::<Decoded<T>>() + points_to
    }

    fn keep(&self, bytes: usize) -> Result<(), Failure> {
        take(&self.kept, bytes, || {
            let most = MOST_KEPT >> 20;
            Failure::new(
                Class::TooLarge,
                format!("the list is larger than the {most} MB that are kept of one"),
            )
        })
    }

    fn give_back(&self, bytes: usize) {
        self.kept.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn read(&self, bytes: usize) -> Result<(), Failure> {
        take(&self.read, bytes, || {
            let most = MOST_READ >> 30;
            Failure::new(
                Class::TooLarge,
                format!("the list is longer than the {most} GB that are read of one"),
            )
        })
    }

    fn without_name(&self) -> Result<(), Failure> {
        take(&self.nameless, 1, || {
            Failure::new(
                Class::NotAnApiServer,
                format!("more than {MOST_NAMELESS} items of the list have no name"),
            )
        })
    }
}

/// Takes so much of what is left, or fails if less is.
fn take(left: &AtomicU64, amount: usize, failure: impl Fn() -> Failure) -> Result<(), Failure> {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        left.checked_sub(amount as u64)
    })
    .map(drop)
    .map_err(|_| failure())
}

/// Reads a whole list. A page that is gone (410) makes it start again, once: parts of two lists are never mixed.
///
/// # Errors
/// The first failure that retries did not mend. There is no partial list.
pub async fn list<T: Resource>(client: &Client, options: &ListOptions) -> Result<Listed<T>, Failure> {
    list_where(client, options, &(Arc::new(|_: &T| true) as Keep<T>)).await
}

/// Tells which objects are kept.
pub type Keep<T> = Arc<dyn Fn(&T) -> bool + Send + Sync>;

/// The same, of which only some objects are kept: the others are dropped one by one as they are decoded.
///
/// # Errors
/// As [`list`].
pub async fn list_where<T: Resource>(
    client: &Client,
    options: &ListOptions,
    keep: &Keep<T>,
) -> Result<Listed<T>, Failure> {
    match pages(client, options, keep).await {
        Err(failure) if failure.class == Class::Expired => pages(client, options, keep).await,
        result => result,
    }
}

struct Page<T> {
    items: Vec<Decoded<T>>,
    /// What the items take of the budget.
    kept: usize,
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

fn ask<T: Resource>(client: &Client, path: String, asked: &Arc<Asked<T>>) -> Coming<T> {
    let (tell, next) = oneshot::channel();
    let (client, asked) = (client.clone(), Arc::clone(asked));
    let mut page = JoinSet::new();
    page.spawn(async move {
        let mut tell = Some(tell);
        // The tries are one after the other, so a lock is never waited for.
        let tell = std::sync::Mutex::new(&mut tell);
        retrying(&client, || read_page(&client, &path, &asked, &tell)).await
    });
    Coming { next, page }
}

/// What all pages of a list have in common.
struct Asked<T> {
    keep: Keep<T>,
    expected: Expected,
    budget: Budget,
}

async fn pages<T: Resource>(
    client: &Client,
    options: &ListOptions,
    keep: &Keep<T>,
) -> Result<Listed<T>, Failure> {
    let asked = Arc::new(Asked {
        keep: Arc::clone(keep),
        expected: Expected::list::<T>(options),
        budget: Budget::default(),
    });
    let next = |token: &str| Ok(ask::<T>(client, options.path::<T>(Some(token))?, &asked));
    let mut listed = Listed {
        items: Vec::new(),
        resource_version: String::new(),
        passed_over: 0,
    };
    let mut coming = ask::<T>(client, options.path::<T>(None)?, &asked);
    let mut last = None;
    for _ in 0..MOST_PAGES {
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
        let Some(token) = page.next else { return Ok(listed) };
        if last.as_ref() == Some(&token) {
            return Err(Failure::new(
                Class::NotAnApiServer,
                "the list leads from a page to the same page again",
            ));
        }
        coming = match early {
            // A page that was read again is of a newer list than the token that its first try told.
            Some((early, page)) if early == token => page,
            _ => next(&token)?,
        };
        last = Some(token);
    }
    Err(Failure::new(
        Class::TooLarge,
        format!("the list has more than {MOST_PAGES} pages"),
    ))
}

type Tell<'a> = std::sync::Mutex<&'a mut Option<oneshot::Sender<Option<String>>>>;

async fn read_page<T: Resource>(
    client: &Client,
    path: &str,
    asked: &Asked<T>,
    tell: &Tell<'_>,
) -> Result<Page<T>, Failure> {
    let mut page = Page {
        items: Vec::new(),
        kept: 0,
        passed_over: 0,
        resource_version: String::new(),
        next: None,
        meta_broken: false,
    };
    match fill(client, path, asked, tell, &mut page).await {
        Ok(()) => Ok(page),
        Err(failure) => {
            // It may be asked for once more.
            asked.budget.give_back(page.kept);
            Err(failure)
        }
    }
}

async fn fill<T: Resource>(
    client: &Client,
    path: &str,
    asked: &Asked<T>,
    tell: &Tell<'_>,
    page: &mut Page<T>,
) -> Result<(), Failure> {
    let accept = if T::PROTOBUF { ACCEPT } else { ACCEPT_JSON };
    let mut answer = match client.get_compressed(path, accept).await?.refusal().await? {
        Refusal::None(answer) => answer,
        Refusal::Failed(failure) => return Err(failure),
    };
    let mut reader = ListReader::for_content_type(&answer.content_type);
    let mut over = None;
    let placed = |failure: Failure, answer: &crate::cluster::Answer| Failure {
        endpoint: format!(
            "{}{}",
            client.server(),
            path.split('?').next().unwrap_or_default()
        ),
        elapsed: answer.elapsed(),
        ..failure
    };
    while let Some(chunk) = answer.chunk().await? {
        asked.budget.read(chunk.len()).map_err(|f| placed(f, &answer))?;
        let mut pieces = PieceSink {
            page: &mut *page,
            asked,
            tell,
            json: matches!(reader, ListReader::Json(_)),
            over: &mut over,
        };
        let pushed = reader.push(&chunk, &mut |piece| pieces.take(&piece));
        // What it is instead says more than where it stops to be a list.
        let (api_version, kind) = reader.type_meta();
        asked
            .expected
            .is(api_version, kind, false)
            .map_err(|f| placed(f, &answer))?;
        pushed.map_err(|e| placed(of_list(&e), &answer))?;
        if let Some(failure) = over {
            return Err(placed(failure, &answer));
        }
    }
    reader.finish().map_err(|e| placed(of_list(&e), &answer))?;
    let (api_version, kind) = reader.type_meta();
    asked
        .expected
        .is(api_version, kind, true)
        .map_err(|f| placed(f, &answer))?;
    if page.meta_broken {
        let error = ListError::NotAList("its metadata does not decode".into());
        return Err(placed(of_list(&error), &answer));
    }
    Ok(())
}

/// The failure that an error of a list's body is.
pub(crate) fn of_list(error: &ListError) -> Failure {
    let class = match error {
        ListError::CutOff { .. } => Class::ConnectionLost,
        ListError::NotAList(_) | ListError::TooLarge => Class::NotAnApiServer,
    };
    Failure::new(class, error.to_string())
}

struct PieceSink<'a, 'b, T> {
    page: &'a mut Page<T>,
    asked: &'a Asked<T>,
    tell: &'a Tell<'b>,
    json: bool,
    /// Why nothing more is kept.
    over: &'a mut Option<Failure>,
}

impl<T: Resource> PieceSink<'_, '_, T> {
    fn take(&mut self, piece: &Piece<'_>) {
        match *piece {
            Piece::Item(_) if self.over.is_some() => {}
            Piece::Item(bytes) => {
                let mut item: Decoded<T> = if self.json {
                    crate::resource::from_json(bytes)
                } else {
                    crate::resource::from_proto(bytes)
                };
                if let Ok(object) = &mut item {
                    if !(self.asked.keep)(object) {
                        self.page.passed_over += 1;
                        return;
                    }
                    crate::resource::slim(object);
                }
                let named = match &item {
                    Ok(object) => !object.meta().name.is_empty(),
                    Err(undecodable) => !undecodable.name.is_empty(),
                };
                let cost = Budget::cost(&item);
                let budget = &self.asked.budget;
                let counted = if named { Ok(()) } else { budget.without_name() };
                let kept = counted.and_then(|()| budget.keep(cost));
                if let Err(failure) = kept {
                    *self.over = Some(failure);
                    return;
                }
                self.page.kept += cost;
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
