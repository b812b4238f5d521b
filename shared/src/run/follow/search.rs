//! When causes of objects that are not settled are searched for: at once for a new one and when a pod changes, and never
//! more often than a pause allows, so that crash loops cost little.

use super::pods::PodWatches;
use super::state::FollowState;
use crate::judge::SearchTarget;
use crate::run::gather::causes::{self, EvidenceSearch};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// How often the targets are compared if nothing is reported: time alone can make an object fall short.
const TICK: Duration = Duration::from_secs(1);

/// The last search, and what was open then.
struct LastSearch {
    at: Instant,
    open: BTreeSet<(String, Option<i64>, u8)>,
}

/// Searches for causes. Does not end.
pub(super) async fn run(state: Arc<FollowState>) {
    let mut pods = PodWatches::new(Arc::clone(&state));
    let mut last: Option<LastSearch> = None;
    let mut pods_changed = false;
    loop {
        tokio::select! {
            () = state.pods_changed.notified() => pods_changed = true,
            () = state.objects_changed.notified() => {}
            () = sleep(TICK) => {}
        }
        // An API server that is away gets no further requests; the causes that are known stay.
        if state.away().is_some() {
            continue;
        }
        let targets = state.search_targets();
        pods.update(&targets);
        let open: BTreeSet<_> = targets.iter().map(identity).collect();
        if open.is_empty() {
            state.status().explained.clear();
            (last, pods_changed) = (None, false);
            continue;
        }
        let is_due = pods_changed
            || last.as_ref().is_none_or(|last| {
                !open.is_subset(&last.open) || last.at.elapsed() >= state.pace.search_again
            });
        if !is_due {
            continue;
        }
        match &last {
            Some(last) => sleep_until(last.at + state.pace.search_pause).await,
            None => sleep(state.pace.search_delay).await,
        }
        let targets = state.search_targets();
        pods.update(&targets);
        let open = targets.iter().map(identity).collect();
        // Changes until now are part of what the search reads.
        pods_changed = false;
        let _ = tokio::time::timeout(Duration::ZERO, state.pods_changed.notified()).await;
        search(&state, targets).await;
        last = Some(LastSearch {
            at: Instant::now(),
            open,
        });
    }
}

/// A target, with its urgency: a condition may say why it falls short although no pod changed.
fn identity(target: &SearchTarget) -> (String, Option<i64>, u8) {
    let (uid, generation) = target.identity();
    (uid, generation, target.rank)
}

async fn search(state: &FollowState, targets: Vec<SearchTarget>) {
    let open: Vec<_> = targets.iter().map(SearchTarget::identity).collect();
    let EvidenceSearch { evidence, not_seen } =
        causes::search(&state.client, targets, state.time(), state.request.changes).await;
    let mut found = causes::split_by_object(evidence, &open);
    for kind in &state.kinds {
        kind.add_evidence(&mut found, state.time());
    }
    let mut status = state.status();
    status.causes_not_seen = not_seen;
    status.explained = open.into_iter().collect();
    drop(status);
    state.changed.notify_one();
}
