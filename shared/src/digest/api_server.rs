//! The lines of the API server's part.

use super::words::{count, milliseconds};
use crate::report::{ApiServerCheck, Conclusion, NoteCode, Record, Status, Vantage, VantagePoint, Window};
use crate::resource::Time;
use crate::span::span;

/// The line of the API server's part.
pub(super) fn line(check: &ApiServerCheck, now: Option<Time>) -> String {
    let mut parts = Vec::new();
    if let Some(ms) = check.latency_ms {
        parts.push(format!("reached in {}", milliseconds(ms)));
    }
    if let Some(readyz) = &check.readyz {
        parts.push(if readyz.failing.is_empty() {
            format!("readyz {} of {} checks pass", readyz.passed, readyz.total)
        } else {
            format!("readyz fails: {}", readyz.failing.join(", "))
        });
    }
    if let Some(since) = check.frozen_since.as_deref().and_then(|t| Time::parse(t).ok()) {
        parts.push(match now {
            Some(now) => format!("workload counts frozen for {}", span(now.seconds_since(since))),
            None => format!("workload counts frozen since {since}"),
        });
    }
    parts.extend(check.identity.iter().map(|who| format!("you are {}", who.user)));
    parts.extend(check.notes.iter().map(|note| match note.code {
        Some(NoteCode::LeasesForbidden) => format!("{} (no right to read their Leases)", note.text),
        Some(NoteCode::LeasesAbsent) => format!("{} (no Leases in kube-system)", note.text),
        _ => note.text.clone(),
    }));
    if let Some(missing) = check.missing.as_ref().filter(|_| check.status == Status::Ok) {
        parts.push(format!("missing rule {missing}"));
    }
    if parts.is_empty() {
        parts.push(check.class.as_deref().unwrap_or("not asked").to_owned());
    }
    parts.join(", ")
}

/// The lines below it: the view from the second place, and the record of the last day.
pub(super) fn detail_lines(check: &ApiServerCheck) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(vantage) = &check.vantage {
        lines.push(("Two views", two_views(vantage)));
    }
    if let Some(text) = check.record.as_ref().and_then(record) {
        lines.push(("Record", text));
    }
    lines
}

fn two_views(vantage: &Vantage) -> String {
    let seen = |view: &VantagePoint| match (view.status, view.latency_ms, &view.class) {
        (Status::Ok, Some(ms), _) => format!("ok in {}", milliseconds(ms)),
        (status, _, Some(class)) => format!("{} ({class})", status.as_str()),
        (status, _, None) => status.as_str().to_owned(),
    };
    let conclusion = match vantage.conclusion {
        Conclusion::Well => "well from both places",
        Conclusion::WayFromHere => "the trouble is on the way from here",
        Conclusion::WayFromAgent => "the trouble is on the agent's own way",
        Conclusion::ControlPlane => "the trouble is in the control plane",
        Conclusion::Unknown => "the trouble cannot be located",
    };
    format!(
        "{conclusion}: from here {}, from the agent {}",
        seen(&vantage.own),
        seen(&vantage.agent)
    )
}

/// The windows that were watched for at least half of their length; the name of any other window would promise too much. If
/// there is none yet, the checks since the agent started.
fn record(record: &Record) -> Option<String> {
    let half_watched = |window: &&Window| {
        let length = match window.window.as_str() {
            "5m" => 300,
            "1h" => 3600,
            "24h" => 86_400,
            _ => return false,
        };
        window
            .watched_seconds
            .is_some_and(|seconds| seconds.saturating_mul(2) >= length)
    };
    let watched = record.windows.iter().filter(half_watched);
    let watched: Vec<String> = watched
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

/// Rounds down, so that only all checks give 100 %.
fn percent(part: f64) -> String {
    let hundredths = (part * 1e4).floor();
    if hundredths >= 1e4 {
        "100 %".to_owned()
    } else {
        format!("{:.2} %", hundredths / 100.0)
    }
}
