//! The requests of each check.

use super::limit::in_time;
use crate::apiserver::leases::{CONTROLLER_MANAGER, SCHEDULER};
use crate::apiserver::{HealthAnswers, is_answered};
use crate::cluster::{self, Client};
use crate::run::clock::Clock;
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;

/// An API server that is well answers `/readyz` within this time, unless it is far away.
const QUICK_READYZ: Duration = Duration::from_millis(50);

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
        is_version_former: false,
        readyz,
        livez,
        leases: manager.into_iter().chain(scheduler).collect(),
        write: None,
        server_time: client.server_time(),
        local_time: clock(),
    }
}

/// Asks only `/readyz`. If it is well, the other answers are those of `former`, which must be well too, and too new for a
/// Lease to have lost its holder since; so is the latency. If it is not, or takes long, `/version` is asked too: an API
/// server that waits for its etcd still answers it.
pub async fn ask_again(client: &Client, former: &HealthAnswers, clock: Clock) -> HealthAnswers {
    let until = client.connect_deadline();
    let mut readyz = pin!(cluster::readyz(client));
    let quick = timeout(QUICK_READYZ, readyz.as_mut()).await;
    if let Ok(Ok((200, text))) = quick {
        return HealthAnswers {
            is_version_former: true,
            readyz: Ok((200, text)),
            write: None,
            server_time: client.server_time(),
            local_time: clock(),
            ..former.clone()
        };
    }
    let health = async {
        let readyz = match quick {
            Ok(readyz) => readyz,
            Err(_) => readyz.await,
        };
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
        is_version_former: false,
        readyz,
        livez,
        leases,
        write: None,
        server_time: client.server_time(),
        local_time: clock(),
    }
}
