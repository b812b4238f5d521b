//! `kubectl port-forward` and `kubectl proxy` as processes: they reach a port in any cluster.

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
        // `Forwarding from 127.0.0.1:40505 -> 8080`
        let port = format!(":{port}");
        Self::run(&["--namespace", namespace, "port-forward", object, &port], 2)
    }

    /// Starts to forward the whole API with the rights of the kubeconfig, the service proxy included.
    #[must_use]
    #[track_caller]
    pub fn api() -> Self {
        // `Starting to serve on 127.0.0.1:40505`
        Self::run(&["proxy", "--port=0"], 4)
    }

    /// Runs kubectl with these arguments; a word of its first line is the address.
    #[track_caller]
    fn run(arguments: &[&str], word: usize) -> Self {
        let mut command = Command::new(Kubectl::program());
        isolated(&mut command, &node::kubeconfig())
            .args(arguments)
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
        let line = receiver
            .recv_timeout(WITHIN)
            .expect("kubectl says where it forwards from");
        let address = line.split(' ').nth(word).and_then(|word| word.parse().ok());
        forward.address = address.unwrap_or_else(|| panic!("kubectl {arguments:?} says {line:?}"));
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
