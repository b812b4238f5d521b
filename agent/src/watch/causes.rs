//! Owns when causes of unhealthy objects are searched for.
//! Must not know how evidence is judged, nor how an answer is written.
//!
//! Answers contain the causes of the last search and never wait for one.

use crate::history::search_gaps;
use crate::not_seen;
use crate::state::AgentState;
use sre_shared::judge::{SearchTarget, WrittenNeeds};
use sre_shared::live::Selection;
use sre_shared::report::NotSeen;
use sre_shared::run::ChangeSources;
use sre_shared::run::gather::causes::{self, EvidenceSearch};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often the task looks whether there is anything to search for.
const TICK: Duration = Duration::from_secs(1);

/// The last search, and the objects that were open then.
struct LastSearch {
    at: Instant,
    open: Vec<(String, Option<i64>)>,
    /// Causes that the last search found name further objects.
    written: WrittenNeeds,
}

/// Searches for causes: at once if something new is open, else after `repeat_after`, and never sooner than `pause` after
/// the last search. While changes are followed it searches after each `pause`. Does not end.
pub async fn run(state: Arc<AgentState>, sources: ChangeSources, pause: Duration, repeat_after: Duration) {
    let mut last: Option<LastSearch> = None;
    let mut last_judged = None::<Instant>;
    let mut last_not_seen: Vec<NotSeen> = Vec::new();
    let mut ticks = tokio::time::interval(TICK.min(pause));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Listing the targets costs a verdict for each open object.
        if last_judged.is_some_and(|at| at.elapsed() < pause) {
            continue;
        }
        let time = state.answer_time();
        // A silent API server gets no further requests for causes; the causes that are known stay.
        if time.silent.is_some() {
            continue;
        }
        let targets: Vec<SearchTarget> = state
            .kinds
            .iter()
            .flat_map(|kind| kind.search_targets(&time))
            .collect();
        let open: Vec<_> = targets.iter().map(SearchTarget::identity).collect();
        let written = WrittenNeeds::union(targets.iter().map(|target| &target.written));
        last_judged = (!open.is_empty()).then(Instant::now);
        // Somebody waits for a rollout: its pods can fail while nothing else changes.
        let repeat_after = if state.is_followed() { pause } else { repeat_after };
        let is_due = last.as_ref().is_none_or(|last| {
            last.open != open || last.written != written || last.at.elapsed() >= repeat_after
        });
        if !is_due {
            continue;
        }
        let client = state.client.current();
        let EvidenceSearch { evidence, not_seen } = causes::search(&client, targets, time.now, sources).await;
        let mut found = causes::split_by_object(evidence, &open);
        for kind in &state.kinds {
            kind.add_evidence(&mut found, time.now);
        }
        for kind in &state.kinds {
            let (_, open) = kind.judged(&Selection::default(), &time);
            state.history.explain(open.all().unwrap_or_default());
        }
        let not_seen: Vec<NotSeen> = not_seen.into_iter().map(not_seen::with_own_hint).collect();
        search_gaps::log_new(&last_not_seen, &not_seen, "causes are incomplete");
        state.set_causes_not_seen(not_seen.clone());
        last_not_seen = not_seen;
        last = Some(LastSearch {
            at: Instant::now(),
            open,
            written,
        });
    }
}
