//! Owns how the agent runs: what the command line sets, and the times that only tests set.
//! Must not know how the settings are read.

use crate::address::Address;
use sre_shared::cluster::{self, LeaseName};
use sre_shared::kind::Kind;
use sre_shared::report::Namespaces;
use sre_shared::run::{ChangeSources, Clock};
use std::path::PathBuf;
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
    /// Which sources of changes a search for causes reads.
    pub changes: ChangeSources,
    /// Data counts as unknown after this much silence.
    pub stale_after: Duration,
    /// The longest that one request to the API server may take.
    pub request_timeout: Duration,
    /// Whether every path but the probes' needs a token.
    pub authenticate: bool,
    /// The certificate to serve with; `None` for plain HTTP.
    pub tls: Option<TlsFiles>,
    /// The page for browsers; `None` if it is off.
    pub page: Option<PageSettings>,
    /// Connections at the same time; a further one takes the place of the one that has waited longest for its client.
    pub max_connections: usize,
    /// How long requests are still accepted after Kubernetes asked to stop.
    pub shutdown_delay: Duration,
    /// Name of the pod this runs in.
    pub pod: Option<String>,
    /// This machine's clock, which counts until the API server has sent its time.
    pub clock: Clock,
    /// The directory in which the history outlives a restart; `None` to keep it in memory alone.
    pub history_directory: Option<PathBuf>,
    /// The availability of the API server that is aimed at, in percent; below 100.
    pub slo: f64,
    /// A Lease that is written to regularly, to see whether the API server stores writes.
    pub write_canary: Option<LeaseName>,
    /// How long the answers about tokens count.
    pub review: ReviewPace,
    /// Times that have no flag.
    pub pace: Pace,
}

impl Settings {
    /// The namespaces that are watched.
    pub fn watched_namespaces(&self) -> Namespaces {
        if self.namespaces.is_empty() {
            Namespaces::default()
        } else {
            Namespaces::These(self.namespaces.clone())
        }
    }
}

/// How the page for browsers is shown, and to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageSettings {
    /// The name of the cluster; `None` for the context or the address of the API server.
    pub title: Option<String>,
    /// Names of hosts besides `localhost` by which connections to the loopback address may ask.
    pub hosts: Vec<String>,
}

/// The files of the server's certificate, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, with its chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Times that have no flag; tests set shorter ones.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long the result of an API server check is used again, and an answer for the same question.
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
    /// Pause between two looks of the history at the watches.
    pub watching: Duration,
    /// Pause between two times at which the record of the API server is saved.
    pub save_record: Duration,
    /// How long the agent waits for its first lists before it is ready without them.
    pub patience: Duration,
    /// How long a client may take to send the head of a request; also how long a connection may be idle.
    pub header: Duration,
    /// How long a write may wait for a client that takes nothing of its answer.
    pub write_timeout: Duration,
    /// Pause between two readings of the server's certificate.
    pub certificate: Duration,
    /// How long connections may last after the first request to stop.
    pub drain: Duration,
    /// How streams of changes behave.
    pub streams: StreamPace,
}

/// How streams of changes behave.
#[derive(Debug, Clone, Copy)]
pub struct StreamPace {
    /// How long further changes are awaited after the first, so that one event has all of them.
    pub coalesce: Duration,
    /// The least time between two events.
    pub pause: Duration,
    /// How often verdicts are judged again that time alone can change.
    pub tick: Duration,
    /// How often there is an event although nothing changed, since sentences have ages.
    pub refresh: Duration,
    /// The longest silence: then a comment is sent. Balancers close idle connections, often after 60 s.
    pub comment: Duration,
    /// How often the token of a stream is reviewed.
    pub review: Duration,
    /// How long changes are kept for clients that come back, after the last one has left.
    pub linger: Duration,
}

impl Default for StreamPace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            coalesce: Duration::from_millis(50),
            pause: Duration::from_millis(800),
            tick: seconds(1),
            refresh: seconds(30),
            comment: seconds(15),
            review: seconds(15),
            linger: seconds(30),
        }
    }
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
            watching: seconds(5),
            save_record: seconds(60),
            patience: seconds(2),
            header: seconds(10),
            write_timeout: seconds(30),
            certificate: seconds(10),
            drain: seconds(10),
            streams: StreamPace::default(),
        }
    }
}

/// How long the API server's answers about tokens count.
#[derive(Debug, Clone, Copy)]
pub struct ReviewPace {
    /// A token or a path that was accepted is not reviewed again for this long. So long a token that was revoked stays good.
    pub fresh: Duration,
    /// A token or a path that was refused is not reviewed again for this long.
    pub refused: Duration,
    /// What was accepted stays so for this long if the API server gives no answer.
    pub kept: Duration,
    /// The longest that a request may wait for reviews.
    pub limit: Duration,
    /// Minimum pause between two reviews of one token if the first had no answer.
    pub retry: Duration,
    /// How long a token that was refused keeps its place among the reviews under way.
    pub refused_pause: Duration,
}

impl ReviewPace {
    /// How long an answer is fresh.
    pub fn lifetime(&self, accepted: bool) -> Duration {
        if accepted { self.fresh } else { self.refused }
    }
}

impl Default for ReviewPace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            fresh: seconds(60),
            refused: seconds(10),
            kept: Duration::from_mins(10),
            limit: seconds(5),
            retry: seconds(5),
            refused_pause: Duration::from_millis(100),
        }
    }
}
