//! Owns what is recorded of the checks of the API server: its windows, the steps of the way, and when its certificate expires.
//! Must not know how it is checked, nor files.

use super::record_clock::RecordClock;
use super::record_snapshot::RecordSnapshot;
use super::windows::{Observation, PHASES, RecordSpan, Windows};
use prometheus_client::metrics::histogram::Histogram;
use sre_shared::apiserver::slo;
use sre_shared::apiserver::{PathTrace, WriteAnswer};
use sre_shared::cluster::Step;
use sre_shared::report::Record;
use sre_shared::resource::Time;
use sre_shared::run::Clock;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Bounds of the histograms of steps, in seconds: few, since each is a series for each step.
const DURATIONS: [f64; 6] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5];
/// The step of a write, which has a histogram and no windows.
const WRITE: &str = "write";

/// What one check found, and measured anew.
#[derive(Debug, Clone, Copy, Default)]
pub struct CheckFindings<'a> {
    /// Whether the API server was ready.
    pub ready: bool,
    /// Milliseconds of its answer.
    pub request_ms: Option<f64>,
    /// A walk along the path to it.
    pub walk: Option<&'a PathTrace>,
    /// Whether its host is a name, which had to be resolved.
    pub is_named: bool,
    /// A write.
    pub write: Option<&'a WriteAnswer>,
}

/// The record of the API server.
pub struct ApiServerRecord {
    /// The availability that is aimed at, in percent.
    slo: f64,
    /// The API server that is watched.
    server: String,
    clock: Clock,
    started: Instant,
    /// The histograms of the steps, by name.
    steps: Vec<(&'static str, Histogram)>,
    known: Mutex<KnownRecord>,
}

struct KnownRecord {
    windows: Windows,
    clock: RecordClock,
    certificate_expiry: Option<Time>,
}

/// The record at one moment, for metrics.
#[derive(Debug, Clone, Default)]
pub struct RecordSample {
    /// The windows.
    pub record: Record,
    /// The histograms of the steps that were measured, by name.
    pub steps: Vec<(&'static str, Histogram)>,
    /// When the first of the certificates expires that the API server presented.
    pub certificate_expiry: Option<Time>,
}

impl ApiServerRecord {
    /// An empty record. Time between two checks that are further apart than `longest_pause` was not watched.
    pub fn new(slo: f64, server: &str, clock: Clock, longest_pause: Duration) -> Self {
        let known = KnownRecord {
            windows: Windows::new(longest_pause.as_secs()),
            clock: RecordClock::new(clock().seconds, Duration::ZERO),
            certificate_expiry: None,
        };
        let names = PHASES.into_iter().chain([WRITE]);
        Self {
            slo,
            server: server.to_owned(),
            clock,
            started: Instant::now(),
            steps: names.map(|name| (name, Histogram::new(DURATIONS))).collect(),
            known: Mutex::new(known),
        }
    }

    /// Adds a check, and returns the record.
    pub fn note(&self, found: &CheckFindings<'_>) -> Record {
        let dial = found.walk.map(|walk| &walk.dial);
        let resolved = dial
            .and_then(|dial| dial.resolved.as_ref())
            .filter(|_| found.is_named);
        let connected = dial.and_then(|dial| {
            let open = dial.tcp.iter().filter_map(|(_, step)| done(step));
            open.min()
        });
        let phases = [
            resolved.and_then(done).map(milliseconds),
            connected.map(milliseconds),
            dial.and_then(|dial| done(dial.tls.as_ref()?)).map(milliseconds),
            found.request_ms,
        ];
        let write = found.write.filter(|write| write.result.is_ok());
        let write = write.map(|write| milliseconds(write.elapsed));
        for ((_, histogram), ms) in self.steps.iter().zip(phases.into_iter().chain([write])) {
            if let Some(ms) = ms {
                histogram.observe(ms / 1e3);
            }
        }
        let mut known = self.lock();
        let presented = dial.map(|dial| dial.presented.iter().filter_map(|one| one.not_after));
        if let Some(end) = presented.and_then(Iterator::min) {
            known.certificate_expiry = Some(end);
        }
        let second = self.second(&mut known);
        let ready = found.ready;
        known.windows.note(second, &Observation { ready, phases });
        self.record(&known, second)
    }

    /// The record of this moment.
    pub fn sample(&self) -> RecordSample {
        let mut known = self.lock();
        let second = self.second(&mut known);
        RecordSample {
            record: self.record(&known, second),
            steps: self.steps.clone(),
            certificate_expiry: known.certificate_expiry,
        }
    }

    /// The spans of the record for a picture, the oldest first, and the seconds of each.
    pub fn spans(&self) -> (u64, Vec<RecordSpan>) {
        let mut known = self.lock();
        let second = self.second(&mut known);
        known.windows.spans(second)
    }

    /// The record as it is saved.
    pub fn snapshot(&self) -> RecordSnapshot {
        let mut known = self.lock();
        let second = self.second(&mut known);
        RecordSnapshot::new(&known.windows, &self.server, second)
    }

    /// The API server that is watched.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Adds the record of an earlier process. The time goes on at its end at the earliest, even if the wall clock has gone back since.
    /// Returns how many of its buckets were impossible.
    pub fn restore(&self, before: RecordSnapshot) -> u64 {
        let mut known = self.lock();
        let second = self.second(&mut known);
        known.clock.skip(before.second.saturating_sub(second));
        before.restore(&mut known.windows)
    }

    fn second(&self, known: &mut KnownRecord) -> u64 {
        known.clock.second((self.clock)().seconds, self.started.elapsed())
    }

    fn record(&self, known: &KnownRecord, second: u64) -> Record {
        let mut record = known.windows.record(second);
        slo::add_burn_rates(&mut record, self.slo);
        record
    }

    fn lock(&self) -> MutexGuard<'_, KnownRecord> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a step took that succeeded.
fn done<T>(step: &Step<T>) -> Option<Duration> {
    step.result.is_ok().then_some(step.elapsed)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests;
