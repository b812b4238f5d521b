//! A listening program, which a test puts between a client and the API server.

use crate::deadline::until;
use std::collections::BTreeSet;
use std::fs::File;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(30);

/// A listening program. It ends when this value is dropped.
#[derive(Debug)]
pub struct Service(Child);

impl Service {
    /// Starts it, and waits until each of these addresses accepts connections. Its output goes to `log`.
    #[must_use]
    #[track_caller]
    pub fn start(command: &mut Command, package: &str, addresses: &[SocketAddr], log: &Path) -> Self {
        let output = File::create(log).unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let errors = output.try_clone().expect("a file can be written twice");
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}; install it with: apt-get install {package}"));
        let mut service = Self(child);
        for address in addresses {
            until(&format!("{name} listens at {address}"), WITHIN, || {
                let ended = service.0.try_wait().expect("a child can be waited for");
                assert!(
                    ended.is_none(),
                    "{name} ended with {ended:?}: {}",
                    std::fs::read_to_string(log).unwrap_or_default()
                );
                TcpStream::connect_timeout(address, Duration::from_secs(1)).map(drop)
            });
        }
        service
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A free port of that address.
///
/// It is not one of the ephemeral ports: a client could be given the very port that it dials.
#[must_use]
#[track_caller]
pub fn free_port(address: IpAddr) -> u16 {
    static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let bound = |index| {
        range
            .split_whitespace()
            .nth(index)
            .and_then(|word| word.parse().ok())
    };
    let (low, high): (u16, u16) = (bound(0).unwrap_or(32768), bound(1).unwrap_or(60999));
    let outside = if low > 12_000 {
        10_000..low
    } else {
        high.saturating_add(1)..u16::MAX
    };
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let size = usize::from(outside.end.saturating_sub(outside.start)).max(1);
    // Different processes begin at different places.
    let begin = usize::try_from(std::process::id())
        .unwrap_or_default()
        .wrapping_mul(97)
        % size;
    let port = outside
        .clone()
        .cycle()
        .skip(begin)
        .take(size)
        .find(|port| !taken.contains(port) && TcpListener::bind((address, *port)).is_ok());
    let port = port.unwrap_or_else(|| panic!("no free port of {address} in {outside:?}"));
    taken.insert(port);
    port
}
