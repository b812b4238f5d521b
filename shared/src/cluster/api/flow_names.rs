//! Reads the names of flow schemas and priority levels, which responses name by UID.

use crate::cluster::api::accept;
use crate::cluster::client::Client;
use crate::cluster::flow_control::FlowNames;
use crate::failure::{Class, Failure};
use crate::resource::null_as_default;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A cluster has about 15 of each. What is beyond a page keeps its UID.
const PAGE: usize = 500;
/// Larger than the metadata of such a page.
const LIMIT: usize = 8 << 20;

#[derive(Deserialize)]
struct PartialList {
    #[serde(default, deserialize_with = "null_as_default")]
    items: Vec<PartialItem>,
}

#[derive(Deserialize)]
struct PartialItem {
    metadata: UidAndName,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UidAndName {
    #[serde(deserialize_with = "null_as_default")]
    uid: String,
    #[serde(deserialize_with = "null_as_default")]
    name: String,
}

/// Reads the names and keeps them in the client. Each of the two requests is sent once, and a refusal leaves the UIDs.
pub async fn read_flow_names(client: &Client) {
    let (schemas, levels) = tokio::join!(
        names(client, "flowschemas"),
        names(client, "prioritylevelconfigurations")
    );
    client.keep_flow_names(FlowNames {
        schemas: schemas.unwrap_or_default(),
        levels: levels.unwrap_or_default(),
    });
}

async fn names(client: &Client, plural: &str) -> Result<BTreeMap<String, String>, Failure> {
    let path = format!("/apis/flowcontrol.apiserver.k8s.io/v1/{plural}?limit={PAGE}");
    let body = client.get_whole(&path, accept::LIST_METADATA, LIMIT).await?;
    let list: PartialList = serde_json::from_slice(&body)
        .map_err(|error| Failure::new(Class::NotAnApiServer, error.to_string()))?;
    let items = list.items.into_iter().map(|item| item.metadata);
    let named = items.filter(|item| !item.uid.is_empty() && !item.name.is_empty());
    Ok(named.map(|item| (item.uid, item.name)).collect())
}
