//! How long each wait may take, and what is reported if it takes longer.

use crate::duration;
use crate::failure::{Class, Failure};
use std::time::Duration;
use tokio::time::Instant;

/// How long each wait may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// Name, TCP, proxy and TLS of a new connection.
    pub connect: Duration,
    /// The longest silence: to the first byte of a response, and between two pieces of it.
    pub idle: Duration,
    /// One request with its response; `None` if it has no limit of its own.
    pub request: Option<Duration>,
    /// The limit of the run; `None` for a process that stays. A credential plugin has time until its end. In a process that
    /// stays it has the longer of `connect` and `idle`.
    pub run: Option<RunLimit>,
}

impl Default for Deadlines {
    /// 5 s to connect, 10 s without a byte; no other bound.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(10),
            request: None,
            run: None,
        }
    }
}

/// If a request has a shorter limit, its timeout says nothing about the network.
const SHORT_REQUEST: Duration = Duration::from_secs(1);
/// `Instant` overflows if a limit of centuries is added to it.
const LONGEST: Duration = Duration::from_hours(365 * 24);

impl Deadlines {
    /// The next deadline of a wait for a request that began at `started`, and which one it is.
    pub(super) fn next(&self, started: Instant) -> (Instant, WaitLimit) {
        let mut first = (add_limit(Instant::now(), self.idle), WaitLimit::Idle(self.idle));
        if let Some(limit) = self.request {
            let until = add_limit(started, limit);
            if until < first.0 {
                first = (until, WaitLimit::Request(limit));
            }
        }
        if let Some(run) = self.run
            && run.until < first.0
        {
            first = (run.until, WaitLimit::Run(run));
        }
        first
    }

    /// The deadline of a connection that begins now.
    pub(super) fn connect_deadline(&self) -> Instant {
        let limit = self
            .request
            .map_or(self.connect, |request| request.min(self.connect));
        let until = Instant::now() + limit;
        self.run.map_or(until, |run| run.until.min(until))
    }

    /// The deadline for reading the files of the configuration.
    pub(super) fn configuration_deadline(&self) -> Instant {
        self.run.map_or_else(
            || add_limit(Instant::now(), self.connect.max(self.idle)),
            |run| run.until,
        )
    }
}

/// The limit of a whole run.
#[derive(Debug, Clone, Copy)]
pub struct RunLimit {
    /// When the run ends.
    pub until: Instant,
    /// How long it was when it began.
    pub length: Duration,
}

impl RunLimit {
    /// A run that begins now.
    #[must_use]
    pub fn from_now(length: Duration) -> Self {
        Self {
            until: add_limit(Instant::now(), length),
            length,
        }
    }

    /// The time that is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// The failure of an operation that the end of the run cut short. Nothing is at fault: no more time was given.
    pub(super) fn failure(&self, doing: &str) -> Failure {
        Failure {
            own_limit: true,
            ..Failure::new(
                Class::Timeout,
                format!(
                    "the {} of --timeout were over while {doing}",
                    duration::to_text(self.length)
                ),
            )
            .with_hint("give it more time, such as --timeout 60s")
        }
    }
}

/// What bounds a wait.
#[derive(Clone, Copy)]
pub(super) enum WaitLimit {
    /// The longest silence.
    Idle(Duration),
    /// The limit of one request.
    Request(Duration),
    /// The limit of the run.
    Run(RunLimit),
}

impl WaitLimit {
    /// The failure of an operation that was still going when this limit passed.
    pub fn failure(self, doing: &str) -> Failure {
        match self {
            Self::Idle(idle) => Failure::new(Class::Timeout, format!("no byte for {}", seconds(idle))),
            Self::Request(limit) => Failure {
                own_limit: limit < SHORT_REQUEST,
                ..Failure::new(
                    Class::Timeout,
                    format!("not finished within the request timeout of {}", seconds(limit)),
                )
            },
            Self::Run(run) => run.failure(doing),
        }
    }
}

/// `length` after `start`, or a year after it if that is sooner.
fn add_limit(start: Instant, length: Duration) -> Instant {
    start + length.min(LONGEST)
}

/// A duration as sentences have it: `1.5 s`. What is left of a deadline is no round number, so it is rounded: to hundredths,
/// from ten seconds on to seconds.
pub(super) fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 10.0 {
        format!("{} s", (seconds * 100.0).round() / 100.0)
    } else {
        format!("{seconds:.0} s")
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;
    use std::time::Duration;

    #[test]
    fn a_duration_is_short_in_a_sentence() {
        let words = |milliseconds: u64| seconds(Duration::from_micros(milliseconds * 1000 + 1));
        assert_eq!(
            [0, 20, 1500, 2000, 9996, 59_887, 60_000].map(words),
            ["0 s", "0.02 s", "1.5 s", "2 s", "10 s", "60 s", "60 s"]
        );
    }
}
