//! One HTTP client for one API server, with a deadline on every wait.

use super::config::{self, Chosen, Origin};
use super::kubeconfig::Overrides;
use super::{Class, Failure, classify};
use crate::resource::Time;
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::ConfigExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Layer as _, Service, ServiceExt as _};

/// How long each wait may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// TCP and TLS to a new connection; also the time for obtaining a credential.
    pub connect: Duration,
    /// The longest silence: to the first byte of an answer, and between two pieces of it.
    pub idle: Duration,
    /// One request with its answer; `None` for no bound of its own.
    pub request: Option<Duration>,
    /// The end of everything; `None` for a process that stays.
    pub run: Option<Instant>,
}

impl Default for Deadlines {
    /// 5 s to connect, 10 s without a byte; no other bound.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(10),
            request: None,
            run: None,
        }
    }
}

/// How to reach a cluster.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the configuration comes from.
    pub origin: Origin,
    /// Kubeconfig context, where it is not the current one.
    pub context: Option<String>,
    /// What flags say beside it.
    pub overrides: Overrides,
    /// Deadlines of every request.
    pub deadlines: Deadlines,
    /// Sent as `User-Agent`.
    pub user_agent: String,
}

/// One finished exchange, for whoever wants to see what went over the wire.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// Path and query.
    pub path: &'a str,
    /// HTTP status code, where there was an answer.
    pub status: Option<u16>,
    /// Bytes of the body as they were read.
    pub bytes: u64,
    /// From the start of the request to the end of the body.
    pub elapsed: Duration,
    /// Why it failed, where it did.
    pub error: Option<&'a Failure>,
}

/// Is told of every finished exchange.
pub type Observer = Arc<dyn Fn(&Exchange<'_>) + Send + Sync>;

type Wire = BoxCloneSyncService<Request<Full<Bytes>>, Response<Incoming>, BoxError>;

/// A client of one API server. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Client {
    wire: Wire,
    shared: Arc<Shared>,
    deadlines: Deadlines,
}

struct Shared {
    server: String,
    context: Option<String>,
    origin: String,
    default_namespace: String,
    insecure: bool,
    compression: bool,
    user_agent: header::HeaderValue,
    observer: Option<Observer>,
    /// The newest `Date` header and when it was read.
    date: std::sync::Mutex<Option<(Time, Instant)>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("server", &self.shared.server)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Loads the configuration and builds the client. No byte goes to the API server yet.
    ///
    /// # Errors
    /// `badConfiguration` where the configuration cannot be used; `credential` or `timeout` where a credential
    /// plugin fails or does not answer.
    pub async fn new(settings: Settings, observer: Option<Observer>) -> Result<Self, Failure> {
        // One provider in the process: without a default one rustls panics at its first use. An error only
        // says that it is set already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let Chosen {
            config,
            context,
            origin,
        } = config::load(&settings.origin, settings.context.as_deref(), &settings.overrides).await?;
        let user_agent = header::HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| Failure::new(Class::BadConfiguration, "the user agent has control characters"))?;
        let shared = Arc::new(Shared {
            server: config.cluster_url.to_string().trim_end_matches('/').to_owned(),
            context,
            origin,
            default_namespace: config.default_namespace.clone(),
            insecure: config.accept_invalid_certs,
            compression: !config.disable_compression,
            user_agent,
            observer,
            date: std::sync::Mutex::new(None),
        });
        let started = Instant::now();
        let wire = wire_with_deadline(config, settings.deadlines.connect)
            .await
            .map_err(|failure| Failure {
                endpoint: shared.server.clone(),
                elapsed: started.elapsed(),
                ..failure
            })?;
        Ok(Self {
            wire,
            shared,
            deadlines: settings.deadlines,
        })
    }

    /// URL of the API server.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.shared.server
    }

    /// The kubeconfig context in use, where there is one.
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        self.shared.context.as_deref()
    }

    /// Where the configuration came from, for the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.shared.origin
    }

    /// The context's namespace, `default` where it names none.
    #[must_use]
    pub fn default_namespace(&self) -> &str {
        &self.shared.default_namespace
    }

    /// Whether the API server's certificate is not verified.
    #[must_use]
    pub fn is_insecure(&self) -> bool {
        self.shared.insecure
    }

    /// What time it is by the API server's clock, once it has answered anything. Ages are measured against it, since
    /// the timestamps of objects are of that clock too and this machine's may be off.
    #[must_use]
    pub fn server_time(&self) -> Option<Time> {
        let (date, read) = (*self.shared.date.lock().ok()?)?;
        let since = i64::try_from(read.elapsed().as_secs()).ok()?;
        Some(Time::from_seconds(date.seconds.saturating_add(since)))
    }

    /// Sends one GET and waits for the head of the answer. Every HTTP answer is an `Ok` here.
    ///
    /// # Errors
    /// A transport failure, classified.
    pub async fn get(&self, path: &str, accept: &str) -> Result<Answer, Failure> {
        self.send(Request::get(path), Bytes::new(), path, accept, "identity")
            .await
    }

    /// Posts JSON. Only for what the API server answers and does not keep, such as a review.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn post(&self, path: &str, json: &'static str) -> Result<Answer, Failure> {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.send(
            request,
            Bytes::from_static(json.as_bytes()),
            path,
            "application/json",
            "identity",
        )
        .await
    }

    /// The same for an answer that may be large: the API server compresses what is over 128 KB. That is a tenth of
    /// the bytes, and even on loopback no slower, since there is less to encrypt and to copy.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn get_compressed(&self, path: &str, accept: &str) -> Result<Answer, Failure> {
        let encoding = if self.shared.compression {
            "gzip"
        } else {
            "identity"
        };
        self.send(Request::get(path), Bytes::new(), path, accept, encoding)
            .await
    }

    async fn send(
        &self,
        request: http::request::Builder,
        body: Bytes,
        path: &str,
        accept: &str,
        encoding: &'static str,
    ) -> Result<Answer, Failure> {
        let started = Instant::now();
        let mut answer = Answer {
            status: 0,
            content_type: String::new(),
            retry_after: None,
            body: None,
            inflate: None,
            path: path.to_owned(),
            started,
            bytes: 0,
            client: self.clone(),
        };
        let request = request
            .header(header::ACCEPT, accept)
            .header(header::ACCEPT_ENCODING, encoding)
            .header(header::USER_AGENT, self.shared.user_agent.clone())
            .body(Full::new(body))
            .map_err(|e| {
                answer.fail(Failure::new(
                    Class::Rejected,
                    format!("impossible path {path:?}: {e}"),
                ))
            })?;
        let (until, why) = answer.deadline();
        let sent = timeout_at(until, self.wire.clone().oneshot(request)).await;
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let (class, message) = classify::transport(error.as_ref());
                let message = match class {
                    Class::Timeout => format!("no connection within {}", seconds(self.deadlines.connect)),
                    _ => message,
                };
                return Err(answer.fail(Failure::new(class, message)));
            }
            Err(_) => return Err(answer.fail(Failure::new(Class::Timeout, why))),
        };
        let text = |name| response.headers().get(name).and_then(|v| v.to_str().ok());
        answer.status = response.status().as_u16();
        answer.content_type = text(header::CONTENT_TYPE).map(str::to_owned).unwrap_or_default();
        answer.retry_after = text(header::RETRY_AFTER)
            .and_then(|v| v.trim().parse().ok())
            .map(Duration::from_secs);
        if text(header::CONTENT_ENCODING).is_some_and(|e| e.eq_ignore_ascii_case("gzip")) {
            answer.inflate = Some(Inflate::default());
        }
        if let Some(date) = text(header::DATE).and_then(|d| jiff::fmt::rfc2822::parse(d).ok())
            && let Ok(mut newest) = self.shared.date.lock()
        {
            *newest = Some((Time::from_seconds(date.timestamp().as_second()), Instant::now()));
        }
        answer.body = Some(response.into_body());
        Ok(answer)
    }

    /// Sends one GET and reads the whole answer, of at most `limit` bytes. Answers other than 2xx are failures.
    ///
    /// # Errors
    /// As [`Client::get`], and the class of the status code.
    pub async fn get_whole(&self, path: &str, accept: &str, limit: usize) -> Result<Vec<u8>, Failure> {
        let answer = self.get(path, accept).await?;
        match answer.refusal().await? {
            Refusal::None(answer) => answer.whole(limit).await,
            Refusal::Failed(failure) => Err(failure),
        }
    }

    /// The run's deadline passes no later than this.
    pub(super) fn run_deadline(&self) -> Option<Instant> {
        self.deadlines.run
    }
}

/// An answer whose head was read.
pub struct Answer {
    /// HTTP status code.
    pub status: u16,
    /// `Content-Type`, empty where there was none.
    pub content_type: String,
    /// `Retry-After`, where it was a number of seconds.
    pub retry_after: Option<Duration>,
    body: Option<Incoming>,
    inflate: Option<Inflate>,
    path: String,
    started: Instant,
    bytes: u64,
    client: Client,
}

/// gzip that is being unpacked, a bounded piece at a time: a small answer can unpack to a thousand times its size.
struct Inflate {
    packed: Bytes,
    decoder: flate2::write::GzDecoder<Vec<u8>>,
}

impl Default for Inflate {
    fn default() -> Self {
        Self {
            packed: Bytes::new(),
            decoder: flate2::write::GzDecoder::new(Vec::new()),
        }
    }
}

impl Inflate {
    /// Packed bytes that are unpacked at once; they become 16 MB at the very most.
    const STEP: usize = 16 << 10;

    /// The next piece, `None` where more packed bytes are needed.
    fn next(&mut self) -> std::io::Result<Option<Bytes>> {
        use std::io::Write as _;
        while !self.packed.is_empty() {
            let step = self.packed.split_to(self.packed.len().min(Self::STEP));
            self.decoder.write_all(&step)?;
            let plain = std::mem::take(self.decoder.get_mut());
            if !plain.is_empty() {
                return Ok(Some(plain.into()));
            }
        }
        Ok(None)
    }

    /// What the decoder held back, at the end of the packed bytes; an error where they do not end there.
    fn finish(mut self) -> std::io::Result<Bytes> {
        self.decoder.try_finish()?;
        Ok(std::mem::take(self.decoder.get_mut()).into())
    }
}

/// Whether an answer is a refusal.
#[allow(clippy::large_enum_variant, reason = "it is taken apart where it is made")]
pub enum Refusal {
    /// It is not, and its body can be read.
    None(Answer),
    /// It is.
    Failed(Failure),
}

impl Answer {
    /// Time since the request began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The same with another bound on silence and none on the whole: for a watch, which is meant to stay open.
    pub(super) fn with_idle(mut self, idle: Duration) -> Self {
        self.client.deadlines = Deadlines {
            idle,
            request: None,
            ..self.client.deadlines
        };
        self
    }

    /// The next piece of the body, `None` at its end.
    ///
    /// # Errors
    /// `timeout` where nothing came in time, `connectionLost` where the body broke off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            if let Some(inflate) = &mut self.inflate {
                match inflate.next() {
                    Ok(Some(plain)) => return Ok(Some(plain)),
                    Ok(None) => {}
                    Err(error) => {
                        let failure =
                            Failure::new(Class::ConnectionLost, format!("the gzip is broken: {error}"));
                        return Err(self.fail(failure));
                    }
                }
            }
            let (until, why) = self.deadline();
            let Some(body) = &mut self.body else {
                return Ok(None);
            };
            let failure = match timeout_at(until, body.frame()).await {
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => {
                        self.bytes += data.len() as u64;
                        match &mut self.inflate {
                            Some(inflate) => inflate.packed = data,
                            None => return Ok(Some(data)),
                        }
                        continue;
                    }
                    Err(_trailers) => continue,
                },
                Ok(None) => match self.inflate.take().map(Inflate::finish) {
                    None => {
                        self.body = None;
                        self.observe(None);
                        return Ok(None);
                    }
                    // Comes back here for the end of the body.
                    Some(Ok(rest)) => return Ok(Some(rest)),
                    Some(Err(error)) => Failure::new(
                        Class::ConnectionLost,
                        format!("the answer broke off in its gzip: {error}"),
                    ),
                },
                Ok(Some(Err(error))) => {
                    let (_, message) = classify::transport(&error);
                    let read = self.bytes;
                    Failure::new(
                        Class::ConnectionLost,
                        format!("the answer broke off after {read} bytes: {message}"),
                    )
                }
                Err(_) => Failure::new(Class::Timeout, why),
            };
            self.body = None;
            return Err(self.fail(failure));
        }
    }

    /// The rest of the body, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Answer::chunk`]; `notAnApiServer` where it is longer.
    pub async fn whole(mut self, limit: usize) -> Result<Vec<u8>, Failure> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > limit {
                self.body = None;
                let message = format!("the answer is longer than {limit} bytes");
                return Err(self.fail(Failure::new(Class::NotAnApiServer, message)));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole)
    }

    /// Reads the refusal, where the status code says that it is one.
    ///
    /// # Errors
    /// A transport failure on the way.
    pub async fn refusal(mut self) -> Result<Refusal, Failure> {
        let Some(class) = classify::code(self.status) else {
            return Ok(Refusal::None(self));
        };
        let (status, retry_after) = (self.status, self.retry_after);
        let mut body = Vec::new();
        // A Status is short; of anything longer the beginning is enough.
        while body.len() < 64 << 10 {
            match self.chunk().await? {
                Some(chunk) => body.extend_from_slice(&chunk),
                None => break,
            }
        }
        self.body = None;
        let failure = classify::answer(class, status, &body, retry_after);
        Ok(Refusal::Failed(self.place(failure)))
    }

    /// The next deadline, and the sentence for the case that it passes.
    fn deadline(&self) -> (Instant, String) {
        let Deadlines {
            idle, request, run, ..
        } = self.client.deadlines;
        let mut first = (Instant::now() + idle, format!("no byte for {}", seconds(idle)));
        if let Some(limit) = request {
            let until = self.started + limit;
            if until < first.0 {
                first = (
                    until,
                    format!("not finished within the request timeout of {}", seconds(limit)),
                );
            }
        }
        if let Some(until) = run
            && until < first.0
        {
            first = (until, "not finished before the deadline of the whole run".into());
        }
        first
    }

    fn fail(&self, failure: Failure) -> Failure {
        let failure = self.place(failure);
        self.observe(Some(&failure));
        failure
    }

    fn place(&self, failure: Failure) -> Failure {
        let path = self.path.split('?').next().unwrap_or_default();
        Failure {
            endpoint: format!("{}{path}", self.client.shared.server),
            elapsed: self.elapsed(),
            ..failure
        }
    }

    fn observe(&self, error: Option<&Failure>) {
        if let Some(observer) = &self.client.shared.observer {
            observer(&Exchange {
                path: &self.path,
                status: (self.status != 0).then_some(self.status),
                bytes: self.bytes,
                elapsed: self.elapsed(),
                error,
            });
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

/// Builds the service stack on a thread of its own, since a credential plugin is run inside and blocks. A plugin
/// that never ends is left behind when the deadline passes; it ends with the process.
async fn wire_with_deadline(config: kube::Config, limit: Duration) -> Result<Wire, Failure> {
    if config.auth_info.exec.is_none() {
        return wire(&config, limit);
    }
    let (done, built) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    std::thread::spawn(move || {
        let _in_runtime = runtime.enter();
        let _ = done.send(wire(&config, limit));
    });
    match timeout_at(Instant::now() + limit, built).await {
        Ok(Ok(built)) => built,
        Ok(Err(_)) => Err(Failure::new(
            Class::Credential,
            "the credential plugin could not be run",
        )),
        Err(_) => Err(Failure::new(
            Class::Credential,
            format!("the credential plugin gave no answer within {}", seconds(limit)),
        )),
    }
}

fn wire(config: &kube::Config, connect: Duration) -> Result<Wire, Failure> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    // A request is one small packet that must not wait for the acknowledgement of the last one.
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(connect));
    match config.proxy_url.clone() {
        None => stack(config, tcp, connect),
        Some(proxy) => match proxy.scheme_str() {
            Some("socks5" | "socks5h") => stack(config, SocksV5::new(proxy, tcp), connect),
            Some("http") => {
                let tunnel = Tunnel::new(proxy.clone(), tcp);
                stack(config, with_proxy_authorization(&proxy, tunnel), connect)
            }
            Some("https") => {
                let tls = config
                    .rustls_https_connector_with_connector(tcp)
                    .map_err(|e| of_kube(&e))?;
                let tunnel = Tunnel::new(proxy.clone(), tls);
                stack(config, with_proxy_authorization(&proxy, tunnel), connect)
            }
            _ => Err(Failure::new(
                Class::BadConfiguration,
                format!(
                    "the proxy's scheme {:?} is none of http, https, socks5",
                    proxy.scheme_str()
                ),
            )),
        },
    }
}

fn with_proxy_authorization<C>(proxy: &http::Uri, tunnel: Tunnel<C>) -> Tunnel<C> {
    let user = proxy
        .authority()
        .and_then(|a| a.as_str().rsplit_once('@'))
        .map(|(user, _)| user);
    match user.and_then(basic_authorization) {
        Some(value) => tunnel.with_auth(value),
        None => tunnel,
    }
}

fn basic_authorization(user: &str) -> Option<header::HeaderValue> {
    use base64::Engine as _;
    let plain: Vec<u8> = percent_encoding::percent_decode_str(user).collect();
    let encoded = base64::engine::general_purpose::STANDARD.encode(plain);
    let mut value = header::HeaderValue::from_str(&format!("Basic {encoded}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn stack<C>(config: &kube::Config, connector: C, connect: Duration) -> Result<Wire, Failure>
where
    C: Service<http::Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError> + Send + Sync + std::error::Error + 'static,
{
    let tls = config
        .rustls_https_connector_with_connector(connector)
        .map_err(|e| of_kube(&e))?;
    // The connector's own bound ends with TCP; a peer that accepts and then says nothing needs one over TLS too.
    let connector = tower::service_fn(move |uri: http::Uri| {
        let connecting = tls.clone().oneshot(uri);
        Box::pin(async move {
            match tokio::time::timeout(connect, connecting).await {
                Ok(connected) => connected,
                Err(elapsed) => Err(BoxError::from(elapsed)),
            }
        })
    });
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
    let authorized = tower::util::option_layer(config.auth_layer().map_err(|e| of_kube(&e))?).layer(
        config
            .extra_headers_layer()
            .map_err(|e| of_kube(&e))?
            .layer(client.map_err(BoxError::from)),
    );
    Ok(BoxCloneSyncService::new(
        config.base_uri_layer().layer(authorized.map_err(BoxError::from)),
    ))
}

fn of_kube(error: &kube::Error) -> Failure {
    match error {
        kube::Error::Auth(error) => Failure::new(Class::Credential, classify::credential(error)),
        _ => Failure::new(Class::BadConfiguration, config::chain(error)),
    }
}
