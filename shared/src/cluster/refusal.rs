//! The failure that an HTTP response other than 2xx means.

use crate::failure::{Class, Failure, Side};
use crate::resource::ApiStatus;
use std::time::Duration;

/// The class of an HTTP response by its status code; `None` for success.
#[must_use]
pub fn status_class(code: u16) -> Option<Class> {
    match code {
        200..=299 => None,
        401 => Some(Class::Unauthenticated),
        403 => Some(Class::Forbidden),
        404 => Some(Class::NotFound),
        410 => Some(Class::Expired),
        429 => Some(Class::Overloaded),
        400..=499 => Some(Class::Rejected),
        500..=599 => Some(Class::Unhealthy),
        _ => Some(Class::NotAnApiServer),
    }
}

/// Whether a body is a page of HTML.
fn is_page(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let begins = |with: &str| {
        text.get(..with.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(with))
    };
    ["<!doctype html", "<html", "<?xml", "<head", "<body"]
        .iter()
        .any(|with| begins(with))
}

/// The title of a page, in quotes.
fn title(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let title = lower
        .find("<title>")
        .and_then(|start| {
            let rest = text.get(start + "<title>".len()..)?;
            rest.get(..rest.to_ascii_lowercase().find("</title>")?)
        })
        .unwrap_or_default();
    let short: String = title
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(60)
        .collect();
    match short.as_str() {
        "" => String::new(),
        short => format!(" {short:?}"),
    }
}

/// The failure that a response with that code and body means; `body` may be its beginning.
pub(super) fn refusal(class: Class, code: u16, body: &[u8], retry_after: Option<Duration>) -> Failure {
    let status = ApiStatus::read(body);
    // The API server explains itself in a Status. A gateway in front of it does not.
    let side = (status.is_none() && matches!(code, 502..=504)).then_some(Side::Proxy);
    let message = match status {
        Some(status) if !status.message.is_empty() => status.message,
        Some(status) => status.reason,
        None => {
            let text = String::from_utf8_lossy(body);
            // The answer of Go's TLS server to plain HTTP.
            if code == 400 && text.contains("HTTP request to an HTTPS server") {
                return Failure {
                    status: Some(code),
                    ..Failure::new(Class::Tls, "the server speaks HTTPS and was asked in plain HTTP")
                        .with_hint("write https:// in front of the server's address in the kubeconfig")
                };
            }
            // An API server writes no pages. A proxy in front of it does, with codes that mean something else there.
            if is_page(&text) && matches!(code, 300..=499) && !matches!(code, 401 | 429) {
                let title = title(&text);
                return Failure {
                    status: Some(code),
                    ..Failure::new(
                        Class::NotAnApiServer,
                        format!("what answers is not an API server: HTTP {code} with a page{title}"),
                    )
                };
            }
            let line = text
                .lines()
                .map(str::trim)
                .find(|l| !l.is_empty())
                .unwrap_or_default();
            let short: String = line.chars().take(120).collect();
            if short.is_empty() {
                format!("HTTP {code}")
            } else {
                format!("HTTP {code}: {short}")
            }
        }
    };
    Failure {
        status: Some(code),
        retry_after,
        side,
        ..Failure::new(class, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_answers_without_a_status_and_the_api_server_with_one() {
        let status = br#"{"kind":"Status","apiVersion":"v1","message":"etcdserver: leader changed"}"#;
        let side = |code, body: &[u8]| refusal(Class::Unhealthy, code, body, None).side();
        assert_eq!(side(502, b"Bad Gateway"), Side::Proxy);
        assert_eq!(side(504, b""), Side::Proxy);
        assert_eq!(side(503, status), Side::ControlPlane);
        assert_eq!(side(500, b"panic"), Side::ControlPlane);
    }
}
