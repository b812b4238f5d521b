//! The request for a timeline.

use crate::report::{Source, Timeline};
use crate::resource::Time;
use crate::timeline::{TimeWindow, TimelineScope, WindowBound};

/// The objects and the span of time that a timeline is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineRequest {
    /// The objects.
    pub scope: TimelineScope,
    /// The beginning of the span.
    pub since: WindowBound,
    /// Its end; `None` for now.
    pub until: Option<WindowBound>,
}

impl TimelineRequest {
    /// The span, as seen at that time.
    #[must_use]
    pub fn window(&self, now: Time) -> TimeWindow {
        TimeWindow {
            since: self.since.time(now),
            until: self.until.map(|until| until.time(now)),
        }
    }
    /// A timeline about this request without entries.
    pub(super) fn empty_timeline(&self, source: Source, observed_at: String) -> Timeline {
        Timeline {
            namespace: self.scope.namespace.clone(),
            targets: self.scope.targets(),
            ..Timeline::new(source, observed_at)
        }
    }
}
