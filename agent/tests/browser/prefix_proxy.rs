//! Owns a proxy that serves an agent below a long path and holds each answer back until it is whole, as the API server's service
//! proxy does with a browser in front of it. A stream never comes through.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The path of a Service.
pub const PREFIX: &str = "/api/v1/namespaces/sre-tools/services/sre-agent:http/proxy";

pub async fn start(agent: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = pass_on(client, agent).await;
            });
        }
    });
    address
}

async fn pass_on(mut client: TcpStream, agent: SocketAddr) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < 1 << 16 {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let answer = match path.strip_prefix(PREFIX) {
        Some(path) => {
            let mut server = TcpStream::connect(agent).await?;
            let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
            server.write_all(request.as_bytes()).await?;
            let mut answer = Vec::new();
            server.read_to_end(&mut answer).await?;
            answer
        }
        None => b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec(),
    };
    client.write_all(&answer).await
}
