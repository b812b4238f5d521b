//! Owns whether a server's certificate is trusted. Must not know how bytes travel.
//!
//! rustls decides. Where it judges a certificate that clusters have more strictly or more mildly than Go, and so than
//! kubectl, the certificate is judged here as Go judges it (`crypto/x509`: `Certificate.Verify`, `VerifyHostname`):
//!
//! * a server's certificate that is itself in `certificate-authority` is trusted;
//! * an authority that has expired vouches for nothing;
//! * a server's certificate may be an authority's too;
//! * `*.example` is for `x.example`.
//!
//! What stays stricter than Go, on purpose: RSA keys under 2048 bits. What `ring` does not know: the curve P-521.

use crate::cluster::transport::tls::{Shown, Source};
use crate::cluster::transport::tls_error;
use crate::cluster::transport::tls_error::Chain;
use crate::failure::{Class, Failure};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::cell::Cell;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use x509_parser::asn1_rs::Any;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;

/// Certificates between the server's own and an authority; real chains have one or two.
const LONGEST_CHAIN: usize = 6;

/// Signatures that are checked for one certificate, as `maxChainSignatureChecks` of Go: certificates that sign each other
/// make more paths than anybody can walk.
const MOST_SIGNATURES: u32 = 100;

#[derive(Debug)]
pub(crate) struct Root {
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
pub(crate) enum Roots {
    Nobody,
    These(Vec<Root>),
    System(Arc<dyn ServerCertVerifier>),
}

impl Roots {
    /// A machine without authorities trusts nobody, which the handshake will say.
    pub fn system(provider: &Arc<CryptoProvider>) -> Self {
        match rustls_platform_verifier::Verifier::new(Arc::clone(provider)) {
            Ok(verifier) => Self::System(Arc::new(verifier)),
            Err(_) => Self::These(Vec::new()),
        }
    }

    /// As Go's `AppendCertsFromPEM`: what is no certificate is skipped, as long as there is one.
    pub fn these(source: &Source, until: Instant) -> Result<Self, Failure> {
        let pem = source.read("certificate-authority", until)?;
        let roots = roots(&pem);
        if roots.is_empty() {
            let none = Failure::new(
                Class::BadConfiguration,
                "certificate-authority holds no certificate",
            );
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

fn roots(pem: &[u8]) -> Vec<Root> {
    let mut roots = Vec::new();
    for der in CertificateDer::pem_slice_iter(pem).filter_map(Result::ok) {
        let Ok((_, parsed)) = X509Certificate::from_der(&der) else {
            continue;
        };
        let validity = parsed.validity();
        let (from, until) = (validity.not_before.timestamp(), validity.not_after.timestamp());
        roots.push(Root { der, from, until });
    }
    roots
}

#[derive(Debug)]
pub(crate) struct Judge {
    pub roots: Roots,
    pub provider: Arc<CryptoProvider>,
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
        // Before version 3 there is no place for the names that a certificate is for, and Go looks nowhere else.
        if is_of_an_old_version(certificate) {
            return Err(CertificateError::NotValidForName.into());
        }
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if let Some(root) = roots.iter().find(|root| root.der == *certificate) {
            in_time(root, now, seconds)?;
            return is_for(certificate, name);
        }
        let vouched = |roots: &mut dyn Iterator<Item = &Root>| {
            self.vouched(certificate, between, &roots.collect::<Vec<_>>(), now)
        };
        match vouched(&mut roots.iter().filter(|root| root.is_in_time(seconds))) {
            Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                // It is only the authority's time that is over, or has not come, where all of them would vouch for it.
                for root in roots.iter().filter(|root| !root.is_in_time(seconds)) {
                    if vouched(&mut std::iter::once(root)).is_ok() {
                        in_time(root, now, seconds)?;
                    }
                }
                return Err(CertificateError::UnknownIssuer.into());
            }
            other => other?,
        }
        is_for(certificate, name)
    }

    /// Whether one of the roots vouches for the certificate, whatever its name.
    fn vouched(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        roots: &[&Root],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let mut store = RootCertStore::empty();
        for root in roots {
            // One that cannot be used vouches for nothing, and the others may.
            let _ = store.add(root.der.clone());
        }
        let algorithms = self.provider.signature_verification_algorithms.all;
        match verify_server_cert_signed_by_trust_anchor(&parsed, &store, between, now, algorithms) {
            Err(error) if tls_error::is_of_an_authority(&error) => {
                self.vouched_authority(certificate, between, roots, now)
            }
            result => result,
        }
    }

    /// The same for a server's certificate that is an authority's, which rustls refuses before it looks further.
    fn vouched_authority(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        roots: &[&Root],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let read = |der| X509Certificate::from_der(der).ok().map(|(_, parsed)| parsed);
        let own = read(certificate).ok_or(CertificateError::BadEncoding)?;
        let path = Path {
            between: between.iter().filter_map(|der| read(der)).collect(),
            roots: roots.iter().filter_map(|root| read(&root.der)).collect(),
            algorithms: self.provider.signature_verification_algorithms.all,
            now,
            signatures: Cell::new(MOST_SIGNATURES),
        };
        path.is_usable(&own)?;
        Ok(path.vouched(&own, 0)?)
    }
}

fn in_time(root: &Root, now: UnixTime, seconds: i64) -> Result<(), rustls::Error> {
    within(root.from, root.until, now, seconds).map_err(Into::into)
}

fn within(from: i64, until: i64, now: UnixTime, seconds: i64) -> Result<(), CertificateError> {
    let time = |seconds: i64| UnixTime::since_unix_epoch(Duration::from_secs(seconds.max(0).unsigned_abs()));
    if seconds > until {
        let not_after = time(until);
        return Err(CertificateError::ExpiredContext { time: now, not_after });
    }
    if seconds < from {
        let not_before = time(from);
        return Err(CertificateError::NotValidYetContext {
            time: now,
            not_before,
        });
    }
    Ok(())
}

/// The search for an authority, as in Go's `buildChains` with `isValid` and `CheckSignatureFrom`.
struct Path<'a> {
    between: Vec<X509Certificate<'a>>,
    roots: Vec<X509Certificate<'a>>,
    algorithms: &'static [&'static dyn rustls::pki_types::SignatureVerificationAlgorithm],
    now: UnixTime,
    /// How many signatures may still be checked.
    signatures: Cell<u32>,
}

impl Path<'_> {
    /// Whether a root signed it, or a certificate that a root vouches for. `below` counts those between it and the
    /// server's own.
    fn vouched(&self, signed: &X509Certificate<'_>, below: usize) -> Result<(), CertificateError> {
        let mut why = CertificateError::UnknownIssuer;
        let issues = |issuer: &&X509Certificate<'_>| issuer.subject().as_raw() == signed.issuer().as_raw();
        for root in self.roots.iter().filter(issues) {
            match self.is_signed_by(signed, root, below, false) {
                Ok(()) => return Ok(()),
                Err(error) => why = error,
            }
        }
        if below >= LONGEST_CHAIN {
            return Err(why);
        }
        for issuer in self.between.iter().filter(issues) {
            if issuer.public_key().raw == signed.public_key().raw {
                continue;
            }
            let tried = self
                .is_usable(issuer)
                .and_then(|()| self.is_signed_by(signed, issuer, below, true))
                .and_then(|()| self.vouched(issuer, below + 1));
            match tried {
                Ok(()) => return Ok(()),
                Err(CertificateError::UnknownIssuer) => {}
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    /// Its time, its purpose, and that nothing in it is unknown here.
    fn is_usable(&self, certificate: &X509Certificate<'_>) -> Result<(), CertificateError> {
        let validity = certificate.validity();
        let (from, until) = (validity.not_before.timestamp(), validity.not_after.timestamp());
        let seconds = i64::try_from(self.now.as_secs()).unwrap_or(i64::MAX);
        within(from, until, self.now, seconds)?;
        is_understood(certificate)?;
        match certificate.extended_key_usage() {
            Ok(None) => Ok(()),
            Ok(Some(usage)) if usage.value.server_auth || usage.value.any => Ok(()),
            Ok(Some(_)) => Err(CertificateError::InvalidPurpose),
            Err(_) => Err(CertificateError::BadEncoding),
        }
    }

    fn is_signed_by(
        &self,
        signed: &X509Certificate<'_>,
        issuer: &X509Certificate<'_>,
        below: usize,
        is_between: bool,
    ) -> Result<(), CertificateError> {
        is_understood(issuer)?;
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
            // Before version 3 nothing could say so.
            None if is_between || issuer.version() == x509_parser::x509::X509Version::V3 => {
                return Err(CertificateError::UnknownIssuer);
            }
            None => {}
        }
        if let Some(usage) = issuer.key_usage().map_err(broken)?
            && !usage.value.key_cert_sign()
        {
            return Err(CertificateError::UnknownIssuer);
        }
        self.signature(signed, issuer)
    }

    fn signature(
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
        let Some(left) = self.signatures.get().checked_sub(1) else {
            return Err(CertificateError::UnknownIssuer);
        };
        self.signatures.set(left);
        let public = &issuer.public_key().subject_public_key.data;
        let (message, signature) = (signed.tbs_certificate.as_ref(), &signed.signature_value.data);
        if known.any(|algorithm| algorithm.verify_signature(public, message, signature).is_ok()) {
            Ok(())
        } else {
            Err(CertificateError::BadSignature)
        }
    }
}

/// Extensions that a certificate says to be critical are understood; of those that limit names none is, here.
fn is_understood(certificate: &X509Certificate<'_>) -> Result<(), CertificateError> {
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

fn is_of_an_old_version(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, parsed)| parsed.version() != x509_parser::x509::X509Version::V3)
}

/// Whether the certificate is for that name: as rustls says, else as Go says, which takes `*.example` too.
fn is_for(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), rustls::Error> {
    let Err(error) = verify_server_name(&ParsedCertificate::try_from(certificate)?, name) else {
        return Ok(());
    };
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return Err(error);
    };
    let Ok(Some(names)) = parsed.subject_alternative_name() else {
        return Err(error);
    };
    let fits = names.value.general_names.iter().any(|given| match (given, name) {
        (GeneralName::DNSName(pattern), ServerName::DnsName(host)) => matches_host(pattern, host.as_ref()),
        (GeneralName::IPAddress(bytes), ServerName::IpAddress(ip)) => match IpAddr::from(*ip) {
            IpAddr::V4(ip) => ip.octets() == *bytes,
            IpAddr::V6(ip) => ip.octets() == *bytes,
        },
        _ => false,
    });
    if fits { Ok(()) } else { Err(error) }
}

/// `matchHostnames` of Go: a star stands for the whole first label, and for no other.
fn matches_host(pattern: &str, host: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let (wanted, given): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), host.split('.').collect());
    let all = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    wanted.len() == given.len()
        && (wanted.len() > 1 || pattern != "*")
        && wanted
            .iter()
            .zip(&given)
            .enumerate()
            .all(|(place, (wanted, given))| all(given) && (wanted == given || (place == 0 && *wanted == "*")))
}

#[derive(Debug)]
pub(crate) struct Verifier {
    pub judge: Arc<Judge>,
    pub shown: Option<Arc<Shown>>,
}

impl Verifier {
    /// The same failure in words and with its class, which the error of rustls does not have.
    fn explained(
        &self,
        error: &rustls::Error,
        own: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
    ) -> rustls::Error {
        let roots = match &self.judge.roots {
            Roots::These(roots) => roots.iter().map(|root| &root.der).collect(),
            Roots::Nobody | Roots::System(_) => Vec::new(),
        };
        tls_error::kept(tls_error::with_chain(error, &Chain { own, between, roots }))
    }

    fn algorithms(&self) -> &rustls::crypto::WebPkiSupportedAlgorithms {
        &self.judge.provider.signature_verification_algorithms
    }
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
            shown.keep(end_entity, intermediates);
        }
        self.judge
            .judge(end_entity, intermediates, server_name, ocsp_response, now)
            .map(|()| ServerCertVerified::assertion())
            .map_err(|error| self.explained(&error, end_entity, intermediates))
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
        rustls::crypto::verify_tls12_signature(message, cert, dss, self.algorithms())
            .map_err(|error| self.explained(&error, cert, &[]))
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
        rustls::crypto::verify_tls13_signature(message, cert, dss, self.algorithms())
            .map_err(|error| self.explained(&error, cert, &[]))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms().supported_schemes()
    }
}

#[cfg(test)]
mod tests;
