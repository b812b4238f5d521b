//! The HTTP client of an agent at a URL, behind `kubectl port-forward`, an ingress or a load balancer.

use super::{AgentSettings, AgentUrl};
use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use sre_shared::cluster::{
    Exchange, Observer, RunLimit, ServiceResponse, read_agent_token, transport_failure,
};
use sre_shared::failure::{Class, Failure};
use sre_shared::run::{OpenedStream, StreamBody};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Larger than any report: 10,000 Deployments are 3 MB.
const LARGEST: usize = 256 << 20;
/// The limit of a connection, as for the API server.
const CONNECT: Duration = Duration::from_secs(5);

/// The header of a token if `Authorization` holds the user and password of the URL.
const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-sre-token");
/// The type of a stream of events.
const EVENTS: &str = "text/event-stream";
/// The id of the last event that was read.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// The most redirects that are followed. A server that upgrades to TLS needs one.
const REDIRECTS: usize = 3;

/// An HTTP client of one agent. Its requests share connections.
#[derive(Clone)]
pub struct AgentClient {
    agent: AgentSettings,
    /// The client, or the reason why this machine cannot make one.
    client: Result<Client, Failure>,
    observer: Option<Observer>,
}

impl AgentClient {
    /// A client; no byte is sent yet.
    pub fn new(agent: AgentSettings, observer: Option<Observer>) -> Self {
        // The process has one provider. An error says that it is set already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("kubectl-sre/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .redirect(redirects(agent.url.clone()));
        if agent.url.is_loopback() {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(exchange_failure);
        Self {
            agent,
            client,
            observer,
        }
    }

    /// The URL of the agent.
    pub fn url(&self) -> &AgentUrl {
        &self.agent.url
    }

    /// GETs a path, with its query, within a limit. An answer with any status code is an `Ok`.
    ///
    /// # Errors
    /// If there is no answer, or it is longer than any report.
    pub async fn get(&self, path: &str, limit: RunLimit) -> Result<ServiceResponse, Failure> {
        let started = started();
        let result = self.exchange(path, limit).await;
        let elapsed = started.elapsed();
        let result = result.map_err(|failure| Failure {
            endpoint: format!("{}{}", self.agent.url, path.split('?').next().unwrap_or_default()),
            elapsed,
            hint: hint(&failure).or(failure.hint.clone()),
            ..failure
        });
        if let Some(observer) = &self.observer {
            observer(&Exchange {
                method: "GET",
                path,
                status: result.as_ref().ok().map(|served| served.status),
                bytes: result.as_ref().map_or(0, |served| served.body.len() as u64),
                elapsed,
                error: result.as_ref().err(),
            });
        }
        result
    }

    /// Opens a path that is a stream of events, after the event of that id. The limit is that for its head. An answer with any
    /// status code is an `Ok`.
    ///
    /// # Errors
    /// As [`AgentClient::get`].
    pub async fn open(
        &self,
        path: &str,
        last_event_id: Option<String>,
        limit: RunLimit,
    ) -> Result<OpenedStream<UrlStream>, Failure> {
        let started = started();
        let result = self.exchange_head(path, last_event_id, limit).await;
        let elapsed = started.elapsed();
        let result = result.map_err(|failure| Failure {
            endpoint: format!("{}{}", self.agent.url, path.split('?').next().unwrap_or_default()),
            elapsed,
            hint: hint(&failure).or(failure.hint.clone()),
            ..failure
        });
        if let Some(observer) = &self.observer {
            let (status, bytes) = match &result {
                Ok(OpenedStream::Events(_)) => (Some(200), 0),
                Ok(OpenedStream::Other(served)) => (Some(served.status), served.body.len() as u64),
                Err(_) => (None, 0),
            };
            observer(&Exchange {
                method: "GET",
                path,
                status,
                bytes,
                elapsed,
                error: result.as_ref().err(),
            });
        }
        result
    }

    async fn exchange_head(
        &self,
        path: &str,
        last_event_id: Option<String>,
        limit: RunLimit,
    ) -> Result<OpenedStream<UrlStream>, Failure> {
        let client = self.client.as_ref().map_err(Failure::clone)?;
        let mut request = client.get(self.agent.url.with_path(path)).header(ACCEPT, EVENTS);
        if let Some((name, value)) = self.token(limit).await? {
            request = request.header(name, value);
        }
        if let Some(id) = last_event_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
            request = request.header(LAST_EVENT_ID, id);
        }
        let late = |_| {
            let seconds = limit.length.as_secs_f64();
            Failure::new(Class::Timeout, format!("no answer within {seconds} s"))
        };
        // The stream itself has no end.
        let sent = timeout(limit.left(), request.send()).await.map_err(late)?;
        let response = sent.map_err(exchange_failure)?;
        if let Some(failure) = refused_redirect(&response) {
            return Err(failure);
        }
        let content_type = response.headers().get(CONTENT_TYPE);
        let is_stream = content_type.is_some_and(|value| value.as_bytes().starts_with(EVENTS.as_bytes()));
        if response.status().as_u16() == 200 && is_stream {
            return Ok(OpenedStream::Events(UrlStream(response)));
        }
        let status = response.status().as_u16();
        let body = timeout(limit.left(), whole_body(response, exchange_failure))
            .await
            .map_err(late)?;
        Ok(OpenedStream::Other(ServiceResponse { status, body: body? }))
    }

    /// The token as a header, if there is a file for it. It is read for each request, since a token of a pod is renewed.
    async fn token(&self, limit: RunLimit) -> Result<Option<(HeaderName, HeaderValue)>, Failure> {
        let Some(path) = &self.agent.token_file else {
            return Ok(None);
        };
        let token = read_agent_token(path, limit.left()).await?;
        if self.agent.url.has_user() {
            return Ok(Some((TOKEN_HEADER, token.bare)));
        }
        Ok(Some((AUTHORIZATION, token.bearer)))
    }

    async fn exchange(&self, path: &str, limit: RunLimit) -> Result<ServiceResponse, Failure> {
        let client = self.client.as_ref().map_err(Failure::clone)?;
        let failed = |error: reqwest::Error| {
            if error.is_timeout() {
                let seconds = limit.length.as_secs_f64();
                return Failure::new(Class::Timeout, format!("no answer within {seconds} s"));
            }
            exchange_failure(error)
        };
        let mut request = client.get(self.agent.url.with_path(path));
        if let Some((name, value)) = self.token(limit).await? {
            request = request.header(name, value);
        }
        let response = request.timeout(limit.left()).send().await.map_err(failed)?;
        if let Some(failure) = refused_redirect(&response) {
            return Err(failure);
        }
        let status = response.status().as_u16();
        let body = whole_body(response, failed).await?;
        Ok(ServiceResponse { status, body })
    }
}

/// The stream of events of an agent at a URL.
pub struct UrlStream(Response);

impl StreamBody for UrlStream {
    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        self.0.chunk().await.map_err(exchange_failure)
    }
}

async fn whole_body(
    mut response: Response,
    failed: impl Fn(reqwest::Error) -> Failure,
) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(&failed)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Failure::new(
                Class::NotAnAgent,
                format!("the answer is longer than {LARGEST} bytes"),
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The failure of a redirect that was not followed.
fn refused_redirect(response: &Response) -> Option<Failure> {
    let to = response.headers().get(LOCATION);
    let is_redirect = response.status().is_redirection();
    is_redirect.then(|| redirect_failure(response.status().as_u16(), to, response.url()))
}

/// Follows redirects to the same server only. Another one could be anybody's: its answer would count as the agent's, and
/// a token would be sent there.
fn redirects(from: AgentUrl) -> Policy {
    Policy::custom(move |attempt| {
        if attempt.previous().len() <= REDIRECTS && from.may_redirect_to(attempt.url()) {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

fn redirect_failure(status: u16, to: Option<&HeaderValue>, from: &Url) -> Failure {
    let to = to.and_then(|to| from.join(to.to_str().ok()?).ok());
    let to = to.map_or_else(
        || "another place".to_owned(),
        |to| to.origin().ascii_serialization(),
    );
    Failure {
        status: Some(status),
        ..Failure::new(
            Class::NotAnAgent,
            format!("the URL redirects to {to}, which was not followed"),
        )
    }
    .with_hint(format!(
        "if {to} is where the agent answers, give that in --agent-url"
    ))
}

/// The failure of an exchange, without the URL. reqwest repeats it with user and password.
fn exchange_failure(error: reqwest::Error) -> Failure {
    let failure = transport_failure(&error.without_url());
    Failure::new(failure.class, failure.message)
}

#[allow(
    clippy::disallowed_methods,
    reason = "the time a request takes is shown by -v and decides nothing"
)]
fn started() -> Instant {
    Instant::now()
}

/// How to reach an agent. The hints of the classes are about API servers.
fn hint(failure: &Failure) -> Option<String> {
    let hint = match failure.class {
        Class::Refused | Class::ConnectionLost => {
            "nothing answers there: check the URL, and whether kubectl -n sre-tools port-forward service/sre-agent \
             8080 still runs"
        }
        Class::Dns | Class::Unreachable => "check the host of the URL, and the VPN or DNS of this machine",
        Class::Timeout => "check the URL and the firewalls on the way; --timeout gives it longer",
        Class::UnknownAuthority | Class::CertificateExpired | Class::WrongName | Class::Tls => {
            "check the certificate of what answers at the URL, and this machine's trusted authorities"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}
