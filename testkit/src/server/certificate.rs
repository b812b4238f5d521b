//! Owns the certificates of a server: its CA, its own, and the CA that its kubeconfig trusts.
//! Must not know where they are written.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The certificate that the server shows to a client that trusts the CA of its kubeconfig.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificate {
    /// A good one for 127.0.0.1, localhost and the Service names of an API server.
    #[default]
    Valid,
    /// One that ended in 2021.
    Expired,
    /// One that begins in 2090.
    NotYetValid,
    /// One for another name.
    WrongName,
    /// One from a CA that the kubeconfig does not trust.
    UnknownCa,
    /// A good one, from a CA that ended in 2021.
    ExpiredCa,
    /// A self-signed one, which the kubeconfig trusts in place of a CA.
    SelfSigned,
    /// A self-signed one that ended in 2021.
    SelfSignedExpired,
    /// A self-signed one for another name.
    SelfSignedWrongName,
}

/// The certificates and key of a TLS server.
pub(crate) struct Credentials {
    /// The CA in the kubeconfig.
    pub ca_pem: String,
    pub config: Arc<ServerConfig>,
}

impl Credentials {
    pub fn generate(certificate: Certificate) -> Self {
        let until = if certificate == Certificate::ExpiredCa {
            2021
        } else {
            2099
        };
        let trusted = authority("testkit-ca", until);
        // The other CA has another name. With the same name a client would report a bad signature instead.
        let other = (certificate == Certificate::UnknownCa).then(|| authority("another-ca", 2099));
        let names: &[&str] = match certificate {
            Certificate::WrongName | Certificate::SelfSignedWrongName => &["elsewhere.example.test"],
            _ => &[
                "127.0.0.1",
                "localhost",
                "kubernetes",
                "kubernetes.default",
                "kubernetes.default.svc",
            ],
        };
        let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut params = CertificateParams::new(names).expect("the names are valid");
        params
            .distinguished_name
            .push(DnType::CommonName, "kube-apiserver");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        (params.not_before, params.not_after) = match certificate {
            Certificate::Expired | Certificate::SelfSignedExpired => {
                (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1))
            }
            Certificate::NotYetValid => (date_time_ymd(2090, 1, 1), date_time_ymd(2091, 1, 1)),
            _ => (date_time_ymd(2020, 1, 1), date_time_ymd(2099, 1, 1)),
        };
        let key = KeyPair::generate().expect("a key can be generated");
        let alone = matches!(
            certificate,
            Certificate::SelfSigned | Certificate::SelfSignedExpired | Certificate::SelfSignedWrongName
        );
        let serving = if alone {
            // `openssl req -x509` writes this, and most such certificates are made by it.
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.self_signed(&key).expect("it signs itself")
        } else {
            params
                .signed_by(&key, other.as_ref().unwrap_or(&trusted))
                .expect("the CA signs what it is given")
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        // The provider is named, so that the process needs no default.
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("the provider supports the default versions")
                .with_no_client_auth()
                .with_single_cert(vec![serving.der().clone()], key)
                .expect("the key belongs to the certificate");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self {
            ca_pem: if alone { serving.pem() } else { trusted.pem() },
            config: Arc::new(config),
        }
    }
}

/// A certificate for 127.0.0.1 and localhost with its key and its own authority, in PEM.
#[derive(Clone, Debug)]
pub struct ServingCertificate {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
    /// The authority that signed it.
    pub authority: String,
}

impl ServingCertificate {
    /// A new one, of a new authority.
    ///
    /// # Panics
    /// If the machine gives no random bytes.
    #[must_use]
    pub fn generate() -> Self {
        let authority = authority("serving-ca", 2099);
        let names = ["127.0.0.1", "localhost"].map(str::to_owned);
        let mut params = CertificateParams::new(names).expect("the names are valid");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2099, 1, 1));
        let key = KeyPair::generate().expect("a key can be generated");
        let certificate = params
            .signed_by(&key, &authority)
            .expect("the CA signs what it is given");
        Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            authority: authority.pem(),
        }
    }
}

fn authority(name: &str, until: i32) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().expect("a key can be generated");
    CertifiedIssuer::self_signed(params, key).expect("a CA signs itself")
}
