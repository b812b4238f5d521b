//! Opens one connection, step by step.
//!
//! A request and a trace take these steps and no others, so that a trace reports what happens to requests.

use crate::cluster::connection_info::{DialTrace, Handshake, Step};
use crate::cluster::deadlines::{RunLimit, seconds};
use crate::cluster::transport::proxy::{ProxyProtocol, ProxyServer};
use crate::cluster::transport::race::{self, RaceMode};
use crate::cluster::transport::resolve::resolve;
use crate::cluster::transport::stream::ByteStream;
use crate::cluster::transport::tls::{self, TlsPeer};
use crate::cluster::transport::{address, socks, tunnel};
use crate::failure::{Class, Failure};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// The route from this machine to the API server.
pub(super) struct Route {
    pub host: String,
    pub port: u16,
    pub tls: Option<TlsPeer>,
    pub proxy: Option<ProxyServer>,
    /// TLS to the proxy itself.
    pub proxy_tls: Option<TlsPeer>,
}

impl Route {
    /// Whether requests are written for a proxy that forwards them one by one.
    pub fn is_forwarded(&self) -> bool {
        self.tls.is_none()
            && self
                .proxy
                .as_ref()
                .is_some_and(|proxy| proxy.protocol != ProxyProtocol::Socks)
    }

    /// The host and port that the first packet goes to.
    pub fn first_hop(&self) -> (&str, u16) {
        match &self.proxy {
            Some(proxy) => (&proxy.address.host, proxy.port),
            None => (&self.host, self.port),
        }
    }

    /// The API server's host and port.
    fn target(&self) -> String {
        format!("{}:{}", address::bracketed(&self.host), self.port)
    }

    /// The failure of a step to the first hop. If that is a proxy, the message names it.
    pub fn first_hop_failure(&self, failure: Failure) -> Failure {
        match &self.proxy {
            None => failure,
            Some(proxy) => Failure {
                message: format!("the proxy {}: {}", proxy.address, failure.message),
                hint: failure.hint.or(Some(
                    "check proxy-url in the kubeconfig and HTTPS_PROXY, or except the server with NO_PROXY"
                        .into(),
                )),
                ..failure
            },
        }
    }

    /// Asks the proxy for a connection to the API server.
    async fn ask_proxy(&self, proxy: &ProxyServer, tcp: TcpStream) -> Result<ByteStream, Failure> {
        let mut stream: ByteStream = match &self.proxy_tls {
            None => Box::new(tcp),
            Some(peer) => Box::new(peer.handshake(peer.tls.config().await?, Box::new(tcp)).await?),
        };
        match proxy.protocol {
            ProxyProtocol::Socks => socks::open(proxy, &self.host, self.port, &mut stream).await?,
            ProxyProtocol::Http { .. } if self.is_forwarded() => {}
            ProxyProtocol::Http { .. } => tunnel::open(proxy, &self.target(), &mut stream).await?,
        }
        Ok(stream)
    }
}

/// The purpose of a connection.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// Requests: one address that answers is enough, and the caller bounds all steps together.
    Requests,
    /// A trace: every address is tried, the server presents its certificates, and each step is bounded.
    Trace(TraceLimits),
}

/// How long the steps of a trace may take.
#[derive(Clone, Copy)]
pub(super) struct TraceLimits {
    /// One step.
    pub step: Duration,
    /// When the last step has to end, and the limit of the run if that is the reason.
    pub all: Option<(Instant, Option<RunLimit>)>,
}

/// Class and message of a step that takes too long.
#[derive(Clone, Copy)]
struct LateStep(Class, &'static str);

const RESOLVE: LateStep = LateStep(Class::Dns, "the name was not resolved");
const TCP: LateStep = LateStep(Class::Timeout, "no connection");
const PROXY: LateStep = LateStep(Class::Timeout, "the proxy did not agree");
const TLS: LateStep = LateStep(Class::Timeout, "the TLS handshake did not end");

/// A connection while it is opened.
pub(super) struct Dial<'a> {
    route: &'a Route,
    purpose: Purpose,
    /// The result of each step so far.
    pub trace: DialTrace,
}

impl<'a> Dial<'a> {
    pub fn new(route: &'a Route, purpose: Purpose) -> Self {
        Self {
            route,
            purpose,
            trace: DialTrace::default(),
        }
    }

    /// Takes all steps, up to the first that fails. `only` replaces the addresses of the name.
    pub async fn open(&mut self, only: Option<IpAddr>) -> Result<ByteStream, Failure> {
        let addresses = self.resolve(only).await?;
        let tcp = self.connect(addresses).await?;
        let stream = self.pass_proxy(tcp).await?;
        self.secure(stream).await
    }

    async fn resolve(&mut self, only: Option<IpAddr>) -> Result<Vec<SocketAddr>, Failure> {
        let (host, port) = self.route.first_hop();
        let step = self.purpose.run(self.route.target(), RESOLVE, async {
            match only {
                Some(address) => Ok(vec![SocketAddr::new(address, port)]),
                None => resolve(host, port).await,
            }
        });
        let step = step
            .await
            .map_err(|failure| self.route.first_hop_failure(failure));
        self.trace.resolved = Some(
            step.as_ref()
                .map(|found| found.iter().map(SocketAddr::ip).collect()),
        );
        step.result
    }

    async fn connect(&mut self, addresses: Vec<SocketAddr>) -> Result<TcpStream, Failure> {
        let (purpose, target) = (self.purpose, self.route.target());
        let mode = match purpose {
            Purpose::Requests => RaceMode::UntilOneAnswers,
            Purpose::Trace(_) => RaceMode::All,
        };
        let attempts = race::race(addresses, mode, |address| {
            let target = target.clone();
            async move { purpose.run(target, TCP, race::connect(address)).await }
        });
        let (connected, steps) = race::outcome(attempts.await);
        self.trace.tcp = steps
            .into_iter()
            .map(|(address, step)| {
                let step = step.map_err(|failure| Failure {
                    endpoint: address.to_string(),
                    ..self.route.first_hop_failure(failure)
                });
                (address, step)
            })
            .collect();
        connected.map_err(|failure| self.route.first_hop_failure(failure))
    }

    async fn pass_proxy(&mut self, tcp: TcpStream) -> Result<ByteStream, Failure> {
        let Some(proxy) = &self.route.proxy else {
            return Ok(Box::new(tcp));
        };
        let asking = self.route.ask_proxy(proxy, tcp);
        let step = self.purpose.run(self.route.target(), PROXY, asking).await;
        let step = step.map_err(|failure| self.route.first_hop_failure(failure));
        self.trace.proxy = Some(step.as_ref().map(|_| ()));
        step.result
    }

    async fn secure(&mut self, stream: ByteStream) -> Result<ByteStream, Failure> {
        let Some(peer) = &self.route.tls else {
            return Ok(stream);
        };
        let purpose = self.purpose;
        let mut presented = None;
        let step = purpose.run(self.route.target(), TLS, async {
            let config = match purpose {
                Purpose::Requests => peer.tls.config().await?,
                Purpose::Trace(_) => {
                    let (config, chain) = peer.tls.config_for_trace().await?;
                    presented = Some(chain);
                    config
                }
            };
            peer.handshake(config, stream).await
        });
        let step = step.await;
        // The server presents its certificates even if the handshake fails.
        self.trace.presented = presented.map(|chain| chain.certificates()).unwrap_or_default();
        self.trace.tls = Some(step.as_ref().map(|stream| Handshake {
            version: tls::version(stream),
            verified_for: peer.verified_name(),
            chain: self.trace.presented.clone(),
        }));
        step.result.map(|tls| Box::new(tls) as ByteStream)
    }
}

impl Purpose {
    /// Runs one step of the route to `target`, within its limit.
    async fn run<T>(
        self,
        target: String,
        late: LateStep,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Step<T> {
        let started = Instant::now();
        let result = match self {
            Self::Requests => work.await,
            Self::Trace(limits) => limits.bound(started, late, work).await,
        };
        let elapsed = started.elapsed();
        let result = result.map_err(|failure| Failure {
            endpoint: target,
            elapsed,
            ..failure
        });
        Step { elapsed, result }
    }
}

impl TraceLimits {
    async fn bound<T>(
        self,
        started: Instant,
        LateStep(class, late): LateStep,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let own = started + self.step;
        let (until, run) = match self.all {
            Some((until, run)) if until <= own => (until, run),
            _ => (own, None),
        };
        timeout_at(until, work).await.unwrap_or_else(|_| {
            if let Some(run) = run {
                return Err(run.failure("connecting"));
            }
            let limit = until.saturating_duration_since(started);
            let limit = Duration::from_millis(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
            Err(Failure::new(class, format!("{late} within {}", seconds(limit))))
        })
    }
}

#[cfg(test)]
mod tests;
