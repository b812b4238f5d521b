//! The failure that an error of a connection or of the HTTP client means.
//!
//! `Display` of a transport error says no more than "client error (Connect)". The cause is at the end of its chain of
//! sources, as an `io::ErrorKind` or as an error of rustls inside of an `io::Error`.

use crate::cluster::transport::tls_error;
use crate::failure::{Class, Failure};
use std::error::Error;
use std::io;

/// The failure that a transport error means: its class, and the sentence at the end of its chain. If a connection could not
/// be opened, it is the connector's own failure.
#[must_use]
pub fn transport_failure(error: &(dyn Error + 'static)) -> Failure {
    let mut class = None;
    let mut innermost = error.to_string();
    let mut next = Some(error);
    // The chain is finite; the bound only guards against a cycle in a foreign error type.
    for _ in 0..32 {
        let Some(this) = next else { break };
        if let Some(failure) = this.downcast_ref::<Failure>() {
            return failure.clone();
        }
        if let Some(tls) = this.downcast_ref::<rustls::Error>() {
            return tls_error::explain(tls);
        }
        innermost = this.to_string();
        if let Some(found) = class_of_error(this) {
            class = Some(found);
        }
        next = match this.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            // `io::Error::source` skips the wrapped error itself.
            Some(inner) => Some(inner),
            None => this.source(),
        };
    }
    let class = class.unwrap_or(Class::ConnectionLost);
    Failure::new(class, message(class, &innermost))
}

/// The class of one error, without its sources.
fn class_of_error(error: &(dyn Error + 'static)) -> Option<Class> {
    if error.is::<tokio::time::error::Elapsed>() {
        return Some(Class::Timeout);
    }
    if let Some(io) = error.downcast_ref::<io::Error>() {
        return match io.kind() {
            io::ErrorKind::ConnectionRefused => Some(Class::Refused),
            io::ErrorKind::TimedOut => Some(Class::Timeout),
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable => Some(Class::Unreachable),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Some(Class::ConnectionLost),
            _ => None,
        };
    }
    if let Some(http) = error.downcast_ref::<hyper::Error>() {
        if http.is_incomplete_message() || http.is_canceled() || http.is_closed() {
            return Some(Class::ConnectionLost);
        }
        if http.is_parse() {
            return Some(Class::NotAnApiServer);
        }
    }
    // hyper-util has no public type for a failed look-up of a name.
    error.to_string().starts_with("dns error").then_some(Class::Dns)
}

fn message(class: Class, innermost: &str) -> String {
    match class {
        Class::NotAnApiServer => format!("what answers is not an API server: {innermost}"),
        // rustls adds a link to its manual, which only helps programmers; tokio-rustls says "tls handshake eof".
        Class::ConnectionLost
            if innermost.contains("close_notify") || innermost.ends_with("handshake eof") =>
        {
            "the other side closed the connection".into()
        }
        _ => innermost.to_owned(),
    }
}
