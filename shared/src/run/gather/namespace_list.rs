//! All namespaces of a cluster, and all objects of a type.

use crate::check::NamespaceDeletions;
use crate::cluster::{self, Client, ListOptions};
use crate::failure::Failure;
use crate::kind::ResourceType;
use crate::resource::{Namespace, Resource};
use crate::run::request::PAGE_SIZE;

/// All namespaces of a cluster.
#[derive(Debug, Default)]
pub struct NamespaceList {
    pub(super) names: Vec<String>,
    pub(super) deletions: NamespaceDeletions,
}

/// All namespaces.
pub(super) async fn namespace_list(client: &Client) -> Result<NamespaceList, Failure> {
    let resource_type = ResourceType::from_view::<Namespace>();
    let mut list = NamespaceList::default();
    for namespace in objects::<Namespace>(client, None, &resource_type).await? {
        list.deletions.update(&namespace);
        list.names.push(namespace.meta().name.clone());
    }
    Ok(list)
}

/// All objects of a type that can be decoded.
pub(super) async fn objects<T: Resource>(
    client: &Client,
    namespace: Option<&str>,
    resource_type: &ResourceType,
) -> Result<impl Iterator<Item = T>, Failure> {
    let options = ListOptions {
        namespace: namespace.map(str::to_owned),
        page_size: PAGE_SIZE,
        resource_type: Some(resource_type.clone()),
        ..ListOptions::default()
    };
    let listed = cluster::list::<T>(client, &options).await?;
    Ok(listed.items.into_iter().flatten())
}
