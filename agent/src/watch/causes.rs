//! Owns when causes of unhealthy objects are searched for.
//! Must not know how evidence is judged, nor how an answer is written.
//!
//! It runs beside the answers, which take what was found last and never wait for it.

use crate::history::not_seen;
use crate::state::AgentState;
use sre_shared::report::NotSeen;
use sre_shared::run::cause::{self, EvidenceSearch, SearchTarget};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked whether there is anything to look into.
const TICK: Duration = Duration::from_secs(1);

/// What was open when it was last looked.
struct Last {
    at: Instant,
    open: Vec<(String, Option<i64>)>,
}

/// Looks for causes as long as it is let: at once where something new is open, else again after `again`, and never
/// sooner than `every` after the last time.
pub async fn run(state: Arc<AgentState>, every: Duration, again: Duration) {
    let mut last: Option<Last> = None;
    let mut looked = None::<Instant>;
    let mut missed: Vec<NotSeen> = Vec::new();
    let mut ticks = tokio::time::interval(TICK.min(every));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Each look judges all that is open.
        if looked.is_some_and(|at| at.elapsed() < every) {
            continue;
        }
        let moment = state.moment();
        // One that is away has more to do than to explain; what is known stays.
        if moment.silent.is_some() {
            continue;
        }
        let subjects: Vec<SearchTarget> = state.kinds.iter().flat_map(|kind| kind.open(&moment)).collect();
        let open: Vec<_> = subjects.iter().map(SearchTarget::identity).collect();
        looked = (!open.is_empty()).then(Instant::now);
        let is_old = last
            .as_ref()
            .is_none_or(|last| last.open != open || last.at.elapsed() >= again);
        if !is_old {
            continue;
        }
        let client = state.client.current();
        let EvidenceSearch { known, not_seen } = cause::look(&client, subjects, moment.now).await;
        let mut found = known.split(open.iter().map(|(uid, _)| uid.as_str()));
        let mut found = open
            .iter()
            .filter_map(|(uid, generation)| Some((uid.clone(), (*generation, found.remove(uid)?))))
            .collect();
        for kind in &state.kinds {
            kind.learn(&mut found, moment.now);
        }
        not_seen::log_new(&missed, &not_seen, "causes cannot be told completely");
        state.set_causes_not_seen(not_seen.clone());
        missed = not_seen;
        last = Some(Last {
            at: Instant::now(),
            open,
        });
    }
}
