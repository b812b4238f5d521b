//! Owns the serving thread: the listening socket, TLS, connections, and their end.
//! Must not know the answers.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use http_body::Body as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::route;
use super::state::SharedState;

/// Limit of a handshake and of a request's head, so that no connection outlives its client.
const HEAD: Duration = Duration::from_secs(30);

const BACKLOG: u32 = 1024;

/// Bytes of a request's body, as an API server limits it.
const LARGEST: usize = 3 << 20;

/// A command of the test to the serving thread. Each is answered when it is done.
#[derive(Debug)]
pub(crate) enum Command {
    /// Close the listener and every connection.
    Stop(SyncSender<()>),
    /// Listen again on the same port.
    Start(SyncSender<()>),
    /// Break every open connection.
    Drop(SyncSender<()>),
}

/// Reserves a port of the loopback for as long as the socket lives. The socket is bound and never listens, so connections
/// are refused without a listener, and no other process gets the port.
pub(crate) fn reserve() -> TcpSocket {
    bind(SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// Serves until the commands end.
pub(crate) async fn run(
    reserved: TcpSocket,
    listener: std::net::TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    shared: Arc<SharedState>,
    mut commands: UnboundedReceiver<Command>,
) {
    let address = reserved.local_addr().expect("a bound socket has an address");
    let mut listener = Some(TcpListener::from_std(listener).expect("the listener is non-blocking"));
    let tls = tls.map(TlsAcceptor::from);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                None => break,
                Some(Command::Stop(done)) => {
                    connections.shutdown().await;
                    listener = None;
                    // The test may have stopped waiting.
                    let _ = done.send(());
                }
                Some(Command::Start(done)) => {
                    listener.get_or_insert_with(|| listen(address));
                    let _ = done.send(());
                }
                Some(Command::Drop(done)) => {
                    connections.shutdown().await;
                    let _ = done.send(());
                }
            },
            (stream, peer) = accept(listener.as_ref()) => {
                connections.spawn(connection(stream, peer, tls.clone(), Arc::clone(&shared)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    connections.shutdown().await;
}

/// Binds with `SO_REUSEADDR`, so that sockets can share a port while at most one of them listens.
fn bind(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("an IPv4 socket can be made");
    socket.set_reuseaddr(true).expect("the option is known");
    socket.bind(address).expect("the loopback gives a port");
    socket
}

fn listen(address: SocketAddr) -> TcpListener {
    bind(address)
        .listen(BACKLOG)
        .expect("a reserved port can be listened on")
}

async fn accept(listener: Option<&TcpListener>) -> (TcpStream, SocketAddr) {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // After an error that lasts, such as too many open files, trying again at once would spin.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Counts a connection as open for as long as it lives.
struct OpenConnection(Arc<SharedState>);

impl OpenConnection {
    fn new(shared: &Arc<SharedState>) -> Self {
        shared.change(|state| {
            state.open_connections += 1;
            state.accepted_connections += 1;
        });
        Self(Arc::clone(shared))
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.change(|state| state.open_connections -= 1);
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>, shared: Arc<SharedState>) {
    let _counted = OpenConnection::new(&shared);
    // Without this the last piece of a slow answer waits for an acknowledgement.
    let _ = stream.set_nodelay(true);
    if shared.change(|state| state.faults.take_connection()) {
        ignore(stream).await;
        return;
    }
    match tls {
        None => serve(stream, peer, shared).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HEAD, acceptor.accept(stream)).await {
                serve(stream, peer, shared).await;
            }
        }
    }
}

/// Reads without an answer until the client goes away.
async fn ignore(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}

/// The whole body of a request, up to a bound.
async fn read(mut body: hyper::body::Incoming) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| std::pin::Pin::new(&mut body).poll_frame(cx)).await {
        let data = frame.map_err(std::io::Error::other)?.into_data();
        bytes.extend_from_slice(&data.unwrap_or_default());
        if bytes.len() > LARGEST {
            return Err(std::io::Error::other("the body is too large"));
        }
    }
    Ok(bytes)
}

fn serve<S>(stream: S, peer: SocketAddr, shared: Arc<SharedState>) -> impl Future<Output = ()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let shared = Arc::clone(&shared);
        async move {
            let (head, body) = request.into_parts();
            let body = if head.method == "POST" || head.method == "PATCH" {
                read(body).await?
            } else {
                Vec::new()
            };
            route::answer(shared, &head, &body, peer).await
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    async {
        // It fails if a fault breaks it.
        let _ = served.await;
    }
}
