//! Lists, page by page, decoded item by item while the bytes arrive.
//!
//! The API server writes a list's metadata before its items, so the token of the next page is known as soon as
//! a page begins. The next page is requested at that moment: the server encodes it while this one is still read.

use crate::cluster::api::accept;
use crate::cluster::api::budget::ListBudget;
use crate::cluster::api::expected_type::ExpectedType;
use crate::cluster::api::list_options::ListOptions;
use crate::cluster::api::retry::retrying;
use crate::cluster::client::Client;
use crate::decode::{ListError, ListReader, Piece};
use crate::failure::{Class, Failure};
use crate::resource::{Decoded, Resource};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Ten million items, if each page has 500.
const MOST_PAGES: usize = 20_000;

/// A list that was read to its end.
#[derive(Debug)]
pub struct ObjectList<T> {
    /// Every item, in the order of the server: sorted by namespace and name.
    pub items: Vec<Decoded<T>>,
    /// The version of the list; a watch goes on from it.
    pub resource_version: String,
    /// How many items were read and not kept.
    pub passed_over: usize,
}

/// Reads a whole list. If a page is gone (410), the list is read again once: parts of two lists are never mixed.
///
/// # Errors
/// The first failure that retries did not mend. There is no partial list.
pub async fn list<T: Resource>(client: &Client, options: &ListOptions) -> Result<ObjectList<T>, Failure> {
    list_filtered(client, options, &(Arc::new(|_: &T| true) as ItemFilter<T>)).await
}

/// Whether an object is kept.
pub type ItemFilter<T> = Arc<dyn Fn(&T) -> bool + Send + Sync>;

/// Reads a list as [`list`] does, and drops the objects that the filter refuses one by one as they are decoded.
///
/// # Errors
/// As [`list`].
pub async fn list_filtered<T: Resource>(
    client: &Client,
    options: &ListOptions,
    filter: &ItemFilter<T>,
) -> Result<ObjectList<T>, Failure> {
    match read_pages(client, options, filter).await {
        Err(failure) if failure.class == Class::Expired => read_pages(client, options, filter).await,
        result => result,
    }
}

struct Page<T> {
    items: Vec<Decoded<T>>,
    /// The memory that the items take from the budget.
    kept: usize,
    passed_over: usize,
    resource_version: String,
    next: Option<String>,
    /// Whether the list's metadata does not decode: then it is unknown if there is a next page.
    meta_broken: bool,
}

/// A page that was requested. Dropping it ends the request.
struct PendingPage<T> {
    /// The token of the next page, sent as soon as it is known.
    next: oneshot::Receiver<Option<String>>,
    page: JoinSet<Result<Page<T>, Failure>>,
}

fn request_page<T: Resource>(client: &Client, path: String, rules: &Arc<PageRules<T>>) -> PendingPage<T> {
    let (next_token, next) = oneshot::channel();
    let (client, rules) = (client.clone(), Arc::clone(rules));
    let mut page = JoinSet::new();
    page.spawn(async move {
        let mut next_token = Some(next_token);
        // There is one try at a time, so nothing ever waits for the lock.
        let next_token = std::sync::Mutex::new(&mut next_token);
        retrying(&client, || read_page(&client, &path, &rules, &next_token)).await
    });
    PendingPage { next, page }
}

/// The rules by which every page of a list is read.
struct PageRules<T> {
    filter: ItemFilter<T>,
    expected: ExpectedType,
    budget: ListBudget,
}

async fn read_pages<T: Resource>(
    client: &Client,
    options: &ListOptions,
    filter: &ItemFilter<T>,
) -> Result<ObjectList<T>, Failure> {
    let rules = Arc::new(PageRules {
        filter: Arc::clone(filter),
        expected: ExpectedType::list::<T>(options),
        budget: ListBudget::default(),
    });
    let next = |token: &str| Ok(request_page::<T>(client, options.path::<T>(Some(token))?, &rules));
    let mut list = ObjectList {
        items: Vec::new(),
        resource_version: String::new(),
        passed_over: 0,
    };
    let mut pending = request_page::<T>(client, options.path::<T>(None)?, &rules);
    let mut last = None;
    for _ in 0..MOST_PAGES {
        let early = match (&mut pending.next).await {
            Ok(Some(token)) => {
                let page = next(&token)?;
                Some((token, page))
            }
            _ => None,
        };
        let page = match pending.page.join_next().await {
            Some(Ok(page)) => page?,
            Some(Err(_)) | None => {
                return Err(Failure::new(
                    Class::ConnectionLost,
                    "reading the list was interrupted",
                ));
            }
        };
        if list.items.is_empty() {
            list.items = page.items;
        } else {
            list.items.extend(page.items);
        }
        list.passed_over += page.passed_over;
        if list.resource_version.is_empty() {
            list.resource_version = page.resource_version;
        }
        let Some(token) = page.next else { return Ok(list) };
        if last.as_ref() == Some(&token) {
            return Err(Failure::new(
                Class::NotAnApiServer,
                "the list leads from a page to the same page again",
            ));
        }
        pending = match early {
            // If the page was read again, its token replaces the one of the first try.
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

type NextToken<'a> = std::sync::Mutex<&'a mut Option<oneshot::Sender<Option<String>>>>;

async fn read_page<T: Resource>(
    client: &Client,
    path: &str,
    rules: &PageRules<T>,
    next_token: &NextToken<'_>,
) -> Result<Page<T>, Failure> {
    let mut page = Page {
        items: Vec::new(),
        kept: 0,
        passed_over: 0,
        resource_version: String::new(),
        next: None,
        meta_broken: false,
    };
    match fill(client, path, rules, next_token, &mut page).await {
        Ok(()) => Ok(page),
        Err(failure) => {
            // It may be requested once more.
            rules.budget.give_back(page.kept);
            Err(failure)
        }
    }
}

async fn fill<T: Resource>(
    client: &Client,
    path: &str,
    rules: &PageRules<T>,
    next_token: &NextToken<'_>,
    page: &mut Page<T>,
) -> Result<(), Failure> {
    let accept = if T::PROTOBUF {
        accept::PROTOBUF_OR_JSON
    } else {
        accept::JSON
    };
    let mut response = client
        .get_compressed(path, accept)
        .await?
        .error_for_status()
        .await?;
    let mut reader = ListReader::for_content_type(&response.content_type);
    let mut over_budget = None;
    while let Some(chunk) = response.chunk().await? {
        rules
            .budget
            .read(chunk.len())
            .map_err(|failure| response.locate(failure))?;
        let mut pieces = PieceSink {
            page: &mut *page,
            rules,
            next_token,
            json: matches!(reader, ListReader::Json(_)),
            over: &mut over_budget,
        };
        let pushed = reader.push(&chunk, &mut |piece| pieces.take(&piece));
        // The type of the response says more than the place at which it stops being a list.
        let (api_version, kind) = reader.type_meta();
        rules
            .expected
            .check(api_version, kind, false)
            .map_err(|failure| response.locate(failure))?;
        pushed.map_err(|error| response.locate(decode_failure(&error)))?;
        if let Some(failure) = over_budget {
            return Err(response.locate(failure));
        }
    }
    reader
        .finish()
        .map_err(|error| response.locate(decode_failure(&error)))?;
    let (api_version, kind) = reader.type_meta();
    rules
        .expected
        .check(api_version, kind, true)
        .map_err(|failure| response.locate(failure))?;
    if page.meta_broken {
        let error = ListError::NotAList("its metadata does not decode".into());
        return Err(response.locate(decode_failure(&error)));
    }
    Ok(())
}

/// The failure for an error in the body of a list.
pub(crate) fn decode_failure(error: &ListError) -> Failure {
    let class = match error {
        ListError::CutOff { .. } => Class::ConnectionLost,
        ListError::NotAList(_) | ListError::TooLarge => Class::NotAnApiServer,
    };
    Failure::new(class, error.to_string())
}

struct PieceSink<'a, 'b, T> {
    page: &'a mut Page<T>,
    rules: &'a PageRules<T>,
    next_token: &'a NextToken<'b>,
    json: bool,
    /// The failure once the budget is used up. Nothing more is kept then.
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
                    if !(self.rules.filter)(object) {
                        self.page.passed_over += 1;
                        return;
                    }
                    crate::resource::slim(object);
                }
                let has_name = match &item {
                    Ok(object) => !object.meta().name.is_empty(),
                    Err(undecodable) => !undecodable.name.is_empty(),
                };
                let cost = ListBudget::cost(&item);
                let budget = &self.rules.budget;
                let counted = if has_name { Ok(()) } else { budget.count_nameless() };
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
                if let Some(next_token) = self
                    .next_token
                    .lock()
                    .ok()
                    .and_then(|mut next_token| next_token.take())
                {
                    // The receiver is gone if the list was given up.
                    let _ = next_token.send(next.clone());
                }
                self.page.next = next;
            }
        }
    }
}
