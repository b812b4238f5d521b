//! Owns the form of every answer: JSON or text, error bodies, entity tag, gzip and the headers that all have.
//! Must not know the content.

use super::answer_body::AnswerBody;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::Write as _;
use tokio::sync::OwnedSemaphorePermit;

/// Smaller bodies fit into one or two packets anyway.
const WORTH_COMPRESSING: usize = 1024;

/// An answer with its headers, as it goes over the wire.
pub type HttpResponse = Response<AnswerBody>;

/// An answer before it is fitted to the request's headers.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    content_type: &'static str,
    body: Vec<u8>,
    /// Differs between answers with different content; `None` if clients must not compare them.
    tag: Option<u64>,
    /// Headers of its own.
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// An answer in its final bytes, which any number of requests can share.
#[derive(Debug)]
pub struct ReadyAnswer {
    status: StatusCode,
    headers: HeaderMap,
    /// The entity tag, as the header has it.
    tag: Option<String>,
    body: Bytes,
}

/// Bytes that keep the permit until the last copy is dropped.
pub fn held_bytes(bytes: Bytes, permit: OwnedSemaphorePermit) -> Bytes {
    Bytes::from_owner(HeldBytes {
        bytes,
        _permit: permit,
    })
}

/// Bytes that count as held until the last copy is dropped.
struct HeldBytes {
    bytes: Bytes,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for HeldBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    message: &'a str,
}

impl Answer {
    /// Plain text for people.
    pub fn text(status: StatusCode, text: impl Into<String>) -> Self {
        let body = text.into().into_bytes();
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body,
            tag: None,
            headers: Vec::new(),
        }
    }

    /// A text of that type.
    pub fn typed(content_type: &'static str, text: impl Into<String>) -> Self {
        Self {
            content_type,
            ..Self::text(StatusCode::OK, text)
        }
    }

    /// A JSON body. Answers other than 200 have no tag, since a client has to see each of them.
    pub fn json(status: StatusCode, body: Body) -> Self {
        if body.spoiled {
            return Self::error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "the answer could not be written",
            );
        }
        let tag = (status == StatusCode::OK).then(|| body.hasher.finish());
        Self {
            status,
            content_type: "application/json",
            body: body.bytes,
            tag,
            headers: Vec::new(),
        }
    }

    /// An error with its stable code.
    pub fn error(status: StatusCode, error: &str, message: &str) -> Self {
        let body = serde_json::to_vec(&ErrorBody { error, message }).unwrap_or_default();
        Self {
            status,
            content_type: "application/json",
            body,
            tag: None,
            headers: Vec::new(),
        }
    }

    /// 405, with the methods that are allowed.
    pub fn method_not_allowed(method: &http::Method, allowed: &'static str) -> Self {
        let message = format!("{method} is not allowed here; allowed are {allowed}");
        Self::error(StatusCode::METHOD_NOT_ALLOWED, "methodNotAllowed", &message)
            .with(header::ALLOW, HeaderValue::from_static(allowed))
    }

    /// The answer, which tells the client to wait for a second.
    pub fn retry_after_a_second(self) -> Self {
        self.with(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// The answer with one more header.
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer with another status.
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Fits the answer to the request: not modified, compressed, or as it is.
    pub fn into_response(self, request: &HeaderMap) -> HttpResponse {
        self.ready(takes_gzip(request)).response(request)
    }

    /// The answer in its final bytes, compressed if it may be and if that is worth it.
    pub fn ready(self, gzip: bool) -> ReadyAnswer {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        headers.extend(self.headers);
        let tag = self.tag.map(|tag| format!("W/\"{tag:016x}\""));
        if let Some(tag) = &tag
            && let Ok(value) = HeaderValue::from_str(tag)
        {
            headers.insert(header::ETAG, value);
        }
        let mut body = self.body;
        if gzip
            && body.len() > WORTH_COMPRESSING
            && let Some(compressed) = compress(&body)
        {
            body = compressed;
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        body.shrink_to_fit();
        ReadyAnswer {
            status: self.status,
            headers,
            tag,
            body: Bytes::from(body),
        }
    }
}

impl ReadyAnswer {
    /// The bytes of its body.
    pub fn len(&self) -> usize {
        self.body.len()
    }

    /// The answer, which keeps the permit until the last byte of its last response is written.
    pub fn holding(self, permit: OwnedSemaphorePermit) -> Self {
        Self {
            body: held_bytes(self.body, permit),
            ..self
        }
    }

    /// The response to a request: not modified if the client has this content already.
    pub fn response(&self, request: &HeaderMap) -> HttpResponse {
        let is_known = self.tag.as_ref().is_some_and(|tag| is_known(request, tag));
        let body = if is_known { Bytes::new() } else { self.body.clone() };
        let mut response = Response::new(AnswerBody::whole(body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response.headers_mut().remove(header::CONTENT_TYPE);
            response.headers_mut().remove(header::CONTENT_ENCODING);
        }
        response
    }
}

/// Whether the client has this content already.
fn is_known(request: &HeaderMap, tag: &str) -> bool {
    let strong = tag.trim_start_matches("W/");
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == strong)
}

/// RFC 9110, 12.5.3: a coding that is named counts before `*`, and a quality of 0 forbids.
pub fn takes_gzip(request: &HeaderMap) -> bool {
    let (mut named, mut any) = (None, None);
    let values = request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    for part in values.flat_map(|value| value.split(',')) {
        let mut pieces = part.split(';').map(str::trim);
        let coding = pieces.next().unwrap_or_default().to_ascii_lowercase();
        let quality = pieces.find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")));
        let taken = quality.is_none_or(|q| q.trim().parse::<f32>().is_ok_and(|q| q > 0.0));
        match coding.as_str() {
            "gzip" | "x-gzip" => named = Some(taken),
            "*" => any = Some(taken),
            _ => {}
        }
    }
    named.or(any).unwrap_or(false)
}

/// The fastest level: repetitive JSON shrinks to a tenth at a third of the default level's time.
fn compress(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

/// A JSON object that is written from several values straight into one buffer.
///
/// *Stable* parts count for the entity tag. *Volatile* parts do not: they change from answer to answer though nothing
/// happened.
pub struct Body {
    bytes: Vec<u8>,
    hasher: DefaultHasher,
    /// Whether a value did not serialise. All values of this crate do.
    spoiled: bool,
}

impl Default for Body {
    /// The body with no field.
    fn default() -> Self {
        Self {
            bytes: b"{}".to_vec(),
            hasher: DefaultHasher::new(),
            spoiled: false,
        }
    }
}

impl Body {
    /// Adds the fields of an object, which count for the entity tag.
    pub fn stable(self, fields: &impl Serialize) -> Self {
        self.fields(fields, true)
    }

    /// Adds the fields of an object, which do not count for the entity tag.
    pub fn volatile(self, fields: &impl Serialize) -> Self {
        self.fields(fields, false)
    }

    /// Adds a field with a list, whose elements are added by `elements`.
    pub fn list(mut self, name: &'static str, elements: impl FnOnce(&mut ListElements<'_>)) -> Self {
        self.reopen();
        self.value(&name, true);
        self.bytes.extend_from_slice(b":[");
        let mut list = ListElements {
            body: &mut self,
            first: true,
        };
        elements(&mut list);
        self.bytes.extend_from_slice(b"]}");
        self
    }

    /// Adds a value to the entity tag and not to the body.
    fn count(&mut self, value: &impl Serialize) {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.hasher.write(&bytes),
            Err(_) => self.spoiled = true,
        }
    }

    fn fields(mut self, fields: &impl Serialize, counts: bool) -> Self {
        let end = self.bytes.len();
        self.value(fields, counts);
        // Two objects `{..}{..}` become one.
        let joint: &[u8] = match (self.bytes.get(end), self.bytes.get(end + 1)) {
            (Some(b'{'), Some(b'}')) => {
                self.bytes.truncate(end);
                return self;
            }
            (Some(b'{'), Some(_)) if end == 2 => b"{",
            (Some(b'{'), Some(_)) => b",",
            _ => {
                self.spoiled = true;
                return self;
            }
        };
        let begin = if end == 2 { 0 } else { end - 1 };
        self.bytes.splice(begin..=end, joint.iter().copied());
        self
    }

    /// Removes the closing brace and starts a further field.
    fn reopen(&mut self) {
        self.bytes.pop();
        if self.bytes.len() > 1 {
            self.bytes.push(b',');
        }
    }

    fn value(&mut self, value: &impl Serialize, counts: bool) {
        let start = self.bytes.len();
        self.spoiled |= serde_json::to_writer(&mut self.bytes, value).is_err();
        if counts {
            self.hasher.write(self.bytes.get(start..).unwrap_or_default());
        }
    }
}

/// The list inside a [`Body`] that is being written.
pub struct ListElements<'a> {
    body: &'a mut Body,
    first: bool,
}

impl ListElements<'_> {
    /// Adds an element, which counts for the entity tag.
    pub fn stable(&mut self, element: &impl Serialize) {
        self.separate();
        self.body.value(element, true);
    }

    /// Adds an element that `write` writes, which counts for the entity tag.
    pub fn written(&mut self, write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>) {
        self.separate();
        let start = self.body.bytes.len();
        self.body.spoiled |= write(&mut self.body.bytes).is_err();
        let written = self.body.bytes.get(start..).unwrap_or_default();
        self.body.hasher.write(written);
    }

    /// Adds an element; `essence` counts for the entity tag in its place.
    pub fn volatile(&mut self, element: &impl Serialize, essence: &impl Serialize) {
        self.separate();
        self.body.value(element, false);
        self.body.count(essence);
    }

    fn separate(&mut self) {
        if !std::mem::replace(&mut self.first, false) {
            self.body.bytes.push(b',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(body: &Body) -> &str {
        std::str::from_utf8(&body.bytes).unwrap()
    }

    #[test]
    fn a_body_is_one_object_of_all_its_parts() {
        let empty = json!({});
        let body = Body::default()
            .stable(&empty)
            .stable(&json!({"a": 1}))
            .volatile(&empty)
            .volatile(&json!({"b": {}}));
        assert_eq!(text(&body), r#"{"a":1,"b":{}}"#);
        let body = Body::default().list("l", |l| {
            l.stable(&1);
            l.volatile(&2, &"two");
        });
        let body = body.stable(&json!({"c": 3}));
        assert_eq!(text(&body), r#"{"l":[1,2],"c":3}"#);
        let body = Body::default().stable(&json!({"c": 3})).list("l", |_| {});
        assert_eq!(text(&body), r#"{"c":3,"l":[]}"#);
        assert_eq!(text(&Body::default()), "{}");
        assert!(Body::default().stable(&1).spoiled, "only objects have fields");
    }

    #[test]
    fn only_stable_parts_count_for_the_etag() {
        let tag = |stable: i32, volatile: i32| {
            let body = Body::default()
                .stable(&json!({"a": stable}))
                .volatile(&json!({"b": volatile}))
                .list("l", |l| l.volatile(&volatile, &stable));
            body.hasher.finish()
        };
        assert_eq!(tag(1, 1), tag(1, 2));
        assert_ne!(tag(1, 1), tag(2, 1));
    }

    #[test]
    fn gzip_is_used_only_if_the_request_allows_it() {
        for (value, taken) in [
            ("gzip", true),
            ("GZIP", true),
            ("deflate, gzip;q=0.5", true),
            ("*", true),
            ("*;q=0, gzip", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000, *", false),
            ("*;q=0", false),
            ("gzip; q=x", false),
            ("deflate, br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap());
            assert_eq!(takes_gzip(&headers), taken, "{value}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn an_etag_is_compared_weakly() {
        for (value, known) in [
            ("W/\"1\"", true),
            ("\"1\"", true),
            ("\"0\", W/\"1\"", true),
            ("*", true),
            ("\"2\"", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
            assert_eq!(is_known(&headers, "W/\"1\""), known, "{value}");
        }
    }
}
