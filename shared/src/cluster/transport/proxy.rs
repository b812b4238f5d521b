//! Whether requests go through a proxy: `proxy-url` of the kubeconfig, else the environment, by the rules
//! of Go's `net/http` (`golang.org/x/net/http/httpproxy`), which kubectl follows. Must not know the protocols of proxies.

use crate::cluster::authorization;
use crate::cluster::connection_info::ProxyInfo;
use crate::cluster::transport::address::Address;
use crate::failure::Failure;
use http::HeaderValue;
use std::net::IpAddr;

/// A proxy that is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProxyServer {
    pub protocol: ProxyProtocol,
    pub address: Address,
    pub port: u16,
}

impl ProxyServer {
    /// A proxy at that address; an error if its protocol is not known.
    fn from_address(address: Address) -> Result<Self, String> {
        let protocol = match address.scheme.as_str() {
            "https" => ProxyProtocol::Http { tls: true },
            "socks5" | "socks5h" => ProxyProtocol::Socks,
            // Any other scheme is HTTP to Go too, as long as there is a port.
            _ => ProxyProtocol::Http { tls: false },
        };
        let port = address
            .port()
            .ok_or_else(|| format!("its scheme {:?} is none of http, https, socks5", address.scheme))?;
        Ok(Self {
            protocol,
            address,
            port,
        })
    }

    /// User and password of its address, as a header for an HTTP proxy.
    pub fn authorization(&self) -> Option<HeaderValue> {
        let (name, password) = self.address.user.as_ref()?;
        authorization::basic(name, password)
    }
}

/// The protocol that a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProxyProtocol {
    /// HTTP, over TLS if the flag says so.
    Http { tls: bool },
    /// SOCKS 5; the proxy resolves names.
    Socks,
}

/// The environment variables that count, each with the name it was found by.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProxyEnvironment {
    pub https: Option<(&'static str, String)>,
    pub http: Option<(&'static str, String)>,
    pub no: Option<(&'static str, String)>,
    /// Whether this seems to be a CGI script, whose caller can set `HTTP_PROXY` by a header.
    pub cgi: bool,
}

impl ProxyEnvironment {
    /// The variables of this process. Of two spellings, the one in capital letters wins.
    #[allow(
        clippy::disallowed_methods,
        reason = "proxies are part of the configuration of a cluster"
    )]
    pub fn from_process() -> Self {
        let first = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| {
                std::env::var(name)
                    .ok()
                    .filter(|value| !value.is_empty())
                    .map(|value| (name, value))
            })
        };
        Self {
            https: first(["HTTPS_PROXY", "https_proxy"]),
            http: first(["HTTP_PROXY", "http_proxy"]),
            no: first(["NO_PROXY", "no_proxy"]),
            cgi: std::env::var("REQUEST_METHOD").is_ok_and(|value| !value.is_empty()),
        }
    }
}

/// Decides whether a proxy is used. `cluster` names the cluster in the reason.
///
/// # Errors
/// Class `badConfiguration`, if kubectl could not use the proxy either.
pub(crate) fn decide(
    server: &Address,
    proxy_url: &str,
    cluster: &str,
    environment: &ProxyEnvironment,
) -> Result<(Option<ProxyServer>, ProxyInfo), Failure> {
    if !proxy_url.is_empty() {
        let why = format!("proxy-url of {cluster}");
        let refused = |reason: &str| {
            Failure::bad_configuration(format!("{why} cannot be used: {reason}"))
                .with_hint("write it such as http://proxy.example:3128, https://... or socks5://...")
        };
        let address = Address::parse(proxy_url).map_err(|reason| refused(&reason))?;
        if !matches!(address.scheme.as_str(), "http" | "https" | "socks5") {
            return Err(refused(&format!(
                "its scheme {:?} is none of http, https, socks5",
                address.scheme
            )));
        }
        let proxy = ProxyServer::from_address(address).map_err(|reason| refused(&reason))?;
        return Ok(proxy_and_info(proxy, why));
    }
    let none = |why: String| Ok((None, ProxyInfo { url: None, why }));
    let (scheme, wanted) = if server.is_tls() {
        ("HTTPS_PROXY", &environment.https)
    } else {
        ("HTTP_PROXY", &environment.http)
    };
    let Some((name, value)) = wanted else {
        return none(format!("no proxy-url, and {scheme} is not set"));
    };
    if !server.is_tls() && environment.cgi {
        return Err(Failure::bad_configuration(format!(
            "{name} is not used in a CGI script, and REQUEST_METHOD says that this is one"
        ))
        .with_hint("unset REQUEST_METHOD, or use proxy-url in the kubeconfig"));
    }
    if let Some(reason) = bypass_reason(server, environment) {
        return none(reason);
    }
    // `parseProxy` of Go: a text that is no address may be one without its scheme; otherwise there is no proxy.
    let address = match Address::parse(value) {
        Ok(address) => address,
        Err(_) => match Address::parse(&format!("http://{value}")) {
            Ok(address) => address,
            Err(reason) => {
                return none(format!(
                    "{name} is no address, and ignored as by kubectl: {reason}"
                ));
            }
        },
    };
    let proxy = ProxyServer::from_address(address).map_err(|reason| {
        Failure::bad_configuration(format!("{name} cannot be used: {reason}")).with_hint(format!(
            "write {name} such as http://proxy.example:3128, or unset it"
        ))
    })?;
    Ok(proxy_and_info(proxy, (*name).to_owned()))
}

fn proxy_and_info(proxy: ProxyServer, why: String) -> (Option<ProxyServer>, ProxyInfo) {
    let url = Some(proxy.address.to_string());
    (Some(proxy), ProxyInfo { url, why })
}

/// Why the environment's proxy is not used for this server, if it is not: `useProxy` of Go.
fn bypass_reason(server: &Address, environment: &ProxyEnvironment) -> Option<String> {
    let host = server.host.to_ascii_lowercase();
    // Go compares the name as it is written.
    if server.host == "localhost" {
        return Some("localhost is reached without a proxy".into());
    }
    let ip: Option<IpAddr> = host.parse().ok().map(|ip: IpAddr| ip.to_canonical());
    if ip.is_some_and(|ip| ip.is_loopback()) {
        return Some(format!(
            "{host} is this machine, which is reached without a proxy"
        ));
    }
    let (name, list) = environment.no.as_ref()?;
    let port = server.port();
    list.split(',')
        .map(|entry| entry.trim().to_ascii_lowercase())
        .find(|entry| matches_entry(entry, &host, port, ip))
        .map(|entry| format!("{name} has {entry}"))
}

fn matches_entry(entry: &str, host: &str, port: Option<u16>, ip: Option<IpAddr>) -> bool {
    if entry.is_empty() {
        return false;
    }
    if entry == "*" {
        return true;
    }
    if let Some((network, length)) = cidr(entry) {
        return ip.is_some_and(|ip| contains(network, length, ip));
    }
    let (name, wanted) = match entry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, port)) => (name, port.strip_prefix(':')),
        None => match entry.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') => (name, Some(port)),
            _ => (entry, None),
        },
    };
    if name.is_empty() {
        return false;
    }
    let wanted = wanted.filter(|port| !port.is_empty());
    let port_fits = wanted.is_none_or(|wanted| port.is_some_and(|port| port.to_string() == wanted));
    if let Ok(entry) = name.parse::<IpAddr>() {
        return port_fits && ip == Some(entry.to_canonical());
    }
    if ip.is_some() {
        return false;
    }
    let name = name
        .strip_prefix('*')
        .filter(|rest| rest.starts_with('.'))
        .unwrap_or(name);
    let (suffix, itself) = match name.strip_prefix('.') {
        Some(_) => (name.to_owned(), false),
        None => (format!(".{name}"), true),
    };
    port_fits && (host.ends_with(&suffix) || (itself && host == name))
}

fn cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (network, length) = text.split_once('/')?;
    let network: IpAddr = network.parse().ok()?;
    let length: u8 = length.parse().ok()?;
    (length <= if network.is_ipv4() { 32 } else { 128 }).then_some((network, length))
}

fn contains(network: IpAddr, length: u8, ip: IpAddr) -> bool {
    match (network, ip) {
        (IpAddr::V4(network), IpAddr::V4(ip)) => {
            let shift = 32 - u32::from(length);
            let cut = |ip: std::net::Ipv4Addr| ip.to_bits().checked_shr(shift).unwrap_or(0);
            cut(network) == cut(ip)
        }
        (IpAddr::V6(network), IpAddr::V6(ip)) => {
            let shift = 128 - u32::from(length);
            let cut = |ip: std::net::Ipv6Addr| ip.to_bits().checked_shr(shift).unwrap_or(0);
            cut(network) == cut(ip)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Class;

    fn server(text: &str) -> Address {
        Address::from_server_url(text).expect("an address")
    }

    fn decision(text: &str, environment: &ProxyEnvironment) -> Result<(Option<String>, String), String> {
        decide(&server(text), "", "cluster \"c\"", environment)
            .map(|(_, proxy)| (proxy.url, proxy.why))
            .map_err(|failure| failure.message)
    }

    fn environment(https: &str, no: &str) -> ProxyEnvironment {
        ProxyEnvironment {
            https: Some(("HTTPS_PROXY", https.into())),
            no: Some(("NO_PROXY", no.into())),
            ..ProxyEnvironment::default()
        }
    }

    #[test]
    fn the_scheme_of_the_server_chooses_the_proxy_of_the_environment() {
        let both = ProxyEnvironment {
            https: Some(("https_proxy", "a:1".into())),
            http: Some(("HTTP_PROXY", "socks5://b".into())),
            ..ProxyEnvironment::default()
        };
        assert_eq!(
            decision("https://x", &both),
            Ok((Some("http://a:1".into()), "https_proxy".into()))
        );
        assert_eq!(
            decision("http://x", &both),
            Ok((Some("socks5://b".into()), "HTTP_PROXY".into()))
        );
        assert_eq!(
            decision("https://x", &ProxyEnvironment::default()),
            Ok((None, "no proxy-url, and HTTPS_PROXY is not set".into()))
        );
        // As in Go, a text that is no address is no proxy, and an unknown scheme needs a port.
        assert_eq!(
            decision("https://x", &environment("a b", "")).map(|(url, _)| url),
            Ok(None)
        );
        assert_eq!(
            decision("https://x", &environment("ftp://a", "")),
            Err("HTTPS_PROXY cannot be used: its scheme \"ftp\" is none of http, https, socks5".into())
        );
        let cgi = ProxyEnvironment { cgi: true, ..both };
        assert!(decision("http://x", &cgi).is_err() && decision("https://x", &cgi).is_ok());
    }

    #[test]
    fn this_machine_is_never_reached_through_the_proxy_of_the_environment() {
        for url in [
            "https://localhost:1",
            "https://127.0.0.1",
            "https://127.8.8.8",
            "https://[::1]:6443",
        ] {
            let (proxy, why) = decision(url, &environment("a:1", "")).expect("usable");
            assert_eq!(proxy, None, "{url}");
            assert!(why.ends_with("without a proxy"), "{why}");
        }
        let (server, proxy) = decide(
            &server("https://127.0.0.1"),
            "http://joe:secret@p:3128",
            "cluster \"c\"",
            &environment("a:1", "*"),
        )
        .expect("usable");
        assert_eq!(server.map(|server| server.port), Some(3128));
        assert_eq!(
            (proxy.url.as_deref(), proxy.why.as_str()),
            (Some("http://p:3128"), "proxy-url of cluster \"c\"")
        );
    }

    #[test]
    fn exceptions_are_hosts_domains_addresses_and_networks_with_or_without_a_port() {
        for (url, no, direct) in [
            ("https://api.example", "*", true),
            ("https://api.example", "example", true),
            ("https://api.example", ".example", true),
            ("https://api.example", "*.example", true),
            ("https://example", "example", true),
            ("https://example", ".example", false),
            ("https://myexample", "example", false),
            ("https://API.Example", "api.EXAMPLE", true),
            ("https://api.example:6443", "api.example:6443", true),
            ("https://api.example", "api.example:443", true),
            ("https://api.example:6443", "api.example:443", false),
            ("https://10.1.2.3", "10.1.0.0/16", true),
            ("https://10.2.2.3", "10.1.0.0/16", false),
            ("https://10.2.2.3", "0.0.0.0/0", true),
            ("https://10.2.2.3", "fd00::/8, 10.2.2.3", true),
            ("https://10.2.2.3:6443", "10.2.2.3:6443", true),
            ("https://10.2.2.3:6443", "10.2.2.3:443", false),
            ("https://[fd00::7]:6443", "fd00::/8", true),
            ("https://[fd00::7]:6443", "[fd00::7]:6443", true),
            ("https://[fd00::7]:6443", "fd00::7", true),
            ("https://10.2.2.3", "2.3", false),
            ("https://10.2.2.3", "10.2.2.3/33", false),
            ("https://api.example", ":443, ,", false),
        ] {
            let (proxy, why) = decision(url, &environment("a:1", no)).expect("usable");
            assert_eq!(proxy.is_none(), direct, "{url} with {no}: {why}");
            assert_eq!(why.starts_with("NO_PROXY has "), direct, "{why}");
        }
    }

    #[test]
    fn a_proxy_url_that_kubectl_cannot_use_is_refused() {
        for url in [
            "proxy",
            "proxy:3128",
            "ftp://proxy",
            "socks5h://proxy",
            "http://",
            "http://a b",
        ] {
            let refused = decide(
                &server("https://x"),
                url,
                "cluster \"c\"",
                &ProxyEnvironment::default(),
            );
            let failure = refused.expect_err("kubectl refuses it");
            assert_eq!(failure.class, Class::BadConfiguration, "{url}");
            assert!(
                failure
                    .message
                    .starts_with("proxy-url of cluster \"c\" cannot be used: "),
                "{failure}"
            );
        }
    }
}
