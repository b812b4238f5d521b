//! Failures of TLS: their class, words for people, and what to do. The errors of rustls are made for programmers, and some of
//! them print their data.

use crate::cluster::transport::certificate::describe;
use crate::failure::{Class, Failure};
use crate::resource::Time;
use rustls::pki_types::CertificateDer;
use rustls::{
    AlertDescription as Alert, CertificateError as Certificate, Error, OtherError, PeerIncompatible,
};
use std::sync::Arc;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;

/// The shortest RSA key that is accepted, since shorter ones can be broken; Go accepts 1024.
const RSA_BITS: usize = 2048;

/// A server's certificates, and the authorities that may vouch for it.
pub(crate) struct CertificateChain<'a> {
    pub own: &'a CertificateDer<'a>,
    pub intermediates: &'a [CertificateDer<'a>],
    pub roots: Vec<&'a CertificateDer<'a>>,
}

/// Puts a failure into an error of rustls; [`explain`] takes it out again.
pub(crate) fn embed(failure: Failure) -> Error {
    Certificate::Other(OtherError(Arc::new(failure))).into()
}

/// Whether rustls refuses a server's certificate because it is an authority's.
pub(crate) fn refuses_authority(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(Certificate::Other(other)) if other.to_string() == "CaUsedAsEndEntity")
}

/// The failure that an error of rustls means.
pub(crate) fn explain(error: &Error) -> Failure {
    match error {
        Error::InvalidCertificate(certificate) => certificate_failure(certificate),
        // The bytes are not TLS; they may be plain HTTP.
        Error::InvalidMessage(_) => Failure::new(
            Class::NotAnApiServer,
            "what answers is not an API server: it speaks no TLS",
        ),
        Error::AlertReceived(alert) => alert_failure(*alert),
        Error::PeerIncompatible(why) => Failure::new(Class::Tls, incompatibility(why)).with_hint(
            "TLS 1.2 or 1.3 with a current cipher suite is needed: check what listens at the address",
        ),
        Error::PeerMisbehaved(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::DecryptError
        | Error::PeerSentOversizedRecord => {
            Failure::new(Class::Tls, "the server does not keep to the rules of TLS")
                .with_hint("check what listens at the address, and what is in between")
        }
        Error::NoCertificatesPresented => Failure::new(Class::Tls, "the server shows no certificate"),
        Error::NoApplicationProtocol => Failure::new(
            Class::Tls,
            "the server and this program have no protocol in common",
        ),
        Error::FailedToGetCurrentTime => {
            Failure::new(Class::Tls, "the time of this machine cannot be read").with_hint("date -u")
        }
        Error::InvalidCertRevocationList(_) => Failure::new(
            Class::Tls,
            "it is not known whether the server's certificate was revoked",
        ),
        Error::InconsistentKeys(_) => Failure::new(
            Class::Tls,
            "the client key does not belong to the client certificate",
        ),
        Error::General(why) => Failure::new(Class::Tls, format!("the handshake failed: {why}")),
        _ => Failure::new(Class::Tls, "the handshake failed"),
    }
}

fn certificate_failure(error: &Certificate) -> Failure {
    let failure = Failure::new;
    match error {
        Certificate::Other(OtherError(inner)) => match inner.downcast_ref::<Failure>() {
            Some(failure) => failure.clone(),
            None => Failure::new(Class::Tls, rule_in_words(&inner.to_string())),
        },
        Certificate::UnknownIssuer => failure(
            Class::UnknownAuthority,
            "the server's certificate is signed by an authority that is not trusted".to_owned(),
        ),
        Certificate::BadSignature => failure(
            Class::UnknownAuthority,
            "the server's certificate is not signed by the authority of that name, but by another key"
                .to_owned(),
        ),
        Certificate::Expired => failure(
            Class::CertificateExpired,
            "the server's certificate has expired".to_owned(),
        ),
        Certificate::ExpiredContext { not_after, .. } => failure(
            Class::CertificateExpired,
            format!(
                "the server's certificate, or its authority's, has expired: it ended at {}",
                time(*not_after)
            ),
        ),
        Certificate::NotValidYet => failure(
            Class::CertificateExpired,
            "the server's certificate is not valid yet".to_owned(),
        ),
        Certificate::NotValidYetContext { not_before, .. } => failure(
            Class::CertificateExpired,
            format!(
                "the server's certificate, or its authority's, is not valid yet: it begins at {}",
                time(*not_before)
            ),
        ),
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
            failure(Class::WrongName, wrong_name(error))
        }
        Certificate::InvalidPurpose | Certificate::InvalidPurposeContext { .. } => failure(
            Class::Tls,
            "the server's certificate is not for a server: its extended key usage has no serverAuth"
                .to_owned(),
        )
        .with_hint("issue it anew with extendedKeyUsage=serverAuth"),
        Certificate::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id,
            ..
        } => signature_failure(&algorithm(signature_algorithm_id)),
        Certificate::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id,
            public_key_algorithm_id,
        } => signature_failure(&format!(
            "{} by a key of {}",
            algorithm(signature_algorithm_id),
            algorithm(public_key_algorithm_id)
        )),
        Certificate::BadEncoding => failure(
            Class::Tls,
            "the server's certificate cannot be read: it is broken, or not of X.509".to_owned(),
        ),
        Certificate::Revoked => failure(Class::Tls, "the server's certificate was revoked".to_owned()),
        Certificate::UnhandledCriticalExtension => failure(
            Class::Tls,
            "the server's certificate, or its authority's, has a critical extension that is not known here"
                .to_owned(),
        ),
        Certificate::UnknownRevocationStatus
        | Certificate::ExpiredRevocationList
        | Certificate::ExpiredRevocationListContext { .. }
        | Certificate::InvalidOcspResponse => failure(
            Class::Tls,
            "it is not known whether the server's certificate was revoked".to_owned(),
        ),
        // `UnsupportedSignatureAlgorithm` is still there, and deprecated.
        _ => failure(
            Class::Tls,
            "the server's certificate is signed in a way that is not accepted here".to_owned(),
        ),
    }
}

fn signature_failure(how: &str) -> Failure {
    Failure::new(
        Class::Tls,
        format!("a certificate of the server is signed with {how}, which is not accepted here"),
    )
    .with_hint("issue it anew with SHA-256 and a key of RSA 2048, P-256, P-384 or Ed25519")
}

/// The failure that an error of rustls means, with details from the chain.
pub(crate) fn explain_chain(error: &Error, chain: &CertificateChain<'_>) -> Failure {
    let failure = explain(error);
    let Error::InvalidCertificate(certificate) = error else {
        return failure;
    };
    let own = describe(chain.own);
    match certificate {
        Certificate::BadSignature
        | Certificate::UnsupportedSignatureAlgorithmContext { .. }
        | Certificate::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            weak_key(chain).unwrap_or(failure)
        }
        Certificate::UnknownIssuer => Failure {
            message: format!(
                "{} is signed by {}, which is not trusted",
                own.subject, own.issuer
            ),
            ..failure
        },
        Certificate::NotValidForName => Failure {
            message: if own.names.is_empty() {
                format!(
                    "{} names no host in subjectAltName, and a common name does not count",
                    own.subject
                )
            } else {
                format!("the certificate is for {} alone", own.names.join(", "))
            },
            ..failure
        },
        _ => failure,
    }
}

/// The failure of a chain with a key that is too short, or of a curve that is not known here.
fn weak_key(chain: &CertificateChain<'_>) -> Option<Failure> {
    let mut all = std::iter::once(chain.own)
        .chain(chain.intermediates)
        .chain(chain.roots.iter().copied());
    let signed: Vec<String> = std::iter::once(chain.own)
        .chain(chain.intermediates)
        .map(|der| describe(der).issuer)
        .collect();
    let handshake = std::iter::once(describe(chain.own).subject);
    let signers: Vec<String> = signed.into_iter().chain(handshake).collect();
    all.find_map(|der| {
        let subject = describe(der).subject;
        let weakness = weakness(der).filter(|_| signers.contains(&subject))?;
        Some(
            Failure::new(Class::Tls, format!("the key of {subject} is {weakness}"))
                .with_hint("issue the certificate anew with a key of RSA 2048, P-256, P-384 or Ed25519"),
        )
    })
}

fn weakness(der: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let key = parsed.public_key();
    match key.parsed().ok()? {
        PublicKey::RSA(rsa) if (1..RSA_BITS).contains(&rsa.key_size()) => Some(format!(
            "of RSA with {} bits, and {RSA_BITS} are the least that is accepted here (kubectl takes 1024)",
            rsa.key_size()
        )),
        PublicKey::EC(_) => {
            let curve = key.algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string();
            match curve.as_str() {
                "1.2.840.10045.3.1.7" | "1.3.132.0.34" => None,
                other => Some(format!(
                    "of the curve {}, which is not known here",
                    oid_name(other)
                )),
            }
        }
        _ => None,
    }
}

/// Why the key of that client certificate cannot be used.
pub(crate) fn key_problem(certificate: &CertificateDer<'_>) -> String {
    weakness(certificate).map_or_else(
        || "it is broken, or neither of RSA nor of P-256, P-384 or Ed25519".to_owned(),
        |weakness| format!("it is {weakness}"),
    )
}

fn wrong_name(error: &Certificate) -> String {
    match error {
        Certificate::NotValidForNameContext { expected, presented } => {
            let expected = expected.to_str();
            let names: Vec<&str> = presented.iter().map(|name| inner_name(name)).collect();
            match names.as_slice() {
                [] => format!(
                    "the server's certificate is not for {expected}: it names no host in subjectAltName, and a common name \
                     does not count"
                ),
                names => format!(
                    "the server's certificate is not for {expected} but for {}",
                    names.join(", ")
                ),
            }
        }
        _ => "the server's certificate is for another name".to_owned(),
    }
}

/// rustls writes `DnsName("a.example")` and `IpAddress(10.0.0.1)`.
fn inner_name(name: &str) -> &str {
    let inner = name.split_once('(').map_or(name, |(_, rest)| rest);
    inner.trim_end_matches(')').trim_matches('"')
}

fn time(at: rustls::pki_types::UnixTime) -> String {
    Time::from_seconds(i64::try_from(at.as_secs()).unwrap_or(i64::MAX)).to_string()
}

/// The rule of webpki that a certificate breaks; `name` is that of its error.
fn rule_in_words(name: &str) -> String {
    let words = match name {
        "CaUsedAsEndEntity" => "it is an authority's",
        "EndEntityUsedAsCa" => "one in its chain signs and is no authority's",
        "UnsupportedCertVersion" => "it is not of version 3 of X.509",
        "NameConstraintViolation" => "its authority may not vouch for that name",
        "PathLenConstraintViolated" => "its chain is longer than its authority allows",
        "MaximumPathDepthExceeded" | "MaximumPathBuildCallsExceeded" | "MaximumSignatureChecksExceeded" => {
            "its chain is too long"
        }
        "InvalidSerialNumber" => "its serial number breaks the rules of X.509",
        "SignatureAlgorithmMismatch" => "it names two ways in which it is signed",
        "EmptyEkuExtension" => "its extended key usage is empty",
        _ => "it breaks the rules of X.509",
    };
    format!("the server's certificate is not accepted: {words}")
}

fn incompatibility(why: &PeerIncompatible) -> String {
    let words = match why {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig => "it speaks neither TLS 1.2 nor 1.3",
        PeerIncompatible::NoCipherSuitesInCommon => "there is no cipher suite that both know",
        PeerIncompatible::NoKxGroupsInCommon | PeerIncompatible::NamedGroupsExtensionRequired => {
            "there is no key exchange that both know"
        }
        PeerIncompatible::NoSignatureSchemesInCommon
        | PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon => {
            "there is no signature scheme that both know"
        }
        PeerIncompatible::ExtendedMasterSecretExtensionRequired => "it does not know extended master secrets",
        _ => "it requires a feature of TLS that is not known here",
    };
    format!("the server and this program cannot agree: {words}")
}

fn alert_failure(alert: Alert) -> Failure {
    let client = "check the client certificate in the kubeconfig: the server does not trust who signed it, or it has ended";
    let (class, words, hint) = match alert {
        Alert::CertificateExpired => (Class::Unauthenticated, "the client certificate has expired", None),
        Alert::CertificateRequired | Alert::NoCertificate => {
            (Class::Tls, "it wants a client certificate", Some(client))
        }
        Alert::UnknownCA
        | Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateUnknown
        | Alert::AccessDenied
        | Alert::DecryptError => (
            Class::Tls,
            "it does not accept the client certificate",
            Some(client),
        ),
        Alert::ProtocolVersion => (Class::Tls, "it does not speak this version of TLS", None),
        Alert::HandshakeFailure | Alert::InsufficientSecurity => {
            (Class::Tls, "there is no cipher suite that both know", None)
        }
        Alert::UnrecognisedName => (
            Class::Tls,
            "it serves no host of that name",
            Some("check the server's name, or tls-server-name in the kubeconfig"),
        ),
        Alert::NoApplicationProtocol => (Class::Tls, "it speaks no HTTP/1.1", None),
        Alert::InternalError => (Class::Tls, "it has an internal error", None),
        _ => (Class::Tls, "it ended the handshake", None),
    };
    let failure = Failure::new(class, format!("the server says: {words}"));
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

/// The name of an algorithm out of the inside of an `AlgorithmIdentifier`.
fn algorithm(inside: &[u8]) -> String {
    use x509_parser::asn1_rs::{FromDer as _, Oid};
    let oid = |der| {
        Oid::from_der(der)
            .ok()
            .map(|(rest, oid)| (oid.to_id_string(), rest))
    };
    let Some((id, rest)) = oid(inside) else {
        return "an algorithm that is not known".to_owned();
    };
    if id == "1.2.840.10045.2.1" {
        // The name of an elliptic curve follows.
        return match oid(rest) {
            Some((curve, _)) => format!("the curve {}", oid_name(&curve)),
            None => "an unknown curve".to_owned(),
        };
    }
    oid_name(&id)
}

fn oid_name(oid: &str) -> String {
    match oid {
        "1.2.840.113549.1.1.1" => "RSA",
        "1.2.840.113549.1.1.4" => "RSA and MD5",
        "1.2.840.113549.1.1.5" => "RSA and SHA-1",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.113549.1.1.11" => "RSA and SHA-256",
        "1.2.840.113549.1.1.12" => "RSA and SHA-384",
        "1.2.840.113549.1.1.13" => "RSA and SHA-512",
        "1.2.840.113549.1.1.14" => "RSA and SHA-224",
        "1.2.840.10040.4.3" => "DSA and SHA-1",
        "1.2.840.10045.4.1" => "ECDSA and SHA-1",
        "1.2.840.10045.4.3.1" => "ECDSA and SHA-224",
        "1.2.840.10045.4.3.2" => "ECDSA and SHA-256",
        "1.2.840.10045.4.3.3" => "ECDSA and SHA-384",
        "1.2.840.10045.4.3.4" => "ECDSA and SHA-512",
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.33" => "P-224",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        "1.3.132.0.10" => "secp256k1",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests;
