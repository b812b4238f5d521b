//! Finds the namespaces that are being deleted.

use super::namespace_list::namespace_list;
use super::reader::ClusterReader;
use crate::check::NamespaceDeletions;
use crate::cluster::{self, Client};
use crate::judge::Judged;
use crate::resource::{Namespace, Resource as _};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// If more namespaces than this may be in deletion, one list of all costs less than one request each.
const MANY_NAMESPACES: usize = 8;
/// Whether a namespace is being deleted must not delay a run for longer. Without an answer its objects are judged as usual.
const WAIT: Duration = Duration::from_secs(5);

/// The search of a run for namespaces that are being deleted.
#[derive(Debug, Default)]
pub struct DeletionSearch {
    /// Those that were found.
    pub deletions: NamespaceDeletions,
    /// The namespaces that were looked up. None is looked up twice.
    looked_up: BTreeSet<String>,
    /// Those of them that were read.
    read: BTreeSet<String>,
}

impl ClusterReader<'_> {
    /// Adds the namespaces of failing objects that are being deleted. The requested namespace is always looked up: its
    /// objects may be well for a last moment.
    pub async fn find_deletions(&self, kinds: &[&mut Judged], search: &mut DeletionSearch) {
        let found = &mut search.deletions;
        if let Some(Ok(namespace)) = self.requested_namespace.get() {
            found.update(namespace);
            return;
        }
        let failing = kinds.iter().flat_map(|judged| judged.failing_namespaces());
        let failing: BTreeSet<&str> = failing.filter(|name| !search.looked_up.contains(*name)).collect();
        let names = || failing.iter().map(|name| (*name).to_owned());
        search.looked_up.extend(names());
        // The list is there if the kinds were read namespace by namespace.
        match self.namespaces.get().and_then(Option::as_ref) {
            _ if failing.is_empty() => {}
            Some(list) => {
                found.extend(list.deletions.among(&failing));
                search.read.extend(names());
            }
            None if self.request.namespace.is_some() => {}
            None => search
                .read
                .extend(update_deletions(self.client, &failing, found).await),
        }
        // A refusal may be older than a namespace that is there again.
        let items = kinds.iter().flat_map(|judged| judged.all_items());
        items
            .filter(|item| !search.read.contains(&item.namespace))
            .for_each(|item| found.add_refusal(item));
    }
}

/// Looks these namespaces up, adds those that are being deleted, and returns those that were read.
pub async fn update_deletions(
    client: &Client,
    namespaces: &BTreeSet<&str>,
    deletions: &mut NamespaceDeletions,
) -> BTreeSet<String> {
    if namespaces.len() > MANY_NAMESPACES
        && let Ok(Ok(list)) = timeout(WAIT, namespace_list(client)).await
    {
        deletions.extend(list.deletions.among(namespaces));
        return namespaces.iter().map(|name| (*name).to_owned()).collect();
    }
    let mut all_read = BTreeSet::new();
    let mut reading = JoinSet::new();
    for name in namespaces.iter().take(MANY_NAMESPACES) {
        let (client, name) = (client.clone(), (*name).to_owned());
        reading
            .spawn(async move { timeout(WAIT, cluster::get_once::<Namespace>(&client, None, &name)).await });
    }
    while let Some(read) = reading.join_next().await {
        if let Ok(Ok(Ok(namespace))) = read {
            deletions.update(&namespace);
            all_read.insert(namespace.meta().name.clone());
        }
    }
    all_read
}
