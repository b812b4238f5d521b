//! The user that the API server knows this client as.

use crate::cluster::{self, Client};
use crate::report::Identity;
use tokio::time::timeout_at;

/// Asks the API server who this client is, for commands that name the user; `None` if it does not say so in time.
pub(super) async fn identity(client: &Client) -> Option<Identity> {
    let asked = timeout_at(client.connect_deadline(), cluster::whoami(client)).await;
    let user = asked.ok()?.ok()?;
    Some(Identity {
        user: user.username,
        groups: user.groups,
    })
}
