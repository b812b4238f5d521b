//! Brings what the verdicts of some kinds need of other kinds: in bulk, a few lists at a time, and only what is asked
//! for.

use super::LISTS_AT_ONCE;
use super::coverage::not_seen;
use super::noun::resource;
use crate::check::{Check, Related, RelatedKind, RelatedKindVisitor, RelatedObjects};
use crate::cluster::{self, Client, ItemFilter, ListOptions};
use crate::failure::{Class, Failure};
use crate::report::{NotSeen, Scope};
use crate::resource::Decoded;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use tokio::task::JoinSet;

/// From so many namespaces on one list of all is cheaper than one of each.
const MANY_NAMESPACES: usize = 8;

/// The namespaces in which each companion is wanted.
pub type RelatedNeeds = BTreeMap<RelatedKind, BTreeSet<String>>;

/// What is wanted that was not asked for yet.
pub fn wanted<'a, T: Check>(
    objects: impl IntoIterator<Item = &'a Decoded<T>>,
    known: &RelatedObjects,
) -> RelatedNeeds {
    let mut wanted = RelatedNeeds::new();
    for (companion, namespace) in objects.into_iter().flatten().flat_map(|o| o.wants(known)) {
        if !known.is_asked(companion, &namespace) {
            wanted.entry(companion).or_default().insert(namespace);
        }
    }
    wanted
}

/// How companions are listed.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// Items a page.
    pub page_size: u32,
    /// Whether one list of all namespaces may take the place of many. Not where only some may be read.
    pub across: bool,
}

/// Brings what is wanted, which is asked again with what was brought so far until it is nothing. What could not be
/// brought is told once for each companion.
pub async fn bring(
    client: &Client,
    listing: Listing,
    wants: impl Fn(&RelatedObjects) -> RelatedNeeds,
) -> (RelatedObjects, Vec<NotSeen>) {
    let mut known = RelatedObjects::default();
    let mut failed: BTreeMap<RelatedKind, Vec<(Option<String>, Failure)>> = BTreeMap::new();
    loop {
        let wanted = wants(&known);
        if wanted.is_empty() {
            break;
        }
        round(client, listing, &wanted, &mut known, &mut failed).await;
    }
    let not_seen = failed
        .iter()
        .filter(|(companion, _)| !companion.is_optional())
        .map(|(companion, failures)| missing(*companion, failures));
    (known, not_seen.flatten().collect())
}

/// One list, not begun yet.
type Task = (RelatedKind, Option<String>);
/// What to do with a list once it is there.
type Apply = Box<dyn FnOnce(&mut RelatedObjects) + Send>;

async fn round(
    client: &Client,
    listing: Listing,
    wanted: &RelatedNeeds,
    known: &mut RelatedObjects,
    failed: &mut BTreeMap<RelatedKind, Vec<(Option<String>, Failure)>>,
) {
    let each = |companion: RelatedKind| {
        let namespaces = wanted.get(&companion).into_iter().flatten();
        namespaces.map(move |n| (companion, Some(n.clone())))
    };
    let mut waiting: VecDeque<Task> = VecDeque::new();
    for (companion, namespaces) in wanted {
        if listing.across && namespaces.len() > MANY_NAMESPACES {
            waiting.push_back((*companion, None));
        } else {
            waiting.extend(each(*companion));
        }
    }
    let mut running = JoinSet::new();
    loop {
        while running.len() < LISTS_AT_ONCE {
            let Some((companion, namespace)) = waiting.pop_front() else {
                break;
            };
            let read = companion.visit(Read {
                client: client.clone(),
                options: ListOptions {
                    namespace: namespace.clone(),
                    field_selector: companion.field_selector().to_owned(),
                    page_size: listing.page_size,
                    ..ListOptions::default()
                },
            });
            running.spawn(async move { (companion, namespace, read.await) });
        }
        let (companion, namespace, result) = match running.join_next().await {
            None => break,
            Some(Ok(read)) => read,
            // It takes no companion with it: what was not brought counts as not seen.
            Some(Err(_)) => continue,
        };
        match result {
            Ok(apply) => apply(known),
            Err(failure) if failure.class == Class::Forbidden && namespace.is_none() => {
                waiting.extend(each(companion));
            }
            Err(failure) => {
                known.miss(companion, namespace.as_deref());
                failed.entry(companion).or_default().push((namespace, failure));
            }
        }
    }
    for (companion, namespaces) in wanted {
        for namespace in namespaces {
            if !known.is_asked(*companion, namespace) {
                known.miss(*companion, Some(namespace));
            }
        }
    }
}

/// Reads one list of a companion.
struct Read {
    client: Client,
    options: ListOptions,
}

impl RelatedKindVisitor for Read {
    type Output = Pin<Box<dyn Future<Output = Result<Apply, Failure>> + Send>>;

    fn visit<T: Related>(self, companion: RelatedKind) -> Self::Output {
        Box::pin(async move {
            let Self { client, options } = self;
            let listed =
                cluster::list_filtered::<T>(&client, &options, &(Arc::new(T::counts) as ItemFilter<T>))
                    .await?;
            Ok(Box::new(move |known: &mut RelatedObjects| {
                known.take(companion, options.namespace.as_deref(), &listed.items);
            }) as Apply)
        })
    }
}

/// What could not be seen of a companion, with the rule that is missing.
fn missing(companion: RelatedKind, failures: &[(Option<String>, Failure)]) -> Option<NotSeen> {
    let (first, failure) = failures.first()?;
    let namespaces: Vec<&str> = match first {
        None => Vec::new(),
        Some(_) => failures
            .iter()
            .map(|(name, _)| name.as_deref().unwrap_or_default())
            .collect(),
    };
    Some(NotSeen {
        scope: Scope::of_all(&namespaces),
        resource: Some(resource(companion.group(), companion.plural())),
        ..not_seen(companion.plural(), failure, Some(&companion.rule()))
    })
}

/// What a dump cannot tell, since it holds no object of a kind.
pub(super) fn not_held(companion: RelatedKind) -> NotSeen {
    let plural = companion.plural();
    NotSeen {
        thing: plural.to_owned(),
        resource: Some(resource(companion.group(), plural)),
        class: "notFound".into(),
        error: Some(format!("the dump holds no {plural}")),
        hint: Some(format!(
            "take the dump with them: kubectl get ...,{plural} -A -o yaml"
        )),
        ..NotSeen::default()
    }
}
