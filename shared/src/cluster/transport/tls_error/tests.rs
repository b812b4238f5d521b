use super::*;
use rustls::pki_types::UnixTime;
use rustls::{
    CertRevocationListError, ContentType, ExtendedKeyPurpose, HandshakeType, InconsistentKeys,
    InvalidMessage, PeerMisbehaved,
};
use std::time::Duration;

/// Every error that a handshake can end with, but for those with data that only rustls makes.
fn errors() -> Vec<(Error, Class)> {
    let time = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let other = |name: &str| Certificate::Other(OtherError(Arc::new(std::io::Error::other(name.to_owned()))));
    let certificates = [
        (Certificate::BadEncoding, Class::Tls),
        (Certificate::Expired, Class::CertificateExpired),
        (
            Certificate::ExpiredContext {
                time: time(2),
                not_after: time(1),
            },
            Class::CertificateExpired,
        ),
        (Certificate::NotValidYet, Class::CertificateExpired),
        (
            Certificate::NotValidYetContext {
                time: time(1),
                not_before: time(2),
            },
            Class::CertificateExpired,
        ),
        (Certificate::Revoked, Class::Tls),
        (Certificate::UnhandledCriticalExtension, Class::Tls),
        (Certificate::UnknownIssuer, Class::UnknownAuthority),
        (Certificate::UnknownRevocationStatus, Class::Tls),
        (Certificate::ExpiredRevocationList, Class::Tls),
        (
            Certificate::ExpiredRevocationListContext {
                time: time(2),
                next_update: time(1),
            },
            Class::Tls,
        ),
        (Certificate::BadSignature, Class::UnknownAuthority),
        (
            Certificate::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: vec![6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 5, 5, 0],
                supported_algorithms: Vec::new(),
            },
            Class::Tls,
        ),
        (
            Certificate::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id: vec![6, 8, 42, 134, 72, 206, 61, 4, 3, 4],
                public_key_algorithm_id: vec![6, 7, 42, 134, 72, 206, 61, 2, 1, 6, 5, 43, 129, 4, 0, 35],
            },
            Class::Tls,
        ),
        (Certificate::NotValidForName, Class::WrongName),
        (
            Certificate::NotValidForNameContext {
                expected: "a.example".try_into().expect("a name"),
                presented: vec!["DnsName(\"b.example\")".into(), "IpAddress(10.0.0.1)".into()],
            },
            Class::WrongName,
        ),
        (Certificate::InvalidPurpose, Class::Tls),
        (
            Certificate::InvalidPurposeContext {
                required: ExtendedKeyPurpose::ServerAuth,
                presented: vec![ExtendedKeyPurpose::ClientAuth],
            },
            Class::Tls,
        ),
        (Certificate::InvalidOcspResponse, Class::Tls),
        (Certificate::ApplicationVerificationFailure, Class::Tls),
        (other("CaUsedAsEndEntity"), Class::Tls),
        (other("UnsupportedCertVersion"), Class::Tls),
        (other("ExtensionValueInvalid"), Class::Tls),
    ];
    let mut all: Vec<(Error, Class)> = certificates
        .into_iter()
        .map(|(certificate, class)| (certificate.into(), class))
        .collect();
    for alert in (0..=255).map(Alert::from) {
        let class = match alert {
            Alert::CertificateExpired => Class::Unauthenticated,
            _ => Class::Tls,
        };
        all.push((Error::AlertReceived(alert), class));
    }
    let tls = [
        Error::InappropriateMessage {
            expect_types: vec![ContentType::Handshake],
            got_type: ContentType::Alert,
        },
        Error::InappropriateHandshakeMessage {
            expect_types: vec![HandshakeType::ServerHello],
            got_type: HandshakeType::Finished,
        },
        Error::NoCertificatesPresented,
        Error::UnsupportedNameType,
        Error::DecryptError,
        Error::EncryptError,
        Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
        Error::PeerIncompatible(PeerIncompatible::UncompressedEcPointsRequired),
        Error::PeerMisbehaved(PeerMisbehaved::TooMuchEarlyDataReceived),
        Error::InvalidCertRevocationList(CertRevocationListError::BadSignature),
        Error::General("no more".into()),
        Error::FailedToGetCurrentTime,
        Error::FailedToGetRandomBytes,
        Error::HandshakeNotComplete,
        Error::PeerSentOversizedRecord,
        Error::NoApplicationProtocol,
        Error::BadMaxFragmentSize,
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch),
    ];
    all.extend(tls.into_iter().map(|error| (error, Class::Tls)));
    all.push((
        Error::InvalidMessage(InvalidMessage::InvalidContentType),
        Class::NotAnApiServer,
    ));
    all
}

#[test]
fn every_error_of_a_handshake_has_its_class_and_words_without_the_data_of_a_program() {
    for (error, class) in errors() {
        let failure = explain(&error);
        assert_eq!(failure.class, class, "{error:?}: {failure}");
        for text in [failure.message.as_str(), failure.hint()] {
            let odd = |c: char| "{}[]\"".contains(c);
            // A name of a program, such as `CaUsedAsEndEntity`.
            let name = |word: &str| {
                let capitals = word.chars().filter(char::is_ascii_uppercase).count();
                let small = word.chars().filter(char::is_ascii_lowercase).count();
                capitals > 1 && small > capitals && word.chars().all(char::is_alphanumeric)
            };
            assert!(
                !text.is_empty() && !text.contains(odd) && !text.split([' ', ',']).any(name),
                "{error:?}: {text}"
            );
        }
    }
}

#[test]
fn a_message_has_the_details_of_its_error() {
    let said = |certificate: Certificate| explain(&certificate.into()).message;
    let words = errors().into_iter().map(|(error, _)| explain(&error).message);
    let words: Vec<String> = words.collect();
    for expected in [
        "the server's certificate is not for a.example but for b.example, 10.0.0.1",
        "a certificate of the server is signed with RSA and SHA-1, which is not accepted here",
        "a certificate of the server is signed with ECDSA and SHA-512 by a key of the curve P-521, which is not accepted here",
        "the server's certificate is not accepted: it is an authority's",
        "the server says: it wants a client certificate",
        "the server and this program cannot agree: it speaks neither TLS 1.2 nor 1.3",
        "what answers is not an API server: it speaks no TLS",
    ] {
        assert!(
            words.iter().any(|words| words == expected),
            "{expected}\n{words:#?}"
        );
    }
    let kept = embed(Failure::new(Class::WrongName, "as it was").with_hint("so"));
    let Error::InvalidCertificate(inner) = &kept else {
        panic!("{kept:?}")
    };
    assert_eq!(said(inner.clone()), "as it was");
    assert_eq!(explain(&kept).hint(), "so");
}
