//! Owns how many requests were answered, by path and status code, and how long they took. Must not know the answers.

use http::StatusCode;
use prometheus_client::metrics::histogram::Histogram;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Stands for every path that is not served. A client could otherwise add counters without end.
pub const UNKNOWN_PATH: &str = "other";

/// Bounds of the histogram, in seconds: from an answer that is at hand to the longest wait for a check of the API server.
const DURATIONS: [f64; 7] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0];

/// How many requests were answered since the start, and how long they took.
pub struct RequestCounts {
    by_path: Mutex<BTreeMap<(String, u16), u64>>,
    durations: Histogram,
}

impl Default for RequestCounts {
    fn default() -> Self {
        Self {
            by_path: Mutex::default(),
            durations: Histogram::new(DURATIONS),
        }
    }
}

impl RequestCounts {
    /// Counts one more; `path` is one of those that are served, or [`UNKNOWN_PATH`].
    pub fn count(&self, path: String, code: StatusCode) {
        let mut counts = self.by_path.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((path, code.as_u16())).or_default() += 1;
    }

    /// Notes how long a request took until its answer was ready.
    pub fn time(&self, took: Duration) {
        self.durations.observe(took.as_secs_f64());
    }

    /// Path, code and number, in order.
    pub fn counts(&self) -> Vec<(String, u16, u64)> {
        let counts = self.by_path.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .map(|((path, code), n)| (path.clone(), *code, *n))
            .collect()
    }

    /// How long requests took, in seconds.
    pub fn durations(&self) -> Histogram {
        self.durations.clone()
    }
}
