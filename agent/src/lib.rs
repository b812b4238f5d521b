//! The agent: keeps what it watches of a cluster, and answers over HTTP whether the cluster is healthy.
//!
//! The flow: `watcher` brings events of the API server into `cache`, `probe` asks the API server itself, and
//! the handlers below `routes` make answers of both. What healthy means stands in `sre_shared`.

pub mod address;
mod answer;
mod app;
pub mod args;
mod cache;
mod causes;
mod changes;
mod command;
mod companions;
mod connection;
mod controllers;
pub mod duration;
mod handler;
pub mod log;
mod metrics;
mod outage;
mod probe;
mod query;
mod record;
mod requests;
mod rights;
mod routes;
mod server;
mod stall;
mod watcher;

pub use address::Address;
pub use server::{Signal, Stop};

use app::App;
use args::Wish;
use connection::Connection;
use routes::Scope;
use server::Door;
use sre_shared::cluster::{self, Client};
use sre_shared::failure::{Class, Failure};
use sre_shared::run::{Clock, Kind};
use std::ffi::OsString;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

/// The exit code for input that is refused, as `EX_USAGE` of sysexits.
const USAGE: u8 = 64;

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
    /// The longest that one check may take, unless a request may take less. The plugin waits 10 s for an agent; a
    /// hanging API server must be reported within that time.
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

/// Why the agent did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The cluster's configuration cannot be used.
    #[error("{}; {}", .0.message, .0.hint())]
    Cluster(Failure),
    /// Nothing can listen at the address.
    #[error(transparent)]
    Listen(#[from] address::ListenError),
}

/// An agent that listens.
pub struct Agent {
    app: Arc<App>,
    feeds: Vec<watcher::Feed>,
    listener: TcpListener,
    metrics: Option<TcpListener>,
    settings: Settings,
}

impl Agent {
    /// Reads the cluster's configuration and listens. The API server is not asked yet.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let client = Client::new(settings.cluster.clone(), None)
            .await
            .map_err(StartError::Cluster)?;
        let listener = settings.address.listen("--address").await?;
        let metrics = match &settings.metrics_address {
            Some(address) => Some(address.listen("--metrics-address").await?),
            None => None,
        };
        let connection = Connection::new(client, settings.cluster.clone(), settings.pace.rebuild);
        let (app, feeds) = App::new(&settings, connection);
        Ok(Self {
            app: Arc::new(app),
            feeds,
            listener,
            metrics,
            settings,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system's, which has none for a socket that listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where it serves the metrics.
    ///
    /// # Errors
    /// As [`Agent::address`].
    pub fn metrics_address(&self) -> std::io::Result<SocketAddr> {
        self.metrics.as_ref().unwrap_or(&self.listener).local_addr()
    }

    /// Watches and answers until it is told to stop, and then until every connection is done or time is up.
    pub async fn serve(self, stop: Stop) {
        let client = self.app.connection.client();
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            address = self.address().map(|a| a.to_string()).unwrap_or_default(),
            metrics = self.metrics_address().map(|a| a.to_string()).unwrap_or_default(),
            configuration = client.origin(),
            context = client.context(),
            server = client.server(),
            namespaces = if self.settings.namespaces.is_empty() {
                "all".into()
            } else {
                self.settings.namespaces.join(",")
            },
            "started"
        );
        let mut tasks = watcher::spawn(&self.app, self.feeds, &self.settings);
        tasks.spawn(Arc::clone(&self.app.probe).run(self.settings.pace.probe_every));
        if self.settings.causes {
            let pace = &self.settings.pace;
            tasks.spawn(causes::run(
                Arc::clone(&self.app),
                pace.look_every,
                pace.look_again,
            ));
        }
        for objects in &self.app.kinds {
            if objects.kind().companions().is_empty() {
                continue;
            }
            tasks.spawn(companions::run(
                Arc::clone(&self.app),
                Arc::clone(objects),
                self.settings.pace.look_every,
                self.settings.stale_after,
            ));
        }
        let door = |listener, scope| Door::new(listener, scope, self.settings.max_connections);
        let (main, metrics) = match self.metrics {
            None => (door(self.listener, Scope::All), None),
            Some(metrics) => (
                door(self.listener, Scope::Health),
                Some(door(metrics, Scope::Metrics)),
            ),
        };
        server::serve(main, metrics, self.app, &self.settings, stop).await;
    }
}

/// The process: command line in, exit code out.
pub fn main(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let wish = match args::read(words) {
        Ok(wish) => wish,
        Err(error) => {
            // Nothing can be done about a closed stderr.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    // One thread: what it does is waiting, and each further one would bring an arena of memory of its own.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, 1),
    };
    let code = match wish {
        Wish::Serve(wish) => serve(&runtime, *wish),
        Wish::Probe(probe) => match runtime.block_on(probe.run(&mut std::io::stdout())) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => fail(&error, 1),
        },
    };
    // A look-up of a name or a credential plugin may still hang in a thread of its own.
    runtime.shutdown_background();
    code
}

fn serve(runtime: &Runtime, wish: args::Serve) -> ExitCode {
    if let Err(error) = log::start(wish.log_format, wish.log_level) {
        return fail(&error, 1);
    }
    runtime.block_on(async {
        let mut stop = match signals() {
            Ok(stop) => stop,
            Err(error) => return fail(&error, 1),
        };
        // A file or a credential plugin that does not answer must not keep it from being stopped.
        let started = tokio::select! {
            started = Agent::start(wish.settings) => started,
            _ = stop.recv() => return ExitCode::SUCCESS,
        };
        match started {
            Ok(agent) => {
                agent.serve(stop).await;
                ExitCode::SUCCESS
            }
            Err(error) => {
                let refused = matches!(&error, StartError::Cluster(f) if f.class == Class::BadConfiguration);
                fail(&error, if refused { USAGE } else { 1 })
            }
        }
    })
}

/// One line for the person who starts the process. It goes past the log, which may be set to be silent.
fn fail(error: &dyn std::error::Error, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "sre-agent: {error}");
    ExitCode::from(code)
}

/// SIGTERM and SIGINT: the first one stops gracefully, the second one at once.
fn signals() -> std::io::Result<Stop> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (tell, stop) = tokio::sync::mpsc::channel(2);
    tokio::spawn(async move {
        loop {
            let (name, signal) = tokio::select! {
                _ = terminate.recv() => ("SIGTERM", Signal::Terminate),
                _ = interrupt.recv() => ("SIGINT", Signal::Interrupt),
            };
            tracing::info!(signal = name, "asked to stop");
            if tell.send(signal).await.is_err() {
                return;
            }
        }
    });
    Ok(stop)
}
