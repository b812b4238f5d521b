//! One response of the API server: its head, then its body piece by piece, each wait within the deadlines.

use crate::cluster::deadlines::{Deadlines, WaitLimit};
use crate::cluster::exchange::{Exchange, Observer};
use crate::cluster::gzip::GzipDecoder;
use crate::cluster::refusal;
use crate::cluster::transport::failure::transport_failure;
use crate::failure::{Class, Failure};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The most bytes that are handed on at once. Between two pieces the deadlines are checked, and other tasks get their turn.
const PIECE: usize = 256 << 10;
/// A `Status` is short; the beginning of a longer refusal is enough.
const REFUSAL: usize = 64 << 10;
/// The step in the message of a deadline that passes while a body is read.
const READING: &str = "reading the answer";

/// A response whose head was read.
pub struct Response {
    /// HTTP status code.
    pub status: u16,
    /// `Content-Type`, empty if there was none.
    pub content_type: String,
    /// `Retry-After`, if it was a number of seconds.
    pub retry_after: Option<Duration>,
    body: Option<Incoming>,
    gzip: Option<GzipDecoder>,
    /// Bytes that were read and not handed on yet.
    plain: Bytes,
    method: Method,
    path: String,
    started: Instant,
    bytes: u64,
    server: String,
    deadlines: Deadlines,
    observer: Option<Observer>,
}

impl Response {
    /// The response to a request that begins now.
    pub(super) fn pending(
        server: &str,
        method: Method,
        path: &str,
        deadlines: Deadlines,
        observer: Option<Observer>,
    ) -> Self {
        Self {
            status: 0,
            content_type: String::new(),
            retry_after: None,
            body: None,
            gzip: None,
            plain: Bytes::new(),
            method,
            path: path.to_owned(),
            started: Instant::now(),
            bytes: 0,
            server: server.to_owned(),
            deadlines,
            observer,
        }
    }

    /// Takes the head, and the body that follows it.
    pub(super) fn receive(&mut self, received: http::Response<Incoming>) {
        let headers = received.headers();
        self.status = received.status().as_u16();
        self.content_type = header_text(headers, &header::CONTENT_TYPE)
            .map(str::to_owned)
            .unwrap_or_default();
        self.retry_after = header_text(headers, &header::RETRY_AFTER)
            .and_then(|text| text.trim().parse().ok())
            .map(Duration::from_secs);
        if header_text(headers, &header::CONTENT_ENCODING).is_some_and(|e| e.eq_ignore_ascii_case("gzip")) {
            self.gzip = Some(GzipDecoder::default());
        }
        self.body = Some(received.into_body());
    }

    /// Time since the request began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Sets the longest silence and removes the limit of the whole response: a watch is meant to stay open.
    pub(super) fn with_idle(mut self, idle: Duration) -> Self {
        self.deadlines = Deadlines {
            idle,
            request: None,
            ..self.deadlines
        };
        self
    }

    /// The next piece of the body, `None` at its end.
    ///
    /// # Errors
    /// `timeout` if nothing came in time, `connectionLost` if the body broke off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        // If bytes are always there, no wait ever notices that time is up, and no other task gets its turn.
        tokio::task::yield_now().await;
        loop {
            let (until, limit) = self.deadline();
            if until <= Instant::now() {
                self.body = None;
                return Err(self.fail(limit.failure(READING)));
            }
            if !self.plain.is_empty() {
                return Ok(Some(self.plain.split_to(self.plain.len().min(PIECE))));
            }
            if let Some(gzip) = &mut self.gzip {
                match gzip.next() {
                    Ok(Some(plain)) => {
                        self.plain = plain;
                        continue;
                    }
                    Ok(None) => {}
                    Err(error) => {
                        let failure =
                            Failure::new(Class::ConnectionLost, format!("the gzip is broken: {error}"));
                        return Err(self.fail(failure));
                    }
                }
            }
            let Some(body) = &mut self.body else {
                return Ok(None);
            };
            let failure = match timeout_at(until, body.frame()).await {
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => {
                        self.bytes += data.len() as u64;
                        match &mut self.gzip {
                            Some(gzip) => gzip.push(data),
                            None => self.plain = data,
                        }
                        continue;
                    }
                    Err(_trailers) => continue,
                },
                Ok(None) => match self.gzip.take().map(GzipDecoder::finish) {
                    None => {
                        self.body = None;
                        self.observe(None);
                        return Ok(None);
                    }
                    // The loop comes back here for the end of the body.
                    Some(Ok(rest)) => {
                        self.plain = rest;
                        continue;
                    }
                    Some(Err(error)) => Failure::new(
                        Class::ConnectionLost,
                        format!("the answer broke off in its gzip: {error}"),
                    ),
                },
                Ok(Some(Err(error))) => {
                    let message = transport_failure(&error).message;
                    let read = self.bytes;
                    Failure::new(
                        Class::ConnectionLost,
                        format!("the answer broke off after {read} bytes: {message}"),
                    )
                }
                Err(_) => limit.failure(READING),
            };
            self.body = None;
            return Err(self.fail(failure));
        }
    }

    /// The rest of the body, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Response::chunk`]; `notAnApiServer` if it is longer.
    pub async fn whole(mut self, limit: usize) -> Result<Vec<u8>, Failure> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > limit {
                self.body = None;
                let message = format!("the answer is longer than {limit} bytes");
                return Err(self.fail(Failure::new(Class::NotAnApiServer, message)));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole)
    }

    /// The response itself if it is a success (2xx); its body has not been read.
    ///
    /// # Errors
    /// The failure that the status code and the body of a refusal describe, or a transport failure while the refusal
    /// is read.
    pub async fn error_for_status(mut self) -> Result<Self, Failure> {
        let Some(class) = refusal::status_class(self.status) else {
            return Ok(self);
        };
        let mut body = Vec::new();
        while body.len() < REFUSAL {
            match self.chunk().await? {
                Some(chunk) => body.extend_from_slice(&chunk),
                None => break,
            }
        }
        let failure = refusal::refusal(class, self.status, &body, self.retry_after);
        Err(self.locate(failure))
    }

    /// The next deadline, and which one it is.
    pub(super) fn deadline(&self) -> (Instant, WaitLimit) {
        self.deadlines.next(self.started)
    }

    /// The failure of this exchange, which ends with it.
    pub(super) fn fail(&self, failure: Failure) -> Failure {
        let failure = self.locate(failure);
        self.observe(Some(&failure));
        failure
    }

    /// The failure with the endpoint of the request, and how long it took.
    pub(super) fn locate(&self, failure: Failure) -> Failure {
        let path = self.path.split('?').next().unwrap_or_default();
        Failure {
            endpoint: format!("{}{path}", self.server),
            elapsed: self.elapsed(),
            ..failure
        }
    }

    fn observe(&self, error: Option<&Failure>) {
        if let Some(observer) = &self.observer {
            observer(&Exchange {
                method: self.method.as_str(),
                path: &self.path,
                status: (self.status != 0).then_some(self.status),
                bytes: self.bytes,
                elapsed: self.elapsed(),
                error,
            });
        }
    }
}

/// A header, if it is there and is text.
pub(super) fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
