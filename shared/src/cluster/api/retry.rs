//! The one retry policy: few tries, short pauses, never past a deadline.
//!
//! kube's client, which is not used here, repeats every 429, 503 and 504 up to 15 times. That takes minutes, while a
//! person waits for an answer.

use crate::cluster::client::Client;
use crate::failure::{Class, Failure};
use std::time::Duration;
use tokio::time::Instant;

/// How many tries follow the first one.
const RETRIES: u32 = 2;
/// The pause before the first retry; each further one is four times as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// If `Retry-After` asks for a longer pause, the failure is reported at once.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Runs `request` until it succeeds, fails for good, or the tries are used up.
pub(crate) async fn retrying<T, F>(client: &Client, mut request: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    for _ in 0..RETRIES {
        let failure = match request().await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let wait = failure.retry_after.unwrap_or(pause);
        if !is_transient(&failure) || wait > LONGEST_PAUSE || !ends_in_time(client, wait) {
            return Err(Failure {
                elapsed: started.elapsed(),
                ..failure
            });
        }
        tokio::time::sleep(wait).await;
        pause *= 4;
    }
    request().await.map_err(|failure| Failure {
        elapsed: started.elapsed(),
        ..failure
    })
}

/// Waits before a request in another form takes the place of one that failed: as long as the server has asked for.
///
/// # Errors
/// The failure itself, if the wait would be too long or end after the run.
pub(crate) async fn pause_before_retry(client: &Client, failure: Failure) -> Result<(), Failure> {
    let wait = failure.retry_after.unwrap_or_default();
    if wait > LONGEST_PAUSE || !ends_in_time(client, wait) {
        return Err(failure);
    }
    tokio::time::sleep(wait).await;
    Ok(())
}

/// Whether a pause that begins now ends before the run does.
fn ends_in_time(client: &Client, wait: Duration) -> bool {
    client
        .run_deadline()
        // A pause that overflows the clock is not in time either.
        .is_none_or(|until| Instant::now().checked_add(wait).is_some_and(|end| end < until))
}

/// Whether the failure may be over in a moment. A refused or silent address is not tried again: an early report is worth
/// more than the chance that the server has just come back.
fn is_transient(failure: &Failure) -> bool {
    match failure.class {
        Class::Overloaded | Class::ConnectionLost => true,
        Class::Unhealthy => matches!(failure.status, Some(502..=504)),
        _ => false,
    }
}
