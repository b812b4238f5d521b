//! Owns a histogram of latencies, from whose sums quantiles are read.
//! Must not know what was measured.
//!
//! The scale doubles in four steps, from an eighth of a millisecond to about seven seconds, so that a quantile is at most a fifth too
//! high.

/// Steps of the scale. The last one holds all slower ones.
pub const STEPS: usize = 64;
/// The first step ends here, in milliseconds.
const FIRST: f64 = 0.125;
/// Steps in which the scale doubles.
const DOUBLING: f64 = 4.0;

/// How many latencies are in each step, and the longest one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepCounts {
    /// The count of each step.
    pub counts: [u16; STEPS],
    /// The longest latency, in milliseconds.
    pub max_ms: f32,
}

impl StepCounts {
    /// Without a latency.
    pub const EMPTY: Self = Self {
        counts: [0; STEPS],
        max_ms: 0.0,
    };

    /// Counts one latency.
    pub fn note(&mut self, ms: f64) {
        #[allow(clippy::cast_possible_truncation, reason = "half the digits are noise")]
        let ms_short = ms as f32;
        self.max_ms = self.max_ms.max(ms_short);
        if let Some(count) = self.counts.get_mut(step(ms)) {
            *count = count.saturating_add(1);
        }
    }
}

/// The sum of several.
#[derive(Debug, Clone)]
pub struct StepSums {
    counts: [u64; STEPS],
    max_ms: f32,
}

impl Default for StepSums {
    fn default() -> Self {
        Self {
            counts: [0; STEPS],
            max_ms: 0.0,
        }
    }
}

impl StepSums {
    /// Adds one.
    pub fn add(&mut self, other: &StepCounts) {
        self.max_ms = self.max_ms.max(other.max_ms);
        for (sum, count) in self.counts.iter_mut().zip(other.counts) {
            *sum += u64::from(count);
        }
    }

    /// How many latencies there are.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The latency that so many hundredths of them took at most, in milliseconds.
    pub fn quantile(&self, hundredths: u64) -> Option<f64> {
        let total = self.total();
        let rank = (total * hundredths).div_ceil(100).max(1);
        let mut seen = 0;
        let step = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(round(step_end(step).min(f64::from(self.max_ms))))
    }

    /// The longest one, in milliseconds.
    pub fn max(&self) -> Option<f64> {
        (self.total() > 0).then(|| round(f64::from(self.max_ms)))
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

    fn sums(latencies: &[f64]) -> StepSums {
        let mut counts = StepCounts::EMPTY;
        for ms in latencies {
            counts.note(*ms);
        }
        let mut sums = StepSums::default();
        sums.add(&counts);
        sums
    }

    #[test]
    fn a_quantile_is_at_most_a_fifth_too_high_and_never_above_the_slowest() {
        for ms in [0.01, 0.126, 0.9, 3.3, 47.0, 999.0, 6000.0] {
            let half = sums(&[ms, 7000.0]).quantile(50).expect("it was noted");
            assert!(half >= ms && half <= (ms * 1.2).max(FIRST), "{ms}: {half}");
        }
        assert_eq!(sums(&[60_000.0]).quantile(99), Some(60_000.0));
    }

    #[test]
    fn without_a_latency_there_is_no_quantile() {
        let none = sums(&[]);
        assert_eq!((none.total(), none.quantile(50), none.max()), (0, None, None));
    }
}
