//! Owns the review of what time alone changes. Must not know how objects are judged.

use crate::state::AgentState;
use std::sync::Arc;
use std::time::Duration;

/// How often objects whose verdict time can change are judged again.
const EVERY: Duration = Duration::from_secs(10);

/// Reviews every kind again and again. Does not end.
pub async fn run(state: Arc<AgentState>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let moment = state.moment();
        for objects in &state.kinds {
            objects
                .review(&moment)
                .iter()
                .for_each(|change| state.changes.tell(change));
        }
        state.changes.settle();
    }
}
