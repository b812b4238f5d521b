//! How far back each source reaches.

use super::happening::TimelineSource;
use super::window::TimeWindow;
use crate::report::{HistoryGap, HistoryGapReason, HistoryPage, SourceReach};
use crate::resource::Time;

/// Gaps of a history that are named one by one.
const GAPS: usize = 12;

/// The reach of a source that was read, besides events and agents.
pub(super) fn reach(source: TimelineSource) -> Option<SourceReach> {
    let message = match source {
        TimelineSource::Workloads | TimelineSource::Objects => {
            "creations, and the last write of each program only; deleted objects leave no trace"
        }
        TimelineSource::Revisions => "as many revisions as revisionHistoryLimit keeps, 10 by default",
        TimelineSource::Pods => "the last restart of each container; deleted pods leave no trace but events",
        TimelineSource::Nodes => {
            "the last transition of each condition, and taints that are still there; deleted nodes leave no trace but events"
        }
        TimelineSource::Leases => {
            "the last change of each leader; an API server that started again under its name is not seen"
        }
        TimelineSource::Events | TimelineSource::Agent => return None,
    };
    Some(SourceReach {
        source: source.as_str().to_owned(),
        since: None,
        message: message.to_owned(),
    })
}

/// The reach of events, by the oldest one that was read.
pub(super) fn of_events(oldest: Option<Time>, since: Time) -> SourceReach {
    let message = match oldest {
        None => "there was no event at all; the API server keeps events for an hour by default",
        Some(oldest) if oldest > since => {
            "from the oldest event on; what was before may be forgotten: the API server keeps events for an hour by default"
        }
        Some(_) => "older events than the span were there",
    };
    SourceReach {
        source: TimelineSource::Events.as_str().to_owned(),
        since: oldest.map(|time| time.to_string()),
        message: message.to_owned(),
    }
}

/// The reach of an agent's history, and its gaps within the span, the latest ones if there are many.
#[must_use]
pub fn history_reach(agent: &str, page: &HistoryPage, window: &TimeWindow) -> Vec<SourceReach> {
    let source = TimelineSource::Agent.as_str();
    let reach = |since: Option<String>, message: String| SourceReach {
        source: source.to_owned(),
        since,
        message,
    };
    let replica = page
        .pod
        .as_ref()
        .map(|pod| format!("; {pod} answered, and each replica of an agent has a history of its own"));
    let message = format!(
        "every transition that agent {agent} saw{}",
        replica.unwrap_or_default()
    );
    let mut all = vec![reach(Some(page.watched_since.clone()), message)];
    let gaps: Vec<&HistoryGap> = page.gaps.iter().filter(|gap| is_in(gap, window)).collect();
    let hidden = gaps.len().saturating_sub(GAPS);
    if hidden > 0 {
        all.push(reach(None, format!("{hidden} earlier gaps are left out")));
    }
    all.extend(gaps.iter().skip(hidden).map(|gap| reach(None, gap_words(gap))));
    all
}

/// Whether a gap has a part in the span. A gap whose times are no times has one.
fn is_in(gap: &HistoryGap, window: &TimeWindow) -> bool {
    let is_over = gap.to.as_deref().map(Time::parse);
    let is_over = is_over.is_some_and(|to| to.is_ok_and(|to| to < window.since));
    let begins = Time::parse(&gap.from);
    let is_later = window
        .until
        .is_some_and(|until| begins.is_ok_and(|from| from > until));
    !is_over && !is_later
}

fn gap_words(gap: &HistoryGap) -> String {
    let why = match gap.why {
        HistoryGapReason::Starting => "the agent had not read the objects yet",
        HistoryGapReason::AgentDown => "no agent ran",
        HistoryGapReason::WatchLost => "the watch was lost",
        HistoryGapReason::NotWritten => "transitions could not be written",
        HistoryGapReason::ClockJump => "the clock jumped",
        HistoryGapReason::Other => "for a reason that only a newer plugin knows",
    };
    let about = match (&gap.kind, &gap.namespace) {
        (None, None) => String::new(),
        (Some(kind), None) => format!(" of {kind}"),
        (Some(kind), Some(namespace)) => format!(" of {kind} in namespace {namespace}"),
        (None, Some(namespace)) => format!(" of namespace {namespace}"),
    };
    let end = gap
        .to
        .as_ref()
        .map_or_else(|| " on".to_owned(), |to| format!(" to {to}"));
    let effect = if gap.why.loses_transitions() {
        "may be missing"
    } else {
        "may have a later time than their own"
    };
    format!("a gap from {}{end}: {why}; transitions{about} {effect}", gap.from)
}
