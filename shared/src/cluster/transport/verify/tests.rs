use super::*;
use crate::cluster::transport::tls_error::explain;
use crate::cluster::transport::verify::chain_search::MOST_SIGNATURES;
use crate::cluster::transport::verify::roots::read_roots;
use crate::cluster::transport::verify::server_name::matches_host;
use crate::failure::{Class, Failure};
use rustls::pki_types::pem::PemObject as _;
use std::time::Duration;

/// 2030: every certificate of the tests is valid from 2026 to 2126.
const NOW: u64 = 1_893_456_000;

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/certificates/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(&file(name)).expect("a certificate in PEM")
}

/// The verdict on a chain, its own certificate first, with that root trusted.
fn verify(chain: &[&str], root: &str, name: &str, now: u64) -> Result<(), Failure> {
    let verifier = ServerVerifier {
        policy: Arc::new(TrustPolicy {
            roots: TrustRoots::These(read_roots(&file(root))),
            provider: Arc::new(rustls::crypto::ring::default_provider()),
        }),
        presented: None,
    };
    let chain: Vec<_> = chain.iter().map(|name| certificate(name)).collect();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    match verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], now) {
        Ok(_) => Ok(()),
        Err(error) => Err(explain(&error)),
    }
}

fn verdict(chain: &[&str], root: &str, name: &str, now: u64) -> String {
    match verify(chain, root, name, now) {
        Ok(()) => "ok".to_owned(),
        Err(failure) => format!("{}: {}", failure.class.as_str(), failure.message),
    }
}

#[test]
fn a_certificate_is_trusted_if_go_trusts_it_and_otherwise_the_reason_is_given() {
    let (api, ip) = ("api.example", "127.0.0.1");
    #[rustfmt::skip]
    let rows: &[(&[&str], &str, &str, &str)] = &[
        (&["server"], "authority", ip, "ok"),
        (&["server-authority"], "authority", api, "ok"),
        (&["server-authority"], "authority", ip, "ok"),
        (&["server-authority"], "server-authority", api, "ok"),
        (&["below", "between"], "authority", api, "ok"),
        (&["below", "server", "between"], "authority", api, "ok"),
        (&["own-authority"], "own-authority", api, "ok"),
        (&["below"], "between", api, "ok"),
        (&["below", "between"], "between", api, "ok"),
        (&["below"], "authority", api, "unknownAuthority: CN=below is signed by CN=between, which is not trusted"),
        (&["own-authority"], "authority", api, "unknownAuthority: CN=own-authority is signed by CN=own-authority, which is not trusted"),
        (&["below-no-authority", "no-authority"], "authority", api, "unknownAuthority: CN=below is signed by CN=no-authority, which is not trusted"),
        (&["below-short", "between-short"], "short-path", api, "unknownAuthority: CN=below is signed by CN=between-short, which is not trusted"),
        (&["server-authority"], "same-name", api, "unknownAuthority: the server's certificate is not signed by the authority of that name, but by another key"),
        (&["by-same-name"], "authority", api, "unknownAuthority: the server's certificate is not signed by the authority of that name, but by another key"),
        (&["server"], "rsa-2048", api, "unknownAuthority: CN=server is signed by CN=kubernetes, which is not trusted"),
        (&["server-authority-for-clients"], "authority", api, "tls: the server's certificate is not for a server: its extended key usage has no serverAuth"),
        (&["for-clients"], "authority", api, "tls: the server's certificate is not for a server: its extended key usage has no serverAuth"),
        (&["server-authority"], "authority", "other.example", "wrongName: the server's certificate is not for other.example but for 127.0.0.1, api.example"),
        (&["server"], "authority", "10.0.0.1", "wrongName: the server's certificate is not for 10.0.0.1 but for 127.0.0.1, api.example"),
        (&["common-name"], "authority", api, "wrongName: the server's certificate is not for api.example: it names no host in subjectAltName, and a common name does not count"),
        (&["version-1"], "authority", ip, "wrongName: CN=127.0.0.1 names no host in subjectAltName, and a common name does not count"),
        (&["version-1"], "version-1", ip, "wrongName: CN=127.0.0.1 names no host in subjectAltName, and a common name does not count"),
        (&["wildcard"], "authority", "x.example", "ok"),
        (&["wildcard"], "authority", "X.Example", "ok"),
        (&["wildcard"], "authority", "x.example.", "ok"),
        (&["wildcard"], "authority", "a.x.example", "wrongName: the server's certificate is not for a.x.example but for *.example"),
        (&["wildcard"], "authority", "example", "wrongName: the server's certificate is not for example but for *.example"),
        (&["by-rsa-1024"], "rsa-1024", api, "tls: the key of CN=old-authority is of RSA with 1024 bits, and 2048 are the least that is accepted here (kubectl takes 1024)"),
        (&["by-p521"], "p521", api, "tls: the key of CN=p521-authority is of the curve P-521, which is not known here"),
        (&["by-sha1"], "rsa-2048", api, "tls: a certificate of the server is signed with RSA and SHA-1, which is not accepted here"),
    ];
    for (chain, root, name, expected) in rows {
        assert_eq!(
            &verdict(chain, root, name, NOW),
            expected,
            "{chain:?} by {root} for {name}"
        );
    }
}

#[test]
fn a_certificate_that_has_expired_or_is_not_valid_yet_is_reported_with_the_date() {
    const LATE: u64 = 6_000_000_000;
    const EARLY: u64 = 1_500_000_000;
    for own in ["server", "server-authority"] {
        let late = verify(&[own], "authority", "api.example", LATE).expect_err("it is over");
        assert_eq!(late.class, Class::CertificateExpired);
        assert!(
            late.message.starts_with(
                "the server's certificate, or its authority's, has expired: it ended at 2126-11-04T"
            ),
            "{late}"
        );
        let early = verify(&[own], "authority", "api.example", EARLY).expect_err("it has not come");
        assert_eq!(early.class, Class::CertificateExpired);
        assert!(
            early.message.starts_with(
                "the server's certificate, or its authority's, is not valid yet: it begins at 2026-11-28T"
            ),
            "{early}"
        );
    }
}

#[test]
fn a_star_stands_for_one_whole_label_at_the_front() {
    for (pattern, host, fits) in [
        ("*.example", "x.example", true),
        ("*.a.example", "x.a.example", true),
        ("a.*", "a.example", false),
        ("x*.example", "xy.example", false),
        ("*", "example", false),
        ("*.example", ".example", false),
        ("*.example", "x.y.example", false),
        ("*.*", "a.example", false),
    ] {
        assert_eq!(matches_host(pattern, host), fits, "{pattern} {host}");
    }
}

#[test]
fn certificates_that_sign_each_other_cost_a_hundred_signatures_and_no_more() {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let params = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let (one, other) = (
        KeyPair::generate().expect("a key"),
        KeyPair::generate().expect("a key"),
    );
    let signed = |name: &str, key: &KeyPair, by: &KeyPair| {
        let issuer = Issuer::new(params("mesh"), by);
        let signed = params(name).signed_by(key, &issuer).expect("a certificate");
        signed.der().to_vec()
    };
    // Twelve of each key, each signed by the other: three million paths of six.
    let mesh: Vec<Vec<u8>> = (0..12)
        .flat_map(|_| [signed("mesh", &one, &other), signed("mesh", &other, &one)])
        .collect();
    let own = signed("server", &KeyPair::generate().expect("a key"), &one);
    let read = |der| X509Certificate::from_der(der).expect("a certificate").1;
    let search = ChainSearch::new(
        mesh.iter().map(|der| read(der)).collect(),
        Vec::new(),
        rustls::crypto::ring::default_provider()
            .signature_verification_algorithms
            .all,
        UnixTime::since_unix_epoch(Duration::from_secs(NOW)),
    );
    assert_eq!(search.signatures_left(), MOST_SIGNATURES);
    assert_eq!(
        search.find_root(&read(&own), 0),
        Err(CertificateError::UnknownIssuer)
    );
    assert_eq!(search.signatures_left(), 0);
}
