//! Owns when the history looks at the watches. Must not know what it keeps.

use crate::state::AgentState;
use std::sync::Arc;
use std::time::Duration;

/// Looks at the clock and at the watches after each pause. Does not end.
pub async fn run(state: Arc<AgentState>, pause: Duration) {
    loop {
        tokio::time::sleep(pause).await;
        state.history.observe(state.event_time(), &state.kinds);
    }
}
