//! The requests of each check.

use super::limit::in_time;
use crate::apiserver::leases::{CONTROLLER_MANAGER, SCHEDULER};
use crate::apiserver::{HealthAnswers, is_answered};
use crate::cluster::{self, Client};
use crate::run::clock::Clock;

/// Asks the API server whether it is healthy. `/livez` is optional: it needs one more request.
pub async fn ask(client: &Client, with_livez: bool, clock: Clock) -> HealthAnswers {
    let until = client.connect_deadline();
    // Two connections in parallel. If the first request on one fails, its other requests are skipped.
    let first = async {
        let readyz = cluster::readyz(client).await;
        if readyz.is_err() {
            return (readyz, None, None);
        }
        let lease = in_time(until, cluster::lease(client, SCHEDULER)).await;
        let livez = if with_livez {
            Some(in_time(until, cluster::livez(client)).await)
        } else {
            None
        };
        (readyz, Some((SCHEDULER, lease)), livez)
    };
    let second = async {
        let (version, latency) = cluster::version(client).await;
        let lease = if is_answered(&version) {
            let lease = in_time(until, cluster::lease(client, CONTROLLER_MANAGER)).await;
            Some((CONTROLLER_MANAGER, lease))
        } else {
            None
        };
        (version, latency, lease)
    };
    // The one with more requests is sent first.
    let ((readyz, scheduler, livez), (version, latency, manager)) = tokio::join!(first, second);
    HealthAnswers {
        version,
        latency,
        readyz,
        livez,
        leases: manager.into_iter().chain(scheduler).collect(),
        server_time: client.server_time(),
        local_time: clock(),
    }
}
