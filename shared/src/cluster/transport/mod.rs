//! Connections to one API server: resolving, TCP, the proxy and TLS, one step a file. Must not know the requests.

pub(super) mod address;
pub(super) mod certificate;
pub(super) mod certified_key;
mod dial;
pub(super) mod failure;
mod handshake_time;
pub(super) mod pem;
pub(super) mod proxy;
mod race;
mod resolve;
pub(super) mod server_stream;
pub(super) mod server_tls;
mod socks;
mod stream;
pub(super) mod tls;
mod tls_error;
mod tunnel;
pub(super) mod unverified;
mod verify;

use crate::cluster::connection_info::DialTrace;
use crate::cluster::deadlines::{RunLimit, seconds};
use crate::cluster::transport::address::Address;
use crate::cluster::transport::dial::{Dial, Purpose, Route, TraceLimits};
use crate::cluster::transport::handshake_time::HandshakeTime;
use crate::cluster::transport::proxy::{ProxyProtocol, ProxyServer};
use crate::cluster::transport::stream::Stream;
use crate::cluster::transport::tls::{Tls, TlsPeer, Trust};
use crate::failure::{Class, Failure};
use http::HeaderValue;
use hyper_util::rt::TokioIo;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Opens connections to one API server.
#[derive(Clone)]
pub(super) struct Connector {
    route: Arc<Route>,
    /// The only address to connect to, instead of the addresses of the name.
    only: Option<IpAddr>,
    /// The limit of opening a connection, and of each step of a trace.
    limit: Duration,
    /// Connections that were opened for requests.
    opened: Arc<AtomicUsize>,
    handshakes: Arc<HandshakeTime>,
}

impl Connector {
    /// A connector for the API server at that address.
    ///
    /// # Errors
    /// Class `badConfiguration`, if no certificate can be for such a name.
    pub fn new(
        address: &Address,
        tls: Option<Arc<Tls>>,
        tls_server_name: Option<&str>,
        proxy: Option<ProxyServer>,
        limit: Duration,
    ) -> Result<Self, Failure> {
        // As in Go, `tls-server-name` and the authorities count for the proxy's certificate too.
        let peer = |tls: Arc<Tls>, host: &str| TlsPeer::new(tls, tls_server_name.unwrap_or(host));
        let proxy_tls = match &proxy {
            Some(proxy) if proxy.protocol == (ProxyProtocol::Http { tls: true }) => {
                let tls = match &tls {
                    Some(tls) => Arc::clone(tls),
                    None => Arc::new(Tls::new(Trust::System, None, Instant::now())?),
                };
                Some(peer(tls, &proxy.address.host)?)
            }
            _ => None,
        };
        Ok(Self {
            route: Arc::new(Route {
                host: address.host.clone(),
                port: address.port().unwrap_or(443),
                tls: tls.map(|tls| peer(tls, &address.host)).transpose()?,
                proxy,
                proxy_tls,
            }),
            only: None,
            limit,
            opened: Arc::new(AtomicUsize::new(0)),
            handshakes: Arc::default(),
        })
    }

    /// A connector to this address only.
    pub fn pinned(&self, to: IpAddr) -> Self {
        Self {
            only: Some(to),
            ..self.clone()
        }
    }

    /// How many connections were opened for requests so far.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }

    /// Whether the API server is near, by the handshakes of connections for requests. It is not known of a server without TLS,
    /// or before the first connection.
    pub fn is_near(&self) -> bool {
        self.handshakes.is_short()
    }

    /// The `Proxy-Authorization` of each request, if a proxy forwards them one by one.
    pub fn forwarding_authorization(&self) -> Option<HeaderValue> {
        let proxy = self.route.proxy.as_ref().filter(|_| self.route.is_forwarded())?;
        proxy.authorization()
    }

    /// Opens one new connection and reports its steps up to the first that fails. Each step ends within the limit, and all
    /// of them before `until`. The limit of the run comes with `until` if it is the reason.
    pub async fn dial(&self, until: Option<(Instant, Option<RunLimit>)>) -> DialTrace {
        let limits = TraceLimits {
            step: self.limit,
            all: until,
        };
        let mut dial = Dial::new(&self.route, Purpose::Trace(limits));
        // Only the trace is used, not the connection.
        let _ = dial.open(None).await;
        dial.trace
    }

    /// A connection for requests.
    async fn open(&self) -> Result<Stream, Failure> {
        let mut dial = Dial::new(&self.route, Purpose::Requests);
        let opened = timeout_at(Instant::now() + self.limit, dial.open(self.only)).await;
        let bytes = match opened {
            Ok(opened) => opened?,
            Err(_) => return Err(self.deadline_failure(&dial.trace)),
        };
        self.opened.fetch_add(1, Ordering::Relaxed);
        if let Some(tls) = &dial.trace.tls {
            self.handshakes.note(tls.elapsed);
        }
        Ok(Stream {
            bytes,
            forwarded: self.route.is_forwarded(),
        })
    }

    /// The failure of a connection that was not open in time.
    fn deadline_failure(&self, trace: &DialTrace) -> Failure {
        let limit = seconds(self.limit);
        if trace.resolved.is_some() {
            return Failure::new(Class::Timeout, format!("no connection within {limit}"));
        }
        let (host, _) = self.route.first_hop();
        self.route.first_hop_failure(Failure::new(
            Class::Dns,
            format!("{host} was not resolved within {limit}"),
        ))
    }
}

impl tower_service::Service<http::Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    /// Every request goes to the same server, so the address of the request is not used.
    fn call(&mut self, _: http::Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.open().await.map(TokioIo::new) })
    }
}
