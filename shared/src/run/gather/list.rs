//! Lists the objects of one kind in all namespaces. If that is forbidden, it lists them in the namespaces that may be
//! read.

use super::reader::{ClusterReader, LISTS_AT_ONCE};
use crate::check::Check;
use crate::cluster::{self, ItemMap, ListOptions, ObjectList};
use crate::failure::{Class, Failure};
use crate::judge::{Compactor, Kept, OwnerFilter, Reach, SettledItems};
use crate::kind::ResourceType;
use crate::report::{NotSeen, Scope};
use crate::resource::Decoded;
use crate::run::not_seen::type_not_seen;
use crate::run::progress::Progress;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;

/// The objects of one kind that were read, and the entries for those that could not be seen.
pub(super) struct KindList<T> {
    pub objects: Vec<Decoded<T>>,
    /// Settled objects, which need nothing else to be judged.
    pub settled: SettledItems,
    /// Number of objects that were left to their controllers.
    pub passed_over: usize,
    pub not_seen: Vec<NotSeen>,
    pub reach: Reach,
}

impl<T> Default for KindList<T> {
    fn default() -> Self {
        Self {
            objects: Vec::new(),
            settled: Vec::new(),
            passed_over: 0,
            not_seen: Vec::new(),
            reach: Reach::default(),
        }
    }
}

impl<T> KindList<T> {
    fn unseen(entry: NotSeen) -> Self {
        Self {
            not_seen: vec![entry],
            ..Self::default()
        }
    }

    /// Adds a list that was read.
    fn add(&mut self, listed: ObjectList<Kept<T>>) {
        self.passed_over += listed.passed_over;
        for item in listed.items {
            match item {
                Kept::Whole(object) => self.objects.push(*object),
                Kept::Compact(namespace, object) => self.settled.push((namespace, object)),
            }
        }
    }
}

impl ClusterReader<'_> {
    /// The objects with these names. Without names, all objects that `owners` keeps.
    pub(super) async fn list<T: Check>(
        &self,
        resource_type: &ResourceType,
        names: &[String],
        owners: &OwnerFilter,
    ) -> KindList<T> {
        if names.is_empty() {
            let map = self.compacting_map(owners.clone(), resource_type.kind == T::KIND);
            let selector = self.request.field_selector.as_str().to_owned();
            return self.list_mapped(resource_type, selector, &map).await;
        }
        let mut list = KindList::default();
        let all: ItemMap<T, Kept<T>> = Arc::new(|item| Some(item.into()));
        for name in names {
            let selector = self.request.field_selector.and_name(name);
            let mut one = self.list_mapped::<T>(resource_type, selector, &all).await;
            if one.objects.is_empty() && one.not_seen.is_empty() {
                let entry = self.no_such_object::<T>(resource_type, name).await;
                one.not_seen.push(entry);
            }
            list.objects.append(&mut one.objects);
            one.not_seen.retain(|entry| !list.not_seen.contains(entry));
            list.not_seen.append(&mut one.not_seen);
            if list.reach == Reach::Nothing {
                list.reach = one.reach;
            }
        }
        list
    }

    /// Keeps the objects that `owners` keeps, and makes settled ones compact if their type knows their kind. That of a
    /// custom resource does not, so that its items have the wrong one until they are judged.
    fn compacting_map<T: Check>(&self, owners: OwnerFilter, knows_kind: bool) -> ItemMap<T, Kept<T>> {
        let compactor = Mutex::new(Compactor::without_labels());
        let (client, clock) = (self.client.clone(), self.clock);
        Arc::new(move |item: Decoded<T>| {
            let Ok(object) = &item else {
                return Some(item.into());
            };
            if knows_kind && owners.judges(object) {
                let now = client.server_time().unwrap_or_else(clock);
                let mut compactor = compactor.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(compact) = compactor.compact(object, None, now) {
                    let namespace = compactor.share_namespace(&object.meta().namespace);
                    return Some(Kept::Compact(namespace, compact));
                }
            }
            owners.keeps(object).then(|| item.into())
        })
    }

    /// The objects of the requested namespaces, or of those among them that may be read.
    async fn list_mapped<T: Check>(
        &self,
        resource_type: &ResourceType,
        field_selector: String,
        map: &ItemMap<T, Kept<T>>,
    ) -> KindList<T> {
        let options = ListOptions {
            namespace: self.namespace(resource_type).map(str::to_owned),
            label_selector: self.request.selector_text.clone(),
            field_selector,
            page_size: self.request.page_size,
            exact_pages: self.request.exact_pages,
            side_by_side: resource_type.namespaced,
            resource_type: Some(resource_type.clone()),
        };
        let listed = match self.unreached.get() {
            Some(failure) => Err(failure.clone()),
            None => cluster::list_mapped(self.client, &options, map).await,
        };
        let failure = match listed {
            Ok(listed) => {
                let mut list = KindList {
                    reach: Reach::All,
                    ..KindList::default()
                };
                list.add(listed);
                return list;
            }
            Err(failure) => failure,
        };
        let is_cluster_wide = options.namespace.is_none() && resource_type.namespaced;
        if failure.class == Class::Forbidden && is_cluster_wide {
            return match self.namespaces().await {
                Some(list) => {
                    self.list_each(&options, &list.names, resource_type, map, &failure)
                        .await
                }
                None => self.list_own(&options, resource_type, map, &failure).await,
            };
        }
        let failure = self.server_failure(failure).await;
        // A server that has answered anything can be reached, and the next list may be shorter.
        if failure.class.is_unreached() && self.client.server_time().is_none() {
            let _ = self.unreached.set(failure.clone());
        }
        KindList::unseen(type_not_seen(
            resource_type,
            options.namespace.as_deref(),
            &failure,
        ))
    }

    /// Lists each namespace, a few at a time.
    async fn list_each<T: Check>(
        &self,
        options: &ListOptions,
        namespaces: &[String],
        resource_type: &ResourceType,
        map: &ItemMap<T, Kept<T>>,
        forbidden: &Failure,
    ) -> KindList<T> {
        let mut waiting = namespaces.to_vec();
        waiting.reverse();
        let total = waiting.len();
        let mut running = JoinSet::new();
        let mut list = KindList {
            reach: Reach::All,
            ..KindList::default()
        };
        loop {
            while running.len() < LISTS_AT_ONCE {
                let Some(namespace) = waiting.pop() else { break };
                let (client, options, lists) =
                    (self.client.clone(), options.clone(), Arc::clone(&self.lists));
                let map = Arc::clone(map);
                running.spawn(async move {
                    // The semaphore is never closed. Without a permit, only more lists would run at once.
                    let _permit = lists.acquire().await;
                    let options = ListOptions {
                        namespace: Some(namespace.clone()),
                        ..options
                    };
                    let listed = cluster::list_mapped(&client, &options, &map).await;
                    (namespace, listed)
                });
            }
            match running.join_next().await {
                None => break,
                Some(Ok((_, Ok(listed)))) => list.add(listed),
                Some(Ok((namespace, Err(failure)))) => {
                    list.not_seen
                        .push(type_not_seen(resource_type, Some(&namespace), &failure));
                }
                Some(Err(_)) => {
                    let failure = Failure::new(Class::ConnectionLost, "reading a namespace was interrupted");
                    list.not_seen.push(type_not_seen(resource_type, None, &failure));
                }
            }
            let done = total - waiting.len() - running.len();
            (self.progress)(Progress::Namespaces(&resource_type.name(), done, total));
        }
        let is_forbidden = |entry: &NotSeen| entry.class == Class::Forbidden.as_str();
        if list.not_seen.len() == total && list.not_seen.iter().all(is_forbidden) {
            // Nothing may be read. One entry for all namespaces is clearer than one for each.
            return KindList::unseen(type_not_seen(resource_type, None, forbidden));
        }
        list.not_seen.sort_by_cached_key(NotSeen::what);
        list
    }

    /// Lists the namespace of the context, since not even the namespaces may be listed.
    async fn list_own<T: Check>(
        &self,
        options: &ListOptions,
        resource_type: &ResourceType,
        map: &ItemMap<T, Kept<T>>,
        forbidden: &Failure,
    ) -> KindList<T> {
        let own = self.client.default_namespace().to_owned();
        let options = ListOptions {
            namespace: Some(own.clone()),
            ..options.clone()
        };
        let rest = NotSeen {
            hint: Some("give -n NAMESPACE for each namespace that you may read".into()),
            scope: Scope::Namespaces(format!("all namespaces but {own}")),
            ..type_not_seen(resource_type, None, forbidden)
        };
        let mut list = KindList {
            reach: Reach::Only(own.clone()),
            ..KindList::default()
        };
        match cluster::list_mapped(self.client, &options, map).await {
            Ok(listed) => {
                list.add(listed);
                list.not_seen.push(rest);
            }
            Err(failure) if failure.class == Class::Forbidden => {
                // Nothing may be read. One entry is clearer than two.
                list.reach = Reach::Nothing;
                list.not_seen.push(NotSeen {
                    hint: rest.hint,
                    ..type_not_seen(resource_type, None, forbidden)
                });
            }
            Err(failure) => {
                list.not_seen
                    .push(type_not_seen(resource_type, Some(&own), &failure));
                list.not_seen.push(rest);
            }
        }
        list
    }
}
