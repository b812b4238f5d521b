//! Availability and latency of the API server over the last 30 days.

use serde::{Deserialize, Serialize};

/// Availability and latency of the API server over the last 30 days. The agent checks it every few seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    /// The last `5m`, `30m`, `1h`, `2h`, `6h`, `1d`, `3d` and `30d`.
    pub windows: Vec<Window>,
    /// The availability that is aimed at, in percent. Burn rates are measured against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slo: Option<f64>,
    /// The pairs of windows by which an alert is raised.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub burn_rates: Vec<BurnRatePair>,
    /// The availability that a run demanded, and whether it was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demand: Option<AvailabilityDemand>,
}

/// One span of the record.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Window {
    /// Its length: a number and `m`, `h` or `d`, such as `5m` or `30d`.
    pub window: String,
    /// Seconds of the span in which the agent watched the API server. A pause between two checks that is longer than it may be
    /// was not watched. Agents that are older than this field leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watched_seconds: Option<u64>,
    /// Checks within the span.
    pub checks: u64,
    /// The part of the watched time in which the API server was ready, from 0 to 1. Each check counts for the time since the
    /// check before it. If no time was watched yet: the part of the checks. Left out without any check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<f64>,
    /// How many times faster than the SLO allows the error budget is spent; 1 spends exactly the budget. Left out unless at least
    /// half of the span was watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burn_rate: Option<f64>,
    /// Milliseconds that half of the answers took at most. Quantiles are exact to a fifth of their value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    /// Milliseconds that nine tenths of the answers took at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90_ms: Option<f64>,
    /// Milliseconds that 99 of 100 answers took at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<f64>,
    /// Milliseconds of the slowest answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<f64>,
    /// The same by step of the way, for the steps that were measured.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseLatency>,
}

impl Window {
    /// Its length in seconds; `None` for a word of a newer version.
    #[must_use]
    pub fn seconds(&self) -> Option<u64> {
        window_seconds(&self.window)
    }

    /// Whether at least half of it was watched. The name of any other window would promise too much.
    #[must_use]
    pub fn is_half_watched(&self) -> bool {
        let (Some(watched), Some(length)) = (self.watched_seconds, self.seconds()) else {
            return false;
        };
        watched.saturating_mul(2) >= length
    }
}

/// The length of a window in seconds: a number and `m`, `h` or `d`.
#[must_use]
pub fn window_seconds(word: &str) -> Option<u64> {
    let unit = match word.as_bytes().last()? {
        b'm' => 60,
        b'h' => 3600,
        b'd' => 86_400,
        _ => return None,
    };
    let number = word.get(..word.len().checked_sub(1)?)?;
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// How long one step of the way to the API server took within a window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct PhaseLatency {
    /// `dns`, `connect`, `tls` or `request`. The first three are measured with a connection of their own, once a minute while all
    /// is well.
    pub phase: String,
    /// How often it was measured.
    pub count: u64,
    /// Milliseconds that half of them took at most.
    pub p50_ms: f64,
    /// Milliseconds that nine tenths of them took at most.
    pub p90_ms: f64,
    /// Milliseconds that 99 of 100 took at most.
    pub p99_ms: f64,
    /// Milliseconds of the slowest one.
    pub max_ms: f64,
}

/// Two windows by which an alert is raised: if both burn faster than the factor. The long one says that it matters, the short one
/// that it goes on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BurnRatePair {
    /// The long window.
    pub long: String,
    /// The short window.
    pub short: String,
    /// The burn rate that both have to exceed.
    pub factor: f64,
    /// Whether both exceed it. Left out unless at least half of both was watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exceeded: Option<bool>,
}

/// An availability that a run demanded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct AvailabilityDemand {
    /// The least availability in percent.
    pub min_percent: f64,
    /// The window.
    pub window: String,
    /// The availability of that window in percent, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Whether it was reached. Left out if less than half of the window was watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_the_length_that_its_name_says() {
        for (word, seconds) in [
            ("5m", Some(300)),
            ("24h", Some(86_400)),
            ("30d", Some(2_592_000)),
            ("", None),
            ("m", None),
            ("5", None),
            ("+5m", None),
            ("5 m", None),
            ("5µ", None),
            ("99999999999999999999d", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(window_seconds(word), seconds, "{word}");
        }
    }
}
