//! When the API server is checked, if the request is about it.

use super::state::FollowState;
use crate::run::apiserver;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often it is looked whether the API server came back.
const TICK: Duration = Duration::from_millis(250);

/// Checks the API server after each pause, and at once when it comes back. Does not end.
pub(super) async fn run(state: Arc<FollowState>) {
    loop {
        let check = if state.request.kinds.is_empty() && state.request.custom.is_empty() {
            let namespace = state.request.namespace.as_deref();
            let namespace = namespace.unwrap_or(state.client.default_namespace());
            apiserver::check_path(&state.client, namespace, state.clock).await
        } else {
            apiserver::check(&state.client, state.clock).await
        };
        state.status().api_server = Some(check);
        state.changed.notify_one();
        let next = Instant::now() + state.pace.api_server;
        let was_away = state.away().is_some();
        while Instant::now() < next && (!was_away || state.away().is_some()) {
            sleep(TICK.min(state.pace.api_server)).await;
        }
    }
}
