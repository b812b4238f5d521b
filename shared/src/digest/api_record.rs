//! The lines of the API server's record.

use super::words::{count, milliseconds};
use crate::report::{AvailabilityDemand, BurnRatePair, PhaseLatency, Record, Window};
use crate::span::span;

/// The windows of a screen. The others are in JSON.
const SHOWN: [&str; 5] = ["5m", "1h", "1d", "24h", "30d"];

/// Its lines: the windows, the steps of the way, the objective, and an availability that was demanded.
pub(super) fn lines(record: &Record) -> Vec<(&'static str, String)> {
    let lines = [
        ("Record", windows(record)),
        ("Steps", steps(record)),
        ("SLO", objective(record)),
        ("Demand", record.demand.as_ref().map(demand)),
    ];
    lines
        .into_iter()
        .filter_map(|(title, text)| Some((title, text?)))
        .collect()
}

/// The windows that were watched for at least half of their length; the name of any other window would promise too much. If
/// there is none yet, the checks since the agent started.
fn windows(record: &Record) -> Option<String> {
    let shown = record
        .windows
        .iter()
        .filter(|window| SHOWN.contains(&window.window.as_str()) && window.is_half_watched());
    let watched: Vec<String> = shown
        .filter_map(|window| {
            let availability = percent(window.availability?);
            Some(with_latency(format!("{} {availability}", window.window), window))
        })
        .collect();
    if !watched.is_empty() {
        return Some(watched.join("; "));
    }
    let all = record.windows.last()?;
    let mut text = format!("{} of {}", percent(all.availability?), count(all.checks, "check"));
    if let Some(seconds) = all.watched_seconds {
        text = format!("{text} in {}", span(i64::try_from(seconds).unwrap_or(i64::MAX)));
    }
    Some(with_latency(text, all))
}

fn with_latency(mut text: String, window: &Window) -> String {
    if let (Some(half), Some(most), Some(max)) = (window.p50_ms, window.p99_ms, window.max_ms) {
        text = format!(
            "{text}, p50 {} p99 {} max {}",
            milliseconds(half),
            milliseconds(most),
            milliseconds(max)
        );
    }
    text
}

/// The steps of the way within the last hour, or the last five minutes if that was not watched for long enough.
fn steps(record: &Record) -> Option<String> {
    let window = ["1h", "5m"].into_iter().find_map(|word| {
        let mut found = record.windows.iter().filter(|window| window.window == word);
        found.next().filter(|window| window.is_half_watched())
    })?;
    // The request alone is in the line of the windows.
    if window.phases.len() < 2 {
        return None;
    }
    let step = |phase: &PhaseLatency| {
        let [half, most, nearly_all] = [phase.p50_ms, phase.p90_ms, phase.p99_ms].map(milliseconds);
        format!("{} {half} {most} {nearly_all}", phase.phase)
    };
    let steps: Vec<String> = window.phases.iter().map(step).collect();
    Some(format!("{} p50 p90 p99: {}", window.window, steps.join("; ")))
}

/// The objective, and how fast its error budget is spent.
fn objective(record: &Record) -> Option<String> {
    let slo = record.slo?;
    let rate = |word: &str| {
        let mut found = record.windows.iter().filter(|window| window.window == word);
        found.next()?.burn_rate
    };
    let pair = |pair: &BurnRatePair| {
        let (long, short) = (rate(&pair.long)?, rate(&pair.short)?);
        let limit = match pair.exceeded {
            Some(true) => format!("over {}", pair.factor),
            _ => format!("limit {}", pair.factor),
        };
        Some((
            pair.exceeded == Some(true),
            format!(
                "{} {} and {} {} ({limit})",
                pair.long,
                times(long),
                pair.short,
                times(short)
            ),
        ))
    };
    let pairs: Vec<(bool, String)> = record.burn_rates.iter().filter_map(pair).collect();
    // Before a pair was watched for long enough there is nothing to say.
    if pairs.is_empty() {
        return None;
    }
    let is_over = pairs.iter().any(|(over, _)| *over);
    let shown = pairs.into_iter().filter(|(over, _)| *over || !is_over);
    let texts: Vec<String> = shown.map(|(_, text)| text).collect();
    Some(format!("{slo} %, budget burns {}", texts.join("; ")))
}

/// A burn rate, with one decimal.
fn times(rate: f64) -> String {
    format!("{}x", (rate * 10.0).round() / 10.0)
}

fn demand(demand: &AvailabilityDemand) -> String {
    let AvailabilityDemand {
        min_percent, window, ..
    } = demand;
    let seen = demand
        .percent
        .map(|percent| format!(", {}", percent_text(percent)));
    let seen = seen.unwrap_or_default();
    match demand.met {
        Some(true) => format!("{min_percent} % of {window} is reached{seen}"),
        Some(false) => format!("{min_percent} % of {window} is missed{seen}"),
        None => format!("{min_percent} % of {window}: less than half of it was watched"),
    }
}

/// Rounds down, so that only all checks give 100 %.
#[must_use]
pub fn percent(part: f64) -> String {
    let hundredths = (part * 1e4).floor();
    if hundredths >= 1e4 {
        "100 %".to_owned()
    } else {
        format!("{:.2} %", hundredths / 100.0)
    }
}

/// A percentage with at most four decimals, rounded down.
fn percent_text(percent: f64) -> String {
    let parts = ((percent + 1e-9) * 1e4).floor() / 1e4;
    format!("{parts} %")
}
