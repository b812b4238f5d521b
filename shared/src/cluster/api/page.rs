//! One page of a list, decoded item by item while the bytes arrive.

use crate::cluster::api::budget::ListBudget;
use crate::cluster::api::expected_type::ExpectedType;
use crate::cluster::client::Client;
use crate::decode::{ListError, ListReader, Piece};
use crate::failure::{Class, Failure};
use std::any::Any;
use tokio::sync::oneshot;

/// The items of a page. Only this knows their type: the code that reads pages is there once and not for each kind, which
/// makes the agent's image half a megabyte smaller.
pub(super) trait PageItems: Any + Send {
    /// Decodes an item, and keeps of it what is kept.
    fn add(&mut self, bytes: &[u8], json: bool) -> Added;

    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// An item that was decoded.
pub(super) struct Added {
    pub has_name: bool,
    /// Bytes of memory; `None` if the item is not kept.
    pub memory: Option<usize>,
}

pub(super) type BoxedItems = Box<dyn PageItems>;

/// The rules by which every page of a list is read.
pub(super) struct PageRules {
    /// The content types that are asked for.
    pub accept: &'static str,
    /// Makes a page without items.
    pub no_items: Box<dyn Fn() -> BoxedItems + Send + Sync>,
    pub expected: ExpectedType,
    pub budget: ListBudget,
}

/// A page that was read to its end.
pub(super) struct Page {
    pub items: BoxedItems,
    /// Items that were read, and their bytes.
    pub read: (usize, usize),
    /// The memory that the items take from the budget.
    kept: usize,
    pub passed_over: usize,
    pub resource_version: String,
    pub next: Option<String>,
    /// Whether the list's metadata does not decode: then it is unknown if there is a next page.
    meta_broken: bool,
}

/// The beginning of a page: what the list's metadata says before its items.
pub(super) struct PageHead {
    pub resource_version: String,
    /// The token of the next page, if there is one.
    pub next: Option<String>,
    /// The items that follow this page, if the server counts them.
    pub remaining: Option<u64>,
}

/// Where the head of a page goes as soon as it is known. A page that is read again sends no second one.
pub(super) type HeadSender<'a> = std::sync::Mutex<&'a mut Option<oneshot::Sender<PageHead>>>;

/// Reads a page to its end.
pub(super) async fn read_page(
    client: &Client,
    path: &str,
    rules: &PageRules,
    head: &HeadSender<'_>,
) -> Result<Page, Failure> {
    let mut page = Page {
        items: (rules.no_items)(),
        read: (0, 0),
        kept: 0,
        passed_over: 0,
        resource_version: String::new(),
        next: None,
        meta_broken: false,
    };
    match fill(client, path, rules, head, &mut page).await {
        Ok(()) => Ok(page),
        Err(failure) => {
            // It may be requested once more.
            rules.budget.give_back(page.kept);
            Err(failure)
        }
    }
}

async fn fill(
    client: &Client,
    path: &str,
    rules: &PageRules,
    head: &HeadSender<'_>,
    page: &mut Page,
) -> Result<(), Failure> {
    let mut response = client
        .get_compressed(path, rules.accept)
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
            head,
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

struct PieceSink<'a, 'b> {
    page: &'a mut Page,
    rules: &'a PageRules,
    head: &'a HeadSender<'b>,
    json: bool,
    /// The failure once the budget is used up. Nothing more is kept then.
    over: &'a mut Option<Failure>,
}

impl PieceSink<'_, '_> {
    fn take(&mut self, piece: &Piece<'_>) {
        match *piece {
            Piece::Item(_) if self.over.is_some() => {}
            Piece::Item(bytes) => {
                self.page.read.0 += 1;
                self.page.read.1 += bytes.len();
                let added = self.page.items.add(bytes, self.json);
                let Some(memory) = added.memory else {
                    self.page.passed_over += 1;
                    return;
                };
                let budget = &self.rules.budget;
                let counted = if added.has_name {
                    Ok(())
                } else {
                    budget.count_nameless()
                };
                let kept = counted.and_then(|()| budget.keep(memory));
                if let Err(failure) = kept {
                    *self.over = Some(failure);
                    return;
                }
                self.page.kept += memory;
            }
            Piece::Meta(bytes) => {
                let Some(meta) = crate::decode::list_meta(bytes, self.json) else {
                    self.page.meta_broken = true;
                    return;
                };
                let next = Some(meta.continue_token).filter(|token| !token.is_empty());
                self.page.resource_version.clone_from(&meta.resource_version);
                self.page.next.clone_from(&next);
                if let Some(head) = self.head.lock().ok().and_then(|mut head| head.take()) {
                    // The receiver is gone if the list was given up.
                    let _ = head.send(PageHead {
                        resource_version: meta.resource_version,
                        next,
                        remaining: meta
                            .remaining_item_count
                            .and_then(|items| u64::try_from(items).ok()),
                    });
                }
            }
        }
    }
}
