//! When related objects are read: objects of other kinds that verdicts of some kinds need.

use super::state::FollowState;
use crate::check::RelatedObjects;
use crate::live::KindObjects;
use crate::report::NotSeen;
use crate::run::gather::related::{self, Listing};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// How often it is looked whether anything has to be read.
const TICK: Duration = Duration::from_millis(250);

/// Reads the related objects that verdicts about these objects need: at once if they need some, then after each pause. Does
/// not end.
pub(super) async fn run(state: Arc<FollowState>, objects: Arc<dyn KindObjects>) {
    let listing = Listing {
        page_size: state.request.page_size,
        across: true,
    };
    let mut idle = false;
    loop {
        sleep(TICK).await;
        if !objects.is_tried() || state.away().is_some() {
            continue;
        }
        let began = state.event_time();
        let next = Instant::now() + state.pace.related;
        if objects.related_needs(&RelatedObjects::default()).is_empty() {
            objects.update_related(None, &state.answer_time());
            if !std::mem::replace(&mut idle, true) {
                state.changed.notify_one();
            }
            continue;
        }
        idle = false;
        let (known, not_seen) =
            related::read(&state.client, listing, |known| objects.related_needs(known)).await;
        let plural = objects.kind().plural();
        let for_kind = |entry| NotSeen {
            needed_by: Some(plural.to_owned()),
            ..entry
        };
        let not_seen = not_seen.into_iter().map(for_kind).collect();
        objects.update_related(Some(((known, not_seen), began)), &state.answer_time());
        state.changed.notify_one();
        sleep_until(next).await;
    }
}
