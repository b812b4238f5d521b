//! Owns what the verdicts of some kinds need of other kinds: when it is brought, and what is told where it does not come.
//! Must not know how evidence is judged, nor how an answer is written.
//!
//! It runs beside the answers, which take what was brought last and never wait for it.

use crate::cache::{self, Objects};
use crate::history::not_seen as log;
use crate::rights;
use crate::state::AgentState;
use sre_shared::check::RelatedObjects;
use sre_shared::report::NotSeen;
use sre_shared::run::related::{self, Listing};
use sre_shared::run::{Kind, PAGE_SIZE};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, timeout};

/// How often it is looked whether there is anything to bring.
const TICK: Duration = Duration::from_secs(1);

/// Brings what the verdicts about these objects need, as long as it is let: at once where something is wanted for the
/// first time, else again after `every`. What takes longer than `at_most` would be too old once it is there.
pub async fn run(state: Arc<AgentState>, objects: Arc<dyn Objects>, every: Duration, at_most: Duration) {
    let kind = objects.kind();
    let listing = Listing {
        page_size: PAGE_SIZE,
        across: state.watches_all() || !kind.is_namespaced(),
    };
    let mut missed: Vec<NotSeen> = Vec::new();
    let (mut last, mut idle) = (None::<Instant>, false);
    let mut ticks = tokio::time::interval(TICK.min(every));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if last.is_some_and(|last| last.elapsed() < every) || !objects.is_tried() {
            continue;
        }
        let began = state.moment();
        // One that is away has more to do than this; what is known stays until it is too old.
        if began.silent.is_some() {
            continue;
        }
        if objects.wants(&RelatedObjects::default()).is_empty() {
            if !std::mem::replace(&mut idle, true) {
                tell(&state, &*objects, None);
            }
            continue;
        }
        idle = false;
        last = Some(Instant::now());
        let client = state.client.current();
        let brought = related::bring(&client, listing, |known| objects.wants(known));
        let Ok((known, not_seen)) = timeout(at_most, brought).await else {
            tracing::warn!(
                kind = kind.plural(),
                "what else it is judged by does not come in time"
            );
            continue;
        };
        let not_seen: Vec<NotSeen> = not_seen.into_iter().map(|entry| told(kind, entry)).collect();
        log::log_new(&missed, &not_seen, "verdicts lack what they need");
        missed.clone_from(&not_seen);
        tell(&state, &*objects, Some(((known, not_seen), began)));
    }
}

fn tell(state: &AgentState, objects: &dyn Objects, brought: Option<(cache::Brought, cache::Moment)>) {
    for change in objects.accompany(brought, &state.moment()) {
        state.changes.tell(&change);
    }
}

/// The same for the agent, whose own rights count and which cannot be narrowed.
fn told(kind: Kind, entry: NotSeen) -> NotSeen {
    let granted = entry.missing.as_deref().map(rights::of_companion);
    NotSeen {
        needed_by: Some(kind.plural().to_owned()),
        hint: granted.or(entry.hint),
        ..entry
    }
}
