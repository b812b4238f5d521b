//! The rung that a failure broke, and the side that it is on.

use crate::apiserver::facts::Facts;
use crate::apiserver::milliseconds::milliseconds;
use crate::failure::{Class, Failure, Side};
use crate::report::{AddressResult, Rung, RungStatus};
use std::net::SocketAddr;
use std::time::Duration;

/// A rung that a failure broke.
pub(super) fn broken_rung(rung: &str, failure: &Failure, side: Side) -> Rung {
    let elapsed = milliseconds(failure.elapsed);
    Rung {
        elapsed_ms: Some(elapsed).filter(|ms| *ms > 0.0),
        class: Some(failure.class.as_str().to_owned()),
        // A time limit of this run is on nobody's side. Only more time helps.
        side: (!failure.own_limit).then(|| side.as_str().to_owned()),
        hint: failure.hint.clone().filter(|_| failure.own_limit),
        ..Rung::new(rung, RungStatus::Failed, failure.message.clone())
    }
}

/// The rung that a failure broke, by its class alone: nothing was traced.
pub(super) fn rung_by_class(failure: &Failure) -> Rung {
    let name = match failure.class {
        Class::BadConfiguration => "kubeconfig",
        Class::Credential => "credential",
        Class::Proxy => "proxy",
        Class::Dns => "dns",
        Class::Refused | Class::Unreachable => "tcp",
        Class::UnknownAuthority | Class::CertificateExpired | Class::WrongName | Class::Tls => "tls",
        Class::Unauthenticated => "identity",
        Class::Forbidden => "rights",
        Class::Overloaded => "flowControl",
        _ => "http",
    };
    Rung {
        hint: Some(failure.hint().to_owned()),
        ..broken_rung(name, failure, failure.side())
    }
}

/// Whose side a failure before TLS is on. If a proxy is used, the proxy refuses or is silent.
pub(super) fn connection_side(facts: &Facts<'_>, failure: &Failure) -> Side {
    if facts.connection.proxy.url.is_some() && failure.class != Class::Dns {
        Side::Proxy
    } else {
        failure.side()
    }
}

/// One address of several, and why it failed if it did.
pub(super) fn address_result(
    address: SocketAddr,
    elapsed: Duration,
    failure: Option<&Failure>,
) -> AddressResult {
    AddressResult {
        address: address.to_string(),
        elapsed_ms: Some(milliseconds(elapsed)),
        class: failure.map(|failure| failure.class.as_str().to_owned()),
        error: failure.map(|failure| failure.message.clone()),
        version: None,
    }
}
