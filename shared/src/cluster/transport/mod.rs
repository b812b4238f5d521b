//! Owns the way of the bytes: resolving, TCP, the proxy and TLS, each a step of its own, so that what
//! [`Connector::dial`] says of the way is what requests meet. Must not know what is asked.

pub(super) mod address;
pub(super) mod proxy;
pub(super) mod tls;
pub(super) mod tls_error;
pub(super) mod verify;

use crate::cluster::RunLimit;
use crate::cluster::classify;
use crate::cluster::connection_info::{Dialed, Handshake, Step};
use crate::cluster::transport::address::Address;
use crate::cluster::transport::proxy::{Hop, Kind};
use crate::cluster::transport::tls::{Tls, Trust};
use crate::failure::{self, Class, Failure};
use base64::Engine as _;
use http::HeaderValue;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ProtocolVersion};
use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// After so long the next address is tried beside the one that is silent, as Go does (`net.Dialer.FallbackDelay`).
const NEXT_ADDRESS: Duration = Duration::from_millis(300);

/// A proxy's head of an answer is a few hundred bytes.
const PROXY_HEAD: usize = 16 << 10;

/// Bytes in both directions.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

type Pipe = Box<dyn Io>;

/// Opens connections to one API server.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Inner>, Option<IpAddr>);

struct Inner {
    host: String,
    port: u16,
    tls: Option<Side>,
    proxy: Option<Hop>,
    /// TLS to the proxy itself.
    proxy_tls: Option<Side>,
    limit: Duration,
    /// Connections that stood.
    opened: AtomicUsize,
}

/// TLS with one peer.
struct Side {
    tls: Arc<Tls>,
    name: ServerName<'static>,
}

impl Connector {
    /// # Errors
    /// Class `badConfiguration`, where no certificate can be for such a name.
    pub fn new(
        address: &Address,
        tls: Option<Arc<Tls>>,
        tls_server_name: Option<&str>,
        proxy: Option<Hop>,
        limit: Duration,
    ) -> Result<Self, Failure> {
        // As in Go, `tls-server-name` and the authorities count for the proxy's certificate too.
        let side = |tls: Arc<Tls>, host: &str| {
            Ok(Side {
                tls,
                name: name(tls_server_name.unwrap_or(host))?,
            })
        };
        let proxy_tls = match &proxy {
            Some(hop) if hop.kind == (Kind::Http { tls: true }) => {
                let tls = match &tls {
                    Some(tls) => Arc::clone(tls),
                    None => Arc::new(Tls::new(Trust::System, None, Instant::now())?),
                };
                Some(side(tls, &hop.address.host)?)
            }
            _ => None,
        };
        Ok(Self(
            Arc::new(Inner {
                host: address.host.clone(),
                port: address.port().unwrap_or(443),
                tls: tls.map(|tls| side(tls, &address.host)).transpose()?,
                proxy,
                proxy_tls,
                limit,
                opened: AtomicUsize::new(0),
            }),
            None,
        ))
    }

    /// The same with connections to this address alone.
    pub fn pinned(&self, to: IpAddr) -> Self {
        Self(Arc::clone(&self.0), Some(to))
    }

    /// How many connections stood so far.
    pub fn opened(&self) -> usize {
        self.0.opened.load(Ordering::Relaxed)
    }

    /// Whether requests are written for a proxy that forwards them one by one.
    pub fn is_forwarded(&self) -> bool {
        self.0.is_forwarded()
    }

    /// What such a proxy wants to be told with each request.
    pub fn forwarding_authorization(&self) -> Option<HeaderValue> {
        let hop = self.0.proxy.as_ref().filter(|_| self.is_forwarded())?;
        let mut value = HeaderValue::from_str(&basic(hop)?).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// One fresh connection step by step, as far as it comes, each step within the limit and all before `until`.
    pub async fn dial(&self, until: Option<(Instant, Option<RunLimit>)>) -> Dialed {
        let inner = &self.0;
        let mut dialed = Dialed::default();
        let (host, port) = inner.first();
        let resolved = inner
            .step(
                until,
                Class::Dns,
                "the name was not resolved",
                resolve(host, port),
            )
            .await;
        let addresses = resolved.result.clone().unwrap_or_default();
        dialed.resolved = Some(Step {
            elapsed: resolved.elapsed,
            result: resolved
                .result
                .map(|found| found.iter().map(SocketAddr::ip).collect())
                .map_err(|failure| inner.of_hop(failure)),
        });
        let mut tries = JoinSet::new();
        for (index, address) in addresses.into_iter().enumerate() {
            let inner = Arc::clone(inner);
            tries.spawn(async move {
                let step = inner
                    .step(until, Class::Timeout, "no connection", tcp(address))
                    .await;
                (index, address, step)
            });
        }
        let mut tried = Vec::new();
        while let Some(joined) = tries.join_next().await {
            tried.extend(joined);
        }
        tried.sort_by_key(|(index, ..)| *index);
        let mut stream = None;
        for (_, address, step) in tried {
            let result = match step.result {
                Ok(connected) => {
                    stream.get_or_insert(connected);
                    Ok(())
                }
                Err(failure) => Err(Failure {
                    endpoint: address.to_string(),
                    ..inner.of_hop(failure)
                }),
            };
            let elapsed = step.elapsed;
            dialed.tcp.push((address, Step { elapsed, result }));
        }
        let Some(stream) = stream else { return dialed };
        let pipe: Pipe = match &inner.proxy {
            None => Box::new(stream),
            Some(hop) => {
                let asked = inner.through(hop, stream);
                let step = inner
                    .step(until, Class::Timeout, "the proxy did not agree", asked)
                    .await;
                let (result, pipe) = match step.result {
                    Ok(pipe) => (Ok(()), Some(pipe)),
                    Err(failure) => (Err(inner.of_hop(failure)), None),
                };
                let elapsed = step.elapsed;
                dialed.proxy = Some(Step { elapsed, result });
                let Some(pipe) = pipe else { return dialed };
                pipe
            }
        };
        let Some(side) = &inner.tls else { return dialed };
        let mut shown = None;
        let step = inner
            .step(until, Class::Timeout, "the TLS handshake did not end", async {
                let (config, kept) = side.tls.watched().await?;
                shown = Some(kept);
                let stream = handshake(config, &side.name, pipe).await?;
                Ok(stream.get_ref().1.protocol_version())
            })
            .await;
        // What was shown is known of a refused certificate too.
        dialed.presented = shown.map(|shown| shown.chain()).unwrap_or_default();
        dialed.tls = Some(Step {
            elapsed: step.elapsed,
            result: step.result.map(|version| Handshake {
                version: match version {
                    Some(ProtocolVersion::TLSv1_3) => "TLS 1.3".into(),
                    Some(ProtocolVersion::TLSv1_2) => "TLS 1.2".into(),
                    _ => "TLS".into(),
                },
                verified_for: side.tls.verifies().then(|| side.name.to_str().into_owned()),
                chain: dialed.presented.clone(),
            }),
        });
        dialed
    }
}

fn name(text: &str) -> Result<ServerName<'static>, Failure> {
    ServerName::try_from(text.to_owned()).map_err(|_| {
        Failure::new(
            Class::BadConfiguration,
            format!("no certificate can be for {text:?}"),
        )
        .with_hint("check server and tls-server-name in the kubeconfig")
    })
}

impl Inner {
    fn is_forwarded(&self) -> bool {
        self.tls.is_none() && matches!(&self.proxy, Some(hop) if hop.kind != Kind::Socks)
    }

    /// Where the first packet goes.
    fn first(&self) -> (&str, u16) {
        match &self.proxy {
            Some(hop) => (&hop.address.host, hop.port),
            None => (&self.host, self.port),
        }
    }

    /// Runs one step of a connection that is looked at.
    async fn step<T>(
        &self,
        until: Option<(Instant, Option<RunLimit>)>,
        class: Class,
        late: &str,
        step: impl Future<Output = Result<T, Failure>>,
    ) -> Step<T> {
        let started = Instant::now();
        let own = started + self.limit;
        let (until, run) = match until {
            Some((until, run)) if until <= own => (until, run),
            _ => (own, None),
        };
        let result = timeout_at(until, step).await.unwrap_or_else(|_| {
            if let Some(run) = run {
                return Err(run.over("connecting"));
            }
            let limit = until.saturating_duration_since(started);
            let limit = Duration::from_millis(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
            Err(Failure::new(class, format!("{late} within {}", seconds(limit))))
        });
        let elapsed = started.elapsed();
        let (host, port) = (&self.host, self.port);
        let result = result.map_err(|failure| Failure {
            endpoint: if host.contains(':') {
                format!("[{host}]:{port}")
            } else {
                format!("{host}:{port}")
            },
            elapsed,
            ..failure
        });
        Step { elapsed, result }
    }

    /// A connection for requests.
    async fn open(&self, only: Option<IpAddr>) -> Result<Link, Failure> {
        let until = Instant::now() + self.limit;
        let limit = seconds(self.limit);
        let (host, port) = self.first();
        let found = async {
            match only {
                Some(address) => Ok(vec![SocketAddr::new(address, port)]),
                None => resolve(host, port).await,
            }
        };
        let addresses = match timeout_at(until, found).await {
            Ok(resolved) => resolved.map_err(|failure| self.of_hop(failure))?,
            Err(_) => {
                let late = Failure::new(Class::Dns, format!("{host} was not resolved within {limit}"));
                return Err(self.of_hop(late));
            }
        };
        match timeout_at(until, self.open_one_of(addresses)).await {
            Ok(opened) => opened,
            Err(_) => Err(Failure::new(
                Class::Timeout,
                format!("no connection within {limit}"),
            )),
        }
    }

    async fn open_one_of(&self, addresses: Vec<SocketAddr>) -> Result<Link, Failure> {
        let stream = race(addresses).await.map_err(|failure| self.of_hop(failure))?;
        let pipe: Pipe = match (&self.proxy, &self.tls) {
            (None, None) => Box::new(stream),
            (None, Some(side)) => Box::new(handshake(side.tls.config().await?, &side.name, stream).await?),
            (Some(hop), side) => {
                let pipe = self
                    .through(hop, stream)
                    .await
                    .map_err(|failure| self.of_hop(failure))?;
                match side {
                    None => pipe,
                    Some(side) => Box::new(handshake(side.tls.config().await?, &side.name, pipe).await?),
                }
            }
        };
        self.opened.fetch_add(1, Ordering::Relaxed);
        Ok(Link {
            pipe,
            forwarded: self.is_forwarded(),
        })
    }

    /// What failed before the API server was asked failed at the proxy, where there is one.
    fn of_hop(&self, failure: Failure) -> Failure {
        match &self.proxy {
            None => failure,
            Some(hop) => Failure {
                message: format!("the proxy {}: {}", hop.address, failure.message),
                hint: failure.hint.or(Some(
                    "check proxy-url in the kubeconfig and HTTPS_PROXY, or except the server with NO_PROXY"
                        .into(),
                )),
                ..failure
            },
        }
    }

    /// Through the proxy to the API server.
    async fn through(&self, hop: &Hop, stream: TcpStream) -> Result<Pipe, Failure> {
        let mut pipe: Pipe = match &self.proxy_tls {
            None => Box::new(stream),
            Some(side) => Box::new(handshake(side.tls.config().await?, &side.name, stream).await?),
        };
        match hop.kind {
            Kind::Socks => self.socks(hop, &mut pipe).await?,
            Kind::Http { .. } if self.is_forwarded() => {}
            Kind::Http { .. } => self.tunnel(hop, &mut pipe).await?,
        }
        Ok(pipe)
    }

    /// Asks an HTTP proxy for a tunnel.
    async fn tunnel(&self, hop: &Hop, pipe: &mut Pipe) -> Result<(), Failure> {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        let place = format!("{host}:{}", self.port);
        let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
        if let Some(authorization) = basic(hop) {
            let _ = write!(request, "Proxy-Authorization: {authorization}\r\n");
        }
        request.push_str("\r\n");
        pipe.write_all(request.as_bytes()).await.map_err(|e| of_io(&e))?;
        pipe.flush().await.map_err(|e| of_io(&e))?;
        let mut head = Vec::new();
        let refused = |message: &str| Failure::new(Class::Proxy, message);
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > PROXY_HEAD {
                return Err(refused("it answers with a head that does not end"));
            }
            // One by one, since what follows the head is no longer the proxy's.
            match pipe.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Err(if head.is_empty() {
                        refused("it closed the connection without an answer")
                    } else {
                        refused("it closed the connection within its answer")
                    });
                }
                Err(error) => return Err(of_io(&error)),
            }
            if head.len() == 5 && !head.eq_ignore_ascii_case(b"HTTP/") {
                return Err(refused("what answers is no HTTP proxy"));
            }
        }
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line: String = String::from_utf8_lossy(line)
            .chars()
            .filter(|c| !c.is_control())
            .take(120)
            .collect();
        match line.split(' ').nth(1) {
            Some("200") => Ok(()),
            Some("407") => Err(refused(&format!("it answers {line}"))
                .with_hint("the proxy wants user and password: http://USER:PASSWORD@PROXY:PORT in proxy-url or HTTPS_PROXY")),
            _ => Err(refused(&format!("it answers {line}"))),
        }
    }

    /// Asks a SOCKS 5 proxy for a connection (RFC 1928), with user and password where there are any (RFC 1929).
    async fn socks(&self, hop: &Hop, pipe: &mut Pipe) -> Result<(), Failure> {
        let refused = |message: String| Failure::new(Class::Proxy, message);
        let lost = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Failure::new(
                Class::Proxy,
                "it closed the connection within the SOCKS handshake",
            ),
            _ => of_io(&error),
        };
        let user = hop.address.user.as_ref();
        let greeting: &[u8] = if user.is_some() { &[5, 2, 0, 2] } else { &[5, 1, 0] };
        pipe.write_all(greeting).await.map_err(lost)?;
        pipe.flush().await.map_err(lost)?;
        let mut answer = [0; 2];
        pipe.read_exact(&mut answer).await.map_err(lost)?;
        match (answer, user) {
            ([5, 0], _) => {}
            ([5, 2], Some((name, password))) => {
                let mut login = vec![1];
                for part in [name.as_str(), password.0.as_str()] {
                    let length = u8::try_from(part.len())
                        .map_err(|_| refused("user and password have at most 255 bytes each".into()))?;
                    login.push(length);
                    login.extend_from_slice(part.as_bytes());
                }
                pipe.write_all(&login).await.map_err(lost)?;
                pipe.flush().await.map_err(lost)?;
                pipe.read_exact(&mut answer).await.map_err(lost)?;
                if answer[1] != 0 {
                    return Err(refused("it does not accept the user and password".into()));
                }
            }
            ([5, _], _) => {
                return Err(refused("it wants a login that is not there".into()).with_hint(
                    "write user and password into its address: socks5://USER:PASSWORD@PROXY:PORT",
                ));
            }
            _ => return Err(refused("what answers is no SOCKS 5 proxy".into())),
        }
        let mut request = vec![5, 1, 0];
        match self.host.parse() {
            Ok(IpAddr::V4(ip)) => {
                request.push(1);
                request.extend_from_slice(&ip.octets());
            }
            Ok(IpAddr::V6(ip)) => {
                request.push(4);
                request.extend_from_slice(&ip.octets());
            }
            // The proxy resolves names.
            Err(_) => {
                let length = u8::try_from(self.host.len())
                    .map_err(|_| refused("the server's name has more than 255 bytes".into()))?;
                request.extend_from_slice(&[3, length]);
                request.extend_from_slice(self.host.as_bytes());
            }
        }
        request.extend_from_slice(&self.port.to_be_bytes());
        pipe.write_all(&request).await.map_err(lost)?;
        pipe.flush().await.map_err(lost)?;
        let mut head = [0; 4];
        pipe.read_exact(&mut head).await.map_err(lost)?;
        if head[1] != 0 {
            let words = match head[1] {
                1 => "it failed",
                2 => "its rules do not allow the connection",
                3 => "the network cannot be reached from it",
                4 => "the server cannot be reached from it",
                5 => "the server refused its connection",
                6 => "its time ran out",
                7 => "it does not know how to connect",
                8 => "it does not know this kind of address",
                _ => "it answers with a code that nobody knows",
            };
            return Err(refused(words.into()));
        }
        let length = match head[3] {
            1 => 4,
            4 => 16,
            _ => usize::from(pipe.read_u8().await.map_err(lost)?),
        };
        let mut bound = vec![0; length + 2];
        pipe.read_exact(&mut bound).await.map_err(lost)?;
        Ok(())
    }
}

fn basic(hop: &Hop) -> Option<String> {
    let (name, password) = hop.address.user.as_ref()?;
    let plain = format!("{name}:{}", password.0);
    Some(format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(plain)
    ))
}

/// A host that the resolver has no address for.
fn unresolved(host: &str, error: &io::Error) -> Failure {
    let text = error.to_string();
    // EAI_AGAIN: no resolver answered. Otherwise a resolver said that there is no such name. std passes on only the text.
    let is_silent = text.contains("emporary failure") || text.contains("Try again");
    Failure {
        side: is_silent.then_some(failure::Side::Network),
        ..Failure::new(Class::Dns, format!("{host}: {text}"))
    }
}

/// The addresses of a host in the order in which they are tried: the resolver's, families in turn, so that a dead one
/// costs no more than one pause.
async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let found = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| unresolved(host, &error))?;
    let mut found: Vec<SocketAddr> = found.collect();
    let Some(first) = found.first().copied() else {
        return Err(Failure::new(Class::Dns, format!("{host} has no address")));
    };
    let mut seen = std::collections::HashSet::new();
    found.retain(|address| seen.insert(*address));
    let (mut ours, mut others): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|address| address.is_ipv4() == first.is_ipv4());
    ours.reverse();
    others.reverse();
    let mut turns = Vec::new();
    while !(ours.is_empty() && others.is_empty()) {
        turns.extend(ours.pop());
        turns.extend(others.pop());
    }
    Ok(turns)
}

async fn tcp(address: SocketAddr) -> Result<TcpStream, Failure> {
    let connect = async {
        let stream = TcpStream::connect(address).await?;
        // A request is one small packet that must not wait for the acknowledgement of the last one.
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    connect.await.map_err(|error: io::Error| of_io(&error))
}

/// The first of the addresses that answers.
async fn race(addresses: Vec<SocketAddr>) -> Result<TcpStream, Failure> {
    if let [only] = addresses[..] {
        return tcp(only).await;
    }
    let mut waiting = addresses.into_iter();
    let mut tries = JoinSet::new();
    let mut failed: Vec<(SocketAddr, Failure)> = Vec::new();
    loop {
        if let Some(address) = waiting.next() {
            tries.spawn(async move { (address, tcp(address).await) });
        }
        let more = waiting.len() > 0;
        tokio::select! {
            Some(joined) = tries.join_next() => match joined {
                Ok((_, Ok(stream))) => return Ok(stream),
                Ok((address, Err(failure))) => failed.push((address, failure)),
                Err(_) => {}
            },
            () = tokio::time::sleep(NEXT_ADDRESS), if more => {}
            else => break,
        }
    }
    let all: Vec<String> = failed
        .iter()
        .map(|(address, failure)| format!("{address}: {}", failure.message))
        .collect();
    let class = failed
        .first()
        .map_or(Class::Unreachable, |(_, failure)| failure.class);
    Err(Failure::new(class, all.join("; ")))
}

async fn handshake<S: Io>(
    config: Arc<ClientConfig>,
    name: &ServerName<'static>,
    stream: S,
) -> Result<TlsStream<S>, Failure> {
    TlsConnector::from(config)
        .connect(name.clone(), stream)
        .await
        .map_err(|error| of_io(&error))
}

fn of_io(error: &io::Error) -> Failure {
    classify::failure(error)
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

impl tower_service::Service<http::Uri> for Connector {
    type Response = TokioIo<Link>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    /// Every request is for the one server, whose address the connector knows better than the request.
    fn call(&mut self, _: http::Uri) -> Self::Future {
        let (inner, only) = (Arc::clone(&self.0), self.1);
        Box::pin(async move { inner.open(only).await.map(TokioIo::new) })
    }
}

/// A connection for requests.
pub(crate) struct Link {
    pipe: Pipe,
    forwarded: bool,
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.forwarded)
    }
}

impl AsyncRead for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.pipe.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolver_that_does_not_answer_is_on_the_side_of_the_network() {
        let side = |text: &str| unresolved("api", &io::Error::other(text)).side();
        let lookup = "failed to lookup address information";
        assert_eq!(
            side(&format!("{lookup}: Name or service not known")),
            failure::Side::Machine
        );
        assert_eq!(
            side(&format!("{lookup}: Temporary failure in name resolution")),
            failure::Side::Network
        );
        assert_eq!(side(&format!("{lookup}: Try again")), failure::Side::Network);
    }

    #[tokio::test]
    async fn the_first_address_that_answers_is_taken_and_where_none_does_each_is_named() {
        let open = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let open = open
            .local_addr()
            .map(|address| (address, open))
            .expect("it is bound");
        // Bound without listening, so that nobody else takes it and connections are refused.
        let closed = tokio::net::TcpSocket::new_v4().expect("a socket");
        closed.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let closed = closed
            .local_addr()
            .map(|address| (address, closed))
            .expect("it is bound");
        let stream = race(vec![closed.0, open.0]).await.expect("one of them answers");
        assert_eq!(stream.peer_addr().expect("it is connected"), open.0);
        let failure = race(vec![closed.0, closed.0]).await.expect_err("none answers");
        assert_eq!(failure.class, Class::Refused);
        assert_eq!(
            failure.message.matches(&closed.0.to_string()).count(),
            2,
            "{failure}"
        );
    }
}
