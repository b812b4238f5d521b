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

/// Asks only `/version` and `/readyz`, at the same time. The Leases are those of `former`, which must be too new for one of
/// them to have lost its holder since. So is the answer of `/livez`, unless `/readyz` is not well.
pub async fn ask_again(client: &Client, former: &HealthAnswers, clock: Clock) -> HealthAnswers {
    let until = client.connect_deadline();
    let health = async {
        let readyz = cluster::readyz(client).await;
        let livez = match &readyz {
            Ok((200, _)) => former.livez.clone(),
            Ok(_) => Some(in_time(until, cluster::livez(client)).await),
            Err(_) => None,
        };
        (readyz, livez)
    };
    let ((readyz, livez), (version, latency)) = tokio::join!(health, cluster::version(client));
    let leases = if is_answered(&version) {
        former.leases.clone()
    } else {
        Vec::new()
    };
    HealthAnswers {
        version,
        latency,
        readyz,
        livez,
        leases,
        server_time: client.server_time(),
        local_time: clock(),
    }
}
