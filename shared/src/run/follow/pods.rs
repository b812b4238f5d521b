//! Watches of the pods of objects that are not settled. Their events say only that a search for causes is due: a Deployment
//! does not change while its new pods fail.

use super::state::FollowState;
use crate::cluster::{ListOptions, Watch, WatchEvent};
use crate::judge::{PodLookup, SearchTarget};
use crate::resource::{LabelSelector, Pod, Resource as _};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::AbortHandle;
use tokio::time::sleep;

/// If more objects of a namespace are not settled, one watch of its pods costs less than one watch each.
const FEW_TARGETS: usize = 20;
/// The most watches of pods. Changes of further pods are found by the searches that repeat.
const MOST_WATCHES: usize = 32;

/// The pods of one watch: a namespace, and a label selector that is empty for all of its pods.
type PodScope = (String, String);

/// The selectors of the pods that matter in a watch.
type Selectors = Arc<Mutex<Vec<LabelSelector>>>;

/// The watches of pods that are open.
pub(super) struct PodWatches {
    state: Arc<FollowState>,
    open: BTreeMap<PodScope, (AbortHandle, Selectors)>,
}

impl PodWatches {
    pub fn new(state: Arc<FollowState>) -> Self {
        Self {
            state,
            open: BTreeMap::new(),
        }
    }

    /// Opens the watches of the pods of these objects, and closes the others.
    pub fn update(&mut self, targets: &[SearchTarget]) {
        let wanted = scopes(targets);
        self.open.retain(|scope, (task, _)| {
            let stays = wanted.contains_key(scope);
            if !stays {
                task.abort();
            }
            stays
        });
        for (scope, selectors) in wanted {
            if let Some((_, known)) = self.open.get(&scope) {
                *known.lock().unwrap_or_else(PoisonError::into_inner) = selectors;
                continue;
            }
            let selectors = Arc::new(Mutex::new(selectors));
            let task = tokio::spawn(watch_pods(
                Arc::clone(&self.state),
                scope.clone(),
                Arc::clone(&selectors),
            ));
            self.open.insert(scope, (task.abort_handle(), selectors));
        }
    }
}

impl Drop for PodWatches {
    fn drop(&mut self) {
        for (task, _) in self.open.values() {
            task.abort();
        }
    }
}

/// The watches that see the pods of these objects, the most urgent first.
fn scopes(targets: &[SearchTarget]) -> BTreeMap<PodScope, Vec<LabelSelector>> {
    let mut by_namespace: BTreeMap<&str, Vec<&LabelSelector>> = BTreeMap::new();
    let mut order: Vec<&SearchTarget> = targets.iter().collect();
    order.sort_by_key(|target| target.rank);
    let mut namespaces: Vec<&str> = Vec::new();
    for target in order {
        let (PodLookup::Selector(Some(selector)) | PodLookup::ThroughReplicaSets(Some(selector))) =
            &target.pods_by
        else {
            continue;
        };
        if *selector == LabelSelector::default() {
            continue;
        }
        if !by_namespace.contains_key(&*target.namespace) {
            namespaces.push(&target.namespace);
        }
        by_namespace.entry(&target.namespace).or_default().push(selector);
    }
    let mut scopes = BTreeMap::new();
    for namespace in namespaces {
        let selectors = by_namespace.remove(namespace).unwrap_or_default();
        let room = MOST_WATCHES.saturating_sub(scopes.len());
        let mut add = |text: String, selectors: Vec<LabelSelector>| {
            if scopes.len() < MOST_WATCHES {
                scopes.insert((namespace.to_owned(), text), selectors);
            }
        };
        if selectors.len() > FEW_TARGETS.min(room) {
            add(String::new(), selectors.into_iter().cloned().collect());
        } else {
            for selector in selectors {
                add(selector.to_string(), vec![selector.clone()]);
            }
        }
    }
    scopes
}

/// Reports each change of these pods. Does not end.
async fn watch_pods(state: Arc<FollowState>, (namespace, selector): PodScope, selectors: Selectors) {
    let options = ListOptions {
        namespace: Some(namespace),
        label_selector: selector,
        ..ListOptions::default()
    };
    let mut watch: Watch<Pod> = Watch::new(&state.client, options).without_list();
    let mut known: HashMap<String, u64> = HashMap::new();
    loop {
        let changed = match watch.next().await {
            Ok(WatchEvent::Applied(Ok(pod))) => {
                is_meant(&selectors, &pod) && {
                    let print = fingerprint(&pod);
                    known.insert(pod.meta().name.clone(), print) != Some(print)
                }
            }
            Ok(WatchEvent::Deleted { name, .. }) => known.remove(&name).is_some(),
            Ok(_) => false,
            // It pauses by itself. The right to watch pods may be missing: searches repeat.
            Err(failure) if failure.class == crate::failure::Class::Forbidden => {
                sleep(state.pace.search_again).await;
                false
            }
            Err(_) => false,
        };
        if changed {
            state.pods_changed.notify_one();
        }
    }
}

fn is_meant(selectors: &Selectors, pod: &Pod) -> bool {
    let selectors = selectors.lock().unwrap_or_else(PoisonError::into_inner);
    selectors
        .iter()
        .any(|selector| selector.matches(&pod.meta().labels))
}

/// A number that is the same as long as nothing changes that causes are found by.
fn fingerprint(pod: &Pod) -> u64 {
    struct HashWriter(DefaultHasher);
    impl std::fmt::Write for HashWriter {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }
    let mut hash = HashWriter(DefaultHasher::new());
    let meta = pod.meta();
    // A hasher takes any text.
    let _ = write!(
        hash,
        "{} {:?} {:?}",
        meta.uid, meta.deletion_timestamp, pod.status
    );
    hash.0.finish()
}
