//! Owns connections: how many there are, how long each may be silent, and when they end. Must not know the requests.

use crate::http::router::{self, Scope};
use crate::http::write_timeout::WriteTimeout;
use crate::settings::{Pace, Settings};
use crate::state::AgentState;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Bytes for the head of a request. A proxied request carries the whole address again in X-Forwarded-Uri.
const HEAD: usize = 16 << 10;
/// After an error that does not end by itself, such as too many open files, accepting again at once would spin.
const PAUSE: Duration = Duration::from_millis(100);

/// A request to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: Kubernetes asks, while clients may still send requests here.
    Terminate,
    /// SIGINT: a person asks, and waits for the end.
    Interrupt,
}

/// Requests to stop: after the first one the server stops gracefully, after the second one at once.
pub type Stop = mpsc::Receiver<Signal>;

/// A listening socket, and the paths that it answers.
pub struct Listener {
    socket: TcpListener,
    scope: Scope,
    room: Arc<Semaphore>,
}

impl Listener {
    /// A listener with at most `max_connections` at the same time.
    pub fn new(socket: TcpListener, scope: Scope, max_connections: usize) -> Self {
        Self {
            socket,
            scope,
            room: Arc::new(Semaphore::new(max_connections)),
        }
    }

    /// Accepts connections and serves them. Does not end.
    async fn accept_all(&self, state: &Arc<AgentState>, pace: Pace, graceful: &GracefulShutdown) {
        loop {
            // The permit comes before the connection: clients wait in the kernel's queue and cost nothing here.
            match accept(&self.socket, &self.room).await {
                Ok((stream, permit)) => connect(stream, permit, state, self.scope, pace, graceful),
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    if !is_of_the_connection(&error) {
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        }
    }
}

/// Serves until it is asked to stop.
pub async fn serve(
    main: Listener,
    metrics: Option<Listener>,
    state: Arc<AgentState>,
    settings: &Settings,
    mut stop: Stop,
) {
    let pace = settings.pace;
    let graceful = GracefulShutdown::new();
    let at_once = {
        let accept_metrics = async {
            match &metrics {
                Some(listener) => listener.accept_all(&state, pace, &graceful).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = main.accept_all(&state, pace, &graceful) => false,
            () = accept_metrics => false,
            at_once = wait_for_stop(&mut stop, &state, settings.shutdown_delay) => at_once,
        }
    };
    let rooms = [Some(main.room), metrics.map(|listener| listener.room)];
    drop(main.socket);
    let connections = || {
        let rooms = rooms.iter().flatten();
        rooms
            .map(|room| settings.max_connections - room.available_permits())
            .sum::<usize>()
    };
    if at_once {
        tracing::warn!(connections = connections(), "stopped at once");
        return;
    }
    tracing::info!(connections = connections(), "stopping");
    tokio::select! {
        () = graceful.shutdown() => tracing::info!("stopped"),
        () = tokio::time::sleep(pace.drain) => {
            tracing::warn!(connections = connections(), "stopped before every connection was done");
        }
        _ = stop.recv() => tracing::warn!("stopped at once"),
    }
}

/// Waits until the server must accept no more connections. Returns true if it must also end at once.
///
/// A deleted pod gets its signal before every node and proxy has taken it out of the Service. During the delay their
/// requests are still answered, and `/readyz` reports that this pod is stopping.
async fn wait_for_stop(stop: &mut Stop, state: &AgentState, delay: Duration) -> bool {
    let signal = stop.recv().await;
    state.stop();
    if signal != Some(Signal::Terminate) || delay.is_zero() {
        return false;
    }
    tracing::info!(
        seconds = delay.as_secs_f64(),
        "not ready any more, and still answering"
    );
    tokio::select! {
        () = tokio::time::sleep(delay) => false,
        _ = stop.recv() => true,
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
}

/// Whether the client gave up before its connection was accepted.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

fn connect(
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
    state: &Arc<AgentState>,
    scope: Scope,
    pace: Pace,
    graceful: &GracefulShutdown,
) {
    // An answer is one write, so Nagle's algorithm would only delay it.
    let _ = stream.set_nodelay(true);
    let state = Arc::clone(state);
    let service = service_fn(move |request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(router::answer(&state, scope, &request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(pace.header)
        .max_buf_size(HEAD)
        .serve_connection(
            TokioIo::new(WriteTimeout::new(stream, pace.write_timeout)),
            service,
        );
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended");
        }
        drop(permit);
    });
}
