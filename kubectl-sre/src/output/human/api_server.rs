//! The API server's part of the screen: what is wrong with it, its line, and the path to it rung by rung.

use super::{Mark, Screen, milliseconds, span};
use crate::output::escape;
use anstyle::{AnsiColor, Style as Paint};
use sre_shared::report::{
    ApiServerCheck, Conclusion, Record, Rung, RungStatus, Status, Vantage, VantagePoint, Window,
};
use sre_shared::resource::Time;
use unicode_width::UnicodeWidthStr as _;

impl Screen<'_> {
    pub(super) fn api_server_problem(&self, check: &ApiServerCheck) -> Vec<String> {
        let mark = if check.status == Status::Degraded {
            Mark::Bad
        } else {
            Mark::Unknown
        };
        let mut text = escape(check.error.as_deref().unwrap_or("no reason is known"));
        if let Some(ms) = check.elapsed_ms {
            text = format!("{text} (after {})", milliseconds(ms));
        }
        // A path alone stands in the text already.
        let endpoint = check
            .endpoint
            .as_deref()
            .filter(|e| e.contains("://"))
            .map(escape)
            .unwrap_or_default();
        let mut lines = vec![format!(
            "{} {}  {text}",
            self.paint(mark.paint(), mark.symbol()),
            self.paint(Paint::new().bold(), format!("API server {endpoint}").trim_end()),
        )];
        if let Some(side) = &check.side {
            let rung = check.rung.as_ref().map(|rung| format!(", at {}", escape(rung)));
            lines.push(format!(
                "    on the side of {}{}",
                escape(side),
                rung.unwrap_or_default()
            ));
        }
        if let Some(missing) = &check.missing {
            lines.push(format!("    missing rule: {}", escape(missing)));
        }
        lines.extend(
            check
                .hint
                .iter()
                .map(|hint| format!("    {}", self.dim(&escape(hint)))),
        );
        lines
    }

    /// The path, where nothing else was asked about: all of it with `-v`; else up to what is broken, and of one that
    /// holds only what should be known.
    pub(super) fn ladder(&self) -> Vec<String> {
        let Some(check) = self.report.api_server() else {
            return Vec::new();
        };
        if self.report.kinds().next().is_some() {
            return Vec::new();
        }
        let whole = self.style.verbose || check.status != Status::Ok;
        let rungs: Vec<&Rung> = check
            .ladder
            .iter()
            .filter(|rung| whole || matches!(rung.status, RungStatus::Warning | RungStatus::Failed))
            .collect();
        let width = rungs.iter().map(|rung| rung.rung.width()).max().unwrap_or(0);
        let mut lines = Vec::new();
        for rung in rungs {
            let (symbol, paint) = match rung.status {
                RungStatus::Ok => ("✓", AnsiColor::Green.on_default()),
                RungStatus::Warning => ("!", Mark::Warning.paint()),
                RungStatus::Failed => ("✗", Mark::Bad.paint()),
                RungStatus::Unknown => ("?", Mark::Unknown.paint()),
            };
            let took = rung
                .elapsed_ms
                .map(|ms| self.dim(&format!(" ({})", milliseconds(ms))));
            let name = escape(&rung.rung);
            lines.push(format!(
                "{} {name:<width$}  {}{}",
                self.paint(paint, symbol),
                escape(&rung.message),
                took.unwrap_or_default()
            ));
            // What is broken was told above with its side and command.
            let told = check.rung.as_ref() == Some(&rung.rung) && rung.status == RungStatus::Failed;
            if !told && matches!(rung.status, RungStatus::Warning | RungStatus::Failed) {
                let side = rung
                    .side
                    .iter()
                    .map(|side| format!("on the side of {}", escape(side)));
                let words: Vec<_> = side.chain(rung.hint.iter().map(|hint| escape(hint))).collect();
                if !words.is_empty() {
                    lines.push(format!("  {:<width$}  {}", "", self.dim(&words.join(": "))));
                }
            }
        }
        lines
    }
}

/// What the line of the API server says.
pub(super) fn line(check: &ApiServerCheck, now: Option<Time>) -> String {
    let mut parts = Vec::new();
    if let Some(ms) = check.latency_ms {
        parts.push(format!("reached in {}", milliseconds(ms)));
    }
    if let Some(readyz) = &check.readyz {
        parts.push(if readyz.failing.is_empty() {
            format!("readyz {} of {} checks pass", readyz.passed, readyz.total)
        } else {
            format!("readyz fails: {}", escape(&readyz.failing.join(", ")))
        });
    }
    if let Some(since) = check.frozen_since.as_deref().and_then(|t| Time::parse(t).ok()) {
        parts.push(match now {
            Some(now) => format!("workload counts frozen for {}", span(now.seconds_since(since))),
            None => format!("workload counts frozen since {since}"),
        });
    }
    parts.extend(
        check
            .identity
            .iter()
            .map(|who| format!("you are {}", escape(&who.user))),
    );
    parts.extend(check.notes.iter().map(|n| escape(n)));
    if let Some(missing) = check.missing.as_ref().filter(|_| check.status == Status::Ok) {
        parts.push(format!("missing rule {}", escape(missing)));
    }
    if parts.is_empty() {
        parts.push(escape(check.class.as_deref().unwrap_or("not asked")));
    }
    parts.join(", ")
}

/// The lines below that of the API server: the other place it was seen from, and how it was before.
pub(super) fn more(check: &ApiServerCheck) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(vantage) = &check.vantage {
        lines.push(("Two views", two_views(vantage)));
    }
    if let Some(told) = check.record.as_ref().and_then(record) {
        lines.push(("Record", told));
    }
    lines
}

fn two_views(vantage: &Vantage) -> String {
    let of = |view: &VantagePoint| match (view.status, view.latency_ms, &view.class) {
        (Status::Ok, Some(ms), _) => format!("ok in {}", milliseconds(ms)),
        (status, _, Some(class)) => format!("{} ({})", status.as_str(), escape(class)),
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
        of(&vantage.own),
        of(&vantage.agent)
    )
}

/// A window is told once half of it was watched: before that, the API server was not seen for most of what its name
/// says. Until the shortest one is, all that there is are the checks since the agent began.
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
    let told = record.windows.iter().filter(half_watched);
    let told: Vec<String> = told
        .filter_map(|window| {
            let availability = percent(window.availability?);
            Some(with_latency(
                format!("{} {availability}", escape(&window.window)),
                window,
            ))
        })
        .collect();
    if !told.is_empty() {
        return Some(told.join("; "));
    }
    let all = record.windows.last()?;
    let of = if all.checks == 1 { "check" } else { "checks" };
    let mut text = format!("{} of {} {of}", percent(all.availability?), all.checks);
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

/// Never 100 % of what is less.
fn percent(part: f64) -> String {
    let hundredths = (part * 1e4).floor();
    if hundredths >= 1e4 {
        "100 %".to_owned()
    } else {
        format!("{:.2} %", hundredths / 100.0)
    }
}
