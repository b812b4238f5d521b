//! Owns the TLS side of a connection: whom the server has to be vouched for by, and the client's own certificate.
//! Must not know how bytes travel.

use crate::cluster::bounded_file;
use crate::cluster::connection_info;
use crate::cluster::transport::tls_error;
use crate::cluster::transport::verify::{Judge, Roots, Verifier};
use crate::failure::{Class, Failure};
use crate::resource::Time;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Files are read again for a new connection when they were read longer ago, since they are renewed under a process
/// that stays.
const REREAD: Duration = Duration::from_mins(1);

/// How long that may take.
const REREAD_LIMIT: Duration = Duration::from_secs(2);

/// Bytes of the configuration, or the file that holds them.
#[derive(Clone)]
pub(crate) enum Source {
    Data(Vec<u8>),
    File(PathBuf),
}

impl Source {
    /// The bytes themselves, or the file that holds them; one that cannot be read twice is read here. `what` names the
    /// field in the failure.
    pub fn of(what: &str, data: &[u8], file: &str, until: Instant) -> Result<Option<Self>, Failure> {
        if !data.is_empty() {
            return Ok(Some(Self::Data(data.to_vec())));
        }
        if file.is_empty() {
            return Ok(None);
        }
        let source = Self::File(file.into());
        Ok(Some(if bounded_file::is_regular(Path::new(file)) {
            source
        } else {
            Self::Data(source.read(what, until)?)
        }))
    }

    pub fn read(&self, what: &str, until: Instant) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Data(bytes) => Ok(bytes.clone()),
            Self::File(path) => {
                bounded_file::read(path, bounded_file::CERTIFICATES, until).map_err(|error| {
                    Failure::new(
                        Class::BadConfiguration,
                        format!("{what} {}: {error}", path.display()),
                    )
                })
            }
        }
    }

    fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

/// Who may vouch for the server.
#[derive(Clone)]
pub(crate) enum Trust {
    /// The authorities that this machine trusts.
    System,
    /// These alone.
    These(Source),
    /// Nobody has to.
    Nobody,
}

/// What TLS is made of.
pub(crate) struct Tls {
    trust: Trust,
    /// Certificate and key of the configuration.
    own: Option<(Source, Source)>,
    /// Those of a credential plugin.
    obtained: Mutex<Option<Arc<CertifiedKey>>>,
    built: Mutex<Option<Built>>,
}

#[derive(Clone)]
struct Built {
    at: Instant,
    config: Arc<ClientConfig>,
    judge: Arc<Judge>,
    own: Option<Arc<CertifiedKey>>,
}

impl Tls {
    /// Reads what is needed.
    ///
    /// # Errors
    /// Class `badConfiguration`, with the field and its file.
    pub fn new(trust: Trust, own: Option<(Source, Source)>, until: Instant) -> Result<Self, Failure> {
        let tls = Self {
            trust,
            own,
            obtained: Mutex::default(),
            built: Mutex::default(),
        };
        *lock(&tls.built) = Some(tls.build(until)?);
        Ok(tls)
    }

    /// The certificate that a credential plugin gave, or none; says whether it is another than before.
    pub fn obtain(&self, identity: Option<Arc<CertifiedKey>>) -> bool {
        let mut obtained = lock(&self.obtained);
        let first =
            |identity: &Option<Arc<CertifiedKey>>| identity.as_ref().map(|identity| identity.cert.clone());
        if first(&obtained) == first(&identity) {
            return false;
        }
        *obtained = identity;
        drop(obtained);
        *lock(&self.built) = None;
        true
    }

    /// For a connection that is used.
    pub async fn config(self: &Arc<Self>) -> Result<Arc<ClientConfig>, Failure> {
        Ok(self.built().await?.config)
    }

    /// For a connection that is looked at: the server shows all that it has, and what it shows is kept.
    pub async fn watched(self: &Arc<Self>) -> Result<(Arc<ClientConfig>, Arc<Shown>), Failure> {
        let built = self.built().await?;
        let shown = Arc::new(Shown::default());
        let mut config = ClientConfig::clone(&built.config);
        config.resumption = Resumption::disabled();
        config.dangerous().set_certificate_verifier(Arc::new(Verifier {
            judge: built.judge,
            shown: Some(Arc::clone(&shown)),
        }));
        Ok((Arc::new(config), shown))
    }

    /// Whether the server's certificate is verified.
    pub fn verifies(&self) -> bool {
        !matches!(self.trust, Trust::Nobody)
    }

    /// The client's certificate, as it is shown.
    pub fn identity(&self) -> Option<connection_info::Certificate> {
        let built = lock(&self.built).clone()?;
        let own = built.own?;
        own.cert.first().map(described)
    }

    /// What is there already, or where its files were read a while ago, what they say now: beside the runtime, since a
    /// file can be one that does not answer any more.
    async fn built(self: &Arc<Self>) -> Result<Built, Failure> {
        let files = matches!(&self.trust, Trust::These(source) if source.is_file())
            || self
                .own
                .as_ref()
                .is_some_and(|(certificate, key)| certificate.is_file() || key.is_file());
        let former = lock(&self.built).clone();
        let former = match former {
            Some(former) if !files || former.at.elapsed() < REREAD => return Ok(former),
            former => former,
        };
        let (this, until) = (Arc::clone(self), Instant::now() + REREAD_LIMIT);
        let building = tokio::task::spawn_blocking(move || this.build(until));
        let next = match (timeout_at(until, building).await, former) {
            (Ok(Ok(Ok(next))), _) => next,
            // Files that are being replaced: what was read before serves for another while.
            (_, Some(former)) => Built {
                at: Instant::now(),
                ..former
            },
            (Ok(Ok(Err(failure))), None) => return Err(failure),
            (_, None) => {
                return Err(Failure::new(
                    Class::BadConfiguration,
                    "the files of the certificates could not be read in time",
                ));
            }
        };
        *lock(&self.built) = Some(next.clone());
        Ok(next)
    }

    fn build(&self, until: Instant) -> Result<Built, Failure> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let judge = Arc::new(Judge {
            roots: match &self.trust {
                Trust::Nobody => Roots::Nobody,
                Trust::System => Roots::system(&provider),
                Trust::These(source) => Roots::these(source, until)?,
            },
            provider: Arc::clone(&provider),
        });
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::new(Class::Tls, error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier {
                judge: Arc::clone(&judge),
                shown: None,
            }));
        let identity = match &self.own {
            Some((certificate, key)) => Some(identity(
                &certificate.read("client-certificate", until)?,
                &key.read("client-key", until)?,
            )?),
            None => lock(&self.obtained).clone(),
        };
        let own = identity.clone();
        let mut config = match identity {
            Some(identity) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity))),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Built {
            at: Instant::now(),
            config: Arc::new(config),
            judge,
            own,
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A client's certificate with its key, out of PEM as Go's `tls.X509KeyPair` finds them.
///
/// # Errors
/// Class `badConfiguration`, where they cannot be read or do not belong together.
pub(crate) fn identity(certificate: &[u8], key: &[u8]) -> Result<Arc<CertifiedKey>, Failure> {
    let bad = |message: String| Failure::new(Class::BadConfiguration, message);
    let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate)
        .filter_map(Result::ok)
        .collect();
    if chain.is_empty() {
        return Err(bad("the client certificate holds no certificate in PEM".into()));
    }
    let Some(found) = PrivateKeyDer::pem_slice_iter(key)
        .find_map(Result::ok)
        .filter(|_| !is_encrypted(key))
    else {
        return Err(if is_encrypted(key) {
            bad("the client key is encrypted, and nothing asks for its password".into())
                .with_hint("decrypt it, as kubectl needs it too: openssl pkey -in KEY -out PLAIN-KEY")
        } else {
            bad("the client key holds no key in PEM".into())
        });
    };
    let provider = rustls::crypto::ring::default_provider();
    let Ok(signer) = provider.key_provider.load_private_key(found) else {
        return Err(bad(format!(
            "the client key cannot be used: {}",
            tls_error::why_no_key(&chain[0])
        )));
    };
    // rustls reads certificates of version 3 alone. The server is who reads this one: only its key is looked at, as in Go.
    let identity = CertifiedKey::new(chain, signer);
    let Some(of_certificate) = public_key(&identity.cert[0]) else {
        return Err(bad("the client certificate cannot be read".into())
            .with_hint("it has to be a certificate in PEM: openssl x509 -in FILE -noout -subject"));
    };
    match identity.key.public_key() {
        Some(of_key) if of_key.as_ref() != of_certificate => Err(bad(
            "the client key does not belong to the client certificate".into(),
        )
        .with_hint("take certificate and key from the same place")),
        _ => Ok(Arc::new(identity)),
    }
}

/// The public key of a certificate of any version, with its algorithm.
fn public_key<'a>(certificate: &'a CertificateDer<'_>) -> Option<&'a [u8]> {
    use x509_parser::prelude::FromDer as _;
    let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(certificate).ok()?;
    Some(parsed.tbs_certificate.subject_pki.raw)
}

/// PKCS#8 says it in the first line, the older forms in a header.
fn is_encrypted(pem: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pem);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

/// What a server showed in a handshake.
#[derive(Debug, Default)]
pub(crate) struct Shown(Mutex<Vec<CertificateDer<'static>>>);

impl Shown {
    /// Its certificates, the server's own first.
    pub fn chain(&self) -> Vec<connection_info::Certificate> {
        lock(&self.0).iter().map(described).collect()
    }

    pub(crate) fn keep(&self, own: &CertificateDer<'_>, between: &[CertificateDer<'_>]) {
        let chain = std::iter::once(own).chain(between);
        *lock(&self.0) = chain.map(|der| der.clone().into_owned()).collect();
    }
}

/// A certificate for people.
pub(crate) fn described(certificate: &CertificateDer<'_>) -> connection_info::Certificate {
    use x509_parser::extensions::GeneralName;
    use x509_parser::prelude::FromDer as _;
    let Ok((_, parsed)) = x509_parser::certificate::X509Certificate::from_der(certificate) else {
        return connection_info::Certificate {
            subject: "a certificate that cannot be read".into(),
            ..connection_info::Certificate::default()
        };
    };
    let names = match parsed.subject_alternative_name() {
        Ok(Some(names)) => names
            .value
            .general_names
            .iter()
            .filter_map(|name| match name {
                GeneralName::DNSName(name) => Some((*name).to_owned()),
                GeneralName::IPAddress(bytes) => match bytes.len() {
                    4 => <[u8; 4]>::try_from(*bytes)
                        .ok()
                        .map(|b| std::net::IpAddr::from(b).to_string()),
                    16 => <[u8; 16]>::try_from(*bytes)
                        .ok()
                        .map(|b| std::net::IpAddr::from(b).to_string()),
                    _ => None,
                },
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    connection_info::Certificate {
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        names,
        not_before: Some(Time::from_seconds(parsed.validity().not_before.timestamp())),
        not_after: Some(Time::from_seconds(parsed.validity().not_after.timestamp())),
    }
}
