//! The caches of a request, and the watches that feed them: as few and as narrow as the request allows.

use super::feed::Feed;
use super::state::{CustomKind, FollowState};
use crate::check::{Check, KindVisitor};
use crate::cluster::{ListOptions, discover};
use crate::judge::OwnerFilter;
use crate::kind::{Kind, RegisteredKind, ResourceType};
use crate::live::{Cache, KindObjects};
use crate::resource::CustomObject;
use crate::run::request::{CustomTarget, KindTarget, Request};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// If more objects of a kind are named than this, one watch of all its objects costs less than one watch each.
const FEW_NAMES: usize = 5;
/// The first pause before discovery is repeated; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// No pause before discovery is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Starts the watches of one cache. The number is that of its first watch.
pub(super) type SpawnFeeds = Box<dyn FnOnce(&Arc<FollowState>, usize, &mut JoinSet<()>) + Send>;

/// The cache of a kind, the number of its watches, and the function that starts them.
pub(super) struct PreparedKind {
    pub objects: Arc<dyn KindObjects>,
    pub watches: usize,
    pub spawn: SpawnFeeds,
}

/// The empty caches of the kinds of a request.
pub(super) fn prepare(request: &Request) -> Vec<PreparedKind> {
    let owners = if request.every_object {
        OwnerFilter::every()
    } else {
        OwnerFilter::leaving_to(request.covered())
    };
    let kinds = request.kinds.iter();
    kinds
        .map(|target| {
            target.kind.visit(CacheBuilder {
                request,
                target,
                owners: owners.clone(),
            })
        })
        .collect()
}

struct CacheBuilder<'a> {
    request: &'a Request,
    target: &'a KindTarget,
    owners: OwnerFilter,
}

impl KindVisitor for CacheBuilder<'_> {
    type Output = PreparedKind;

    fn visit<T: Check + RegisteredKind>(self, kind: Kind) -> PreparedKind {
        let resource_type = kind.resource_type();
        let watches = watches(self.request, &resource_type, &self.target.names);
        let cache = cache::<T>(&resource_type, &watches, &self.target.names, self.owners);
        let names = self.target.names.clone();
        PreparedKind {
            objects: Arc::clone(&cache) as _,
            watches: watches.len(),
            spawn: Box::new(move |state, first, tasks| {
                spawn_feeds(state, &cache, watches, &names, first, tasks);
            }),
        }
    }
}

/// Finds a kind of custom resources and starts its watches. It may be installed later. Does not end before it is found.
pub(super) async fn run_custom(state: Arc<FollowState>, number: usize, target: CustomTarget) {
    let mut pause = FIRST_PAUSE;
    let resource_type = loop {
        match discover(&state.client, &target.kind).await {
            Ok(resource_type) => break resource_type,
            Err(failure) => {
                set_custom(&state, number, CustomKind::Failed(failure));
                sleep(pause).await;
                pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            }
        }
    };
    let watches = watches(&state.request, &resource_type, &target.names);
    let cache = cache::<CustomObject>(&resource_type, &watches, &target.names, OwnerFilter::every());
    let mut first = None;
    for _ in &watches {
        first = first.or(Some(state.add_watch()));
    }
    let first = first.unwrap_or_default();
    let mut tasks = JoinSet::new();
    spawn_feeds(&state, &cache, watches, &target.names, first, &mut tasks);
    set_custom(&state, number, CustomKind::Found(cache));
    // The watches go on as long as this task.
    while tasks.join_next().await.is_some() {}
}

fn set_custom(state: &FollowState, number: usize, kind: CustomKind) {
    if let Some(place) = state.status().custom.get_mut(number) {
        *place = kind;
    }
    state.changed.notify_one();
}

/// The watches of a type: one a name if few objects are named, else one of the namespace or of all.
fn watches(request: &Request, resource_type: &ResourceType, names: &[String]) -> Vec<ListOptions> {
    let options = ListOptions {
        namespace: request.namespace.clone().filter(|_| resource_type.namespaced),
        label_selector: request.selector_text.clone(),
        field_selector: request.field_selector.as_str().to_owned(),
        page_size: request.page_size,
        exact_pages: request.exact_pages,
        side_by_side: false,
        resource_type: Some(resource_type.clone()),
    };
    if names.is_empty() || names.len() > FEW_NAMES {
        return vec![options];
    }
    let one = |name: &String| ListOptions {
        field_selector: request.field_selector.and_name(name),
        ..options.clone()
    };
    names.iter().map(one).collect()
}

fn cache<T: Check>(
    resource_type: &ResourceType,
    watches: &[ListOptions],
    names: &[String],
    owners: OwnerFilter,
) -> Arc<Cache<T>> {
    let namespaces: Vec<Option<String>> = watches.iter().map(|options| options.namespace.clone()).collect();
    let cache = Cache::<T>::with_watches(resource_type.clone(), &namespaces);
    Arc::new(if names.is_empty() {
        cache.with_owners(owners)
    } else {
        cache.with_owners(OwnerFilter::every()).of_named()
    })
}

fn spawn_feeds<T: Check>(
    state: &Arc<FollowState>,
    cache: &Arc<Cache<T>>,
    watches: Vec<ListOptions>,
    names: &[String],
    first: usize,
    tasks: &mut JoinSet<()>,
) {
    for (number, options) in (0..=u16::MAX).zip(watches) {
        let watch = first.saturating_add(usize::from(number));
        let feed = Arc::new(Feed::new(cache, number, watch, options, names, state));
        tasks.spawn(Arc::clone(&feed).run());
        tasks.spawn(feed.recheck());
    }
}
