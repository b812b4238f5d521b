//! Durations as reports have them.

use std::time::Duration;

/// Milliseconds, to a tenth of a microsecond at most: more digits are noise.
pub(super) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
