//! The authorities that may vouch for a server.

use crate::cluster::transport::pem::PemSource;
use crate::failure::Failure;
use rustls::CertificateError;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// An authority with its validity, in seconds since 1970.
#[derive(Debug)]
pub(crate) struct Root {
    pub der: CertificateDer<'static>,
    not_before: i64,
    not_after: i64,
}

impl Root {
    /// Whether the authority itself is valid at that time.
    pub fn is_valid_at(&self, now: UnixTime) -> bool {
        self.check_validity(now).is_ok()
    }

    /// Checks that the authority itself is valid at that time.
    ///
    /// # Errors
    /// That it has expired, or is not valid yet.
    pub fn check_validity(&self, now: UnixTime) -> Result<(), CertificateError> {
        check_validity(self.not_before, self.not_after, now)
    }
}

/// The authorities that may vouch for a server.
#[derive(Debug)]
pub(crate) enum TrustRoots {
    /// The certificate is not verified.
    Unverified,
    /// Only these authorities.
    These(Vec<Root>),
    /// The authorities that this machine trusts.
    System(Arc<dyn ServerCertVerifier>),
}

impl TrustRoots {
    /// The authorities of this machine. If it has none, every handshake fails with an unknown authority.
    pub fn from_system(provider: &Arc<CryptoProvider>) -> Self {
        match rustls_platform_verifier::Verifier::new(Arc::clone(provider)) {
            Ok(verifier) => Self::System(Arc::new(verifier)),
            Err(_) => Self::These(Vec::new()),
        }
    }

    /// Reads authorities as Go's `AppendCertsFromPEM` does: entries that are no certificate are skipped.
    ///
    /// # Errors
    /// Class `badConfiguration`, if there is no certificate at all.
    pub fn from_pem(source: &PemSource, until: Instant) -> Result<Self, Failure> {
        let pem = source.read("certificate-authority", until)?;
        let roots = read_roots(&pem);
        if roots.is_empty() {
            let none = Failure::bad_configuration("certificate-authority holds no certificate");
            let is_marked = pem.starts_with(b"\xef\xbb\xbf") || pem.starts_with(b"\xff\xfe");
            return Err(none.with_hint(if is_marked {
                "a byte order mark stands before it, as PowerShell writes one: Out-File -Encoding ascii writes none"
            } else {
                "it has to be in PEM, from -----BEGIN CERTIFICATE----- on"
            }));
        }
        Ok(Self::These(roots))
    }
}

pub(super) fn read_roots(pem: &[u8]) -> Vec<Root> {
    let mut roots = Vec::new();
    for der in CertificateDer::pem_slice_iter(pem).filter_map(Result::ok) {
        let Ok((_, parsed)) = X509Certificate::from_der(&der) else {
            continue;
        };
        let validity = parsed.validity();
        let (not_before, not_after) = (validity.not_before.timestamp(), validity.not_after.timestamp());
        roots.push(Root {
            der,
            not_before,
            not_after,
        });
    }
    roots
}

/// Whether a time is within the validity of a certificate, in seconds.
///
/// # Errors
/// That it has expired, or is not valid yet.
pub(super) fn check_validity(not_before: i64, not_after: i64, now: UnixTime) -> Result<(), CertificateError> {
    let time = |seconds: i64| UnixTime::since_unix_epoch(Duration::from_secs(seconds.max(0).unsigned_abs()));
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if seconds > not_after {
        let not_after = time(not_after);
        return Err(CertificateError::ExpiredContext { time: now, not_after });
    }
    if seconds < not_before {
        let not_before = time(not_before);
        return Err(CertificateError::NotValidYetContext {
            time: now,
            not_before,
        });
    }
    Ok(())
}
