//! Requests with their responses, as `-v` shows them.

use crate::failure::Failure;
use std::sync::Arc;
use std::time::Duration;

/// One finished exchange of a request and its response.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// Such as `GET`.
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// HTTP status code, if there was a response.
    pub status: Option<u16>,
    /// Bytes of the body as they were read from the network.
    pub bytes: u64,
    /// From the start of the request to the end of the body.
    pub elapsed: Duration,
    /// Why it failed, if it did.
    pub error: Option<&'a Failure>,
}

/// Called with every finished exchange.
pub type Observer = Arc<dyn Fn(&Exchange<'_>) + Send + Sync>;
