//! Owns how the agent runs: what the command line sets, and the times that only tests set.
//! Must not know how the settings are read.

use crate::address::Address;
use sre_shared::cluster;
use sre_shared::kind::Kind;
use sre_shared::run::Clock;
use std::time::Duration;

/// How to run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How to reach the cluster.
    pub cluster: cluster::Settings,
    /// Where to listen.
    pub address: Address,
    /// Where to serve the metrics; `None` for the same address.
    pub metrics_address: Option<Address>,
    /// Kinds to watch.
    pub kinds: Vec<Kind>,
    /// Namespaces to watch; empty for all.
    pub namespaces: Vec<String>,
    /// Whether causes are looked for.
    pub causes: bool,
    /// Data counts as unknown after this much silence.
    pub stale_after: Duration,
    /// The longest that one request to the API server may take.
    pub request_timeout: Duration,
    /// Connections served at the same time.
    pub max_connections: usize,
    /// How long requests are still accepted after Kubernetes asked to stop.
    pub shutdown_delay: Duration,
    /// Name of the pod this runs in.
    pub pod: Option<String>,
    /// This machine's clock, which counts until the API server has sent its time.
    pub clock: Clock,
    /// Times that have no flag.
    pub pace: Pace,
}

/// Times that have no flag; tests set shorter ones.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long the result of an API server check is used again.
    pub remember: Duration,
    /// Pause between two checks of the API server without a request.
    pub probe_every: Duration,
    /// Pause between two walks along the whole path to the API server while all is well.
    pub walk_every: Duration,
    /// The longest that one check may take, unless one request may take less. The plugin waits 10 s for an agent; a hanging
    /// API server must be reported within that time.
    pub check: Duration,
    /// Minimum pause between two readings of the cluster's configuration.
    pub rebuild: Duration,
    /// Minimum pause between two searches for causes, and pause between two readings of related objects.
    pub search_pause: Duration,
    /// Maximum age of causes while something is open.
    pub causes_age: Duration,
    /// From what age on data counts as stale.
    pub stale: Duration,
    /// How long the agent waits for its first lists before it is ready without them.
    pub patience: Duration,
    /// How long a client may take to send the head of a request; also how long a connection may be idle.
    pub header: Duration,
    /// How long a write may wait for a client that takes nothing of its answer.
    pub write_timeout: Duration,
    /// How long connections may last after the first request to stop.
    pub drain: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            remember: seconds(1),
            probe_every: seconds(10),
            walk_every: seconds(60),
            check: seconds(8),
            rebuild: seconds(5),
            search_pause: seconds(15),
            causes_age: seconds(60),
            // The API server sends a bookmark about once a minute.
            stale: seconds(90),
            patience: seconds(2),
            header: seconds(10),
            write_timeout: seconds(30),
            drain: seconds(10),
        }
    }
}
