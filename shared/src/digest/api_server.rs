//! The lines of the API server's part.

use super::api_record;
use super::words::milliseconds;
use crate::report::{ApiServerCheck, Conclusion, NoteCode, Status, Vantage, VantagePoint};
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

/// The lines below it: the view from the second place, and the record.
pub(super) fn detail_lines(check: &ApiServerCheck) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(vantage) = &check.vantage {
        lines.push(("Two views", two_views(vantage)));
    }
    if let Some(record) = &check.record {
        lines.extend(api_record::lines(record));
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
