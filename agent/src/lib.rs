//! The agent: watches a cluster, and answers over HTTP whether it is healthy.
//!
//! The flow: the tasks of `watch` bring events of the API server into the caches of `state`, `apiserver` checks the API
//! server itself, and the handlers of `http` make answers of both. `sre_shared` defines what healthy means.

pub mod address;
mod apiserver;
pub mod args;
mod authentication;
mod change_signal;
mod client;
mod descriptors;
mod history;
mod http;
pub mod log;
mod metric_page;
mod metrics;
mod not_seen;
mod object_metrics;
mod page;
mod probe;
mod process_metrics;
mod record_metrics;
mod requests;
mod rights;
mod settings;
mod state;
mod tasks;
mod watch;

pub use crate::http::server::{Signal, Stop};
pub use address::Address;
pub use settings::{Pace, PageSettings, ReviewPace, Settings, StreamPace, TlsFiles};

use crate::http::router::Scope;
use crate::http::server::{Listener, Server};
use address::ListenError;
use args::Command;
use client::SharedClient;
use history::transition_history::{TransitionHistory, WatchedScope};
use sre_shared::cluster::{Client, ServerTls};
use sre_shared::failure::{Class, Failure};
use state::AgentState;
use std::ffi::OsString;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use watch::kinds::SpawnWatches;

/// The exit code for input that is refused, as `EX_USAGE` of sysexits.
const USAGE: u8 = 64;

/// What to do if the certificate cannot be used.
const CERTIFICATE_HINT: &str = "check --tls-cert-file and --tls-private-key-file, which are PEM";

/// Why the agent did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The cluster's configuration cannot be used.
    #[error("{}; {}", .0.message, .0.hint())]
    Cluster(Failure),
    /// The certificate to serve with cannot be used.
    #[error("{}; {}", .0.message, CERTIFICATE_HINT)]
    Certificate(Failure),
    /// Nothing can listen at the address.
    #[error(transparent)]
    Listen(#[from] ListenError),
}

/// An agent that listens.
pub struct Agent {
    state: Arc<AgentState>,
    watches: Vec<SpawnWatches>,
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
        let tls = match &settings.tls {
            Some(files) => {
                let read = ServerTls::new(files.certificate.clone(), files.key.clone()).await;
                Some(Arc::new(read.map_err(StartError::Certificate)?))
            }
            None => None,
        };
        let listener = settings.address.listen("--address").await?;
        let metrics = match &settings.metrics_address {
            Some(address) => Some(address.listen("--metrics-address").await?),
            None => None,
        };
        let client = SharedClient::new(client, settings.cluster.clone(), settings.pace.rebuild);
        let (kinds, watches) = watch::kinds::prepare(&settings);
        let history = TransitionHistory::start(
            (settings.clock)(),
            settings.history_directory.clone(),
            WatchedScope {
                kinds: settings.kinds.clone(),
                namespaces: settings.watched_namespaces(),
            },
        );
        history.opened().await;
        let state = AgentState::new(&settings, client, tls, kinds, history);
        if let Some(store) = &state.record_store {
            store.read().await;
        }
        Ok(Self {
            state: Arc::new(state),
            watches,
            listener,
            metrics,
            settings,
        })
    }

    /// The address at which it listens.
    ///
    /// # Errors
    /// If the system cannot name a socket that listens, which does not happen.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The address at which it serves the metrics.
    ///
    /// # Errors
    /// As [`Agent::address`].
    pub fn metrics_address(&self) -> std::io::Result<SocketAddr> {
        self.metrics.as_ref().unwrap_or(&self.listener).local_addr()
    }

    /// Watches and answers until it is asked to stop, and then until every connection is done or time is up.
    pub async fn serve(self, stop: Stop) {
        let client = self.state.client.current();
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            address = self.address().map(|a| a.to_string()).unwrap_or_default(),
            metrics = self.metrics_address().map(|a| a.to_string()).unwrap_or_default(),
            configuration = client.config_source(),
            context = client.context(),
            server = client.server(),
            tls = self.settings.tls.is_some(),
            authenticate = self.settings.authenticate,
            namespaces = if self.settings.namespaces.is_empty() {
                "all".into()
            } else {
                self.settings.namespaces.join(",")
            },
            "started"
        );
        let tasks = tasks::spawn(&self.state, self.watches, &self.settings);
        let (main, metrics) = match self.metrics {
            None => (Listener::new(self.listener, Scope::All), None),
            Some(metrics) => (
                Listener::new(self.listener, Scope::Health),
                Some(Listener::new(metrics, Scope::Metrics)),
            ),
        };
        let settings = &self.settings;
        let watches = settings.kinds.len() * settings.namespaces.len().max(1);
        let connections = descriptors::connections(settings.max_connections, watches);
        let state = Arc::clone(&self.state);
        let server = Server::new(self.state, connections, &settings.pace);
        server.run(main, metrics, settings.shutdown_delay, stop).await;
        drop(tasks);
        if let Some(store) = &state.record_store {
            store.close().await;
        }
        state.history.close(state.event_time().time).await;
    }
}

/// The process: command line in, exit code out.
pub fn main(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let command = match args::read(words) {
        Ok(command) => command,
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
    // One thread: the process mostly waits, and each further thread would have an arena of memory of its own.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, 1),
    };
    let code = match command {
        Command::Serve(serve) => run_server(&runtime, *serve),
        Command::Probe(probe) => match runtime.block_on(probe.run(&mut std::io::stdout())) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => fail(&error, 1),
        },
    };
    // A name look-up or a credential plugin may still hang in a thread of its own.
    runtime.shutdown_background();
    code
}

fn run_server(runtime: &Runtime, serve: args::Serve) -> ExitCode {
    if let Err(error) = log::start(serve.log_format, serve.log_level) {
        return fail(&error, 1);
    }
    runtime.block_on(async {
        let mut stop = match signals() {
            Ok(stop) => stop,
            Err(error) => return fail(&error, 1),
        };
        // A file or a credential plugin that does not answer must not keep it from being stopped.
        let started = tokio::select! {
            started = Agent::start(serve.settings) => started,
            _ = stop.recv() => return ExitCode::SUCCESS,
        };
        match started {
            Ok(agent) => {
                agent.serve(stop).await;
                ExitCode::SUCCESS
            }
            Err(error) => {
                let refused = match &error {
                    StartError::Cluster(failure) => failure.class == Class::BadConfiguration,
                    StartError::Certificate(_) => true,
                    StartError::Listen(_) => false,
                };
                fail(&error, if refused { USAGE } else { 1 })
            }
        }
    })
}

/// One line for the person who starts the process. It bypasses the log, which may be set to be silent.
fn fail(error: &dyn std::error::Error, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "sre-agent: {error}");
    ExitCode::from(code)
}

/// SIGTERM and SIGINT: the first one stops gracefully, the second one at once.
fn signals() -> std::io::Result<Stop> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (sender, stop) = tokio::sync::mpsc::channel(2);
    tokio::spawn(async move {
        loop {
            let (name, signal) = tokio::select! {
                _ = terminate.recv() => ("SIGTERM", Signal::Terminate),
                _ = interrupt.recv() => ("SIGINT", Signal::Interrupt),
            };
            tracing::info!(signal = name, "asked to stop");
            if sender.send(signal).await.is_err() {
                return;
            }
        }
    });
    Ok(stop)
}
