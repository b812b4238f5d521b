//! Lists, decoded item by item while the bytes arrive.
//!
//! The API server writes a list's metadata before its items, so the token of the next page is known as soon as
//! a page begins. The next page is requested at that moment: the server encodes it while this one is still read.

use crate::cluster::api::accept;
use crate::cluster::api::budget::ListBudget;
use crate::cluster::api::expected_type::ExpectedType;
use crate::cluster::api::list_options::{ListOptions, ListPart};
use crate::cluster::api::page::{Added, PageItems, PageRules};
use crate::cluster::api::pages::{LARGEST_PAGE, NamespaceNames, PageSource};
use crate::cluster::client::Client;
use crate::failure::{Class, Failure};
use crate::resource::{Decoded, Namespace, Resource};
use std::any::Any;
use std::sync::Arc;

/// A namespace with fewer items, on average, is not worth a request of its own.
const WORTH_A_REQUEST: u64 = 50;

/// A list that was read to its end.
#[derive(Debug)]
pub struct ObjectList<K> {
    /// Every item that is kept, in the order of the server: sorted by namespace and name.
    pub items: Vec<K>,
    /// The version of the list; a watch goes on from it. Empty if its parts are of different versions.
    pub resource_version: String,
    /// How many items were read and not kept.
    pub passed_over: usize,
}

/// Reads a whole list. If a page is gone (410), the list is read again once: parts of two lists are never mixed.
///
/// # Errors
/// The first failure that retries did not mend. There is no partial list.
pub async fn list<T: Resource>(
    client: &Client,
    options: &ListOptions,
) -> Result<ObjectList<Decoded<T>>, Failure> {
    list_mapped(client, options, &(Arc::new(Some) as ItemMap<T, Decoded<T>>)).await
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
) -> Result<ObjectList<Decoded<T>>, Failure> {
    let filter = Arc::clone(filter);
    let keep = move |item: Decoded<T>| match &item {
        Ok(object) if !filter(object) => None,
        _ => Some(item),
    };
    list_mapped(client, options, &(Arc::new(keep) as ItemMap<T, Decoded<T>>)).await
}

/// Converts an item of a list, as soon as it is decoded, into what is kept of it; `None` if it is not kept. The rest of
/// a list may still fail, so nothing may follow from a call.
pub type ItemMap<T, K> = Arc<dyn Fn(Decoded<T>) -> Option<K> + Send + Sync>;

/// What is kept of an item.
pub trait ListItem: Send + 'static {
    /// Bytes of memory, roughly.
    fn memory(&self) -> usize;
}

impl<T: Resource> ListItem for Decoded<T> {
    fn memory(&self) -> usize {
        ListBudget::cost(self)
    }
}

/// Reads a list as [`list`] does, and keeps of each item what the map returns.
///
/// # Errors
/// As [`list`].
pub async fn list_mapped<T: Resource, K: ListItem>(
    client: &Client,
    options: &ListOptions,
    map: &ItemMap<T, K>,
) -> Result<ObjectList<K>, Failure> {
    let map = Arc::clone(map);
    let rules = || PageRules {
        accept: if T::PROTOBUF {
            accept::PROTOBUF_OR_JSON
        } else {
            accept::JSON
        },
        no_items: {
            let map = Arc::clone(&map);
            Box::new(move || Box::new(TypedItems::<T, K>::new(&map)))
        },
        expected: ExpectedType::list::<T>(options),
        budget: ListBudget::default(),
    };
    let namespaces = |items| namespaces(client, items);
    let source = PageSource {
        client,
        path: &|part: ListPart<'_>, limit| options.path::<T>(part, limit),
        size: options.page_size,
        is_exact: options.exact_pages,
        namespaces: (options.side_by_side && options.namespace.is_none()).then_some(&namespaces),
        is_built_in: T::BUILT_IN && options.resource_type.as_ref().is_none_or(|it| it.kind == T::KIND),
        rules: &rules,
    };
    let read = match source.read().await {
        Err(failure) if failure.class == Class::Expired => source.read().await,
        result => result,
    }?;
    let pages = read.pages.into_iter();
    let pages = pages.filter_map(|page| page.into_any().downcast::<TypedItems<T, K>>().ok());
    let mut pages: Vec<_> = pages.collect();
    let items = match pages.as_mut_slice() {
        [page] => std::mem::take(&mut page.items),
        _ => {
            let mut items = Vec::with_capacity(pages.iter().map(|page| page.items.len()).sum());
            for page in pages {
                items.extend(page.items);
            }
            items
        }
    };
    Ok(ObjectList {
        items,
        resource_version: read.resource_version,
        passed_over: read.passed_over,
    })
}

/// The namespaces of a list with that many items, if these are so many that each namespace is worth a request. None if the
/// namespaces may not be listed: then the list is one answer.
fn namespaces(client: &Client, items: u64) -> NamespaceNames<'_> {
    Box::pin(async move {
        let options = ListOptions {
            page_size: LARGEST_PAGE,
            ..ListOptions::default()
        };
        // An object cannot be older than its namespace, and this list is newer than the first page. Objects in namespaces that are
        // made later are younger than the question.
        let Ok(listed) = list::<Namespace>(client, &options).await else {
            return Vec::new();
        };
        let is_whole = listed.items.iter().all(Result::is_ok);
        let names = listed.items.into_iter().flatten();
        let names: Vec<String> = names.map(|namespace| namespace.meta().name.clone()).collect();
        let count = u64::try_from(names.len()).unwrap_or(u64::MAX);
        let is_worth_it = count > 1 && count.saturating_mul(WORTH_A_REQUEST) <= items;
        if is_whole && is_worth_it {
            names
        } else {
            Vec::new()
        }
    })
}

struct TypedItems<T, K> {
    map: ItemMap<T, K>,
    items: Vec<K>,
}

impl<T: Resource, K: ListItem> TypedItems<T, K> {
    fn new(map: &ItemMap<T, K>) -> Self {
        Self {
            map: Arc::clone(map),
            items: Vec::new(),
        }
    }
}

impl<T: Resource, K: ListItem> PageItems for TypedItems<T, K> {
    fn add(&mut self, bytes: &[u8], json: bool) -> Added {
        let mut item: Decoded<T> = if json {
            crate::resource::from_json(bytes)
        } else {
            crate::resource::from_proto(bytes)
        };
        if let Ok(object) = &mut item {
            crate::resource::read_writers(object, bytes, json);
            crate::resource::slim(object);
        }
        let has_name = match &item {
            Ok(object) => !object.meta().name.is_empty(),
            Err(undecodable) => !undecodable.name.is_empty(),
        };
        let kept = (self.map)(item);
        let memory = kept.as_ref().map(K::memory);
        self.items.extend(kept);
        Added { has_name, memory }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
