//! Owns the names by which a browser may ask at the loopback address.
//!
//! A page from elsewhere can give its own name the address 127.0.0.1, and then counts as the same origin as everything that listens
//! there (DNS rebinding). Its requests still carry that name. An address cannot be given another address, so it is no danger.
//! Requests that did not come to the loopback address pass: by the name of a Service, of an ingress, or through the service proxy.
//! `kubectl port-forward` connects to the loopback address inside of the pod, and people ask it as localhost.

use crate::http::response::Answer;
use http::uri::Authority;
use http::{HeaderMap, StatusCode, Uri, header};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a request came to the loopback address. The server notes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IsLoopback(pub bool);

/// The answer to a request under a foreign name; `None` if the name is fine. `hosts` are names that are fine too.
pub fn refusal(uri: &Uri, headers: &HeaderMap, hosts: &[String]) -> Option<Answer> {
    let own = uri.authority().map(http::uri::Authority::as_str);
    let values = headers.get_all(header::HOST).iter();
    // A browser always sends the header.
    let mut names = values.map(|value| value.to_str().unwrap_or_default()).chain(own);
    let foreign = names.find(|name| !is_fine(name, hosts))?;
    let message = format!(
        "this agent does not answer as {foreign:?} at the loopback address: ask it as localhost, or name the host with \
         --page-hosts (the chart's value page.hosts)"
    );
    Some(Answer::error(
        StatusCode::MISDIRECTED_REQUEST,
        "foreignHost",
        &message,
    ))
}

fn is_fine(name: &str, hosts: &[String]) -> bool {
    let Ok(authority) = name.parse::<Authority>() else {
        return false;
    };
    let host = authority.host().to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    let is_local = host == "localhost" || host.ends_with(".localhost");
    let is_address = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) => host.parse::<Ipv6Addr>().is_ok(),
        None => host.parse::<Ipv4Addr>().is_ok(),
    };
    !name.contains('@') && (is_local || is_address || hosts.iter().any(|known| known == host))
}

/// Whether an address is one of this machine alone.
pub fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn is_refused(host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap());
        refusal(
            &Uri::from_static("/page/"),
            &headers,
            &["sre.example.com".to_owned()],
        )
        .is_some()
    }

    #[test]
    fn localhost_addresses_and_named_hosts_are_fine_with_any_port() {
        for host in [
            "localhost",
            "localhost:8080",
            "LOCALHOST:1",
            "localhost.:8080",
            "sre.localhost:8080",
            "127.0.0.1:8080",
            "127.8.9.10",
            "[::1]:8080",
            "[::1]",
            "10.1.2.3:8080",
            "sre.example.com",
            "SRE.example.com:443",
        ] {
            assert!(!is_refused(host), "{host}");
        }
    }

    #[test]
    fn a_foreign_name_is_refused_however_it_looks() {
        for host in [
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "localhost@evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1.nip.io:8080",
            "notlocalhost",
            "sre.example.com.evil.example",
            "::1",
            "",
            "a b",
            "\u{e4}.example",
        ] {
            assert!(is_refused(host), "{host}");
        }
    }

    #[test]
    fn each_of_several_names_has_to_be_fine() {
        let mut headers = HeaderMap::new();
        headers.append(header::HOST, HeaderValue::from_static("localhost"));
        assert!(refusal(&Uri::from_static("/page/"), &headers, &[]).is_none());
        assert!(refusal(&Uri::from_static("http://evil.example/page/"), &headers, &[]).is_some());
        headers.append(header::HOST, HeaderValue::from_static("evil.example"));
        assert!(refusal(&Uri::from_static("/page/"), &headers, &[]).is_some());
        // No browser leaves it out.
        assert!(refusal(&Uri::from_static("/page/"), &HeaderMap::new(), &[]).is_none());
    }

    #[test]
    fn an_address_within_another_one_is_still_the_loopback() {
        for (address, expected) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("10.0.0.1", false),
            ("::ffff:10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(address.parse().unwrap()), expected, "{address}");
        }
    }
}
