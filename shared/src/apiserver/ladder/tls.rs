//! The certificates of the server, whether they are trusted, and for how long.

use crate::apiserver::facts::Facts;
use crate::apiserver::failure::broken_rung;
use crate::apiserver::hint;
use crate::apiserver::milliseconds::milliseconds;
use crate::apiserver::validity::{CERTIFICATE_WARNING_SECONDS, Validity, days_left};
use crate::cluster::Certificate;
use crate::failure::{Class, Failure, Side};
use crate::report::{CertificateView, Rung, RungStatus};
use crate::resource::Time;

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let dial = &facts.trace?.dial;
    let step = dial.tls.as_ref()?;
    let chain = &dial.presented;
    let mut rung = match &step.result {
        Ok(handshake) => {
            let mut rung = accepted_rung(facts, chain);
            rung.message = format!("{}, {}", handshake.version, rung.message);
            rung.tls_version = Some(handshake.version.clone());
            rung.verified_for.clone_from(&handshake.verified_for);
            rung
        }
        Err(failure) => refused_rung(facts, failure, chain),
    };
    rung.certificates = chain.iter().filter_map(certificate_view).collect();
    rung.elapsed_ms = Some(milliseconds(step.elapsed));
    if let Some(end) = first_end(chain) {
        rung.expires = Some(end.to_string());
        rung.days_left = Some(days_left(facts.now(), end));
    }
    Some(rung)
}

/// The rung of a certificate that was accepted.
fn accepted_rung(facts: &Facts<'_>, chain: &[Certificate]) -> Rung {
    let insecure = facts.connection.insecure;
    let mut words = Vec::new();
    if let Some(own) = named(chain) {
        words.push(format!("{} signed by {}", own.subject, own.issuer));
    }
    let mut status = RungStatus::Ok;
    if let Some(end) = first_end(chain) {
        let validity = Validity::new(facts.now(), end, CERTIFICATE_WARNING_SECONDS);
        words.push(validity.to_string());
        if !matches!(validity, Validity::Fine(_)) {
            status = RungStatus::Warning;
        }
    }
    if insecure {
        status = RungStatus::Warning;
        words.push("not verified: anyone in between can read and answer".into());
    }
    let mut rung = Rung::new("tls", status, words.join(", "));
    if status != RungStatus::Ok {
        let side = if insecure {
            Side::Machine
        } else {
            Side::ControlPlane
        };
        rung.side = Some(side.as_str().to_owned());
        rung.hint = Some(show_dates(facts));
    }
    rung
}

/// The rung of a handshake that failed on either side.
fn refused_rung(facts: &Facts<'_>, failure: &Failure, chain: &[Certificate]) -> Rung {
    let own = named(chain);
    let (side, message, hint) = match failure.class {
        Class::CertificateExpired => expiry_text(facts, failure, chain),
        Class::WrongName => {
            let message = match own.map(|own| own.names.join(", ")) {
                Some(names) if !names.is_empty() => format!(
                    "the certificate is not for {} but for {names}",
                    hint::server_name(facts.connection)
                ),
                _ => failure.message.clone(),
            };
            (
                Side::Machine,
                message,
                show(facts, "-noout -subject -ext subjectAltName"),
            )
        }
        Class::UnknownAuthority => {
            // A proxy that inspects TLS signs with an authority of its own.
            let side = match facts.connection.proxy.url {
                Some(_) => Side::Proxy,
                None => Side::Machine,
            };
            let message = match own {
                Some(own) => format!(
                    "{} is signed by {}, and certificate-authority of the kubeconfig is another",
                    own.subject, own.issuer
                ),
                None => failure.message.clone(),
            };
            (side, message, show(facts, "-noout -subject -issuer -fingerprint"))
        }
        Class::NotAnApiServer => (
            Side::Proxy,
            format!("what listens there speaks no TLS: {}", failure.message),
            hint::curl_plain(facts.connection),
        ),
        Class::Timeout | Class::ConnectionLost => (
            Side::Proxy,
            format!("the connection was accepted, and then: {}", failure.message),
            show(facts, "-noout -subject"),
        ),
        class => (class.side(), failure.message.clone(), show_dates(facts)),
    };
    let mut rung = broken_rung("tls", failure, side);
    if !failure.own_limit {
        rung.message = message;
        rung.hint = Some(hint);
    }
    rung
}

/// Side, message and hint of a certificate that has expired, or by this machine's clock is not valid yet.
fn expiry_text(facts: &Facts<'_>, failure: &Failure, chain: &[Certificate]) -> (Side, String, String) {
    let subject = named(chain).map_or("the certificate", |own| own.subject.as_str());
    let now = facts.now();
    let begins = chain.iter().filter_map(|c| c.not_before).max();
    match (begins.filter(|begin| *begin > now), first_end(chain)) {
        (Some(begin), _) => (
            Side::Machine,
            format!("by this machine's clock {subject} is not valid before {begin}"),
            "date -u".to_owned(),
        ),
        (None, Some(end)) => (
            Side::ControlPlane,
            format!("{subject} {}, at {end}", Validity::new(now, end, 0)),
            show_dates(facts),
        ),
        (None, None) => (Side::ControlPlane, failure.message.clone(), show_dates(facts)),
    }
}

fn show(facts: &Facts<'_>, fields: &str) -> String {
    hint::openssl(facts.connection, fields)
}

fn show_dates(facts: &Facts<'_>) -> String {
    show(facts, "-noout -subject -issuer -dates")
}

/// When the first certificate of a chain expires.
fn first_end(chain: &[Certificate]) -> Option<Time> {
    chain.iter().filter_map(|c| c.not_after).min()
}

/// The server's own certificate, if its name may be known.
fn named(chain: &[Certificate]) -> Option<&Certificate> {
    chain.first().filter(|own| is_named(own))
}

/// Whether its name may be known. A certificate has a subject, or else names.
fn is_named(certificate: &Certificate) -> bool {
    !(certificate.subject.is_empty() && certificate.issuer.is_empty() && certificate.names.is_empty())
}

/// A certificate as a report shows it, if its name may be known.
pub(super) fn certificate_view(certificate: &Certificate) -> Option<CertificateView> {
    is_named(certificate).then(|| CertificateView {
        subject: certificate.subject.clone(),
        issuer: certificate.issuer.clone(),
        names: certificate.names.clone(),
        not_before: certificate.not_before.map(|t| t.to_string()),
        not_after: certificate.not_after.map(|t| t.to_string()),
    })
}
