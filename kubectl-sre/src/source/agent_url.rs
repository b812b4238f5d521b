//! An agent that is asked at a URL: behind `kubectl port-forward`, an ingress or a load balancer.

use reqwest::{Client, Url};
use sre_shared::cluster::{Exchange, Observer, Served, classify_transport};
use sre_shared::failure::{Class, Failure};
use std::fmt;
use std::time::{Duration, Instant};

/// Larger than any report: 10,000 Deployments are 3 MB.
const LIMIT: usize = 256 << 20;
/// As for the API server.
const CONNECT: Duration = Duration::from_secs(5);

/// The address of an agent; paths are added to it.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentUrl(Url);

impl fmt::Debug for AgentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Without the user and password that may stand in it.
impl fmt::Display for AgentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        // They fail for URLs without a host alone, which are refused.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        f.write_str(shown.as_str().trim_end_matches('/'))
    }
}

impl AgentUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// One line that says what is wrong with it and what is right.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXAMPLE: &str = "such as http://127.0.0.1:8080";
        // The text is not repeated: a password may be in it.
        let url: Url = text
            .parse()
            .map_err(|error| format!("it is no URL, {EXAMPLE}: {error}"))?;
        match url.scheme() {
            "http" | "https" if url.host().is_some() => {}
            "http" | "https" => return Err(format!("it names no host, {EXAMPLE}")),
            other => return Err(format!("{other:?} is neither http nor https, {EXAMPLE}")),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("a query or fragment has no place here, {EXAMPLE}"));
        }
        Ok(Self(url))
    }

    /// GETs a path, with its query, within a deadline. Every answer is an `Ok`, whatever the status code.
    ///
    /// # Errors
    /// The class of what happened on the way.
    pub async fn get(
        &self,
        path: &str,
        limit: Duration,
        observer: Option<&Observer>,
    ) -> Result<Served, Failure> {
        let started = started();
        let result = self.exchange(path, limit).await;
        let elapsed = started.elapsed();
        let result = result.map_err(|failure| Failure {
            endpoint: format!("{self}{}", path.split('?').next().unwrap_or_default()),
            elapsed,
            hint: hint(&failure).or(failure.hint.clone()),
            ..failure
        });
        if let Some(observer) = observer {
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

    async fn exchange(&self, path: &str, limit: Duration) -> Result<Served, Failure> {
        // One provider in the process: an error only says that it is set already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let failed = |error: reqwest::Error| {
            // Its own text repeats the URL, user and password included.
            let error = error.without_url();
            if error.is_timeout() {
                return Failure::new(
                    Class::Timeout,
                    format!("no answer within {} s", limit.as_secs_f64()),
                );
            }
            let (class, message) = classify_transport(&error);
            Failure::new(class, message)
        };
        let client = Client::builder()
            .user_agent(concat!("kubectl-sre/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT.min(limit))
            .timeout(limit)
            .build()
            .map_err(failed)?;
        let base = self.0.as_str().trim_end_matches('/');
        let mut response = client.get(format!("{base}{path}")).send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LIMIT {
                return Err(Failure::new(
                    Class::NotAnAgent,
                    format!("the answer is longer than {LIMIT} bytes"),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Served { status, body })
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the time a request takes is shown by -v and decides nothing"
)]
fn started() -> Instant {
    Instant::now()
}

/// What helps on this way; the hints of the classes are about API servers.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_http_or_https_with_a_host_and_is_shown_without_its_password() {
        let shown = |text: &str| AgentUrl::parse(text).map(|url| url.to_string());
        assert_eq!(
            shown("http://127.0.0.1:8080/"),
            Ok("http://127.0.0.1:8080".into())
        );
        assert_eq!(
            shown("https://me:secret@sre.example/agent/"),
            Ok("https://sre.example/agent".into())
        );
        for (text, said) in [
            ("127.0.0.1:8080", "it is no URL, such as http://127.0.0.1:8080"),
            ("localhost:8080", "\"localhost\" is neither http nor https"),
            ("ftp://x", "\"ftp\" is neither http nor https"),
            ("http://", "it is no URL"),
            ("http://x/?a=b", "a query or fragment has no place here"),
        ] {
            let refused = shown(text).expect_err(text);
            assert!(refused.starts_with(said), "{text}: {refused}");
        }
    }
}
