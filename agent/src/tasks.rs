//! Owns which tasks run beside the answers. Must not know what they do.

use crate::history::watching;
use crate::http::tls;
use crate::settings::Settings;
use crate::state::AgentState;
use crate::watch::kinds::SpawnWatches;
use crate::watch::{causes, deletions, related, review};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Starts every task that keeps the state current. The tasks end when the set is dropped.
pub fn spawn(state: &Arc<AgentState>, watches: Vec<SpawnWatches>, settings: &Settings) -> JoinSet<()> {
    if settings.stale_after < Duration::from_mins(1) {
        tracing::warn!(
            "--stale-after is shorter than the minute between two signs of life of a quiet cluster"
        );
    }
    let pace = &settings.pace;
    let mut tasks = JoinSet::new();
    for spawn in watches {
        spawn(state, &mut tasks);
    }
    tasks.spawn(review::run(Arc::clone(state)));
    tasks.spawn(watching::run(Arc::clone(state), pace.watching));
    tasks.spawn(Arc::clone(&state.probe).run(pace.probe_every));
    if let Some(store) = &state.record_store {
        tasks.spawn(Arc::clone(store).run(pace.save_record));
    }
    if settings.causes {
        tasks.spawn(causes::run(
            Arc::clone(state),
            settings.changes,
            pace.search_pause,
            pace.causes_age,
        ));
    }
    if let Some(certificate) = &state.tls {
        tasks.spawn(tls::renew(
            Arc::clone(certificate),
            Arc::clone(&state.failures),
            pace.certificate,
        ));
    }
    tasks.spawn(deletions::run(Arc::clone(state), pace.search_pause));
    for objects in &state.kinds {
        if !objects.kind().related_kinds().is_empty() {
            tasks.spawn(related::run(
                Arc::clone(state),
                Arc::clone(objects),
                pace.search_pause,
                settings.stale_after,
            ));
        }
    }
    tasks
}
