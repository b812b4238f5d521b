//! A tunnel through an HTTP proxy: `CONNECT` of RFC 9110.

use crate::cluster::transport::failure::transport_failure;
use crate::cluster::transport::proxy::ProxyServer;
use crate::cluster::transport::stream::ByteStream;
use crate::failure::{Class, Failure};
use std::fmt::Write as _;
use std::io;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The head of a proxy's answer is a few hundred bytes.
const LONGEST_HEAD: usize = 16 << 10;
/// The most characters of the first line that a message shows.
const SHOWN_LINE: usize = 120;

/// Asks the proxy for a tunnel to `target`, which is `host:port`.
pub(super) async fn open(proxy: &ProxyServer, target: &str, stream: &mut ByteStream) -> Result<(), Failure> {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(authorization) = proxy.authorization()
        && let Ok(text) = authorization.to_str()
    {
        let _ = write!(request, "Proxy-Authorization: {text}\r\n");
    }
    request.push_str("\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .map_err(|error| transport_failure(&error))?;
    stream.flush().await.map_err(|error| transport_failure(&error))?;
    let head = read_head(stream).await?;
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line: String = String::from_utf8_lossy(line)
        .chars()
        .filter(|c| !c.is_control())
        .take(SHOWN_LINE)
        .collect();
    match line.split(' ').nth(1) {
        Some("200") => Ok(()),
        Some("407") => Err(proxy_failure(&format!("it answers {line}")).with_hint(
            "the proxy wants user and password: http://USER:PASSWORD@PROXY:PORT in proxy-url or HTTPS_PROXY",
        )),
        _ => Err(proxy_failure(&format!("it answers {line}"))),
    }
}

/// Reads the head byte by byte: the bytes after it are no longer the proxy's.
async fn read_head(stream: &mut ByteStream) -> Result<Vec<u8>, Failure> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > LONGEST_HEAD {
            return Err(proxy_failure("it answers with a head that does not end"));
        }
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(if head.is_empty() {
                    proxy_failure("it closed the connection without an answer")
                } else {
                    proxy_failure("it closed the connection within its answer")
                });
            }
            Err(error) => return Err(transport_failure(&error)),
        }
        if head.len() == 5 && !head.eq_ignore_ascii_case(b"HTTP/") {
            return Err(proxy_failure("what answers is no HTTP proxy"));
        }
    }
    Ok(head)
}

fn proxy_failure(message: &str) -> Failure {
    Failure::new(Class::Proxy, message)
}
