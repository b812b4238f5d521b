//! Owns the record of the API server over the last day: how often it was ready, and how long it took to answer.
//! Must not know how it is checked; the time is given.
//!
//! There are three rings of buckets: 30 of 10 s, 60 of a minute, 96 of a quarter of an hour. Each bucket has a histogram
//! on a scale that doubles in four steps, from an eighth of a millisecond to eight seconds, so that a quantile is at most
//! a fifth too high. A bucket has 152 bytes, so all 186 take 28 KB, however many checks there are.

use sre_shared::report::{Record, Window};

/// Steps of the scale. The last one holds all slower answers.
const STEPS: usize = 64;
/// The first step ends here, in milliseconds.
const FIRST: f64 = 0.125;
/// Steps in which the scale doubles.
const DOUBLING: f64 = 4.0;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// The number of its span of time, counted from the start.
    number: u64,
    checks: u32,
    ready: u32,
    max_ms: f32,
    answers: [u16; STEPS],
}

const EMPTY: Bucket = Bucket {
    number: u64::MAX,
    checks: 0,
    ready: 0,
    max_ms: 0.0,
    answers: [0; STEPS],
};

#[derive(Debug)]
struct Ring {
    window: &'static str,
    /// Seconds of one bucket.
    span: u64,
    buckets: Vec<Bucket>,
}

/// The record: one ring of buckets for each window of time.
#[derive(Debug)]
pub struct Windows {
    rings: [Ring; 3],
    /// The second of the first check.
    began: Option<u64>,
}

impl Default for Windows {
    fn default() -> Self {
        let ring = |window, span, buckets| Ring {
            window,
            span,
            buckets: vec![EMPTY; buckets],
        };
        Self {
            rings: [ring("5m", 10, 30), ring("1h", 60, 60), ring("24h", 900, 96)],
            began: None,
        }
    }
}

impl Windows {
    /// Notes a check that ended `second` seconds after the start: whether the API server was ready, and after how many
    /// milliseconds it answered, if it did.
    pub fn note(&mut self, second: u64, ready: bool, latency_ms: Option<f64>) {
        self.began.get_or_insert(second);
        for ring in &mut self.rings {
            ring.note(second, ready, latency_ms);
        }
    }

    /// The record at `second` seconds after the start.
    pub fn record(&self, second: u64) -> Record {
        Record {
            windows: self
                .rings
                .iter()
                .map(|ring| {
                    let watched = self.began.map_or(0, |began| second.saturating_sub(began));
                    Window {
                        watched_seconds: Some(watched.min(ring.span * ring.buckets.len() as u64)),
                        ..ring.window(second)
                    }
                })
                .collect(),
        }
    }
}

impl Ring {
    fn note(&mut self, second: u64, ready: bool, latency_ms: Option<f64>) {
        let number = second / self.span;
        let length = self.buckets.len() as u64;
        let place = usize::try_from(number % length).unwrap_or_default();
        let Some(bucket) = self.buckets.get_mut(place) else {
            return;
        };
        if bucket.number != number {
            *bucket = Bucket { number, ..EMPTY };
        }
        bucket.checks = bucket.checks.saturating_add(1);
        bucket.ready = bucket.ready.saturating_add(u32::from(ready));
        if let Some(ms) = latency_ms {
            #[allow(clippy::cast_possible_truncation, reason = "half the digits are noise")]
            let ms_short = ms as f32;
            bucket.max_ms = bucket.max_ms.max(ms_short);
            if let Some(answers) = bucket.answers.get_mut(step(ms)) {
                *answers = answers.saturating_add(1);
            }
        }
    }

    fn window(&self, second: u64) -> Window {
        let newest = second / self.span;
        let length = self.buckets.len() as u64;
        let mut answers = [0_u64; STEPS];
        let (mut checks, mut ready, mut max) = (0_u64, 0_u64, 0_f32);
        let lasting = |bucket: &&Bucket| bucket.number <= newest && newest - bucket.number < length;
        for bucket in self.buckets.iter().filter(lasting) {
            checks += u64::from(bucket.checks);
            ready += u64::from(bucket.ready);
            max = max.max(bucket.max_ms);
            for (sum, n) in answers.iter_mut().zip(bucket.answers) {
                *sum += u64::from(n);
            }
        }
        let total: u64 = answers.iter().sum();
        let max = f64::from(max);
        let quantile = |hundredths: u64| {
            let rank = (total * hundredths).div_ceil(100).max(1);
            let mut seen = 0;
            let step = answers.iter().position(|n| {
                seen += n;
                seen >= rank
            })?;
            Some(round(step_end(step).min(max)))
        };
        #[allow(clippy::cast_precision_loss, reason = "a day has far fewer checks than 2^52")]
        let availability = (checks > 0).then(|| ready as f64 / checks as f64);
        Window {
            window: self.window.to_owned(),
            watched_seconds: None,
            checks,
            availability,
            p50_ms: quantile(50),
            p90_ms: quantile(90),
            p99_ms: quantile(99),
            max_ms: (total > 0).then(|| round(max)),
        }
    }
}

/// The step of a latency.
fn step(ms: f64) -> usize {
    if ms <= FIRST {
        return 0;
    }
    let step = ((ms / FIRST).log2() * DOUBLING).ceil();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is above 0 and held below"
    )]
    let step = step as usize;
    step.min(STEPS - 1)
}

/// The longest latency of a step, in milliseconds. The last step has no end.
fn step_end(step: usize) -> f64 {
    if step + 1 >= STEPS {
        return f64::INFINITY;
    }
    #[allow(clippy::cast_precision_loss, reason = "there are 64 of them")]
    let step = step as f64;
    FIRST * (step / DOUBLING).exp2()
}

fn round(ms: f64) -> f64 {
    (ms * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(windows: &Windows, second: u64, name: &str) -> Window {
        let record = windows.record(second);
        record
            .windows
            .into_iter()
            .find(|w| w.window == name)
            .expect("there are three")
    }

    #[test]
    fn a_window_without_checks_has_no_numbers() {
        let window = window(&Windows::default(), 100, "5m");
        assert_eq!(
            window,
            Window {
                window: "5m".into(),
                watched_seconds: Some(0),
                ..Window::default()
            }
        );
    }

    #[test]
    fn availability_and_quantiles_count_the_checks_of_the_window() {
        let mut windows = Windows::default();
        for second in 0..100 {
            let slow = second >= 98;
            windows.note(second, second != 50, Some(if slow { 1000.0 } else { 1.0 }));
        }
        let last = window(&windows, 100, "5m");
        assert_eq!((last.checks, last.availability), (100, Some(0.99)));
        assert_eq!(
            (last.p50_ms, last.p90_ms, last.p99_ms, last.max_ms),
            (Some(1.0), Some(1.0), Some(1000.0), Some(1000.0))
        );
    }

    #[test]
    fn a_quantile_is_at_most_a_fifth_too_high_and_never_above_the_slowest() {
        for ms in [0.01, 0.126, 0.9, 3.3, 47.0, 999.0, 6000.0] {
            let mut windows = Windows::default();
            windows.note(0, true, Some(ms));
            windows.note(0, true, Some(7000.0));
            let half = window(&windows, 0, "1h").p50_ms.expect("it was noted");
            assert!(half >= ms && half <= (ms * 1.2).max(FIRST), "{ms}: {half}");
        }
        let mut windows = Windows::default();
        windows.note(0, true, Some(60_000.0));
        assert_eq!(window(&windows, 0, "24h").p99_ms, Some(60_000.0));
    }

    #[test]
    fn a_check_without_an_answer_counts_and_has_no_latency() {
        let mut windows = Windows::default();
        windows.note(5, false, None);
        let day = window(&windows, 5, "24h");
        assert_eq!(
            (day.checks, day.availability, day.p50_ms, day.max_ms),
            (1, Some(0.0), None, None)
        );
    }

    #[test]
    fn a_check_older_than_the_window_is_forgotten() {
        let mut windows = Windows::default();
        windows.note(5, false, Some(9.0));
        let checks = |second, name| window(&windows, second, name).checks;
        for (name, last) in [("5m", 299), ("1h", 3599), ("24h", 86_399)] {
            assert_eq!((checks(last, name), checks(last + 1, name)), (1, 0), "{name}");
        }
        // A bucket is emptied when the ring comes round to it.
        windows.note(305, true, Some(1.0));
        assert_eq!(
            window(&windows, 305, "5m"),
            Window {
                window: "5m".into(),
                watched_seconds: Some(300),
                checks: 1,
                availability: Some(1.0),
                p50_ms: Some(1.0),
                p90_ms: Some(1.0),
                p99_ms: Some(1.0),
                max_ms: Some(1.0),
            }
        );
    }

    #[test]
    fn a_window_says_how_much_of_it_was_watched() {
        let mut windows = Windows::default();
        windows.note(100, true, Some(1.0));
        let watched = |second| ["5m", "1h", "24h"].map(|name| window(&windows, second, name).watched_seconds);
        assert_eq!(watched(108), [Some(8); 3]);
        assert_eq!(watched(1000), [Some(300), Some(900), Some(900)]);
        assert_eq!(watched(200_000), [Some(300), Some(3600), Some(86_400)]);
    }

    #[test]
    fn the_record_takes_28_kilobytes() {
        let size: usize = Windows::default()
            .rings
            .iter()
            .map(|ring| ring.buckets.len() * std::mem::size_of::<Bucket>())
            .sum();
        assert_eq!((std::mem::size_of::<Bucket>(), size), (152, 28_272));
    }
}
