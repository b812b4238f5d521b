//! `kubectl port-forward` as a process: it reaches a port in any cluster.

use crate::http;
use crate::kubectl::{Kubectl, isolated};
use crate::node;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(30);

/// A forwarded port. It ends when this value is dropped.
#[derive(Debug)]
pub struct PortForward {
    child: Child,
    address: SocketAddr,
}

impl PortForward {
    /// Starts to forward a port of an object such as `service/sre-agent`.
    #[must_use]
    #[track_caller]
    pub fn start(namespace: &str, object: &str, port: u16) -> Self {
        let mut command = Command::new(Kubectl::program());
        isolated(&mut command, &node::kubeconfig())
            .args([
                "--namespace",
                namespace,
                "port-forward",
                object,
                &format!(":{port}"),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("kubectl is an executable");
        let (sender, receiver) = channel();
        let stdout = child.stdout.take();
        // It writes a line for each connection, which has to be read.
        std::thread::spawn(move || {
            for line in stdout
                .into_iter()
                .flat_map(|s| BufReader::new(s).lines())
                .map_while(Result::ok)
            {
                let _ = sender.send(line);
            }
        });
        let mut forward = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        // `Forwarding from 127.0.0.1:40505 -> 8080`
        let line = receiver
            .recv_timeout(WITHIN)
            .expect("kubectl says where it forwards from");
        let address = line.split(' ').nth(2).and_then(|word| word.parse().ok());
        forward.address = address.unwrap_or_else(|| panic!("kubectl port-forward says {line:?}"));
        forward
    }

    /// The local end.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The body of a path, in a format. The answer must be 200.
    #[must_use]
    #[track_caller]
    pub fn text(&self, path: &str, accept: &str) -> String {
        match http::ask_for(self.address, "GET", path, accept, WITHIN) {
            Ok(answer) if answer.code == 200 => answer.body,
            other => panic!("{path}: {other:?}"),
        }
    }
}

impl Drop for PortForward {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
