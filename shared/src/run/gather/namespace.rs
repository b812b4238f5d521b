//! Looks up namespaces and objects by name, and suggests another name if there is none.

use super::reader::ClusterReader;
use crate::check::Check;
use crate::cluster::{self, Client, ListOptions};
use crate::failure::{Class, Failure};
use crate::kind::ResourceType;
use crate::nearest::nearest;
use crate::report::NotSeen;
use crate::resource::{Namespace, Resource};
use crate::run::not_seen::{name_not_found, namespace_not_seen};
use crate::run::request::PAGE_SIZE;

impl ClusterReader<'_> {
    /// The names of all namespaces, which are listed once; `None` if they cannot be listed.
    pub(super) async fn namespaces(&self) -> Option<&Vec<String>> {
        let names = async || namespace_names(self.client).await.ok();
        self.namespaces.get_or_init(names).await.as_ref()
    }

    /// The entry for a namespace in which nothing was found; `None` if it exists.
    pub async fn namespace_not_seen(&self, namespace: &str) -> Option<NotSeen> {
        let failure = cluster::get::<Namespace>(self.client, None, namespace)
            .await
            .err()?;
        match failure.class {
            Class::NotFound => Some(no_such_namespace(self.client, namespace, failure).await),
            // The list of its objects was allowed, so the namespace is empty indeed.
            Class::Forbidden => None,
            _ => Some(namespace_not_seen(namespace, &failure)),
        }
    }

    /// The entry for a name that no object has.
    pub(super) async fn no_such_object<T: Check>(&self, resource_type: &ResourceType, name: &str) -> NotSeen {
        let namespace = self.namespace(resource_type);
        if let Some(namespace) = namespace
            && let Err(failure) = cluster::get::<Namespace>(self.client, None, namespace).await
            && failure.class == Class::NotFound
        {
            return no_such_namespace(self.client, namespace, failure).await;
        }
        let names = names::<T>(self.client, namespace, resource_type)
            .await
            .unwrap_or_default();
        name_not_found(resource_type, name, namespace, &names)
    }
}

/// The entry for a namespace that does not exist, with the nearest name that does.
pub async fn no_such_namespace(client: &Client, namespace: &str, failure: Failure) -> NotSeen {
    let names = namespace_names(client).await.unwrap_or_default();
    let failure = match nearest(namespace, names.iter().map(String::as_str)) {
        Some(near) => failure.with_hint(format!("did you mean {near:?}?")),
        None => failure.with_hint("kubectl get namespaces lists those that exist"),
    };
    namespace_not_seen(namespace, &failure)
}

/// The names of all namespaces.
async fn namespace_names(client: &Client) -> Result<Vec<String>, Failure> {
    names::<Namespace>(client, None, &ResourceType::from_view::<Namespace>()).await
}

/// The names of all objects of a type.
async fn names<T: Resource>(
    client: &Client,
    namespace: Option<&str>,
    resource_type: &ResourceType,
) -> Result<Vec<String>, Failure> {
    let options = ListOptions {
        namespace: namespace.map(str::to_owned),
        page_size: PAGE_SIZE,
        resource_type: Some(resource_type.clone()),
        ..ListOptions::default()
    };
    let listed = cluster::list::<T>(client, &options).await?;
    Ok(listed
        .items
        .iter()
        .flatten()
        .map(|object| object.meta().name.clone())
        .collect())
}
