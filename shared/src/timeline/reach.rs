//! How far back each source reaches.

use super::happening::TimelineSource;
use crate::report::SourceReach;
use crate::resource::Time;

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
