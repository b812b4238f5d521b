//! Owns the log of the gaps of searches. Must not know what they search for.

use sre_shared::report::NotSeen;

/// Logs the gaps of a search that the last one did not have.
pub fn log_new(last: &[NotSeen], not_seen: &[NotSeen], message: &str) {
    for entry in not_seen.iter().filter(|entry| !last.contains(entry)) {
        tracing::warn!(
            what = entry.what(),
            class = entry.class,
            missing = entry.missing.as_ref().map(ToString::to_string),
            error = entry.error,
            hint = entry.next_step(),
            "{message}"
        );
    }
}
