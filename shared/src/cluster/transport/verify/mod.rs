//! Decides whether a server's certificate is trusted. Must not know how bytes travel.
//!
//! rustls verifies. It is stricter or milder than Go, and so than kubectl, with some certificates that clusters have. Those
//! are verified here by the rules of Go (`crypto/x509`: `Certificate.Verify`, `VerifyHostname`):
//!
//! * a server's certificate that is itself in `certificate-authority` is trusted;
//! * an authority that has expired vouches for nothing;
//! * a server's certificate may be an authority's too;
//! * `*.example` is for `x.example`.
//!
//! On purpose stricter than Go: RSA keys under 2048 bits are refused. `ring` does not know the curve P-521.

mod chain_search;
mod roots;
mod server_name;

pub(super) use crate::cluster::transport::verify::roots::TrustRoots;

use crate::cluster::transport::certificate::PresentedChain;
use crate::cluster::transport::tls_error::{self, CertificateChain};
use crate::cluster::transport::verify::chain_search::ChainSearch;
use crate::cluster::transport::verify::roots::Root;
use crate::cluster::transport::verify::server_name::check_name;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::Arc;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// The rules for a server's certificate.
#[derive(Debug)]
pub(crate) struct TrustPolicy {
    pub roots: TrustRoots,
    pub provider: Arc<CryptoProvider>,
}

impl TrustPolicy {
    /// Whether the server's certificate is trusted for that name.
    fn check(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        match &self.roots {
            TrustRoots::Unverified => Ok(()),
            TrustRoots::System(verifier) => verifier
                .verify_server_cert(certificate, intermediates, name, ocsp, now)
                .map(|_| ()),
            TrustRoots::These(roots) => self.check_with_roots(roots, certificate, intermediates, name, now),
        }
    }

    fn check_with_roots(
        &self,
        roots: &[Root],
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        // Before version 3 a certificate has no subjectAltName, and Go looks for names nowhere else.
        if has_old_version(certificate) {
            return Err(CertificateError::NotValidForName.into());
        }
        if let Some(root) = roots.iter().find(|root| root.der == *certificate) {
            root.check_validity(now)?;
            return check_name(certificate, name);
        }
        let check_issuer = |roots: &mut dyn Iterator<Item = &Root>| {
            self.check_issuer(certificate, intermediates, &roots.collect::<Vec<_>>(), now)
        };
        match check_issuer(&mut roots.iter().filter(|root| root.is_valid_at(now))) {
            Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                // If an authority signed it that has expired or is not valid yet, that is the better reason.
                for root in roots.iter().filter(|root| !root.is_valid_at(now)) {
                    if check_issuer(&mut std::iter::once(root)).is_ok() {
                        root.check_validity(now)?;
                    }
                }
                return Err(CertificateError::UnknownIssuer.into());
            }
            other => other?,
        }
        check_name(certificate, name)
    }

    /// Whether one of the roots vouches for the certificate, for any name.
    fn check_issuer(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        roots: &[&Root],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let mut store = RootCertStore::empty();
        for root in roots {
            // A root that cannot be used vouches for nothing; the others may.
            let _ = store.add(root.der.clone());
        }
        let algorithms = self.provider.signature_verification_algorithms.all;
        match verify_server_cert_signed_by_trust_anchor(&parsed, &store, intermediates, now, algorithms) {
            Err(error) if tls_error::refuses_authority(&error) => {
                self.check_issuer_of_authority(certificate, intermediates, roots, now)
            }
            result => result,
        }
    }

    /// As [`TrustPolicy::check_issuer`], for a server's certificate that is an authority's too. rustls refuses those without
    /// looking further.
    fn check_issuer_of_authority(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        roots: &[&Root],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let read = |der| X509Certificate::from_der(der).ok().map(|(_, parsed)| parsed);
        let own = read(certificate).ok_or(CertificateError::BadEncoding)?;
        let search = ChainSearch::new(
            intermediates.iter().filter_map(|der| read(der)).collect(),
            roots.iter().filter_map(|root| read(&root.der)).collect(),
            self.provider.signature_verification_algorithms.all,
            now,
        );
        search.check_usable(&own)?;
        Ok(search.find_root(&own, 0)?)
    }
}

fn has_old_version(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, parsed)| parsed.version() != x509_parser::x509::X509Version::V3)
}

/// The verifier that rustls calls.
#[derive(Debug)]
pub(crate) struct ServerVerifier {
    pub policy: Arc<TrustPolicy>,
    /// Keeps the certificates of the server for a trace.
    pub presented: Option<Arc<PresentedChain>>,
}

impl ServerVerifier {
    /// The error of rustls with a [`Failure`](crate::failure::Failure) inside, which has a class and words for people.
    fn explain(
        &self,
        error: &rustls::Error,
        own: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> rustls::Error {
        let roots = match &self.policy.roots {
            TrustRoots::These(roots) => roots.iter().map(|root| &root.der).collect(),
            TrustRoots::Unverified | TrustRoots::System(_) => Vec::new(),
        };
        tls_error::embed(tls_error::explain_chain(
            error,
            &CertificateChain {
                own,
                intermediates,
                roots,
            },
        ))
    }

    fn algorithms(&self) -> &rustls::crypto::WebPkiSupportedAlgorithms {
        &self.policy.provider.signature_verification_algorithms
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(presented) = &self.presented {
            presented.keep(end_entity, intermediates);
        }
        self.policy
            .check(end_entity, intermediates, server_name, ocsp_response, now)
            .map(|()| ServerCertVerified::assertion())
            .map_err(|error| self.explain(&error, end_entity, intermediates))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if matches!(self.policy.roots, TrustRoots::Unverified) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        rustls::crypto::verify_tls12_signature(message, cert, dss, self.algorithms())
            .map_err(|error| self.explain(&error, cert, &[]))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if matches!(self.policy.roots, TrustRoots::Unverified) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        rustls::crypto::verify_tls13_signature(message, cert, dss, self.algorithms())
            .map_err(|error| self.explain(&error, cert, &[]))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms().supported_schemes()
    }
}

#[cfg(test)]
mod tests;
