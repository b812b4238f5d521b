//! Owns how the agent runs: what the command line sets, and the times that only tests set.
//! Must not know how the settings are read.

use crate::address::Address;
use sre_shared::cluster;
use sre_shared::run::{Clock, Kind};
use std::time::Duration;

/// How to run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How to reach the cluster.
    pub cluster: cluster::Settings,
    /// Where to listen.
    pub address: Address,
    /// Where to serve the metrics, where not at the same address.
    pub metrics_address: Option<Address>,
    /// Kinds to watch.
    pub kinds: Vec<Kind>,
    /// Namespaces to watch; empty for all.
    pub namespaces: Vec<String>,
    /// Whether causes are looked for.
    pub causes: bool,
    /// After how long a silence data is called unknown.
    pub stale_after: Duration,
    /// The longest that one request to the API server may take.
    pub request_timeout: Duration,
    /// Connections served at the same time.
    pub max_connections: usize,
    /// How long requests are still accepted after Kubernetes asked to stop.
    pub shutdown_delay: Duration,
    /// Name of the pod this runs in.
    pub pod: Option<String>,
    /// This machine's clock, asked where the API server has not told the time yet.
    pub clock: Clock,
    /// Times that nobody has to set.
    pub pace: Pace,
}

/// Times that nobody has to set, and tests set shorter.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long an answer of the API server check is handed out again.
    pub remember: Duration,
    /// How often the API server is checked though nobody asks.
    pub probe_every: Duration,
    /// How often the path to the API server is walked from its first step, where all is well.
    pub walk_every: Duration,
    /// The longest that one check may take, where one request may not take less. The plugin gives an agent 10 s, in
    /// which that the API server hangs has to be told.
    pub check: Duration,
    /// How soon the cluster's configuration may be read again after it was.
    pub rebuild: Duration,
    /// How soon causes may be looked for again after they were, where something new is open; and how often what a
    /// verdict needs of other kinds is brought.
    pub look_every: Duration,
    /// How old causes may become while something is open.
    pub look_again: Duration,
    /// From what age on data is called stale.
    pub stale: Duration,
    /// How long the first list may take before this is called ready without it.
    pub patience: Duration,
    /// How long a client may take to send the head of its request; also how long a connection may idle.
    pub header: Duration,
    /// How long a client may take nothing of its answer.
    pub stall: Duration,
    /// How long connections may go on after the first request to stop.
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
            look_every: seconds(15),
            look_again: seconds(60),
            // The API server sends a bookmark about once a minute.
            stale: seconds(90),
            patience: seconds(2),
            header: seconds(10),
            stall: seconds(30),
            drain: seconds(10),
        }
    }
}
