//! One HTTP request over a plain connection, without a client library: the server is under test.

use crate::deadline::Deadline;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The code.
    pub code: u16,
    /// The head, as it came.
    pub head: String,
    /// The body.
    pub body: String,
    /// The time from the first byte sent to the last byte read.
    pub took: Duration,
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }
}

/// Sends a request without a body and reads the whole answer.
///
/// # Errors
/// What went wrong, in words.
pub fn ask(address: SocketAddr, method: &str, path: &str, within: Duration) -> Result<Answer, String> {
    ask_for(address, method, path, "*/*", within)
}

/// Sends a request with a header, which is a whole line.
///
/// # Errors
/// What went wrong, in words.
pub fn ask_with(address: SocketAddr, path: &str, header: &str, within: Duration) -> Result<Answer, String> {
    exchange(
        address,
        "GET",
        path,
        &format!("Accept: */*\r\n{header}\r\n"),
        "",
        within,
    )
}

/// Sends JSON.
///
/// # Errors
/// What went wrong, in words.
pub fn post(address: SocketAddr, path: &str, json: &str, within: Duration) -> Result<Answer, String> {
    let headers = format!(
        "Accept: */*\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        json.len()
    );
    exchange(address, "POST", path, &headers, json, within)
}

/// Sends a request for an answer in a format.
///
/// # Errors
/// What went wrong, in words.
pub fn ask_for(
    address: SocketAddr,
    method: &str,
    path: &str,
    accept: &str,
    within: Duration,
) -> Result<Answer, String> {
    exchange(
        address,
        method,
        path,
        &format!("Accept: {accept}\r\n"),
        "",
        within,
    )
}

fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
    within: Duration,
) -> Result<Answer, String> {
    let deadline = Deadline::within(within);
    let fail = |what: &str, error: &dyn std::fmt::Display| format!("{method} {path}: {what}: {error}");
    let mut stream = TcpStream::connect_timeout(&address, within).map_err(|e| fail("connect", &e))?;
    let host = if headers.contains("Host: ") {
        String::new()
    } else {
        format!("Host: {address}\r\n")
    };
    let request = format!("{method} {path} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n{body}");
    stream
        .write_all(request.as_bytes())
        .map_err(|e| fail("send", &e))?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        let left = deadline.left();
        if left.is_zero() {
            return Err(fail("receive", &format!("not within {} s", within.as_secs())));
        }
        stream
            .set_read_timeout(Some(left))
            .map_err(|e| fail("receive", &e))?;
        match stream.read(&mut buffer).map_err(|e| fail("receive", &e))? {
            0 => break,
            count => bytes.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    }
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or_else(|| fail("decode", &"no end of the head"))?;
    let body = bytes.split_off(end);
    let body = body.strip_prefix(b"\r\n\r\n").unwrap_or_default();
    let head = String::from_utf8(bytes).map_err(|e| fail("decode", &e))?;
    let body = if head.contains("Transfer-Encoding: chunked") {
        joined(body).ok_or_else(|| fail("decode", &"a chunk is cut off"))?
    } else {
        body.to_vec()
    };
    let body = String::from_utf8(body).map_err(|e| fail("decode", &e))?;
    let code = head
        .split(' ')
        .nth(1)
        .and_then(|c| c.parse().ok())
        .ok_or_else(|| fail("decode", &head))?;
    Ok(Answer {
        code,
        head,
        body,
        took: deadline.elapsed(),
    })
}

/// The chunks of a body together (RFC 9112, section 7.1).
fn joined(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|pair| pair == b"\r\n")?;
        let digits = std::str::from_utf8(chunks.get(..end)?).ok()?;
        let length = usize::from_str_radix(digits, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        let rest = chunks.get(end.checked_add(2)?..)?;
        body.extend_from_slice(rest.get(..length)?);
        chunks = rest.get(length..)?.strip_prefix(b"\r\n")?;
    }
}
