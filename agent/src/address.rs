//! Owns the address to listen on, as Go programs take it, and the listening socket.
//! Must not know what is served there.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use tokio::net::TcpListener;

/// Connections that wait to be accepted; the kernel caps it at `net.core.somaxconn`.
const BACKLOG: i32 = 4096;
/// Bytes of an answer that the kernel takes and cannot send yet. They count for the memory of the pod, and without a limit a client
/// that does not read costs up to 4 MB. One that reads is served as fast as it can be.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 32 << 10;
/// Bytes of a client that the kernel keeps until they are read; it doubles the number for its own use.
const UNREAD: usize = 16 << 10;

/// Where to listen: a host, or all addresses, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: Host,
    port: u16,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    /// `:8080`
    All,
    Ip(IpAddr),
    Name(String),
}

/// Nothing can listen there.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}; {hint}")]
pub struct ListenError {
    address: String,
    source: io::Error,
    hint: String,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "an address looks like :8080, 127.0.0.1:8080, [::1]:8080 or localhost:8080";
        let Some((host, port)) = text.rsplit_once(':') else {
            return Err(match text.parse::<u16>() {
                Ok(port) => format!("the colon is missing, did you mean :{port}?"),
                Err(_) if text.is_empty() => form.into(),
                Err(_) => format!("the port is missing, did you mean {text}:8080?"),
            });
        };
        if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
            return Err(match text.parse::<Ipv6Addr>() {
                Ok(ip) => format!("the port is missing, did you mean [{ip}]:8080?"),
                Err(_) if host.starts_with('[') => format!("the port is missing; {form}"),
                Err(_) => format!("an IPv6 address stands in brackets, did you mean [{host}]:{port}?"),
            });
        }
        let port = port
            .parse()
            .ok()
            .filter(|_| port.bytes().all(|b| b.is_ascii_digit()))
            .ok_or_else(|| format!("{port:?} is no port, which is a number from 0 to 65535"))?;
        let host = if host.is_empty() {
            Host::All
        } else if let Some(inside) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
            let ip = inside
                .parse::<Ipv6Addr>()
                .map_err(|_| format!("{inside:?} is no IPv6 address; {form}"))?;
            Host::Ip(ip.into())
        } else if let Ok(ip) = host.parse::<Ipv4Addr>() {
            Host::Ip(ip.into())
        } else if host.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(format!("{host:?} is no IPv4 address; {form}"));
        } else if host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        {
            Host::Name(host.to_owned())
        } else {
            return Err(format!("{host:?} is no host; {form}"));
        };
        Ok(Self {
            host,
            port,
            text: text.to_owned(),
        })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Address {
    /// Listens there, as `flag` asks for.
    ///
    /// # Errors
    /// The address with the reason and the next step.
    pub async fn listen(&self, flag: &str) -> Result<TcpListener, ListenError> {
        let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "the host has no address");
        let candidates = self.candidates().await.map_err(|error| self.fail(flag, error))?;
        for address in candidates {
            match listen(address) {
                Ok(listener) => return Ok(listener),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(self.fail(flag, error)),
                Err(error) => last = error,
            }
        }
        Err(self.fail(flag, last))
    }

    /// The addresses to try, in this order. `:PORT` is one socket of both families; a kernel without IPv6 has only
    /// IPv4.
    async fn candidates(&self) -> io::Result<Vec<SocketAddr>> {
        Ok(match &self.host {
            Host::All => vec![
                SocketAddr::from((Ipv6Addr::UNSPECIFIED, self.port)),
                SocketAddr::from((Ipv4Addr::UNSPECIFIED, self.port)),
            ],
            Host::Ip(ip) => vec![SocketAddr::from((*ip, self.port))],
            Host::Name(name) => {
                let mut found: Vec<_> = tokio::net::lookup_host((name.as_str(), self.port))
                    .await?
                    .collect();
                // As Go does if a name has addresses of both families.
                found.sort_by_key(SocketAddr::is_ipv6);
                found
            }
        })
    }

    fn fail(&self, flag: &str, source: io::Error) -> ListenError {
        let hint = match source.kind() {
            io::ErrorKind::AddrInUse => format!("stop what listens there, or give another {flag}"),
            io::ErrorKind::PermissionDenied => {
                format!("ports below 1024 need a privilege: give {flag} with a higher one")
            }
            io::ErrorKind::AddrNotAvailable => {
                format!("this machine has no such address: give {flag} :PORT for all")
            }
            _ => format!("check {flag}"),
        };
        ListenError {
            address: self.text.clone(),
            source,
            hint,
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        // Set explicitly, since the default depends on the machine (`net.ipv6.bindv6only`).
        socket.set_only_v6(false)?;
    }
    // A restart must not wait until the kernel forgets the connections of the last process.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    // Each accepted connection has the limits of the socket that listens.
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(UNSENT)?;
    socket.set_recv_buffer_size(UNREAD)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_go_reads_them() {
        let read = |text: &str| text.parse::<Address>().map(|a| (a.host, a.port));
        let v6 = |text: &str| Host::Ip(text.parse::<Ipv6Addr>().unwrap().into());
        assert_eq!(read(":8080"), Ok((Host::All, 8080)));
        assert_eq!(read("127.0.0.1:0"), Ok((Host::Ip(Ipv4Addr::LOCALHOST.into()), 0)));
        assert_eq!(read("0.0.0.0:1"), Ok((Host::Ip(Ipv4Addr::UNSPECIFIED.into()), 1)));
        assert_eq!(read("[::]:8080"), Ok((v6("::"), 8080)));
        assert_eq!(read("[::1]:65535"), Ok((v6("::1"), 65535)));
        assert_eq!(read("localhost:8080"), Ok((Host::Name("localhost".into()), 8080)));
    }

    #[test]
    fn an_invalid_address_is_refused_with_the_nearest_right_one() {
        for (text, part) in [
            ("8080", "did you mean :8080?"),
            ("localhost", "did you mean localhost:8080?"),
            ("::1", "did you mean [::1]:8080?"),
            ("::1:99999", "did you mean"),
            ("fe80::zz:80", "did you mean [fe80::zz]:80?"),
            ("[::1]", "the port is missing"),
            (":http", "\"http\" is no port"),
            (":+80", "is no port"),
            (":65536", "is no port"),
            (":", "is no port"),
            ("[1.2.3.4]:80", "is no IPv6 address"),
            ("1.2.3:80", "is no IPv4 address"),
            ("http//x:80", "is no host"),
            ("", "looks like"),
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[tokio::test]
    async fn a_port_alone_listens_in_both_address_families() {
        let listener = ":0".parse::<Address>().unwrap();
        let listener = listener.listen("--address").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_reported_with_the_next_step() {
        let first = "127.0.0.1:0".parse::<Address>().unwrap();
        let first = first.listen("--address").await.unwrap();
        let text = first.local_addr().unwrap().to_string();
        let error = text
            .parse::<Address>()
            .unwrap()
            .listen("--metrics-address")
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("cannot listen on {text}: ")),
            "{error}"
        );
        assert!(error.ends_with("give another --metrics-address"), "{error}");
    }
}
