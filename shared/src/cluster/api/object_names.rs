//! Reads the names of objects, for a person who is typing one. The API server leaves out the rest of the objects.

use crate::cluster::api::accept;
use crate::cluster::api::path::{escape, path_of_type};
use crate::cluster::client::Client;
use crate::failure::{Class, Failure};
use crate::kind::ResourceType;
use crate::resource::null_as_default;
use serde::Deserialize;

/// Names in one response.
const PAGE: usize = 500;
/// Larger than the metadata of that many objects. Their annotations are part of it.
const LIMIT: usize = 32 << 20;

/// The name of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(default)]
pub struct ObjectName {
    /// Its name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Its namespace; empty for an object that is in none.
    #[serde(deserialize_with = "null_as_default")]
    pub namespace: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NamedObject {
    #[serde(deserialize_with = "null_as_default")]
    metadata: ObjectName,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NamedObjectList {
    #[serde(deserialize_with = "null_as_default")]
    metadata: ListPosition,
    #[serde(deserialize_with = "null_as_default")]
    items: Vec<NamedObject>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ListPosition {
    #[serde(rename = "continue", deserialize_with = "null_as_default")]
    next: String,
}

/// The names of the objects of a type in one namespace or in all, in the API server's order: all of them, or the first
/// `most` and perhaps some more. Each page is requested once, since a person types on meanwhile.
///
/// # Errors
/// The first failure.
pub async fn object_names(
    client: &Client,
    resource_type: &ResourceType,
    namespace: Option<&str>,
    most: usize,
) -> Result<Vec<ObjectName>, Failure> {
    let collection = path_of_type(resource_type, namespace);
    let mut names: Vec<ObjectName> = Vec::new();
    let mut next = String::new();
    for _ in 0..most.div_ceil(PAGE) {
        let path = match next.as_str() {
            "" => format!("{collection}?limit={PAGE}"),
            token => format!("{collection}?limit={PAGE}&continue={}", escape(token)),
        };
        let response = client.get_compressed(&path, accept::METADATA_LIST).await?;
        let body = response.error_for_status().await?.whole(LIMIT).await?;
        let list: NamedObjectList = serde_json::from_slice(&body).map_err(|error| Failure {
            endpoint: format!("{}{path}", client.server()),
            ..Failure::new(Class::NotAnApiServer, error.to_string())
        })?;
        names.extend(list.items.into_iter().map(|object| object.metadata));
        next = list.metadata.next;
        if next.is_empty() {
            break;
        }
    }
    Ok(names)
}
