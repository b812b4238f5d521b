//! Owns the record of a request.
//! Must not know how it was answered.

use std::net::SocketAddr;

use http::{HeaderMap, request};
use serde_json::Value;

use super::continue_token::ContinueToken;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    /// The method, in upper case.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// The query as it was sent, without the question mark.
    pub query: String,
    /// Every header.
    pub headers: HeaderMap,
    /// The body of a POST or PATCH, if it is JSON; else null.
    pub json: Value,
    /// The client's address. Requests over one connection share it.
    pub peer: SocketAddr,
}

impl RecordedRequest {
    pub(crate) fn new(request: &request::Parts, body: &[u8], peer: SocketAddr) -> Self {
        Self {
            method: request.method.to_string(),
            path: request.uri.path().to_owned(),
            query: request.uri.query().unwrap_or_default().to_owned(),
            headers: request.headers.clone(),
            json: serde_json::from_slice(body).unwrap_or_default(),
            peer,
        }
    }

    /// The first value of a query parameter, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.pairs().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Every value of a query parameter, decoded.
    pub fn parameters(&self, name: &str) -> Vec<String> {
        self.pairs()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value)
            .collect()
    }

    fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        self.query.split('&').map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
    }

    /// The value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether it asks for a watch.
    pub fn is_watch(&self) -> bool {
        self.flag("watch")
    }

    /// Whether it asks for the metadata of an object alone.
    pub fn asks_for_metadata(&self) -> bool {
        self.header("accept")
            .is_some_and(|accept| accept.contains("as=PartialObjectMetadata"))
    }

    /// The number of the page that it asks for: 1 without a continue token, 0 if the token is not one of this server.
    pub fn page(&self) -> u32 {
        match self.parameter("continue") {
            None => 1,
            Some(token) if token.is_empty() => 1,
            Some(token) => ContinueToken::parse(&token).map_or(0, |token| token.page),
        }
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.parameter(name).as_deref(), Some("true" | "1"))
    }
}

/// Decodes the percent and plus encoding of a query.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = escaped {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(if first == b'+' { b' ' } else { first });
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn get(target: &str) -> RecordedRequest {
        let (parts, ()) = http::Request::get(target)
            .body(())
            .expect("a test gives a valid target")
            .into_parts();
        RecordedRequest::new(&parts, b"", SocketAddr::from(([127, 0, 0, 1], 1)))
    }

    #[test]
    fn parameters_are_decoded() {
        let request = get("/x?labelSelector=app%3Dweb%2Ctier%3D%3Da+b&watch=1&empty=&bad=%zz");
        assert_eq!(
            request.parameter("labelSelector").as_deref(),
            Some("app=web,tier==a b")
        );
        assert_eq!(request.parameter("empty").as_deref(), Some(""));
        assert_eq!(request.parameter("bad").as_deref(), Some("%zz"));
        assert_eq!(request.parameter("limit"), None);
        assert!(request.is_watch());
        assert_eq!(
            get("/x?exclude=a%2Fb&exclude=c").parameters("exclude"),
            ["a/b", "c"]
        );
        assert!(!get("/x?watch=false").is_watch());
    }
}
