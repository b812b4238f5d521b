//! Owns when namespaces are looked up that may be in deletion. Must not know how the objects in them are judged.
//!
//! Only namespaces with an object that falls short are looked up, so that a healthy cluster costs no request.

use crate::state::AgentState;
use sre_shared::check::NamespaceDeletions;
use sre_shared::run::gather::update_deletions;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

/// How often the task looks whether another namespace has an object that falls short.
const TICK: Duration = Duration::from_secs(1);

/// Looks namespaces up: at once if an object in another one falls short, then after each pause. Does not end.
pub async fn run(state: Arc<AgentState>, pause: Duration) {
    let mut last: Option<(Instant, BTreeSet<String>)> = None;
    let mut ticks = tokio::time::interval(TICK.min(pause));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let time = state.answer_time();
        // A silent API server gets no further requests; the deletions that are known count.
        if time.silent.is_some() {
            continue;
        }
        let mut failing = BTreeSet::new();
        for objects in &state.kinds {
            objects.failing_namespaces(&time, &mut failing);
        }
        let is_known = last
            .as_ref()
            .is_some_and(|(at, known)| at.elapsed() < pause && known.is_superset(&failing));
        if is_known || (failing.is_empty() && state.deletions().is_empty()) {
            continue;
        }
        let client = state.client.current();
        let names: BTreeSet<&str> = failing.iter().map(String::as_str).collect();
        // An earlier answer excuses nothing: the namespace may be there again. Without an answer its objects are judged as usual.
        let mut deletions = NamespaceDeletions::default();
        update_deletions(&client, &names, &mut deletions).await;
        last = Some((Instant::now(), failing));
        let time = state.answer_time();
        for objects in &state.kinds {
            let transitions = objects.update_deletions(&deletions, &time);
            state.note_transitions(&transitions);
        }
        state.set_deletions(deletions);
    }
}
