//! Reads the metadata of one object of any kind. The API server leaves out the rest, so that no content is transferred.

use crate::cluster::api::accept;
use crate::cluster::api::path::{escape, path_of_type};
use crate::cluster::api::retry::retrying;
use crate::cluster::client::Client;
use crate::failure::{Class, Failure};
use crate::kind::ResourceType;
use crate::resource::{ObjectMeta, null_as_default};
use serde::Deserialize;

/// Larger than the metadata of any object.
const LIMIT: usize = crate::decode::MAX_ITEM_BYTES;

#[derive(Deserialize)]
struct PartialObject {
    #[serde(default, deserialize_with = "null_as_default")]
    kind: String,
    metadata: Option<ObjectMeta>,
}

/// The metadata of one object.
///
/// # Errors
/// As [`Client::get_whole`]; `notAnApiServer` if the answer is not the metadata of that object.
pub async fn object_metadata(
    client: &Client,
    resource_type: &ResourceType,
    namespace: Option<&str>,
    name: &str,
) -> Result<ObjectMeta, Failure> {
    let path = format!("{}/{}", path_of_type(resource_type, namespace), escape(name));
    let body = retrying(client, || client.get_whole(&path, accept::METADATA, LIMIT)).await?;
    let failed = |why: String| Failure {
        endpoint: format!("{}{path}", client.server()),
        ..Failure::new(Class::NotAnApiServer, why)
    };
    let PartialObject { kind, metadata } =
        serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))?;
    match metadata {
        Some(metadata)
            if metadata.name == name && (kind == "PartialObjectMetadata" || kind == *resource_type.kind) =>
        {
            Ok(metadata)
        }
        _ => Err(failed(format!(
            "the answer is not the metadata of {} {name}",
            resource_type.name_of_one()
        ))),
    }
}
