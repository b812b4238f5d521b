//! TLS of a server: its certificate and key, which are read again while the process runs.

use crate::cluster::bounded_file;
use crate::cluster::transport::certified_key::{self, CertificateOwner};
use crate::cluster::transport::server_stream::ServerStream;
use crate::failure::{Class, Failure};
use rustls::ServerConfig;
use rustls::sign::SingleCertAndKey;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// The limit of reading both files.
const READ: Duration = Duration::from_secs(2);

/// The certificate and key of a server, as the files had them when they were last read.
pub struct ServerTls {
    certificate: PathBuf,
    key: PathBuf,
    built: Mutex<BuiltServer>,
}

#[derive(Clone)]
struct BuiltServer {
    config: Arc<ServerConfig>,
    pem: (Vec<u8>, Vec<u8>),
}

impl ServerTls {
    /// Reads a certificate with its chain, and its key, both in PEM.
    ///
    /// # Errors
    /// Class `badConfiguration`, with the file and why it cannot be used.
    pub async fn new(certificate: PathBuf, key: PathBuf) -> Result<Self, Failure> {
        let built = build(certificate.clone(), key.clone()).await?;
        Ok(Self {
            certificate,
            key,
            built: Mutex::new(built),
        })
    }

    /// Reads the files again, and returns whether they changed. If they cannot be used, what was read before stays: they may
    /// be just being replaced.
    ///
    /// # Errors
    /// As [`ServerTls::new`].
    pub async fn renew(&self) -> Result<bool, Failure> {
        let next = build(self.certificate.clone(), self.key.clone()).await?;
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let is_changed = built.pem != next.pem;
        if is_changed {
            *built = next;
        }
        Ok(is_changed)
    }

    /// A connection, whose handshake begins with the first read. A client that does not speak TLS gets `plain`.
    pub fn stream(&self, stream: TcpStream, plain: &'static [u8]) -> ServerStream {
        let built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        ServerStream::with_tls(stream, Arc::clone(&built.config), plain)
    }
}

/// Reads the files on a thread that may block, since a file can be one that never answers.
async fn build(certificate: PathBuf, key: PathBuf) -> Result<BuiltServer, Failure> {
    let until = Instant::now() + READ;
    let building = tokio::task::spawn_blocking(move || {
        let pem = (
            read("--tls-cert-file", &certificate, until)?,
            read("--tls-private-key-file", &key, until)?,
        );
        let identity = certified_key::read(CertificateOwner::Server, &pem.0, &pem.1)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::new(Class::Tls, error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(BuiltServer {
            config: Arc::new(config),
            pem,
        })
    });
    // The readers give up by then. Only a file system that hangs takes longer.
    match timeout_at(until + READ, building).await {
        Ok(Ok(built)) => built,
        Ok(Err(_)) | Err(_) => Err(Failure::bad_configuration(
            "the files of the server's certificate could not be read in time",
        )),
    }
}

fn read(flag: &str, path: &Path, until: Instant) -> Result<Vec<u8>, Failure> {
    bounded_file::read(path, bounded_file::CERTIFICATES, until)
        .map_err(|error| Failure::bad_configuration(format!("{flag} {}: {error}", path.display())))
}
