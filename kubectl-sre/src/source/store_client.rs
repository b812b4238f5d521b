//! The HTTP client of a store of metrics: instant queries and values of labels by the API of Prometheus, which Thanos, Mimir and
//! `VictoriaMetrics` have too.
//!
//! A query is sent as a form in the body, since one with many names is longer than the URLs that proxies take. Secrets are marked as
//! sensitive and are never shown.

use super::AgentUrl;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder};
use serde::de::{DeserializeOwned, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use sre_shared::cluster::{RunLimit, read_bounded, transport_failure};
use sre_shared::failure::{Class, Failure};
use sre_shared::fleet::StoreSample;
use std::collections::{BTreeMap, HashSet};
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of an answer at most. 5,000 clusters with 16 kinds of 8 states are 640,000 samples of some 150 bytes.
const LARGEST: usize = 128 << 20;
/// Bytes of a secret or of authorities in a file at most.
const LARGEST_FILE: u64 = 1 << 20;
/// The limit of a connection, as for the API server.
const CONNECT: Duration = Duration::from_secs(5);
/// Characters of a message of the store that are shown.
const SHOWN: usize = 300;
/// The header of Mimir, Cortex and other stores with tenants.
const TENANT: HeaderName = HeaderName::from_static("x-scope-orgid");
/// The path of instant queries.
const QUERY_PATH: &str = "/api/v1/query";

/// A header that is sent to a store.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreHeader {
    name: HeaderName,
    value: HeaderValue,
}

/// Leaves out the value, which may be a secret.
impl fmt::Debug for StoreHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.name, f)
    }
}

impl StoreHeader {
    /// Parses `NAME=VALUE`.
    ///
    /// # Errors
    /// One line that says what is wrong, without the value.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("it is no NAME=VALUE, such as X-Team=shop: {why}");
        let (name, value) = text.split_once('=').ok_or_else(|| wrong("it has no ="))?;
        let name = name.parse().map_err(|_| wrong("the name is none of a header"))?;
        let mut value =
            HeaderValue::from_str(value).map_err(|_| wrong("the value has characters that no header has"))?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

/// How to ask a store.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// Its URL, without `/api/v1/query`.
    pub url: AgentUrl,
    /// Its tenant.
    pub tenant: Option<String>,
    /// Further headers.
    pub headers: Vec<StoreHeader>,
    /// The file with a bearer token.
    pub token_file: Option<PathBuf>,
    /// The file with `USER:PASSWORD`.
    pub basic_auth_file: Option<PathBuf>,
    /// The file with the authorities of its certificate.
    pub authority: Option<PathBuf>,
    /// Whether its certificate is not verified.
    pub insecure: bool,
}

/// An HTTP client of one store.
pub struct StoreClient {
    settings: StoreSettings,
    client: Client,
    headers: HeaderMap,
    basic: Option<(String, String)>,
}

/// The answer of a store.
#[derive(Debug, Default)]
pub struct StoreAnswer {
    /// The samples.
    pub samples: Vec<StoreSample>,
    /// Things that the store says about the answer, such as that a part of it is missing.
    pub warnings: Vec<String>,
}

/// What every answer has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoreBody<T> {
    #[serde(default)]
    status: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
    data: Option<T>,
    /// `VictoriaMetrics`' word for an answer without a part of the cluster.
    #[serde(default)]
    is_partial: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoreData {
    result_type: String,
    #[serde(deserialize_with = "samples")]
    result: Vec<StoreSample>,
}

#[derive(Deserialize)]
struct StoreResult {
    metric: BTreeMap<String, String>,
    value: (f64, String),
}

impl StoreClient {
    /// A client; files are read, and nothing is sent.
    ///
    /// # Errors
    /// Class `badConfiguration`, if a file cannot be used.
    pub async fn open(settings: StoreSettings, limit: RunLimit) -> Result<Self, Failure> {
        // The process has one provider. An error says that it is set already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut headers = HeaderMap::new();
        if let Some(tenant) = &settings.tenant {
            let value = HeaderValue::from_str(tenant)
                .map_err(|_| Failure::bad_configuration("--tenant has characters that no header has"))?;
            headers.insert(TENANT, value);
        }
        for header in &settings.headers {
            headers.append(header.name.clone(), header.value.clone());
        }
        if let Some(path) = &settings.token_file {
            let token = secret("--token-file", path, limit).await?;
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| bad_file("--token-file", path, "it holds characters that no token has"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let mut basic = None;
        if let Some(path) = &settings.basic_auth_file {
            let text = secret("--basic-auth-file", path, limit).await?;
            let (user, password) = text
                .split_once(':')
                .ok_or_else(|| bad_file("--basic-auth-file", path, "it is not USER:PASSWORD"))?;
            basic = Some((user.to_owned(), password.to_owned()));
        }
        let mut builder = Client::builder()
            .user_agent(concat!("kubectl-sre/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            // A redirect of a query is a login page. A secret must not follow it.
            .redirect(Policy::none());
        if settings.url.is_loopback() {
            builder = builder.no_proxy();
        }
        if settings.insecure {
            builder = builder.danger_accept_invalid_certs(true);
        }
        if let Some(path) = &settings.authority {
            let bytes = file("--certificate-authority", path, limit).await?;
            let certificates = Certificate::from_pem_bundle(&bytes)
                .ok()
                .filter(|some| !some.is_empty())
                .ok_or_else(|| bad_file("--certificate-authority", path, "it has no certificate in PEM"))?;
            builder = builder.tls_certs_only(certificates);
        }
        let client = builder.build().map_err(failed)?;
        Ok(Self {
            settings,
            client,
            headers,
            basic,
        })
    }

    /// Asks an instant query.
    ///
    /// # Errors
    /// If there is no whole answer of a store.
    pub async fn query(&self, query: &str, limit: RunLimit) -> Result<StoreAnswer, Failure> {
        // A store gives up a query by itself, so that it does not work for nobody.
        let left = limit.left().as_secs().max(1);
        let form = format!("query={}&timeout={left}s", in_form(query));
        let request = self
            .client
            .post(self.settings.url.with_path(QUERY_PATH))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let is_vector = |data: &StoreData| data.result_type == "vector";
        let (data, warnings) = self.ask(request, is_vector, limit).await?;
        Ok(StoreAnswer {
            samples: data.result,
            warnings,
        })
    }

    /// The values that a label of this series has had since a time, in seconds, and the warnings of the store. A store reads its index
    /// for it, and no sample: 7 days of one series of 2,000 clusters are 40 million samples, if one is written every 30 s.
    ///
    /// # Errors
    /// If there is no whole answer of a store.
    pub async fn label_values(
        &self,
        label: &str,
        series: &str,
        since: i64,
        limit: RunLimit,
    ) -> Result<(Vec<String>, Vec<String>), Failure> {
        let path = format!(
            "/api/v1/label/{label}/values?match[]={}&start={since}",
            in_form(series)
        );
        let request = self.client.get(self.settings.url.with_path(&path));
        self.ask(request, |_: &Vec<String>| true, limit).await
    }

    /// Sends a request; gives the data of the answer, and the warnings of the store.
    async fn ask<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        is_expected: impl Fn(&T) -> bool,
        limit: RunLimit,
    ) -> Result<(T, Vec<String>), Failure> {
        let seconds = limit.length.as_secs();
        let late = |_| Failure::new(Class::Timeout, format!("no answer within {seconds} s"));
        let result = timeout(limit.left(), self.exchange(request, is_expected)).await;
        result.map_err(late).and_then(|result| result).map_err(|failure| {
            let hint = hint(&failure, self.settings.tenant.is_some());
            Failure {
                endpoint: self.settings.url.to_string(),
                hint: failure.hint.clone().or(hint),
                ..failure
            }
        })
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        is_expected: impl Fn(&T) -> bool,
    ) -> Result<(T, Vec<String>), Failure> {
        let request = request.headers(self.headers.clone());
        let request = match &self.basic {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        };
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let retry = response.headers().get(RETRY_AFTER).is_some();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len().saturating_add(chunk.len()) > LARGEST {
                return Err(Failure::new(
                    Class::TooLarge,
                    format!("the answer is longer than {LARGEST} bytes"),
                )
                .with_hint("ask a store, or a tenant of it, with fewer clusters"));
            }
            body.extend_from_slice(&chunk);
        }
        let parsed = serde_json::from_slice::<StoreBody<T>>(&body).ok();
        // Mimir and proxies refuse in plain text.
        let text = || {
            String::from_utf8_lossy(&body)
                .trim()
                .chars()
                .take(SHOWN)
                .collect::<String>()
        };
        let said = match &parsed {
            Some(parsed) if !parsed.error.is_empty() => parsed.error.chars().take(SHOWN).collect(),
            _ => text(),
        };
        let class = match status {
            200..=299 => None,
            400 | 422 => Some(Class::Rejected),
            401 => Some(Class::Unauthenticated),
            403 => Some(Class::Forbidden),
            404 | 405 => Some(Class::NotFound),
            429 => Some(Class::Overloaded),
            500.. if retry => Some(Class::Overloaded),
            500.. => Some(Class::Unhealthy),
            _ => Some(Class::NotAnApiServer),
        };
        if let Some(class) = class {
            let said = if class == Class::NotAnApiServer {
                String::new()
            } else {
                format!(": {said}")
            };
            return Err(Failure {
                status: Some(status),
                ..Failure::new(class, format!("HTTP {status}{said}"))
            });
        }
        let no_store = || Failure::new(Class::NotAnApiServer, "the answer is none of a store of metrics");
        let parsed = parsed.ok_or_else(no_store)?;
        let data = parsed
            .data
            .filter(|data| parsed.status == "success" && is_expected(data));
        let data = data.ok_or_else(no_store)?;
        let mut warnings = parsed.warnings;
        if parsed.is_partial {
            warnings.push("a part of the store did not answer".to_owned());
        }
        Ok((data, warnings))
    }

    /// The URL of the store.
    pub fn url(&self) -> &AgentUrl {
        &self.settings.url
    }
}

/// Reads samples one after the other. Their labels share their texts: 2,000 clusters have 50,000 samples with few different words.
fn samples<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<StoreSample>, D::Error> {
    struct SampleVisitor;

    impl<'de> Visitor<'de> for SampleVisitor {
        type Value = Vec<StoreSample>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of samples")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let (mut samples, mut texts) = (Vec::new(), HashSet::new());
            while let Some(result) = list.next_element::<StoreResult>()? {
                let labels = result.metric.into_iter();
                samples.push(StoreSample {
                    labels: labels
                        .map(|(name, value)| (shared(name, &mut texts), shared(value, &mut texts)))
                        .collect(),
                    at: result.value.0,
                    // A text that is no number is NaN, and so no statement.
                    value: result.value.1.parse().unwrap_or(f64::NAN),
                });
            }
            Ok(samples)
        }
    }

    deserializer.deserialize_seq(SampleVisitor)
}

/// The text, from those that are known.
fn shared(text: String, texts: &mut HashSet<Arc<str>>) -> Arc<str> {
    if let Some(known) = texts.get(text.as_str()) {
        return Arc::clone(known);
    }
    let text: Arc<str> = text.into();
    texts.insert(Arc::clone(&text));
    text
}

/// The text as a value of a form.
fn in_form(text: &str) -> String {
    let mut form = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            form.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(form, "%{byte:02X}");
        }
    }
    form
}

/// The failure of an exchange, without the URL. reqwest repeats it with user and password.
fn failed(error: reqwest::Error) -> Failure {
    let failure = transport_failure(&error.without_url());
    Failure::new(failure.class, failure.message)
}

fn bad_file(flag: &str, path: &Path, why: &str) -> Failure {
    Failure::bad_configuration(format!("{flag} {}: {why}", path.display()))
        .with_hint("check the path, and who may read that file")
}

/// The bytes of a file, which are read on a thread that may block.
async fn file(flag: &'static str, path: &Path, limit: RunLimit) -> Result<Vec<u8>, Failure> {
    let (own, until) = (path.to_owned(), limit.until);
    let reading = tokio::task::spawn_blocking(move || read_bounded(&own, LARGEST_FILE, until));
    match timeout(limit.left(), reading).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(error))) => Err(bad_file(flag, path, &error.to_string())),
        Ok(Err(_)) | Err(_) => Err(bad_file(flag, path, "it was not read in time")),
    }
}

/// The text of a file that holds a secret.
async fn secret(flag: &'static str, path: &Path, limit: RunLimit) -> Result<String, Failure> {
    let bytes = file(flag, path, limit).await?;
    let text = String::from_utf8(bytes).map_err(|_| bad_file(flag, path, "it is no text in UTF-8"))?;
    match text.trim() {
        "" => Err(bad_file(flag, path, "it is empty")),
        text => Ok(text.to_owned()),
    }
}

/// The next step. The hints of the classes are about API servers.
fn hint(failure: &Failure, has_tenant: bool) -> Option<String> {
    let lacks_tenant = failure.message.contains("no org id");
    let hint = match failure.class {
        // Mimir has 422 for it, and 500.
        Class::Rejected | Class::Unhealthy if failure.message.contains("limit") => {
            "the store limits queries: raise that limit, or ask a tenant with fewer clusters"
        }
        _ if lacks_tenant && !has_tenant => "the store has tenants: give --tenant NAME",
        Class::Unauthenticated if has_tenant => "check --token-file or --basic-auth-file, and --tenant",
        Class::Unauthenticated => {
            "give --token-file or --basic-auth-file; a store with tenants wants --tenant"
        }
        Class::Forbidden => "ask for the right to read this store, or this tenant of it",
        Class::NotFound | Class::NotAnApiServer => {
            "give the URL in front of /api/v1/query: that of Mimir ends with /prometheus, of VictoriaMetrics' cluster with \
             /select/0/prometheus"
        }
        Class::Rejected => {
            "the store, or a proxy in front of it, does not take the query: its message says why"
        }
        Class::Overloaded | Class::Unhealthy => "look at the store, or ask it again later",
        Class::Refused | Class::ConnectionLost => "nothing answers there: check the URL of --prometheus",
        Class::Dns | Class::Unreachable => "check the host of the URL, and the VPN or DNS of this machine",
        Class::Timeout => "check the URL and the load of the store; --timeout gives it longer",
        Class::UnknownAuthority | Class::CertificateExpired | Class::WrongName | Class::Tls => {
            "check the store's certificate; --certificate-authority names its authority"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{StoreHeader, in_form};

    #[test]
    fn the_value_of_a_header_is_shown_nowhere() {
        let header = StoreHeader::parse("X-Key=s3cr3t=x").expect("a header");
        assert!(!format!("{header:?}").contains("s3cr3t"));
        for text in ["s3cr3t", "a b=s3cr3t", "a=s3cr3t\n"] {
            let refused = StoreHeader::parse(text).expect_err(text);
            assert!(!refused.contains("s3cr3t"), "{refused}");
        }
    }

    #[test]
    fn a_query_is_one_value_of_a_form() {
        assert_eq!(
            in_form("a{b=~\"c|d\"} + 1&x"),
            "a%7Bb%3D~%22c%7Cd%22%7D%20%2B%201%26x"
        );
    }
}
