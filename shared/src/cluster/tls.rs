//! Owns the TLS side of a connection: whom the server has to be vouched for by, and the client's own certificate.
//! Must not know how bytes travel.
//!
//! Where rustls judges a common certificate of clusters more strictly or more mildly than Go, it is judged here as Go
//! does: a server's certificate that is itself in `certificate-authority` is trusted, and an authority that has expired
//! vouches for nothing (`crypto/x509`, `Certificate.Verify`).

use super::way;
use super::{Class, Failure};
use crate::resource::Time;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Files are read again for a new connection when they were read longer ago, since they are renewed under a process
/// that stays.
const REREAD: Duration = Duration::from_mins(1);

/// Bytes of the configuration, or the file that holds them.
#[derive(Clone)]
pub(super) enum Source {
    Data(Vec<u8>),
    File(PathBuf),
}

impl Source {
    /// `what` names the field in the failure.
    pub fn read(&self, what: &str) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Data(bytes) => Ok(bytes.clone()),
            Self::File(path) => std::fs::read(path).map_err(|error| {
                Failure::new(
                    Class::BadConfiguration,
                    format!("{what} {}: {error}", path.display()),
                )
            }),
        }
    }

    fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

/// Who may vouch for the server.
#[derive(Clone)]
pub(super) enum Trust {
    /// The authorities that this machine trusts.
    System,
    /// These alone.
    These(Source),
    /// Nobody has to.
    Nobody,
}

/// What TLS is made of.
pub(super) struct Tls {
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
}

impl Tls {
    /// Reads what is needed.
    ///
    /// # Errors
    /// Class `badConfiguration`, with the field and its file.
    pub fn new(trust: Trust, own: Option<(Source, Source)>) -> Result<Self, Failure> {
        let tls = Self {
            trust,
            own,
            obtained: Mutex::default(),
            built: Mutex::default(),
        };
        tls.built()?;
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
    pub fn config(&self) -> Result<Arc<ClientConfig>, Failure> {
        Ok(self.built()?.config)
    }

    /// For a connection that is looked at: the server shows all that it has, and what it shows is kept.
    pub fn watched(&self) -> Result<(Arc<ClientConfig>, Arc<Shown>), Failure> {
        let built = self.built()?;
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
    pub fn identity(&self) -> Option<way::Certificate> {
        let (certificate, _) = self.own.as_ref()?;
        let pem = certificate.read("client-certificate").ok()?;
        let first = CertificateDer::pem_slice_iter(&pem).find_map(Result::ok)?;
        Some(described(&first))
    }

    fn built(&self) -> Result<Built, Failure> {
        let mut built = lock(&self.built);
        let files = matches!(&self.trust, Trust::These(source) if source.is_file())
            || self
                .own
                .as_ref()
                .is_some_and(|(certificate, key)| certificate.is_file() || key.is_file());
        let former = built.take();
        let next = match former {
            Some(former) if !files || former.at.elapsed() < REREAD => former,
            former => match (self.build(), former) {
                (Ok(next), _) => next,
                // Files that are being replaced: what was read before serves for another while.
                (Err(_), Some(former)) => Built {
                    at: Instant::now(),
                    ..former
                },
                (Err(failure), None) => return Err(failure),
            },
        };
        *built = Some(next.clone());
        Ok(next)
    }

    fn build(&self) -> Result<Built, Failure> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let judge = Arc::new(Judge {
            roots: match &self.trust {
                Trust::Nobody => Roots::Nobody,
                Trust::System => Roots::system(&provider),
                Trust::These(source) => Roots::these(source)?,
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
                &certificate.read("client-certificate")?,
                &key.read("client-key")?,
            )?),
            None => lock(&self.obtained).clone(),
        };
        let mut config = match identity {
            Some(identity) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity))),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Built {
            at: Instant::now(),
            config: Arc::new(config),
            judge,
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
pub(super) fn identity(certificate: &[u8], key: &[u8]) -> Result<Arc<CertifiedKey>, Failure> {
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
    match CertifiedKey::from_der(chain, found, &rustls::crypto::ring::default_provider()) {
        Ok(identity) => Ok(Arc::new(identity)),
        Err(rustls::Error::InconsistentKeys(_)) => Err(bad(
            "the client key does not belong to the client certificate".into(),
        )
        .with_hint("take certificate and key from the same place")),
        Err(error) => Err(bad(format!("the client key cannot be used: {error}"))),
    }
}

/// PKCS#8 says it in the first line, the older forms in a header.
fn is_encrypted(pem: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pem);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

/// What a server showed in a handshake.
#[derive(Debug, Default)]
pub(super) struct Shown(Mutex<Vec<CertificateDer<'static>>>);

impl Shown {
    /// Its certificates, the server's own first.
    pub fn chain(&self) -> Vec<way::Certificate> {
        lock(&self.0).iter().map(described).collect()
    }
}

/// A certificate for people.
pub(super) fn described(certificate: &CertificateDer<'_>) -> way::Certificate {
    use x509_parser::extensions::GeneralName;
    use x509_parser::prelude::FromDer as _;
    let Ok((_, parsed)) = x509_parser::certificate::X509Certificate::from_der(certificate) else {
        return way::Certificate {
            subject: "a certificate that cannot be read".into(),
            ..way::Certificate::default()
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
    way::Certificate {
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        names,
        not_before: Some(Time::from_seconds(parsed.validity().not_before.timestamp())),
        not_after: Some(Time::from_seconds(parsed.validity().not_after.timestamp())),
    }
}

#[derive(Debug)]
struct Root {
    der: CertificateDer<'static>,
    from: i64,
    until: i64,
}

impl Root {
    fn is_in_time(&self, now: i64) -> bool {
        (self.from..=self.until).contains(&now)
    }
}

#[derive(Debug)]
enum Roots {
    Nobody,
    These(Vec<Root>),
    System(Arc<dyn ServerCertVerifier>),
}

impl Roots {
    /// A machine without authorities trusts nobody, which the handshake will say.
    fn system(provider: &Arc<CryptoProvider>) -> Self {
        match rustls_platform_verifier::Verifier::new(Arc::clone(provider)) {
            Ok(verifier) => Self::System(Arc::new(verifier)),
            Err(_) => Self::These(Vec::new()),
        }
    }

    /// As Go's `AppendCertsFromPEM`: what is no certificate is skipped, as long as there is one.
    fn these(source: &Source) -> Result<Self, Failure> {
        use x509_parser::prelude::FromDer as _;
        let pem = source.read("certificate-authority")?;
        let mut roots = Vec::new();
        for der in CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok) {
            let Ok((_, parsed)) = x509_parser::certificate::X509Certificate::from_der(&der) else {
                continue;
            };
            let validity = parsed.validity();
            let (from, until) = (validity.not_before.timestamp(), validity.not_after.timestamp());
            roots.push(Root { der, from, until });
        }
        if roots.is_empty() {
            return Err(Failure::new(
                Class::BadConfiguration,
                "certificate-authority holds no certificate",
            )
            .with_hint("it has to be in PEM, from -----BEGIN CERTIFICATE----- on"));
        }
        Ok(Self::These(roots))
    }
}

#[derive(Debug)]
struct Judge {
    roots: Roots,
    provider: Arc<CryptoProvider>,
}

impl Judge {
    fn judge(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        match &self.roots {
            Roots::Nobody => Ok(()),
            Roots::System(verifier) => verifier
                .verify_server_cert(certificate, between, name, ocsp, now)
                .map(|_| ()),
            Roots::These(roots) => self.by_these(roots, certificate, between, name, now),
        }
    }

    fn by_these(
        &self,
        roots: &[Root],
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if let Some(root) = roots.iter().find(|root| root.der == *certificate) {
            in_time(root, now, seconds)?;
            return verify_server_name(&parsed, name);
        }
        let signed = |roots: &mut dyn Iterator<Item = &Root>| {
            let mut store = RootCertStore::empty();
            for root in roots {
                // One that cannot be used vouches for nothing, and the others may.
                let _ = store.add(root.der.clone());
            }
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&parsed, &store, between, now, algorithms)
        };
        match signed(&mut roots.iter().filter(|root| root.is_in_time(seconds))) {
            Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                // It is only the authority's time that is over, or has not come, where all of them would vouch for it.
                for root in roots.iter().filter(|root| !root.is_in_time(seconds)) {
                    if signed(&mut std::iter::once(root)).is_ok() {
                        in_time(root, now, seconds)?;
                    }
                }
                return Err(CertificateError::UnknownIssuer.into());
            }
            other => other?,
        }
        verify_server_name(&parsed, name)
    }
}

fn in_time(root: &Root, now: UnixTime, seconds: i64) -> Result<(), rustls::Error> {
    let time = |seconds: i64| UnixTime::since_unix_epoch(Duration::from_secs(seconds.max(0).unsigned_abs()));
    if seconds > root.until {
        let not_after = time(root.until);
        return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
    }
    if seconds < root.from {
        let not_before = time(root.from);
        return Err(CertificateError::NotValidYetContext {
            time: now,
            not_before,
        }
        .into());
    }
    Ok(())
}

#[derive(Debug)]
struct Verifier {
    judge: Arc<Judge>,
    shown: Option<Arc<Shown>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(shown) = &self.shown {
            let chain = std::iter::once(end_entity).chain(intermediates);
            *lock(&shown.0) = chain.map(|der| der.clone().into_owned()).collect();
        }
        self.judge
            .judge(end_entity, intermediates, server_name, ocsp_response, now)
            .map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if matches!(self.judge.roots, Roots::Nobody) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = &self.judge.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if matches!(self.judge.roots, Roots::Nobody) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = &self.judge.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge
            .provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
