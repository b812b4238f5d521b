//! Paths and queries of the API.

use crate::failure::{Class, Failure};
use crate::kind::ResourceType;
use crate::resource::Resource;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Escapes every character that has a meaning in an address.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Path of the objects of `T`, in one namespace or in all.
#[must_use]
pub fn collection_path<T: Resource>(namespace: Option<&str>) -> String {
    path_of_type(&ResourceType::from_view::<T>(), namespace)
}

/// Path of the objects of a type, in one namespace or in all.
pub(crate) fn path_of_type(resource_type: &ResourceType, namespace: Option<&str>) -> String {
    let version = escape(&resource_type.version);
    let root = match &*resource_type.group {
        "" => format!("/api/{version}"),
        group => format!("/apis/{}/{version}", escape(group)),
    };
    let plural = escape(&resource_type.plural);
    // As kubectl: a namespace is ignored for a kind that is in none.
    match namespace.filter(|_| resource_type.namespaced) {
        Some(namespace) => format!("{root}/namespaces/{}/{plural}", escape(namespace)),
        None => format!("{root}/{plural}"),
    }
}

/// A name as one segment of a path.
pub(crate) fn escape(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// Path and query of a request that kube built; our own connections send it.
pub(crate) fn path_and_query(
    built: Result<http::Request<Vec<u8>>, kube::core::request::Error>,
) -> Result<String, Failure> {
    match built {
        // kube begins every query with a separator, even if nothing stands before it.
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
