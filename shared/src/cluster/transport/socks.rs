//! A connection through a SOCKS 5 proxy (RFC 1928), with user and password if there are any (RFC 1929).

use crate::cluster::transport::failure::transport_failure;
use crate::cluster::transport::proxy::ProxyServer;
use crate::cluster::transport::stream::ByteStream;
use crate::failure::{Class, Failure};
use std::io;
use std::net::IpAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const VERSION: u8 = 5;
const LOGIN_VERSION: u8 = 1;
const NO_LOGIN: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Asks the proxy for a connection to that host and port; the proxy resolves names.
pub(super) async fn open(
    proxy: &ProxyServer,
    host: &str,
    port: u16,
    stream: &mut ByteStream,
) -> Result<(), Failure> {
    log_in(proxy, stream).await?;
    send(stream, &connect_request(host, port)?).await?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.map_err(|e| io_failure(&e))?;
    let [_, code, _, address_kind] = head;
    if code != 0 {
        return Err(proxy_failure(refusal(code)));
    }
    let length = match address_kind {
        IPV4 => 4,
        IPV6 => 16,
        _ => usize::from(stream.read_u8().await.map_err(|e| io_failure(&e))?),
    };
    // The address and port that the proxy connects from say nothing here.
    let mut bound = vec![0; length + 2];
    stream.read_exact(&mut bound).await.map_err(|e| io_failure(&e))?;
    Ok(())
}

async fn log_in(proxy: &ProxyServer, stream: &mut ByteStream) -> Result<(), Failure> {
    let user = proxy.address.user.as_ref();
    let greeting: &[u8] = if user.is_some() {
        &[VERSION, 2, NO_LOGIN, USER_AND_PASSWORD]
    } else {
        &[VERSION, 1, NO_LOGIN]
    };
    send(stream, greeting).await?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.map_err(|e| io_failure(&e))?;
    match (answer, user) {
        ([VERSION, NO_LOGIN], _) => Ok(()),
        ([VERSION, USER_AND_PASSWORD], Some((name, password))) => {
            let mut login = vec![LOGIN_VERSION];
            for part in [name.as_str(), password.0.as_str()] {
                push_text(&mut login, part)
                    .map_err(|()| proxy_failure("user and password have at most 255 bytes each"))?;
            }
            send(stream, &login).await?;
            stream.read_exact(&mut answer).await.map_err(|e| io_failure(&e))?;
            if answer[1] == 0 {
                Ok(())
            } else {
                Err(proxy_failure("it does not accept the user and password"))
            }
        }
        ([VERSION, _], _) => Err(proxy_failure("it wants a login that is not there")
            .with_hint("write user and password into its address: socks5://USER:PASSWORD@PROXY:PORT")),
        _ => Err(proxy_failure("what answers is no SOCKS 5 proxy")),
    }
}

fn connect_request(host: &str, port: u16) -> Result<Vec<u8>, Failure> {
    let mut request = vec![VERSION, CONNECT, 0];
    match host.parse() {
        Ok(IpAddr::V4(ip)) => {
            request.push(IPV4);
            request.extend_from_slice(&ip.octets());
        }
        Ok(IpAddr::V6(ip)) => {
            request.push(IPV6);
            request.extend_from_slice(&ip.octets());
        }
        Err(_) => {
            request.push(NAME);
            push_text(&mut request, host)
                .map_err(|()| proxy_failure("the server's name has more than 255 bytes"))?;
        }
    }
    request.extend_from_slice(&port.to_be_bytes());
    Ok(request)
}

/// A text with its length before it; an error if that is more than a byte holds.
fn push_text(message: &mut Vec<u8>, text: &str) -> Result<(), ()> {
    message.push(u8::try_from(text.len()).map_err(drop)?);
    message.extend_from_slice(text.as_bytes());
    Ok(())
}

async fn send(stream: &mut ByteStream, message: &[u8]) -> Result<(), Failure> {
    stream.write_all(message).await.map_err(|e| io_failure(&e))?;
    stream.flush().await.map_err(|e| io_failure(&e))
}

/// Section 6 of RFC 1928.
fn refusal(code: u8) -> &'static str {
    match code {
        1 => "it failed",
        2 => "its rules do not allow the connection",
        3 => "the network cannot be reached from it",
        4 => "the server cannot be reached from it",
        5 => "the server refused its connection",
        6 => "its time ran out",
        7 => "it does not know how to connect",
        8 => "it does not know this kind of address",
        _ => "it answers with a code that nobody knows",
    }
}

fn proxy_failure(message: &str) -> Failure {
    Failure::new(Class::Proxy, message)
}

fn io_failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => proxy_failure("it closed the connection within the SOCKS handshake"),
        _ => transport_failure(error),
    }
}
