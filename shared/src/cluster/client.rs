//! One HTTP client for one API server.

use crate::cluster::authorization;
use crate::cluster::cluster_config::ClusterConfig;
use crate::cluster::config::{self, ConfigSource, Overrides};
use crate::cluster::connection_info::{ConnectionInfo, DialTrace};
use crate::cluster::credential::exec::Plugin;
use crate::cluster::credential::{Credentials, CurrentCredential};
use crate::cluster::deadlines::{Deadlines, RunLimit};
use crate::cluster::exchange::Observer;
use crate::cluster::flow_control::{FlowControl, FlowNames};
use crate::cluster::response::{Response, header_text};
use crate::cluster::server_version::KnownVersion;
use crate::cluster::transport::Connector;
use crate::cluster::transport::certificate;
use crate::cluster::transport::failure::transport_failure;
use crate::cluster::transport::tls::Tls;
use crate::failure::{Class, Failure};
use crate::resource::Time;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioExecutor;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A thread that reads the configuration gives up at its deadline; its answer may come this much later.
const READ_GRACE: Duration = Duration::from_millis(100);

/// The settings of a client.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the configuration comes from.
    pub source: ConfigSource,
    /// Kubeconfig context, if it is not the current one.
    pub context: Option<String>,
    /// Values of flags, which replace those of the kubeconfig.
    pub overrides: Overrides,
    /// Deadlines of every request.
    pub deadlines: Deadlines,
    /// Sent as `User-Agent`.
    pub user_agent: String,
}

type HttpClient = hyper_util::client::legacy::Client<Connector, Full<Bytes>>;

/// A client of one API server. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<ClientInner>,
    deadlines: Deadlines,
    /// The connections of a client that is pinned to one address.
    pinned: Option<HttpClient>,
}

struct ClientInner {
    info: ConnectionInfo,
    config_source: String,
    default_namespace: String,
    compression: bool,
    user_agent: HeaderValue,
    /// Impersonation, and the authorization for a proxy that forwards requests.
    headers: Vec<(HeaderName, HeaderValue)>,
    credentials: Credentials,
    tls: Option<Arc<Tls>>,
    connector: Connector,
    /// The connections, and the number of the credential that they were opened with.
    http: Mutex<(u64, HttpClient)>,
    observer: Option<Observer>,
    /// The newest `Date` header and when it was read.
    date: Mutex<Option<(Time, Instant)>>,
    /// From the newest response that was subject to flow control.
    flow_control: Mutex<Option<FlowControl>>,
    /// The names behind these UIDs, once they were read.
    flow_names: Mutex<FlowNames>,
    versions: KnownVersion,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("server", &self.inner.info.server)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Loads the configuration, obtains the credential and builds the client. No byte goes to the API server yet.
    ///
    /// # Errors
    /// `badConfiguration` if the configuration cannot be used; `credential` if a credential plugin fails or does not
    /// answer.
    pub async fn new(settings: Settings, observer: Option<Observer>) -> Result<Self, Failure> {
        let deadlines = settings.deadlines;
        let config = load_config(&settings).await?;
        let user_agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| Failure::bad_configuration("the user agent has control characters"))?;
        let mut info = config.info;
        let connector = Connector::new(
            &config.address,
            config.tls.clone(),
            info.tls_server_name.as_deref(),
            config.proxy,
            deadlines.connect,
        )?;
        let mut headers = config.headers;
        if let Some(authorization) = connector.forwarding_authorization() {
            headers.push((header::PROXY_AUTHORIZATION, authorization));
        }
        let started = Instant::now();
        let current = config
            .credentials
            .current(credential_limit(&config.credentials, &deadlines))
            .await
            .map_err(|failure| Failure {
                endpoint: info.server.clone(),
                elapsed: started.elapsed(),
                ..failure
            })?;
        info.credential.token_expires = current
            .expires
            .or_else(|| current.header.as_ref().and_then(authorization::jwt_expiry));
        info.credential.elapsed = current.elapsed;
        if let Some(identity) = &current.identity {
            info.credential.certificate = identity.cert.first().map(certificate::describe);
        }
        if let Some(tls) = &config.tls {
            tls.set_plugin_identity(current.identity.clone());
        }
        let inner = ClientInner {
            config_source: config.source,
            default_namespace: config.namespace,
            compression: config.compression,
            user_agent,
            headers,
            credentials: config.credentials,
            tls: config.tls,
            http: Mutex::new((current.number, http_client(&connector))),
            connector,
            info,
            observer,
            date: Mutex::new(None),
            flow_control: Mutex::new(None),
            flow_names: Mutex::default(),
            versions: KnownVersion::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
            deadlines,
            pinned: None,
        })
    }

    /// The name of the credential plugin that is running at this moment.
    #[must_use]
    pub fn running_plugin(&self) -> Option<String> {
        self.inner.credentials.running_plugin().map(Plugin::name)
    }

    /// The decisions before the first packet, and the credential as it was when the client was built.
    #[must_use]
    pub fn connection_info(&self) -> &ConnectionInfo {
        &self.inner.info
    }

    /// Opens one new connection and reports its steps up to the first that fails. No request is sent on it. Each step ends
    /// within the deadline for connections.
    pub async fn dial(&self) -> DialTrace {
        self.inner.connector.dial(None).await
    }

    /// Dials as [`Client::dial`] does, with all steps before `until`.
    pub(crate) async fn dial_until(&self, until: Instant) -> DialTrace {
        let run = self.deadlines.run.filter(|run| run.until <= until);
        self.inner.connector.dial(Some((until, run))).await
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

    /// A client of a process that stays, which shares the connections and the credential. Each request keeps its own
    /// deadlines.
    #[must_use]
    pub fn without_run(&self) -> Self {
        Self {
            deadlines: Deadlines {
                run: None,
                ..self.deadlines
            },
            ..self.clone()
        }
    }

    /// A client whose requests go to this address of the API server only. Must not be used with a proxy.
    pub(crate) fn pinned(&self, to: IpAddr) -> Self {
        Self {
            pinned: Some(http_client(&self.inner.connector.pinned(to))),
            ..self.clone()
        }
    }

    /// The flow control of this client's requests, once a response has named it, with the names that were read.
    #[must_use]
    pub fn flow_control(&self) -> Option<FlowControl> {
        let flow = self.inner.flow_control.lock().ok()?.clone()?;
        let names = self.inner.flow_names.lock().ok()?;
        Some(names.named(flow))
    }

    /// Keeps the names of flow schemas and priority levels.
    pub(crate) fn keep_flow_names(&self, names: FlowNames) {
        if let Ok(mut known) = self.inner.flow_names.lock() {
            *known = names;
        }
    }

    /// The deadline of a connection that begins now.
    pub(crate) fn connect_deadline(&self) -> Instant {
        self.deadlines.connect_deadline()
    }

    /// When the run ends.
    pub(crate) fn run_deadline(&self) -> Option<Instant> {
        Some(self.deadlines.run?.until)
    }

    /// The version that the API server has said to have.
    pub(super) fn versions(&self) -> &KnownVersion {
        &self.inner.versions
    }

    /// URL of the API server.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.inner.info.server
    }

    /// The kubeconfig context in use, if there is one.
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        self.inner.info.context.as_deref()
    }

    /// Where the configuration came from, for the log.
    #[must_use]
    pub fn config_source(&self) -> &str {
        &self.inner.config_source
    }

    /// The context's namespace, `default` if it names none.
    #[must_use]
    pub fn default_namespace(&self) -> &str {
        &self.inner.default_namespace
    }

    /// Whether the API server's certificate is not verified.
    #[must_use]
    pub fn is_insecure(&self) -> bool {
        self.inner.info.insecure
    }

    /// The time by the API server's clock, once it has answered anything. Ages are measured against it, since the
    /// timestamps of objects are of that clock too and this machine's may be off.
    #[must_use]
    pub fn server_time(&self) -> Option<Time> {
        let (date, read) = (*self.inner.date.lock().ok()?)?;
        let since = i64::try_from(read.elapsed().as_secs()).ok()?;
        Some(Time::from_seconds(date.seconds.saturating_add(since)))
    }

    /// Sends one GET and waits for the head of the response. Every HTTP response is an `Ok` here.
    ///
    /// # Errors
    /// A transport failure, classified.
    pub async fn get(&self, path: &str, accept: &str) -> Result<Response, Failure> {
        self.send(Method::GET, Bytes::new(), path, accept, "identity", None)
            .await
    }

    /// Posts JSON. Only for objects that the API server answers and does not store, such as a review.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn post(&self, path: &str, json: String) -> Result<Response, Failure> {
        let body = Bytes::from(json);
        self.send(Method::POST, body, path, "application/json", "identity", None)
            .await
    }

    /// Patches an object with JSON, by the rules of a merge patch.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn merge_patch(
        &self,
        path: &str,
        accept: &str,
        json: String,
    ) -> Result<Response, Failure> {
        let body = Bytes::from(json);
        self.send(Method::PATCH, body, path, accept, "identity", None)
            .await
    }

    /// As [`Client::get`], for a response that may be large. The API server compresses responses over 128 KB to a tenth of
    /// the bytes, which is worth its time unless it is near.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn get_compressed(&self, path: &str, accept: &str) -> Result<Response, Failure> {
        self.get_compressed_with(path, accept, None).await
    }

    /// As [`Client::get_compressed`], with a further header.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn get_compressed_with(
        &self,
        path: &str,
        accept: &str,
        header: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Response, Failure> {
        let encoding = if self.inner.compression && !self.inner.connector.is_near() {
            "gzip"
        } else {
            "identity"
        };
        self.send(Method::GET, Bytes::new(), path, accept, encoding, header)
            .await
    }

    /// As [`Client::get`], with further headers.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn get_with(
        &self,
        path: &str,
        accept: &str,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> Result<Response, Failure> {
        self.send(Method::GET, Bytes::new(), path, accept, "identity", headers)
            .await
    }

    /// Sends one GET and reads the whole response, of at most `limit` bytes. Responses other than 2xx are failures.
    ///
    /// # Errors
    /// As [`Client::get`], and the class of the status code.
    pub async fn get_whole(&self, path: &str, accept: &str, limit: usize) -> Result<Vec<u8>, Failure> {
        let response = self.get(path, accept).await?.error_for_status().await?;
        response.whole(limit).await
    }

    async fn send(
        &self,
        method: Method,
        body: Bytes,
        path: &str,
        accept: &str,
        encoding: &'static str,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> Result<Response, Failure> {
        let mut response = Response::pending(
            self.server(),
            method.clone(),
            path,
            self.deadlines,
            self.inner.observer.clone(),
        );
        let mut request = self
            .request(method, body, path, accept, encoding)
            .map_err(|failure| response.fail(failure))?;
        request.headers_mut().extend(headers);
        let limit = credential_limit(&self.inner.credentials, &self.deadlines);
        let current = match self.inner.credentials.current(limit).await {
            Ok(current) => current,
            Err(failure) => return Err(response.fail(failure)),
        };
        let mut received = self.exchange(&response, &request, &current).await?;
        if received.status() == StatusCode::UNAUTHORIZED
            && !is_of_a_pod(path, received.headers())
            && let Some(renewed) = self.inner.credentials.renew(&current, limit).await
        {
            received = self.exchange(&response, &request, &renewed).await?;
        }
        self.note_headers(received.headers());
        response.receive(received);
        Ok(response)
    }

    /// The request without a credential.
    fn request(
        &self,
        method: Method,
        body: Bytes,
        path: &str,
        accept: &str,
        encoding: &'static str,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let is_patch = method == Method::PATCH;
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server()))
            .header(header::ACCEPT, accept)
            .header(header::ACCEPT_ENCODING, encoding)
            .header(header::USER_AGENT, self.inner.user_agent.clone());
        if !body.is_empty() {
            let content_type = if is_patch {
                "application/merge-patch+json"
            } else {
                "application/json"
            };
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        for (name, value) in &self.inner.headers {
            request = request.header(name, value);
        }
        request
            .body(Full::new(body))
            .map_err(|error| Failure::new(Class::Rejected, format!("impossible path {path:?}: {error}")))
    }

    /// One request with that credential, to the head of its response.
    async fn exchange(
        &self,
        response: &Response,
        request: &Request<Full<Bytes>>,
        credential: &CurrentCredential,
    ) -> Result<http::Response<Incoming>, Failure> {
        let mut request = request.clone();
        if let Some(header) = &credential.header {
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, header.clone());
        }
        let (until, _) = response.deadline();
        match timeout_at(until, self.http(credential).request(request)).await {
            Ok(Ok(received)) => Ok(received),
            Ok(Err(error)) => Err(response.fail(transport_failure(&error))),
            Err(_) => {
                let doing = match self.inner.connector.opened() {
                    0 => "connecting",
                    _ => "waiting for the answer",
                };
                Err(response.fail(response.deadline().1.failure(doing)))
            }
        }
    }

    /// The connections for a credential. Connections with another certificate end by themselves.
    fn http(&self, credential: &CurrentCredential) -> HttpClient {
        if let Some(pinned) = &self.pinned {
            return pinned.clone();
        }
        let mut http = self.inner.http.lock().unwrap_or_else(PoisonError::into_inner);
        if http.0 < credential.number {
            if let Some(tls) = &self.inner.tls
                && tls.set_plugin_identity(credential.identity.clone())
            {
                http.1 = http_client(&self.inner.connector);
            }
            http.0 = credential.number;
        }
        http.1.clone()
    }

    /// Keeps the API server's time and flow control, which each response has in its headers.
    fn note_headers(&self, headers: &HeaderMap) {
        if let Some(date) =
            header_text(headers, &header::DATE).and_then(|text| jiff::fmt::rfc2822::parse(text).ok())
            && let Ok(mut newest) = self.inner.date.lock()
        {
            *newest = Some((Time::from_seconds(date.timestamp().as_second()), Instant::now()));
        }
        let uid = |name: &'static str| {
            header_text(headers, &HeaderName::from_static(name))
                .unwrap_or_default()
                .to_owned()
        };
        let named = FlowControl {
            schema: uid("x-kubernetes-pf-flowschema-uid"),
            level: uid("x-kubernetes-pf-prioritylevel-uid"),
            ..FlowControl::default()
        };
        if named != FlowControl::default()
            && let Ok(mut flow_control) = self.inner.flow_control.lock()
        {
            *flow_control = Some(named);
        }
    }
}

/// Loads the configuration on a thread that may block: a file can be a FIFO that nobody writes to.
async fn load_config(settings: &Settings) -> Result<ClusterConfig, Failure> {
    let until = settings.deadlines.configuration_deadline();
    let (source, context, overrides) = (
        settings.source.clone(),
        settings.context.clone(),
        settings.overrides.clone(),
    );
    let loading = tokio::task::spawn_blocking(move || {
        let loaded = config::load(&source, context.as_deref(), &overrides, until)?;
        ClusterConfig::build(loaded, &overrides.kuberc, until)
    });
    // All readers give up by then. Only a file system that hangs takes longer.
    match timeout_at(until + READ_GRACE, loading).await {
        Ok(Ok(loaded)) => loaded,
        Ok(Err(_)) => Err(Failure::bad_configuration(
            "reading the configuration was interrupted",
        )),
        Err(_) => Err(
            Failure::bad_configuration("the files of the configuration were not read in time")
                .with_hint("look at the file system that they are on"),
        ),
    }
}

/// Whether a 401 comes from a pod behind the API server's proxy, which asks for a token of its own. The API server sends no
/// challenge with a 401, and a new credential would change nothing.
fn is_of_a_pod(path: &str, headers: &HeaderMap) -> bool {
    path.contains("/proxy/") && headers.contains_key(header::WWW_AUTHENTICATE)
}

/// How long obtaining the credential may take.
fn credential_limit(credentials: &Credentials, deadlines: &Deadlines) -> Duration {
    credentials.limit(
        deadlines.run.map(|run| run.until),
        deadlines.connect.max(deadlines.idle),
    )
}

fn http_client(connector: &Connector) -> HttpClient {
    hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector.clone())
}
