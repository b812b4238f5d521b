//! One HTTP client for one API server, with a deadline on every wait.

use super::config::{self, Origin};
use super::connect::Connector;
use super::credential::{self, Credentials, Current};
use super::kubeconfig::Overrides;
use super::tls::{self, Tls};
use super::way::{Dialed, Way};
use super::{Class, Failure, classify};
use crate::resource::Time;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioExecutor;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long each wait may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// Name, TCP, proxy and TLS of a new connection.
    pub connect: Duration,
    /// The longest silence: to the first byte of an answer, and between two pieces of it.
    pub idle: Duration,
    /// One request with its answer; `None` for no bound of its own.
    pub request: Option<Duration>,
    /// The end of everything; `None` for a process that stays. A credential plugin may take until then, and in a process
    /// that stays as long as `connect` or `idle`.
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
    /// Such as `GET`.
    pub method: &'a str,
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

type Wire = hyper_util::client::legacy::Client<Connector, Full<Bytes>>;

/// A client of one API server. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    deadlines: Deadlines,
    /// Connections to one address alone.
    pinned: Option<Wire>,
}

/// Under what the API server's flow control puts the requests of this identity, as its answers tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flow {
    /// UID of the `FlowSchema`.
    pub schema: String,
    /// UID of its `PriorityLevelConfiguration`.
    pub level: String,
}

struct Shared {
    way: Way,
    origin: String,
    default_namespace: String,
    compression: bool,
    user_agent: HeaderValue,
    /// Impersonation, and what a proxy wants to be told.
    headers: Vec<(HeaderName, HeaderValue)>,
    credentials: Credentials,
    tls: Option<Arc<Tls>>,
    connector: Connector,
    /// The connections, with the number of the credential whose certificate they were made with.
    wire: Mutex<(u64, Wire)>,
    observer: Option<Observer>,
    /// The newest `Date` header and when it was read.
    date: Mutex<Option<(Time, Instant)>>,
    /// As the newest answer that was subject to flow control told.
    flow: Mutex<Option<Flow>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("server", &self.shared.way.server)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Loads the configuration, obtains the credential and builds the client. No byte goes to the API server yet.
    ///
    /// # Errors
    /// `badConfiguration` where the configuration cannot be used; `credential` where a credential plugin fails or does
    /// not answer.
    pub async fn new(settings: Settings, observer: Option<Observer>) -> Result<Self, Failure> {
        let deadlines = settings.deadlines;
        let chosen = config::load(&settings.origin, settings.context.as_deref(), &settings.overrides).await?;
        let user_agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| Failure::new(Class::BadConfiguration, "the user agent has control characters"))?;
        let mut way = chosen.way;
        let connector = Connector::new(
            &chosen.address,
            chosen.tls.clone(),
            way.tls_server_name.as_deref(),
            chosen.hop,
            deadlines.connect,
        )?;
        let mut headers = chosen.headers;
        if let Some(authorization) = connector.forwarding_authorization() {
            headers.push((header::PROXY_AUTHORIZATION, authorization));
        }
        let started = Instant::now();
        let current = chosen
            .credentials
            .current(patience(&chosen.credentials, &deadlines))
            .await
            .map_err(|failure| Failure {
                endpoint: way.server.clone(),
                elapsed: started.elapsed(),
                ..failure
            })?;
        way.credential.token_expires = current
            .expires
            .or_else(|| current.header.as_ref().and_then(credential::end_of));
        way.credential.elapsed = current.elapsed;
        if let Some(identity) = &current.identity {
            way.credential.certificate = identity.cert.first().map(tls::described);
        }
        if let Some(tls) = &chosen.tls {
            tls.obtain(current.identity.clone());
        }
        let shared = Shared {
            origin: chosen.origin,
            default_namespace: chosen.namespace,
            compression: chosen.compression,
            user_agent,
            headers,
            credentials: chosen.credentials,
            tls: chosen.tls,
            wire: Mutex::new((current.number, wire(&connector))),
            connector,
            way,
            observer,
            date: Mutex::new(None),
            flow: Mutex::new(None),
        };
        Ok(Self {
            shared: Arc::new(shared),
            deadlines,
            pinned: None,
        })
    }

    /// What was decided before the first packet, with the credential as it was when the client was built.
    #[must_use]
    pub fn way(&self) -> &Way {
        &self.shared.way
    }

    /// One fresh connection step by step, as far as it comes; no request is sent on it. Each step ends within the
    /// deadline for connections.
    pub async fn dial(&self) -> Dialed {
        self.shared.connector.dial(None).await
    }

    /// The same, all of it before `until`.
    pub(crate) async fn dial_until(&self, until: Instant) -> Dialed {
        self.shared.connector.dial(Some(until)).await
    }

    /// A client whose requests go to this address of the API server alone; a proxy on the way has no part in it.
    pub(crate) fn pinned(&self, to: std::net::IpAddr) -> Self {
        Self {
            pinned: Some(wire(&self.shared.connector.pinned(to))),
            ..self.clone()
        }
    }

    /// Under what flow control puts this client's requests, once an answer has told.
    #[must_use]
    pub fn flow(&self) -> Option<Flow> {
        self.shared.flow.lock().ok()?.clone()
    }

    /// When a connection that is begun now has to stand.
    pub(crate) fn connect_deadline(&self) -> Instant {
        let now = Instant::now();
        let Deadlines {
            connect,
            request,
            run,
            ..
        } = self.deadlines;
        let until = now + request.map_or(connect, |request| request.min(connect));
        run.map_or(until, |run| run.min(until))
    }

    /// URL of the API server.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.shared.way.server
    }

    /// The kubeconfig context in use, where there is one.
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        self.shared.way.context.as_deref()
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
        self.shared.way.insecure
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
        self.send(Method::GET, Bytes::new(), path, accept, "identity")
            .await
    }

    /// Posts JSON. Only for what the API server answers and does not keep, such as a review.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn post(&self, path: &str, json: String) -> Result<Answer, Failure> {
        let body = Bytes::from(json);
        self.send(Method::POST, body, path, "application/json", "identity")
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
        self.send(Method::GET, Bytes::new(), path, accept, encoding).await
    }

    async fn send(
        &self,
        method: Method,
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
            method: method.clone(),
            path: path.to_owned(),
            started,
            bytes: 0,
            client: self.clone(),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.shared.way.server))
            .header(header::ACCEPT, accept)
            .header(header::ACCEPT_ENCODING, encoding)
            .header(header::USER_AGENT, self.shared.user_agent.clone());
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in &self.shared.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).map_err(|e| {
            answer.fail(Failure::new(
                Class::Rejected,
                format!("impossible path {path:?}: {e}"),
            ))
        })?;
        let limit = patience(&self.shared.credentials, &self.deadlines);
        let current = match self.shared.credentials.current(limit).await {
            Ok(current) => current,
            Err(failure) => return Err(answer.fail(failure)),
        };
        let mut response = self.exchange(&answer, &request, &current).await?;
        if response.status() == StatusCode::UNAUTHORIZED
            && let Some(renewed) = self.shared.credentials.renewed(&current, limit).await
        {
            response = self.exchange(&answer, &request, &renewed).await?;
        }
        let text = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok());
        answer.status = response.status().as_u16();
        answer.content_type = text(header::CONTENT_TYPE.as_str())
            .map(str::to_owned)
            .unwrap_or_default();
        answer.retry_after = text(header::RETRY_AFTER.as_str())
            .and_then(|v| v.trim().parse().ok())
            .map(Duration::from_secs);
        if text(header::CONTENT_ENCODING.as_str()).is_some_and(|e| e.eq_ignore_ascii_case("gzip")) {
            answer.inflate = Some(Inflate::default());
        }
        if let Some(date) = text(header::DATE.as_str()).and_then(|d| jiff::fmt::rfc2822::parse(d).ok())
            && let Ok(mut newest) = self.shared.date.lock()
        {
            *newest = Some((Time::from_seconds(date.timestamp().as_second()), Instant::now()));
        }
        let uid = |name| text(name).unwrap_or_default().to_owned();
        let told = Flow {
            schema: uid("x-kubernetes-pf-flowschema-uid"),
            level: uid("x-kubernetes-pf-prioritylevel-uid"),
        };
        if told != Flow::default()
            && let Ok(mut flow) = self.shared.flow.lock()
        {
            *flow = Some(told);
        }
        answer.body = Some(response.into_body());
        Ok(answer)
    }

    /// One request with that credential, to the head of its answer.
    async fn exchange(
        &self,
        answer: &Answer,
        request: &Request<Full<Bytes>>,
        credential: &Current,
    ) -> Result<Response<Incoming>, Failure> {
        let mut request = request.clone();
        if let Some(header) = &credential.header {
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, header.clone());
        }
        let (until, why) = answer.deadline();
        let sent = timeout_at(until, self.wire(credential).request(request)).await;
        match sent {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(answer.fail(classify::failure(&error))),
            Err(_) => Err(answer.fail(Failure::new(Class::Timeout, why))),
        }
    }

    /// The connections for a credential. Those that were made with another certificate are left to end.
    fn wire(&self, credential: &Current) -> Wire {
        if let Some(pinned) = &self.pinned {
            return pinned.clone();
        }
        let mut wire = self.shared.wire.lock().unwrap_or_else(PoisonError::into_inner);
        if wire.0 < credential.number {
            if let Some(tls) = &self.shared.tls
                && tls.obtain(credential.identity.clone())
            {
                wire.1 = self::wire(&self.shared.connector);
            }
            wire.0 = credential.number;
        }
        wire.1.clone()
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
    pub(crate) fn run_deadline(&self) -> Option<Instant> {
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
    method: Method,
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
            endpoint: format!("{}{path}", self.client.shared.way.server),
            elapsed: self.elapsed(),
            ..failure
        }
    }

    fn observe(&self, error: Option<&Failure>) {
        if let Some(observer) = &self.client.shared.observer {
            observer(&Exchange {
                method: self.method.as_str(),
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

/// How long obtaining the credential may take.
fn patience(credentials: &Credentials, deadlines: &Deadlines) -> Duration {
    credentials.patience(deadlines.run, deadlines.connect.max(deadlines.idle))
}

fn wire(connector: &Connector) -> Wire {
    hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector.clone())
}
