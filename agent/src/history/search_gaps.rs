//! Owns the log of what searches could not see. Must not know what they search for.

use sre_shared::report::NotSeen;

/// Logs what a search could not see and the last one could.
pub fn log_new(last: &[NotSeen], not_seen: &[NotSeen], message: &str) {
    for entry in not_seen.iter().filter(|entry| !last.contains(entry)) {
        tracing::warn!(
            what = entry.what(),
            class = entry.class,
            missing = entry.missing,
            error = entry.error,
            hint = entry.hint,
            "{message}"
        );
    }
}
