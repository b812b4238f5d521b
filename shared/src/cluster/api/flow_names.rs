//! Reads the names of flow schemas and priority levels, which responses name by UID.

use crate::cluster::api::bounded_list::{ListBounds, bounded_metadata_list};
use crate::cluster::api::list_options::ListOptions;
use crate::cluster::client::Client;
use crate::cluster::flow_control::FlowNames;
use crate::failure::Failure;
use crate::kind::ResourceType;
use crate::resource::Resource;
use std::collections::BTreeMap;

/// A cluster has about 15 of each. What is beyond a page keeps its UID.
const PAGE: u32 = 500;
/// Larger than the metadata of such a page.
const LIMIT: usize = 8 << 20;

/// Reads the names and keeps them in the client. Each of the two requests is sent once, and a refusal leaves the UIDs.
pub async fn read_flow_names(client: &Client) {
    let (schemas, levels) = tokio::join!(
        names(client, "FlowSchema", "flowschemas"),
        names(
            client,
            "PriorityLevelConfiguration",
            "prioritylevelconfigurations"
        )
    );
    client.keep_flow_names(FlowNames {
        schemas: schemas.unwrap_or_default(),
        levels: levels.unwrap_or_default(),
    });
}

async fn names(
    client: &Client,
    kind: &'static str,
    plural: &'static str,
) -> Result<BTreeMap<String, String>, Failure> {
    let resource_type = ResourceType {
        group: "flowcontrol.apiserver.k8s.io".into(),
        version: "v1".into(),
        kind: kind.into(),
        plural: plural.into(),
        ..ResourceType::default()
    };
    let options = ListOptions {
        page_size: PAGE,
        ..ListOptions::default()
    };
    let bounds = ListBounds {
        pages: 1,
        bytes: LIMIT,
    };
    let list = bounded_metadata_list(client, resource_type, options, bounds).await?;
    let named = list.items.iter().map(Resource::meta);
    let named = named.filter(|meta| !meta.uid.is_empty() && !meta.name.is_empty());
    Ok(named.map(|meta| (meta.uid.clone(), meta.name.clone())).collect())
}
