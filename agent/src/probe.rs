//! `sre-agent probe URL...`: asks URLs as a client would. `helm test` runs it in the agent's own image, which holds no
//! shell and no curl.
//! Must not know what the URLs serve.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use sre_shared::cluster::{read_agent_token, unverified_tls};
use sre_shared::failure::{Class, Failure};
use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Bytes of a body that are read at most. Only its first words are shown.
const READ: usize = 16 << 10;
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(500);
/// The header of a token.
const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-sre-token");
/// Characters of a body that are shown at most.
const SHOWN: usize = 120;

/// What to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlProbe {
    /// The URLs, asked one after the other.
    pub targets: Vec<TargetUrl>,
    /// A file with a token that is sent to them.
    pub token_file: Option<PathBuf>,
    /// How long each one may take.
    pub timeout: Duration,
    /// For how long a URL that does not answer 200 is asked again.
    pub patience: Duration,
}

/// A URL with HTTP or HTTPS. The certificate is not verified, since the answer only shows whether the agent is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetUrl {
    text: String,
    authority: String,
    host: String,
    port: u16,
    path: String,
    tls: bool,
}

impl FromStr for TargetUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "a URL looks like http://sre-agent:8080/healthz";
        let tls = match text.split_once("://").map(|(scheme, _)| scheme) {
            // tcp:// is how Kubernetes writes the address of a Service into the environment of a pod.
            Some("http" | "tcp") => false,
            Some("https") => true,
            Some(scheme) => {
                return Err(format!(
                    "{scheme:?} is not spoken here, only HTTP and HTTPS; {form}"
                ));
            }
            None => return Err(format!("the scheme is missing, did you mean http://{text}?")),
        };
        let uri: Uri = text.parse().map_err(|error| format!("{error}; {form}"))?;
        let authority = uri.authority().ok_or(form)?;
        if authority.as_str().contains('@') {
            return Err("a user or password in the URL is not sent: leave it out".into());
        }
        let host = authority.host();
        let inside = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        Ok(Self {
            text: text.to_owned(),
            authority: authority.to_string(),
            host: inside.unwrap_or(host).to_owned(),
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            tls,
        })
    }
}

impl TargetUrl {
    /// The same URL with TLS, if it is wanted and the URL names only TCP.
    pub fn with_tls(self, wanted: bool) -> Self {
        Self {
            tls: self.tls || (wanted && self.text.starts_with("tcp://")),
            ..self
        }
    }
}

/// Why there was no answer.
struct ProbeFailure {
    class: Class,
    reason: String,
}

impl UrlProbe {
    /// Asks every URL, writes a line for each, and returns whether all answered 200.
    ///
    /// # Errors
    /// If a line cannot be written.
    pub async fn run(&self, out: &mut impl io::Write) -> io::Result<bool> {
        let mut well = true;
        let until = Instant::now() + self.patience;
        for target in &self.targets {
            let mut answer = self.once(target).await;
            while !matches!(answer, Ok((StatusCode::OK, _))) && Instant::now() + PAUSE <= until {
                tokio::time::sleep(PAUSE).await;
                answer = self.once(target).await;
            }
            let url = &target.text;
            match answer {
                Ok((StatusCode::OK, _)) => writeln!(out, "200 {url}")?,
                Ok((code, body)) => {
                    well = false;
                    writeln!(out, "{} {url}: {}", code.as_u16(), first_words(&body))?;
                }
                Err(ProbeFailure { class, reason }) => {
                    well = false;
                    writeln!(out, "{} {url}: {reason}", class.as_str())?;
                }
            }
        }
        Ok(well)
    }

    async fn once(&self, target: &TargetUrl) -> Result<(StatusCode, Vec<u8>), ProbeFailure> {
        tokio::time::timeout(self.timeout, self.ask(target))
            .await
            .unwrap_or_else(|_| {
                Err(ProbeFailure {
                    class: Class::Timeout,
                    reason: format!("no whole answer within {} s", self.timeout.as_secs_f64()),
                })
            })
    }

    async fn ask(&self, target: &TargetUrl) -> Result<(StatusCode, Vec<u8>), ProbeFailure> {
        let token = match &self.token_file {
            Some(path) => Some(read_agent_token(path, self.timeout).await?.bare),
            None => None,
        };
        let stream = connect(target).await?;
        if target.tls {
            exchange(unverified_tls(stream, &target.host).await?, target, token).await
        } else {
            exchange(stream, target, token).await
        }
    }
}

impl From<Failure> for ProbeFailure {
    fn from(failure: Failure) -> Self {
        Self {
            class: failure.class,
            reason: failure.message,
        }
    }
}

/// Sends the request and reads the answer.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    target: &TargetUrl,
    token: Option<HeaderValue>,
) -> Result<(StatusCode, Vec<u8>), ProbeFailure> {
    let lost = |error: hyper::Error| ProbeFailure {
        class: Class::ConnectionLost,
        reason: error.to_string(),
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
    // The task ends with this function.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let mut request = Request::get(&target.path)
        .header(header::HOST, &target.authority)
        .header(
            header::USER_AGENT,
            concat!("sre-agent-probe/", env!("CARGO_PKG_VERSION")),
        )
        .body(Empty::<Bytes>::new())
        .map_err(|error| ProbeFailure {
            class: Class::Rejected,
            reason: error.to_string(),
        })?;
    if let Some(token) = token {
        request.headers_mut().insert(TOKEN_HEADER, token);
    }
    let mut response = sender.send_request(request).await.map_err(lost)?;
    let mut body = Vec::new();
    while body.len() < READ
        && let Some(frame) = response.frame().await
    {
        if let Ok(data) = frame.map_err(lost)?.into_data() {
            body.extend_from_slice(&data);
        }
    }
    Ok((response.status(), body))
}

async fn connect(target: &TargetUrl) -> Result<TcpStream, ProbeFailure> {
    let unresolved = |reason: String| ProbeFailure {
        class: Class::Dns,
        reason,
    };
    let addresses = lookup_host((target.host.as_str(), target.port))
        .await
        .map_err(|error| unresolved(error.to_string()))?;
    let mut last = unresolved("the name has no address".into());
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => {
                last = ProbeFailure {
                    class: class_of(error.kind()),
                    reason: error.to_string(),
                };
            }
        }
    }
    Err(last)
}

fn class_of(kind: io::ErrorKind) -> Class {
    match kind {
        io::ErrorKind::ConnectionRefused => Class::Refused,
        io::ErrorKind::TimedOut => Class::Timeout,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Class::ConnectionLost,
        _ => Class::Unreachable,
    }
}

/// The beginning of a body, in one line and without characters that move a terminal's cursor.
fn first_words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let line: String = words.join(" ").chars().filter(is_shown).take(SHOWN).collect();
    if line.is_empty() {
        "the body is empty".into()
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    async fn listener() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/healthz?verbose", listener.local_addr().unwrap());
        (listener, url)
    }

    async fn run(url: &str, timeout: Duration) -> (bool, String) {
        let probe = UrlProbe {
            targets: vec![url.parse().unwrap()],
            token_file: None,
            timeout,
            patience: Duration::ZERO,
        };
        let mut out = Vec::new();
        let well = probe.run(&mut out).await.unwrap();
        (well, String::from_utf8(out).unwrap())
    }

    /// The line for a server that answers with these bytes, and the request that the server received.
    async fn answered(bytes: &'static [u8]) -> (bool, String, String) {
        let (listener, url) = listener().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 1024];
            let read = stream.read(&mut asked).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            String::from_utf8_lossy(&asked[..read]).into_owned()
        });
        let (well, line) = run(&url, Duration::from_secs(20)).await;
        (well, line.replace(&url, "URL"), server.await.unwrap())
    }

    #[tokio::test]
    async fn an_answer_is_one_line() {
        for (bytes, well, line) in [
            (&b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"[..], true, "200 URL\n"),
            (
                b"HTTP/1.1 500 x\r\nconnection: close\r\n\r\n[-]server is stopping\nreadyz \x1b[31mcheck failed\n",
                false,
                "500 URL: [-]server is stopping readyz [31mcheck failed\n",
            ),
            (
                b"HTTP/1.1 302 x\r\ncontent-length: 0\r\n\r\n",
                false,
                "302 URL: the body is empty\n",
            ),
            (b"", false, "connectionLost URL: connection closed before message completed\n"),
            (b"SSH-2.0-x\r\n\r\n", false, "connectionLost URL: invalid HTTP version parsed\n"),
        ] {
            let (is_well, written, asked) = answered(bytes).await;
            assert_eq!((is_well, written.as_str()), (well, line));
            assert!(
                asked.starts_with("GET /healthz?verbose HTTP/1.1\r\nhost: 127.0.0.1:"),
                "{asked}"
            );
        }
    }

    #[tokio::test]
    async fn a_url_without_an_answer_has_the_class_of_its_failure() {
        let (listener, url) = listener().await;
        let (well, line) = run(&url, Duration::from_millis(50)).await;
        assert_eq!(
            (well, line),
            (false, format!("timeout {url}: no whole answer within 0.05 s\n"))
        );
        drop(listener);
        let (well, line) = run(&url, Duration::from_secs(20)).await;
        assert_eq!(
            (well, line),
            (
                false,
                format!("refused {url}: Connection refused (os error 111)\n")
            )
        );
    }

    #[tokio::test]
    async fn with_patience_a_url_is_asked_again_until_it_answers_200() {
        let (listener, url) = listener().await;
        let server = tokio::spawn(async move {
            for answer in [
                "HTTP/1.1 500 x\r\nconnection: close\r\n\r\n",
                "",
                "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
            ] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 1024]).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let probe = UrlProbe {
            targets: vec![url.parse().unwrap()],
            token_file: None,
            timeout: Duration::from_secs(20),
            patience: Duration::from_mins(1),
        };
        let mut out = Vec::new();
        assert!(probe.run(&mut out).await.unwrap());
        assert_eq!(String::from_utf8(out).unwrap(), format!("200 {url}\n"));
        server.await.unwrap();
    }

    #[test]
    fn urls_are_read() {
        let read = |text: &str| {
            let target = text.parse::<TargetUrl>().unwrap();
            (target.authority, target.host, target.port, target.path)
        };
        let row = |a: &str, h: &str, port, p: &str| (a.to_owned(), h.to_owned(), port, p.to_owned());
        assert_eq!(read("http://a.b:81/x?y"), row("a.b:81", "a.b", 81, "/x?y"));
        assert_eq!(read("http://a"), row("a", "a", 80, "/"));
        assert_eq!(read("http://[::1]:8/"), row("[::1]:8", "::1", 8, "/"));
    }

    #[test]
    fn a_url_that_is_not_plain_http_is_refused_with_the_next_step() {
        for (text, part) in [
            ("ftp://a", "\"ftp\" is not spoken here"),
            ("a:80/healthz", "did you mean http://a:80/healthz?"),
            ("http://", "looks like"),
            ("http://a b/", "looks like"),
            ("http://u:p@a/", "leave it out"),
        ] {
            let error = text.parse::<TargetUrl>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
