//! One write, to see whether the API server stores it.

use super::limit::in_time;
use crate::apiserver::WriteAnswer;
use crate::cluster::{self, Client, LeaseName};
use crate::run::clock::Clock;
use tokio::time::Instant;

/// Writes the present time into that Lease, which has to be there. `turn` has to differ from that of the write before. Ends by
/// `until`.
pub async fn write(
    client: &Client,
    lease: &LeaseName,
    holder: Option<&str>,
    turn: u32,
    until: Instant,
    clock: Clock,
) -> WriteAnswer {
    let started = Instant::now();
    let now = client.server_time().unwrap_or_else(clock);
    let result = in_time(until, cluster::renew_lease(client, lease, holder, now, turn)).await;
    WriteAnswer {
        lease: lease.clone(),
        elapsed: started.elapsed(),
        result,
    }
}
