//! Owns the review of verdicts that time alone changes. Must not know how objects are judged.

use crate::state::AgentState;
use std::sync::Arc;
use std::time::Duration;

/// Pause between two reviews of the objects whose verdict can change with time alone.
const EVERY: Duration = Duration::from_secs(10);

/// Reviews every kind after each pause. Does not end.
pub async fn run(state: Arc<AgentState>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let time = state.answer_time();
        for objects in &state.kinds {
            state.note_transitions(&objects.review(&time));
        }
        state.transitions.write_suppressed();
    }
}
