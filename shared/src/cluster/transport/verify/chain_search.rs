//! The search for an authority, by the rules of Go's `buildChains` with `isValid` and `CheckSignatureFrom`.

use crate::cluster::transport::verify::roots::check_validity;
use rustls::CertificateError;
use rustls::pki_types::UnixTime;
use std::cell::Cell;
use x509_parser::asn1_rs::Any;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;

/// The most certificates between the server's own and an authority; real chains have one or two.
const LONGEST_CHAIN: usize = 6;

/// The most signatures that are checked for one certificate, as `maxChainSignatureChecks` of Go: certificates that sign each
/// other make more paths than can be tried.
pub(super) const MOST_SIGNATURES: u32 = 100;

/// The search for an authority that vouches for a certificate.
pub(super) struct ChainSearch<'a> {
    /// The certificates that the server presented besides its own.
    intermediates: Vec<X509Certificate<'a>>,
    roots: Vec<X509Certificate<'a>>,
    algorithms: &'static [&'static dyn rustls::pki_types::SignatureVerificationAlgorithm],
    now: UnixTime,
    /// How many signatures may still be checked.
    signatures_left: Cell<u32>,
}

impl<'a> ChainSearch<'a> {
    pub fn new(
        intermediates: Vec<X509Certificate<'a>>,
        roots: Vec<X509Certificate<'a>>,
        algorithms: &'static [&'static dyn rustls::pki_types::SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Self {
        Self {
            intermediates,
            roots,
            algorithms,
            now,
            signatures_left: Cell::new(MOST_SIGNATURES),
        }
    }

    /// How many signatures may still be checked.
    #[cfg(test)]
    pub fn signatures_left(&self) -> u32 {
        self.signatures_left.get()
    }

    /// Whether a root signed it, or a certificate that a root vouches for. `below` counts the certificates between it and the
    /// server's own.
    pub fn find_root(&self, signed: &X509Certificate<'_>, below: usize) -> Result<(), CertificateError> {
        let mut reason = CertificateError::UnknownIssuer;
        let issues = |issuer: &&X509Certificate<'_>| issuer.subject().as_raw() == signed.issuer().as_raw();
        for root in self.roots.iter().filter(issues) {
            match self.check_issuer(signed, root, below, false) {
                Ok(()) => return Ok(()),
                Err(error) => reason = error,
            }
        }
        if below >= LONGEST_CHAIN {
            return Err(reason);
        }
        for issuer in self.intermediates.iter().filter(issues) {
            if issuer.public_key().raw == signed.public_key().raw {
                continue;
            }
            let tried = self
                .check_usable(issuer)
                .and_then(|()| self.check_issuer(signed, issuer, below, true))
                .and_then(|()| self.find_root(issuer, below + 1));
            match tried {
                Ok(()) => return Ok(()),
                Err(CertificateError::UnknownIssuer) => {}
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    /// Whether its time and its purpose fit, and nothing in it is unknown here.
    pub fn check_usable(&self, certificate: &X509Certificate<'_>) -> Result<(), CertificateError> {
        let validity = certificate.validity();
        let (not_before, not_after) = (validity.not_before.timestamp(), validity.not_after.timestamp());
        check_validity(not_before, not_after, self.now)?;
        check_extensions(certificate)?;
        match certificate.extended_key_usage() {
            Ok(None) => Ok(()),
            Ok(Some(usage)) if usage.value.server_auth || usage.value.any => Ok(()),
            Ok(Some(_)) => Err(CertificateError::InvalidPurpose),
            Err(_) => Err(CertificateError::BadEncoding),
        }
    }

    /// Whether the issuer signed it and may sign certificates.
    fn check_issuer(
        &self,
        signed: &X509Certificate<'_>,
        issuer: &X509Certificate<'_>,
        below: usize,
        is_intermediate: bool,
    ) -> Result<(), CertificateError> {
        check_extensions(issuer)?;
        let broken = |_| CertificateError::BadEncoding;
        match issuer.basic_constraints().map_err(broken)? {
            Some(constraints) if !constraints.value.ca => return Err(CertificateError::UnknownIssuer),
            Some(constraints) => {
                let longest = constraints.value.path_len_constraint;
                if longest
                    .is_some_and(|longest| usize::try_from(longest).is_ok_and(|longest| below > longest))
                {
                    return Err(CertificateError::UnknownIssuer);
                }
            }
            // Before version 3 a certificate had no basic constraints.
            None if is_intermediate || issuer.version() == x509_parser::x509::X509Version::V3 => {
                return Err(CertificateError::UnknownIssuer);
            }
            None => {}
        }
        if let Some(usage) = issuer.key_usage().map_err(broken)?
            && !usage.value.key_cert_sign()
        {
            return Err(CertificateError::UnknownIssuer);
        }
        self.check_signature(signed, issuer)
    }

    /// Whether the signature is right.
    fn check_signature(
        &self,
        signed: &X509Certificate<'_>,
        issuer: &X509Certificate<'_>,
    ) -> Result<(), CertificateError> {
        let inner = |der| Any::from_der(der).ok().map(|(rest, any)| (any.data, rest));
        let algorithms = || {
            let (content, _) = inner(signed.as_raw())?;
            let (_, after) = inner(content)?;
            let (signature, _) = inner(after)?;
            let (content, _) = inner(issuer.public_key().raw)?;
            let (key, _) = inner(content)?;
            Some((signature, key))
        };
        let (signature, key) = algorithms().ok_or(CertificateError::BadEncoding)?;
        if signed.signature_algorithm != signed.tbs_certificate.signature {
            return Err(CertificateError::BadSignature);
        }
        let mut known = self
            .algorithms
            .iter()
            .filter(|algorithm| algorithm.signature_alg_id().as_ref() == signature)
            .filter(|algorithm| algorithm.public_key_alg_id().as_ref() == key)
            .peekable();
        if known.peek().is_none() {
            return Err(
                CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                    signature_algorithm_id: signature.to_vec(),
                    public_key_algorithm_id: key.to_vec(),
                },
            );
        }
        let Some(left) = self.signatures_left.get().checked_sub(1) else {
            return Err(CertificateError::UnknownIssuer);
        };
        self.signatures_left.set(left);
        let public = &issuer.public_key().subject_public_key.data;
        let (message, signature) = (signed.tbs_certificate.as_ref(), &signed.signature_value.data);
        if known.any(|algorithm| algorithm.verify_signature(public, message, signature).is_ok()) {
            Ok(())
        } else {
            Err(CertificateError::BadSignature)
        }
    }
}

/// Whether every extension that the certificate marks as critical is understood. Name constraints are not, marked or not.
fn check_extensions(certificate: &X509Certificate<'_>) -> Result<(), CertificateError> {
    let refused = certificate
        .extensions()
        .iter()
        .any(|extension| match extension.parsed_extension() {
            ParsedExtension::NameConstraints(_) => true,
            ParsedExtension::BasicConstraints(_)
            | ParsedExtension::KeyUsage(_)
            | ParsedExtension::ExtendedKeyUsage(_)
            | ParsedExtension::SubjectAlternativeName(_) => false,
            _ => extension.critical,
        });
    if refused {
        return Err(CertificateError::UnhandledCriticalExtension);
    }
    Ok(())
}
