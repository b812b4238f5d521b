//! Owns the empty caches of the kinds that are watched, and how their watches start.
//! Must not know how a watch goes on.

use crate::settings::Settings;
use crate::state::AgentState;
use crate::watch::watcher::Watcher;
use sre_shared::check::Check;
use sre_shared::check::KindVisitor;
use sre_shared::kind::{Kind, RegisteredKind};
use sre_shared::live::{Cache, KindObjects};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Starts the watches of one cache.
pub type SpawnWatches = Box<dyn FnOnce(&Arc<AgentState>, &mut JoinSet<()>) + Send>;

/// The empty caches, in the order of the report, and the functions that start their watches.
pub fn prepare(settings: &Settings) -> (Vec<Arc<dyn KindObjects>>, Vec<SpawnWatches>) {
    settings
        .kinds
        .iter()
        .map(|kind| kind.visit(CacheBuilder { settings }))
        .unzip()
}

struct CacheBuilder<'a> {
    settings: &'a Settings,
}

impl KindVisitor for CacheBuilder<'_> {
    type Output = (Arc<dyn KindObjects>, SpawnWatches);

    fn visit<T: Check + RegisteredKind>(self, kind: Kind) -> Self::Output {
        // One watch sees all objects of a kind that is in no namespace.
        let namespaces = if kind.is_namespaced() {
            self.settings.namespaces.clone()
        } else {
            Vec::new()
        };
        let cache = Arc::new(Cache::<T>::new(kind, &namespaces).leaving_to(&self.settings.kinds));
        let objects: Arc<dyn KindObjects> = Arc::clone(&cache) as _;
        let namespaces = if namespaces.is_empty() {
            vec![None]
        } else {
            namespaces.into_iter().map(Some).collect()
        };
        let spawn: SpawnWatches = Box::new(move |state, tasks| {
            for (number, namespace) in (0..=u16::MAX).zip(namespaces) {
                let watcher = Watcher::new(Arc::clone(&cache), number, namespace, Arc::clone(state));
                tasks.spawn(watcher.run());
            }
        });
        (objects, spawn)
    }
}
