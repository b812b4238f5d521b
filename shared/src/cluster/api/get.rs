//! Reads one object.

use crate::cluster::api::accept;
use crate::cluster::api::expected_type::ExpectedType;
use crate::cluster::api::path::{collection_path, escape};
use crate::cluster::api::retry::retrying;
use crate::cluster::client::Client;
use crate::failure::{Class, Failure};
use crate::resource::Resource;

/// Larger than any object.
const OBJECT_LIMIT: usize = crate::decode::MAX_ITEM_BYTES;

/// Reads one object.
///
/// # Errors
/// As [`Client::get_whole`]; `notAnApiServer` if the response does not decode.
pub async fn get<T: Resource>(client: &Client, namespace: Option<&str>, name: &str) -> Result<T, Failure> {
    retrying(client, || get_once(client, namespace, name)).await
}

/// Reads one object, and asks only once, as an optional request does.
///
/// # Errors
/// As [`get`].
pub async fn get_once<T: Resource>(
    client: &Client,
    namespace: Option<&str>,
    name: &str,
) -> Result<T, Failure> {
    let path = format!("{}/{}", collection_path::<T>(namespace), escape(name));
    let body = client.get_whole(&path, accept::JSON, OBJECT_LIMIT).await?;
    decode_object(&body).map_err(|failure| Failure {
        endpoint: format!("{}{path}", client.server()),
        ..failure
    })
}

/// Decodes the response to a request for one object, which has to be of its kind.
///
/// # Errors
/// `notAnApiServer`
pub(crate) fn decode_object<T: Resource>(body: &[u8]) -> Result<T, Failure> {
    #[derive(Default, serde::Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct TypeMeta {
        api_version: Option<String>,
        kind: Option<String>,
    }
    let TypeMeta { api_version, kind } = serde_json::from_slice(body)
        .map_err(|error| Failure::new(Class::NotAnApiServer, error.to_string()))?;
    ExpectedType::object::<T>().check(api_version, kind, true)?;
    crate::resource::from_json(body)
        .map_err(|undecodable| Failure::new(Class::NotAnApiServer, undecodable.error))
}
