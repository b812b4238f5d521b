use super::*;
use crate::cluster::transport::address::Address;
use crate::cluster::transport::proxy::ProxyEnvironment;
use crate::cluster::transport::proxy::decide;
use crate::cluster::transport::tls::{Tls, Trust};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A peer that reads once, then answers and closes.
async fn peer(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

/// An address at which connections are refused, as long as the socket lives.
fn refusing_address() -> (SocketAddr, tokio::net::TcpSocket) {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    (socket.local_addr().expect("it is bound"), socket)
}

fn route(server: &str, proxy: Option<String>) -> Route {
    let address = Address::from_server_url(server).expect("an address");
    let (proxy, _) = decide(
        &address,
        &proxy.unwrap_or_default(),
        "the cluster",
        &ProxyEnvironment::default(),
    )
    .expect("a proxy that can be used");
    let tls = address.is_tls().then(|| {
        let tls = Tls::new(Trust::Unverified, None, Instant::now()).expect("TLS");
        TlsPeer::new(Arc::new(tls), &address.host).expect("a name")
    });
    Route {
        port: address.port().expect("a port"),
        host: address.host,
        tls,
        proxy,
        proxy_tls: None,
    }
}

/// The steps that were taken, with their results.
fn steps(trace: &DialTrace) -> Vec<String> {
    let outcome = |result: Option<&Failure>| match result {
        None => "ok".to_owned(),
        Some(failure) => format!("{}: {}", failure.class.as_str(), failure.message),
    };
    let mut steps = Vec::new();
    steps.extend(
        trace
            .resolved
            .as_ref()
            .map(|step| format!("resolve {}", outcome(step.result.as_ref().err()))),
    );
    steps.extend(
        trace
            .tcp
            .iter()
            .map(|(_, step)| format!("tcp {}", outcome(step.result.as_ref().err()))),
    );
    steps.extend(
        trace
            .proxy
            .as_ref()
            .map(|step| format!("proxy {}", outcome(step.result.as_ref().err()))),
    );
    steps.extend(
        trace
            .tls
            .as_ref()
            .map(|step| format!("tls {}", outcome(step.result.as_ref().err()))),
    );
    steps
}

#[tokio::test]
async fn a_trace_reports_the_steps_that_requests_take_and_what_they_fail_with() {
    const AGREED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
    const FORBIDDEN: &[u8] = b"HTTP/1.1 403 Forbidden\r\n\r\n";
    const NO_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n";
    let limits = TraceLimits {
        step: Duration::from_secs(5),
        all: None,
    };
    let (refusing, _socket) = refusing_address();
    let (agreeing, forbidding, plain) = (peer(AGREED).await, peer(FORBIDDEN).await, peer(NO_TLS).await);
    let proxied = |proxy: SocketAddr| Some(format!("http://{proxy}"));
    let no_tls = "notAnApiServer: what answers is not an API server: it speaks no TLS";
    let refused = "refused: Connection refused (os error 111)";
    for (server, proxy, expected) in [
        (format!("http://{plain}"), None, vec!["resolve ok", "tcp ok"]),
        (
            format!("http://{refusing}"),
            None,
            vec!["resolve ok", &format!("tcp {refused}")],
        ),
        (
            format!("https://{plain}"),
            None,
            vec!["resolve ok", "tcp ok", &format!("tls {no_tls}")],
        ),
        // Requests over plain HTTP are forwarded by the proxy one by one.
        (
            "http://api.example".into(),
            proxied(agreeing),
            vec!["resolve ok", "tcp ok", "proxy ok"],
        ),
        (
            "https://api.example".into(),
            proxied(refusing),
            vec![
                "resolve ok",
                &format!("tcp refused: the proxy http://{refusing}: Connection refused (os error 111)"),
            ],
        ),
        (
            "https://api.example".into(),
            proxied(forbidding),
            vec![
                "resolve ok",
                "tcp ok",
                &format!("proxy proxy: the proxy http://{forbidding}: it answers HTTP/1.1 403 Forbidden"),
            ],
        ),
        (
            "https://api.example".into(),
            proxied(agreeing),
            vec![
                "resolve ok",
                "tcp ok",
                "proxy ok",
                "tls connectionLost: the other side closed the connection",
            ],
        ),
    ] {
        let route = route(&server, proxy);
        let mut request = Dial::new(&route, Purpose::Requests);
        let opened = request.open(None).await;
        let mut trace = Dial::new(&route, Purpose::Trace(limits));
        let traced = trace.open(None).await;
        assert_eq!(steps(&trace.trace), expected, "{server}");
        assert_eq!(steps(&request.trace), expected, "{server}");
        let failure = |opened: Result<ByteStream, Failure>| opened.err().map(|failure| failure.to_string());
        assert_eq!(failure(opened), failure(traced), "{server}");
    }
}
