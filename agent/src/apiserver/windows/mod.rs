//! Owns the record of the API server over the last 30 days: how much of them was watched, how much of that it was ready, and how
//! long the steps of the way to it took.
//! Must not know how it is checked; the time is given.
//!
//! There are five rings of buckets: 30 of 10 s, 60 of a minute, 72 of five minutes, 72 of an hour, 30 of a day. A window is the newest
//! buckets of one ring, so it is shorter than its name by less than a 24th. A bucket has a histogram for each step, and 552 bytes, so
//! all 264 take 146 KB, however many checks there are.
//!
//! A check counts for the time since the check before it. If that was too long ago, the time between was not watched: it is neither
//! up nor down.

use super::histogram::{StepCounts, StepSums};
use sre_shared::report::{PhaseLatency, Record, Window};

/// The steps of the way that are measured.
pub const PHASES: [&str; 4] = ["dns", "connect", "tls", "request"];
/// The place of the request among them.
const REQUEST: usize = 3;

/// Name, seconds of a bucket, and number of buckets of each window, by ring.
const RINGS: [&[(&str, u64, u64)]; 5] = [
    &[("5m", 10, 30)],
    &[("30m", 60, 30), ("1h", 60, 60)],
    &[("2h", 300, 24), ("6h", 300, 72)],
    &[("1d", 3600, 24), ("3d", 3600, 72)],
    &[("30d", 86_400, 30)],
];

/// Seconds of a span of a picture: an hour, so that there are 72 of them.
const PICTURE: u64 = 3600;

/// What one check found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Observation {
    /// Whether the API server was ready.
    pub ready: bool,
    /// Milliseconds of each of [`PHASES`] that was measured.
    pub phases: [Option<f64>; PHASES.len()],
}

/// One span of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// The number of the span.
    pub number: u64,
    /// Checks that ended in it.
    pub checks: u32,
    /// Those that found the API server ready.
    pub ready: u32,
    /// Seconds of it that were watched.
    pub watched: u32,
    /// Those in which the API server was ready.
    pub up: u32,
    /// The latencies of each of [`PHASES`].
    pub phases: [StepCounts; PHASES.len()],
}

impl Bucket {
    /// A bucket of that number.
    pub const fn new(number: u64) -> Self {
        Self {
            number,
            checks: 0,
            ready: 0,
            watched: 0,
            up: 0,
            phases: [StepCounts::EMPTY; PHASES.len()],
        }
    }
}

/// One span of time, for a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordSpan {
    /// Seconds that were watched.
    pub seen: u64,
    /// Those in which the API server was ready.
    pub ready: u64,
}

#[derive(Debug)]
struct Ring {
    windows: &'static [(&'static str, u64, u64)],
    /// Seconds of one bucket.
    span: u64,
    buckets: Vec<Bucket>,
}

/// The record.
#[derive(Debug)]
pub struct Windows {
    rings: Vec<Ring>,
    /// The longest time between two checks that counts as watched, in seconds.
    longest_pause: u64,
    /// The second of the last check of this process.
    last: Option<u64>,
}

impl Windows {
    /// An empty record. Time between two checks that are further apart than `longest_pause` seconds was not watched.
    pub fn new(longest_pause: u64) -> Self {
        let ring = |windows: &'static [(&'static str, u64, u64)]| {
            let (span, length) = windows
                .last()
                .map_or((1, 1), |(_, span, length)| (*span, *length));
            Ring {
                windows,
                span,
                buckets: (0..length).map(|_| Bucket::new(u64::MAX)).collect(),
            }
        };
        Self {
            rings: RINGS.into_iter().map(ring).collect(),
            longest_pause,
            last: None,
        }
    }

    /// Notes a check that ended at that second.
    pub fn note(&mut self, second: u64, seen: &Observation) {
        let last = self.last.replace(second);
        let since = last.filter(|last| second.saturating_sub(*last) <= self.longest_pause);
        for ring in &mut self.rings {
            if let Some(since) = since {
                ring.watch(since, second, seen.ready);
            }
            ring.note(second, seen);
        }
    }

    /// The record at that second.
    pub fn record(&self, second: u64) -> Record {
        let windows = self.rings.iter().flat_map(|ring| {
            let window = |(name, _, length): &(&str, u64, u64)| ring.window(name, *length, second);
            ring.windows.iter().map(window)
        });
        Record {
            windows: windows.collect(),
            ..Record::default()
        }
    }

    /// The spans of the longest window that has hours, the oldest first, and the seconds of each.
    pub fn spans(&self, second: u64) -> (u64, Vec<RecordSpan>) {
        let ring = self.rings.iter().find(|ring| ring.span == PICTURE);
        let spans = ring.map(|ring| ring.spans(second));
        (PICTURE, spans.unwrap_or_default())
    }

    /// The buckets of each ring that are not empty, with the seconds of its buckets.
    pub fn contents(&self) -> impl Iterator<Item = (u64, impl Iterator<Item = &Bucket>)> {
        let is_used = |bucket: &&Bucket| bucket.number != u64::MAX;
        self.rings
            .iter()
            .map(move |ring| (ring.span, ring.buckets.iter().filter(is_used)))
    }

    /// Takes over a bucket of an earlier process. Returns whether it fits: a bucket cannot be watched for longer than it lasts, nor be
    /// newer than the end of that process.
    pub fn restore(&mut self, span: u64, bucket: &Bucket, ended: u64) -> bool {
        let Some(ring) = self.rings.iter_mut().find(|ring| ring.span == span) else {
            return false;
        };
        let is_possible = u64::from(bucket.watched) <= span
            && bucket.up <= bucket.watched
            && bucket.ready <= bucket.checks
            && bucket.number <= ended / span;
        if !is_possible {
            return false;
        }
        match ring.place(bucket.number) {
            Some(place) if place.number == u64::MAX || place.number < bucket.number => {
                *place = *bucket;
            }
            _ => {}
        }
        true
    }
}

impl Ring {
    /// Its spans, the oldest first. One that is not in the ring was not watched.
    fn spans(&self, second: u64) -> Vec<RecordSpan> {
        let newest = second / self.span;
        let length = u64::try_from(self.buckets.len()).unwrap_or(1).max(1);
        let span = |back: u64| {
            let number = newest.checked_sub(back)?;
            let place = usize::try_from(number % length).ok()?;
            let bucket = self.buckets.get(place).filter(|bucket| bucket.number == number)?;
            Some(RecordSpan {
                seen: bucket.watched.into(),
                ready: bucket.up.into(),
            })
        };
        let spans = (0..length).rev().map(|back| span(back).unwrap_or_default());
        spans.collect()
    }

    fn place(&mut self, number: u64) -> Option<&mut Bucket> {
        let length = u64::try_from(self.buckets.len()).unwrap_or(1).max(1);
        let place = usize::try_from(number % length).unwrap_or_default();
        self.buckets.get_mut(place)
    }

    /// The bucket of that number, emptied if the ring came round to it.
    fn bucket(&mut self, number: u64) -> Option<&mut Bucket> {
        let bucket = self.place(number)?;
        if bucket.number != number {
            *bucket = Bucket::new(number);
        }
        Some(bucket)
    }

    /// Counts the seconds from `since` up to `until`, which were watched.
    fn watch(&mut self, since: u64, until: u64, ready: bool) {
        let length = u64::try_from(self.buckets.len()).unwrap_or(1);
        // Older buckets are not in the ring any more.
        let oldest = (until / self.span).saturating_sub(length - 1);
        let mut from = since.max(oldest.saturating_mul(self.span));
        while from < until {
            let number = from / self.span;
            let end = number.saturating_add(1).saturating_mul(self.span).min(until);
            let seconds = u32::try_from(end - from).unwrap_or(u32::MAX);
            if let Some(bucket) = self.bucket(number) {
                bucket.watched = bucket.watched.saturating_add(seconds);
                bucket.up = bucket.up.saturating_add(if ready { seconds } else { 0 });
            }
            from = end;
        }
    }

    fn note(&mut self, second: u64, seen: &Observation) {
        let Some(bucket) = self.bucket(second / self.span) else {
            return;
        };
        bucket.checks = bucket.checks.saturating_add(1);
        bucket.ready = bucket.ready.saturating_add(u32::from(seen.ready));
        for (counts, ms) in bucket.phases.iter_mut().zip(seen.phases) {
            if let Some(ms) = ms {
                counts.note(ms);
            }
        }
    }

    fn window(&self, name: &str, length: u64, second: u64) -> Window {
        let newest = second / self.span;
        let (mut checks, mut ready, mut watched, mut up) = (0_u64, 0_u64, 0_u64, 0_u64);
        let mut phases: [StepSums; PHASES.len()] = Default::default();
        let lasting = |bucket: &&Bucket| bucket.number <= newest && newest - bucket.number < length;
        for bucket in self.buckets.iter().filter(lasting) {
            checks += u64::from(bucket.checks);
            ready += u64::from(bucket.ready);
            watched += u64::from(bucket.watched);
            up += u64::from(bucket.up);
            for (sums, counts) in phases.iter_mut().zip(&bucket.phases) {
                sums.add(counts);
            }
        }
        let request = &phases[REQUEST];
        Window {
            window: name.to_owned(),
            watched_seconds: Some(watched),
            checks,
            availability: part(up, watched).or_else(|| part(ready, checks)),
            burn_rate: None,
            p50_ms: request.quantile(50),
            p90_ms: request.quantile(90),
            p99_ms: request.quantile(99),
            max_ms: request.max(),
            phases: PHASES.into_iter().zip(&phases).filter_map(latency).collect(),
        }
    }
}

/// `None` of nothing.
fn part(part: u64, whole: u64) -> Option<f64> {
    #[allow(
        clippy::cast_precision_loss,
        reason = "30 days have far fewer seconds than 2^52"
    )]
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn latency((phase, sums): (&str, &StepSums)) -> Option<PhaseLatency> {
    Some(PhaseLatency {
        phase: phase.to_owned(),
        count: sums.total(),
        p50_ms: sums.quantile(50)?,
        p90_ms: sums.quantile(90)?,
        p99_ms: sums.quantile(99)?,
        max_ms: sums.max()?,
    })
}

#[cfg(test)]
mod tests;
