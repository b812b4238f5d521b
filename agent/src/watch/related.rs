//! Owns when related objects are read: objects of other kinds that the verdicts of some kinds need.
//! Must not know how evidence is judged, nor how an answer is written.
//!
//! Answers use the last objects that were read and never wait for newer ones.

use crate::history::search_gaps;
use crate::not_seen;
use crate::state::AgentState;
use sre_shared::check::RelatedObjects;
use sre_shared::live::{EventTime, KindObjects, RelatedAnswer};
use sre_shared::report::NotSeen;
use sre_shared::run::PAGE_SIZE;
use sre_shared::run::gather::related::{self, Listing};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, timeout};

/// How often the task looks whether anything has to be read.
const TICK: Duration = Duration::from_secs(1);

/// Reads the related objects that the verdicts about these objects need: at once if they need some for the first time,
/// then after each pause. An answer that takes longer than `limit` would be too old once it is there. Does not end.
pub async fn run(state: Arc<AgentState>, objects: Arc<dyn KindObjects>, pause: Duration, limit: Duration) {
    let kind = objects.kind();
    let listing = Listing {
        page_size: PAGE_SIZE,
        across: state.watches_all() || !kind.is_namespaced(),
    };
    let mut last_not_seen: Vec<NotSeen> = Vec::new();
    let (mut last, mut idle) = (None::<Instant>, false);
    let mut ticks = tokio::time::interval(TICK.min(pause));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if last.is_some_and(|last| last.elapsed() < pause) || !objects.is_tried() {
            continue;
        }
        // A silent API server gets no further lists; the objects that are known count until they are too old.
        if state.probe.silent().is_some() {
            continue;
        }
        let began = state.event_time();
        if objects.related_needs(&RelatedObjects::default()).is_empty() {
            if !std::mem::replace(&mut idle, true) {
                update(&state, &*objects, None);
            }
            continue;
        }
        idle = false;
        last = Some(Instant::now());
        let client = state.client.current();
        let read = related::read(&client, listing, |known| objects.related_needs(known));
        let Ok((known, not_seen)) = timeout(limit, read).await else {
            tracing::warn!(kind = kind.plural(), "related objects were not read in time");
            continue;
        };
        let not_seen: Vec<NotSeen> = not_seen
            .into_iter()
            .map(|entry| not_seen::related_not_seen(kind, entry))
            .collect();
        search_gaps::log_new(&last_not_seen, &not_seen, "verdicts lack related objects");
        last_not_seen.clone_from(&not_seen);
        update(&state, &*objects, Some(((known, not_seen), began)));
    }
}

fn update(state: &AgentState, objects: &dyn KindObjects, answer: Option<(RelatedAnswer, EventTime)>) {
    let transitions = objects.update_related(answer, &state.answer_time());
    state.note_transitions(&transitions);
}
