//! A server that answers every request with the same bytes, and does nothing else: what hyper costs on this machine.
//! `bench/load.py` measures the agent beside it.

#![allow(
    clippy::print_stdout,
    reason = "the benchmark that starts it reads the address"
)]

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let size = std::env::args().nth(1).and_then(|size| size.parse().ok());
    let body = Bytes::from(vec![b'x'; size.unwrap_or(2)]);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let body = body.clone();
        let service = service_fn(move |_| {
            let body = body.clone();
            async move { Ok::<_, Infallible>(Response::new(Full::new(body))) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            // A client that goes away is no error.
            let _ = connection.await;
        });
    }
}
