//! The pages of a list, the next one requested while this one is read; or the whole list in one answer, if it is long; or in
//! one for each namespace, some at a time, if it is very long.
//!
//! An API server answers the first page of a list and a whole list from its cache. The other pages it reads from etcd, and
//! since Kubernetes 1.34 from a snapshot of its cache if it has one. Either costs it more than a whole list. Since 1.33 it
//! writes a whole list as a stream, so that its length costs no memory; an older one makes the whole body in memory, and
//! is never asked for it.

use crate::cluster::api::health;
use crate::cluster::api::list_options::ListPart;
use crate::cluster::api::page::{BoxedItems, Page, PageHead, PageRules, read_page};
use crate::cluster::api::retry::{pause_before_retry, retrying};
use crate::cluster::client::Client;
use crate::cluster::server_version::ServerVersion;
use crate::failure::{Class, Failure};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Ten million items, if each page has 500.
const MOST_PAGES: usize = 20_000;
/// Bytes of a page, unpacked, from the third page on: many small pages of a long list cost the server more than the items do.
const PAGE_BYTES: usize = 16 << 20;
/// The most items of a page. The server's flow control charges a request no more for 1,000 items than for 10,000.
pub(super) const LARGEST_PAGE: u32 = 5000;
/// A page with fewer items says too little about their size.
const TELLING_PAGE: usize = 100;
/// If fewer items follow the first page, they are read by pages: the whole list would repeat those of the first page.
const WORTH_THE_WHOLE: u64 = 1000;
/// If fewer items follow the first page, one answer has them all: a second core of the server would save little.
const WORTH_NAMESPACES: u64 = 5000;
/// The lists of single namespaces that are read at the same time. The API server writes an answer on one core.
const NAMESPACES_AT_ONCE: usize = 4;
/// The first version that writes lists as a stream by default (KEP-5116).
const STREAMS_LISTS: ServerVersion = ServerVersion { major: 1, minor: 33 };

/// The path of a part of a list, with at most so many items.
type PartPath<'a> = dyn Fn(ListPart<'_>, u32) -> Result<String, Failure> + Sync + 'a;

/// The namespaces of a list; none if they cannot be listed, or are not worth a request each.
pub(super) type NamespaceNames<'a> = Pin<Box<dyn Future<Output = Vec<String>> + Send + 'a>>;

/// Asks for the namespaces of a list with so many items.
type NamespaceQuery<'a> = dyn Fn(u64) -> NamespaceNames<'a> + Sync + 'a;

/// How the parts of a list are requested.
pub(super) struct PageSource<'a> {
    pub client: &'a Client,
    pub path: &'a PartPath<'a>,
    /// Items in the first page; 0 for one page with all of them.
    pub size: u32,
    /// Whether every page has at most so many items, and the list is never read whole.
    pub is_exact: bool,
    /// If a very long list may be read as lists of single namespaces: asks for these, if a list of so many items is worth it.
    pub namespaces: Option<&'a NamespaceQuery<'a>>,
    /// Whether the API server itself serves the list. Its version says nothing about another one.
    pub is_built_in: bool,
    pub rules: &'a (dyn Fn() -> PageRules + Sync),
}

/// All pages of a list.
#[derive(Default)]
pub(super) struct Pages {
    pub pages: Vec<BoxedItems>,
    /// Empty if the parts of the list are of different versions.
    pub resource_version: String,
    pub passed_over: usize,
}

impl PageSource<'_> {
    /// Reads all pages.
    ///
    /// # Errors
    /// `expired` if a page is gone, and the first failure that retries did not mend.
    pub(super) async fn read(&self) -> Result<Pages, Failure> {
        let rules = Arc::new((self.rules)());
        let mut limit = self.size;
        let mut list = Pages::default();
        let mut pending = self.request(ListPart::First, limit, &rules)?;
        let mut last = None;
        for number in 0..MOST_PAGES {
            let head = (&mut pending.head).await.ok();
            if let Some(head) = &head
                && number == 0
                && let Some(whole) = self.whole(head).await?
            {
                return Ok(whole);
            }
            let early = match head.and_then(|head| head.next) {
                Some(token) => {
                    let page = self.request(ListPart::After(&token), limit, &rules)?;
                    Some((token, page))
                }
                None => None,
            };
            let page = pending.page().await?;
            if !self.is_exact {
                limit = next_limit(&page, self.size).max(limit);
            }
            list.pages.push(page.items);
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
                _ => self.request(ListPart::After(&token), limit, &rules)?,
            };
            last = Some(token);
        }
        Err(Failure::new(
            Class::TooLarge,
            format!("the list has more than {MOST_PAGES} pages"),
        ))
    }

    fn request(
        &self,
        part: ListPart<'_>,
        limit: u32,
        rules: &Arc<PageRules>,
    ) -> Result<PendingPage, Failure> {
        let path = (self.path)(part, limit)?;
        Ok(PendingPage::new(self.client, path, rules))
    }

    /// The whole list, if its first page shows that it is long and the server writes it as a stream. It is at least as new
    /// as the first page. `None` if the list is read by pages, also because a proxy or a deadline has cut the long answer:
    /// pages may get through.
    ///
    /// # Errors
    /// If the list is too large, or the run has no time left.
    async fn whole(&self, first: &PageHead) -> Result<Option<Pages>, Failure> {
        let is_long = first.next.is_some() && first.remaining.is_none_or(|items| items >= WORTH_THE_WHOLE);
        let has_version = !first.resource_version.is_empty();
        if self.is_exact || !is_long || !has_version || !self.is_built_in || !self.streams_lists().await {
            return Ok(None);
        }
        let namespaces = match first.remaining {
            Some(items) if items >= WORTH_NAMESPACES => match self.namespaces {
                Some(namespaces) => namespaces(items).await,
                None => Vec::new(),
            },
            _ => Vec::new(),
        };
        // The items of the first page do not count.
        let tries = match namespaces.as_slice() {
            [] => vec![vec![None]],
            some => vec![some.iter().map(|name| Some(name.as_str())).collect(), vec![None]],
        };
        for parts in tries {
            match self.read_parts(&first.resource_version, &parts).await {
                Ok(Some(pages)) => return Ok(Some(pages)),
                Ok(None) => {}
                Err(failure) if failure.class == Class::TooLarge => return Err(failure),
                Err(failure) => pause_before_retry(self.client, failure).await?,
            }
        }
        Ok(None)
    }

    /// Reads the list of each of these namespaces, or of all of them, some at a time. `None` if an answer says that it is only
    /// a page.
    async fn read_parts(&self, version: &str, parts: &[Option<&str>]) -> Result<Option<Pages>, Failure> {
        let rules = Arc::new((self.rules)());
        let mut waiting = parts.iter().enumerate();
        let mut reading = JoinSet::new();
        let mut read: Vec<(usize, Page)> = Vec::with_capacity(parts.len());
        loop {
            while reading.len() < NAMESPACES_AT_ONCE
                && let Some((number, namespace)) = waiting.next()
            {
                let path = (self.path)(ListPart::WholeSince(version, *namespace), 0)?;
                let (client, rules) = (self.client.clone(), Arc::clone(&rules));
                reading.spawn(async move {
                    let mut nobody = None;
                    let page = read_page(&client, &path, &rules, &Mutex::new(&mut nobody)).await;
                    page.map(|page| (number, page))
                });
            }
            match reading.join_next().await {
                None => break,
                Some(Ok(page)) => read.push(page?),
                Some(Err(_)) => return Err(interrupted()),
            }
        }
        read.sort_unstable_by_key(|(number, _)| *number);
        let is_one = parts.len() == 1;
        let mut list = Pages::default();
        for (_, page) in read {
            if page.next.is_some() {
                return Ok(None);
            }
            if is_one {
                list.resource_version = page.resource_version;
            }
            list.passed_over = list.passed_over.saturating_add(page.passed_over);
            list.pages.push(page.items);
        }
        Ok(Some(list))
    }

    async fn streams_lists(&self) -> bool {
        let versions = self.client.versions();
        // All kinds of a run find out at once that their lists are long.
        let _asking = versions.asking().await;
        if versions.known().is_none() {
            // It is noted there. Without an answer the list is read by pages.
            let _ = health::version(self.client).await;
        }
        versions.known().is_some_and(|version| version >= STREAMS_LISTS)
    }
}

/// The number of items for a later page of a list whose first page may have `first`.
fn next_limit(page: &Page, first: u32) -> u32 {
    let (items, bytes) = page.read;
    if items < TELLING_PAGE {
        return first;
    }
    let fitting = PAGE_BYTES / (bytes / items).max(1);
    u32::try_from(fitting)
        .map_or(LARGEST_PAGE, |fitting| fitting.min(LARGEST_PAGE))
        .max(first)
}

/// A page that was requested. Dropping it ends the request.
struct PendingPage {
    /// Sent as soon as it is known.
    head: oneshot::Receiver<PageHead>,
    page: JoinSet<Result<Page, Failure>>,
}

impl PendingPage {
    fn new(client: &Client, path: String, rules: &Arc<PageRules>) -> Self {
        let (sender, head) = oneshot::channel();
        let (client, rules) = (client.clone(), Arc::clone(rules));
        let mut page = JoinSet::new();
        page.spawn(async move {
            let mut sender = Some(sender);
            // There is one try at a time, so nothing ever waits for the lock.
            let sender = Mutex::new(&mut sender);
            retrying(&client, || read_page(&client, &path, &rules, &sender)).await
        });
        Self { head, page }
    }

    async fn page(&mut self) -> Result<Page, Failure> {
        match self.page.join_next().await {
            Some(Ok(page)) => page,
            Some(Err(_)) | None => Err(interrupted()),
        }
    }
}

fn interrupted() -> Failure {
    Failure::new(Class::ConnectionLost, "reading the list was interrupted")
}
