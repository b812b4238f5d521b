//! The address of a server, read as Go reads it: by `rest.DefaultServerURL` of client-go for an API server, by `url.Parse`
//! for a proxy. Must not know the requests.

use crate::cluster::secret::Secret;
use std::fmt::Write as _;

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// In small letters.
    pub scheme: String,
    /// User and password in the address itself.
    pub user: Option<(String, Secret)>,
    /// A name, or an IP address without brackets.
    pub host: String,
    pub port: Option<u16>,
    /// The path that every request path is appended to, without a slash at its end.
    pub prefix: String,
}

impl Address {
    /// Reads `scheme://[user[:password]@]host[:port][/prefix]`.
    pub fn parse(text: &str) -> Result<Self, String> {
        // `url.Parse` refuses control characters anywhere.
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return Err("it holds a control character, such as a line end".into());
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err("there is no scheme such as https:// in front".into());
        };
        let first = scheme.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
        if !first
            || !scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        {
            return Err("the text before :// is no scheme".into());
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let (host, port) = host_and_port(place)?;
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let mut prefix = String::new();
        for byte in path.trim_end_matches('/').bytes() {
            // Characters that a path may hold stay as they are, among them existing escapes; the rest is escaped.
            if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte) {
                prefix.push(char::from(byte));
            } else {
                let _ = write!(prefix, "%{byte:02X}");
            }
        }
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            user: user.map(|user| {
                let (name, password) = user.split_once(':').unwrap_or((user, ""));
                (decode_percent(name), Secret(decode_percent(password)))
            }),
            host,
            port,
            prefix,
        })
    }

    /// Reads the address of an API server. Without a scheme it is plain HTTP and may have no path, even if the
    /// kubeconfig configures TLS.
    pub fn from_server_url(text: &str) -> Result<Self, String> {
        let address = match Self::parse(text) {
            Ok(address) => address,
            Err(why) if text.contains("://") => return Err(why),
            Err(_) => {
                let address = Self::parse(&format!("http://{text}"))?;
                if !address.prefix.is_empty() {
                    return Err("without a scheme it may have no path".into());
                }
                address
            }
        };
        match address.scheme.as_str() {
            "http" | "https" => Ok(address),
            other => Err(format!("its scheme {other:?} is neither http nor https")),
        }
    }

    pub fn is_tls(&self) -> bool {
        self.scheme == "https"
    }

    /// The port, or the default port of the scheme.
    pub fn port(&self) -> Option<u16> {
        self.port.or(match self.scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            "socks5" | "socks5h" => Some(1080),
            _ => None,
        })
    }

    /// Host and port, such as `[::1]:6443`.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", bracketed(&self.host)),
            None => bracketed(&self.host),
        }
    }
}

/// Shows neither user nor password.
impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority(), self.prefix)
    }
}

/// A host as it stands in an address: IPv6 in brackets.
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

fn host_and_port(text: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("a ] is missing")?;
            host.parse::<std::net::Ipv6Addr>()
                .map_err(|_| "the text in [] is no IPv6 address")?;
            match port.strip_prefix(':') {
                Some(port) => (host, port),
                None if port.is_empty() => (host, ""),
                None => return Err("something stands between ] and the port".into()),
            }
        }
        None => match text.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => {
                return Err("an IPv6 address stands in brackets, such as https://[::1]:6443".into());
            }
            Some((host, port)) => (host, port),
            None => (text, ""),
        },
    };
    if host.is_empty() {
        return Err("there is no host".into());
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:".contains(&b);
    if !host.bytes().all(plain) {
        return Err("its host holds a character that no host has".into());
    }
    if port.is_empty() {
        return Ok((host.to_owned(), None));
    }
    let number = port
        .parse()
        .ok()
        .filter(|_| port.bytes().all(|b| b.is_ascii_digit()));
    match number {
        Some(number) => Ok((host.to_owned(), Some(number))),
        None => Err("its port is no number from 1 to 65535".into()),
    }
}

fn decode_percent(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_api_servers_are_read_as_client_go_reads_them() {
        let shown = |text: &str| Address::from_server_url(text).map(|a| (a.to_string(), a.port()));
        for (text, expected, port) in [
            ("https://10.0.0.1:6443", "https://10.0.0.1:6443", 6443),
            ("https://10.0.0.1:6443/", "https://10.0.0.1:6443", 6443),
            ("HTTPS://api.example", "https://api.example", 443),
            ("http://api.example", "http://api.example", 80),
            ("https://[::1]:6443/k8s/", "https://[::1]:6443/k8s", 6443),
            ("https://[2001:db8::1]", "https://[2001:db8::1]", 443),
            (
                "https://r.example/k8s/clusters/c-1?x=y#z",
                "https://r.example/k8s/clusters/c-1",
                443,
            ),
            ("https://r.example/a b", "https://r.example/a%20b", 443),
            ("https://joe:secret@api.example:1", "https://api.example:1", 1),
            ("https://api.example:", "https://api.example", 443),
            ("10.0.0.1:8080", "http://10.0.0.1:8080", 8080),
            ("localhost:8080/", "http://localhost:8080", 8080),
            ("localhost", "http://localhost", 80),
        ] {
            assert_eq!(shown(text), Ok((expected.to_owned(), Some(port))), "{text}");
        }
        for wrong in [
            "",
            "https://",
            "https:///path",
            "not a url",
            "localhost:8080/k8s",
            "ftp://api.example",
            "https://::1:6443",
            "https://[::1",
            "https://[::1]x",
            "https://api.example:port",
            "https://api.example:99999",
            "https://a b",
            "://x",
            "https://a.example\r\n",
            "https://a.example:6443\n",
            "https://a.example/\r\n",
            "https://a.example?\r\n",
            "a.example\n",
        ] {
            assert!(shown(wrong).is_err(), "{wrong}: {:?}", shown(wrong));
        }
    }

    #[test]
    fn user_and_password_of_an_address_are_read_and_not_shown() {
        let address = Address::parse("http://joe:a%40b%3a@proxy:3128").expect("an address");
        assert_eq!(address.user, Some(("joe".into(), Secret("a@b:".into()))));
        let shown = format!("{address} {address:?}");
        assert!(!shown.contains("a@b") && !shown.contains("a%40b"), "{shown}");
    }
}
