//! Waiting with a limit. Only this file reads a clock.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// Pause between two tries. A try that starts a process takes longer than this.
const PAUSE: Duration = Duration::from_millis(100);

/// The end of a wait.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    started: Instant,
    within: Duration,
}

impl Deadline {
    /// The deadline after `within` from now.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "processes are waited for in real time")]
    pub fn within(within: Duration) -> Self {
        Self {
            started: Instant::now(),
            within,
        }
    }

    /// Whether it has passed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.elapsed() >= self.within
    }

    /// Time since the wait began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Time that is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.within.saturating_sub(self.elapsed())
    }
}

/// Tries until it succeeds.
#[track_caller]
pub fn until<T, E: Display>(what: &str, within: Duration, mut attempt: impl FnMut() -> Result<T, E>) -> T {
    let deadline = Deadline::within(within);
    loop {
        match attempt() {
            Ok(value) => return value,
            Err(lacking) if deadline.is_over() => {
                panic!("{what}: not within {} s; last: {lacking}", within.as_secs_f32())
            }
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
}
