//! The time that an optional request may take.

use crate::failure::{Class, Failure};
use tokio::time::Instant;

/// Optional requests must not delay the check.
pub(super) async fn in_time<T>(
    until: Instant,
    request: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::time::timeout_at(until, request)
        .await
        .unwrap_or_else(|_| Err(Failure::new(Class::Timeout, "not answered in time")))
}
