//! A certificate with its key: of this client, or of a server that this process is.

use crate::cluster::transport::tls_error;
use crate::failure::Failure;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::sync::Arc;

/// Whose certificate it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CertificateOwner {
    /// The client of an API server.
    Client,
    /// A server that this process is.
    Server,
}

/// Reads a certificate and its key from PEM, by the rules of Go's `tls.X509KeyPair`.
///
/// # Errors
/// Class `badConfiguration`, if they cannot be read or do not belong together.
pub(crate) fn read(
    owner: CertificateOwner,
    certificate: &[u8],
    key: &[u8],
) -> Result<Arc<CertifiedKey>, Failure> {
    let whose = match owner {
        CertificateOwner::Client => "client",
        CertificateOwner::Server => "server",
    };
    let bad = |message: String| Failure::bad_configuration(message);
    let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate)
        .filter_map(Result::ok)
        .collect();
    if chain.is_empty() {
        return Err(bad(format!(
            "the {whose} certificate holds no certificate in PEM"
        )));
    }
    let Some(private_key) = PrivateKeyDer::pem_slice_iter(key)
        .find_map(Result::ok)
        .filter(|_| !is_encrypted(key))
    else {
        return Err(if is_encrypted(key) {
            bad(format!(
                "the {whose} key is encrypted, and nothing asks for its password"
            ))
            .with_hint(match owner {
                CertificateOwner::Client => {
                    "decrypt it, as kubectl needs it too: openssl pkey -in KEY -out PLAIN-KEY"
                }
                CertificateOwner::Server => "decrypt it: openssl pkey -in KEY -out PLAIN-KEY",
            })
        } else {
            bad(format!("the {whose} key holds no key in PEM"))
        });
    };
    let provider = rustls::crypto::ring::default_provider();
    let Ok(signer) = provider.key_provider.load_private_key(private_key) else {
        return Err(bad(format!(
            "the {whose} key cannot be used: {}",
            tls_error::key_problem(&chain[0])
        )));
    };
    // rustls reads only certificates of version 3. The server judges this one. Here only its key matters, as in Go.
    let identity = CertifiedKey::new(chain, signer);
    let Some(certificate_key) = public_key(&identity.cert[0]) else {
        return Err(bad(format!("the {whose} certificate cannot be read"))
            .with_hint("it has to be a certificate in PEM: openssl x509 -in FILE -noout -subject"));
    };
    match identity.key.public_key() {
        Some(key) if key.as_ref() != certificate_key => Err(bad(format!(
            "the {whose} key does not belong to the {whose} certificate"
        ))
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

/// Whether a key is encrypted. PKCS#8 says so in its first line, older forms in a header.
fn is_encrypted(pem: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pem);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}
