//! One HTTP client for one API server, with a deadline on every wait.

use crate::cluster::classify;
use crate::cluster::config;
use crate::cluster::config::Origin;
use crate::cluster::config::context::Overrides;
use crate::cluster::connection_info::{Dialed, Way};
use crate::cluster::credential;
use crate::cluster::credential::{Credentials, Current};
use crate::cluster::transport::Connector;
use crate::cluster::transport::tls;
use crate::cluster::transport::tls::Tls;
use crate::failure::{Class, Failure};
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
    pub run: Option<RunLimit>,
}

/// The limit of a whole run.
#[derive(Debug, Clone, Copy)]
pub struct RunLimit {
    /// When it ends.
    pub until: Instant,
    /// How long it was when it began.
    pub length: Duration,
}

impl RunLimit {
    /// A run that begins now.
    #[must_use]
    pub fn of(length: Duration) -> Self {
        Self {
            until: after(length),
            length,
        }
    }

    /// How much of it is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// The failure of what was under way when it ended, which is nobody's fault: no more time was given.
    pub(super) fn over(&self, doing: &str) -> Failure {
        Failure {
            own_limit: true,
            ..Failure::new(
                Class::Timeout,
                format!(
                    "the {} of --timeout were over while {doing}",
                    written(self.length)
                ),
            )
            .with_hint("give it more time, such as --timeout 60s")
        }
    }
}

/// So much later, or as late as any clock needs.
fn after(length: Duration) -> Instant {
    const YEAR: Duration = Duration::from_hours(365 * 24);
    Instant::now() + length.min(YEAR)
}

/// As it is written on a command line: `8ms`, `1.5s`, `1m30s`.
fn written(length: Duration) -> String {
    let seconds = length.as_secs();
    match (
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        length.subsec_nanos(),
    ) {
        (0, 0, 0, nanos) if nanos < 1_000_000 => format!("{}us", nanos / 1000),
        (0, 0, 0, nanos) => format!("{}ms", f64::from(nanos) / 1e6),
        (0, 0, _, _) => format!("{}s", length.as_secs_f64()),
        (0, minutes, 0, 0) => format!("{minutes}m"),
        (0, minutes, rest, _) => format!("{minutes}m{rest}s"),
        (hours, 0, 0, _) => format!("{hours}h"),
        (hours, minutes, rest, _) => format!("{hours}h{minutes}m{rest}s"),
    }
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

/// No clock overflows with it.
const LONGEST_REQUEST: Duration = Duration::from_hours(365 * 24);
/// A request that is given less says nothing of the network.
const SHORT_REQUEST: Duration = Duration::from_secs(1);
/// As much as is handed on at once: between two pieces the deadlines are looked at, and others get their turn.
const PIECE: usize = 256 << 10;
/// What is under way while a body comes.
const READING: &str = "reading the answer";
/// How long after its end a thread that reads files has ended.
const AFTER_READING: Duration = Duration::from_millis(100);

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
        let chosen = chosen(&settings).await?;
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

    /// The credential plugin that is run at this moment, by its name.
    #[must_use]
    pub fn running_plugin(&self) -> Option<String> {
        self.shared
            .credentials
            .running()
            .map(crate::cluster::credential::exec::Plugin::name)
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
        let run = self.deadlines.run.filter(|run| run.until <= until);
        self.shared.connector.dial(Some((until, run))).await
    }

    /// A client for another run, which shares the connections and the credential.
    #[must_use]
    pub fn with_run(&self, run: RunLimit) -> Self {
        Self {
            deadlines: Deadlines {
                run: Some(run),
                ..self.deadlines
            },
            ..self.clone()
        }
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
        run.map_or(until, |run| run.until.min(until))
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
            plain: Bytes::new(),
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
        let doing = || match self.shared.connector.opened() {
            0 => "connecting",
            _ => "waiting for the answer",
        };
        let until = answer.deadline().0;
        let sent = timeout_at(until, self.wire(credential).request(request)).await;
        match sent {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(answer.fail(classify::failure(&error))),
            Err(_) => Err(answer.fail(answer.deadline().1.over(doing()))),
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
        Some(self.deadlines.run?.until)
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
    /// What was read and not handed on yet.
    plain: Bytes,
    method: Method,
    path: String,
    started: Instant,
    bytes: u64,
    client: Client,
}

/// gzip that is being unpacked, a bounded piece at a time: a small answer can unpack to a thousand times its size.
struct Inflate {
    packed: Bytes,
    step: usize,
    decoder: flate2::write::GzDecoder<Vec<u8>>,
}

impl Default for Inflate {
    fn default() -> Self {
        Self {
            packed: Bytes::new(),
            step: Self::STEP,
            decoder: flate2::write::GzDecoder::new(Vec::new()),
        }
    }
}

impl Inflate {
    /// Packed bytes that are unpacked at once; they become 16 MB at the very most.
    const STEP: usize = 16 << 10;
    /// The same of what unpacks to much more than lists do.
    const SMALL_STEP: usize = 512;
    /// Lists become some ten times their size.
    const USUAL: usize = 64;

    /// The next piece, `None` where more packed bytes are needed.
    fn next(&mut self) -> std::io::Result<Option<Bytes>> {
        use std::io::Write as _;
        while !self.packed.is_empty() {
            let step = self.packed.split_to(self.packed.len().min(self.step));
            self.decoder.write_all(&step)?;
            let plain = std::mem::take(self.decoder.get_mut());
            self.step = if plain.len() > step.len() * Self::USUAL {
                Self::SMALL_STEP
            } else {
                Self::STEP
            };
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

/// What bounds a wait.
#[derive(Clone, Copy)]
enum Limit {
    Idle(Duration),
    Request(Duration),
    Run(RunLimit),
}

impl Limit {
    /// The failure of what was under way when it passed.
    fn over(self, doing: &str) -> Failure {
        match self {
            Self::Idle(idle) => Failure::new(Class::Timeout, format!("no byte for {}", seconds(idle))),
            Self::Request(limit) => Failure {
                own_limit: limit < SHORT_REQUEST,
                ..Failure::new(
                    Class::Timeout,
                    format!("not finished within the request timeout of {}", seconds(limit)),
                )
            },
            Self::Run(run) => run.over(doing),
        }
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
        // Where bytes are always there, no wait would ever notice that time is up, and nobody else would be asked.
        tokio::task::yield_now().await;
        loop {
            let (until, limit) = self.deadline();
            if until <= Instant::now() {
                self.body = None;
                return Err(self.fail(limit.over(READING)));
            }
            if !self.plain.is_empty() {
                return Ok(Some(self.plain.split_to(self.plain.len().min(PIECE))));
            }
            if let Some(inflate) = &mut self.inflate {
                match inflate.next() {
                    Ok(Some(plain)) => {
                        self.plain = plain;
                        continue;
                    }
                    Ok(None) => {}
                    Err(error) => {
                        let failure =
                            Failure::new(Class::ConnectionLost, format!("the gzip is broken: {error}"));
                        return Err(self.fail(failure));
                    }
                }
            }
            let Some(body) = &mut self.body else {
                return Ok(None);
            };
            let failure = match timeout_at(until, body.frame()).await {
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => {
                        self.bytes += data.len() as u64;
                        match &mut self.inflate {
                            Some(inflate) => inflate.packed = data,
                            None => self.plain = data,
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
                    Some(Ok(rest)) => {
                        self.plain = rest;
                        continue;
                    }
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
                Err(_) => limit.over(READING),
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

    /// The next deadline, and which it is.
    fn deadline(&self) -> (Instant, Limit) {
        let Deadlines {
            idle, request, run, ..
        } = self.client.deadlines;
        let mut first = (after(idle), Limit::Idle(idle));
        if let Some(limit) = request {
            let until = self.started + limit.min(LONGEST_REQUEST);
            if until < first.0 {
                first = (until, Limit::Request(limit));
            }
        }
        if let Some(run) = run
            && run.until < first.0
        {
            first = (run.until, Limit::Run(run));
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

/// The configuration, which is read beside the runtime: what stands in the place of a file can be silent for ever.
async fn chosen(settings: &Settings) -> Result<config::Chosen, Failure> {
    let Deadlines {
        connect, idle, run, ..
    } = settings.deadlines;
    let until = run.map_or_else(|| after(connect.max(idle)), |run| run.until);
    let (origin, context, overrides) = (
        settings.origin.clone(),
        settings.context.clone(),
        settings.overrides.clone(),
    );
    let loading =
        tokio::task::spawn_blocking(move || config::load(&origin, context.as_deref(), &overrides, until));
    // Whoever reads ends by then; only a file system that hangs takes longer.
    match timeout_at(until + AFTER_READING, loading).await {
        Ok(Ok(loaded)) => loaded,
        Ok(Err(_)) => Err(Failure::new(
            Class::BadConfiguration,
            "reading the configuration was interrupted",
        )),
        Err(_) => Err(Failure::new(
            Class::BadConfiguration,
            "the files of the configuration were not read in time",
        )
        .with_hint("look at the file system that they are on")),
    }
}

/// How long obtaining the credential may take.
fn patience(credentials: &Credentials, deadlines: &Deadlines) -> Duration {
    credentials.patience(
        deadlines.run.map(|run| run.until),
        deadlines.connect.max(deadlines.idle),
    )
}

fn wire(connector: &Connector) -> Wire {
    hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector.clone())
}
