//! The TLS side of a connection: which authorities have to vouch for the server, and the client's own certificate.
//! Must not know how bytes travel.

use crate::cluster::connection_info::Certificate;
use crate::cluster::transport::certificate::{self, PresentedChain};
use crate::cluster::transport::certified_key::{self, CertificateOwner};
use crate::cluster::transport::failure::transport_failure;
use crate::cluster::transport::pem::PemSource;
use crate::cluster::transport::stream::ByteStream;
use crate::cluster::transport::verify::{ServerVerifier, TrustPolicy, TrustRoots};
use crate::failure::{Class, Failure};
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ProtocolVersion};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Files that were read longer ago are read again for a new connection, since they can be renewed while the process runs.
const REREAD: Duration = Duration::from_mins(1);

/// The limit of reading them again.
const REREAD_LIMIT: Duration = Duration::from_secs(2);

/// Which authorities may vouch for the server.
#[derive(Clone)]
pub(crate) enum Trust {
    /// The authorities that this machine trusts.
    System,
    /// Only these authorities.
    These(PemSource),
    /// Any: the certificate is not verified.
    Unverified,
}

/// The configuration of TLS, renewed with its files.
pub(crate) struct Tls {
    trust: Trust,
    /// Certificate and key of the configuration.
    own: Option<(PemSource, PemSource)>,
    /// Certificate and key that a credential plugin gave.
    plugin_identity: Mutex<Option<Arc<CertifiedKey>>>,
    built: Mutex<Option<BuiltConfig>>,
}

#[derive(Clone)]
struct BuiltConfig {
    at: Instant,
    config: Arc<ClientConfig>,
    policy: Arc<TrustPolicy>,
    identity: Option<Arc<CertifiedKey>>,
}

impl Tls {
    /// Reads the files of the configuration.
    ///
    /// # Errors
    /// Class `badConfiguration`, with the field and its file.
    pub fn new(trust: Trust, own: Option<(PemSource, PemSource)>, until: Instant) -> Result<Self, Failure> {
        let tls = Self {
            trust,
            own,
            plugin_identity: Mutex::default(),
            built: Mutex::default(),
        };
        *lock(&tls.built) = Some(tls.build(until)?);
        Ok(tls)
    }

    /// Sets the certificate that a credential plugin gave, or none; returns whether it is another one than before.
    pub fn set_plugin_identity(&self, identity: Option<Arc<CertifiedKey>>) -> bool {
        let mut current = lock(&self.plugin_identity);
        let chain =
            |identity: &Option<Arc<CertifiedKey>>| identity.as_ref().map(|identity| identity.cert.clone());
        if chain(&current) == chain(&identity) {
            return false;
        }
        *current = identity;
        drop(current);
        *lock(&self.built) = None;
        true
    }

    /// The configuration of a connection for requests.
    pub async fn config(self: &Arc<Self>) -> Result<Arc<ClientConfig>, Failure> {
        Ok(self.current().await?.config)
    }

    /// The configuration of a trace. No session is resumed, so that the server presents its certificates, which are kept.
    pub async fn config_for_trace(
        self: &Arc<Self>,
    ) -> Result<(Arc<ClientConfig>, Arc<PresentedChain>), Failure> {
        let built = self.current().await?;
        let presented = Arc::new(PresentedChain::default());
        let mut config = ClientConfig::clone(&built.config);
        config.resumption = Resumption::disabled();
        config
            .dangerous()
            .set_certificate_verifier(Arc::new(ServerVerifier {
                policy: built.policy,
                presented: Some(Arc::clone(&presented)),
            }));
        Ok((Arc::new(config), presented))
    }

    /// The client's certificate in words.
    pub fn client_certificate(&self) -> Option<Certificate> {
        let identity = lock(&self.built).clone()?.identity?;
        identity.cert.first().map(certificate::describe)
    }

    /// The current configuration. It is built again if its files were read longer ago than [`REREAD`], on a thread that may
    /// block, since a file can be one that no longer answers.
    async fn current(self: &Arc<Self>) -> Result<BuiltConfig, Failure> {
        let from_files = matches!(&self.trust, Trust::These(source) if source.is_file())
            || self
                .own
                .as_ref()
                .is_some_and(|(certificate, key)| certificate.is_file() || key.is_file());
        let former = lock(&self.built).clone();
        let former = match former {
            Some(former) if !from_files || former.at.elapsed() < REREAD => return Ok(former),
            former => former,
        };
        let (this, until) = (Arc::clone(self), Instant::now() + REREAD_LIMIT);
        let building = tokio::task::spawn_blocking(move || this.build(until));
        let next = match (timeout_at(until, building).await, former) {
            (Ok(Ok(Ok(next))), _) => next,
            // The files may be just being replaced. The former configuration is used until the next time.
            (_, Some(former)) => BuiltConfig {
                at: Instant::now(),
                ..former
            },
            (Ok(Ok(Err(failure))), None) => return Err(failure),
            (_, None) => {
                return Err(Failure::bad_configuration(
                    "the files of the certificates could not be read in time",
                ));
            }
        };
        *lock(&self.built) = Some(next.clone());
        Ok(next)
    }

    fn build(&self, until: Instant) -> Result<BuiltConfig, Failure> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let policy = Arc::new(TrustPolicy {
            roots: match &self.trust {
                Trust::Unverified => TrustRoots::Unverified,
                Trust::System => TrustRoots::from_system(&provider),
                Trust::These(source) => TrustRoots::from_pem(source, until)?,
            },
            provider: Arc::clone(&provider),
        });
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::new(Class::Tls, error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(ServerVerifier {
                policy: Arc::clone(&policy),
                presented: None,
            }));
        let identity = match &self.own {
            Some((certificate, key)) => Some(certified_key::read(
                CertificateOwner::Client,
                &certificate.read("client-certificate", until)?,
                &key.read("client-key", until)?,
            )?),
            None => lock(&self.plugin_identity).clone(),
        };
        let mut config = match &identity {
            Some(identity) => {
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(identity))))
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(BuiltConfig {
            at: Instant::now(),
            config: Arc::new(config),
            policy,
            identity,
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// TLS with one server: the API server, or a proxy.
pub(crate) struct TlsPeer {
    pub tls: Arc<Tls>,
    name: ServerName<'static>,
}

impl TlsPeer {
    /// TLS with the server of that name.
    ///
    /// # Errors
    /// Class `badConfiguration`, if no certificate can be for such a name.
    pub fn new(tls: Arc<Tls>, name: &str) -> Result<Self, Failure> {
        let name = ServerName::try_from(name.to_owned()).map_err(|_| {
            Failure::bad_configuration(format!("no certificate can be for {name:?}"))
                .with_hint("check server and tls-server-name in the kubeconfig")
        })?;
        Ok(Self { tls, name })
    }

    /// Does the handshake over `stream`.
    pub async fn handshake(
        &self,
        config: Arc<ClientConfig>,
        stream: ByteStream,
    ) -> Result<TlsStream<ByteStream>, Failure> {
        TlsConnector::from(config)
            .connect(self.name.clone(), stream)
            .await
            .map_err(|error| transport_failure(&error))
    }

    /// The name that the certificate is verified for; `None` if it is not verified.
    pub fn verified_name(&self) -> Option<String> {
        let verifies = !matches!(self.tls.trust, Trust::Unverified);
        verifies.then(|| self.name.to_str().into_owned())
    }
}

/// The version of TLS, such as `TLS 1.3`.
pub(super) fn version(stream: &TlsStream<ByteStream>) -> String {
    match stream.get_ref().1.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    }
    .into()
}
