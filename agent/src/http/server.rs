//! Owns the way of a connection: accepted, served, ended; and the end of all of them. Must not know the requests.

use crate::http::answers::Answers;
use crate::http::changes::hub::ChangeHub;
use crate::http::client_stream::ClientStream;
use crate::http::connections::{Client, Connections};
use crate::http::host::{self, IsLoopback};
use crate::http::router::{self, Scope};
use crate::http::tls;
use crate::settings::Pace;
use crate::state::AgentState;
use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};

/// Bytes for the head of a request. A proxied request carries the whole address again in X-Forwarded-Uri.
const HEAD: usize = 16 << 10;
/// Bytes of the body of a POST, which are read and ignored.
const BODY: usize = 1 << 20;
/// After an error that does not end by itself, such as too many open files, accepting again at once would spin.
const PAUSE: Duration = Duration::from_millis(100);
/// How long the queue of a socket that is about to be closed is emptied. Clients that go on connecting would fill it for ever.
const EMPTYING: Duration = Duration::from_secs(1);
/// How long the kernel may take to report bytes that it has received already.
const SETTLING: Duration = Duration::from_millis(20);

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

/// What all connections share.
pub struct Server {
    state: Arc<AgentState>,
    answers: Arc<Answers>,
    changes: Arc<ChangeHub>,
    connections: Arc<Connections>,
    pace: Pace,
}

/// A listening socket, and the paths that it answers.
pub struct Listener {
    socket: TcpListener,
    scope: Scope,
}

impl Listener {
    /// A listener that answers those paths.
    pub fn new(socket: TcpListener, scope: Scope) -> Self {
        Self { socket, scope }
    }

    /// Accepts connections until it is to stop, and then those that are in the kernel's queue.
    async fn accept_all(self, server: &Server, mut stopped: watch::Receiver<bool>) {
        loop {
            // Only the wait for a connection is given up at the end, and none that is accepted.
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                _ = stopped.wait_for(|stopped| *stopped) => break,
            };
            match accepted {
                Ok((stream, _)) => server.take(stream, self.scope).await,
                Err(error) => refused(&error).await,
            }
        }
        if let Err(error) = self.accept_queued(server).await {
            tracing::debug!(%error, "connections in the queue were not accepted");
        }
    }

    /// Accepts what is in the kernel's queue, and closes the socket. Otherwise the kernel would reset those connections,
    /// though their requests may be here.
    async fn accept_queued(self, server: &Server) -> io::Result<()> {
        let socket = self.socket.into_std()?;
        let until = Instant::now() + EMPTYING;
        while Instant::now() < until {
            match socket.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(true)?;
                    server.take(TcpStream::from_std(stream)?, self.scope).await;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => refused(&error).await,
            }
        }
        Ok(())
    }
}

/// Waits after an error that would come again at once, unless the client gave up before its connection was accepted.
async fn refused(error: &io::Error) {
    tracing::debug!(%error, "a connection was not accepted");
    let is_of_the_connection = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    );
    if !is_of_the_connection {
        tokio::time::sleep(PAUSE).await;
    }
}

impl Server {
    /// A server with room for so many connections.
    pub fn new(state: Arc<AgentState>, max_connections: usize, pace: &Pace) -> Self {
        let connections = Connections::new(max_connections);
        Self {
            state,
            answers: Answers::new(Arc::clone(&connections), pace.remember),
            changes: ChangeHub::new(connections.limit()),
            connections,
            pace: *pace,
        }
    }

    /// Serves until it is asked to stop, and then until every connection is done or time is up.
    pub async fn run(
        self,
        main: Listener,
        metrics: Option<Listener>,
        shutdown_delay: Duration,
        mut stop: Stop,
    ) {
        let (stopper, stopped) = watch::channel(false);
        let accept_metrics = async {
            if let Some(listener) = metrics {
                listener.accept_all(&self, stopped.clone()).await;
            }
        };
        let wait = async {
            let at_once = wait_for_stop(&mut stop, &self.state, shutdown_delay).await;
            // An error means that no listener is left.
            let _ = stopper.send(true);
            at_once
        };
        let (at_once, ..) = tokio::join!(wait, main.accept_all(&self, stopped.clone()), accept_metrics);
        let connections = || self.connections.open();
        if at_once {
            tracing::warn!(connections = connections(), "stopped at once");
            return;
        }
        tracing::info!(connections = connections(), "stopping");
        let end = async {
            tokio::time::sleep(SETTLING).await;
            self.connections.drain();
            self.connections.all_done().await;
        };
        tokio::select! {
            () = end => tracing::info!("stopped"),
            () = tokio::time::sleep(self.pace.drain) => {
                tracing::warn!(connections = connections(), "stopped before every connection was done");
            }
            _ = stop.recv() => tracing::warn!("stopped at once"),
        }
    }

    /// Serves a connection in a task of its own, as soon as there is a place for it.
    async fn take(&self, stream: TcpStream, scope: Scope) {
        let client = Arc::new(self.connections.place().await);
        // An answer is one write, so Nagle's algorithm would only delay it.
        let _ = stream.set_nodelay(true);
        let (state, answers) = (Arc::clone(&self.state), Arc::clone(&self.answers));
        let changes = Arc::clone(&self.changes);
        let asking = Arc::clone(&client);
        let patience = self.pace.header;
        // Without an address it counts as one that has to be careful.
        let is_loopback = stream
            .local_addr()
            .map_or(true, |address| host::is_loopback(address.ip()));
        let service = service_fn(move |request| {
            let (state, answers, client) = (Arc::clone(&state), Arc::clone(&answers), Arc::clone(&asking));
            let changes = Arc::clone(&changes);
            async move {
                // Until its body is here the client is waited for, as for a head.
                let (mut request, body) = without_body(request, patience).await;
                request.extensions_mut().insert(IsLoopback(is_loopback));
                client.asked();
                let mut response = router::answer(&state, &answers, &changes, scope, &request).await;
                if !body.is_end_stream() && *request.method() == Method::POST {
                    response
                        .headers_mut()
                        .insert(CONNECTION, HeaderValue::from_static("close"));
                }
                if response.body().is_stream() {
                    client.streams();
                } else {
                    client.answered();
                }
                Ok::<_, Infallible>(response)
            }
        });
        let stream = tls::stream(stream, self.state.tls.as_ref());
        let stream = ClientStream::new(stream, Arc::clone(&client), self.pace.write_timeout);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.pace.header)
            .max_buf_size(HEAD)
            // Otherwise each connection would copy its answer.
            .writev(true)
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(keep(connection, client));
    }
}

/// The request without its body. That of a POST is read, up to a bound, and ignored: it could otherwise not be answered on a
/// connection that stays open.
async fn without_body(request: Request<Incoming>, patience: Duration) -> (Request<()>, Incoming) {
    let (head, mut body) = request.into_parts();
    if head.method == Method::POST {
        let read = async {
            let mut left = BODY;
            while let Some(Ok(frame)) = body.frame().await {
                let length = frame.data_ref().map_or(0, Bytes::len);
                let Some(less) = left.checked_sub(length) else {
                    return;
                };
                left = less;
            }
        };
        // A client that sends no more is answered all the same.
        let _ = timeout(patience, read).await;
    }
    (Request::from_parts(head, ()), body)
}

/// Keeps a connection until it ends or is given up.
async fn keep(connection: impl Future<Output = hyper::Result<()>>, client: Arc<Client>) {
    let mut connection = pin!(connection);
    loop {
        tokio::select! {
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended");
                }
                return;
            }
            // Otherwise it looks at its client's bytes once more.
            () = client.poked() => if client.is_given_up() && is_silent(connection.as_mut(), &client).await {
                return;
            },
        }
    }
}

/// Whether a client that is given up has sent no request so far. The system is asked once more.
async fn is_silent(
    mut connection: Pin<&mut impl Future<Output = hyper::Result<()>>>,
    client: &Client,
) -> bool {
    // Not before the system was asked.
    tokio::task::yield_now().await;
    let polled = poll_fn(|cx| Poll::Ready(connection.as_mut().poll(cx))).await;
    polled.is_ready() || client.is_given_up()
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
