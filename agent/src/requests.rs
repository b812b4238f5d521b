//! Owns how many requests were answered, by path and status code. Must not know the answers.

use http::StatusCode;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Stands for every path that is not served. A client could otherwise add counters without end.
pub const UNKNOWN_PATH: &str = "other";

/// How many requests were answered since the start.
#[derive(Default)]
pub struct RequestCounts {
    by_path: Mutex<BTreeMap<(String, u16), u64>>,
}

impl RequestCounts {
    /// Counts one more; `path` is one of those that are served, or [`UNKNOWN_PATH`].
    pub fn count(&self, path: String, code: StatusCode) {
        let mut counts = self.by_path.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((path, code.as_u16())).or_default() += 1;
    }

    /// Path, code and number, in order.
    pub fn counts(&self) -> Vec<(String, u16, u64)> {
        let counts = self.by_path.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .map(|((path, code), n)| (path.clone(), *code, *n))
            .collect()
    }
}
