//! Which objects a list or a watch requests.

use crate::cluster::api::path::{path_and_query, path_of_type};
use crate::failure::Failure;
use crate::kind::ResourceType;
use crate::resource::Resource;
use kube::core::params::{ListParams, VersionMatch, WatchParams};
use kube::core::request::Request;

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListPart<'a> {
    /// Its first page.
    First,
    /// The page that begins at a token.
    After(&'a str),
    /// All of it, or all in one namespace of it, as new as that version or newer: from the API server's cache, which is known
    /// to have that version.
    WholeSince(&'a str, Option<&'a str>),
}

/// The objects that a list or a watch requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// One namespace; `None` for all.
    pub namespace: Option<String>,
    /// Label selector in kubectl's syntax, empty for none.
    pub label_selector: String,
    /// Field selector in kubectl's syntax, empty for none.
    pub field_selector: String,
    /// Items in the first page; 0 for one page with all of them. Later pages may have more.
    pub page_size: u32,
    /// Whether no page may have more items than the first, because somebody chose their number.
    pub exact_pages: bool,
    /// Whether a very long list of all namespaces may be read as lists of single namespaces, some at a time. These are of
    /// different versions, so that no watch can go on from them.
    pub side_by_side: bool,
    /// The type of the objects; `None` if their Rust type says it. That of a custom resource does not.
    pub resource_type: Option<ResourceType>,
}

impl ListOptions {
    /// The type of the objects that the request is about.
    pub(crate) fn type_of<T: Resource>(&self) -> ResourceType {
        let own = ResourceType::from_view::<T>;
        self.resource_type.clone().unwrap_or_else(own)
    }

    fn collection_path<T: Resource>(&self, namespace: Option<&str>) -> String {
        path_of_type(&self.type_of::<T>(), namespace)
    }

    /// Path and query of a part of the list, with at most `limit` items.
    ///
    /// # Errors
    /// `rejected`, if the options make no request.
    pub(crate) fn path<T: Resource>(&self, part: ListPart<'_>, limit: u32) -> Result<String, Failure> {
        let mut params = ListParams {
            label_selector: non_empty(&self.label_selector),
            field_selector: non_empty(&self.field_selector),
            limit: Some(limit).filter(|limit| *limit > 0),
            ..ListParams::default()
        };
        let mut namespace = self.namespace.as_deref();
        match part {
            ListPart::First => {}
            ListPart::After(token) => params.continue_token = Some(token.to_owned()),
            ListPart::WholeSince(version, one) => {
                namespace = namespace.or(one);
                params.resource_version = Some(version.to_owned());
                params.version_match = Some(VersionMatch::NotOlderThan);
            }
        }
        path_and_query(Request::new(self.collection_path::<T>(namespace)).list(&params))
    }

    /// Path and query of a watch that goes on from that version, with bookmarks. The server ends it after that many
    /// seconds.
    ///
    /// # Errors
    /// As [`ListOptions::path`].
    pub(crate) fn watch_path<T: Resource>(&self, version: &str, seconds: u32) -> Result<String, Failure> {
        let params = WatchParams {
            label_selector: non_empty(&self.label_selector),
            field_selector: non_empty(&self.field_selector),
            timeout: Some(seconds),
            bookmarks: true,
            ..WatchParams::default()
        };
        let path = self.collection_path::<T>(self.namespace.as_deref());
        path_and_query(Request::new(path).watch(&params, version))
    }
}

fn non_empty(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}
