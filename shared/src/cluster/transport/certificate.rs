//! A certificate in words, and the certificates that a server presents.

use crate::cluster::connection_info::Certificate;
use crate::resource::Time;
use rustls::pki_types::CertificateDer;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

/// The certificates that a server presented in a handshake.
#[derive(Debug, Default)]
pub(crate) struct PresentedChain(Mutex<Vec<CertificateDer<'static>>>);

impl PresentedChain {
    /// The certificates in words, the server's own first.
    pub fn certificates(&self) -> Vec<Certificate> {
        let chain = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        chain.iter().map(describe).collect()
    }

    /// Keeps the certificates of a handshake.
    pub fn keep(&self, own: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) {
        let chain = std::iter::once(own)
            .chain(intermediates)
            .map(|der| der.clone().into_owned())
            .collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = chain;
    }
}

/// The fields of a certificate that a person wants to know.
pub(crate) fn describe(certificate: &CertificateDer<'_>) -> Certificate {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return Certificate {
            subject: "a certificate that cannot be read".into(),
            ..Certificate::default()
        };
    };
    let names = match parsed.subject_alternative_name() {
        Ok(Some(names)) => names
            .value
            .general_names
            .iter()
            .filter_map(|name| match name {
                GeneralName::DNSName(name) => Some((*name).to_owned()),
                GeneralName::IPAddress(bytes) => match bytes.len() {
                    4 => <[u8; 4]>::try_from(*bytes)
                        .ok()
                        .map(|b| IpAddr::from(b).to_string()),
                    16 => <[u8; 16]>::try_from(*bytes)
                        .ok()
                        .map(|b| IpAddr::from(b).to_string()),
                    _ => None,
                },
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Certificate {
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        names,
        not_before: Some(Time::from_seconds(parsed.validity().not_before.timestamp())),
        not_after: Some(Time::from_seconds(parsed.validity().not_after.timestamp())),
    }
}
