//! Real proxies as processes on loopback, which count who came through, and a reverse proxy in front of an API server.

use crate::deadline::until;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const LISTENS: Duration = Duration::from_secs(20);
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The name and the password that a proxy asks for.
pub type Password<'a> = Option<(&'a str, &'a str)>;

/// An address of loopback at which nothing listens.
#[must_use]
pub fn free(ip: IpAddr) -> SocketAddr {
    let listener =
        TcpListener::bind((ip, 0)).unwrap_or_else(|error| panic!("no port of {ip} is free: {error}"));
    listener.local_addr().expect("a port has an address")
}

/// A forward proxy. It ends with this value.
#[derive(Debug)]
pub struct Proxy {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    log: PathBuf,
    /// What its log says of each connection that it was asked for.
    mark: &'static str,
}

impl Proxy {
    /// tinyproxy, which takes HTTP requests and CONNECT.
    #[must_use]
    pub fn http(directory: &Path, password: Password) -> Self {
        let address = free(LOOPBACK);
        let log = directory.join(format!("tinyproxy-{}.log", address.port()));
        let config = log.with_extension("conf");
        let protection = password.map_or(String::new(), |(user, word)| format!("BasicAuth {user} {word}\n"));
        let text = format!(
            "Port {}\nListen {}\nTimeout 60\nMaxClients 50\nLogFile \"{}\"\nLogLevel Connect\n{protection}",
            address.port(),
            address.ip(),
            log.display()
        );
        std::fs::write(&config, text).expect("the directory of the tests can be written");
        let child = start(
            Command::new("tinyproxy").arg("-d").arg("-c").arg(config),
            Stdio::null(),
            "tinyproxy-bin",
        );
        Self::listening(child, address, log, "Request (file descriptor")
    }

    /// microsocks, which takes SOCKS5.
    #[must_use]
    pub fn socks5(directory: &Path, password: Password) -> Self {
        let address = free(LOOPBACK);
        let log = directory.join(format!("microsocks-{}.log", address.port()));
        let mut command = Command::new("microsocks");
        command
            .args(["-i", &address.ip().to_string()])
            .args(["-p", &address.port().to_string()]);
        if let Some((user, word)) = password {
            command.args(["-u", user, "-P", word]);
        }
        let file = File::create(&log).expect("the directory of the tests can be written");
        let child = start(&mut command, Stdio::from(file), "microsocks");
        Self::listening(child, address, log, "connected to")
    }

    fn listening(child: Child, address: SocketAddr, log: PathBuf, mark: &'static str) -> Self {
        let proxy = Self {
            child,
            address,
            log,
            mark,
        };
        await_port(address);
        proxy
    }

    /// How often it was asked for a connection.
    #[must_use]
    pub fn uses(&self) -> usize {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.matches(self.mark).count()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `HAProxy` in front of an API server, in the forms in which people put something there. It ends with this value.
#[derive(Debug)]
pub struct Front {
    child: Child,
    /// The API server, at `::1`.
    pub ipv6: SocketAddr,
    /// By TLS, under the path [`Front::PREFIX`] alone.
    pub prefixed: SocketAddr,
    /// Without TLS: each caller is whom the certificate of the front names.
    pub plain: SocketAddr,
    /// By TLS, what is passed on to a forward proxy.
    pub tls_proxy: SocketAddr,
}

impl Front {
    /// As Rancher has it.
    pub const PREFIX: &str = "/k8s/clusters/c-m-x7f2";

    /// Starts one. The two files hold a certificate and then its key: the front's own, and whom `plain` speaks for.
    #[must_use]
    pub fn of(server: SocketAddr, proxy: SocketAddr, own: &Path, caller: &Path, directory: &Path) -> Self {
        let ipv6 = free(IpAddr::V6(Ipv6Addr::LOCALHOST));
        let [prefixed, plain, tls_proxy] = [(); 3].map(|()| free(LOOPBACK));
        let (own, caller, prefix) = (own.display(), caller.display(), Self::PREFIX);
        let config = directory.join(format!("haproxy-{}.cfg", plain.port()));
        let text = format!(
            "defaults
    timeout connect 5s
    timeout client 30s
    timeout server 30s
listen ipv6
    mode tcp
    bind {ipv6}
    server api {server}
listen tls_proxy
    mode tcp
    bind {tls_proxy} ssl crt {own}
    server proxy {proxy}
listen prefixed
    mode http
    bind {prefixed} ssl crt {own} alpn h2,http/1.1
    http-request deny deny_status 404 unless {{ path_beg {prefix}/ }}
    http-request replace-path {prefix}(/.*) \\1
    server api {server} ssl verify none
listen plain
    mode http
    bind {plain}
    server api {server} ssl verify none crt {caller}
"
        );
        std::fs::write(&config, text).expect("the directory of the tests can be written");
        let child = start(
            Command::new("haproxy").args(["-db", "-f"]).arg(config),
            Stdio::null(),
            "haproxy",
        );
        let front = Self {
            child,
            ipv6,
            prefixed,
            plain,
            tls_proxy,
        };
        await_port(front.plain);
        front
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(command: &mut Command, stderr: Stdio, package: &str) -> Child {
    // Debian keeps what serves in sbin, which is not on everybody's path.
    let program = command.get_program().to_string_lossy().into_owned();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; install it with: apt-get install {package}"))
}

fn await_port(address: SocketAddr) {
    until(&format!("{address} is listened at"), LISTENS, || {
        TcpStream::connect_timeout(&address, Duration::from_secs(1)).map(drop)
    });
}
