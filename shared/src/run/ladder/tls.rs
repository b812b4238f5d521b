//! The rung of TLS: what the server presented, whether it is trusted, and for how long.

use super::{Found, broken, quoted, view};
use crate::check::path::{CERTIFICATE_WARNING_SECONDS, Validity, days_left};
use crate::cluster::Certificate;
use crate::failure::{Class, Failure, Side};
use crate::report::{Rung, RungStatus};
use crate::resource::Time;
use crate::run::api_server::{Walked, milliseconds};

impl Found<'_> {
    pub(super) fn tls(&self, walked: &Walked) -> Option<Rung> {
        let step = walked.dialed.tls.as_ref()?;
        let chain = &walked.dialed.presented;
        let mut rung = match &step.result {
            Ok(handshake) => {
                let mut rung = self.certificate(chain);
                rung.message = format!("{}, {}", handshake.version, rung.message);
                rung.tls_version = Some(handshake.version.clone());
                rung.verified_for.clone_from(&handshake.verified_for);
                rung
            }
            Err(failure) => self.tls_failure(failure, chain),
        };
        rung.certificates = chain.iter().map(view).collect();
        rung.elapsed_ms = Some(milliseconds(step.elapsed));
        if let Some(end) = first_end(chain) {
            rung.expires = Some(end.to_string());
            rung.days_left = Some(days_left(self.now(), end));
        }
        Some(rung)
    }

    /// A certificate that was accepted.
    fn certificate(&self, chain: &[Certificate]) -> Rung {
        let mut words = Vec::new();
        if let Some(own) = chain.first() {
            words.push(format!("{} signed by {}", own.subject, own.issuer));
        }
        let mut status = RungStatus::Ok;
        if let Some(end) = first_end(chain) {
            let validity = Validity::of(self.now(), end, CERTIFICATE_WARNING_SECONDS);
            words.push(validity.to_string());
            if !matches!(validity, Validity::Fine(_)) {
                status = RungStatus::Warning;
            }
        }
        if self.way.insecure {
            status = RungStatus::Warning;
            words.push("not verified: whoever is in between can read and answer".into());
        }
        let mut rung = Rung::new("tls", status, words.join(", "));
        if status != RungStatus::Ok {
            let side = if self.way.insecure {
                Side::Machine
            } else {
                Side::ControlPlane
            };
            rung.side = Some(side.as_str().to_owned());
            rung.hint = Some(self.openssl("-noout -subject -issuer -dates"));
        }
        rung
    }

    fn tls_failure(&self, failure: &Failure, chain: &[Certificate]) -> Rung {
        let early = chain
            .iter()
            .filter_map(|c| c.not_before)
            .max()
            .filter(|from| *from > self.now());
        let name = self.way.tls_server_name.as_deref().unwrap_or(&self.way.host);
        let own = chain.first();
        let subject = own.map_or("the certificate", |c| c.subject.as_str());
        let names = own.map(|c| c.names.join(", ")).unwrap_or_default();
        let (side, message, hint) = match failure.class {
            Class::CertificateExpired => match (early, first_end(chain)) {
                (Some(from), _) => (
                    Side::Machine,
                    format!("{subject} is valid from {from} on, by this machine's clock not yet"),
                    "date -u".to_owned(),
                ),
                (None, Some(end)) => (
                    Side::ControlPlane,
                    format!("{subject} {}, at {end}", Validity::of(self.now(), end, 0)),
                    self.openssl("-noout -subject -issuer -dates"),
                ),
                (None, None) => (
                    Side::ControlPlane,
                    failure.message.clone(),
                    self.openssl("-noout -subject -issuer -dates"),
                ),
            },
            Class::WrongName => (
                Side::Machine,
                match names.as_str() {
                    "" => failure.message.clone(),
                    names => format!("the certificate is not for {name} but for {names}"),
                },
                self.openssl("-noout -subject -ext subjectAltName"),
            ),
            Class::UnknownAuthority => (
                if self.way.proxy.url.is_some() {
                    Side::Proxy
                } else {
                    Side::Machine
                },
                match own {
                    Some(own) => format!(
                        "{subject} is signed by {}, which certificate-authority of the kubeconfig is not",
                        own.issuer
                    ),
                    None => failure.message.clone(),
                },
                self.openssl("-noout -subject -issuer -fingerprint"),
            ),
            Class::NotAnApiServer => (
                Side::Proxy,
                format!("what listens there speaks no TLS: {}", failure.message),
                format!(
                    "curl -v {}",
                    quoted(&self.way.server.replacen("https:", "http:", 1))
                ),
            ),
            Class::Timeout | Class::ConnectionLost => (
                Side::Proxy,
                format!("the connection was accepted, and then: {}", failure.message),
                self.openssl("-noout -subject"),
            ),
            _ => (
                failure.class.side(),
                failure.message.clone(),
                self.openssl("-noout -subject -issuer -dates"),
            ),
        };
        let mut rung = broken("tls", failure, side);
        if !failure.own_limit {
            rung.message = message;
            rung.hint = Some(hint);
        }
        rung
    }

    /// Shows the server's certificate.
    fn openssl(&self, show: &str) -> String {
        let host = if self.way.host.contains(':') {
            format!("[{}]", self.way.host)
        } else {
            self.way.host.clone()
        };
        let name = self.way.tls_server_name.as_deref().unwrap_or(&self.way.host);
        // An address is no name that a server can be asked for.
        let name = match name.parse::<std::net::IpAddr>() {
            Ok(_) => String::new(),
            Err(_) => format!(" -servername {}", quoted(name)),
        };
        let place = quoted(&format!("{host}:{}", self.way.port));
        format!("openssl s_client -connect {place}{name} </dev/null | openssl x509 {show}")
    }
}

/// When the first certificate of a chain ends.
fn first_end(chain: &[Certificate]) -> Option<Time> {
    chain.iter().filter_map(|c| c.not_after).min()
}
