//! Looks up namespaces and objects by name, and suggests another name if there is none.

use super::namespace_list::{NamespaceList, namespace_list, objects};
use super::reader::ClusterReader;
use crate::check::Check;
use crate::cluster::{self, Client};
use crate::failure::{Class, Failure};
use crate::kind::ResourceType;
use crate::nearest::nearest;
use crate::report::NotSeen;
use crate::resource::Namespace;
use crate::run::not_seen::{name_not_found, namespace_not_seen};

impl ClusterReader<'_> {
    /// All namespaces, which are listed once; `None` if they cannot be listed.
    pub(super) async fn namespaces(&self) -> Option<&NamespaceList> {
        let list = async || namespace_list(self.client).await.ok();
        self.namespaces.get_or_init(list).await.as_ref()
    }

    /// The namespace that was asked for, which is read once; `None` if none was.
    pub async fn requested_namespace(&self) -> Option<&Result<Namespace, Failure>> {
        let name = self.request.namespace.as_deref()?;
        let read = async || cluster::get::<Namespace>(self.client, None, name).await;
        Some(self.requested_namespace.get_or_init(read).await)
    }

    /// The entry for the requested namespace, if nothing was found in it; `None` if it exists.
    pub async fn namespace_not_seen(&self, namespace: &str) -> Option<NotSeen> {
        let failure = self.requested_namespace().await?.as_ref().err()?;
        match failure.class {
            Class::NotFound => Some(no_such_namespace(self.client, namespace, failure.clone()).await),
            // The list of its objects was allowed, so the namespace is empty indeed.
            Class::Forbidden => None,
            _ => Some(namespace_not_seen(namespace, failure)),
        }
    }

    /// The entry for a name that no object has.
    pub(super) async fn no_such_object<T: Check>(&self, resource_type: &ResourceType, name: &str) -> NotSeen {
        let namespace = self.namespace(resource_type);
        if let Some(namespace) = namespace
            && let Some(Err(failure)) = self.requested_namespace().await
            && failure.class == Class::NotFound
        {
            return no_such_namespace(self.client, namespace, failure.clone()).await;
        }
        let objects = objects::<T>(self.client, namespace, resource_type).await;
        let objects = objects.into_iter().flatten();
        let names: Vec<String> = objects.map(|object| object.meta().name.clone()).collect();
        name_not_found(resource_type, name, namespace, &names)
    }
}

/// The entry for a namespace that does not exist, with the nearest name that does.
pub async fn no_such_namespace(client: &Client, namespace: &str, failure: Failure) -> NotSeen {
    let list = namespace_list(client).await.unwrap_or_default();
    let failure = match nearest(namespace, list.names.iter().map(String::as_str)) {
        Some(near) => failure.with_hint(format!("did you mean {near:?}?")),
        None => failure.with_hint("kubectl get namespaces lists those that exist"),
    };
    namespace_not_seen(namespace, &failure)
}
