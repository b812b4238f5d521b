//! Owns connections: how many, how long each may be silent, and their end. Must not know what is asked.

use crate::app::App;
use crate::routes;
use crate::stall::Stall;
use crate::{Pace, Settings};
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

/// Room for the head of a request: proxied ones carry the whole address again in X-Forwarded-Uri.
const HEAD: usize = 16 << 10;
/// After an error that does not end by itself, such as too many open files, accepting again at once would spin.
const PAUSE: Duration = Duration::from_millis(100);

/// Tells to stop: the first message gracefully, the second one at once.
pub type Stop = mpsc::Receiver<()>;

/// Serves until told to stop.
pub async fn serve(listener: TcpListener, app: Arc<App>, settings: &Settings, mut stop: Stop) {
    let pace = settings.pace;
    let room = Arc::new(Semaphore::new(settings.max_connections));
    let graceful = GracefulShutdown::new();
    loop {
        // Before accepting: whoever has to wait does so in the kernel's queue and costs nothing here.
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            _ = stop.recv() => break,
        };
        match accepted {
            Ok((stream, permit)) => connect(stream, permit, &app, pace, &graceful),
            Err(error) => {
                tracing::debug!(%error, "a connection was not accepted");
                if !is_of_the_connection(&error) {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
    drop(listener);
    let open = settings.max_connections - room.available_permits();
    tracing::info!(connections = open, "stopping");
    tokio::select! {
        () = graceful.shutdown() => tracing::info!("stopped"),
        () = tokio::time::sleep(pace.drain) => {
            let left = settings.max_connections - room.available_permits();
            tracing::warn!(connections = left, "stopped before every connection was done");
        }
        _ = stop.recv() => tracing::warn!("stopped at once"),
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

/// The other side gave up before it was its turn.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

fn connect(
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
    app: &Arc<App>,
    pace: Pace,
    graceful: &GracefulShutdown,
) {
    // An answer is one write; waiting for more of it would only delay it.
    let _ = stream.set_nodelay(true);
    let app = Arc::clone(app);
    let service = service_fn(move |request| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Infallible>(routes::answer(&app, &request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(pace.header)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(Stall::new(stream, pace.stall)), service);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended");
        }
        drop(permit);
    });
}
