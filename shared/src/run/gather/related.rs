//! Reads the related objects that verdicts of some kinds need: in bulk, and a few lists at a time.

use super::reader::LISTS_AT_ONCE;
use crate::check::{Related, RelatedKind, RelatedKindVisitor, RelatedObjects};
use crate::cluster::{self, Client, ItemFilter, ListOptions};
use crate::failure::{Class, Failure};
use crate::judge::RelatedNeeds;
use crate::report::{NotSeen, Scope};
use crate::run::not_seen::not_seen;
use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use tokio::task::JoinSet;

/// If more namespaces than this are needed, one list of all namespaces costs less than one of each.
const MANY_NAMESPACES: usize = 8;

/// How related objects are listed.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// Items on a page.
    pub page_size: u32,
    /// Whether one list of all namespaces may replace many lists. False if only some namespaces may be read.
    pub across: bool,
}

/// Reads the related objects that are needed. `needs` is called again with the objects that were read so far, until it
/// needs no more. Each related kind that could not be read has one entry.
pub async fn read(
    client: &Client,
    listing: Listing,
    needs: impl Fn(&RelatedObjects) -> RelatedNeeds,
) -> (RelatedObjects, Vec<NotSeen>) {
    let mut known = RelatedObjects::default();
    let mut failed: BTreeMap<RelatedKind, Vec<(Option<String>, Failure)>> = BTreeMap::new();
    loop {
        let needed = needs(&known);
        if needed.is_empty() {
            break;
        }
        read_round(client, listing, &needed, &mut known, &mut failed).await;
    }
    let not_seen = failed
        .iter()
        .filter(|(kind, _)| !kind.is_optional())
        .map(|(kind, failures)| related_not_seen(*kind, failures));
    (known, not_seen.flatten().collect())
}

/// A list that is not begun yet.
type Task = (RelatedKind, Option<String>);

async fn read_round(
    client: &Client,
    listing: Listing,
    needed: &RelatedNeeds,
    known: &mut RelatedObjects,
    failed: &mut BTreeMap<RelatedKind, Vec<(Option<String>, Failure)>>,
) {
    let each = |kind: RelatedKind| {
        let namespaces = needed.get(&kind).into_iter().flatten();
        namespaces.map(move |n| (kind, Some(n.clone())))
    };
    let mut waiting: VecDeque<Task> = VecDeque::new();
    for (kind, namespaces) in needed {
        if listing.across && namespaces.len() > MANY_NAMESPACES {
            waiting.push_back((*kind, None));
        } else {
            waiting.extend(each(*kind));
        }
    }
    let mut running = JoinSet::new();
    loop {
        while running.len() < LISTS_AT_ONCE {
            let Some((kind, namespace)) = waiting.pop_front() else {
                break;
            };
            let read = kind.visit(ClusterRelatedVisitor {
                client: client.clone(),
                options: ListOptions {
                    namespace: namespace.clone(),
                    field_selector: kind.field_selector().to_owned(),
                    page_size: listing.page_size,
                    ..ListOptions::default()
                },
            });
            running.spawn(async move { (kind, namespace, read.await) });
        }
        let (kind, namespace, result) = match running.join_next().await {
            None => break,
            Some(Ok(read)) => read,
            // Lists that were not read count as not seen, below.
            Some(Err(_)) => continue,
        };
        match result {
            Ok(related) => known.merge(related),
            Err(failure) if failure.class == Class::Forbidden && namespace.is_none() => {
                waiting.extend(each(kind));
            }
            Err(failure) => {
                known.mark_unread(kind, namespace.as_deref());
                failed.entry(kind).or_default().push((namespace, failure));
            }
        }
    }
    for (kind, namespaces) in needed {
        for namespace in namespaces {
            if !known.is_asked(*kind, namespace) {
                known.mark_unread(*kind, Some(namespace));
            }
        }
    }
}

/// Reads one list of a related kind, and returns the facts that its objects show.
struct ClusterRelatedVisitor {
    client: Client,
    options: ListOptions,
}

impl RelatedKindVisitor for ClusterRelatedVisitor {
    type Output = Pin<Box<dyn Future<Output = Result<RelatedObjects, Failure>> + Send>>;

    fn visit<T: Related>(self, kind: RelatedKind) -> Self::Output {
        Box::pin(async move {
            let Self { client, options } = self;
            let counting: ItemFilter<T> = Arc::new(T::counts);
            let listed = cluster::list_filtered::<T>(&client, &options, &counting).await?;
            let mut related = RelatedObjects::default();
            related.add(kind, options.namespace.as_deref(), &listed.items);
            Ok(related)
        })
    }
}

/// The entry for a related kind that could not be seen, with the rule that is missing.
fn related_not_seen(kind: RelatedKind, failures: &[(Option<String>, Failure)]) -> Option<NotSeen> {
    let (first, failure) = failures.first()?;
    let namespaces: Vec<&str> = match first {
        None => Vec::new(),
        Some(_) => failures
            .iter()
            .map(|(name, _)| name.as_deref().unwrap_or_default())
            .collect(),
    };
    let resource_type = kind.resource_type();
    Some(NotSeen {
        scope: Scope::of_all(&namespaces),
        resource: Some(resource_type.resource()),
        ..not_seen(kind.plural(), failure, Some(&resource_type.rule()))
    })
}
