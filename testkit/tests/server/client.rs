//! Owns the client of these tests: HTTP/1.1 over a TCP stream, with or without TLS, and nothing else.
//! Must not know the scripted server beyond its address, its CA and its token.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use sre_testkit::ApiServer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Limit of every wait. No wait takes nearly as long.
const LIMIT: Duration = Duration::from_secs(5);

pub type Failure = Box<dyn Error + Send + Sync>;

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("the answer is JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// One connection to the server.
pub struct Client {
    sender: SendRequest<Empty<Bytes>>,
    token: Option<String>,
}

impl Client {
    /// Connects, over TLS if the server has a CA.
    pub async fn connect(server: &ApiServer, token: Option<&str>) -> Result<Self, Failure> {
        let stream = TcpStream::connect(server.address()).await?;
        let sender = match server.ca_pem() {
            None => handshake(stream).await?,
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from_pem_slice(ca.as_bytes())?)?;
                let provider = Arc::new(rustls::crypto::ring::default_provider());
                let config = ClientConfig::builder_with_provider(provider)
                    .with_safe_default_protocol_versions()?
                    .with_root_certificates(roots)
                    .with_no_client_auth();
                let name = ServerName::from(server.address().ip());
                let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
                handshake(bounded(connector.connect(name, stream)).await??).await?
            }
        };
        Ok(Self {
            sender,
            token: token.map(str::to_owned),
        })
    }

    /// Connects as the default user of a server whose token is `secret`.
    pub async fn admin(server: &ApiServer) -> Self {
        Self::connect(server, Some("secret"))
            .await
            .expect("the server accepts")
    }

    async fn send(&mut self, method: &str, target: &str) -> Result<http::Response<Incoming>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header("host", "testkit");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        bounded(self.sender.ready()).await??;
        Ok(bounded(self.sender.send_request(request.body(Empty::new())?)).await??)
    }

    pub async fn request(&mut self, method: &str, target: &str) -> Result<Answer, Failure> {
        let (parts, body) = self.send(method, target).await?.into_parts();
        let bytes = bounded(body.collect()).await??.to_bytes();
        let text = String::from_utf8(bytes.to_vec())?;
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            text,
        })
    }

    pub async fn try_get(&mut self, target: &str) -> Result<Answer, Failure> {
        self.request("GET", target).await
    }

    pub async fn get(&mut self, target: &str) -> Answer {
        self.try_get(target).await.expect("the server answers")
    }

    /// Opens a watch. The connection has no other request until it ends.
    pub async fn watch(&mut self, target: &str) -> Stream {
        let answer = self.send("GET", target).await.expect("the server answers");
        Stream {
            status: answer.status(),
            body: answer.into_body(),
            rest: String::new(),
        }
    }
}

async fn handshake<S>(stream: S) -> Result<SendRequest<Empty<Bytes>>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn bounded<F: Future>(future: F) -> Result<F::Output, tokio::time::error::Elapsed> {
    tokio::time::timeout(LIMIT, future).await
}

/// An open watch.
pub struct Stream {
    pub status: StatusCode,
    body: Incoming,
    rest: String,
}

impl Stream {
    /// The next line, or `None` at the end of the stream.
    pub async fn line(&mut self) -> Result<Option<String>, Failure> {
        loop {
            if let Some((line, rest)) = self.rest.split_once('\n') {
                let (line, rest) = (line.to_owned(), rest.to_owned());
                self.rest = rest;
                return Ok(Some(line));
            }
            match bounded(self.body.frame()).await? {
                None if self.rest.is_empty() => return Ok(None),
                None => return Ok(Some(std::mem::take(&mut self.rest))),
                Some(frame) => {
                    if let Ok(data) = frame?.into_data() {
                        self.rest.push_str(std::str::from_utf8(&data)?);
                    }
                }
            }
        }
    }

    /// The next event as its type, name and resource version.
    pub async fn event(&mut self) -> (String, String, String) {
        let line = self
            .line()
            .await
            .expect("the stream is sound")
            .expect("the stream goes on");
        let event: Value = serde_json::from_str(&line).expect("an event is JSON");
        let text = |pointer: &str| {
            event
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        (
            text("/type"),
            text("/object/metadata/name"),
            text("/object/metadata/resourceVersion"),
        )
    }
}

/// The texts of an error and of all its sources.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
