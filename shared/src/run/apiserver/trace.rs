//! One fresh connection step by step, and the requests that only the ladder needs.

use super::limit::in_time;
use crate::apiserver::{AddressAnswers, PathTrace};
use crate::cluster::{self, Client, DialTrace};
use crate::failure::Class;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The most addresses of an API server that are asked one by one.
const ADDRESSES: usize = 8;

/// Traces the path: every step of one fresh connection, the identity of this client, its rights in that namespace, and
/// each address if there are several. Ends by `until`.
pub async fn trace(client: &Client, namespace: &str, until: Instant) -> PathTrace {
    let identified = async {
        let identity = in_time(until, cluster::whoami(client)).await;
        let unknown = matches!(
            &identity,
            Err(failure) if failure.class.is_unreached() || failure.class == Class::Unauthenticated
        );
        let rules = if unknown {
            None
        } else {
            Some(in_time(until, cluster::rules(client, namespace)).await)
        };
        (identity, rules)
    };
    let connected = async {
        let dial = client.dial_until(until).await;
        let addresses = tokio::time::timeout_at(until, ask_addresses(client, &dial)).await;
        (dial, addresses.unwrap_or_default())
    };
    let ((dial, addresses), (identity, rules)) = tokio::join!(connected, identified);
    PathTrace {
        dial,
        identity: Some(identity),
        rules: rules.map(|rules| (namespace.to_owned(), rules)),
        addresses,
    }
}

/// Reads the names of flow schemas and priority levels, for a ladder that shows them. Ends by `until`.
pub(super) async fn read_names(client: &Client, until: Instant) {
    // Without an answer the ladder has the UIDs.
    let _ = tokio::time::timeout_at(until, cluster::read_flow_names(client)).await;
}

/// Traces the connection alone.
pub(super) async fn dial(client: &Client, until: Instant) -> PathTrace {
    PathTrace {
        dial: client.dial_until(until).await,
        ..PathTrace::default()
    }
}

/// Asks each address that can be connected to, if the API server's name has several.
async fn ask_addresses(client: &Client, dial: &DialTrace) -> Vec<AddressAnswers> {
    if dial.tcp.len() < 2 || client.connection_info().proxy.url.is_some() {
        return Vec::new();
    }
    let mut asking = JoinSet::new();
    let open = dial.tcp.iter().filter(|(_, step)| step.result.is_ok());
    for (place, (address, _)) in open.take(ADDRESSES).enumerate() {
        let (address, client) = (*address, client.pinned(address.ip()));
        asking.spawn(async move {
            let started = Instant::now();
            let readyz = cluster::readyz(&client).await;
            let elapsed = started.elapsed();
            // On the connection that the first request opened.
            let (version, _) = cluster::version(&client).await;
            let answers = AddressAnswers {
                address,
                elapsed,
                version,
                readyz,
            };
            (place, answers)
        });
    }
    let mut answers = Vec::new();
    while let Some(joined) = asking.join_next().await {
        answers.extend(joined);
    }
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answers)| answers).collect()
}
